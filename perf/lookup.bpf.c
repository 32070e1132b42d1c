// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lookup.bpf.c - one look-up a run, each of the next address of a million.
 *
 * Every program reads its address in the same way and adds to `hits`, so what
 * one costs above its empty twin is the look-up. `frame` writes the address
 * into the frame and goes on to the real program, whatever it is, by a tail
 * call; its twin goes on to one that only drops.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xdp/maps.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define ADDRESS_COUNT (1u << 20)

__u32 addresses4[ADDRESS_COUNT];
struct fw_key6 addresses6[ADDRESS_COUNT];
__u32 cursor;
__u64 hits;

struct key4 {
	__u32 len;
	__be32 addr_be;
};

struct key6 {
	__u32 len;
	__u8 addr[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct key4);
	__type(value, __u32);
} trie4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct key6);
	__type(value, __u32);
} trie6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} set4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct fw_key6);
	__type(value, __u32);
} set6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} next_programs SEC(".maps");

static __always_inline __u32 next4(void)
{
	return addresses4[cursor++ & (ADDRESS_COUNT - 1)];
}

static __always_inline const struct fw_key6 *next6(void)
{
	return &addresses6[cursor++ & (ADDRESS_COUNT - 1)];
}

SEC("xdp")
int empty4(struct xdp_md *ctx)
{
	hits += next4() & 1;
	return XDP_DROP;
}

SEC("xdp")
int empty6(struct xdp_md *ctx)
{
	const struct fw_key6 *addr = next6();

	hits += (addr->hi ^ addr->lo) & 1;
	return XDP_DROP;
}

SEC("xdp")
int table4(struct xdp_md *ctx)
{
	struct fw_view4 view = {};

	hits += fw_lookup4(&view, next4()) != 0;
	return XDP_DROP;
}

SEC("xdp")
int table6(struct xdp_md *ctx)
{
	struct fw_view6 view = {};

	hits += fw_lookup6(&view, *next6()) != 0;
	return XDP_DROP;
}

SEC("xdp")
int lpm4(struct xdp_md *ctx)
{
	struct key4 key = {.len = 32, .addr_be = bpf_htonl(next4())};

	hits += bpf_map_lookup_elem(&trie4, &key) != NULL;
	return XDP_DROP;
}

SEC("xdp")
int lpm6(struct xdp_md *ctx)
{
	const struct fw_key6 *addr = next6();
	__u64 half[2] = {
		bpf_cpu_to_be64(addr->hi),
		bpf_cpu_to_be64(addr->lo),
	};
	struct key6 key = {.len = 128};

	__builtin_memcpy(key.addr, half, sizeof(key.addr));
	hits += bpf_map_lookup_elem(&trie6, &key) != NULL;
	return XDP_DROP;
}

SEC("xdp")
int hash4(struct xdp_md *ctx)
{
	__u32 key = next4();

	hits += bpf_map_lookup_elem(&set4, &key) != NULL;
	return XDP_DROP;
}

SEC("xdp")
int hash6(struct xdp_md *ctx)
{
	struct fw_key6 key = *next6();

	hits += bpf_map_lookup_elem(&set6, &key) != NULL;
	return XDP_DROP;
}

static __always_inline void write_source(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) <= (void *)(long)ctx->data_end)
		ip->saddr = bpf_htonl(next4());
}

SEC("xdp.frags")
int frame(struct xdp_md *ctx)
{
	write_source(ctx);
	bpf_tail_call(ctx, &next_programs, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int empty_frame(struct xdp_md *ctx)
{
	write_source(ctx);
	bpf_tail_call(ctx, &next_programs, 1);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}
