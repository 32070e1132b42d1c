// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/condition.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"

/* Pairs that are compared at most; beyond that a ruleset is hostile. */
#define PAIRS_MAX (1u << 22)

/* Names and addresses of cards are compared byte by byte. */
struct list {
	void *items;
	size_t count;
	size_t item_bytes;
	bool is_negated;
};

/* The least power of two that `count` fits in: what arrays here have room
 * for, so that the count alone tells when they are full. */
static size_t room_of(size_t count)
{
	size_t room = 1;

	while (room < count)
		room *= 2;
	return room;
}

void *array_room(void *array, size_t count, size_t size)
{
	if (count != 0 && (count & (count - 1)) != 0)
		return array;
	return realloc(array, room_of(count + 1) * size);
}

void *array_copy(const void *array, size_t count, size_t size)
{
	void *copy;

	if (count == 0)
		return NULL;
	copy = malloc(room_of(count) * size);
	if (copy)
		memcpy(copy, array, count * size);
	return copy;
}

static uint16_t last_of(enum rule_range kind)
{
	if (kind == RANGE_PROTOCOL)
		return UINT8_MAX;
	return kind == RANGE_VLAN ? RANGE_VLAN_NONE : UINT16_MAX;
}

static int range_cmp(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->first != y->first ? (int)x->first - (int)y->first
				    : (int)x->last - (int)y->last;
}

/* Sort them and make one of those that touch. */
static void melt_ranges(struct match_ranges *match)
{
	size_t used = 0;

	if (match->count == 0)
		return;
	qsort(match->ranges, match->count, sizeof(*match->ranges), range_cmp);
	for (size_t i = 1; i < match->count; i++) {
		struct range *top = &match->ranges[used];
		const struct range *next = &match->ranges[i];

		if (next->first > (uint32_t)top->last + 1)
			match->ranges[++used] = *next;
		else if (next->last > top->last)
			top->last = next->last;
	}
	match->count = used + 1;
}

static int add_range(struct match_ranges *match, uint32_t first, uint32_t last)
{
	struct range *ranges =
		array_room(match->ranges, match->count, sizeof(*ranges));

	if (!ranges)
		return -ENOMEM;
	match->ranges = ranges;
	ranges[match->count++] =
		(struct range){(uint16_t)first, (uint16_t)last};
	return 0;
}

/* The values that meet it, as ranges; what it does not name if negated. */
static int make_positive(struct match_ranges *match, enum rule_range kind)
{
	struct match_ranges gaps = {0};
	uint32_t next = 0;
	int r = 0;

	melt_ranges(match);
	if (!match->is_negated)
		return 0;
	for (size_t i = 0; i < match->count && r >= 0; i++) {
		if (match->ranges[i].first > next)
			r = add_range(&gaps, next, match->ranges[i].first - 1u);
		next = match->ranges[i].last + 1u;
	}
	if (next <= last_of(kind) && r >= 0)
		r = add_range(&gaps, next, last_of(kind));
	free(match->ranges);
	*match = gaps;
	return r;
}

static int copy_ranges(const struct match_ranges *from,
		       struct match_ranges *ret_copy)
{
	*ret_copy = *from;
	ret_copy->ranges =
		array_copy(from->ranges, from->count, sizeof(*from->ranges));
	return from->count > 0 && !ret_copy->ranges ? -ENOMEM : 0;
}

/* Both are positive and melted. */
static int cross_ranges(const struct match_ranges *a,
			const struct match_ranges *b,
			struct match_ranges *ret_both)
{
	size_t i = 0, k = 0;
	int r;

	while (i < a->count && k < b->count) {
		const struct range *x = &a->ranges[i], *y = &b->ranges[k];
		uint16_t first = x->first > y->first ? x->first : y->first;
		uint16_t last = x->last < y->last ? x->last : y->last;

		if (first <= last) {
			r = add_range(ret_both, first, last);
			if (r < 0)
				return r;
		}
		if (x->last < y->last)
			i++;
		else
			k++;
	}
	return ret_both->count > 0 ? 0 : -ENODATA;
}

int condition_ranges(struct match_ranges *into, enum rule_range kind,
		     const struct match_ranges *more)
{
	struct match_ranges both = {0}, copy;
	int r;

	if (more->count == 0)
		return 0;
	r = copy_ranges(more, &copy);
	if (r < 0)
		return r;
	if (into->count == 0) {
		free(into->ranges);
		*into = copy;
		melt_ranges(into);
		return 0;
	}
	r = make_positive(into, kind);
	if (r >= 0)
		r = make_positive(&copy, kind);
	if (r >= 0)
		r = cross_ranges(into, &copy, &both);
	free(copy.ranges);
	free(into->ranges);
	*into = both;
	return r;
}

