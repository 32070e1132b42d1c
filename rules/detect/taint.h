/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * taint.h - processes that are marked by a rule they met, and what they begin.
 *
 * A taint has a name and a span. Of a process it goes on to all that the
 * process begins from then on, for what is left of the span; of a tree, to
 * every process that is of it, those that are there already too. Who meets the
 * rule again has the whole span again.
 *
 *	1. A process that finds no room is not marked, and is counted as
 *	   crowded; none takes the room of another.
 *	2. Who ends leaves its room. Who was begun by it keeps its own.
 *
 * Owns		its table of fixed size; rules are borrowed
 * Times	those of the events
 * Errors	-E2BIG more names than TAINT_NAMES_MAX, -ENOMEM from
 *		taints_new(); nothing else fails
 * Threads	none; one owner
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/detect/event.h"
#include "rules/detect/rule.h"

#define TAINT_NAMES_MAX	 16 /* of all rules together */
#define TAINT_NAME_BYTES 32 /* of a name, with the NUL */
#define TAINT_TEXT_MAX	 (TAINT_NAMES_MAX * TAINT_NAME_BYTES + 2)

struct taints;

/* `capacity` processes and trees, rounded up to a power of two. */
int taints_new(const struct detect_rule *const *rules, size_t count,
	       uint32_t capacity, const uint64_t seed[2],
	       struct taints **ret_taints);
void taints_free(struct taints *taints);
DEFINE_CLEANUP(struct taints *, taints_free)

/* Any event, before rules are asked about it: who begins a process gives it
 * what it has, and who has ended goes. */
void taints_follow(struct taints *taints, const struct event *event);

/* The event met this rule. `root` is the first of its process's tree. */
void taints_hear(struct taints *taints, const struct detect_rule *rule,
		 const struct event *event, const struct process_id *root);

/* The names that its process has, for EVENT_TAINTS; empty for none. */
struct event_text taints_text(const struct taints *taints,
			      const struct event *event,
			      const struct process_id *root,
			      char buf[TAINT_TEXT_MAX]);

/* Look at up to `budget` places of the table, on from the last time, and
 * forget what is over. */
void taints_tick(struct taints *taints, uint64_t now_ns, uint32_t budget);

uint32_t taints_count(const struct taints *taints); /* processes and trees */
uint64_t taints_crowded(const struct taints *taints); /* so far */
