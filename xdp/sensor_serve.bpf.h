/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_serve.bpf.h - whom a process serves: the peer of the connection that it
 * was begun for.
 *
 *	reads	at the end of an accept the socket; when a process begins, what
 *		the thread that began it has under that descriptor
 *	writes	serving, which ends with each thread
 *	costs	a store for each accept, a look-up or two for each process
 *
 *	1. A process serves a peer when the thread that began it had accepted a
 *	   connection, none after it, and had it open still: so the process has
 *	   it, too. Of a thread that ever accepted one while it had that before
 *	   open still, nobody knows for whom it begins what.
 *	2. What such a process begins serves the same peer, but not what that
 *	   begins: a session that a server opens is not its connection.
 *	3. No other peer is ever told: what cannot be known serves nobody.
 */
#pragma once

#include "xdp/sensor_call.bpf.h"
#include "xdp/sensor_sock.bpf.h"

#define SERVE_DEPTH_MAX 2

static __always_inline struct sock *sock_of(__u64 fd)
{
	struct file *file = file_of(fd);

	return is_socket(file) ? sock_in(file) : 0;
}

static __always_inline void put_peer(struct fw_sensed *head,
				     const struct sock *sk)
{
	const struct sock_common *ends = &sk->__sk_common;

	head->protocol = BPF_CORE_READ(sk, sk_protocol);
	head->local_port = BPF_CORE_READ(ends, skc_num);
	head->peer_port = __builtin_bswap16(BPF_CORE_READ(ends, skc_dport));
	if (BPF_CORE_READ(ends, skc_family) == FAMILY_V4) {
		head->family = 4;
		(void)bpf_core_read(head->peer, 4, &ends->skc_daddr);
	} else {
		head->family = 6;
		(void)bpf_core_read(head->peer, 16, &ends->skc_v6_daddr);
	}
}

/* Of two sockets that lay at the same place one after the other, it differs. */
static __always_inline __u64 ends_of(const struct sock *sk)
{
	const struct sock_common *ends = &sk->__sk_common;
	__u64 v6[2] = {0};

	(void)bpf_core_read(v6, sizeof(v6), &ends->skc_v6_daddr);
	return v6[0] ^ v6[1] ^
	       ((__u64)BPF_CORE_READ(ends, skc_daddr) << 16 |
		BPF_CORE_READ(ends, skc_dport));
}

static __always_inline bool holds_accepted(const struct serving *own)
{
	return own->sk && (__u64)sock_of(own->fd) == own->sk &&
	       ends_of((const struct sock *)own->sk) == own->ends;
}

/* The thread that runs has accepted this, and has it under `fd`. */
static __always_inline void serve_accepted(const struct sock *sk, __u64 fd)
{
	struct serving *own =
		bpf_task_storage_get(&serving, bpf_get_current_task_btf(), 0,
				     BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!own)
		return;
	if (own->fd != (__u32)fd && holds_accepted(own))
		own->has_many = 1;
	own->sk = (__u64)sk;
	own->ends = ends_of(sk);
	own->fd = (__u32)fd;
}

static __always_inline struct serving *serving_of(struct task_struct *task)
{
	return bpf_task_storage_get(&serving, task, 0, 0);
}

static __always_inline void served_put(struct fw_sensed *head,
				       const struct serving *of)
{
	head->family = of->family;
	head->protocol = of->protocol;
	head->peer_port = of->peer_port;
	head->local_port = of->local_port;
	__builtin_memcpy(head->peer, of->peer, sizeof(head->peer));
}

static __always_inline void served_keep(struct task_struct *task, __u8 depth,
					const struct fw_sensed *head)
{
	struct serving *of = bpf_task_storage_get(
		&serving, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!of)
		return;
	of->depth = depth;
	of->family = head->family;
	of->protocol = head->protocol;
	of->peer_port = head->peer_port;
	of->local_port = head->local_port;
	__builtin_memcpy(of->peer, head->peer, sizeof(of->peer));
}

/* The thread that runs has begun `child`: `head` has the peer then, if it
 * serves one. */
static __always_inline void serve_begin(struct fw_sensed *head,
					struct task_struct *child)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct serving *own = serving_of(task), *of;
	__u8 depth = 1;

	if (own && !own->has_many && holds_accepted(own)) {
		put_peer(head, (const struct sock *)own->sk);
	} else {
		of = serving_of(task->group_leader);
		if (!of || of->depth == 0 || of->depth >= SERVE_DEPTH_MAX)
			return;
		served_put(head, of);
		depth = of->depth + 1;
	}
	served_keep(child, depth, head);
}

/* The peer that the process of a record serves. */
static __always_inline void serve_put(struct fw_sensed *head,
				      struct task_struct *task)
{
	const struct serving *of = serving_of(task->group_leader);

	if (of && of->depth)
		served_put(head, of);
}
