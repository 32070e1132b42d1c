// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"

#define PROTOCOL_ICMP	1u
#define PROTOCOL_TCP	6u
#define PROTOCOL_UDP	17u
#define PROTOCOL_ICMPV6 58u
#define PROTOCOL_SCTP	132u

static void only(struct protocols *protocols, unsigned int a, unsigned int b,
		 unsigned int c)
{
	struct protocols mask = {{0}};

	mask.bits[a / 64] |= 1ull << a % 64;
	mask.bits[b / 64] |= 1ull << b % 64;
	mask.bits[c / 64] |= 1ull << c % 64;
	for (size_t i = 0; i < ARRAY_LEN(mask.bits); i++)
		protocols->bits[i] &= mask.bits[i];
}

bool protocols_has(const struct protocols *protocols, unsigned int protocol)
{
	return protocols->bits[protocol / 64] >> protocol % 64 & 1;
}

static bool has_ports(const struct rule *rule)
{
	return rule->ranges[RANGE_SOURCE_PORT].count > 0 ||
	       rule->ranges[RANGE_DESTINATION_PORT].count > 0;
}

/* Those that the other conditions leave, whatever is said of the protocol. */
static struct protocols implied(const struct rule *rule)
{
	struct protocols all = {{~0ull, ~0ull, ~0ull, ~0ull}};

	if (has_ports(rule))
		only(&all, PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP);
	if (rule->flags.count > 0)
		only(&all, PROTOCOL_TCP, PROTOCOL_TCP, PROTOCOL_TCP);
	if (rule->ranges[RANGE_ICMP].count > 0)
		only(&all, PROTOCOL_ICMP, PROTOCOL_ICMP, PROTOCOL_ICMP);
	if (rule->ranges[RANGE_ICMPV6].count > 0)
		only(&all, PROTOCOL_ICMPV6, PROTOCOL_ICMPV6, PROTOCOL_ICMPV6);
	return all;
}

struct protocols condition_protocols(const struct rule *rule)
{
	const struct match_ranges *match = &rule->ranges[RANGE_PROTOCOL];
	struct protocols named = {{0}}, all = implied(rule);

	if (match->count == 0)
		return all;
	for (size_t i = 0; i < match->count; i++) {
		unsigned int last = match->ranges[i].last;

		for (unsigned int p = match->ranges[i].first;
		     p <= last && p <= UINT8_MAX; p++)
			named.bits[p / 64] |= 1ull << p % 64;
	}
	for (size_t i = 0; i < ARRAY_LEN(all.bits); i++)
		all.bits[i] &=
			match->is_negated ? ~named.bits[i] : named.bits[i];
	return all;
}

static int tidy_protocols(struct rule *rule)
{
	const struct protocols none = {{0}}, all = implied(rule);
	struct protocols left = condition_protocols(rule);
	struct match_ranges *match = &rule->ranges[RANGE_PROTOCOL];

	if (memcmp(&left, &none, sizeof(none)) == 0)
		return -ENODATA;
	free(match->ranges);
	*match = (struct match_ranges){0};
	if (memcmp(&left, &all, sizeof(all)) == 0)
		return 0;
	for (unsigned int p = 0; p <= UINT8_MAX; p++) {
		struct range *ranges;

		if (!protocols_has(&left, p))
			continue;
		if (match->count > 0 &&
		    match->ranges[match->count - 1].last + 1u == p) {
			match->ranges[match->count - 1].last = (uint16_t)p;
			continue;
		}
		ranges = array_room(match->ranges, match->count,
				    sizeof(*ranges));
		if (!ranges)
			return -ENOMEM;
		match->ranges = ranges;
		ranges[match->count++] =
			(struct range){(uint16_t)p, (uint16_t)p};
	}
	return 0;
}

static int prefix_order(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

size_t condition_sort_prefixes(struct prefix *prefixes, size_t count)
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(prefixes, count, sizeof(*prefixes), prefix_order);
	for (size_t i = 1; i < count; i++) {
		if (!prefix_covers(&prefixes[kept], &prefixes[i]))
			prefixes[++kept] = prefixes[i];
	}
	return kept + 1;
}

static int name_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The family of all prefixes, 0 if there are two or another prefix has both. */
static uint8_t family_of(const struct match_address *match)
{
	bool has_v4 = false, has_v6 = false;

	if (match->is_negated || match->set_count > 0)
		return 0;
	for (size_t i = 0; i < match->prefix_count; i++) {
		const struct prefix *prefix = &match->prefixes[i];

		has_v4 |= prefix_has_all_v4(prefix) || prefix_is_v4(prefix);
		has_v6 |= !prefix_is_v4(prefix);
	}
	if (has_v4 == has_v6)
		return 0;
	return has_v4 ? 4 : 6;
}

