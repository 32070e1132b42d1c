/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_tcp.bpf.h - how a packet of TCP moves its flow on; a part of
 * stage_state.
 *
 *	from \ packet	SYN		SYN+ACK		FIN, ACK	RST
 *	(no flow)	-> SYN, new	invalid		FIN: invalid	invalid
 *							ACK -> ASKED, new
 *	SYN	starter	stays		invalid		invalid		ends
 *		other	-> SYN_BOTH	-> SYN_ACK	FIN: invalid	ends
 *							ACK: stays
 *	SYN_BOTH starter stays		-> SYN_ACK	invalid		ends
 *		other	stays		-> SYN_ACK	as in SYN	ends
 *	SYN_ACK	starter	stays		stays		-> OPEN		ends
 *		other	invalid		stays		stays		ends
 *	ASKED	starter	stays		invalid		stays		ends
 *		other	invalid		stays		-> OPEN		ends
 *	OPEN	starter	stays		invalid		stays		ends
 *		other	invalid		stays		stays		ends
 *
 * This is what nf_conntrack does, without windows. One number is looked at:
 * what makes a flow OPEN out of SYN_ACK has to acknowledge the other end's
 * SYN, within 64 KiB of data sent along with it. So whoever does not see the
 * answers cannot make entries in `flows`.
 *
 * RST ends a flow unless the same end goes on: a host that has sent one never
 * does, but numbers are not checked, and anybody may have sent it.
 */
#pragma once

#include <stdbool.h>

#include "xdp/flow.h"
#include "xdp/pkt.bpf.h"

#define TCP_FIN 1u
#define TCP_SYN 2u
#define TCP_RST 4u
#define TCP_ACK 16u
#define TCP_URG 32u

#define ACK_ROOM 65536u

enum tcp_kind {
	TCP_KIND_SYN,
	TCP_KIND_SYN_ACK,
	TCP_KIND_FIN,
	TCP_KIND_ACK,
	TCP_KIND_RST,
	TCP_KIND_WRONG,
};

#define BIT64(flags) (1ull << (flags))

/* Combinations of FIN, SYN, RST, ACK and URG that make sense. */
#define TCP_RIGHT                                              \
	(BIT64(TCP_SYN) | BIT64(TCP_SYN | TCP_URG) |           \
	 BIT64(TCP_SYN | TCP_ACK) | BIT64(TCP_RST) |           \
	 BIT64(TCP_RST | TCP_ACK) | BIT64(TCP_FIN | TCP_ACK) | \
	 BIT64(TCP_FIN | TCP_ACK | TCP_URG) | BIT64(TCP_ACK) | \
	 BIT64(TCP_ACK | TCP_URG))

static __always_inline enum tcp_kind tcp_kind(__u8 flags)
{
	flags &= TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK | TCP_URG;
	if (!(TCP_RIGHT >> flags & 1))
		return TCP_KIND_WRONG;
	if (flags & TCP_RST)
		return TCP_KIND_RST;
	if (flags & TCP_SYN)
		return flags & TCP_ACK ? TCP_KIND_SYN_ACK : TCP_KIND_SYN;
	return flags & TCP_FIN ? TCP_KIND_FIN : TCP_KIND_ACK;
}

/* What a packet does to its flow. */
struct step {
	bool is_valid;
	__u8 stage; /* enum fw_stage, from now on */
	__u32 set, clear; /* flags */
};

static __always_inline bool is_closing(__u32 flags)
{
	return (flags & FW_FLOW_FINS) == FW_FLOW_FINS || flags & FW_FLOW_RSTS;
}

/* Where SYN and SYN+ACK lead, or FW_STAGE_COUNT. */
static __always_inline __u8 after_syn(__u8 stage, bool by_starter, bool has_ack)
{
	if (stage == FW_STAGE_SYN && by_starter)
		return has_ack ? FW_STAGE_COUNT : stage;
	if (stage == FW_STAGE_SYN)
		return has_ack ? FW_STAGE_SYN_ACK : FW_STAGE_SYN_BOTH;
	if (stage == FW_STAGE_SYN_BOTH)
		return has_ack ? FW_STAGE_SYN_ACK : stage;
	if (stage == FW_STAGE_SYN_ACK)
		return has_ack || by_starter ? stage : FW_STAGE_COUNT;
	return has_ack != by_starter ? stage : FW_STAGE_COUNT;
}

/* Where ACK and FIN lead, or FW_STAGE_COUNT. */
static __always_inline __u8 after_ack(__u8 stage, bool by_starter, bool has_fin)
{
	if (stage == FW_STAGE_SYN || stage == FW_STAGE_SYN_BOTH)
		return by_starter || has_fin ? FW_STAGE_COUNT : stage;
	if (stage == FW_STAGE_SYN_ACK)
		return by_starter ? FW_STAGE_OPEN : stage;
	if (stage == FW_STAGE_ASKED)
		return by_starter ? stage : FW_STAGE_OPEN;
	return stage;
}

static __always_inline struct step tcp_step(__u8 stage, __u8 from,
					    bool by_starter, enum tcp_kind kind)
{
	struct step step = {.stage = stage};

	switch (kind) {
	case TCP_KIND_SYN:
	case TCP_KIND_SYN_ACK:
		step.stage =
			after_syn(stage, by_starter, kind == TCP_KIND_SYN_ACK);
		break;
	case TCP_KIND_FIN:
	case TCP_KIND_ACK:
		step.stage = after_ack(stage, by_starter, kind == TCP_KIND_FIN);
		step.clear = FW_FLOW_RST << from;
		if (kind == TCP_KIND_FIN)
			step.set = FW_FLOW_FIN << from;
		break;
	case TCP_KIND_RST:
		step.set = FW_FLOW_RST << from;
		break;
	case TCP_KIND_WRONG:
		step.stage = FW_STAGE_COUNT;
	}
	step.is_valid = step.stage < FW_STAGE_COUNT;
	return step;
}
