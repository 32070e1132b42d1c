// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/text.h"
#include "tests/support/policies.h"

#define ZONES_MAX  4
#define NAMES_MAX  4
#define SETS_MAX   4
#define LIMITS_MAX 4
#define RULES_MAX  12
#define ITEMS_MAX  12
#define GEO_NAMES  4

/* splitmix64 (Steele, Lea, Flood, 2014) */
static uint64_t draw(uint64_t *random, uint64_t below)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % below;
}

static bool sometimes(uint64_t *random)
{
	return draw(random, 4) == 0;
}

static void *room_for(size_t count, size_t size)
{
	void *room = calloc(count, size);

	assert_non_null(room);
	return room;
}

/* Letters, digits and what names may have inside, and behind a dash a number
 * that makes it unlike others. With few letters, words like "no" come up. */
static void random_name(uint64_t *random, size_t number, char *ret_name)
{
	static const char letters[] = "nofyestrual0189_.";
	size_t len = 1 + draw(random, 5);

	ret_name[0] = letters[draw(random, 15)];
	for (size_t i = 1; i < len; i++)
		ret_name[i] = letters[draw(random, sizeof(letters) - 1)];
	ret_name[len] = '\0';
	if (number > 0)
		(void)snprintf(ret_name + len, RULE_NAME_MAX - len, "-%zu",
			       number);
	else if (strcmp(ret_name, "any") == 0)
		ret_name[0] = 'm';
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static struct prefix random_prefix(uint64_t *random)
{
	struct prefix prefix = {0};
	unsigned int len;

	if (sometimes(random)) {
		for (size_t i = 0; i < sizeof(prefix.addr); i++)
			prefix.addr[i] = (uint8_t)draw(random, 256);
		prefix.addr[0] = 0x20;
		prefix.bits = 128;
		len = 8 + (unsigned int)draw(random, 121);
		return prefix_widen(&prefix, len);
	}
	return prefix_of_v4((uint32_t)draw(random, UINT32_MAX),
			    1 + (unsigned int)draw(random, 32));
}

static int by_prefix(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

static void random_prefixes(uint64_t *random, size_t max,
			    struct prefix **ret_prefixes, size_t *ret_count)
{
	size_t count = 1 + draw(random, max);
	size_t kept = 1;
	struct prefix *prefixes = room_for(count, sizeof(*prefixes));

	for (size_t i = 0; i < count; i++)
		prefixes[i] = random_prefix(random);
	qsort(prefixes, count, sizeof(*prefixes), by_prefix);
	for (size_t i = 1; i < count; i++) {
		if (prefix_cmp(&prefixes[kept - 1], &prefixes[i]) != 0)
			prefixes[kept++] = prefixes[i];
	}
	*ret_prefixes = prefixes;
	*ret_count = kept;
}

static void random_interfaces(uint64_t *random,
			      char (**ret_names)[RULE_NAME_MAX],
			      size_t *ret_count)
{
	size_t count = 1 + draw(random, NAMES_MAX);
	char(*names)[RULE_NAME_MAX] = room_for(count, RULE_NAME_MAX);

	for (size_t i = 0; i < count; i++) {
		random_name(random, i, names[i]);
		if (sometimes(random))
			text_copy(names[i] + strlen(names[i]), 2, "*");
	}
	qsort(names, count, RULE_NAME_MAX, by_name);
	*ret_names = names;
	*ret_count = count;
}

static void random_zones(uint64_t *random, struct policy *policy)
{
	policy->zone_count = draw(random, ZONES_MAX);
	policy->zones = room_for(ZONES_MAX, sizeof(*policy->zones));
	for (size_t i = 0; i < policy->zone_count; i++) {
		struct zone *zone = &policy->zones[i];

		random_name(random, i, zone->name);
		if (!sometimes(random))
			random_interfaces(random, &zone->interfaces,
					  &zone->interface_count);
	}
}

static void random_files(uint64_t *random, char ***ret_files, size_t *ret_count)
{
	static const char *const files[] = {"/a", "/var/lib/portcullis/a list",
					    "/x: y # \"z\"\\",
					    "/\xc3\xa4/\xe2\x82\xac.txt"};

	*ret_count = draw(random, NAMES_MAX);
	*ret_files = room_for(NAMES_MAX, sizeof(**ret_files));
	for (size_t i = 0; i < *ret_count; i++) {
		(*ret_files)[i] = strdup(files[draw(random, ARRAY_LEN(files))]);
		assert_non_null((*ret_files)[i]);
	}
}

static void random_sets(uint64_t *random, struct policy *policy)
{
	policy->set_count = draw(random, SETS_MAX);
	policy->sets = room_for(SETS_MAX + GEO_NAMES, sizeof(*policy->sets));
	for (size_t i = 0; i < policy->set_count; i++) {
		struct policy_set *set = &policy->sets[i];

		(void)snprintf(set->set.name, sizeof(set->set.name), "%s%zu",
			       sometimes(random) ? "no-" : "y", i);
		set->set.action = (uint8_t)draw(random, SET_ACTION_COUNT);
		set->set.kind = (uint8_t)draw(random, SET_GEO);
		set->set.capacity = 100 + (uint32_t)draw(random, 1000000);
		if (set->set.kind == SET_DYNAMIC || sometimes(random))
			continue;
		random_prefixes(random, ITEMS_MAX, &set->members,
				&set->member_count);
		random_files(random, &set->files, &set->file_count);
	}
}

static struct limit random_limit(uint64_t *random)
{
	static const uint32_t spans_s[] = {1, 60, 3600, 86400};
	static const uint64_t factors[] = {1, 1000, 1000000, 1024};
	struct limit limit = {
		.seconds = spans_s[draw(random, ARRAY_LEN(spans_s))],
		.rate = (1 + draw(random, 5000)) *
			factors[draw(random, ARRAY_LEN(factors))],
		.burst = 1 + draw(random, RULE_RATE_MAX),
		.unit = (uint8_t)draw(random, LIMIT_UNIT_COUNT),
		.per = (uint8_t)draw(random, LIMIT_PER_COUNT),
	};

	return limit;
}

static void random_limits(uint64_t *random, struct policy *policy)
{
	policy->limit_count = draw(random, LIMITS_MAX);
	policy->limits =
		room_for(LIMITS_MAX + RULES_MAX, sizeof(*policy->limits));
	for (size_t i = 0; i < policy->limit_count; i++) {
		policy->limits[i] = random_limit(random);
		random_name(random, i, policy->limits[i].name);
	}
}

static void random_address(uint64_t *random, struct match_address *match)
{
	if (!sometimes(random))
		return;
	match->is_negated = sometimes(random);
	match->set_count = draw(random, NAMES_MAX);
	match->sets = room_for(NAMES_MAX, sizeof(*match->sets));
	for (size_t i = 0; i < match->set_count; i++)
		(void)snprintf(match->sets[i], SET_NAME_MAX, "set-%zu", i);
	if (match->set_count == 0 || sometimes(random))
		random_prefixes(random, ITEMS_MAX, &match->prefixes,
				&match->prefix_count);
}

/* Apart by two at least, so that none touch. */
static void random_ranges(uint64_t *random, struct match_ranges *match,
			  uint32_t max)
{
	uint32_t at = (uint32_t)draw(random, 3);

	if (!sometimes(random))
		return;
	match->is_negated = sometimes(random);
	match->ranges = room_for(ITEMS_MAX, sizeof(*match->ranges));
	while (match->count < ITEMS_MAX && at <= max) {
		uint32_t span = sometimes(random)
					? (uint32_t)draw(random, max / 2 + 1)
					: 0;
		uint32_t last = at + span < max ? at + span : max;

		match->ranges[match->count++] =
			(struct range){(uint16_t)at, (uint16_t)last};
		if (sometimes(random))
			return;
		at = last + 2 + (uint32_t)draw(random, max / 3 + 1);
	}
}

static int by_flags(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct flags));
}

