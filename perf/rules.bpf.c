// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rules.bpf.c - packets of many kinds for programs that judge by rules.
 *
 * Each run writes the next of 64 Ki packets into the frame and goes on by a
 * tail call: `frame` to the real program, `frame_linear` to the simplest there
 * is, which tries its rules one after the other, `empty_frame` to one that
 * only drops. What one costs above the last is the judging.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_helpers.h>

#include "perf/support/plain.h"

char LICENSE[] SEC("license") = "GPL";

struct plain_packet packets[PLAIN_PACKET_COUNT];
struct plain_rule rules[PLAIN_RULES_MAX];
__u32 rule_count;
__u32 cursor;
__u32 target; /* interface that `generate` sends to */
__u64 hits; /* of the last rule, by `linear` */

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u32);
} next_programs SEC(".maps");

static __always_inline struct plain_head *head_of(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct plain_head *head = (void *)(eth + 1);

	return (void *)(head + 1) <= (void *)(long)ctx->data_end ? head : NULL;
}

static __always_inline void write_next(struct xdp_md *ctx)
{
	struct plain_head *head = head_of(ctx);
	__u32 next = cursor++ & (PLAIN_PACKET_COUNT - 1);

	if (head)
		plain_write(head, &packets[next]);
}

SEC("xdp.frags")
int frame(struct xdp_md *ctx)
{
	write_next(ctx);
	bpf_tail_call(ctx, &next_programs, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int empty_frame(struct xdp_md *ctx)
{
	write_next(ctx);
	bpf_tail_call(ctx, &next_programs, 1);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int frame_linear(struct xdp_md *ctx)
{
	write_next(ctx);
	bpf_tail_call(ctx, &next_programs, 2);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

struct scan {
	struct plain_packet packet;
	__u32 found; /* rule that ends it, or PLAIN_RULES_MAX */
};

/* 1 when a rule ends it. */
static long scan_step(__u32 index, struct scan *scan)
{
	const struct plain_rule *rule = &rules[index & (PLAIN_RULES_MAX - 1)];

	if (!plain_meets(rule, &scan->packet) || rule->act == PLAIN_COUNT)
		return 0;
	scan->found = index;
	return 1;
}

SEC("xdp.frags")
int linear(struct xdp_md *ctx)
{
	struct scan scan = {.found = PLAIN_RULES_MAX};
	const struct plain_head *head = head_of(ctx);

	if (!head)
		return XDP_ABORTED;
	plain_read(head, &scan.packet);
	bpf_loop(rule_count, scan_step, &scan, 0);
	hits += scan.found + 1 == rule_count;
	if (scan.found >= PLAIN_RULES_MAX)
		return XDP_DROP;
	return rules[scan.found].act == PLAIN_PASS ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	write_next(ctx);
	return bpf_redirect(target, 0);
}
