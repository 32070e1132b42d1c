/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detecting.h - what the events of this host mean, by the detection rules, and
 * what is done about it.
 *
 * An event is matched in the turn of the loop that reads it. A rule that tells
 * is told as its alarm says (rules/detect/alarm.h). A rule that blocks acts on
 * every event that meets it from its threshold on: the peer goes into the set
 * of blocking.h, and so into the table, before the event's turn is over.
 *
 *	1. Nothing is blocked unless fwd.yml says `detect_block: true`, the rule
 *	   does not observe, and the peer is neither protected nor one of the
 *	   resolvers and time servers that are known.
 *	2. A peer that is blocked or refused anew is told of, and a process that
 *	   is ended, also where the alarm would only have counted it. What is
 *	   done already costs nothing of the budget.
 *	3. Rules that cannot be read leave those that are in force, and an alert.
 *	4. Rules that are read anew begin to count anew.
 *
 * Times	CLOCK_BOOTTIME
 * Threads	event loop; rules are read on the worker, but at the start
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "daemon/blocking.h"
#include "daemon/merge/latency.h"
#include "daemon/rulebook.h"

/* Bytes of a rule's title in the reason of a member, with a NUL. */
#define DETECTING_TITLE_MAX 100

struct call;
struct daemon;
struct offending;

struct detecting_counts {
	uint64_t events, matches; /* matches of rules that tell or block */
	uint64_t told, hushed;
	uint64_t observed; /* blocks that were only told */
};

struct detecting {
	struct rulebook *book; /* NULL: there is no sensor, or no rules */
	uint64_t read_s; /* when the rules were; wall clock */
	bool is_reading;
	bool is_wanted; /* they are to be read once more behind that */
	struct blocking blocking;
	struct offending *offending; /* NULL: there is no sensor */
	struct detecting_counts counts;
	uint64_t heard; /* told by requests, so far: their numbers */
	struct latency latency; /* what was sensed to tables written */
};

/* With the privileges of the start; rules that cannot be read are an alert. */
int detecting_start(struct daemon *daemon);
void detecting_stop(struct detecting *detecting);

/* How many rules there are, from where, and what is wrong. */
json_t *detecting_rules_json(const struct daemon *daemon);

/* May anything be done about this peer? */
bool detecting_may_block(const struct daemon *daemon,
			 const struct prefix *peer);

void detecting_event(struct daemon *daemon, const struct event *event);

/* A few times a second. */
void detecting_tick(struct daemon *daemon, uint64_t now_ns);

/* Read the exec denylist and the rules anew; `call` is answered then, NULL: nobody asks. */
void detecting_reload(struct daemon *daemon, struct call *call);
