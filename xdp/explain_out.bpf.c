// SPDX-License-Identifier: GPL-2.0-or-later
/* explain_out.bpf.c - egress.bpf.c, for who asks why: it is never attached. */
#define FW_CTX_SKB
#define FW_EXPLAINS

#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "xdp/pipeline.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int explain_out(struct __sk_buff *ctx)
{
	ctx_pull(ctx);
	return judge(ctx) < FW_REASON_FIRST_DROP ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}
