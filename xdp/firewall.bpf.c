// SPDX-License-Identifier: GPL-2.0-or-later
/* firewall.bpf.c - the gate on the way in: XDP, at the driver. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdp/pipeline.bpf.h"
#include "xdp/trial.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("xdp.frags")
int firewall(struct xdp_md *ctx)
{
	if (trial_is_over())
		bpf_tail_call(ctx, &fallback, 0); /* returns if there is none */
	return judge(ctx) < FW_REASON_FIRST_DROP ? XDP_PASS : XDP_DROP;
}