static uint8_t implied_family(const struct rule *rule, bool *ret_is_never)
{
	const uint8_t asked[] = {
		family_of(&rule->source),
		family_of(&rule->destination),
		rule->ranges[RANGE_ICMP].count > 0 ? 4 : 0,
		rule->ranges[RANGE_ICMPV6].count > 0 ? 6 : 0,
	};
	uint8_t family = 0;

	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		family |= asked[i];
	/* 4 and 6 are two bits that share one: 6 is what both give too */
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		if (asked[i] != 0 && asked[i] != family)
			*ret_is_never = true;
	}
	return family;
}

uint8_t condition_family(const struct rule *rule)
{
	bool is_never = false;
	uint8_t family = implied_family(rule, &is_never);

	return rule->family != 0 ? rule->family : family;
}

static bool is_of_family(const struct prefix *prefix, uint8_t family)
{
	if (family == 4)
		return prefix_is_v4(prefix) || prefix_has_all_v4(prefix);
	return family != 6 || !prefix_is_v4(prefix);
}

/* Take out the prefixes that the family leaves no packets for. */
static int tidy_address(struct match_address *match, uint8_t family)
{
	size_t kept = 0;

	for (size_t i = 0; i < match->prefix_count; i++) {
		if (is_of_family(&match->prefixes[i], family))
			match->prefixes[kept++] = match->prefixes[i];
	}
	if (kept == 0 && match->prefix_count > 0 && match->set_count == 0 &&
	    !match->is_negated)
		return -ENODATA;
	match->prefix_count = condition_sort_prefixes(match->prefixes, kept);
	if (match->set_count > 0)
		qsort(match->sets, match->set_count, SET_NAME_MAX, name_order);
	if (match->prefix_count == 0 && match->set_count == 0)
		match->is_negated = false;
	return 0;
}

/* Take out a condition that every address of the family meets. */
static int drop_whole(struct match_address *match, uint8_t family)
{
	bool is_whole = false;

	for (size_t i = 0; i < match->prefix_count; i++) {
		const struct prefix *prefix = &match->prefixes[i];

		is_whole |= family == 4 ? prefix_has_all_v4(prefix)
					: family == 6 && prefix->bits == 0;
	}
	if (!is_whole)
		return 0;
	if (match->is_negated)
		return -ENODATA;
	match->prefix_count = match->set_count = 0;
	return 0;
}

static int tidy_family(struct rule *rule)
{
	bool is_never = false;
	uint8_t family;
	int r;

	r = tidy_address(&rule->source, rule->family);
	if (r >= 0)
		r = tidy_address(&rule->destination, rule->family);
	if (r < 0)
		return r;
	family = implied_family(rule, &is_never);
	if (is_never ||
	    (rule->family != 0 && family != 0 && rule->family != family))
		return -ENODATA;
	family |= rule->family;
	r = drop_whole(&rule->source, family);
	if (r >= 0)
		r = drop_whole(&rule->destination, family);
	rule->family = implied_family(rule, &is_never) != 0 ? 0 : family;
	return r;
}

static void tidy_names(struct match_names *match)
{
	if (match->count > 0)
		qsort(match->names, match->count, RULE_NAME_MAX, name_order);
}

/* Is every value named, and none therefore meant? */
static bool excludes_all(const struct match_ranges *match, uint16_t last)
{
	return match->is_negated && match->count == 1 &&
	       match->ranges[0].first == 0 && match->ranges[0].last >= last;
}

int condition_tidy(struct rule *rule)
{
	int r;

	assert(rule);

	for (int i = 0; i < RANGE_COUNT; i++) {
		struct match_ranges none = {0};

		/* joined to nothing it is sorted and melted */
		r = condition_ranges(&none, (enum rule_range)i,
				     &rule->ranges[i]);
		if (r < 0)
			return r;
		free(rule->ranges[i].ranges);
		rule->ranges[i] = none;
		if (excludes_all(&none, UINT16_MAX))
			return -ENODATA;
	}
	tidy_names(&rule->interfaces);
	tidy_names(&rule->zones);
	r = tidy_family(rule);
	return r < 0 ? r : tidy_protocols(rule);
}
