// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * firewall.bpf.c - the packet path, top to bottom.
 *
 * Each stage either decides (a reason) or has no opinion (FW_NEXT). The
 * source is looked up before anything behind the IP header is read. finish()
 * is the only exit, so every packet has one reason, which picks the action
 * and the counter; a counter or a sample that fails changes no verdict.
 */
#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdp/abi.h"
#include "xdp/maps.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/stage_l4.bpf.h"
#include "xdp/stage_neighbour.bpf.h"
#include "xdp/stage_parse.bpf.h"
#include "xdp/stage_sample.bpf.h"
#include "xdp/stage_source.bpf.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline void account(struct fw_count *count, __u32 len)
{
	if (!count)
		return;
	count->packets++;
	count->bytes += len;
}

static __always_inline int finish(const struct pkt *pkt, enum fw_reason why)
{
	__u32 slot = why;

	account(bpf_map_lookup_elem(&reason_counts, &slot), pkt->len);
	slot = pkt->class_id;
	if (slot)
		account(bpf_map_lookup_elem(&class_counts, &slot), pkt->len);

	return why < FW_REASON_FIRST_DROP ? XDP_PASS : XDP_DROP;
}

SEC("xdp.frags")
int firewall(struct xdp_md *ctx)
{
	struct pkt pkt = {};
	enum fw_reason why = stage_parse(ctx, &pkt);
	enum fw_reason behind = FW_NEXT;
	bool sample;

	if (why == FW_NEXT)
		why = stage_source(&pkt);
	if (why == FW_DROP_LISTED && stage_neighbour(ctx, &pkt) != FW_NEXT)
		why = FW_PASS_NEIGHBOUR;

	sample = sample_wanted(why);
	if ((why == FW_NEXT && !pkt.l4_is_whole) || sample)
		behind = stage_l4(ctx, &pkt);
	if (why == FW_NEXT)
		why = behind;
	if (why == FW_NEXT)
		why = FW_PASS_UNLISTED;
	if (sample) {
		pkt.ifindex = ctx->ingress_ifindex;
		(void)stage_sample(ctx, &pkt, why);
	}
	return finish(&pkt, why);
}
