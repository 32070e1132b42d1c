// SPDX-License-Identifier: GPL-2.0-or-later
/* Vectors of what is a small number: ports, protocols, flags, and the like. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/compile_basis.h"

#define STATE_UNKNOWN 4 /* not tracked */
#define PIECE_STATES  8

const size_t compile_value_counts[VALUES_COUNT] = {
	[VALUES_PROTOCOL4] = 256,
	[VALUES_PROTOCOL6] = 256,
	[VALUES_FLAGS] = 256,
	[VALUES_PIECE] = (size_t)FRAG_KIND_COUNT * PIECE_STATES,
	[VALUES_VLAN] = RANGE_VLAN_NONE + 1,
	[VALUES_LENGTH] = 65536,
	[VALUES_SOURCE_PORT] = 65536,
	[VALUES_DESTINATION_PORT] = 65536,
	[VALUES_ICMP] = 65536,
	[VALUES_ICMPV6] = 65536,
};

static bool is_in(const struct match_ranges *match, unsigned int value)
{
	for (size_t i = 0; i < match->count; i++)
		if (value >= match->ranges[i].first &&
		    value <= match->ranges[i].last)
			return !match->is_negated;
	return match->is_negated;
}

static bool meets_protocol(const struct rule *rule, unsigned int family,
			   unsigned int protocol)
{
	const struct match_ranges *match = &rule->ranges[RANGE_PROTOCOL];

	if (rule->family && rule->family != family)
		return false;
	return !match->count || is_in(match, protocol);
}

static bool meets_flags(const struct rule *rule, unsigned int flags)
{
	for (size_t i = 0; i < rule->flags.count; i++)
		if ((flags & rule->flags.flags[i].mask) ==
		    rule->flags.flags[i].value)
			return true;
	return false;
}

static bool meets_piece(const struct rule *rule, unsigned int piece)
{
	unsigned int state = piece % PIECE_STATES;

	if (rule->frags && !(rule->frags >> piece / PIECE_STATES & 1))
		return false;
	return !rule->states ||
	       (state < STATE_UNKNOWN && rule->states >> state & 1);
}

static bool meets(const struct rule *rule, enum compile_values kind,
		  unsigned int value)
{
	switch (kind) {
	case VALUES_PROTOCOL4:
		return meets_protocol(rule, 4, value);
	case VALUES_PROTOCOL6:
		return meets_protocol(rule, 6, value);
	case VALUES_FLAGS:
		return meets_flags(rule, value);
	case VALUES_PIECE:
	default:
		return meets_piece(rule, value);
	}
}

static int put(struct compiled *compiled, const struct bits *bits,
	       uint16_t *ret_vector)
{
	return vectors_put(compiled->vectors, bits->words, ret_vector);
}

/* Few values, whatever the rules ask: each on its own. */
static int fill_few(struct compiled *compiled, enum compile_values kind,
		    enum compile_dimension dimension)
{
	const struct bits *none = &compiled->basis->none[dimension];

