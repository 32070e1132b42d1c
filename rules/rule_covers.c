// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/rule_covers.h"

#include <assert.h>
#include <string.h>

#include "rules/base.h"

/* Nothing asked covers all; asked covers only what is asked, too, and in the
 * same sense. Sets *ret when that alone is the answer. */
static bool is_settled(size_t outer_count, bool outer_negated,
		       size_t inner_count, bool inner_negated, bool *ret)
{
	if (outer_count > 0 && inner_count > 0 &&
	    outer_negated == inner_negated)
		return false;
	*ret = outer_count == 0;
	return true;
}

static bool range_is_in(const struct range *range,
			const struct match_ranges *match)
{
	for (size_t i = 0; i < match->count; i++)
		if (match->ranges[i].first <= range->first &&
		    match->ranges[i].last >= range->last)
			return true;
	return false;
}

static bool ranges_are_in(const struct match_ranges *few,
			  const struct match_ranges *many)
{
	for (size_t i = 0; i < few->count; i++)
		if (!range_is_in(&few->ranges[i], many))
			return false;
	return true;
}

/* Of what is negated, the smaller one leaves more. */
static bool ranges_cover(const struct match_ranges *outer,
			 const struct match_ranges *inner)
{
	bool answer;

	if (is_settled(outer->count, outer->is_negated, inner->count,
		       inner->is_negated, &answer))
		return answer;
	return outer->is_negated ? ranges_are_in(outer, inner)
				 : ranges_are_in(inner, outer);
}

/* Asked for one family only, it is not met by the other. */
static bool icmp_covers(const struct rule *outer, const struct rule *inner)
{
	static const int kinds[] = {RANGE_ICMP, RANGE_ICMPV6};
	bool is_asked = false;

	if (!outer->ranges[RANGE_ICMP].count &&
	    !outer->ranges[RANGE_ICMPV6].count)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct match_ranges *match = &inner->ranges[kinds[i]];

		if (!match->count)
			continue;
		is_asked = true;
		if (!outer->ranges[kinds[i]].count ||
		    !ranges_cover(&outer->ranges[kinds[i]], match))
			return false;
	}
	return is_asked;
}

static bool all_ranges_cover(const struct rule *outer, const struct rule *inner)
{
	for (int i = 0; i < RANGE_COUNT; i++)
		if (i != RANGE_ICMP && i != RANGE_ICMPV6 &&
		    !ranges_cover(&outer->ranges[i], &inner->ranges[i]))
			return false;
	return icmp_covers(outer, inner);
}

/* Is each of `count` items of `size` bytes one of the others? */
static bool items_are_in(const void *items, size_t count, const void *others,
			 size_t other_count, size_t size)
{
	const char *item = items, *other = others;

	for (size_t i = 0; i < count; i++) {
		bool found = false;

		for (size_t k = 0; k < other_count && !found; k++)
			found = memcmp(item + i * size, other + k * size,
				       size) == 0;
		if (!found)
			return false;
	}
	return true;
}

/* The same for names, whose bytes behind the NUL do not count. */
static bool names_are_in(const char *names, size_t count, const char *others,
			 size_t other_count, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		bool found = false;

		for (size_t k = 0; k < other_count && !found; k++)
			found = strcmp(names + i * size, others + k * size) ==
				0;
		if (!found)
			return false;
	}
	return true;
}

static bool names_cover(const struct match_names *outer,
			const struct match_names *inner)
{
	bool answer;

	if (is_settled(outer->count, outer->is_negated, inner->count,
		       inner->is_negated, &answer))
		return answer;
	if (outer->is_negated) {
		const struct match_names *swap = outer;

		outer = inner;
		inner = swap;
	}
	return names_are_in(inner->names[0], inner->count, outer->names[0],
			    outer->count, RULE_NAME_MAX);
}

static bool macs_cover(const struct match_macs *outer,
		       const struct match_macs *inner)
{
	bool answer;

	if (is_settled(outer->count, outer->is_negated, inner->count,
		       inner->is_negated, &answer))
		return answer;
	if (outer->is_negated) {
		const struct match_macs *swap = outer;

		outer = inner;
		inner = swap;
	}
	return items_are_in(inner->macs, inner->count, outer->macs,
			    outer->count, sizeof(*outer->macs));
}

/* Whatever has the flags of `inner` has one of these. */
static bool flags_are_in(const struct flags *inner,
			 const struct match_flags *match)
{
	for (size_t i = 0; i < match->count; i++) {
		const struct flags *outer = &match->flags[i];

		if ((outer->mask & ~inner->mask) == 0 &&
		    (inner->value & outer->mask) == outer->value)
			return true;
	}
	return false;
}