static void random_flags(uint64_t *random, struct match_flags *match)
{
	if (!sometimes(random))
		return;
	match->count = 1 + draw(random, 3);
	match->flags = room_for(match->count, sizeof(*match->flags));
	for (size_t i = 0; i < match->count; i++) {
		uint8_t mask = (uint8_t)(i * 64 + 1 + draw(random, 63));

		match->flags[i] = (struct flags){
			mask, (uint8_t)(mask & draw(random, 256))};
	}
	qsort(match->flags, match->count, sizeof(*match->flags), by_flags);
}

static void random_macs(uint64_t *random, struct match_macs *match)
{
	if (!sometimes(random))
		return;
	match->is_negated = sometimes(random);
	match->count = 1 + draw(random, ITEMS_MAX);
	match->macs = room_for(match->count, sizeof(*match->macs));
	for (size_t i = 0; i < match->count; i++) {
		match->macs[i].addr[0] = (uint8_t)i;
		match->macs[i].addr[5] = (uint8_t)draw(random, 256);
	}
}

static void random_windows(uint64_t *random, struct rule *rule)
{
	if (!sometimes(random))
		return;
	rule->window_count = 1 + draw(random, 3);
	rule->windows = room_for(rule->window_count, sizeof(*rule->windows));
	for (size_t i = 0; i < rule->window_count; i++)
		rule->windows[i] = (struct window){
			.days = (uint8_t)(1 + draw(random, 0x7f)),
			.from_min = (uint16_t)draw(random, 1440),
			.to_min = (uint16_t)draw(random, 1441),
		};
}

