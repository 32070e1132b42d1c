/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_dns.bpf.h - packets of DNS that a socket of this host sends or gets.
 *
 *	reads	UDP to port 53 that leaves, and from port 53 that arrives
 *	writes	dns_asked, and dns_ring, calling nobody: whoever wants a name
 *		reads it first
 *	costs	a look at the IP header of what sockets send and get; what is
 *		forwarded is not looked at
 *
 * Both are seen in every network namespace, behind the checks that a packet has
 * to pass to reach a socket, so an answer is there before who waits for it. A
 * later fragment has no ports, and extension headers of IPv6 are not followed.
 */
#pragma once

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xdp/sensor_maps.bpf.h"

#define DNS_PORT  53
#define DNS_UDP	  17
#define DNS_LEAST 40 /* IPv4, UDP, and the head of DNS */
#define DNS_USUAL 512 /* few are longer */

/* In the headers of RFC 791 and RFC 8200; the first bytes have all of it. */
#define HEAD_BYTES     10
#define IP4_PIECE      6 /* where in its datagram a fragment begins */
#define IP4_PIECE_HIGH 0x1f
#define IP4_PROTOCOL   9
#define IP6_NEXT       6
#define IP6_BYTES      40
#define UDP_BYTES      8

/* Where UDP begins; 0: it is none. */
static __always_inline __u32 dns_udp_at(const __u8 *ip, __u32 protocol)
{
	bool is_piece;

	if (protocol == bpf_htons(ETH_P_IPV6))
		return ip[IP6_NEXT] == DNS_UDP ? IP6_BYTES : 0;
	is_piece = ip[IP4_PIECE] & IP4_PIECE_HIGH || ip[IP4_PIECE + 1];
	return protocol == bpf_htons(ETH_P_IP) && !is_piece &&
			       ip[IP4_PROTOCOL] == DNS_UDP
		       ? (ip[0] & 0xf) * 4u
		       : 0;
}

/* Where DNS begins; 0: it is none. Up to the ports the kernel has put a packet
 * into one piece, for its sockets. `side`: 0: the port that it comes from, 1: the
 * one it goes to. */
static __always_inline __u32 dns_at(const struct __sk_buff *skb, int side)
{
	const __u8 *end = (const void *)(long)skb->data_end;
	const __u8 *ip = (const void *)(long)skb->data;
	const __be16 *ports;
	__u32 at;

	if (ip + HEAD_BYTES > end)
		return 0;
	at = dns_udp_at(ip, skb->protocol);
	ports = (const void *)(ip + at);
	return at && (const __u8 *)(ports + 2) <= end &&
			       ports[side] == bpf_htons(DNS_PORT)
		       ? at + UDP_BYTES
		       : 0;
}

/* Room for it in the ring, of which the kernel has to know the size before. */
static __always_inline void dns_put(struct __sk_buff *skb, __u32 room)
{
	struct fw_dns *record;
	__u32 len = skb->len;

	if (len < DNS_LEAST)
		return;
	record = bpf_ringbuf_reserve(&dns_ring, room, 0);
	if (!record) {
		(void)__sync_fetch_and_add(&dns_lost, 1);
		return;
	}
	if (len > room - sizeof(*record))
		len = room - sizeof(*record);
	if (bpf_skb_load_bytes(skb, 0, record->packet, len) < 0) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return;
	}
	record->socket = bpf_get_socket_cookie(skb);
	record->len = len;
	record->reserved = 0;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

/* A question is remembered; was the one asked to which this is the answer? */
static __always_inline bool dns_is_due(struct __sk_buff *skb, __be16 id,
				       int side)
{
	const struct dns_key key = {bpf_get_socket_cookie(skb), id, 0};
	const __u32 asked = 1;

	if (side == 0)
		return bpf_map_lookup_elem(&dns_asked, &key);
	(void)bpf_map_update_elem(&dns_asked, &key, &asked, BPF_ANY);
	return true;
}

static __always_inline void dns_tell(struct __sk_buff *skb, int side)
{
	__u32 at = dns_at(skb, side);
	__be16 id;

	if (at == 0 || bpf_skb_load_bytes(skb, at, &id, sizeof(id)) < 0 ||
	    !dns_is_due(skb, id, side))
		return;
	if (skb->len <= DNS_USUAL - sizeof(struct fw_dns))
		dns_put(skb, DNS_USUAL);
	else
		dns_put(skb, FW_DNS_BYTES);
}