static bool flags_cover(const struct match_flags *outer,
			const struct match_flags *inner)
{
	bool answer;

	if (is_settled(outer->count, false, inner->count, false, &answer))
		return answer;
	for (size_t i = 0; i < inner->count; i++)
		if (!flags_are_in(&inner->flags[i], outer))
			return false;
	return true;
}

/*
 * The two lists are gone through once, in order. A network comes before what
 * is in it, so of those that are in no other, only the last one that does not
 * come behind a prefix can cover it. A list that is out of order may be found
 * not to cover, never the reverse.
 */
static bool family_is_in(const struct match_address *few,
			 const struct match_address *many, bool is_v4)
{
	const struct prefix *widest = NULL;
	size_t at = 0;

	for (size_t i = 0; i < few->prefix_count; i++) {
		const struct prefix *prefix = &few->prefixes[i];

		if (prefix_is_v4(prefix) != is_v4)
			continue;
		for (; at < many->prefix_count &&
		       prefix_cmp(&many->prefixes[at], prefix) <= 0;
		     at++) {
			const struct prefix *next = &many->prefixes[at];

			if (prefix_is_v4(next) == is_v4 &&
			    (!widest || !prefix_covers(widest, next)))
				widest = next;
		}
		if (!widest || !prefix_covers(widest, prefix))
			return false;
	}
	return true;
}

static bool addresses_are_in(const struct match_address *few,
			     const struct match_address *many)
{
	if (few->set_count > 0 &&
	    (many->set_count == 0 ||
	     !names_are_in(few->sets[0], few->set_count, many->sets[0],
			   many->set_count, SET_NAME_MAX)))
		return false;
	return family_is_in(few, many, true) && family_is_in(few, many, false);
}

static bool address_covers(const struct match_address *outer,
			   const struct match_address *inner)
{
	bool answer;

	if (is_settled(outer->prefix_count + outer->set_count,
		       outer->is_negated,
		       inner->prefix_count + inner->set_count,
		       inner->is_negated, &answer))
		return answer;
	return outer->is_negated ? addresses_are_in(outer, inner)
				 : addresses_are_in(inner, outer);
}

/* 0 asks for nothing. */
static bool bits_cover(uint8_t outer, uint8_t inner)
{
	return outer == 0 || (inner != 0 && (inner & ~outer) == 0);
}

/* The cheap ones come first: it is asked of every pair of rules. */
bool rule_covers(const struct rule *outer, const struct rule *inner)
{
	assert(outer);
	assert(inner);

	return (inner->directions & ~outer->directions) == 0 &&
	       (outer->family == 0 || outer->family == inner->family) &&
	       bits_cover(outer->frags, inner->frags) &&
	       bits_cover(outer->states, inner->states) &&
	       all_ranges_cover(outer, inner) &&
	       flags_cover(&outer->flags, &inner->flags) &&
	       names_cover(&outer->zones, &inner->zones) &&
	       names_cover(&outer->interfaces, &inner->interfaces) &&
	       macs_cover(&outer->macs, &inner->macs) &&
	       address_covers(&outer->source, &inner->source) &&
	       address_covers(&outer->destination, &inner->destination);
}

bool rule_is_plain(const struct rule *rule)
{
	const struct rule any = {
		.directions = rule->directions,
		.family = rule->family,
	};

	return rule->window_count == 0 && rule_covers(rule, &any);
}

/* The lesser of two that share nothing shares nothing with what comes behind
 * the other, either. */
static bool family_overlaps(const struct prefix *a, size_t a_count,
			    const struct prefix *b, size_t b_count, bool is_v4)
{
	size_t i = 0, k = 0;

	while (i < a_count && k < b_count) {
		bool is_a = prefix_is_v4(&a[i]) == is_v4;
		bool is_b = prefix_is_v4(&b[k]) == is_v4;

		if (is_a && is_b && prefix_overlaps(&a[i], &b[k]))
			return true;
		if (!is_a || (is_b && prefix_cmp(&a[i], &b[k]) < 0))
			i++;
		else
			k++;
	}
	return false;
}

bool prefixes_overlap(const struct prefix *a, size_t a_count,
		      const struct prefix *b, size_t b_count)
{
	return family_overlaps(a, a_count, b, b_count, true) ||
	       family_overlaps(a, a_count, b, b_count, false);
}
