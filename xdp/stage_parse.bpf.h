/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_parse - Ethernet, tags and the IP header, up to the addresses.
 *
 *	reads	packet memory (with stage_l4 the only one that does)
 *	writes	pkt up to `family`
 *	says	FW_PASS_NOT_IP, FW_DROP_TRUNCATED, FW_DROP_BAD_HEADER,
 *		FW_DROP_TAGS, or FW_NEXT with a source address in pkt
 *	costs	one cache line of the packet
 *
 * Each rule is written down in docs/parsing.md. No order of tags or headers
 * gets past the source check: what cannot be read far enough to know the
 * source is not let through, for the stack behind us would discard it too.
 */
#pragma once

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>

#include "xdp/pkt.bpf.h"

#define MAX_TAGS 2
#define L4_BYTES 20 /* of the longest header that stage_l4 reads */

struct vlan_tag {
	__be16 tci;
	__be16 proto_be; /* of what follows */
};

static __always_inline bool is_tag(__be16 proto_be)
{
	return proto_be == bpf_htons(ETH_P_8021Q) ||
	       proto_be == bpf_htons(ETH_P_8021AD);
}

static __always_inline enum fw_reason
parse_ipv4(struct pkt *pkt, const struct iphdr *ip, const void *end)
{
	if ((const void *)(ip + 1) > end)
		return FW_DROP_TRUNCATED;
	if (ip->version != 4 || ip->ihl < 5)
		return FW_DROP_BAD_HEADER;
	pkt->family = PKT_V4;
	/* and is no padding; length 0 is for stage_l4 to make sense of */
	pkt->l4_is_whole = ip->ihl == 5 &&
			   (const void *)(ip + 1) + L4_BYTES <= end &&
			   bpf_ntohs(ip->tot_len) >= sizeof(*ip) + L4_BYTES;
	pkt->saddr4 = bpf_ntohl(ip->saddr);
	pkt->daddr4 = bpf_ntohl(ip->daddr);
	return FW_NEXT;
}

static __always_inline enum fw_reason
parse_ipv6(struct pkt *pkt, const struct ipv6hdr *ip6, const void *end)
{
	__u64 half[4];

	if ((const void *)(ip6 + 1) > end)
		return FW_DROP_TRUNCATED;
	if (ip6->version != 6)
		return FW_DROP_BAD_HEADER;
	pkt->family = PKT_V6;
	/* the destination follows the source */
	__builtin_memcpy(half, &ip6->saddr, sizeof(half));
	pkt->saddr6.hi = bpf_be64_to_cpu(half[0]);
	pkt->saddr6.lo = bpf_be64_to_cpu(half[1]);
	pkt->daddr6.hi = bpf_be64_to_cpu(half[2]);
	pkt->daddr6.lo = bpf_be64_to_cpu(half[3]);
	return FW_NEXT;
}

/* Past the Ethernet header and at most two tags, to *ret_l3. */
static __always_inline enum fw_reason
parse_link(struct pkt *pkt, struct frame frame, void **ret_l3)
{
	struct ethhdr *eth = frame.data;
	struct vlan_tag *tag = (void *)(eth + 1);

	if ((void *)tag > frame.end)
		return FW_DROP_TRUNCATED;
	pkt->proto_be = eth->h_proto;

	FW_UNROLL
	for (int i = 0; i < MAX_TAGS && is_tag(pkt->proto_be); i++) {
		if ((void *)(tag + 1) > frame.end)
			return FW_DROP_TRUNCATED;
		pkt->vlan[i] = bpf_ntohs(tag->tci);
		pkt->proto_be = tag->proto_be;
		pkt->tags++;
		tag++;
	}
	*ret_l3 = tag;
	pkt->l3_offset = sizeof(*eth) + pkt->tags * sizeof(*tag);
	return is_tag(pkt->proto_be) ? FW_DROP_TAGS : FW_NEXT;
}

static __always_inline enum fw_reason stage_parse(FW_CTX *ctx, struct pkt *pkt)
{
	struct frame frame = frame_of(ctx);
	enum fw_reason why;
	void *l3;

	pkt->len = ctx_len(ctx);
	why = parse_link(pkt, frame, &l3);
	if (why != FW_NEXT)
		return why;
	if (pkt->proto_be == bpf_htons(ETH_P_IP))
		return parse_ipv4(pkt, l3, frame.end);
	if (pkt->proto_be == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(pkt, l3, frame.end);
	return FW_PASS_NOT_IP;
}
