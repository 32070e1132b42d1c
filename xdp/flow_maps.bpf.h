/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_maps.bpf.h - the tables of flows, and how they are kept.
 *
 * Sizes given here are the smallest: the loader puts the lasting maps of
 * daemon/packet/flows.h in their place where a policy asks for states. In any
 * other program cfg_has_states is 0, and the verifier takes all of it out.
 */
#pragma once

#include "xdp/flow.h"
#include "xdp/maps.bpf.h"

const volatile __u32 cfg_has_states = 0;
const volatile __u64 cfg_flow_cost_ns = 0; /* of this CPU's budget */
const volatile __u64 cfg_flow_keep_ns[FW_KEEP_ROOM] = {}; /* enum fw_keep */

#define FW_LRU(name, key_type, value_type)           \
	struct {                                     \
		__uint(type, BPF_MAP_TYPE_LRU_HASH); \
		__uint(max_entries, 1);              \
		__type(key, key_type);               \
		__type(value, value_type);           \
	} name SEC(".maps")

FW_LRU(flows, struct fw_flow_key, struct fw_flow);
FW_LRU(opening, struct fw_flow_key, struct fw_flow);
FW_LRU(pieces, struct fw_piece_key, struct fw_piece);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fw_flow_counts);
} flow_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fw_flow_budget);
} flow_budget SEC(".maps");

#define COUNT_FLOW(field)                                            \
	do {                                                         \
		struct fw_flow_counts *counts_ = only(&flow_counts); \
                                                                     \
		if (counts_)                                         \
			counts_->field++;                            \
	} while (0)
