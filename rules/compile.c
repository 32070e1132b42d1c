// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/compile.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/compile_basis.h"

/* Words that hold so many slots, as a power of two. */
static size_t words_for(size_t slot_count)
{
	size_t words = 1;

	while (words * 64 < slot_count)
		words *= 2;
	return words;
}

static int make(const struct policy *policy, struct compiled *compiled,
		char note[COMPILE_NOTE_MAX])
{
	int r;

	compiled->basis = calloc(1, sizeof(*compiled->basis));
	if (!compiled->basis)
		return -ENOMEM;
	compiled->basis->policy = policy;
	r = compile_slots(policy, compiled, note);
	if (r < 0)
		return r;
	compiled->word_count = words_for(compiled->slot_count);
	r = vectors_new(compiled->word_count, &compiled->vectors);
	if (r == 0)
		r = compile_each_value(compiled);
	if (r == 0)
		r = compile_regions(compiled, note);
	return r;
}

int compile(const struct policy *policy, struct compiled **ret_compiled,
	    char note[COMPILE_NOTE_MAX])
{
	struct compiled *compiled;
	int r;

	assert(policy);
	assert(ret_compiled);

	note[0] = '\0';
	compiled = calloc(1, sizeof(*compiled));
	if (!compiled)
		return -ENOMEM;
	r = make(policy, compiled, note);
	if (r == -E2BIG && !*note)
		(void)snprintf(note, COMPILE_NOTE_MAX,
			       "the rules tell more than %d kinds of packets "
			       "apart in one dimension",
			       VECTORS_MAX);
	if (r < 0)
		compiled_free(compiled);
	else
		*ret_compiled = compiled;
	return r;
}

void compiled_free(struct compiled *compiled)
{
	if (!compiled)
		return;

	if (compiled->basis) {
		free(compiled->basis->source_sets);
		free(compiled->basis->destination_sets);
	}
	free(compiled->basis);
	free(compiled->slots);
	free(compiled->set_names);
	vectors_free(compiled->vectors);
	for (int i = 0; i < VALUES_COUNT; i++)
		free(compiled->values[i]);
	free(compiled->regions);
	free(compiled->macs);
	free(compiled);
}

/* The start of a dimension, turned over where slots name one of the sets. */
static struct bits bits_of_sets(const struct compiled *compiled,
				enum compile_dimension dimension,
				const struct bits *by_set,
				const struct compile_sets *sets)
{
	struct bits named = {0};

	for (size_t i = 0; i < compiled->set_count; i++) {
		if (!(sets->words[i / 64] >> (i % 64) & 1))
			continue;
		for (size_t j = 0; j < compiled->word_count; j++)
			named.words[j] |= by_set[i].words[j];
	}
	for (size_t j = 0; j < compiled->word_count; j++)
		named.words[j] ^= compiled->basis->start[dimension].words[j];
	return named;
}

/* The first slot that such a source may match, if it is certain to. */
static uint16_t fast_slot(const struct compiled *compiled,
			  const struct bits *source)
{
	const struct compile_basis *basis = compiled->basis;

	for (size_t i = 0; i < compiled->word_count; i++) {
		uint64_t may = source->words[i] & basis->inward.words[i];
		size_t slot;

		if (!may)
			continue;
		slot = i * 64 + (size_t)__builtin_ctzll(may);
		return bits_have(&basis->certain, slot) ? (uint16_t)(slot + 1)
							: 0;
	}
	return 0;
}

int compiled_class(struct compiled *compiled, const struct compile_sets *sets,
		   struct compiled_class *ret_class)
{
	const struct compile_basis *basis = compiled->basis;
	struct compiled_class class;
	struct bits source = bits_of_sets(compiled, DIMENSION_SOURCE_SETS,
					  basis->source_sets, sets);
	struct bits destination =
		bits_of_sets(compiled, DIMENSION_DESTINATION_SETS,
			     basis->destination_sets, sets);
	int r = vectors_put(compiled->vectors, source.words, &class.source);

	if (r == 0)
		r = vectors_put(compiled->vectors, destination.words,
				&class.destination);
	if (r < 0)
		return r;
	class.fast = fast_slot(compiled, &source);
	*ret_class = class;
	return 0;
}

/* "ppp*" is any name with this start. */
static bool is_name(const char *pattern, const char *ifname)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return strncmp(pattern, ifname, len - 1) == 0;
	return strcmp(pattern, ifname) == 0;
}

/* NULL if it is in none. */
static const struct zone *zone_of(const struct policy *policy,
				  const char *ifname)
{
	for (size_t i = 0; i < policy->zone_count; i++) {
		const struct zone *zone = &policy->zones[i];

		for (size_t j = 0; j < zone->interface_count; j++)
			if (is_name(zone->interfaces[j], ifname))
				return zone;
	}
	return NULL;
}

static bool meets_zones(const struct match_names *match,
			const struct zone *zone)
{
	if (!match->count)
		return true;
	for (size_t i = 0; zone && i < match->count; i++)
		if (strcmp(match->names[i], zone->name) == 0)
			return !match->is_negated;
	return match->is_negated;
}

static bool meets_interfaces(const struct match_names *match,
			     const char *ifname)
{
	if (!match->count)
		return true;
	for (size_t i = 0; i < match->count; i++)
		if (is_name(match->names[i], ifname))
			return !match->is_negated;
	return match->is_negated;
}

int compiled_gate(struct compiled *compiled, const char *ifname,
		  unsigned int direction, uint16_t *ret_vector)
{
	const struct zone *zone = zone_of(compiled->basis->policy, ifname);
	struct bits bits = {0};

	for (size_t i = 0; i < compiled->slot_count; i++) {
		const struct rule *rule = slot_rule(compiled, i);

		if (rule->directions & direction &&
		    meets_zones(&rule->zones, zone) &&
		    meets_interfaces(&rule->interfaces, ifname))
			bits_add(&bits, i);
	}
	return vectors_put(compiled->vectors, bits.words, ret_vector);
}

const struct compiled_region *compiled_region(const struct compiled *compiled,
					      const struct prefix *address)
{
	const struct compiled_region *best = &compiled->regions[0];

	for (size_t i = 1; i < compiled->region_count; i++) {
		const struct compiled_region *region = &compiled->regions[i];

		if (prefix_is_v4(address) == prefix_is_v4(&region->prefix) &&
		    prefix_covers(&region->prefix, address))
			best = region; /* in order, so longer than the last */
	}
	return best;
}
