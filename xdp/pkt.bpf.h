/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pkt.bpf.h - what the stages know about a packet.
 *
 * The parse stages fill it; later stages read it and never touch packet
 * memory again, so bounds checks live in one file and every other stage is a
 * function of this structure.
 */
#pragma once

#include "xdp/abi.h"
#include "xdp/ctx.bpf.h"
#include "xdp/table6.h"

#define PKT_V4		  4
#define PKT_V6		  6
#define PKT_LEARN_CREATE  1 /* a flow, */
#define PKT_LEARN_ADVANCE 2 /* how far it is, */
#define PKT_LEARN_PIECE	  4 /* that later fragments are of one, */
#define PKT_LEARN_ADOPT	  8 /* or one that the host has already */

#define PKT_NO_L4 255 /* not a protocol that is walked to: nothing follows */

/* No pointers in it, so it can be lent to functions verified on their own. */
struct pkt {
	struct fw_key6 saddr6; /* host order */
	struct fw_key6 daddr6;
	__u32 saddr4; /* host order */
	__u32 daddr4;
	__u32 len; /* bytes on the wire, Ethernet header included */
	__u32 ifindex;
	__u32 class_id; /* by stage_source */
	__u16 l3_offset; /* of the IP header in the frame */
	__u16 proto_be; /* ethertype after the tags */
	__u16 vlan[2]; /* host order */
	__u16 source_vector; /* by stage_source, */
	__u16 destination_vector; /* stage_destination: what rules go by */
	__u16 fast; /* slot + 1 that dropped it already, by stage_source */
	__u16 rule; /* that ended it, by stage_classify; or FW_RULE_NONE */
	__u8 tags;
	__u8 family; /* PKT_V4, PKT_V6, 0 */
	__u8 set_id;
	__u8 is_shadowed; /* the source is in a set in shadow, and in none that
			   * says more */
	__u8 l4_is_whole; /* whatever follows the IP header, its header is not
			   * cut short: no need to look */

	/* From here on by stage_l4. */
	__u8 l4_proto;
	__u8 frag; /* FW_FRAG_* */
	__u8 tcp_flags;
	__u8 l4_read;
	__u8 flow; /* by stage_state: FW_FLOW_* */
	__u16 sport; /* host order */
	__u16 dport;
	__u16 l4_offset; /* of what follows the IP header, in the frame */
	__u16 l4_bytes; /* of it, as the IP header has it; 65535: not said */
	__u16 counter; /* of `rule`, or FW_RULE_NONE; in a hole, for stacks of
			* 6.1 have room for little more, as is: */
	__u32 frag_id; /* host order; of fragments */

	/* What stage_state leaves to flow_learn. */
	union {
		__u32 next_seq; /* of the end that did not start */
		__u32 cookie; /* by stage_cookie: what answers a SYN */
	};
	__u16 icmp_id; /* host order */
	__u8 flow_stage; /* enum fw_stage */
	__u8 flow_set, flow_clear; /* flags */
	__u8 learn; /* PKT_LEARN_* */
	__u16 shadow; /* counter of a rule in shadow that would have dropped it,
		       * or FW_RULE_NONE */
};
