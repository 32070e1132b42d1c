// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/foreign/condition.h"

static bool bytes_are_same(const void *a, const void *b, size_t len)
{
	return len == 0 || memcmp(a, b, len) == 0;
}

static bool names_are_same(const struct match_names *a,
			   const struct match_names *b)
{
	return a->count == b->count && a->is_negated == b->is_negated &&
	       bytes_are_same(a->names, b->names, a->count * RULE_NAME_MAX);
}

static bool ranges_are_same(const struct match_ranges *a,
			    const struct match_ranges *b)
{
	return a->count == b->count && a->is_negated == b->is_negated &&
	       bytes_are_same(a->ranges, b->ranges,
			      a->count * sizeof(*a->ranges));
}

static bool sets_are_same(const struct match_address *a,
			  const struct match_address *b)
{
	return a->set_count == b->set_count &&
	       bytes_are_same(a->sets, b->sets, a->set_count * SET_NAME_MAX);
}

static bool address_is_same(const struct match_address *a,
			    const struct match_address *b)
{
	if (!sets_are_same(a, b) || a->is_negated != b->is_negated ||
	    a->prefix_count != b->prefix_count)
		return false;
	for (size_t i = 0; i < a->prefix_count; i++) {
		if (prefix_cmp(&a->prefixes[i], &b->prefixes[i]) != 0)
			return false;
	}
	return true;
}

static bool windows_are_same(const struct rule *a, const struct rule *b)
{
	if (a->window_count != b->window_count)
		return false;
	for (size_t i = 0; i < a->window_count; i++) {
		const struct window *x = &a->windows[i], *y = &b->windows[i];

		if (x->days != y->days || x->from_min != y->from_min ||
		    x->to_min != y->to_min)
			return false;
	}
	return true;
}

bool condition_is_same(const struct rule *a, const struct rule *b,
		       bool but_addresses)
{
	if (!but_addresses &&
	    (a->family != b->family ||
	     !address_is_same(&a->source, &b->source) ||
	     !address_is_same(&a->destination, &b->destination)))
		return false;
	for (int i = 0; i < RANGE_COUNT; i++) {
		if (!ranges_are_same(&a->ranges[i], &b->ranges[i]))
			return false;
	}
	return a->frags == b->frags && a->states == b->states &&
	       names_are_same(&a->zones, &b->zones) &&
	       names_are_same(&a->interfaces, &b->interfaces) &&
	       a->flags.count == b->flags.count &&
	       bytes_are_same(a->flags.flags, b->flags.flags,
			      a->flags.count * sizeof(*a->flags.flags)) &&
	       a->macs.count == b->macs.count &&
	       a->macs.is_negated == b->macs.is_negated &&
	       bytes_are_same(a->macs.macs, b->macs.macs,
			      a->macs.count * sizeof(*a->macs.macs)) &&
	       windows_are_same(a, b);
}

size_t condition_items(const struct rule *rule)
{
	size_t items = 1 + rule->zones.count + rule->interfaces.count +
		       rule->source.prefix_count + rule->source.set_count +
		       rule->destination.prefix_count +
		       rule->destination.set_count + rule->flags.count +
		       rule->macs.count + rule->window_count;

	for (int i = 0; i < RANGE_COUNT; i++)
		items += rule->ranges[i].count;
	return items;
}

static bool is_empty(const struct match_address *match)
{
	return match->prefix_count == 0 && match->set_count == 0;
}

/* A prefix that spans both families would be widened by the other's. */
static bool spans_families(const struct match_address *match)
{
	for (size_t i = 0; i < match->prefix_count; i++) {
		if (prefix_has_all_v4(&match->prefixes[i]) &&
		    !prefix_is_v4(&match->prefixes[i]))
			return true;
	}
	return false;
}

/* Can one condition hold what these ask of IPv4 and of IPv6? */
static bool can_merge(const struct match_address *a,
		      const struct match_address *b)
{
	if (spans_families(a) || spans_families(b) || !sets_are_same(a, b))
		return false;
	if (is_empty(a) || is_empty(b))
		return (is_empty(a) || a->is_negated) &&
		       (is_empty(b) || b->is_negated);
	return a->is_negated == b->is_negated;
}

static int merge_address(struct match_address *into,
			 const struct match_address *more)
{
	for (size_t i = 0; i < more->prefix_count; i++) {
		struct prefix *prefixes = array_room(
			into->prefixes, into->prefix_count, sizeof(*prefixes));

		if (!prefixes)
			return -ENOMEM;
		into->prefixes = prefixes;
		prefixes[into->prefix_count++] = more->prefixes[i];
	}
	into->is_negated |= more->is_negated;
	into->prefix_count =
		condition_sort_prefixes(into->prefixes, into->prefix_count);
	return 0;
}

int condition_merge_families(struct rule *into, const struct rule *more)
{
	uint8_t first = condition_family(into);
	uint8_t second = condition_family(more);
	int r;

	if (first == 0 || second == 0 || first == second ||
	    into->ranges[RANGE_ICMP].count > 0 ||
	    into->ranges[RANGE_ICMPV6].count > 0 ||
	    !condition_is_same(into, more, true) ||
	    !can_merge(&into->source, &more->source) ||
	    !can_merge(&into->destination, &more->destination))
		return 0;
	r = merge_address(&into->source, &more->source);
	if (r >= 0)
		r = merge_address(&into->destination, &more->destination);
	into->family = 0;
	return r < 0 ? r : 1;
}
