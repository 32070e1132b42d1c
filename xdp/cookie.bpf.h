/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cookie.bpf.h - a handshake without memory: what becomes of a packet that a
 * rule of action syncookie ends.
 *
 *	reads	pkt, the headers, the sockets of this machine
 *	writes	pkt->cookie, learn, flow_set; the frame, where it is answered
 *	says	FW_DROP_ANSWERED, FW_PASS_RULE or FW_DROP_COOKIE
 *	costs	of a flow that was answered nothing, else a look-up among the
 *		sockets; of a SYN also a SipHash, two checksums and a frame
 *
 * The rules are in docs/syncookies.md. Cookies are the kernel's own, made and
 * checked for the socket that listens: a listener takes none back that it does
 * not know to have been sent (tcp_synq_no_recent_overflow()), so those that are
 * made without a socket are of no use to it. The frame is turned round in
 * place and keeps its length, so the program stays one that does not change
 * packets, as libxdp's dispatcher wants it.
 *
 * Nothing of this is on the way out, where no rule has this action.
 */
#pragma once

#include "xdp/flow_tcp.bpf.h"
#include "xdp/policy_maps.bpf.h"

const volatile __u32 cfg_has_cookies = 0; /* some rule has them */

#if CTX_IS_EGRESS

static __always_inline enum fw_reason stage_cookie(FW_CTX *ctx, struct pkt *pkt)
{
	return FW_DROP_COOKIE;
}

static __always_inline int answer_syn(FW_CTX *ctx, const struct pkt *pkt)
{
	return -1;
}

#else

#include "xdp/segment_answer.bpf.h"

#define SYN_FLAGS (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)
#define ACK_FLAGS (TCP_SYN | TCP_RST | TCP_ACK)

/* Who a packet is for: the socket of its connection or else the one that
 * listens there; with `any_peer` only that. To be given back, unless NULL. */
static __always_inline struct bpf_sock *
socket_for(FW_CTX *ctx, const struct segment *segment, bool any_peer)
{
	struct bpf_sock_tuple tuple = {};
	__be16 sport = any_peer ? 0 : segment->tcp.source;

	if (segment->ip.version == 4) {
		tuple.ipv4.saddr = any_peer ? 0 : segment->ip.saddr;
		tuple.ipv4.daddr = segment->ip.daddr;
		tuple.ipv4.sport = sport;
		tuple.ipv4.dport = segment->tcp.dest;
		return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4),
					  BPF_F_CURRENT_NETNS, 0);
	}
	if (!any_peer)
		__builtin_memcpy(tuple.ipv6.saddr, &segment->ip6.saddr, 16);
	__builtin_memcpy(tuple.ipv6.daddr, &segment->ip6.daddr, 16);
	tuple.ipv6.sport = sport;
	tuple.ipv6.dport = segment->tcp.dest;
	return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv6),
				  BPF_F_CURRENT_NETNS, 0);
}

/* Does this machine have a connection, and how far is it? 0: none. */
static __always_inline __u32 connection_state(FW_CTX *ctx,
					      const struct segment *segment)
{
	struct bpf_sock *socket = socket_for(ctx, segment, false);
	__u32 state = 0;

	if (!socket)
		return 0;
	if (socket->state != BPF_TCP_LISTEN)
		state = socket->state;
	bpf_sk_release(socket);
	return state;
}

/* A cookie is a promise of the listener's: who only asks why makes none. Where
 * a connection waits in TIME_WAIT, its socket would meet the ACK and not the
 * listener, so the kernel answers such a SYN itself. */
static __always_inline enum fw_reason judge_syn(FW_CTX *ctx, struct pkt *pkt,
						struct segment *segment)
{
	struct bpf_sock *service;
	__s64 cookie = -1;

	if (connection_state(ctx, segment) == BPF_TCP_TIME_WAIT)
		return FW_PASS_RULE;
	service = socket_for(ctx, segment, true);
	if (!service)
		return FW_DROP_COOKIE;
	if (EXPLAINS)
		cookie = service->state == BPF_TCP_LISTEN ? 0 : -1;
	else
		cookie = bpf_tcp_gen_syncookie(
			service, &segment->ip, sizeof(segment->ip6),
			&segment->tcp, segment_bytes(segment));
	bpf_sk_release(service);
	if (cookie < 0)
		return FW_DROP_COOKIE;
	pkt->cookie = cookie;
	pkt->learn = 0;
	return FW_DROP_ANSWERED;
}

/* What this machine has a connection for needs no cookie: it began before the
 * rule was there, or was not learned. */
static __always_inline enum fw_reason judge_ack(FW_CTX *ctx, struct pkt *pkt,
						struct segment *segment)
{
	struct bpf_sock *socket = socket_for(ctx, segment, false);
	bool is_half, is_right;

	if (!socket)
		return FW_DROP_COOKIE;
	/* whose handshake the kernel has not seen the end of, or that ended */
	is_half = socket->state == BPF_TCP_NEW_SYN_RECV ||
		  socket->state == BPF_TCP_TIME_WAIT;
	is_right = socket->state != BPF_TCP_LISTEN ||
		   bpf_tcp_check_syncookie(socket, &segment->ip,
					   sizeof(segment->ip6), &segment->tcp,
					   segment_bytes(segment)) == 0;
	bpf_sk_release(socket);
	if (!is_right)
		return FW_DROP_COOKIE;
	pkt->learn = is_half ? 0 : PKT_LEARN_ADOPT;
	return FW_PASS_RULE;
}

/* The end of a connection that this machine has: nothing to learn. */
static __always_inline enum fw_reason judge_rst(FW_CTX *ctx, struct pkt *pkt,
						struct segment *segment)
{
	pkt->learn = 0;
	return connection_state(ctx, segment) ? FW_PASS_RULE : FW_DROP_COOKIE;
}

/* Not inlined: the verifier takes it on its own, once. */
__noinline int stage_cookie(FW_CTX *ctx, struct pkt *pkt)
{
	struct segment segment = {};

	if (!pkt || !cfg_has_cookies)
		return FW_DROP_COOKIE;
	if (pkt->flow == FW_FLOW_ESTABLISHED)
		return FW_PASS_RULE;
	if (!segment_read(ctx, pkt, &segment))
		return FW_DROP_COOKIE;
	if ((pkt->tcp_flags & SYN_FLAGS) == TCP_SYN)
		return judge_syn(ctx, pkt, &segment);
	if ((pkt->tcp_flags & ACK_FLAGS) == TCP_ACK)
		return judge_ack(ctx, pkt, &segment);
	if (pkt->tcp_flags & TCP_RST)
		return judge_rst(ctx, pkt, &segment);
	return FW_DROP_COOKIE;
}

/* The SYN in the frame becomes the SYN+ACK; negative if it did not. */
__noinline int answer_syn(FW_CTX *ctx, const struct pkt *pkt)
{
	struct segment segment = {};
	__u32 mtu = 1;

	if (!pkt || !cfg_has_cookies || !segment_read(ctx, pkt, &segment))
		return -1;
	(void)bpf_check_mtu(ctx, 0, &mtu, 0, 0);
	segment_answer(&segment, pkt->cookie, mtu);
	return segment_write(ctx, pkt, &segment);
}

#endif