static void random_way(uint64_t *random, const struct policy *policy,
		       struct rule *rule)
{
	rule->directions = rule->action == RULE_SYNCOOKIE
				   ? DIRECTION_IN
				   : (uint8_t)(1 + draw(random, 3));
	if (rule->directions != (DIRECTION_IN | DIRECTION_OUT) &&
	    policy->zone_count > 0 && sometimes(random)) {
		rule->zones.is_negated = sometimes(random);
		rule->zones.names = room_for(policy->zone_count, RULE_NAME_MAX);
		rule->zones.count = policy->zone_count;
		for (size_t i = 0; i < policy->zone_count; i++)
			text_copy(rule->zones.names[i], RULE_NAME_MAX,
				  policy->zones[i].name);
		qsort(rule->zones.names, rule->zones.count, RULE_NAME_MAX,
		      by_name);
	}
	if (!sometimes(random))
		return;
	rule->interfaces.is_negated = sometimes(random);
	random_interfaces(random, &rule->interfaces.names,
			  &rule->interfaces.count);
}

/* A limit by its name, or one of its own behind the named. */
static void random_limit_of(uint64_t *random, struct policy *policy,
			    struct rule *rule)
{
	size_t named = 0;

	while (named < policy->limit_count && policy->limits[named].name[0])
		named++;
	if (named > 0 && sometimes(random)) {
		rule->limit = (uint16_t)draw(random, named);
		return;
	}
	rule->limit = (uint16_t)policy->limit_count;
	policy->limits[policy->limit_count++] = random_limit(random);
}

static void random_action(uint64_t *random, struct policy *policy,
			  struct rule *rule)
{
	struct match_ranges *protocol = &rule->ranges[RANGE_PROTOCOL];

	rule->action = (uint8_t)draw(random, RULE_ACTION_COUNT);
	rule->is_shadow = sometimes(random);
	if (rule->action == RULE_LIMIT)
		random_limit_of(random, policy, rule);
	if (rule->action != RULE_SYNCOOKIE) {
		random_ranges(random, protocol, UINT8_MAX);
		return;
	}
	protocol->ranges = room_for(1, sizeof(*protocol->ranges));
	protocol->ranges[0] = (struct range){6, 6};
	protocol->count = 1;
}

