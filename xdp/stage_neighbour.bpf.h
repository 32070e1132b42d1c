/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_neighbour - neighbour discovery goes on whoever is listed.
 *
 *	reads	packet memory: the fixed IPv6 header and the ICMPv6 type
 *	says	FW_PASS_NEIGHBOUR, or FW_NEXT
 *	costs	nothing on packets that are not from a listed IPv6 source
 *
 * RFC 4861: types 133 to 137, code 0, directly behind the fixed header, and a
 * hop limit of 255, which no packet that crossed a router can have. What the
 * frame holds behind the packet's end is padding, and no ICMPv6.
 */
#pragma once

#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>

#include "xdp/pkt.bpf.h"

#define ND_FIRST     133 /* router solicitation */
#define ND_LAST	     137 /* redirect */
#define ND_HOP_LIMIT 255

static __always_inline enum fw_reason stage_neighbour(FW_CTX *ctx,
						      const struct pkt *pkt)
{
	struct frame frame = frame_of(ctx);
	struct ipv6hdr *ip6 = frame.data + (pkt->l3_offset & 63);
	struct icmp6hdr *icmp = (void *)(ip6 + 1);

	if (pkt->family != PKT_V6 || (void *)(icmp + 1) > frame.end)
		return FW_NEXT;
	if (ip6->nexthdr != IPPROTO_ICMPV6 || ip6->hop_limit != ND_HOP_LIMIT)
		return FW_NEXT;
	if (bpf_ntohs(ip6->payload_len) < sizeof(*icmp))
		return FW_NEXT;
	if (icmp->icmp6_type < ND_FIRST || icmp->icmp6_type > ND_LAST ||
	    icmp->icmp6_code != 0)
		return FW_NEXT;
	return FW_PASS_NEIGHBOUR;
}
