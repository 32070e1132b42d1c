// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * live.bpf.c - the generator, and the least a receiver can do.
 *
 * `generate` runs once for each frame that is to be sent: the next source of
 * a million goes into it, and the frame out of interface `target`;
 * `generate_packets` does the same with packets that differ in all that rules
 * ask about.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "perf/support/plain.h"
#include "perf/support/source.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define ADDRESS_COUNT (1u << 20)

__u32 addresses4[ADDRESS_COUNT];
struct plain_packet packets[PLAIN_PACKET_COUNT];
__u32 cursor;
__u32 target;

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	set_source(ip, bpf_htonl(addresses4[cursor++ & (ADDRESS_COUNT - 1)]));
	return bpf_redirect(target, 0);
}

SEC("xdp")
int generate_packets(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct plain_head *head = (void *)(eth + 1);

	if ((void *)(head + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	plain_write(head, &packets[cursor++ & (PLAIN_PACKET_COUNT - 1)]);
	return bpf_redirect(target, 0);
}

SEC("xdp")
int bare_drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("xdp")
int bare_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}
