/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import.h - replace or extend the members of a set by a whole list.
 *
 *	plan	worker: read the list, sort it, leave out what is protected,
 *		compare it with the set in the store
 *	check	loop: does it fit the set and the table? room is reserved
 *	commit	worker: everything in one transaction
 *	apply	loop, in bounded turns: additions first, then removals, so no
 *		address that is in both pictures is free for a moment
 *	late	loop: what became protected meanwhile is taken out again
 *
 * Refused at any step before the commit, nothing has changed. While an import
 * runs its set takes no other change (daemon->is_importing).
 *
 * Who reads the list by a job of its own holds the set (import_hold) before it
 * runs, makes the plan in it (import_plan.h), and goes on with import_go().
 *
 * Threads	event loop; plan and commit run on the worker and touch only
 *		the import and the store
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/daemon.h"
#include "daemon/guarded.h"
#include "daemon/listed.h"
#include "rules/feedfile/plain.h"

#define IMPORT_WHY_MAX 320

/* What the plan has to know of a member of the set. */
struct standing {
	struct prefix prefix;
	uint8_t origin;
	uint32_t line;
	uint64_t expires_s;
};

/* It is no longer in the list, and stays for a while. */
static inline bool is_leaving(const struct standing *member)
{
	return member->expires_s && !member->line;
}

struct standings {
	struct standing *list; /* in order */
	size_t count, capacity;
};

struct import {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct store *store;
	struct guard *guard; /* its own copy; NULL: protected may be in it */
	uint64_t guard_version; /* of what it is a copy of */

	/* What was asked for. */
	struct set set; /* as it was at the start */
	bool is_replacing; /* members that are not in the list go */
	bool is_repair; /* some that are stored may not be enforced */
	bool drops_set; /* at the end the set itself goes */
	struct evidence evidence; /* of additions; reason is owned */

	/* Or NULL: what each entry of the list, by its line, has as evidence in
	 * place of the one above, of which the origin stays. On the worker too. */
	void (*evidence_of)(const struct import *import, uint32_t line,
			    struct evidence *ret_evidence);
	bool is_shared; /* members of another origin are left as they are, and
			 * the lines of one's own are numbers of decisions */
	uint32_t slack_s; /* of ends: so much later or earlier is the same */
	uint64_t leave_s; /* moment up to which those stay that go, unless they
			   * end before; then without a line (is_leaving());
			   * 0: they go at once */
	const struct prefix *never; /* what shares an address with one of these
				     * does not stay; in order, none in another,
				     * borrowed till the end */
	size_t never_count;
	const struct change *also; /* in the same commit; borrowed */
	size_t also_count;
	char *text; /* the list, mapped; NULL for an empty one */
	size_t text_bytes;
	const struct prefix
		*given; /* in place of text; borrowed till the end */
	size_t given_count;
	bool is_listed; /* in place of both, `listed` is there from the start */
	bool is_set_read; /* `standings` is what the store has of the set */
	struct journal_entry entry;
	bool is_held; /* the set is */

	/* What came of it. */
	int r;
	struct plain_report report;
	struct listed_array listed; /* sorted, each once */
	struct standings standings;
	struct listed_array adds; /* new ones, and those to be renewed */
	struct listed_array leaves; /* are put again, with an end */
	struct listed_array removes;
	size_t stored; /* members of the set before */
	size_t added, renewed, kept;
	struct guarded guarded;
	struct table_need need;
	struct store_usage usage; /* after the commit, done or refused */
	int apply_r; /* the last that could not be applied: an alert */
	size_t applied; /* of adds, then of leaves, then of removes */
	uint64_t hops; /* the reading of next hops that its end waits for */
	uint64_t late_ns; /* since then */
	size_t late_removed, late_added; /* for what became protected */
	uint64_t started_ns, planned_ns, committed_ns, applied_ns;
	uint64_t commit_ns, apply_ns; /* of its own, without the waits */
	struct event *turn; /* the next bounded turn of apply */

	/* Called once, on the loop, when all is done or refused; `why` is NULL
	 * when r is 0. Then the import is freed. */
	void (*finished)(struct import *import, int r, const char *why);
	void *arg;
};

/* Zeroed but for these; -EBUSY while the set is being imported into. */
int import_new(struct daemon *daemon, const struct set *set,
	       struct import **ret_import);

/* What is protected is left out whatever the set does: a rule may drop it. */
int import_guard(struct import *import);

/* Free one that was not started, or was only held. */
void import_cancel(struct import *import);

/* Takes the import. */
void import_start(struct import *import);

/* The set takes no other change until the import is cancelled or done. */
void import_hold(struct import *import);

/* One that is held, and whose plan was made with this result. Takes it. */
void import_go(struct import *import, int plan_r);
