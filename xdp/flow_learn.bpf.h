/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_learn.bpf.h - a packet that passes is remembered.
 *
 *	reads	pkt, what stage_state left in it
 *	writes	the maps of flows, their counts, this CPU's budget
 *	costs	nothing for most packets of a flow that was answered: one a
 *		second is written
 *
 * New flows have a budget; above it nothing is learned, so that a flood costs
 * no memory writes and no entries, and what is refused is counted. An entry
 * that vanished since stage_state looked is let be. CPUs do not wait for each
 * other: of two packets of a flow at one moment, one may be forgotten.
 */
#pragma once

#include <stdbool.h>

#include "xdp/flow_find.bpf.h"
#include "xdp/flow_pieces.bpf.h"
#include "xdp/pkt.bpf.h"

static __always_inline bool has_budget(__u64 now_ns)
{
	struct fw_flow_budget *budget = only(&flow_budget);
	__u64 most_ns = cfg_flow_cost_ns > FW_BUDGET_MAX_NS ? cfg_flow_cost_ns
							    : FW_BUDGET_MAX_NS;
	__u64 credit_ns;

	if (!budget)
		return false;
	credit_ns = budget->credit_ns + (now_ns - budget->filled_ns);
	if (credit_ns > most_ns)
		credit_ns = most_ns;
	budget->filled_ns = now_ns;
	budget->credit_ns = credit_ns;
	if (credit_ns < cfg_flow_cost_ns)
		return false;
	budget->credit_ns = credit_ns - cfg_flow_cost_ns;
	return true;
}

/* What the key stood for before has ended. */
static __always_inline void create(const struct pkt *pkt,
				   const struct fw_flow_key *key, __u8 from,
				   __u64 now_ns)
{
	const struct fw_flow flow = {
		.seen_ns = now_ns,
		.stage = pkt->flow_stage,
		.starter = from,
	};
	bool was_there = bpf_map_lookup_elem(&flows, key) ||
			 bpf_map_lookup_elem(&opening, key);

	if (!has_budget(now_ns)) {
		COUNT_FLOW(refused);
		return;
	}
	if (bpf_map_update_elem(&opening, key, &flow, BPF_ANY) < 0) {
		COUNT_FLOW(no_room);
		return;
	}
	COUNT_FLOW(created);
	if (was_there) {
		COUNT_FLOW(expired);
		(void)bpf_map_delete_elem(&flows, key);
	}
}

static __always_inline void promote(const struct fw_flow_key *key,
				    const struct fw_flow *half, __u64 now_ns)
{
	const struct fw_flow flow = {
		.seen_ns = now_ns,
		.flags = half->flags,
		.stage = FW_STAGE_OPEN,
		.starter = half->starter,
	};

	if (bpf_map_update_elem(&flows, key, &flow, BPF_ANY) < 0) {
		COUNT_FLOW(no_room);
		return;
	}
	(void)bpf_map_delete_elem(&opening, key);
	COUNT_FLOW(promoted);
}

/* The host has it, or has it with this packet: a handshake that no flow was
 * kept for. */
static __always_inline void adopt(const struct pkt *pkt,
				  const struct fw_flow_key *key, __u8 from,
				  __u64 now_ns)
{
	const struct fw_flow flow = {
		.seen_ns = now_ns,
		.flags = FW_FLOW_ANSWERED |
			 (pkt->tcp_flags & TCP_FIN ? FW_FLOW_FIN << from : 0),
		.stage = FW_STAGE_OPEN,
		.starter = from,
	};

	if (!has_budget(now_ns)) {
		COUNT_FLOW(refused);
		return;
	}
	COUNT_FLOW(created);
	promote(key, &flow, now_ns);
}

static __always_inline void mark(const struct pkt *pkt, struct fw_flow *flow,
				 __u64 now_ns)
{
	__u32 set = pkt->flow_set, clear = pkt->flow_clear;

	if (set & ~flow->flags)
		__sync_fetch_and_or(&flow->flags, set);
	if (clear & flow->flags)
		__sync_fetch_and_and(&flow->flags, ~clear);
	flow->seen_ns = now_ns;
}

static __always_inline void advance(const struct pkt *pkt,
				    const struct fw_flow_key *key, __u64 now_ns)
{
	struct fw_flow *flow = bpf_map_lookup_elem(&flows, key);

	if (flow && pkt->flow_stage == FW_STAGE_OPEN) {
		mark(pkt, flow, now_ns);
		return;
	}
	flow = bpf_map_lookup_elem(&opening, key);
	if (!flow)
		return;
	mark(pkt, flow, now_ns);
	flow->next_seq = pkt->next_seq;
	if (pkt->flow_stage == FW_STAGE_OPEN)
		promote(key, flow, now_ns);
	else
		flow->stage = pkt->flow_stage;
}

/* Not inlined: the verifier takes it on its own, once. */
__noinline int learn(const struct pkt *pkt)
{
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct fw_flow_key key;
	struct ends ends;
	__u8 from;

	if (!pkt)
		return 0;
	if (pkt->learn & PKT_LEARN_PIECE)
		note_piece(pkt, now_ns);
	ends_of(pkt, &ends);
	if (!key_of(&ends, &key, &from))
		return 0;
	if (pkt->learn & PKT_LEARN_CREATE)
		create(pkt, &key, from, now_ns);
	else if (pkt->learn & PKT_LEARN_ADOPT)
		adopt(pkt, &key, from, now_ns);
	else if (pkt->learn & PKT_LEARN_ADVANCE)
		advance(pkt, &key, now_ns);
	return 0;
}

static __always_inline void flow_learn(const struct pkt *pkt)
{
	if (pkt->learn)
		(void)learn(pkt);
}
