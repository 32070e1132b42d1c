/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * members.h - a few changes of members, made whole or not at all.
 *
 * An edit holds or releases one prefix in one set. members_apply() makes them
 * in the ledger, and so in the table, one after the other, remembering what
 * was there; members_undo() puts that back.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/daemon.h"

struct edit {
	struct prefix prefix;
	bool had; /* it was a member before */
	bool was_owed; /* but one the ledger did not hold */
	struct evidence old; /* then this was its evidence; reason is owned */
	char *kept; /* the reason it keeps where none is given; owned */

	/* awaited.h's, while their commit is under way */
	bool is_awaited;
	uint8_t set_id;
	struct edit *newer, *older; /* awaited edits of the same member */
	struct edit *beside; /* of the newest: of the next in the bucket */
};

struct edits {
	uint8_t set_id;
	bool is_removal;
	/* Of all that are added; reason is owned. One without a reason leaves
	 * a member that is there the reason it has. */
	struct evidence evidence;
	struct edit *list;
	size_t count;
	size_t capacity;
	size_t applied; /* the first so many are in the ledger */
	struct edits *later; /* awaited too, and applied after these */
};

void edits_done(struct edits *edits);

/* Append a prefix; -E2BIG above EDITS_MAX. */
#define EDITS_MAX 65536
int edits_add(struct edits *edits, const struct prefix *prefix);

/*
 * Make all of them. `decoded_ns` is when the first was decoded; each span up
 * to its store goes into daemon->latency, the longest into *ret_worst_ns. On
 * failure everything is as before, and *ret_failed is the one refused.
 */
int members_apply(struct daemon *daemon, struct edits *edits,
		  uint64_t decoded_ns, uint64_t *ret_worst_ns,
		  size_t *ret_failed);
void members_undo(struct daemon *daemon, struct edits *edits);

/*
 * Between these two their commit is under way. Should it fail, what others
 * have made of the same prefixes meanwhile stays: undoing passes what was there
 * before on to the next of them, in case that one fails as well.
 *
 * What had to be put back and found no room, as others have it meanwhile, is
 * owed: members_settle() tries again, and so should somebody now and then.
 * While any is, and no commit is under way, an alert stands.
 */
void members_await(struct daemon *daemon, struct edits *edits);
void members_settle(struct daemon *daemon, struct edits *edits);
void members_hold_owed(struct daemon *daemon);

/* Is any commit of members of this set under way? */
bool members_are_awaited(const struct daemon *daemon, uint8_t set_id);

/* As the store wants them, once they are applied; malloc'ed, or NULL without
 * memory. The reasons are those of `edits`. */
struct change *members_changes(const struct edits *edits);

/* Take one out of its set, and of what is protected; absent is no error. */
int members_release(struct daemon *daemon, uint8_t set_id,
		    const struct prefix *prefix);

/* Make the protected set follow all members of `management` at once. */
void members_guard(struct daemon *daemon);
