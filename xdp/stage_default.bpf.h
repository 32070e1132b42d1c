/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_default - what becomes of a packet that no rule ended.
 *
 *	reads	pkt, the frame's hop limit for what seems multicast listener
 *		discovery
 *	says	FW_PASS_DEFAULT, FW_DROP_DEFAULT, or FW_PASS_ESSENTIAL for what
 *		a link cannot do without
 *	costs	nothing where the default passes
 *
 * DHCP is a datagram between the two ports of RFC 2131 (IPv4) or RFC 8415
 * (IPv6); multicast listener discovery is what RFC 3810, 5 says: types 130 to
 * 132 and 143 from a link-local address, or from none yet, hop limit 1.
 */
#pragma once

#include <linux/in.h>
#include <linux/ipv6.h>

#include "xdp/pkt.bpf.h"
#include "xdp/policy_maps.bpf.h"

#define LINK_LOCAL_HI	0xfe80000000000000ull
#define LINK_LOCAL_MASK 0xffc0000000000000ull

static __always_inline bool is_pair(const struct pkt *pkt, __u16 server,
				    __u16 client)
{
	return (pkt->sport == server && pkt->dport == client) ||
	       (pkt->sport == client && pkt->dport == server);
}

static __always_inline bool is_dhcp(const struct pkt *pkt)
{
	if (pkt->l4_proto != IPPROTO_UDP || !pkt->l4_read)
		return false;
	return pkt->family == PKT_V4 ? is_pair(pkt, 67, 68)
				     : is_pair(pkt, 547, 546);
}

static __always_inline bool is_listener(FW_CTX *ctx, const struct pkt *pkt)
{
	struct frame frame = frame_of(ctx);
	struct ipv6hdr *ip6 = frame.data + (pkt->l3_offset & 63);

	if (pkt->family != PKT_V6 || pkt->l4_proto != IPPROTO_ICMPV6 ||
	    !pkt->l4_read)
		return false;
	if ((pkt->sport < 130 || pkt->sport > 132) && pkt->sport != 143)
		return false;
	if ((pkt->saddr6.hi & LINK_LOCAL_MASK) != LINK_LOCAL_HI &&
	    (pkt->saddr6.hi | pkt->saddr6.lo))
		return false;
	return (void *)(ip6 + 1) <= frame.end && ip6->hop_limit == 1;
}

static __always_inline enum fw_reason stage_default(FW_CTX *ctx,
						    const struct pkt *pkt)
{
	if (!(cfg_default_drops & (1u << CTX_IS_EGRESS)))
		return FW_PASS_DEFAULT;
	if (cfg_essentials & FW_ESSENTIAL_DHCP && is_dhcp(pkt))
		return FW_PASS_ESSENTIAL;
	if (cfg_essentials & FW_ESSENTIAL_NEIGHBOUR && is_listener(ctx, pkt))
		return FW_PASS_ESSENTIAL;
	return FW_DROP_DEFAULT;
}
