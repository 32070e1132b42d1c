// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random policies of what nftables can say: written, read back and written
 * again they are the same, and nft takes some of them.
 *
 * PORTCULLIS_SEED=N repeats a run; the seed of a failed one is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"
#include "rules/foreign/nftables.h"
#include "tests/support/rulesets.h"

#define ROUNDS	  400
#define ASK_EVERY 20
#define RULES_MAX 12

static uint64_t seed;

/* splitmix64 (Steele, Lea, Flood, 2014): every seed is a good one. */
static uint64_t draw(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* 0..below - 1 */
static unsigned int pick(uint64_t *random, unsigned int below)
{
	return (unsigned int)(draw(random) % below);
}

static void *room(void *array, size_t count, size_t size)
{
	void *grown = array_room(array, count, size);

	assert_non_null(grown);
	return grown;
}

/* Of few networks, so that some cover others. */
static struct prefix random_prefix(uint64_t *random, bool is_v4)
{
	struct prefix prefix = {
		.addr = {0x20, 0x01, 0x0d, 0xb8},
		.bits = (uint8_t)(33 + pick(random, 96)),
	};

	if (is_v4)
		return prefix_of_v4(0x0a000000 | pick(random, 4) << 16 |
					    pick(random, 1 << 16),
				    9 + pick(random, 24));
	for (size_t i = 4; i < 16; i++)
		prefix.addr[i] = pick(random, 3) ? 0 : (uint8_t)draw(random);
	return prefix_widen(&prefix, prefix.bits);
}

static void add_prefixes(uint64_t *random, struct match_address *match)
{
	unsigned int count = 1 + pick(random, 4);
	unsigned int families = pick(random, 3);

	for (unsigned int i = 0; i < count; i++) {
		bool is_v4 = families == 2 ? i % 2 : families;

		match->prefixes = room(match->prefixes, match->prefix_count,
				       sizeof(*match->prefixes));
		match->prefixes[match->prefix_count++] =
			random_prefix(random, is_v4);
	}
}

static void add_set_name(uint64_t *random, const struct policy *policy,
			 struct match_address *match)
{
	const char *name =
		policy->sets[pick(random, (unsigned int)policy->set_count)]
			.set.name;

	match->sets = room(match->sets, match->set_count, SET_NAME_MAX);
	memcpy(match->sets[match->set_count++], name, SET_NAME_MAX);
}

static void random_address(uint64_t *random, const struct policy *policy,
			   struct match_address *match)
{
	unsigned int what = pick(random, 4);

	match->is_negated = what != 0 && pick(random, 3) == 0;
	if (what == 1 || (what == 3 && match->is_negated))
		add_prefixes(random, match);
	if (what >= 2)
		add_set_name(random, policy, match);
}

static void random_ranges(uint64_t *random, struct rule *rule,
			  enum rule_range kind, unsigned int max)
{
	struct match_ranges *match = &rule->ranges[kind];
	unsigned int count = 1 + pick(random, 4);

	match->is_negated = pick(random, 4) == 0;
	for (unsigned int i = 0; i < count; i++) {
		unsigned int first = pick(random, max);
		unsigned int last = first + pick(random, max - first);

		match->ranges = room(match->ranges, match->count,
				     sizeof(*match->ranges));
		match->ranges[match->count++] =
			(struct range){(uint16_t)first, (uint16_t)last};
	}
}

/* One type, or all codes of some. */
static void random_icmp(uint64_t *random, struct rule *rule,
			enum rule_range kind)
{
	struct match_ranges *match = &rule->ranges[kind];
	unsigned int type = pick(random, 200);

	match->ranges = room(NULL, 0, sizeof(*match->ranges));
	match->count = 1;
	match->ranges[0] = (struct range){
		(uint16_t)(type << 8),
		(uint16_t)((type + pick(random, 20)) << 8 | 0xff),
	};
	if (pick(random, 2))
		match->ranges[0] = (struct range){(uint16_t)(type << 8 | 3),
						  (uint16_t)(type << 8 | 9)};
	match->is_negated =
		pick(random, 4) == 0 && (match->ranges[0].last & 0xff) == 0xff;
}

static void random_transport(uint64_t *random, struct rule *rule)
{
	static const uint16_t protocols[] = {6, 17, 132, 47, 0};

	switch (pick(random, 6)) {
	case 0:
		random_icmp(random, rule, RANGE_ICMP);
		break;
	case 1:
		random_icmp(random, rule, RANGE_ICMPV6);
		break;
	case 2:
		random_ranges(random, rule, RANGE_DESTINATION_PORT, 65535);
		if (pick(random, 2))
			random_ranges(random, rule, RANGE_SOURCE_PORT, 200);
		break;
	case 3:
		rule->flags.flags = room(NULL, 0, sizeof(struct flags));
		rule->flags.count = 1;
		rule->flags.flags[0].mask = (uint8_t)(1 + pick(random, 255));
		rule->flags.flags[0].value =
			(uint8_t)(rule->flags.flags[0].mask & draw(random));
		break;
	case 4:
		rule->ranges[RANGE_PROTOCOL].ranges =
			room(NULL, 0, sizeof(struct range));
		rule->ranges[RANGE_PROTOCOL].count = 1;
		rule->ranges[RANGE_PROTOCOL].ranges[0].first =
			rule->ranges[RANGE_PROTOCOL].ranges[0].last =
				protocols[pick(random, 5)];
		rule->ranges[RANGE_PROTOCOL].is_negated = pick(random, 2);
		break;
	default:
		break;
	}
}

static void random_rest(uint64_t *random, struct rule *rule)
{
	static const char names[][RULE_NAME_MAX] = {"eth0", "eth1", "wg0"};
	unsigned int what = (unsigned int)draw(random);

	if (what % 4 == 0)
		rule->states = (uint8_t)(1 + pick(random, 15));
	if (what % 5 == 0)
		random_ranges(random, rule, RANGE_LENGTH, 65535);
	if (what % 7 == 0) {
		rule->interfaces.names =
			array_copy(names, 1 + what % 3, RULE_NAME_MAX);
		rule->interfaces.count = 1 + what % 3;
		rule->interfaces.is_negated = pick(random, 2);
	}
	if (what % 11 == 0) {
		rule->windows = room(NULL, 0, sizeof(*rule->windows));
		rule->window_count = 1;
		rule->windows[0].days = (uint8_t)(1 + pick(random, 127));
		rule->windows[0].from_min = (uint16_t)pick(random, 1439);
		rule->windows[0].to_min =
			(uint16_t)(rule->windows[0].from_min + 1 +
				   pick(random,
					1440u - 1 - rule->windows[0].from_min));
	}
	if (what % 13 == 0)
		rule->family = what % 2 ? 4 : 6;
}

/* A limit, of addresses mostly: others do not go with every rule. */
static void random_limit(uint64_t *random, struct policy *policy,
			 struct rule *rule)
{
	static const uint32_t spans[] = {1, 60, 3600, 86400};
	struct limit limit = {
		.rate = 1 + pick(random, 1000),
		.seconds = spans[pick(random, 4)],
		.burst = 1001 + pick(random, 1000),
		.unit = (uint8_t)pick(random, 2),
		.per = (uint8_t)pick(random, LIMIT_PER_RULE),
	};

	policy->limits =
		room(policy->limits, policy->limit_count, sizeof(limit));
	rule->limit = (uint16_t)policy->limit_count;
	policy->limits[policy->limit_count++] = limit;
}

static void add_rule(uint64_t *random, struct policy *policy)
{
	struct rule rule = {
		.action = (uint8_t)pick(random, RULE_COUNT + 1),
		.directions = (uint8_t)(1 + pick(random, 3)),
	};
	int r;

	(void)snprintf(rule.id, sizeof(rule.id), "r%zu", policy->rule_count);
	if (rule.action == RULE_LIMIT)
		random_limit(random, policy, &rule);
	random_address(random, policy, &rule.source);
	random_address(random, policy, &rule.destination);
	random_transport(random, &rule);
	random_rest(random, &rule);
	/* what can never be met is not written, and does not come back */
	r = condition_tidy(&rule);
	if (r < 0) {
		rule_done(&rule);
		return;
	}
	policy->rules = room(policy->rules, policy->rule_count, sizeof(rule));
	policy->rules[policy->rule_count++] = rule;
}

static void add_set(uint64_t *random, struct policy *policy, const char *name)
{
	struct match_address members = {0};
	struct policy_set *set;

	policy->sets =
		room(policy->sets, policy->set_count, sizeof(*policy->sets));
	set = &policy->sets[policy->set_count++];
	*set = (struct policy_set){
		.set = {.action = SET_NONE, .kind = (uint8_t)pick(random, 2)},
	};
	(void)snprintf(set->set.name, SET_NAME_MAX, "%s", name);
	if (set->set.kind == SET_DYNAMIC)
		return;
	add_prefixes(random, &members);
	set->members = members.prefixes;
	set->member_count =
		condition_sort_prefixes(members.prefixes, members.prefix_count);
}

static void make_policy(uint64_t *random, struct policy *ret_policy)
{
	unsigned int rules = 1 + pick(random, RULES_MAX);

	policy_init(ret_policy);
	ret_policy->essentials = 0;
	ret_policy->default_in = (uint8_t)pick(random, VERDICT_COUNT);
	ret_policy->default_out = (uint8_t)pick(random, VERDICT_COUNT);
	add_set(random, ret_policy, "one");
	add_set(random, ret_policy, "two-2");
	for (unsigned int i = 0; i < rules; i++)
		add_rule(random, ret_policy);
}

static void read_back(const char *text, struct policy *ret_policy)
{
	struct foreign_report report = {0};

	policy_init(ret_policy);
	assert_int_equal(nftables_read(text, strlen(text), ret_policy, &report),
			 0);
	if (report.totals[NOTE_LEFT_OUT] > 0) {
		rulesets_show(&report);
		fail_msg("not read back, seed %llu:\n%s",
			 (unsigned long long)seed, text);
	}
	foreign_report_done(&report);
}

static const char *chains_of(const char *text)
{
	const char *chains = strstr(text, "\tchain in {");

	assert_non_null(chains);
	return chains;
}

static void one_round(uint64_t *random, bool asks)
{
	struct foreign_report report = {0};
	struct policy first, second, third;
	const char *difference;
	char *text, *again;

	make_policy(random, &first);
	text = rulesets_as_nft(&first, &report);
	assert_int_equal(report.totals[NOTE_LEFT_OUT], 0);
	read_back(text, &second);
	again = rulesets_as_nft(&second, &report);
	/* sets of limits are in the order of their rules, which is another
	 * where the two directions do not depend on each other */
	if (strcmp(chains_of(text), chains_of(again)) != 0)
		fail_msg("seed %llu:\n%s\nand then\n%s",
			 (unsigned long long)seed, text, again);
	read_back(again, &third);
	difference = rulesets_difference(&second, &third);
	if (difference)
		fail_msg("seed %llu: %s:\n%s", (unsigned long long)seed,
			 difference, text);
	if (asks && rulesets_nft_takes(text) == 0)
		fail_msg("seed %llu: nft refuses:\n%s",
			 (unsigned long long)seed, text);
	free(text);
	free(again);
	policy_done(&first);
	policy_done(&second);
	policy_done(&third);
	foreign_report_done(&report);
}

static void rulesets_come_back_as_they_were(void **state)
{
	uint64_t random = seed;

	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		one_round(&random, i % ASK_EVERY == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rulesets_come_back_as_they_were),
	};
	const char *wish = getenv("PORTCULLIS_SEED");

	seed = wish ? strtoull(wish, NULL, 10) : (uint64_t)time(NULL);
	print_message("PORTCULLIS_SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
