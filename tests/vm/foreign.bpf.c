// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * foreign.bpf.c - somebody else's XDP program: it counts and passes on.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} foreign_count SEC(".maps");

SEC("xdp")
int foreign(struct xdp_md *ctx)
{
	const __u32 only = 0;
	__u64 *count = bpf_map_lookup_elem(&foreign_count, &only);

	(void)ctx;
	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
