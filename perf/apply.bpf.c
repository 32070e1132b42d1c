// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apply.bpf.c - numbered packets, and who came through a gate.
 *
 * `send` runs once for each frame and sends it out of interface `target` with
 * the next number and the source of its kind. `see` is behind the gate, and
 * notes the number.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "perf/apply.h"
#include "perf/support/source.bpf.h"

char LICENSE[] SEC("license") = "GPL";

__u32 target;
__u32 sent;
__u64 first_ns; /* when the first came that only the new policy passes */
__u8 passed[APPLY_PACKETS_MAX / 8]; /* a bit for each number */

/* What follows the Ethernet header. */
struct numbered {
	struct iphdr ip;
	struct udphdr udp;
	__be32 number;
};

SEC("xdp")
int send(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct numbered *packet = (void *)(eth + 1);
	__u32 number = sent;

	if ((void *)(packet + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	if (number >= APPLY_PACKETS_MAX)
		return XDP_DROP;
	sent = number + 1;
	packet->number = bpf_htonl(number);
	set_source(&packet->ip, bpf_htonl(APPLY_SOURCE | number % APPLY_KINDS));
	return bpf_redirect(target, 0);
}

SEC("tc")
int see(struct __sk_buff *ctx)
{
	const struct ethhdr *eth = (void *)(long)ctx->data;
	const struct numbered *packet = (void *)(eth + 1);
	__u32 number;

	if ((void *)(packet + 1) > (void *)(long)ctx->data_end ||
	    eth->h_proto != bpf_htons(ETH_P_IP))
		return TC_ACT_OK;
	number = bpf_ntohl(packet->number);
	if (bpf_ntohl(packet->ip.saddr) !=
	    (APPLY_SOURCE | number % APPLY_KINDS))
		return TC_ACT_OK;
	if (number < APPLY_PACKETS_MAX)
		passed[number / 8] |= (__u8)(1u << number % 8);
	if (number % APPLY_KINDS == APPLY_AFTER && !first_ns)
		first_ns = bpf_ktime_get_ns();
	return TC_ACT_SHOT;
}
