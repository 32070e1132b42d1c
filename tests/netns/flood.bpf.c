// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flood.bpf.c - runs once for each frame that is to be sent: the next source
 * goes into it, with the checksum that makes a router take the frame for a
 * real one, and it leaves through interface `target`.
 *
 * The kernel uses the memory of frames again, also of those a router has
 * written its next hop and a smaller TTL into: so headers are written anew.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_helpers.h>

#include "tests/netns/flood.h"

char LICENSE[] SEC("license") = "GPL";

__u32 sources_be[FLOOD_SOURCE_COUNT];
struct ethhdr link_header;
struct iphdr ip_header; /* source and checksum zero */
__u32 ip_sum; /* of ip_header, before it is folded */
__u32 cursor;
__u32 target;

SEC("xdp")
int flood(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	__u32 source_be = sources_be[cursor++ & (FLOOD_SOURCE_COUNT - 1)];
	__u32 sum = ip_sum + (source_be & 0xffff) + (source_be >> 16);

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*eth = link_header;
	*ip = ip_header;
	ip->saddr = source_be;
	ip->check = (__u16)~sum;
	return bpf_redirect(target, 0);
}