static bool list_has(const struct list *list, const void *item)
{
	const char *at = list->items;

	for (size_t i = 0; i < list->count; i++) {
		if (memcmp(at + i * list->item_bytes, item, list->item_bytes) ==
		    0)
			return true;
	}
	return false;
}

/* Keep of `list` what `other` has, or has not. */
static void list_keep(struct list *list, const struct list *other, bool has)
{
	char *items = list->items;
	size_t size = list->item_bytes, kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list_has(other, items + i * size) == has)
			memmove(items + kept++ * size, items + i * size, size);
	}
	list->count = kept;
}

static int list_append(struct list *list, const struct list *more)
{
	const char *from = more->items;
	size_t size = list->item_bytes;

	for (size_t i = 0; i < more->count; i++) {
		char *items;

		if (list_has(list, from + i * size))
			continue;
		items = array_room(list->items, list->count, size);
		if (!items)
			return -ENOMEM;
		list->items = items;
		memcpy(items + list->count++ * size, from + i * size, size);
	}
	return 0;
}

static int list_join(struct list *into, const struct list *more)
{
	struct list kept;

	if (more->count == 0)
		return 0;
	if (into->count > 0 && into->count * more->count > PAIRS_MAX)
		return -E2BIG;
	if (into->count == 0) {
		into->is_negated = more->is_negated;
		return list_append(into, more);
	}
	if (into->is_negated && more->is_negated)
		return list_append(into, more);
	if (!into->is_negated) {
		list_keep(into, more, !more->is_negated);
		return into->count > 0 ? 0 : -ENODATA;
	}
	kept = *more;
	kept.items = array_copy(more->items, more->count, more->item_bytes);
	if (!kept.items)
		return -ENOMEM;
	list_keep(&kept, into, false);
	free(into->items);
	*into = kept;
	return into->count > 0 ? 0 : -ENODATA;
}

int condition_names(struct match_names *into, const struct match_names *more)
{
	struct list a = {into->names, into->count, RULE_NAME_MAX,
			 into->is_negated};
	const struct list b = {more->names, more->count, RULE_NAME_MAX,
			       more->is_negated};
	int r = list_join(&a, &b);

	*into = (struct match_names){a.items, a.count, a.is_negated};
	return r;
}

static int join_macs(struct match_macs *into, const struct match_macs *more)
{
	struct list a = {into->macs, into->count, sizeof(struct mac),
			 into->is_negated};
	const struct list b = {more->macs, more->count, sizeof(struct mac),
			       more->is_negated};
	int r = list_join(&a, &b);

	*into = (struct match_macs){a.items, a.count, a.is_negated};
	return r;
}

static int add_prefix(struct match_address *match, const struct prefix *prefix)
{
	struct prefix *prefixes;

	if (match->prefix_count == CONDITION_ITEMS_MAX)
		return -E2BIG;
	prefixes = array_room(match->prefixes, match->prefix_count,
			      sizeof(*prefixes));
	if (!prefixes)
		return -ENOMEM;
	match->prefixes = prefixes;
	prefixes[match->prefix_count++] = *prefix;
	return 0;
}

static int append_address(struct match_address *into,
			  const struct match_address *more)
{
	struct list sets = {into->sets, into->set_count, SET_NAME_MAX, false};
	const struct list others = {more->sets, more->set_count, SET_NAME_MAX,
				    false};
	int r = list_append(&sets, &others);

	into->sets = sets.items;
	into->set_count = sets.count;
	for (size_t i = 0; i < more->prefix_count && r >= 0; i++)
		r = add_prefix(into, &more->prefixes[i]);
	return r;
}

static bool address_is_same(const struct match_address *a,
			    const struct match_address *b)
{
	if (a->is_negated != b->is_negated || a->set_count != b->set_count ||
	    a->prefix_count != b->prefix_count)
		return false;
	for (size_t i = 0; i < a->prefix_count; i++) {
		if (prefix_cmp(&a->prefixes[i], &b->prefixes[i]) != 0)
			return false;
	}
	for (size_t i = 0; i < a->set_count; i++) {
		if (strcmp(a->sets[i], b->sets[i]) != 0)
			return false;
	}
	return true;
}

