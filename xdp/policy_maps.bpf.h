/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy_maps.bpf.h - the tables of one generation's policy, and what is
 * counted for its rules.
 *
 * Sizes given here are the smallest; the loader sets those of the policy, and
 * the cfg_ words that go with them, before load. Written before the program
 * judges; afterwards only `classes`, vectors that new classes need, slots that
 * fall asleep or wake, and `gates` (daemon/packet/program.h).
 */
#pragma once

#include "xdp/maps.bpf.h"
#include "xdp/nets.h"
#include "xdp/policy.h"
#include "xdp/trace.bpf.h"

const volatile __u32 cfg_has_policy = 0; /* 0: sets act, all else passes */
const volatile __u32 cfg_dims = 0; /* bit N: enum fw_dim N is in use */
const volatile __u32 cfg_word_bits = 0; /* words of a vector, 1 << it */
const volatile __u32 cfg_vector_mask = 0; /* vectors - 1, a power of two */
const volatile __u32 cfg_nets4_count = 0; /* entries; 0: no such networks */
const volatile __u32 cfg_nets6_count = 0;
const volatile __u32 cfg_region_mask = 0;
const volatile __u32 cfg_limit_mask = 0;
const volatile __u32 cfg_default_drops = 0; /* bit FW_IN, FW_OUT */
const volatile __u32 cfg_other_drops = 0; /* what is not IP */
const volatile __u32 cfg_essentials = 0; /* FW_ESSENTIAL_* */

FW_TABLE(summaries, sizeof(__u64));
FW_TABLE(words, sizeof(__u64));
FW_TABLE(values, FW_VALUE_COUNT * 2);
FW_TABLE(slots, sizeof(struct fw_slot) * FW_SLOT_MAX);
FW_TABLE(nets4, sizeof(__u16));
FW_TABLE(nets6, sizeof(struct fw_net_node6));
FW_TABLE(regions, sizeof(struct fw_region));
FW_TABLE(gates, sizeof(struct fw_gate) * FW_GATE_MAX);
FW_TABLE(limits, sizeof(struct fw_limit));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FW_CLASS_COUNT);
	__type(key, __u32);
	__type(value, struct fw_class);
} classes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct fw_mac);
	__type(value, __u32); /* vector */
} macs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct fw_bucket_key);
	__type(value, __u64);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FW_COUNTER_MAX);
	__type(key, __u32);
	__type(value, struct fw_count);
} rule_counts SEC(".maps");

static __always_inline void account(struct fw_count *count, __u32 len)
{
	if (EXPLAINS || !count)
		return;
	count->packets++;
	count->bytes += len;
}

static __always_inline struct fw_slot *slot_at(__u32 index)
{
	struct fw_slot *all = only(&slots);

	return all ? &all[index & (FW_SLOT_MAX - 1)] : NULL;
}

static __always_inline void count_rule(const struct fw_slot *slot, __u32 len)
{
	__u32 counter = slot->counter;

	account(bpf_map_lookup_elem(&rule_counts, &counter), len);
}

struct fw_nets {
	__u8 unused; /* the kernel's tables are the maps above */
};

FW_INLINE __u16 fw_net4(const struct fw_nets *nets, __u32 index)
{
	const __u16 *all = only(&nets4);

	return all && index < cfg_nets4_count ? all[index] : 0;
}

FW_INLINE const struct fw_net_node6 *fw_net6(const struct fw_nets *nets,
					     __u32 index)
{
	const struct fw_net_node6 *all = only(&nets6);

	return all && index < cfg_nets6_count ? &all[index] : NULL;
}
