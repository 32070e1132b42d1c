/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_socket.bpf.h - who talks to whom.
 *
 *	reads	of a connection both ends as the kernel has them; of a datagram
 *		to a peer given with it, what the process gave, marked so
 *	writes	security_ring, recent, talks, sensor_counts
 *	costs	of each datagram with an address two look-ups
 *
 * TCP connects are told before the first packet leaves, whoever asked for it:
 * a system call, io_uring, or a send that opens the connection.
 */
#pragma once

#include "xdp/sensor_serve.bpf.h"
#include "xdp/sensor_talk.bpf.h"

#define FAMILY_UNIX    1
#define FAMILY_NETLINK 16
#define PROTOCOL_TCP   6
#define SOCKET_MASK    15
#define SOCKET_RAW     3
#define IN_PROGRESS    115

/* What may be compared of a sockaddr_in or sockaddr_in6. */
struct peer {
	__u16 family;
	__u16 port_be;
	__u32 v4_or_flow;
	__u8 v6[16];
};

/* struct msghdr of a program of 64 bits, as far as it is read. */
struct message {
	__u64 name;
	__u32 name_bytes;
};

#define MESSAGE_STEP 64 /* from one to the next of sendmmsg */
#define MESSAGES_MAX 4 /* that are looked at */

/* A peer is told once in a while; of an accepted one its port is not part of
 * what makes it the same. */
static __always_inline void end_unless_again(struct scratch *scratch)
{
	struct fw_sensed *head = &scratch->head;
	__u16 port = head->kind == FW_SENSE_ACCEPT ? head->local_port
						   : head->peer_port;
	__u64 peer[2];

	__builtin_memcpy(peer, head->peer, sizeof(peer));
	if (is_again(head, peer[0], peer[1], port))
		record_drop(scratch);
	else
		record_end(scratch);
}

static __always_inline void tell_connecting(const struct sock *sk)
{
	struct scratch *scratch;

	if (!is_inet(sk))
		return;
	scratch = record_begin(FW_SENSE_CONNECT, task_here());
	if (!scratch)
		return;
	scratch->head.result = -IN_PROGRESS;
	put_peer(&scratch->head, sk);
	end_unless_again(scratch);
}

/* A call that has given its socket an end or a peer. */
static __always_inline void tell_socket(const struct seen_call *seen, __u64 fd)
{
	struct sock *sk = sock_of(fd);
	__u32 kind = seen->call.kind;
	struct scratch *scratch;

	if (!sk || !is_inet(sk))
		return;
	/* that was told when it began */
	if (kind == FW_SENSE_CONNECT &&
	    BPF_CORE_READ(sk, sk_protocol) == PROTOCOL_TCP)
		return;
	if (kind == FW_SENSE_ACCEPT)
		serve_accepted(sk, fd);
	scratch = seen_begin(seen);
	if (!scratch)
		return;
	put_peer(&scratch->head, sk);
	if (kind == FW_SENSE_BIND || kind == FW_SENSE_LISTEN) {
		scratch->head.family = 0;
		if (kind == FW_SENSE_LISTEN ||
		    scratch->head.protocol != PROTOCOL_TCP)
			talk_of_listener(sk);
		record_end(scratch);
	} else {
		talk_of(sk, &scratch->head);
		end_unless_again(scratch);
	}
}

static __always_inline bool peer_fill(struct fw_sensed *head,
				      const struct peer *peer)
{
	head->peer_port = __builtin_bswap16(peer->port_be);
	if (peer->family == FAMILY_V4) {
		head->family = 4;
		__builtin_memcpy(head->peer, &peer->v4_or_flow, 4);
		return true;
	}
	if (peer->family != FAMILY_V6)
		return false;
	head->family = 6;
	__builtin_memcpy(head->peer, peer->v6, 16);
	return true;
}

/* A datagram to `name`. Not inlined: a call may send several. */
__noinline int tell_send(__u64 fd, __u64 name, __u64 result)
{
	struct sock *sk = sock_of(fd);
	struct peer peer = {0};
	struct scratch *scratch;

	if (!name || !sk || !is_inet(sk) ||
	    BPF_CORE_READ(sk, sk_protocol) == PROTOCOL_TCP)
		return 0;
	if (bpf_probe_read_user(&peer, sizeof(peer), (void *)name) < 0 &&
	    bpf_probe_read_user(&peer, 8, (void *)name) < 0)
		return 0;
	scratch = record_begin(FW_SENSE_SEND, task_here());
	if (!scratch)
		return 0;
	scratch->head.result = result;
	scratch->head.marks |= FW_MARK_ASKED;
	scratch->head.protocol = BPF_CORE_READ(sk, sk_protocol);
	scratch->head.local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (!peer_fill(&scratch->head, &peer)) {
		record_drop(scratch);
		return 0;
	}
	talk_of(sk, &scratch->head);
	end_unless_again(scratch);
	return 0;
}

static __always_inline void tell_message(const struct seen_call *seen, __u64 at)
{
	struct message message = {0};

	if (bpf_probe_read_user(&message, sizeof(message), (void *)at) == 0)
		(void)tell_send(seen->args[0], message.name, seen->result);
}

static __always_inline void tell_messages(const struct seen_call *seen)
{
	for (int i = 0; i < MESSAGES_MAX && i < seen->result; i++)
		tell_message(seen, seen->args[1] + i * MESSAGE_STEP);
}

/* Of new sockets those that are for more than streams and datagrams of the
 * usual kinds. */
static __always_inline bool is_usual_socket(__u64 family, __u64 type)
{
	return (type & SOCKET_MASK) != SOCKET_RAW
		       ? family == FAMILY_UNIX || family == FAMILY_V4 ||
				 family == FAMILY_V6
		       : family == FAMILY_NETLINK;
}
