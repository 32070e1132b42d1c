/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decisions.h - the decisions of a stream, and which prefixes they hold.
 *
 * A server tells what is new and what is deleted; a prefix may have several
 * decisions, and each has an id. What the stream says is noted first and
 * settled as a whole:
 *
 *	1. A prefix is held while any decision on it lasts: the one that ends
 *	   last is its evidence.
 *	2. Noting or deleting twice is as once, and deleting what is not there
 *	   is nothing. An id that is deleted is so whatever else is said of it
 *	   in the same reply, in whatever order.
 *	3. More than `max` at the end is refused, and nothing is settled.
 *
 * Owns		its memory, reasons included, which decisions_free() frees
 * Times	seconds of the wall clock, passed in
 * Errors	negative errno; -E2BIG: too many. After a failure the table is
 *		only good to be freed
 * Threads	no state; one owner
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/prefix.h"

struct decision {
	uint64_t id;
	struct prefix prefix;
	uint64_t until_s;
	const char *reason; /* as reason_is_valid() has it */
};

struct decisions;

int decisions_new(size_t max, struct decisions **ret_decisions);
void decisions_free(struct decisions *decisions);
DEFINE_CLEANUP(struct decisions *, decisions_free)

/* Note one that is new, or as it is now; the reason is copied. */
int decisions_note(struct decisions *decisions,
		   const struct decision *decision);

/* Note that all of this id are deleted. */
int decisions_note_deleted(struct decisions *decisions, uint64_t id);

/* Apply what was noted, and forget what has ended by `now_s`. */
int decisions_settle(struct decisions *decisions, uint64_t now_s);

/* As settled. */
size_t decisions_count(const struct decisions *decisions);

/* Texts that are kept: once settled, those that a decision gives. */
size_t decisions_reasons(const struct decisions *decisions);

/* For each prefix, in order, the decision that holds it. The caller frees the
 * list; the reasons are the table's. */
int decisions_held(const struct decisions *decisions,
		   struct decision **ret_list, size_t *ret_count);
