/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps.bpf.h - the tables the program reads and the counts it writes.
 *
 * The big tables are arrays of one value: the look-up with a constant key
 * becomes an address, and inside a value nothing is rounded up to 8 bytes.
 * Value sizes given here are the smallest; the loader sets those of the
 * cuckoo tables and the cfg_ words that go with them before load.
 *
 * Owned by the daemon: tables and configuration for as long as it lives,
 * counts for good, pinned (daemon/packet/maps.h). What belongs to a policy is
 * in policy_maps.bpf.h.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdp/abi.h"
#include "xdp/table4.h"
#include "xdp/table6.h"

/* Set by the loader before load; the verifier knows them as constants. */
const volatile __u32 cfg_hosts4_bits = FW_HOSTS4_BITS_MIN;
const volatile __u32 cfg_blocks4_bits = FW_BLOCKS4_BITS_MIN;
const volatile __u32 cfg_exact6_bits = FW_EXACT6_BITS_MIN;
const volatile __u32 cfg_seed4 = 0;
const volatile __u64 cfg_seed6 = 0;
const volatile __u32 cfg_sample_passes = 0; /* 1: events for passes too */

#define FW_TABLE(name, bytes)                      \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);  \
		__uint(map_flags, BPF_F_MMAPABLE); \
		__uint(max_entries, 1);            \
		__uint(key_size, sizeof(__u32));   \
		__uint(value_size, bytes);         \
	} name SEC(".maps")

FW_TABLE(front4, FW_FRONT4_BYTES);
FW_TABLE(top4, FW_TOP4_COUNT * 2);
FW_TABLE(mid4, FW_MID4_BYTES);
FW_TABLE(hosts4, 32u << FW_HOSTS4_BITS_MIN);
FW_TABLE(blocks4, 32u << FW_BLOCKS4_BITS_MIN);
FW_TABLE(front6, FW_FRONT6_BYTES);
FW_TABLE(top6, FW_TOP6_COUNT * 4);
FW_TABLE(exact6, sizeof(struct fw_bucket6) << FW_EXACT6_BITS_MIN);
FW_TABLE(moves, sizeof(struct fw_moves));
FW_TABLE(credit, sizeof(struct fw_credit));

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FW_REASON_COUNT);
	__type(key, __u32);
	__type(value, struct fw_count);
} reason_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FW_CLASS_COUNT);
	__type(key, __u32);
	__type(value, struct fw_count);
} class_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fw_event_count);
} event_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

static __always_inline void *only(void *map)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(map, &zero);
}

struct fw_view4 {
	__u8 unused; /* the kernel's tables are the maps above */
};

struct fw_view6 {
	__u8 unused;
};

FW_INLINE const __u8 *fw_front4(const struct fw_view4 *view)
{
	return only(&front4);
}

FW_INLINE const __u16 *fw_top4(const struct fw_view4 *view)
{
	return only(&top4);
}

FW_INLINE const __u8 *fw_mid4(const struct fw_view4 *view)
{
	return only(&mid4);
}

FW_INLINE struct fw_cuckoo4 fw_hosts4(const struct fw_view4 *view)
{
	return (struct fw_cuckoo4){
		.slots = only(&hosts4),
		.bucket_bits = cfg_hosts4_bits,
		.seed = cfg_seed4,
		.width = FW_HOSTS4_WIDTH,
	};
}

FW_INLINE struct fw_cuckoo4 fw_blocks4(const struct fw_view4 *view)
{
	return (struct fw_cuckoo4){
		.slots = only(&blocks4),
		.bucket_bits = cfg_blocks4_bits,
		.seed = cfg_seed4,
		.width = FW_BLOCKS4_WIDTH,
	};
}

FW_INLINE const __u32 *fw_moves4(const struct fw_view4 *view)
{
	struct fw_moves *value = only(&moves);

	return value ? &value->moves4 : NULL;
}

FW_INLINE const __u8 *fw_front6(const struct fw_view6 *view)
{
	return only(&front6);
}

FW_INLINE const __u32 *fw_top6(const struct fw_view6 *view)
{
	return only(&top6);
}

FW_INLINE struct fw_exact6 fw_exact6(const struct fw_view6 *view)
{
	return (struct fw_exact6){
		.buckets = only(&exact6),
		.bucket_bits = cfg_exact6_bits,
		.seed = cfg_seed6,
	};
}

FW_INLINE const __u32 *fw_moves6(const struct fw_view6 *view)
{
	struct fw_moves *value = only(&moves);

	return value ? &value->moves6 : NULL;
}

/* These two are not inlined: the verifier takes each on its own, once. */
__noinline int below4(__u32 addr)
{
	struct fw_view4 view = {};

	return fw_deep4(&view, addr);
}

__noinline __u64 probe6(__u64 hi, __u64 lo, __u32 level)
{
	struct fw_view6 view = {};
	struct fw_exact6 exact = fw_exact6(&view);

	if (!exact.buckets)
		return 0;
	return fw_find6(&exact, (struct fw_key6){.hi = hi, .lo = lo}, level);
}

FW_INLINE __u32 fw_below4(const struct fw_view4 *view, __u32 addr)
{
	return below4(addr);
}

FW_INLINE __u64 fw_probe6(const struct fw_view6 *view, struct fw_key6 key,
			  __u32 level)
{
	return probe6(key.hi, key.lo, level);
}
