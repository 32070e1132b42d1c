/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply.h - a policy document becomes what judges.
 *
 *	prepare	worker: read, compile, read lists of sets, compare with the
 *		members that are stored
 *	fill	sets that are new or have other members stand beside those in
 *		force, as NAME.REVISION, and are filled by imports
 *	load	worker: the program and its tables, over the address tables that
 *		are there
 *	ready	loop, in bounded turns: what each class of addresses means
 *	commit	the revision, and that it is current or on trial
 *	swap	every gate in one step, each
 *	settle	NAME.REVISION becomes NAME, and what it was goes; on trial only
 *		when it is confirmed
 *
 * Refused at any step before the swap, what judged goes on and the new sets go,
 * as do those who were added to the set management; so does what ends a trial
 * that is not confirmed.
 * One is under way at a time.
 *
 * Threads	event loop; the jobs touch only the apply and the store
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/daemon.h"
#include "daemon/judge.h"

struct apply_result {
	uint64_t revision;
	size_t rule_count, set_count, changed_sets, class_count;
	uint64_t deadline_ns; /* of a trial, CLOCK_BOOTTIME; 0: none */
	uint64_t took_us, prepare_us, fill_us, load_us, swap_us;
};

/* `why` is NULL when r is 0. */
typedef void apply_done_fn(void *arg, int r, const struct apply_result *result,
			   const char *why);

struct apply_order {
	char *text; /* malloc'ed, taken; NULL: that of revision `again` */
	size_t len;
	uint64_t again;
	uint64_t prepared; /* number of prepared_keep(); 0, or gone: none */
	uint32_t uid;
	uint64_t confirm_s; /* 0: for good at once */
	const char *note; /* for the log: copied */
	apply_done_fn *done; /* called once */
	void *arg;
};

/* Begin; what cannot begin is refused through done(). */
void apply_start(struct daemon *daemon, const struct apply_order *order);

typedef void apply_settled_fn(void *arg, int r, const char *why);

/*
 * The revision on trial judges for good. -ENOENT: there is none; -ETIME: its
 * time is up. Asked for twice, both get one answer. Until that, no deadline
 * stands; when it is an error, the trial goes on to the one it had.
 */
void apply_confirm(struct daemon *daemon, uint32_t uid, apply_settled_fn *done,
		   void *arg);

/* The one before judges again. -ENOENT: none is on trial; -EBUSY: a
 * confirmation is being stored. */
void apply_revert(struct daemon *daemon, uint32_t uid, const char *reason,
		  apply_settled_fn *done, void *arg);

/* Has the policy on trial a set of this name with members of its own? */
bool apply_tries_set(const struct daemon *daemon, const char *name);

/* Is its time up, and has somebody been left in the set management? To be
 * called a few times a second. */
void apply_tick(struct daemon *daemon);

/* At the start: what a revision left that did not come into force goes. */
void apply_sweep(struct daemon *daemon);
