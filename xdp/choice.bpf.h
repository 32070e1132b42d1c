/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * choice.bpf.h - the slots that are left of the vectors a packet picks; a part
 * of stage_classify.
 *
 * cfg_dims is known to the verifier, so what no rule asks about is not there.
 * But a cfg_ word that is asked for is read, and each use of one that is not
 * kept in a variable is an address, a load and a test: so functions that use
 * one often read it once.
 */
#pragma once

#include "xdp/bits.h"
#include "xdp/policy_maps.bpf.h"

/* One vector for each dimension; those not in use are not read. */
struct choice {
	__u16 vectors[FW_DIM_COUNT];
};

/* `dims` is cfg_dims. */
static __always_inline bool is_used(__u32 dims, enum fw_dim dim)
{
	return dims & (1u << dim);
}

/* Index of the lowest bit set, 0..63; `word` is not 0. */
static __always_inline __u32 lowest_bit64(__u64 word)
{
	return (__u32)word ? fw_lowest_bit((__u32)word)
			   : 32 + fw_lowest_bit((__u32)(word >> 32));
}

static __always_inline __u64 and_summaries(const struct choice *choice,
					   __u32 dims)
{
	const __u64 *all = only(&summaries);
	const __u32 mask = cfg_vector_mask;
	__u64 left = ~0ull;

	if (!all)
		return 0;
	FW_UNROLL
	for (int dim = 0; dim < FW_DIM_COUNT; dim++) {
		if (is_used(dims, dim))
			left &= all[choice->vectors[dim] & mask];
	}
	return left;
}

/* Where the words of each vector begin; of those not in use, nowhere. */
struct columns {
	const __u64 *of[FW_DIM_COUNT];
};

static __always_inline bool find_columns(const struct choice *choice,
					 __u32 dims, struct columns *ret)
{
	const __u64 *all = only(&words);
	const __u32 mask = cfg_vector_mask;
	const __u32 shift = cfg_word_bits;

	if (!all)
		return false;
	FW_UNROLL
	for (int dim = 0; dim < FW_DIM_COUNT; dim++) {
		__u32 vector = choice->vectors[dim] & mask;

		if (is_used(dims, dim))
			ret->of[dim] = all + (vector << shift);
	}
	return true;
}

static __always_inline __u64 and_words(const struct columns *columns,
				       __u32 dims, __u32 index)
{
	__u64 left = ~0ull;

	FW_UNROLL
	for (int dim = 0; dim < FW_DIM_COUNT; dim++) {
		if (is_used(dims, dim))
			left &= FW_READ(columns->of[dim][index]);
	}
	return left;
}

/* The first slot not before `from` that has its bit in every vector, or -1.
 * Not inlined: the verifier takes it on its own, once. */
__noinline int next_slot(const struct choice *choice, __u32 from)
{
	const __u32 dims = cfg_dims;
	const __u32 index_mask = (1u << cfg_word_bits) - 1;
	struct columns columns;
	__u64 left;

	if (!choice || from >= FW_SLOT_MAX)
		return -1;
	left = and_summaries(choice, dims) & (~0ull << (from >> 6));
	if (!left || !find_columns(choice, dims, &columns))
		return -1;

	FW_NO_UNROLL
	for (int i = 0; i < FW_WORDS_MAX && left; i++) {
		__u32 index = lowest_bit64(left) & index_mask;
		__u64 bits = and_words(&columns, dims, index);

		if (index == from >> 6)
			bits &= ~0ull << (from & 63);
		if (bits)
			return index * 64 + lowest_bit64(bits);
		left &= left - 1;
	}
	return -1;
}
