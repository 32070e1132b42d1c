// SPDX-License-Identifier: GPL-2.0-or-later
/* firewall.bpf.c - the gate on the way in: XDP, at the driver. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdp/pipeline.bpf.h"
#include "xdp/trial.bpf.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline int verdict(struct xdp_md *ctx)
{
	enum fw_reason why = judge(ctx);

	if (why == FW_DROP_ANSWERED)
		return XDP_TX;
	return why < FW_REASON_FIRST_DROP ? XDP_PASS : XDP_DROP;
}

SEC("xdp.frags")
int firewall(struct xdp_md *ctx)
{
	if (trial_is_over())
		bpf_tail_call(ctx, &fallback, 0); /* returns if there is none */
	return verdict(ctx);
}

/* For a slot of libxdp's dispatcher, without trials: the kernel takes a tail
 * call for a change of packet data, and refuses an extension that changes what
 * the extended program does not (from 6.13 on, and in stable 6.12). */
SEC("?xdp.frags")
int firewall_shared(struct xdp_md *ctx)
{
	return verdict(ctx);
}