	for (unsigned int i = 0; i < compile_value_counts[kind]; i++) {
		struct bits bits = *none;
		int r;

		for (size_t j = 0; j < compiled->slot_count; j++)
			if (!bits_have(none, j) &&
			    meets(slot_rule(compiled, j), kind, i))
				bits_add(&bits, j);
		r = put(compiled, &bits, &compiled->values[kind][i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* From this value on, the slot's bit is turned over. */
struct turn {
	uint32_t at;
	uint16_t slot;
};

static int compare_turns(const void *a, const void *b)
{
	const struct turn *left = a, *right = b;

	return left->at < right->at ? -1 : left->at > right->at;
}

static size_t add_turns(const struct match_ranges *match, size_t slot,
			struct turn *turns)
{
	for (size_t i = 0; i < match->count; i++) {
		turns[2 * i] = (struct turn){.at = match->ranges[i].first,
					     .slot = (uint16_t)slot};
		turns[2 * i + 1] =
			(struct turn){.at = match->ranges[i].last + 1u,
				      .slot = (uint16_t)slot};
	}
	return 2 * match->count;
}

static int list_turns(const struct compiled *compiled, enum rule_range range,
		      struct turn **ret_turns, size_t *ret_count)
{
	struct turn *turns;
	size_t count = 0;

	for (size_t i = 0; i < compiled->slot_count; i++)
		count += 2 * slot_rule(compiled, i)->ranges[range].count;
	turns = calloc(count + 1, sizeof(*turns));
	if (!turns)
		return -ENOMEM;
	count = 0;
	for (size_t i = 0; i < compiled->slot_count; i++)
		count += add_turns(&slot_rule(compiled, i)->ranges[range], i,
				   turns + count);
	qsort(turns, count, sizeof(*turns), compare_turns);
	*ret_turns = turns;
	*ret_count = count;
	return 0;
}

/* A slot may ask one family for types and not the other, which then does not
 * meet it. */
static struct bits start_of(const struct compiled *compiled,
			    enum compile_dimension dimension,
			    enum rule_range range)
{
	struct bits bits = compiled->basis->none[dimension];

	for (size_t i = 0; i < compiled->slot_count; i++) {
		const struct match_ranges *match =
			&slot_rule(compiled, i)->ranges[range];

		if (match->count && match->is_negated)
			bits_add(&bits, i);
	}
	return bits;
}

/* Many values, few of which differ from the one before. Ranges of one rule
 * do not overlap, so each turn makes or ends a match. */
static int fill_many(struct compiled *compiled, enum compile_values kind,
		     enum compile_dimension dimension, enum rule_range range)
{
	struct bits bits = start_of(compiled, dimension, range);
	CLEANUP(freep) struct turn *turns = NULL;
	size_t count, next = 0;
	uint16_t vector = 0;
	int r = list_turns(compiled, range, &turns, &count);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < compile_value_counts[kind]; i++) {
		bool is_new = i == 0;

		for (; next < count && turns[next].at == i; next++) {
			bits_turn(&bits, turns[next].slot);
			is_new = true;
		}
		if (is_new)
			r = put(compiled, &bits, &vector);
		if (r < 0)
			return r;
		compiled->values[kind][i] = vector;
	}
	return 0;
}

struct filling {
	enum compile_values kind;
	enum compile_dimension dimension;
	enum rule_range range; /* RANGE_COUNT: few values */
};

static const struct filling fillings[] = {
	{VALUES_PROTOCOL4, DIMENSION_PROTOCOL, RANGE_COUNT},
	{VALUES_PROTOCOL6, DIMENSION_PROTOCOL, RANGE_COUNT},
	{VALUES_FLAGS, DIMENSION_FLAGS, RANGE_COUNT},
	{VALUES_PIECE, DIMENSION_PIECE, RANGE_COUNT},
	{VALUES_VLAN, DIMENSION_VLAN, RANGE_VLAN},
	{VALUES_LENGTH, DIMENSION_LENGTH, RANGE_LENGTH},
	{VALUES_SOURCE_PORT, DIMENSION_SOURCE_PORT, RANGE_SOURCE_PORT},
	{VALUES_DESTINATION_PORT, DIMENSION_DESTINATION_PORT,
	 RANGE_DESTINATION_PORT},
	{VALUES_ICMP, DIMENSION_ICMP, RANGE_ICMP},
	{VALUES_ICMPV6, DIMENSION_ICMP, RANGE_ICMPV6},
};
_Static_assert(ARRAY_LEN(fillings) == VALUES_COUNT, "");

static int fill(struct compiled *compiled, const struct filling *filling)
{
	uint16_t *values =
		calloc(compile_value_counts[filling->kind], sizeof(*values));

	if (!values)
		return -ENOMEM;
	compiled->values[filling->kind] = values;
	if (!(compiled->dimensions & 1u << filling->dimension))
		return 0;
	if (filling->range == RANGE_COUNT)
		return fill_few(compiled, filling->kind, filling->dimension);
	return fill_many(compiled, filling->kind, filling->dimension,
			 filling->range);
}

static int compare_macs(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mac));
}

static size_t gather_macs(const struct policy *policy, struct mac *macs)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->rule_count; i++)
		for (size_t j = 0; j < policy->rules[i].macs.count; j++)
			macs[count++] = policy->rules[i].macs.macs[j];
	return count;
}

/* All that rules name, in order, each once. */
static int list_macs(struct compiled *compiled)
{
	const struct policy *policy = compiled->basis->policy;
	struct mac *macs;
	size_t count = 0;

	for (size_t i = 0; i < policy->rule_count; i++)
		count += policy->rules[i].macs.count;
	compiled->macs = calloc(count + 1, sizeof(*compiled->macs));
	macs = calloc(count + 1, sizeof(*macs));
	if (!compiled->macs || !macs) {
		free(macs);
		return -ENOMEM;
	}
	count = gather_macs(policy, macs);
	qsort(macs, count, sizeof(*macs), compare_macs);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || compare_macs(&macs[i - 1], &macs[i]) != 0)
			compiled->macs[compiled->mac_count++].mac = macs[i];
	free(macs);
	return 0;
}

static bool names_mac(const struct rule *rule, const struct mac *mac)
{
	for (size_t i = 0; i < rule->macs.count; i++)
		if (compare_macs(&rule->macs.macs[i], mac) == 0)
			return true;
	return false;
}

static int fill_macs(struct compiled *compiled)
{
	int r = list_macs(compiled);

	for (size_t i = 0; i < compiled->mac_count && r == 0; i++) {
		struct compiled_mac *mac = &compiled->macs[i];
		struct bits bits = compiled->basis->start[DIMENSION_MAC];

		for (size_t j = 0; j < compiled->slot_count; j++)
			if (names_mac(slot_rule(compiled, j), &mac->mac))
				bits_turn(&bits, j);
		r = put(compiled, &bits, &mac->vector);
	}
	return r;
}

int compile_each_value(struct compiled *compiled)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(fillings) && r == 0; i++)
		r = fill(compiled, &fillings[i]);
	for (int i = 0; i < DIMENSION_COUNT && r == 0; i++)
		r = put(compiled, &compiled->basis->none[i],
			&compiled->absent[i]);
	/* every frame has a source, and most are not named */
	if (r == 0)
		r = put(compiled, &compiled->basis->start[DIMENSION_MAC],
			&compiled->absent[DIMENSION_MAC]);
	return r < 0 ? r : fill_macs(compiled);
}
