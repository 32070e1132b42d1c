/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * extensions.bpf.h - the walk over the extension headers of IPv6, a part of
 * stage_l4.
 *
 *	reads	packet memory behind the fixed IPv6 header
 *	writes	pkt->frag, frag_id, l4_proto
 *	says	FW_PASS_UNREADABLE when the packet ends too early or has more
 *		extension headers than MAX_EXTENSIONS, else FW_NEXT
 *	costs	a step for each header there is
 *
 * Walked are hop-by-hop, routing, fragment, authentication and destination
 * headers, in any order and number up to the bound; anything else ends the
 * walk and is the protocol. So does a later fragment: what follows its
 * header is the middle of something.
 */
#pragma once

#include <stdbool.h>

#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>

#include "xdp/pkt.bpf.h"

#define MAX_EXTENSIONS	8
#define EXTENSION_BYTES 8 /* the least any of them has */
#define WALK_BYTES_MASK 0x7fff /* 40 + 8 x 2 KiB fit; for the verifier */

#define NEXT_HOP	 0
#define NEXT_ROUTING	 43
#define NEXT_FRAGMENT	 44
#define NEXT_AUTH	 51
#define NEXT_DESTINATION 60

#define FRAG_MORE6   0x0001
#define FRAG_OFFSET6 0xfff8

struct extension {
	__u8 next;
	__u8 len; /* in units that depend on the header */
	__be16 frag_off; /* of a fragment header, */
	__be32 frag_id; /* the same */
};

static __always_inline bool is_extension(__u8 next)
{
	return next == NEXT_HOP || next == NEXT_ROUTING ||
	       next == NEXT_FRAGMENT || next == NEXT_AUTH ||
	       next == NEXT_DESTINATION;
}

static __always_inline __u32 extension_bytes(__u8 kind, __u8 len)
{
	if (kind == NEXT_FRAGMENT)
		return 8;
	if (kind == NEXT_AUTH)
		return (len + 2) * 4;
	return (len + 1) * 8;
}

static __always_inline void note_fragment(struct pkt *pkt,
					  const struct extension *ext)
{
	__u16 frag_off = bpf_ntohs(ext->frag_off);

	pkt->frag_id = bpf_ntohl(ext->frag_id);
	if (frag_off & FRAG_OFFSET6)
		pkt->frag = FW_FRAG_LATER;
	else if (frag_off & FRAG_MORE6)
		pkt->frag = FW_FRAG_FIRST;
}

/* To the offset from `ip6` of what is no extension header; `bytes` is how
 * long the packet says it is, its fixed header included. */
static __always_inline enum fw_reason walk_extensions(struct pkt *pkt,
						      struct ipv6hdr *ip6,
						      void *end, __u32 bytes,
						      __u32 *ret_offset)
{
	__u32 offset = sizeof(*ip6);
	__u8 next = ip6->nexthdr;

	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		struct extension *ext = (void *)ip6 + offset;

		if (!is_extension(next) || pkt->frag == FW_FRAG_LATER)
			break;
		if (offset + EXTENSION_BYTES > bytes ||
		    (void *)ext + EXTENSION_BYTES > end)
			return FW_PASS_UNREADABLE;
		if (next == NEXT_FRAGMENT)
			note_fragment(pkt, ext);
		offset += extension_bytes(next, ext->len);
		offset &= WALK_BYTES_MASK;
		next = ext->next;
	}

	pkt->l4_proto = next;
	*ret_offset = offset;
	if (pkt->frag == FW_FRAG_LATER)
		return FW_NEXT;
	if (is_extension(next) || offset > bytes || (void *)ip6 + offset > end)
		return FW_PASS_UNREADABLE;
	return FW_NEXT;
}
