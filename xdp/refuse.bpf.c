// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * refuse.bpf.c - processes of this host that want to talk to whom they may
 * not are told EPERM, before a packet leaves.
 *
 * The gates stand at the root of control groups, so they are asked for every
 * process. Who is in quarantine is known by the group the process is in now,
 * not by the one its socket was made in. Packets are looked at in the group of
 * the quarantine alone: there they close what has no such gate, raw sockets.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xdp/refuse_maps.bpf.h"

#define REFUSE 0
#define PASS   1

#define DADDR4_AT 16
#define DADDR6_AT 24

char LICENSE[] SEC("license") = "GPL";

/* The longest prefix may have ended, and a shorter one around it not. */
static __always_inline bool is_in(void *trie, void *key, __u32 *bits)
{
	for (int i = 0; i < FW_NESTED_MAX; i++) {
		const struct fw_refused *found = bpf_map_lookup_elem(trie, key);

		if (!found)
			return false;
		if (bpf_ktime_get_boot_ns() < found->until_ns)
			return true;
		if (found->bits == 0)
			return false;
		*bits = found->bits - 1;
	}
	return false;
}

static __always_inline bool is_quarantined(void)
{
	if (cfg_quarantine == 0)
		return false;
	for (int level = 1; level <= FW_DEEP_MAX; level++) {
		__u64 id = bpf_get_current_ancestor_cgroup_id(level);

		if (id == cfg_quarantine)
			return true;
		if (id == 0)
			return false;
	}
	return false;
}

static __always_inline int refuse(enum fw_refusal_gate gate,
				  bool is_for_process)
{
	struct fw_refusal *count = refusal_of(gate);

	if (count && is_for_process)
		count->quarantined++;
	else if (count)
		count->refused++;
	return REFUSE;
}

static __always_inline bool is_allowed4(__u32 addr_be)
{
	struct fw_peer4 key = {.bits = 32};

	__builtin_memcpy(key.addr, &addr_be, sizeof(key.addr));
	return is_in(&allowed4, &key, &key.bits);
}

static __always_inline bool is_allowed6(const __u32 addr_be[4])
{
	struct fw_peer6 key = {.bits = 128};

	__builtin_memcpy(key.addr, addr_be, sizeof(key.addr));
	return is_in(&allowed6, &key, &key.bits);
}

/* 0.0.0.0 is this host, as is :: below. */
static __always_inline int judge4(__u32 addr_be, enum fw_refusal_gate gate)
{
	struct fw_peer4 key = {.bits = 32};

	if (is_quarantined() && !is_allowed4(addr_be))
		return refuse(gate, true);
	if (addr_be == 0 ||
	    (addr_be & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000))
		return PASS;
	__builtin_memcpy(key.addr, &addr_be, sizeof(key.addr));
	return is_in(&refused4, &key, &key.bits) ? refuse(gate, false) : PASS;
}

static __always_inline bool is_v4(const __u32 addr_be[4])
{
	return addr_be[0] == 0 && addr_be[1] == 0 &&
	       addr_be[2] == bpf_htonl(0xffff);
}

static __always_inline int judge6(const struct bpf_sock_addr *ctx,
				  enum fw_refusal_gate gate)
{
	const __u32 addr_be[4] = {ctx->user_ip6[0], ctx->user_ip6[1],
				  ctx->user_ip6[2], ctx->user_ip6[3]};
	struct fw_peer6 key = {.bits = 128};

	if (is_v4(addr_be))
		return judge4(addr_be[3], gate);
	if (is_quarantined() && !is_allowed6(addr_be))
		return refuse(gate, true);
	if (addr_be[0] == 0 && addr_be[1] == 0 && addr_be[2] == 0 &&
	    (addr_be[3] == 0 || addr_be[3] == bpf_htonl(1)))
		return PASS;
	__builtin_memcpy(key.addr, addr_be, sizeof(key.addr));
	return is_in(&refused6, &key, &key.bits) ? refuse(gate, false) : PASS;
}

SEC("cgroup/connect4")
int refuse_connect4(struct bpf_sock_addr *ctx)
{
	return judge4(ctx->user_ip4, FW_GATE_CONNECT4);
}

SEC("cgroup/connect6")
int refuse_connect6(struct bpf_sock_addr *ctx)
{
	return judge6(ctx, FW_GATE_CONNECT6);
}

SEC("cgroup/sendmsg4")
int refuse_send4(struct bpf_sock_addr *ctx)
{
	return judge4(ctx->user_ip4, FW_GATE_SEND4);
}

SEC("cgroup/sendmsg6")
int refuse_send6(struct bpf_sock_addr *ctx)
{
	return judge6(ctx, FW_GATE_SEND6);
}

/* An end of one's own is nobody's peer: only the quarantine is asked. */
SEC("cgroup/bind4")
int refuse_bind4(struct bpf_sock_addr *ctx)
{
	return is_quarantined() && !is_allowed4(ctx->user_ip4)
		       ? refuse(FW_GATE_BIND4, true)
		       : PASS;
}

SEC("cgroup/bind6")
int refuse_bind6(struct bpf_sock_addr *ctx)
{
	const __u32 addr_be[4] = {ctx->user_ip6[0], ctx->user_ip6[1],
				  ctx->user_ip6[2], ctx->user_ip6[3]};
	bool is_allowed =
		is_v4(addr_be) ? is_allowed4(addr_be[3]) : is_allowed6(addr_be);

	return is_quarantined() && !is_allowed ? refuse(FW_GATE_BIND6, true)
					       : PASS;
}

SEC("cgroup_skb/egress")
int refuse_out(struct __sk_buff *skb)
{
	__u32 addr_be[4] = {0};
	bool is_allowed = false;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		is_allowed =
			bpf_skb_load_bytes(skb, DADDR4_AT, addr_be, 4) == 0 &&
			is_allowed4(addr_be[0]);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		is_allowed =
			bpf_skb_load_bytes(skb, DADDR6_AT, addr_be, 16) == 0 &&
			is_allowed6(addr_be);
	return is_allowed ? PASS : refuse(FW_GATE_OUT, true);
}
