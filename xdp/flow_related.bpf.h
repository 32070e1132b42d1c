/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_related.bpf.h - errors of ICMP, which are about a packet of some flow;
 * a part of stage_state.
 *
 *	reads	the packet inside of the error, as far as its ports
 *
 * An error is related when the packet inside belongs to a flow that is known
 * and was sent by the one whom the error is for. Anything else is invalid:
 * a packet that cannot be read, a later fragment, an error about an error.
 * Nothing behind the end that the outer header states is read.
 */
#pragma once

#include <stdbool.h>

#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>

#include "xdp/extensions.bpf.h"
#include "xdp/flow_find.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/policy.h"

#define ICMP_HEAD_BYTES	 8 /* of the error, before the packet inside */
#define INNER_L4_BYTES	 8 /* what RFC 792 promises of it */
#define INNER_FRAG4_MASK 0x1fff

/* Destination unreachable, time exceeded, parameter problem; in IPv6 also
 * packet too big. Redirect and source quench are none. */
static __always_inline bool is_icmp_error(const struct pkt *pkt)
{
	return pkt->family == PKT_V6 ? pkt->sport >= 1 && pkt->sport <= 4
				     : pkt->sport == 3 || pkt->sport == 11 ||
					       pkt->sport == 12;
}

/* Load what lies `offset` behind the outer header's end, if it is there. */
static __always_inline bool load_inner(FW_CTX *ctx, const struct pkt *pkt,
				       __u32 offset, void *to, __u32 bytes)
{
	return offset + bytes <= pkt->l4_bytes &&
	       ctx_load(ctx, pkt->l4_offset + offset, to, bytes) == 0;
}

/* What has no ports has to be there up to the end of its header. */
static __always_inline bool inner_ports(FW_CTX *ctx, const struct pkt *pkt,
					__u32 offset, struct ends *ends)
{
	__be16 words[INNER_L4_BYTES / 2] = {};

	if (!is_icmp(ends->family, ends->protocol) &&
	    ends->protocol != IPPROTO_TCP && ends->protocol != IPPROTO_UDP &&
	    ends->protocol != IPPROTO_SCTP)
		return load_inner(ctx, pkt, offset - 1, words, 1);
	if (!load_inner(ctx, pkt, offset, words, sizeof(words)))
		return false;
	if (is_icmp(ends->family, ends->protocol)) {
		ends->icmp_type = bpf_ntohs(words[0]) >> 8;
		ends->sport = bpf_ntohs(words[2]);
		ends->dport = ends->sport;
		return true;
	}
	ends->sport = bpf_ntohs(words[0]);
	ends->dport = bpf_ntohs(words[1]);
	return true;
}

static __always_inline bool inner_ipv4(FW_CTX *ctx, const struct pkt *pkt,
				       struct ends *ends)
{
	struct iphdr ip;

	if (!load_inner(ctx, pkt, ICMP_HEAD_BYTES, &ip, sizeof(ip)))
		return false;
	if (ip.version != 4 || ip.ihl < 5 ||
	    (bpf_ntohs(ip.frag_off) & INNER_FRAG4_MASK))
		return false;
	ends->source.lo = bpf_ntohl(ip.saddr);
	ends->destination.lo = bpf_ntohl(ip.daddr);
	ends->protocol = ip.protocol;
	return inner_ports(ctx, pkt, ICMP_HEAD_BYTES + ip.ihl * 4, ends);
}

/* Past the extension headers to the offset of what they hold. */
static __always_inline bool walk_inner(FW_CTX *ctx, const struct pkt *pkt,
				       __u8 next, struct ends *ends,
				       __u32 *ret_offset)
{
	__u32 offset = ICMP_HEAD_BYTES + sizeof(struct ipv6hdr);

	FW_NO_UNROLL
	for (int i = 0; i < MAX_EXTENSIONS && is_extension(next); i++) {
		struct extension ext;

		if (!load_inner(ctx, pkt, offset, &ext, sizeof(ext)))
			return false;
		if (next == NEXT_FRAGMENT &&
		    bpf_ntohs(ext.frag_off) & FRAG_OFFSET6)
			return false;
		offset += extension_bytes(next, ext.len);
		next = ext.next;
	}
	ends->protocol = next;
	*ret_offset = offset;
	return !is_extension(next);
}

static __always_inline bool inner_ipv6(FW_CTX *ctx, const struct pkt *pkt,
				       struct ends *ends)
{
	struct ipv6hdr ip6;
	__u64 half[4];
	__u32 offset;

	if (!load_inner(ctx, pkt, ICMP_HEAD_BYTES, &ip6, sizeof(ip6)))
		return false;
	if (ip6.version != 6)
		return false;
	__builtin_memcpy(half, &ip6.saddr, sizeof(half));
	ends->source.hi = bpf_be64_to_cpu(half[0]);
	ends->source.lo = bpf_be64_to_cpu(half[1]);
	ends->destination.hi = bpf_be64_to_cpu(half[2]);
	ends->destination.lo = bpf_be64_to_cpu(half[3]);
	return walk_inner(ctx, pkt, ip6.nexthdr, ends, &offset) &&
	       inner_ports(ctx, pkt, offset, ends);
}

/* The state of an error. Not inlined: the verifier takes it on its own. */
__noinline int state_of_error(FW_CTX *ctx, const struct pkt *pkt)
{
	struct ends ends = {};
	struct fw_key6 to;
	struct fw_flow_key key;
	__u8 from;

	if (!pkt)
		return FW_FLOW_INVALID;
	put_addresses(pkt, &ends);
	to = ends.destination;
	if (pkt->family == PKT_V6 ? !inner_ipv6(ctx, pkt, &ends)
				  : !inner_ipv4(ctx, pkt, &ends))
		return FW_FLOW_INVALID;
	if (ends.source.hi != to.hi || ends.source.lo != to.lo)
		return FW_FLOW_INVALID;
	if (!key_of(&ends, &key, &from) ||
	    !find_flow(&key, bpf_ktime_get_boot_ns(), false))
		return FW_FLOW_INVALID;
	return FW_FLOW_RELATED;
}