static void random_rule(uint64_t *random, struct policy *policy, size_t number)
{
	static const char *const comments[] = {
		"",	"for the web", "a: b # \"c\" \\d, [e] {f}",
		"true", "  x  ",       "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\xa5"};
	static const uint32_t max[RANGE_COUNT] = {
		[RANGE_PROTOCOL] = 255,		  [RANGE_SOURCE_PORT] = 65535,
		[RANGE_DESTINATION_PORT] = 65535, [RANGE_ICMP] = 65535,
		[RANGE_ICMPV6] = 65535,		  [RANGE_LENGTH] = 65535,
		[RANGE_VLAN] = RANGE_VLAN_NONE};
	static const uint8_t families[] = {0, 4, 6};
	struct rule *rule = &policy->rules[number];

	random_name(random, number, rule->id);
	text_copy(rule->comment, RULE_COMMENT_MAX, comments[draw(random, 6)]);
	random_action(random, policy, rule);
	random_way(random, policy, rule);
	rule->family = families[draw(random, 3)];
	rule->frags = (uint8_t)draw(random, 8);
	rule->states = (uint8_t)draw(random, 16);
	random_address(random, &rule->source);
	random_address(random, &rule->destination);
	for (size_t i = RANGE_PROTOCOL + 1; i < RANGE_COUNT; i++)
		random_ranges(random, &rule->ranges[i], max[i]);
	random_flags(random, &rule->flags);
	random_macs(random, &rule->macs);
	random_windows(random, rule);
}

static void add_geo_set(struct policy *policy, struct match_address *match,
			const char *name)
{
	struct policy_set *set = &policy->sets[policy->set_count++];

	set->set.action = SET_NONE;
	set->set.kind = SET_GEO;
	set->set.capacity = SET_CAPACITY_DEFAULT;
	text_copy(set->set.name, SET_NAME_MAX, name);
	text_copy(match->sets[match->set_count++], SET_NAME_MAX, name);
}

/* Sources, and sets that a rule names; in order, ahead of those it has. */
static void random_geo(uint64_t *random, struct policy *policy)
{
	static const char *const names[GEO_NAMES] = {
		"asn:4294967295", "asn:64496", "geo:CN", "geo:DE"};
	struct match_address *match, old;

	for (unsigned int kind = 0; kind < GEO_KIND_COUNT; kind++)
		random_files(random, &policy->geo[kind].files,
			     &policy->geo[kind].file_count);
	if (policy->rule_count == 0)
		return;
	match = &policy->rules[draw(random, policy->rule_count)].source;
	old = *match;
	match->sets = room_for(GEO_NAMES + NAMES_MAX, sizeof(*match->sets));
	match->set_count = 0;
	for (size_t i = 0; i < GEO_NAMES; i++) {
		struct geo_place place;

		assert_int_equal(geo_from_name(names[i], &place), 0);
		if (policy->geo[place.kind].file_count > 0 && sometimes(random))
			add_geo_set(policy, match, names[i]);
	}
	for (size_t i = 0; i < old.set_count; i++)
		memcpy(match->sets[match->set_count++], old.sets[i],
		       SET_NAME_MAX);
	free(old.sets);
}

void random_policy(uint64_t *random, struct policy *ret_policy)
{
	struct policy *policy = ret_policy;
	uint32_t *numbers = (uint32_t *)&policy->thresholds;

	policy_init(policy);
	random_zones(random, policy);
	random_sets(random, policy);
	random_limits(random, policy);
	if (!sometimes(random))
		random_prefixes(random, ITEMS_MAX, &policy->management,
				&policy->management_count);
	policy->default_in = (uint8_t)draw(random, VERDICT_COUNT);
	policy->default_out = (uint8_t)draw(random, VERDICT_COUNT);
	policy->default_other = (uint8_t)draw(random, VERDICT_COUNT);
	policy->essentials = (uint8_t)draw(random, ESSENTIAL_ALL + 1);
	for (size_t i = 0; i < sizeof(policy->thresholds) / sizeof(*numbers);
	     i++)
		numbers[i] = 1 + (uint32_t)draw(random, 100000);
	policy->rule_count = draw(random, RULES_MAX);
	policy->rules = room_for(RULES_MAX, sizeof(*policy->rules));
	for (size_t i = 0; i < policy->rule_count; i++)
		random_rule(random, policy, i);
	random_geo(random, policy);
}
