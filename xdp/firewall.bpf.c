// SPDX-License-Identifier: GPL-2.0-or-later
/* firewall.bpf.c - the gate on the way in: XDP, at the driver. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdp/pipeline.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("xdp.frags")
int firewall(struct xdp_md *ctx)
{
	return judge(ctx) < FW_REASON_FIRST_DROP ? XDP_PASS : XDP_DROP;
}
