/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pipeline.bpf.h - the stages in their order, the same on the way in and out.
 *
 * Each stage either decides (a reason) or has no opinion (FW_NEXT). Addresses
 * are looked up before anything behind the IP header is read. finish() is the
 * only exit, so every packet has one reason, which picks the action and the
 * counter; a counter, sample or copy that fails changes no verdict. Where rules
 * ask about states, a packet that they were asked about is remembered if it
 * passes.
 */
#pragma once

#include <stdbool.h>

#include "xdp/cookie.bpf.h"
#include "xdp/flow_learn.bpf.h"
#include "xdp/stage_capture.bpf.h"
#include "xdp/stage_classify.bpf.h"
#include "xdp/stage_default.bpf.h"
#include "xdp/stage_destination.bpf.h"
#include "xdp/stage_l4.bpf.h"
#include "xdp/stage_neighbour.bpf.h"
#include "xdp/stage_parse.bpf.h"
#include "xdp/stage_sample.bpf.h"
#include "xdp/stage_source.bpf.h"
#include "xdp/stage_state.bpf.h"
#include "xdp/trace.bpf.h"

/* The rule that a source is certain to end at is counted like any other. */
static __always_inline void end_at_fast(struct pkt *pkt)
{
	const struct fw_slot *slot = slot_at(pkt->fast - 1);

	if (!slot)
		return;
	trace_step(pkt->fast - 1, slot, FW_DID_ENDED);
	pkt->rule = slot->rule;
	pkt->counter = slot->counter;
	count_rule(slot, pkt->len);
}

/* What the addresses alone decide. */
static __always_inline enum fw_reason by_addresses(FW_CTX *ctx, struct pkt *pkt)
{
	enum fw_reason why = stage_source(pkt);

	if (why >= FW_REASON_FIRST_DROP && stage_neighbour(ctx, pkt) != FW_NEXT)
		return FW_PASS_NEIGHBOUR;
	if (why == FW_DROP_RULE)
		end_at_fast(pkt);
	if (cfg_has_policy && why == FW_NEXT)
		why = stage_destination(pkt);
	return why;
}

/* What the rules decide; `behind` is what stage_l4 said. */
static __always_inline enum fw_reason by_rules(FW_CTX *ctx, struct pkt *pkt,
					       enum fw_reason behind)
{
	enum fw_reason why;

	if (behind != FW_NEXT)
		return cfg_default_drops & (1u << CTX_IS_EGRESS)
			       ? FW_DROP_UNREADABLE
			       : FW_PASS_UNREADABLE;
	if (cfg_essentials & FW_ESSENTIAL_NEIGHBOUR &&
	    stage_neighbour(ctx, pkt) != FW_NEXT)
		return FW_PASS_NEIGHBOUR;
	if (cfg_has_states && (!EXPLAINS || pkt->flow == FW_FLOW_UNKNOWN))
		(void)stage_state(ctx, pkt);
	why = stage_classify(ctx, pkt);
	if (why == FW_DROP_COOKIE)
		why = stage_cookie(ctx, pkt);
	if (why == FW_NEXT)
		why = stage_default(ctx, pkt);
	if (!EXPLAINS && cfg_has_states && why < FW_REASON_FIRST_DROP)
		flow_learn(pkt);
	return why;
}

static __always_inline enum fw_reason other_than_ip(const struct pkt *pkt)
{
	return cfg_other_drops && pkt->proto_be != bpf_htons(ETH_P_ARP)
		       ? FW_DROP_NOT_IP
		       : FW_PASS_NOT_IP;
}

static __always_inline void count_packet(const struct pkt *pkt,
					 enum fw_reason why)
{
	__u32 slot = why;

	account(bpf_map_lookup_elem(&reason_counts, &slot), pkt->len);
	slot = pkt->class_id;
	if (slot)
		account(bpf_map_lookup_elem(&class_counts, &slot), pkt->len);
}

/* A set in shadow says what became of a packet only when nothing drops it. */
static __always_inline enum fw_reason by_shadow(const struct pkt *pkt,
						enum fw_reason why)
{
	return pkt->is_shadowed && why < FW_REASON_FIRST_DROP &&
			       why != FW_PASS_NEIGHBOUR
		       ? FW_PASS_SHADOW
		       : why;
}

/* The reason of a frame, which is counted and, as far as credit goes, told. */
static __always_inline enum fw_reason judge(FW_CTX *ctx)
{
	struct pkt pkt = {
		.rule = FW_RULE_NONE,
		.counter = FW_RULE_NONE,
		.shadow = FW_RULE_NONE,
		.flow = FW_FLOW_UNKNOWN,
	};
	enum fw_reason why = stage_parse(ctx, &pkt);
	enum fw_reason behind = FW_NEXT;
	bool is_read = false;
	bool sample;

	trace_begin(&pkt);
	if (why == FW_PASS_NOT_IP)
		why = other_than_ip(&pkt);
	if (why == FW_NEXT)
		why = by_addresses(ctx, &pkt);
	if (why == FW_NEXT && (cfg_has_policy || !pkt.l4_is_whole)) {
		behind = stage_l4(ctx, &pkt);
		is_read = true;
	}
	if (why == FW_NEXT && cfg_has_policy)
		why = by_rules(ctx, &pkt, behind);
	if (why == FW_NEXT)
		why = behind != FW_NEXT ? behind : FW_PASS_UNLISTED;
	why = by_shadow(&pkt, why);

	sample = sample_wanted(why);
	if (sample) {
		if (!is_read)
			(void)stage_l4(ctx, &pkt);
		pkt.ifindex = ctx_ifindex(ctx);
		(void)stage_sample(ctx, &pkt, why);
	}
	if (capture_wanted(&pkt, why))
		(void)stage_capture(ctx, &pkt, why);
	/* last: from here on the frame is another */
	if (!EXPLAINS && why == FW_DROP_ANSWERED && answer_syn(ctx, &pkt) < 0)
		why = FW_DROP_COOKIE;
	count_packet(&pkt, why);
	if (EXPLAINS && !is_read)
		(void)stage_l4(ctx, &pkt);
	trace_end(&pkt, why);
	return why;
}
