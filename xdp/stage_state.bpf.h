/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_state - what a packet is to the flow it belongs to.
 *
 *	reads	pkt, the maps of flows; of ICMP its identifier and, of errors,
 *		the packet inside; of a TCP handshake the numbers
 *	writes	pkt->flow, and what flow_learn.bpf.h shall do if it passes
 *	says	nothing: it is rules that ask about the state
 *	costs	one look-up for a packet of a flow that was answered, two for
 *		any other, and a clock
 *
 * The rules are in docs/state.md. Nothing is written here, so a packet that
 * is dropped changes nothing, and one that both gates of a gateway see is
 * judged by the second as by the first.
 */
#pragma once

#include "xdp/flow_find.bpf.h"
#include "xdp/flow_judge.bpf.h"
#include "xdp/flow_pieces.bpf.h"
#include "xdp/flow_related.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/policy.h"

#define ICMP_ID_AT 4

/* Neighbour and multicast listener discovery have no flows in IPv6. */
static __always_inline bool is_untracked(const struct pkt *pkt)
{
	return pkt->family == PKT_V6 &&
	       ((pkt->sport >= 130 && pkt->sport <= 136) || pkt->sport == 143);
}

static __always_inline void judge_flow(FW_CTX *ctx, struct pkt *pkt)
{
	struct sight sight = {
		.now_ns = bpf_ktime_get_boot_ns(),
		.kind = TCP_KIND_ACK,
	};
	const struct fw_flow *flow;
	struct ends ends;

	ends_of(pkt, &ends);
	pkt->flow = FW_FLOW_INVALID;
	if (!key_of(&ends, &sight.key, &sight.from))
		return;
	if (sight.key.protocol == IPPROTO_TCP)
		sight.kind = tcp_kind(pkt->tcp_flags);
	if (sight.kind == TCP_KIND_WRONG)
		return;
	flow = find_flow(&sight.key, sight.now_ns, sight.kind == TCP_KIND_SYN);
	if (flow)
		judge_known(ctx, pkt, flow, &sight);
	else
		judge_unknown(pkt, &sight);
}

static __always_inline void judge_icmp(FW_CTX *ctx, struct pkt *pkt)
{
	__be16 id = 0;

	if (is_untracked(pkt))
		return;
	if (is_icmp_error(pkt)) {
		pkt->flow = state_of_error(ctx, pkt);
		return;
	}
	(void)ctx_load(ctx, pkt->l4_offset + ICMP_ID_AT, &id, sizeof(id));
	pkt->icmp_id = bpf_ntohs(id);
	judge_flow(ctx, pkt);
}

/* Not inlined: the verifier takes it on its own, once. */
__noinline int stage_state(FW_CTX *ctx, struct pkt *pkt)
{
	if (!pkt)
		return FW_FLOW_UNKNOWN;
	if (pkt->frag == FW_FRAG_LATER) {
		pkt->flow = state_of_piece(pkt);
		return pkt->flow;
	}
	if (is_icmp(pkt->family, pkt->l4_proto))
		judge_icmp(ctx, pkt);
	else
		judge_flow(ctx, pkt);
	if (pkt->frag == FW_FRAG_FIRST &&
	    (pkt->flow == FW_FLOW_ESTABLISHED || pkt->flow == FW_FLOW_RELATED))
		pkt->learn |= PKT_LEARN_PIECE;
	return pkt->flow;
}
