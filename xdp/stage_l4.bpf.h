/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_l4 - fragments, extension headers, ports: what a rule or a person
 * wants to know beyond the source.
 *
 *	reads	packet memory from pkt->l3_offset on
 *	writes	pkt from `l4_proto` on
 *	says	FW_PASS_UNREADABLE when the packet ends too early or has more
 *		extension headers than are walked, else FW_NEXT
 *	costs	another look at the line that stage_parse has fetched
 *
 * Ports are read from unfragmented packets and first fragments only, and not
 * from the padding behind a packet that ends before its frame does. The walk
 * over extension headers is extensions.bpf.h, what is read of layer 4 l4.bpf.h.
 */
#pragma once

#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>

#include "xdp/extensions.bpf.h"
#include "xdp/l4.bpf.h"
#include "xdp/pkt.bpf.h"

#define FRAG_OFFSET_MASK 0x1fff /* IPv4, in the low bits */
#define FRAG_MORE4	 0x2000

#define BYTES_UNKNOWN 0xffffffff

/* Where layer 4 begins and ends, `offset` behind the IP header's start. */
static __always_inline void note_l4(struct pkt *pkt, __u32 offset, __u32 bytes)
{
	pkt->l4_offset = pkt->l3_offset + offset;
	pkt->l4_bytes = bytes == BYTES_UNKNOWN ? 0xffff : bytes - offset;
}

static __always_inline enum fw_reason l4_of_ipv4(struct pkt *pkt, void *l3,
						 void *end)
{
	struct iphdr *ip = l3;
	__u32 header_bytes, bytes, frag_off;

	if ((void *)(ip + 1) > end)
		return FW_PASS_UNREADABLE;

	header_bytes = ip->ihl * 4;
	/* segmentation offload leaves 0 */
	bytes = ip->tot_len ? bpf_ntohs(ip->tot_len) : BYTES_UNKNOWN;
	frag_off = bpf_ntohs(ip->frag_off);
	if (header_bytes > bytes || l3 + header_bytes > end)
		return FW_PASS_UNREADABLE;

	pkt->l4_proto = ip->protocol;
	pkt->frag_id = bpf_ntohs(ip->id);
	note_l4(pkt, header_bytes, bytes);
	if (frag_off & FRAG_OFFSET_MASK)
		pkt->frag = FW_FRAG_LATER;
	else if (frag_off & FRAG_MORE4)
		pkt->frag = FW_FRAG_FIRST;
	return read_l4(pkt, (struct l4){.head = l3 + header_bytes,
					.end = end,
					.bytes = bytes - header_bytes});
}

static __always_inline enum fw_reason l4_of_ipv6(struct pkt *pkt, void *l3,
						 void *end)
{
	struct ipv6hdr *ip6 = l3;
	enum fw_reason why;
	__u32 bytes, offset;

	if ((void *)(ip6 + 1) > end)
		return FW_PASS_UNREADABLE;

	/* 0 in jumbograms and what segmentation offload leaves */
	bytes = ip6->payload_len ? sizeof(*ip6) + bpf_ntohs(ip6->payload_len)
				 : BYTES_UNKNOWN;
	why = walk_extensions(pkt, ip6, end, bytes, &offset);
	if (why != FW_NEXT)
		return why;
	note_l4(pkt, offset, bytes);
	return read_l4(pkt, (struct l4){.head = l3 + offset,
					.end = end,
					.bytes = bytes - offset});
}

/* Not inlined: the verifier takes it on its own, once, whatever came before. */
__noinline int stage_l4(FW_CTX *ctx, struct pkt *pkt)
{
	struct frame frame = frame_of(ctx);
	void *l3;

	if (!pkt)
		return FW_PASS_UNREADABLE;
	pkt->l4_proto = PKT_NO_L4;
	l3 = frame.data + (pkt->l3_offset & 63);
	if (pkt->family == PKT_V4)
		return l4_of_ipv4(pkt, l3, frame.end);
	if (pkt->family == PKT_V6)
		return l4_of_ipv6(pkt, l3, frame.end);
	return FW_NEXT;
}
