/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_classify - which rules a packet matches, in order, and what they do.
 *
 *	reads	pkt, the tables of policy_maps.bpf.h, limits
 *	writes	pkt->rule, counter, shadow, rule_counts, buckets of limits
 *	says	FW_PASS_RULE, FW_DROP_RULE, FW_DROP_LIMIT, FW_DROP_COOKIE for
 *		cookie.bpf.h to say more, or FW_NEXT when no rule ends it
 *	costs	a vector for each dimension in use, whatever the number of rules
 *
 * How it works stands in xdp/policy.h. A rule that ends nothing (count,
 * shadow, a limit that is kept) is done and the next one looked for, so a
 * packet costs a step for each such rule it matches. A limit counts what is
 * above its rate.
 */
#pragma once

#include "xdp/choice.bpf.h"
#include "xdp/limit.bpf.h"
#include "xdp/pick.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/policy_maps.bpf.h"
#include "xdp/shadow.bpf.h"

#define SLOT_NONE (-1)

/* Where the walk over the matching slots is. */
struct walk {
	struct pkt *pkt;
	struct choice choice;
	__u32 from; /* slots before it are done */
	__u32 why; /* enum fw_reason */
	__u32 last_rule; /* that was done, in case it has another part */
};

static __always_inline enum fw_reason act_on(struct walk *walk,
					     const struct fw_slot *slot)
{
	if (slot->flags & FW_SLOT_ASLEEP || slot->rule == walk->last_rule)
		return FW_NEXT;
	walk->last_rule = slot->rule;
	if (slot->act == FW_ACT_LIMIT &&
	    is_within(walk->pkt, slot->limit, slot->counter)) {
		trace_did(FW_DID_WITHIN);
		return FW_NEXT;
	}
	trace_did(FW_DID_COUNTED);
	count_rule(slot, walk->pkt->len);
	if (slot->flags & FW_SLOT_SHADOW) {
		remember_shadow(walk->pkt, slot);
		return FW_NEXT;
	}
	if (slot->act == FW_ACT_LIMIT)
		return FW_DROP_LIMIT;
	if (slot->act == FW_ACT_PASS)
		return FW_PASS_RULE;
	if (slot->act == FW_ACT_DROP)
		return FW_DROP_RULE;
	if (slot->act == FW_ACT_COOKIE)
		return FW_DROP_COOKIE;
	return FW_NEXT;
}

/* The next slot that matches; 1 when there is nothing more to do. */
static long walk_step(__u32 index, struct walk *walk)
{
	int found = next_slot(&walk->choice, walk->from);
	struct fw_slot *slot;

	if (found < 0)
		return 1;
	slot = slot_at(found);
	if (!slot)
		return 1;
	trace_step(found, slot, FW_DID_SKIPPED);
	walk->why = act_on(walk, slot);
	walk->from = found + 1;
	if (walk->why == FW_NEXT)
		return 0;
	trace_did(FW_DID_ENDED);
	walk->pkt->rule = slot->rule;
	walk->pkt->counter = slot->counter;
	return 1;
}

/* What matches behind the end is of interest to who asks why, only. */
static long walk_behind(__u32 index, struct walk *walk)
{
	int found = next_slot(&walk->choice, walk->from);
	const struct fw_slot *slot;

	if (found < 0)
		return 1;
	slot = slot_at(found);
	if (!slot)
		return 1;
	trace_step(found, slot, FW_DID_BEHIND);
	walk->from = found + 1;
	return 0;
}

static __always_inline enum fw_reason stage_classify(FW_CTX *ctx,
						     struct pkt *pkt)
{
	struct walk walk = {
		.pkt = pkt,
		.why = FW_NEXT,
		.last_rule = FW_RULE_NONE,
	};

	choose(ctx, pkt, &walk.choice);
	trace_vectors(walk.choice.vectors);
	if (walk_step(0, &walk) == 0)
		bpf_loop(FW_SLOT_MAX, walk_step, &walk, 0);
	if (EXPLAINS)
		bpf_loop(FW_SLOT_MAX, walk_behind, &walk, 0);
	return walk.why;
}