/* What both have: of two that overlap, the longer prefix. */
static int cross_prefixes(const struct match_address *a,
			  const struct match_address *b,
			  struct match_address *ret_both)
{
	for (size_t i = 0; i < a->prefix_count; i++) {
		for (size_t k = 0; k < b->prefix_count; k++) {
			const struct prefix *x = &a->prefixes[i];
			const struct prefix *y = &b->prefixes[k];
			int r;

			if (!prefix_overlaps(x, y))
				continue;
			r = add_prefix(ret_both, x->bits > y->bits ? x : y);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* What `has` has and `lacks` has not, if whole prefixes can say that. */
static int cut_prefixes(const struct match_address *has,
			const struct match_address *lacks,
			struct match_address *ret_left)
{
	for (size_t i = 0; i < has->prefix_count; i++) {
		const struct prefix *prefix = &has->prefixes[i];
		bool is_gone = false;
		int r = 0;

		for (size_t k = 0; k < lacks->prefix_count; k++) {
			if (prefix_covers(&lacks->prefixes[k], prefix))
				is_gone = true;
			else if (prefix_covers(prefix, &lacks->prefixes[k]))
				return -EOPNOTSUPP;
		}
		if (!is_gone)
			r = add_prefix(ret_left, prefix);
		if (r < 0)
			return r;
	}
	return 0;
}

static int cross_address(const struct match_address *a,
			 const struct match_address *b,
			 struct match_address *ret_both)
{
	if (a->set_count > 0 || b->set_count > 0)
		return -EOPNOTSUPP;
	if (a->prefix_count * b->prefix_count > PAIRS_MAX)
		return -E2BIG;
	if (a->is_negated)
		return cut_prefixes(b, a, ret_both);
	return b->is_negated ? cut_prefixes(a, b, ret_both)
			     : cross_prefixes(a, b, ret_both);
}

int condition_address(struct match_address *into,
		      const struct match_address *more)
{
	struct match_address both = {0};
	int r;

	if (more->prefix_count == 0 && more->set_count == 0)
		return 0;
	if (into->prefix_count == 0 && into->set_count == 0) {
		into->is_negated = more->is_negated;
		return append_address(into, more);
	}
	if (address_is_same(into, more))
		return 0;
	if (into->is_negated && more->is_negated)
		return append_address(into, more);
	r = cross_address(into, more, &both);
	if (r >= 0 && both.prefix_count == 0)
		r = -ENODATA;
	if (r < 0) {
		free(both.prefixes);
		return r;
	}
	free(into->prefixes);
	*into = both;
	return 0;
}

static int add_flags(struct match_flags *match, struct flags flags)
{
	struct flags *all =
		array_room(match->flags, match->count, sizeof(*all));

	if (!all)
		return -ENOMEM;
	match->flags = all;
	all[match->count++] = flags;
	return 0;
}

static int join_flags(struct match_flags *into, const struct match_flags *more)
{
	const struct match_flags all = {&(struct flags){0, 0}, 1};
	const struct match_flags *a = into->count > 0 ? into : &all;
	struct match_flags both = {0};
	int r = 0;

	if (more->count == 0)
		return 0;
	if (a->count * more->count > CONDITION_ITEMS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < a->count * more->count && r >= 0; i++) {
		struct flags x = a->flags[i / more->count];
		struct flags y = more->flags[i % more->count];

		if (((x.value ^ y.value) & x.mask & y.mask) == 0)
			r = add_flags(&both, (struct flags){x.mask | y.mask,
							    x.value | y.value});
	}
	free(into->flags);
	*into = both;
	if (r < 0)
		return r;
	return both.count > 0 ? 0 : -ENODATA;
}

/* A set of bits that asks for nothing when empty. */
static int join_bits(uint8_t *into, uint8_t more)
{
	uint8_t both = *into & more;

	if (*into == 0 || more == 0)
		both = *into | more;
	else if (both == 0)
		return -ENODATA;
	*into = both;
	return 0;
}

static int join_windows(struct rule *into, const struct rule *more)
{
	if (more->window_count == 0)
		return 0;
	if (into->window_count > 0)
		return -EOPNOTSUPP;
	into->windows = array_copy(more->windows, more->window_count,
				   sizeof(*more->windows));
	if (!into->windows)
		return -ENOMEM;
	into->window_count = more->window_count;
	return 0;
}

int condition_join(struct rule *into, const struct rule *more)
{
	int r = 0;

	if (into->family != 0 && more->family != 0 &&
	    into->family != more->family)
		return -ENODATA;
	into->family |= more->family;
	r = join_bits(&into->frags, more->frags);
	if (r >= 0)
		r = join_bits(&into->states, more->states);
	if (r >= 0)
		r = condition_names(&into->zones, &more->zones);
	if (r >= 0)
		r = condition_names(&into->interfaces, &more->interfaces);
	if (r >= 0)
		r = condition_address(&into->source, &more->source);
	if (r >= 0)
		r = condition_address(&into->destination, &more->destination);
	for (int i = 0; i < RANGE_COUNT && r >= 0; i++)
		r = condition_ranges(&into->ranges[i], (enum rule_range)i,
				     &more->ranges[i]);
	if (r >= 0)
		r = join_flags(&into->flags, &more->flags);
	if (r >= 0)
		r = join_macs(&into->macs, &more->macs);
	return r < 0 ? r : join_windows(into, more);
}
