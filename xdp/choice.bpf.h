/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * choice.bpf.h - the slots that are left of the vectors a packet picks; a part
 * of stage_classify.
 *
 * cfg_dims is known to the verifier, so what no rule asks about costs nothing.
 */
#pragma once

#include "xdp/bits.h"
#include "xdp/policy_maps.bpf.h"

/* One vector for each dimension; those not in use are not read. */
struct choice {
	__u16 vectors[FW_DIM_COUNT];
};

static __always_inline bool is_used(enum fw_dim dim)
{
	return cfg_dims & (1u << dim);
}

/* Index of the lowest bit set, 0..63; `word` is not 0. */
static __always_inline __u32 lowest_bit64(__u64 word)
{
	return (__u32)word ? fw_lowest_bit((__u32)word)
			   : 32 + fw_lowest_bit((__u32)(word >> 32));
}

static __always_inline __u64 and_summaries(const struct choice *choice)
{
	const __u64 *all = only(&summaries);
	__u64 left = ~0ull;

	if (!all)
		return 0;
	FW_UNROLL
	for (int dim = 0; dim < FW_DIM_COUNT; dim++) {
		if (is_used(dim))
			left &= all[choice->vectors[dim] & cfg_vector_mask];
	}
	return left;
}

static __always_inline __u64 and_words(const struct choice *choice, __u32 index)
{
	const __u64 *all = only(&words);
	__u64 left = ~0ull;

	if (!all)
		return 0;
	FW_UNROLL
	for (int dim = 0; dim < FW_DIM_COUNT; dim++) {
		__u32 vector = choice->vectors[dim] & cfg_vector_mask;

		if (is_used(dim))
			left &= FW_READ(all[(vector << cfg_word_bits) + index]);
	}
	return left;
}

/* The first slot not before `from` that has its bit in every vector, or -1.
 * Not inlined: the verifier takes it on its own, once. */
__noinline int next_slot(const struct choice *choice, __u32 from)
{
	__u64 left;

	if (!choice || from >= FW_SLOT_MAX)
		return -1;
	left = and_summaries(choice) & (~0ull << (from >> 6));

	FW_NO_UNROLL
	for (int i = 0; i < FW_WORDS_MAX && left; i++) {
		__u32 index = lowest_bit64(left) & (FW_WORDS_MAX - 1);
		__u64 bits;

		index &= (1u << cfg_word_bits) - 1;
		bits = and_words(choice, index);
		if (index == from >> 6)
			bits &= ~0ull << (from & 63);
		if (bits)
			return index * 64 + lowest_bit64(bits);
		left &= left - 1;
	}
	return -1;
}
