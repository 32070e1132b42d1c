// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress.bpf.c - the gate on the way out: tc, behind the stack.
 *
 * Headers may lie outside of the buffer's linear part; they are pulled in
 * before they are read, so frames are judged as on the way in. What passes is
 * handed on to other filters, if there are any.
 */
#define FW_CTX_SKB

#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "xdp/pipeline.bpf.h"
#include "xdp/trial.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int egress(struct __sk_buff *ctx)
{
	if (trial_is_over()) {
		bpf_tail_call(ctx, &fallback, 0);
		return TC_ACT_UNSPEC; /* what judged before had no such gate */
	}
	ctx_pull(ctx);
	return judge(ctx) < FW_REASON_FIRST_DROP ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}
