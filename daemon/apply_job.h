/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply_job.h - an apply under way; private to apply*.c.
 *
 * Threads	as apply.h
 */
#pragma once

#include "daemon/apply.h"
#include "daemon/worker.h"

/* A set that the policy declares. */
struct apply_set {
	const struct policy_set *own; /* in judge->policy */
	uint8_t old_id; /* of the ledger; 0: there is none */
	uint8_t new_id; /* that stands beside it; 0: it stays as it is */
	bool is_changed; /* other members than are stored */
	char reason[REASON_MAX]; /* of its members: who lists them */
};

struct apply {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct store *store;
	struct maps *maps;
	char *text; /* owned */
	size_t len;
	uint64_t again;
	uint32_t uid;
	uint64_t confirm_s;
	char note[REVISION_NOTE_MAX];
	apply_done_fn *done;
	void *arg;

	struct guard *guard; /* its own copy, for the worker; owned */
	struct prepared *prepared; /* by a comparison, or NULL; owned */
	uint64_t store_version; /* that it was prepared of */
	uint64_t number; /* of the revision */
	struct revision revision;
	struct pending pending; /* number 0: it is for good */
	struct judge *judge;
	const struct judge *before; /* the one that judges meanwhile */
	struct apply_set *sets;
	size_t set_count, next_set;
	struct prefix *newcomers; /* of the set management; owned */
	size_t newcomer_count;
	bool is_stored; /* though it does not judge: its sets are to stay */
	uint32_t next_class;
	struct event *turn;
	uint64_t started_ns, prepared_ns, filled_ns, loaded_ns;
	struct apply_result result;
	int r;
	char why[JUDGE_NOTE_MAX];
};

/* On the worker: all up to what the loop has to say about it. */
int apply_prepare(struct apply *apply);

/* On the loop: -ENOENT, with apply->why, when a rule names a set that there is
 * not. */
int apply_check_names(struct apply *apply);

/* On the loop: places for sets that are new or changed, in the ledger and as
 * changes for the store. What fails says why in apply->why. */
int apply_place_sets(struct apply *apply, struct change **ret_changes,
		     size_t *ret_count);

/* Changes that make the versions of a revision the sets of their names. */
int apply_settle_changes(struct daemon *daemon, const struct judge *judge,
			 struct change **ret_changes, size_t *ret_count);

/* Changes that undo those, before apply_settle(). */
int apply_unsettle_changes(struct daemon *daemon, const struct judge *judge,
			   struct change **ret_changes, size_t *ret_count);

/* On the loop: apply->newcomers, who is not in the set management yet. */
int apply_list_management(struct apply *apply);

/* Changes that make members on trial stay, at most management_count. */
size_t apply_management_changes(const struct daemon *daemon,
				const struct policy *policy,
				struct change *changes);

/* The same in the ledger. */
void apply_settle_management(struct daemon *daemon,
			     const struct policy *policy);

/* Members on trial go, of whatever policy they are; while the set is imported
 * into, none. */
void apply_drop_management(struct daemon *daemon);

/* The same in the ledger, and what no policy has any more goes. `before` is
 * the judge that it takes over from. */
void apply_settle(struct daemon *daemon, const struct judge *judge,
		  const struct judge *before);

/* Versions of a revision that does not come into force go; 0: of all but
 * `kept`. */
void apply_drop_versions(struct daemon *daemon, uint64_t revision,
			 uint64_t kept);
