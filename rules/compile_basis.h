/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compile_basis.h - the bits that all vectors of a dimension begin with;
 * private to compile*.c.
 *
 * For each dimension: `none` has the slots that ask nothing of it, `start`
 * these and the ones that are negated. A value's vector is `start` with the
 * bits of the slots that name the value turned over; the vector of a packet
 * without a value is `none`.
 *
 * Threads	as compile.h
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/compile.h"

struct bits {
	uint64_t words[COMPILE_WORDS_MAX];
};

struct compile_basis {
	const struct policy *policy;
	struct bits none[DIMENSION_COUNT], start[DIMENSION_COUNT];
	struct bits inward; /* slots that are asked on the way in */
	struct bits certain; /* drops that ask for sets of the source only */

	/* By set number: the slots that name it. */
	struct bits *source_sets, *destination_sets;
};

static inline void bits_add(struct bits *bits, size_t slot)
{
	bits->words[slot / 64] |= 1ull << (slot % 64);
}

static inline void bits_turn(struct bits *bits, size_t slot)
{
	bits->words[slot / 64] ^= 1ull << (slot % 64);
}

static inline bool bits_have(const struct bits *bits, size_t slot)
{
	return bits->words[slot / 64] >> (slot % 64) & 1;
}

static inline const struct rule *slot_rule(const struct compiled *compiled,
					   size_t slot)
{
	return &compiled->basis->policy->rules[compiled->slots[slot].rule];
}

/* Slots, sets by number, and the basis of each dimension. */
int compile_slots(const struct policy *policy, struct compiled *compiled,
		  char note[COMPILE_NOTE_MAX]);

/* compiled->values and absent, macs. */
int compile_each_value(struct compiled *compiled);

/* compiled->regions. */
int compile_regions(struct compiled *compiled, char note[COMPILE_NOTE_MAX]);
