/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cuts.h - which live flows a policy would cut that the one in force lets go
 * on.
 *
 * Of each answered flow the next packet each way is judged by rules/oracle
 * under both policies: an established one, of usual size, without a tag. Where
 * it comes in or goes out is not remembered of flows, so it is judged at each
 * gate, and one that a policy would drop at any of them, and does not now, is
 * cut. Own addresses tell which packets come in and which go out. Limits drop
 * nothing here: what they would depends on what comes.
 *
 * The loop goes on meanwhile: a turn reads or judges a bounded piece, and all
 * turns together have a bound, after which it is said that it is a part.
 *
 * Threads	cuts_new(): any; the rest: event loop
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/merge/guard.h"
#include "daemon/merge/ledger.h"
#include "daemon/packet/flows.h"
#include "rules/base.h"
#include "rules/policy.h"

#define CUTS_TOLD_MAX 10

/* What judges: `policy` is borrowed, and its sets are those of the ledger by
 * name, but for those that have other members than are stored. */
struct cuts_policy {
	const struct policy *policy;
	uint64_t revision; /* its sets may be NAME.REVISION; 0: none is */
	const bool *is_changed; /* of each of its sets; NULL: none is */
};

struct cut {
	struct flow flow;
	uint8_t direction; /* DIRECTION_* of the packet that is dropped */
	bool is_reply; /* it is one to the end that started */
	char ifname[RULE_NAME_MAX]; /* of the gate */
	const char *rule; /* of the new policy; NULL: none drops it */
	char set[SET_NAME_MAX]; /* that drops it by itself; "": none */
};

struct cuts_result {
	uint64_t seen; /* live flows that were judged */
	uint64_t cut;
	bool is_whole; /* false: there are more that were not looked at */
	struct cut told[CUTS_TOLD_MAX];
	size_t told_count;
};

struct cuts;

/* `before` is in force, `after` is not. Reads the members of changed sets. */
int cuts_new(const struct cuts_policy *before, const struct cuts_policy *after,
	     struct cuts **ret_cuts);
void cuts_free(struct cuts *cuts);
DEFINE_CLEANUP(struct cuts *, cuts_free)

/* The machine the flows go through; all is borrowed. */
struct cuts_machine {
	struct ledger *ledger;
	const struct guard *guard; /* whose own addresses are the machine's */
	char (*gates)[RULE_NAME_MAX]; /* interfaces that have one */
	size_t gate_count;
};

/* Before the first turn; again when something of it may have changed. */
int cuts_look(struct cuts *cuts, const struct cuts_machine *machine);

/* One turn: 1: there is more; 0: that was all. `flows` may be NULL: there are
 * none. `now_ns` is of CLOCK_BOOTTIME. */
int cuts_turn(struct cuts *cuts, const struct flows *flows, uint64_t now_ns);

/* Would this flow be cut? What a turn asks of each. */
bool cuts_judge(struct cuts *cuts, const struct flow *flow,
		struct cut *ret_cut);

/* Valid as long as the cuts and their policies. */
const struct cuts_result *cuts_result(const struct cuts *cuts);
