/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * l4.bpf.h - ports of TCP, UDP and SCTP, types of ICMP, a part of stage_l4.
 *
 *	reads	packet memory behind the IP header and its extensions
 *	writes	pkt->sport, dport, tcp_flags, l4_read
 *	says	FW_PASS_UNREADABLE when the fixed header is not there in full,
 *		else FW_NEXT
 *	costs	nothing for later fragments and other protocols
 *
 * ICMP is a protocol of IPv4 and ICMPv6 one of IPv6; neither is read in the
 * other.
 */
#pragma once

#include <stdbool.h>

#include <linux/in.h>

#include <bpf/bpf_endian.h>

#include "xdp/pkt.bpf.h"

#define TCP_BYTES  20
#define TCP_FLAGS  13
#define UDP_BYTES  8
#define SCTP_BYTES 12
#define ICMP_BYTES 8

/* What follows the IP header and its extensions. */
struct l4 {
	__u8 *head;
	void *end; /* of the buffer */
	__u32 bytes; /* as the IP header has it */
};

static __always_inline bool l4_has(struct l4 l4, __u32 bytes)
{
	return bytes <= l4.bytes && (void *)(l4.head + bytes) <= l4.end;
}

static __always_inline enum fw_reason l4_ports(struct pkt *pkt, struct l4 l4,
					       __u32 header_bytes)
{
	__be16 *ports = (__be16 *)l4.head;

	if (!l4_has(l4, header_bytes))
		return FW_PASS_UNREADABLE;
	pkt->sport = bpf_ntohs(ports[0]);
	pkt->dport = bpf_ntohs(ports[1]);
	if (header_bytes == TCP_BYTES)
		pkt->tcp_flags = l4.head[TCP_FLAGS];
	pkt->l4_read = 1;
	return FW_NEXT;
}

static __always_inline enum fw_reason l4_icmp(struct pkt *pkt, struct l4 l4)
{
	if (!l4_has(l4, ICMP_BYTES))
		return FW_PASS_UNREADABLE;
	pkt->sport = l4.head[0];
	pkt->dport = l4.head[1];
	pkt->l4_read = 1;
	return FW_NEXT;
}

static __always_inline enum fw_reason read_l4(struct pkt *pkt, struct l4 l4)
{
	if (pkt->frag == FW_FRAG_LATER)
		return FW_NEXT;

	switch (pkt->l4_proto) {
	case IPPROTO_TCP:
		return l4_ports(pkt, l4, TCP_BYTES);
	case IPPROTO_UDP:
		return l4_ports(pkt, l4, UDP_BYTES);
	case IPPROTO_SCTP:
		return l4_ports(pkt, l4, SCTP_BYTES);
	case IPPROTO_ICMP:
		return pkt->family == PKT_V4 ? l4_icmp(pkt, l4) : FW_NEXT;
	case IPPROTO_ICMPV6:
		return pkt->family == PKT_V6 ? l4_icmp(pkt, l4) : FW_NEXT;
	default:
		return FW_NEXT;
	}
}
