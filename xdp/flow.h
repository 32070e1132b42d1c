/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.h - what is remembered of connections, on both sides of the boundary.
 *
 * A *flow* is all packets between two ends: address and port of each, and the
 * protocol. Its key is the same in both directions: the lower end comes
 * first. There is no interface in it, so what a gateway learns on one side
 * holds on the other.
 *
 *	opening		asked and not answered, or half-open: whoever sends from
 *			addresses that are not his displaces only others here
 *	flows		answered; of TCP, its handshake was completed
 *	pieces		fragmented packets of answered flows
 *
 * What makes a packet new, established, related or invalid is in
 * docs/state.md. Maps of this layout are lasting: a change to it bumps
 * FW_COUNT_VERSION. Byte order: host. Time: CLOCK_BOOTTIME.
 */
#pragma once

#include <linux/types.h>

#define FW_PIECE_MAX	 8192
#define FW_PIECE_LIVE_NS 30000000000ll /* as Linux waits for the rest */

/* The two ends of a flow, as bits and as places in the key. */
#define FW_END_LOW  0
#define FW_END_HIGH 1

struct fw_flow_key {
	__u64 addr[2][2]; /* of each end: high half, low half. IPv4: the last
			   * 32 bits */
	__u16 port[2]; /* 0 without ports. ICMP: both are the identifier */
	__u8 protocol;
	__u8 family; /* 4, 6 */
	__u8 asker; /* ICMP: the end that sends requests; else 0 */
	__u8 kind; /* ICMP: type of the request; else 0 */
};

/* How far a flow is. Only FW_STAGE_OPEN is in `flows`. */
enum fw_stage {
	FW_STAGE_ASKED, /* one end was heard: not TCP, or TCP underway */
	FW_STAGE_SYN, /* SYN of the starter */
	FW_STAGE_SYN_BOTH, /* and one of the other end */
	FW_STAGE_SYN_ACK, /* SYN with ACK was seen: one ACK is missing */
	FW_STAGE_OPEN,
	FW_STAGE_COUNT,
};

/* Flags of a flow; those of an end are shifted by the end. */
#define FW_FLOW_FIN	 1u /* and 2: this end has no more to say */
#define FW_FLOW_RST	 4u /* and 8: this end took it back */
#define FW_FLOW_ANSWERED 16u /* the end that did not start was heard */
#define FW_FLOW_FINS	 3u
#define FW_FLOW_RSTS	 12u

struct fw_flow {
	__u64 seen_ns; /* last packet; later by no more than FW_SEEN_STEP_NS */
	__u32 flags; /* FW_FLOW_*; several CPUs write it: atomics only */
	__u32 next_seq; /* TCP: what completes the handshake acknowledges it */
	__u8 stage; /* enum fw_stage */
	__u8 starter; /* FW_END_* */
	__u8 reserved[6];
};

/* A flow is written no more often than this, if its packets change nothing. */
#define FW_SEEN_STEP_NS 1000000000ull

/* Which packet a fragment is part of (RFC 791, RFC 8200). */
struct fw_piece_key {
	__u64 source[2], destination[2];
	__u32 id;
	__u8 protocol; /* 0 in IPv6, where it is no part of it */
	__u8 family;
	__u8 reserved[2];
};

struct fw_piece {
	__u64 seen_ns;
	__u32 state; /* FW_FLOW_ESTABLISHED, FW_FLOW_RELATED */
	__u32 reserved;
};

/* What a flow is kept for without a packet. */
enum fw_keep {
	FW_KEEP_TCP_OPENING,
	FW_KEEP_TCP_OPEN,
	FW_KEEP_TCP_CLOSING,
	FW_KEEP_UDP,
	FW_KEEP_UDP_ANSWERED,
	FW_KEEP_ICMP,
	FW_KEEP_OTHER,
	FW_KEEP_COUNT,
};

#define FW_KEEP_ROOM 8 /* of a table indexed by it */

/* Per CPU: what became of flows. */
struct fw_flow_counts {
	__u64 created;
	__u64 refused; /* above the budget: nothing was learned */
	__u64 promoted; /* from `opening` to `flows` */
	__u64 expired; /* had ended or come of age when replaced */
	__u64 no_room; /* the kernel refused an entry */
};

/* Per CPU: time saved up for learning; a flow costs cfg_flow_cost_ns. */
struct fw_flow_budget {
	__u64 filled_ns; /* when it was filled last */
	__u64 credit_ns;
};

#define FW_BUDGET_MAX_NS 1000000000ull /* what is saved at most */

_Static_assert(sizeof(struct fw_flow_key) == 40, "map key layout");
_Static_assert(sizeof(struct fw_flow) == 24, "map value layout");
_Static_assert(sizeof(struct fw_piece_key) == 40, "map key layout");
_Static_assert(sizeof(struct fw_piece) == 16, "map value layout");
_Static_assert(sizeof(struct fw_flow_counts) == 40, "map value layout");
_Static_assert(FW_KEEP_COUNT <= FW_KEEP_ROOM, "table size");
