/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cuts_view.h - a policy as it judges packets of established flows, for the
 * oracle; private to cuts*.c.
 *
 * Rules that ask for other states are left out: they are never met. A set is
 * one of the ledger, or has the members that its document says.
 *
 * Work is counted, not timed: a unit is about what it takes to hold an address
 * against a network, three nanoseconds. A packet is charged for what the oracle
 * had to try for it, with all the networks, ranges and names of those rules.
 *
 * Threads	view_init(): any; the rest: event loop
 */
#pragma once

#include "daemon/cuts.h"
#include "rules/oracle.h"
#include "rules/trie.h"

/* Of the ledger those, of the policy those that change, and management. */
#define VIEW_SETS_MAX (SET_ID_MAX + POLICY_SETS_MAX + 1)

struct view_set {
	char name[SET_NAME_MAX];
	uint8_t id; /* of the ledger; 0: `members` is all there is */
	uint8_t action; /* enum set_action */
	const struct trie *members; /* as well; or NULL */
};

struct view_members {
	struct trie *trie; /* NULL: it has those that are stored */
};

struct view {
	struct cuts_policy of;
	struct policy asked; /* borrows all but `rules` */
	uint64_t *rules_work; /* of as many of these as its place says */
	uint64_t packet_work; /* of each, beside the rules */
	uint64_t work; /* of all packets so far */
	struct view_members *members; /* of each set of the policy */
	struct trie *management; /* what the policy adds to it */
	struct view_set sets[VIEW_SETS_MAX]; /* by name */
	size_t set_count;
	const struct packet *packet; /* that is judged */
	struct set_mask source, destination; /* ids that its addresses are in */
	const char *decided_by; /* the set that action_of() found */
};

/* On failure view_done() is still owed. */
int view_init(struct view *view, const struct cuts_policy *of, bool adds);
void view_done(struct view *view);

/* Which sets there are. `other` is in force: sets that only it declares go with
 * it; NULL: it is this one. */
void view_look(struct view *view, struct ledger *ledger,
	       const struct policy *other);

/* Adds to `work`. */
struct oracle_answer view_judge(struct view *view, struct ledger *ledger,
				const struct packet *packet);
