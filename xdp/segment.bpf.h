/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segment.bpf.h - the headers of one TCP segment, read whole and written back;
 * a part of cookie.bpf.h.
 *
 *	reads	packet memory: addresses of Ethernet, IP header, TCP header
 *	writes	the same bytes, in their place
 *
 * Only what any stack sends is taken: TCP directly behind the fixed IP header,
 * from one station to one, by Ethernet and by IP.
 */
#pragma once

#include <stdbool.h>

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>

#include "xdp/flow_tcp.bpf.h"
#include "xdp/pkt.bpf.h"

#define TCP_FIXED_BYTES 20
#define TCP_ROOM	64 /* more than 60, a power of two */

struct segment {
	__u8 macs[2 * ETH_ALEN];
	union {
		struct iphdr ip;
		struct ipv6hdr ip6;
	};
	union {
		struct tcphdr tcp;
		__u8 bytes[TCP_ROOM];
	};
};

/* Of the TCP header: 20..60 once read. In bounds also for the verifier of 6.1,
 * which learns nothing from a comparison in 32 bits. */
static __always_inline __u32 segment_bytes(const struct segment *segment)
{
	__u32 bytes = (segment->bytes[12] >> 4) * 4;

	bytes--;
	FW_OPAQUE(bytes);
	return (bytes & (TCP_ROOM - 1)) + 1;
}

static __always_inline __u32 ip_bytes(const struct pkt *pkt)
{
	return pkt->family == PKT_V4 ? sizeof(struct iphdr)
				     : sizeof(struct ipv6hdr);
}

/* Addresses that one station can have, and not each one for itself. */
static __always_inline bool is_station4(__u32 addr)
{
	__u32 first = addr >> 24;

	return first != 0 && first != 127 && first < 224;
}

static __always_inline bool is_station6(const struct fw_key6 *addr)
{
	return addr->hi != 0 && addr->hi >> 56 != 0xff;
}

static __always_inline bool are_stations(const struct pkt *pkt)
{
	return pkt->family == PKT_V4
		       ? is_station4(pkt->saddr4) && is_station4(pkt->daddr4)
		       : is_station6(&pkt->saddr6) && is_station6(&pkt->daddr6);
}

/* False if it is none that is answered. */
static __always_inline bool segment_read(FW_CTX *ctx, const struct pkt *pkt,
					 struct segment *ret)
{
	__u32 ip = ip_bytes(pkt);
	__u32 bytes;

	if (pkt->frag != FW_FRAG_NONE || !are_stations(pkt) ||
	    pkt->l4_offset != pkt->l3_offset + ip)
		return false;
	if (ctx_load(ctx, 0, ret->macs, sizeof(ret->macs)) < 0 ||
	    (ret->macs[0] | ret->macs[ETH_ALEN]) & 1)
		return false;
	if (ctx_load(ctx, pkt->l3_offset, &ret->ip6, ip) < 0 ||
	    ctx_load(ctx, pkt->l4_offset, ret->bytes, TCP_FIXED_BYTES) < 0)
		return false;
	bytes = segment_bytes(ret);
	if (ret->bytes[12] >> 4 < TCP_FIXED_BYTES / 4 || bytes > pkt->l4_bytes)
		return false;
	return ctx_load(ctx, pkt->l4_offset, ret->bytes, bytes) == 0;
}

/* Into the frame it was read from; negative, and nothing sent, if it fails. */
static __always_inline int segment_write(FW_CTX *ctx, const struct pkt *pkt,
					 struct segment *segment)
{
	if (ctx_store(ctx, 0, segment->macs, sizeof(segment->macs)) < 0 ||
	    ctx_store(ctx, pkt->l3_offset, &segment->ip6, ip_bytes(pkt)) < 0 ||
	    ctx_store(ctx, pkt->l4_offset, segment->bytes,
		      segment_bytes(segment)) < 0)
		return -1;
	return 0;
}
