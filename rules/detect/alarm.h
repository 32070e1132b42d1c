/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alarm.h - which of many matches are worth saying, and how many were not said.
 *
 * Matches of one key (a rule, and what it groups by) count together:
 *
 *	quiet	fewer than `threshold` within `window`; nothing was said
 *	raised	said once; what follows is counted, and said again with the
 *		count every `renotify`
 *	over	no match for `cooldown`: alarms_tick() tells what was counted
 *		and not yet said, and the key is quiet again
 *
 *	1. Of a key that was raised every match is told, or counted in a later
 *	   telling.
 *	2. A match that was hushed can be told all the same (alarms_say()), with
 *	   those that were counted before it.
 *	3. A key that finds no room is told, each time, and counted as
 *	   crowded; no key takes the room of another.
 *
 * Owns		its table of fixed size
 * Times	now_ns: any clock; where it goes back nothing is over
 * Errors	-ENOMEM from alarms_new(), nothing else fails
 * Threads	none; one owner
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/detect/event.h"
#include "rules/detect/rule.h"

struct alarms;

/* Two halves of a hash; never both 0. */
struct alarm_key {
	uint64_t high, low;
};

enum alarm_verdict {
	ALARM_HUSH, /* counted */
	ALARM_RAISE, /* the first, or there is no room to know */
	ALARM_AGAIN, /* it goes on */
};

/* `count`: matches since the last telling, this one included. `is_raised`: the
 * threshold is known to have been reached, told or not. */
struct alarm_answer {
	enum alarm_verdict verdict;
	uint64_t count;
	bool is_raised;
};

/* `capacity` keys, rounded up to a power of two; `seed` is secret, so that
 * nobody can make keys fall together. */
int alarms_new(uint32_t capacity, const uint64_t seed[2],
	       struct alarms **ret_alarms);
void alarms_free(struct alarms *alarms);
DEFINE_CLEANUP(struct alarms *, alarms_free)

/* The rule, and the event's texts of the fields it groups by; if it does not
 * say, who (user and image) did what (kind, file, peer and port). No process,
 * or each would be one of its own. A peer is whom prefix_counted() says. */
struct alarm_key alarms_key(const struct alarms *alarms,
			    const struct detect_rule *rule,
			    const struct event *event);

/* Does the rule say that it groups such events by their peer? */
bool alarms_group_peers(const struct detect_rule *rule,
			const struct event *event);

struct alarm_answer alarms_hear(struct alarms *alarms, struct alarm_key key,
				const struct detect_rule *rule,
				uint64_t now_ns);

/* The match that was hushed just now is told: the matches since the last
 * telling, it included. */
uint64_t alarms_say(struct alarms *alarms, struct alarm_key key,
		    uint64_t now_ns);

/* What is over: `count` matches were heard since the last telling. */
typedef void alarm_fn(void *arg, const struct detect_rule *rule,
		      struct alarm_key key, uint64_t count);

/* Look at up to `budget` places of the table, on from the last time. */
void alarms_tick(struct alarms *alarms, uint64_t now_ns, uint32_t budget,
		 alarm_fn *fn, void *arg);

uint32_t alarms_count(const struct alarms *alarms); /* keys there are */
uint64_t alarms_crowded(const struct alarms *alarms); /* matches, so far */
