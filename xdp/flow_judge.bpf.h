/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_judge.bpf.h - the state of a packet, of its flow or without one, and
 * what is to be learned of it if it passes; a part of stage_state.
 *
 *	writes	pkt->flow, learn, and what `learn` needs
 */
#pragma once

#include <stdbool.h>

#include <bpf/bpf_endian.h>

#include "xdp/flow_find.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/policy.h"

#define TCP_SEQ_AT 4
#define TCP_ACK_AT 8

static __always_inline __u32 tcp_number(FW_CTX *ctx, const struct pkt *pkt,
					__u32 at)
{
	__be32 number = 0;

	(void)ctx_load(ctx, pkt->l4_offset + at, &number, sizeof(number));
	return bpf_ntohl(number);
}

/* A packet, as far as its flow goes. */
struct sight {
	struct fw_flow_key key;
	__u64 now_ns;
	enum tcp_kind kind;
	__u8 from; /* FW_END_* */
};

static __always_inline void judge_unknown(struct pkt *pkt,
					  const struct sight *sight)
{
	const struct fw_flow_key *key = &sight->key;
	bool is_syn = false;
	bool begins = !key->kind || key->asker == sight->from;

	if (key->protocol == IPPROTO_TCP) {
		is_syn = sight->kind == TCP_KIND_SYN;
		begins = is_syn || sight->kind == TCP_KIND_ACK;
	}
	pkt->flow = begins ? FW_FLOW_NEW : FW_FLOW_INVALID;
	pkt->learn = begins ? PKT_LEARN_CREATE : 0;
	pkt->flow_stage = is_syn ? FW_STAGE_SYN : FW_STAGE_ASKED;
}

/* Numbers of the handshake: keep that of the other end, and compare it with
 * what completes it. False: it completes nothing. */
static __always_inline bool shakes_hands(FW_CTX *ctx, struct pkt *pkt,
					 const struct fw_flow *flow,
					 const struct sight *sight)
{
	pkt->next_seq = flow->next_seq;
	if (flow->starter != sight->from &&
	    (sight->kind == TCP_KIND_SYN || sight->kind == TCP_KIND_SYN_ACK))
		pkt->next_seq = tcp_number(ctx, pkt, TCP_SEQ_AT) + 1;
	if (flow->stage != FW_STAGE_SYN_ACK || pkt->flow_stage != FW_STAGE_OPEN)
		return true;
	return tcp_number(ctx, pkt, TCP_ACK_AT) - flow->next_seq < ACK_ROOM;
}

/* Is there anything to write? What only says that the flow is alive is
 * written now and then. */
static __always_inline bool is_news(const struct pkt *pkt,
				    const struct fw_flow *flow,
				    const struct sight *sight)
{
	__u64 idle = idle_ns(flow, sight->now_ns);

	return pkt->flow_stage != flow->stage || pkt->flow_set & ~flow->flags ||
	       pkt->flow_clear & flow->flags ||
	       (flow->stage != FW_STAGE_OPEN &&
		pkt->next_seq != flow->next_seq) ||
	       idle >= FW_SEEN_STEP_NS ||
	       idle >= keep_ns(&sight->key, flow->stage, flow->flags) / 16;
}

static __always_inline void judge_known(FW_CTX *ctx, struct pkt *pkt,
					const struct fw_flow *flow,
					const struct sight *sight)
{
	bool is_tcp = sight->key.protocol == IPPROTO_TCP;
	bool by_starter = flow->starter == sight->from;
	struct step step = {
		.is_valid = true,
		.stage = by_starter ? flow->stage : FW_STAGE_OPEN,
	};

	if (is_tcp)
		step = tcp_step(flow->stage, sight->from, by_starter,
				sight->kind);
	pkt->flow = FW_FLOW_INVALID;
	if (!step.is_valid)
		return;
	if (!by_starter)
		step.set |= FW_FLOW_ANSWERED;
	pkt->flow = (flow->flags | step.set) & FW_FLOW_ANSWERED
			    ? FW_FLOW_ESTABLISHED
			    : FW_FLOW_NEW;
	pkt->flow_stage = step.stage;
	pkt->flow_set = step.set;
	pkt->flow_clear = step.clear;
	if (is_tcp && flow->stage != FW_STAGE_OPEN &&
	    !shakes_hands(ctx, pkt, flow, sight))
		return;
	if (is_news(pkt, flow, sight))
		pkt->learn = PKT_LEARN_ADVANCE;
}
