/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.h - what an explaining program is asked, and what it found on the way
 * to a verdict.
 *
 * The programs that explain are the judging ones, compiled once more: they
 * read the same tables, and write nothing but one of these. What they found is
 * of the last packet only. Byte order: host, but for _be.
 */
#pragma once

#include <linux/types.h>

#include "xdp/policy.h"

#define FW_TRACE_STEPS	   64 /* that are kept; more are only counted */
#define FW_TRACE_FLOW_LIVE 255 /* the state is what the tables say */

/* Bits of fw_trace.asked: what there was a look-up of. */
#define FW_TRACE_SOURCE	     1
#define FW_TRACE_DESTINATION 2
#define FW_TRACE_RULES	     4

/* What was done at a slot that matches. */
enum fw_did {
	FW_DID_SKIPPED, /* asleep, or a part of the rule just done */
	FW_DID_WITHIN, /* a limit that is kept: not even counted */
	FW_DID_COUNTED, /* and on to the next */
	FW_DID_ENDED, /* counted, and here it ended */
	FW_DID_BEHIND, /* it would match too, had nothing ended before */
};

struct fw_trace_step {
	__u16 slot;
	__u16 rule;
	__u8 did; /* enum fw_did */
	__u8 act; /* enum fw_act */
	__u8 flags; /* FW_SLOT_* */
	__u8 reserved;
};

struct fw_trace {
	/* Asked; written before each run. */
	__u32 ifindex; /* of the gate */
	__u8 flow; /* FW_FLOW_*, or FW_TRACE_FLOW_LIVE */
	__u8 reserved[3];

	/* Found. */
	__u64 saddr[2]; /* high half first; IPv4 in the second */
	__u64 daddr[2];
	__u32 len; /* bytes of the frame */
	__u32 source_class;
	__u32 destination_class;
	__u32 step_count; /* that there were */
	__u16 l3_offset;
	__u16 proto_be; /* ethertype after the tags */
	__u16 vlan[2]; /* tag control information */
	__u16 sport; /* ICMP: type */
	__u16 dport; /* ICMP: code */
	__u16 rule; /* that ended it, or FW_RULE_NONE */
	__u16 fast; /* slot + 1 that the source alone ended at, or 0 */
	__u8 reason; /* enum fw_reason */
	__u8 set_id; /* that is counted */
	__u8 asked; /* FW_TRACE_* */
	__u8 family;
	__u8 tags;
	__u8 l4_proto;
	__u8 frag;
	__u8 tcp_flags;
	__u8 l4_read;
	__u8 flow_found;
	__u8 reserved2[2];
	__u16 vectors[FW_DIM_COUNT]; /* with FW_TRACE_RULES, those in use */
	struct fw_trace_step steps[FW_TRACE_STEPS];
};

_Static_assert(sizeof(struct fw_trace_step) == 8, "map value layout");
_Static_assert(sizeof(struct fw_trace) == 624, "map value layout");
