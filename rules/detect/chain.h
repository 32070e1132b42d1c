/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chain.h - rules that are met when several others have been.
 *
 * The steps of a chain are rules of its list. It is met when all of them have
 * been, by one tree of processes or one user, and not more time than its span
 * lies between the first and the last; if it is ordered, in their order.
 *
 *	1. The times of events count, not when they are heard: one that comes
 *	   a little late, as those about files do, takes its place among those
 *	   that were heard, of each step the last.
 *	2. Of several ways to be met the one that began last counts, so no
 *	   event that was too early hides one that is not.
 *	3. What made a chain complete does not count again.
 *	4. A chain that finds no room is not followed, and is counted as
 *	   crowded; none takes the room of another.
 *	5. An event costs a look-up for each step that its rule is.
 *
 * Owns		its table of fixed size; rules are borrowed
 * Times	those of the events
 * Errors	-ENOMEM from chains_new(), nothing else fails
 * Threads	none; one owner
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/detect/detect.h"

struct chains;

/* Of the rules those that are chains. `capacity`: chains under way, rounded up
 * to a power of two; `seed` is secret. */
int chains_new(const struct detect_rule *const *rules, size_t count,
	       uint32_t capacity, const uint64_t seed[2],
	       struct chains **ret_chains);
void chains_free(struct chains *chains);
DEFINE_CLEANUP(struct chains *, chains_free)

/* The event met the rule at `index`. `root` is the first process of the tree
 * that its process is of. `fn` is told each chain that it completes. */
void chains_hear(struct chains *chains, size_t index,
		 const struct process_id *root, const struct event *event,
		 detect_fn *fn, void *arg);

/* Look at up to `budget` places of the table, on from the last time, and
 * forget what can not be met any more. */
void chains_tick(struct chains *chains, uint64_t now_ns, uint32_t budget);

uint32_t chains_count(const struct chains *chains); /* under way */
uint64_t chains_crowded(const struct chains *chains); /* so far */
