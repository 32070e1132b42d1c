// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verdict.bpf.c - programs for tests of gates: one that counts and says what
 * it was told to, and one that passes all and takes one buffer only.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile int cfg_action = XDP_DROP;
__u64 seen;

SEC("xdp.frags")
int verdict(struct xdp_md *ctx)
{
	(void)ctx;
	__sync_fetch_and_add(&seen, 1);
	return cfg_action;
}

SEC("xdp")
int plain(struct xdp_md *ctx)
{
	(void)ctx;
	__sync_fetch_and_add(&seen, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
