// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * feeds.bpf.c - packets from sources that are listed and such that are not,
 * and how many of either kind came through a gate.
 *
 * `send` runs once for each frame and sends it out of interface `target`.
 * `see` is behind the gate. Both run on one CPU.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "perf/feeds.h"
#include "perf/support/source.bpf.h"

char LICENSE[] SEC("license") = "GPL";

__u32 sources[FEEDS_SOURCES];
__u32 target;
__u32 number;
__u64 sent[FEEDS_KINDS];
__u64 passed[FEEDS_KINDS];

/* What follows the Ethernet header. */
struct numbered {
	struct iphdr ip;
	struct udphdr udp;
	__u32 number;
};

SEC("xdp")
int send(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct numbered *packet = (void *)(eth + 1);
	__u32 mine = number++;

	if ((void *)(packet + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	packet->number = mine;
	set_source(&packet->ip, bpf_htonl(sources[mine % FEEDS_SOURCES]));
	sent[mine % FEEDS_KINDS]++;
	return bpf_redirect(target, 0);
}

SEC("tc")
int see(struct __sk_buff *ctx)
{
	const struct ethhdr *eth = (void *)(long)ctx->data;
	const struct numbered *packet = (void *)(eth + 1);

	if ((void *)(packet + 1) > (void *)(long)ctx->data_end ||
	    eth->h_proto != bpf_htons(ETH_P_IP))
		return TC_ACT_OK;
	if (packet->ip.saddr !=
	    bpf_htonl(sources[packet->number % FEEDS_SOURCES]))
		return TC_ACT_OK;
	passed[packet->number % FEEDS_KINDS]++;
	return TC_ACT_SHOT;
}
