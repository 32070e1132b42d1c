// SPDX-License-Identifier: GPL-2.0-or-later
/* explain_in.bpf.c - firewall.bpf.c, for who asks why: it is never attached. */
#define FW_EXPLAINS

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdp/pipeline.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("xdp.frags")
int explain_in(struct xdp_md *ctx)
{
	return judge(ctx) < FW_REASON_FIRST_DROP ? XDP_PASS : XDP_DROP;
}
