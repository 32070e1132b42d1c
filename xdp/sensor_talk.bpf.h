/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_talk.bpf.h - whose a flow is, for packets that are seen without a
 * process.
 *
 *	reads	both ends as the kernel has them
 *	writes	talks
 *	costs	a look-up where a socket gets a peer, and a change when its flow
 *		was another process's
 *
 * It is written before the first packet leaves, and of every flow: what is told
 * once a second only is not left out here.
 */
#pragma once

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xdp/sensor_maps.bpf.h"
#include "xdp/sensor_sock.bpf.h"

#define MAPPED bpf_htonl(0xffff) /* ::ffff:0:0/96, the third word */

static __always_inline bool is_mapped(const __u32 address_be[4])
{
	return !address_be[0] && !address_be[1] && address_be[2] == MAPPED;
}

static __always_inline void shorten(__u32 address_be[4])
{
	address_be[0] = address_be[3];
	address_be[1] = address_be[2] = address_be[3] = 0;
}

/* A socket of IPv6 that talks over IPv4 does so from an address of IPv4. */
static __always_inline void unmap(struct fw_talk_key *key)
{
	if (key->family != 6 ||
	    !(is_mapped(key->peer_be) || is_mapped(key->local_be)))
		return;
	key->family = 4;
	shorten(key->peer_be);
	shorten(key->local_be);
}

/* The process that runs has it. */
static __always_inline void talk_put(const struct fw_talk_key *key)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fw_talk talk = {
		.start_ns = BPF_CORE_READ(task, group_leader, start_boottime),
		.pid = BPF_CORE_READ(task, tgid),
		.uid = BPF_CORE_READ(task, cred, uid.val),
	};
	const struct fw_talk *old = bpf_map_lookup_elem(&talks, key);

	if (old && old->pid == talk.pid && old->start_ns == talk.start_ns)
		return;
	talk.is_taken = old != 0;
	talk.time_ns = bpf_ktime_get_boot_ns();
	(void)bpf_map_update_elem(&talks, key, &talk, BPF_ANY);
}

static __always_inline bool is_our_net(const struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, net_cookie) ==
	       cfg_netns;
}

static __always_inline void local_put(struct fw_talk_key *key,
				      const struct sock *sk)
{
	const struct sock_common *ends = &sk->__sk_common;

	key->protocol = BPF_CORE_READ(sk, sk_protocol);
	key->local_port = BPF_CORE_READ(ends, skc_num);
	if (key->family == 4)
		(void)bpf_core_read(key->local_be, 4, &ends->skc_rcv_saddr);
	else
		(void)bpf_core_read(key->local_be, 16, &ends->skc_v6_rcv_saddr);
}

/* The socket talks to `peer`, of which a head says family, address, port. */
static __always_inline void talk_of(const struct sock *sk,
				    const struct fw_sensed *head)
{
	struct fw_talk_key key = {
		.family = head->family,
		.peer_port = head->peer_port,
	};

	/* the port of a connect is chosen later: sensor_flow() */
	if (!is_our_net(sk) || !BPF_CORE_READ(sk, __sk_common.skc_num))
		return;
	__builtin_memcpy(key.peer_be, head->peer, sizeof(key.peer_be));
	local_put(&key, sk);
	unmap(&key);
	talk_put(&key);
}

/* It is to be talked to by anybody. */
static __always_inline void talk_of_listener(const struct sock *sk)
{
	struct fw_talk_key key = {
		.family = BPF_CORE_READ(sk, __sk_common.skc_family) == FAMILY_V4
				  ? 4
				  : 6,
	};

	if (!is_our_net(sk))
		return;
	local_put(&key, sk);
	unmap(&key);
	talk_put(&key);
	if (key.family == 4 || key.local_be[0] || key.local_be[1] ||
	    key.local_be[2] || key.local_be[3] ||
	    BPF_CORE_READ_BITFIELD_PROBED(&sk->__sk_common, skc_ipv6only))
		return;
	key.family = 4;
	talk_put(&key);
}

/* A connection of TCP that is about to send its first segment: what has its
 * port. */
static __always_inline void talk_of_connect(const struct bpf_sock_ops *ops)
{
	struct fw_talk_key key = {
		.family = ops->family == FAMILY_V4 ? 4 : 6,
		.protocol = 6,
		.peer_port = (__u16)bpf_ntohl(ops->remote_port),
		.local_port = (__u16)ops->local_port,
	};

	if (key.family == 4) {
		key.peer_be[0] = ops->remote_ip4;
		key.local_be[0] = ops->local_ip4;
	} else {
		key.peer_be[0] = ops->remote_ip6[0];
		key.peer_be[1] = ops->remote_ip6[1];
		key.peer_be[2] = ops->remote_ip6[2];
		key.peer_be[3] = ops->remote_ip6[3];
		key.local_be[0] = ops->local_ip6[0];
		key.local_be[1] = ops->local_ip6[1];
		key.local_be[2] = ops->local_ip6[2];
		key.local_be[3] = ops->local_ip6[3];
	}
	unmap(&key);
	talk_put(&key);
}
