/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segment_answer.bpf.h - a SYN becomes the SYN+ACK for it; a part of
 * cookie.bpf.h.
 *
 * The header keeps its length: where options were there is the MSS, and NOPs
 * behind it. What cookies cannot hold is not offered: no window scaling, no
 * SACK, no timestamps. What came behind the TCP header is no part of the answer:
 * the IP header says so, and to the frame it is padding.
 */
#pragma once

#include "xdp/segment.bpf.h"

#define OPTION_NOP	 1
#define OPTION_MSS	 2
#define OPTION_MSS_BYTES 4
#define ANSWER_TTL	 64
#define ANSWER_WINDOW	 32768 /* until the service's own first segment */
#define ANSWER_MSS_LEAST 536 /* RFC 9293, 3.7.1 */
#define ANSWER_MSS_MOST	 65535
#define IP_DONT_FRAGMENT 0x4000
#define PSEUDO_WORDS	 10

static __always_inline __sum16 folded(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* The pseudo header's, of both families: zeros do not change a sum. */
static __always_inline __s64 pseudo_sum(const struct segment *segment,
					__u32 bytes)
{
	__be32 words[PSEUDO_WORDS] = {};

	if (segment->ip.version == 4) {
		words[0] = segment->ip.saddr;
		words[4] = segment->ip.daddr;
	} else {
		__builtin_memcpy(words, &segment->ip6.saddr, 32);
	}
	words[8] = bpf_htonl(bytes);
	words[9] = bpf_htonl(IPPROTO_TCP);
	return bpf_csum_diff(NULL, 0, words, sizeof(words), 0);
}

static __always_inline void turn_ip(struct segment *segment, __u32 bytes)
{
	const struct iphdr v4 = segment->ip;
	const struct ipv6hdr v6 = segment->ip6;

	__builtin_memset(&segment->ip6, 0, sizeof(segment->ip6));
	if (v4.version == 6) {
		segment->ip6.version = 6;
		segment->ip6.payload_len = bpf_htons(bytes);
		segment->ip6.nexthdr = IPPROTO_TCP;
		segment->ip6.hop_limit = ANSWER_TTL;
		segment->ip6.saddr = v6.daddr;
		segment->ip6.daddr = v6.saddr;
		return;
	}
	segment->ip.version = 4;
	segment->ip.ihl = sizeof(v4) / 4;
	segment->ip.tot_len = bpf_htons(sizeof(v4) + bytes);
	segment->ip.frag_off = bpf_htons(IP_DONT_FRAGMENT);
	segment->ip.ttl = ANSWER_TTL;
	segment->ip.protocol = IPPROTO_TCP;
	segment->ip.saddr = v4.daddr;
	segment->ip.daddr = v4.saddr;
	segment->ip.check = folded(
		bpf_csum_diff(NULL, 0, (__be32 *)&segment->ip, sizeof(v4), 0));
}

/* What the interface takes in one piece; most likely the largest. */
static __always_inline __u16 mss_of(const struct segment *segment, __u32 mtu)
{
	__u32 headers = TCP_FIXED_BYTES + (segment->ip.version == 4 ? 20 : 40);

	if (mtu < headers + ANSWER_MSS_LEAST)
		return ANSWER_MSS_LEAST;
	return mtu - headers < ANSWER_MSS_MOST ? mtu - headers
					       : ANSWER_MSS_MOST;
}

static __always_inline void turn_tcp(struct segment *segment, __u32 cookie,
				     __u16 mss)
{
	const struct tcphdr syn = segment->tcp;
	__u8 *option = segment->bytes + TCP_FIXED_BYTES;

	__builtin_memset(segment->bytes, 0, TCP_FIXED_BYTES);
	__builtin_memset(option, OPTION_NOP, TCP_ROOM - TCP_FIXED_BYTES);
	if (syn.doff * 4 >= TCP_FIXED_BYTES + OPTION_MSS_BYTES) {
		option[0] = OPTION_MSS;
		option[1] = OPTION_MSS_BYTES;
		option[2] = mss >> 8;
		option[3] = mss & 255;
	}
	segment->tcp.source = syn.dest;
	segment->tcp.dest = syn.source;
	segment->tcp.seq = bpf_htonl(cookie);
	segment->tcp.ack_seq = bpf_htonl(bpf_ntohl(syn.seq) + 1);
	segment->bytes[12] = syn.doff << 4;
	segment->bytes[13] = TCP_SYN | TCP_ACK;
	segment->tcp.window = bpf_htons(ANSWER_WINDOW);
}

/* A SYN becomes the SYN+ACK for it. */
static __always_inline void segment_answer(struct segment *segment,
					   __u32 cookie, __u32 mtu)
{
	__u32 bytes = segment_bytes(segment);
	__u8 to[ETH_ALEN];

	__builtin_memcpy(to, segment->macs, ETH_ALEN);
	__builtin_memcpy(segment->macs, segment->macs + ETH_ALEN, ETH_ALEN);
	__builtin_memcpy(segment->macs + ETH_ALEN, to, ETH_ALEN);
	turn_ip(segment, bytes);
	turn_tcp(segment, cookie, mss_of(segment, mtu));
	segment->tcp.check =
		folded(bpf_csum_diff(NULL, 0, (__be32 *)segment->bytes, bytes,
				     pseudo_sum(segment, bytes)));
}
