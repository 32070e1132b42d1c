/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refuse_maps.bpf.h - whom processes may not talk to.
 *
 * A trie has one place more than it may have peers: kernels before 6.13 want
 * one to put a peer in that is there already.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdp/refuse.h"

const volatile __u64 cfg_quarantine = 0; /* number of its group; 0: none */

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FW_REFUSED_MAX + 1);
	__type(key, struct fw_peer4);
	__type(value, struct fw_refused);
} refused4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FW_REFUSED_MAX + 1);
	__type(key, struct fw_peer6);
	__type(value, struct fw_refused);
} refused6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FW_ALLOWED_MAX + 1);
	__type(key, struct fw_peer4);
	__type(value, struct fw_refused);
} allowed4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FW_ALLOWED_MAX + 1);
	__type(key, struct fw_peer6);
	__type(value, struct fw_refused);
} allowed6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fw_refusals);
} refusals SEC(".maps");

static __always_inline struct fw_refusal *refusal_of(enum fw_refusal_gate gate)
{
	const __u32 only = 0;
	struct fw_refusals *counts = bpf_map_lookup_elem(&refusals, &only);

	return counts ? &counts->gates[gate & (FW_GATE_ROOM - 1)] : 0;
}
