// SPDX-License-Identifier: GPL-2.0-or-later
/* Networks that rules name, and the vectors of what lies in them. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/compile_basis.h"

#define DEPTH_MAX 130 /* of networks in one another, and "in none" */

/* A slot names a network for one of its addresses. */
struct naming {
	struct prefix prefix;
	uint16_t slot;
	bool is_source;
};

/* The networks around the one at hand, and the slots that name them. */
struct nesting {
	struct {
		struct prefix prefix;
		struct bits source, destination;
	} levels[DEPTH_MAX];
	size_t depth;
};

/* IPv4 first, which to the order of prefixes lies in ::/0; here it does not,
 * and so no network is around one of the other family. */
static int compare_namings(const void *a, const void *b)
{
	const struct naming *left = a, *right = b;
	int families = (int)prefix_is_v4(&right->prefix) -
		       (int)prefix_is_v4(&left->prefix);

	return families ? families : prefix_cmp(&left->prefix, &right->prefix);
}

static size_t add_namings(const struct match_address *match, size_t slot,
			  bool is_source, struct naming *namings)
{
	for (size_t i = 0; i < match->prefix_count; i++)
		namings[i] = (struct naming){
			.prefix = match->prefixes[i],
			.slot = (uint16_t)slot,
			.is_source = is_source,
		};
	return match->prefix_count;
}

static size_t count_namings(const struct compiled *compiled)
{
	size_t count = 0;

	for (size_t i = 0; i < compiled->slot_count; i++) {
		const struct rule *rule = slot_rule(compiled, i);

		count += rule->source.prefix_count +
			 rule->destination.prefix_count;
	}
	return count;
}

static int list_namings(const struct compiled *compiled,
			struct naming **ret_namings, size_t *ret_count)
{
	struct naming *namings =
		calloc(count_namings(compiled) + 1, sizeof(*namings));
	size_t count = 0;

	if (!namings)
		return -ENOMEM;
	for (size_t i = 0; i < compiled->slot_count; i++) {
		const struct rule *rule = slot_rule(compiled, i);

		if (compiled->slots[i].source_nets)
			count += add_namings(&rule->source, i, true,
					     namings + count);
		if (compiled->slots[i].destination_nets)
			count += add_namings(&rule->destination, i, false,
					     namings + count);
	}
	qsort(namings, count, sizeof(*namings), compare_namings);
	*ret_namings = namings;
	*ret_count = count;
	return 0;
}

static bool lies_in(const struct prefix *inner, const struct prefix *outer)
{
	return prefix_is_v4(inner) == prefix_is_v4(outer) &&
	       prefix_covers(outer, inner);
}

/* Leave the networks that `prefix` is not in, and go into it. */
static void enter(struct nesting *nesting, const struct prefix *prefix)
{
	size_t depth = nesting->depth;

	while (depth > 1 &&
	       !lies_in(prefix, &nesting->levels[depth - 1].prefix))
		depth--;
	nesting->levels[depth] = nesting->levels[depth - 1];
	nesting->levels[depth].prefix = *prefix;
	nesting->depth = depth + 1;
}

static void mark(struct nesting *nesting, const struct naming *naming)
{
	size_t top = nesting->depth - 1;

	bits_add(naming->is_source ? &nesting->levels[top].source
				   : &nesting->levels[top].destination,
		 naming->slot);
}

static int put_turned(struct compiled *compiled,
		      enum compile_dimension dimension,
		      const struct bits *named, uint16_t *ret_vector)
{
	struct bits bits = compiled->basis->start[dimension];

	for (size_t i = 0; i < COMPILE_WORDS_MAX; i++)
		bits.words[i] ^= named->words[i];
	return vectors_put(compiled->vectors, bits.words, ret_vector);
}

static int put_region(struct compiled *compiled, const struct nesting *nesting)
{
	size_t top = nesting->depth - 1;
	struct compiled_region *region =
		&compiled->regions[compiled->region_count];
	int r;

	region->prefix = nesting->levels[top].prefix;
	r = put_turned(compiled, DIMENSION_SOURCE_NETS,
		       &nesting->levels[top].source, &region->source);
	if (r == 0)
		r = put_turned(compiled, DIMENSION_DESTINATION_NETS,
			       &nesting->levels[top].destination,
			       &region->destination);
	compiled->region_count += r == 0;
	return r;
}

static size_t count_regions(const struct naming *namings, size_t count)
{
	size_t regions = 1;

	for (size_t i = 0; i < count; i++)
		regions += i == 0 ||
			   compare_namings(&namings[i - 1], &namings[i]) != 0;
	return regions;
}

static int walk(struct compiled *compiled, struct nesting *nesting,
		const struct naming *namings, size_t count)
{
	int r;

	nesting->depth = 1;
	r = put_region(compiled, nesting);
	for (size_t i = 0; i < count && r == 0;) {
		enter(nesting, &namings[i].prefix);
		do
			mark(nesting, &namings[i++]);
		while (i < count &&
		       compare_namings(&namings[i - 1], &namings[i]) == 0);
		r = put_region(compiled, nesting);
	}
	return r;
}

int compile_regions(struct compiled *compiled, char note[COMPILE_NOTE_MAX])
{
	CLEANUP(freep) struct naming *namings = NULL;
	struct nesting *nesting;
	size_t count, region_count;
	int r = list_namings(compiled, &namings, &count);

	if (r < 0)
		return r;
	region_count = count_regions(namings, count);
	if (region_count > COMPILE_REGIONS_MAX) {
		(void)snprintf(note, COMPILE_NOTE_MAX,
			       "rules name %zu networks, and %d is the most: "
			       "put them in sets",
			       region_count - 1, COMPILE_REGIONS_MAX - 1);
		return -E2BIG;
	}
	compiled->regions = calloc(region_count, sizeof(*compiled->regions));
	nesting = calloc(1, sizeof(*nesting));
	r = compiled->regions && nesting
		    ? walk(compiled, nesting, namings, count)
		    : -ENOMEM;
	free(nesting);
	return r;
}
