// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies as scripts for nft: what is written, in which order, what is told
 * instead; and that what was read comes back as it was.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"
#include "rules/foreign/ipset.h"
#include "rules/foreign/iptables.h"
#include "rules/foreign/nftables.h"
#include "tests/support/rulesets.h"

static struct rule *add_rule(struct policy *policy, const char *id,
			     enum rule_action action)
{
	struct rule *rules =
		array_room(policy->rules, policy->rule_count, sizeof(*rules));
	struct rule *rule;

	assert_non_null(rules);
	policy->rules = rules;
	rule = &rules[policy->rule_count++];
	*rule = (struct rule){
		.action = (uint8_t)action,
		.directions = DIRECTION_IN,
	};
	(void)snprintf(rule->id, sizeof(rule->id), "%s", id);
	return rule;
}

static void add_prefix(struct match_address *match, const char *text)
{
	struct prefix *prefixes = array_room(
		match->prefixes, match->prefix_count, sizeof(*prefixes));

	assert_non_null(prefixes);
	match->prefixes = prefixes;
	assert_int_equal(prefix_from_text(text, strlen(text),
					  &prefixes[match->prefix_count++]),
			 0);
}

static void add_set_name(struct match_address *match, const char *name)
{
	char(*sets)[SET_NAME_MAX] =
		array_room(match->sets, match->set_count, SET_NAME_MAX);

	assert_non_null(sets);
	match->sets = sets;
	(void)snprintf(sets[match->set_count++], SET_NAME_MAX, "%s", name);
}

static struct policy_set *add_set(struct policy *policy, const char *name,
				  enum set_action action)
{
	struct policy_set *sets =
		array_room(policy->sets, policy->set_count, sizeof(*sets));
	struct policy_set *set;

	assert_non_null(sets);
	policy->sets = sets;
	set = &sets[policy->set_count++];
	*set = (struct policy_set){
		.set = {.action = (uint8_t)action, .kind = SET_STATIC},
	};
	(void)snprintf(set->set.name, sizeof(set->set.name), "%s", name);
	return set;
}

static void add_range(struct rule *rule, enum rule_range kind, uint16_t first,
		      uint16_t last)
{
	struct match_ranges *match = &rule->ranges[kind];
	struct range *ranges =
		array_room(match->ranges, match->count, sizeof(*ranges));

	assert_non_null(ranges);
	match->ranges = ranges;
	ranges[match->count++] = (struct range){first, last};
}

/* Its limit, of packets. */
static void set_limit(struct policy *policy, struct rule *rule,
		      enum limit_per per)
{
	struct limit *limits = array_room(policy->limits, policy->limit_count,
					  sizeof(*limits));

	assert_non_null(limits);
	policy->limits = limits;
	rule->limit = (uint16_t)policy->limit_count;
	limits[policy->limit_count++] = (struct limit){
		.rate = 10,
		.seconds = 1,
		.burst = 20,
		.per = (uint8_t)per,
	};
}

/* Where nft cannot be asked, nft_can_be_asked() is the one that skips. */
static void assert_nft_takes(const char *text)
{
	int answer = rulesets_nft_takes(text);

	if (answer == 0)
		fail_msg("nft refuses:\n%s", text);
	if (answer < 0)
		print_message("nft cannot be asked here, only read back\n");
}

/* Write, look for the lines in this order, and ask nft. */
static void assert_lines(const struct policy *policy, const char *const *lines)
{
	struct foreign_report report = {0};
	char *text = rulesets_as_nft(policy, &report);
	const char *at = text;

	for (; *lines; lines++) {
		const char *found = strstr(at, *lines);

		if (!found) {
			fail_msg("no \"%s\" behind \"%.60s\" in\n%s", *lines,
				 at, text);
			break;
		}
		at = found + strlen(*lines);
	}
	assert_nft_takes(text);
	free(text);
	foreign_report_done(&report);
}

#define ASSERT_LINES(policy, ...) \
	assert_lines(policy, (const char *const[]){__VA_ARGS__, NULL})

/* Nothing of the rule is written, and it is told why. */
static void assert_left_out(const struct policy *policy, const char *id,
			    const char *why)
{
	struct foreign_report report = {0};
	char *text = rulesets_as_nft(policy, &report);
	char quoted[RULE_ID_MAX + 2];

	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", id);
	assert_null(strstr(text, quoted));
	assert_true(rulesets_noted(&report, NOTE_LEFT_OUT, 0, why));
	assert_nft_takes(text);
	free(text);
	foreign_report_done(&report);
}

static void decisions_are_in_the_order_of_the_policy(void **state)
{
	struct policy policy;
	struct policy_set *set;

	(void)state;
	policy_init(&policy);
	policy.default_in = VERDICT_DROP;
	add_set(&policy, "feed", SET_DROP);
	set = add_set(&policy, "friends", SET_ALLOW);
	set->members = calloc(2, sizeof(*set->members));
	set->member_count = 2;
	set->members[0] = prefix_of_v4(0xc0000200, 24);
	set->members[1] = prefix_of_v4(0xc0000201, 32);
	policy.management = calloc(1, sizeof(*policy.management));
	policy.management_count = 1;
	policy.management[0] = prefix_of_v4(0xc6336401, 32);
	add_rule(&policy, "last", RULE_COUNT);
	ASSERT_LINES(&policy, "set management.v4", "198.51.100.1,",
		     "set friends.v4", "192.0.2.0/24,\n\t\t\t192.0.2.1,",
		     "chain in {", "hook prerouting priority -250; policy drop",
		     "iifname \"lo\" counter accept", "ip6 hoplimit 255",
		     "ip saddr @management.v4 counter accept",
		     "ip6 saddr @friends.v6 counter accept",
		     "ip saddr @feed.v4 counter drop",
		     "counter comment \"last\"", "udp sport 67 udp dport 68",
		     "udp sport 546 udp dport 547", "ip6 hoplimit 1 ",
		     "chain out {",
		     "hook postrouting priority 300; policy accept",
		     "oifname \"lo\"", "ip6 hoplimit 255",
		     "ip daddr @management.v4 counter accept",
		     "ip6 daddr @friends.v6 counter accept");
	policy_done(&policy);
}

/* Is the text in the chain for the way in, for the way out? */
static void assert_in_chains(const struct policy *policy, const char *text,
			     bool in, bool out)
{
	struct foreign_report report = {0};
	char *script = rulesets_as_nft(policy, &report);
	char *way_in = strstr(script, "chain in {");
	char *way_out = strstr(script, "chain out {");

	assert_non_null(way_in);
	assert_non_null(way_out);
	way_out[-1] = '\0';
	assert_int_equal(strstr(way_in, text) != NULL, in);
	assert_int_equal(strstr(way_out, text) != NULL, out);
	free(script);
	foreign_report_done(&report);
}

static void sets_that_drop_judge_only_the_way_in(void **state)
{
	struct policy policy;

	(void)state;
	policy_init(&policy);
	add_set(&policy, "feed", SET_DROP);
	add_set(&policy, "tried", SET_SHADOW);
	add_set(&policy, "friends", SET_ALLOW);
	assert_in_chains(&policy, "@feed.v4", true, false);
	assert_in_chains(&policy, "@tried.v6", true, false);
	assert_in_chains(&policy, "saddr @friends.v4", true, false);
	assert_in_chains(&policy, "daddr @friends.v4", false, true);
	policy_done(&policy);
}

static void sets_in_shadow_count_and_go_on(void **state)
{
	struct policy policy;

	(void)state;
	policy_init(&policy);
	add_set(&policy, "tried", SET_SHADOW);
	ASSERT_LINES(&policy, "ip saddr @tried.v4 counter comment",
		     "ip6 saddr @tried.v6 counter comment");
	policy_done(&policy);
}

static void neighbour_discovery_is_straight_behind_the_header(void **state)
{
	struct policy policy;

	(void)state;
	policy_init(&policy);
	ASSERT_LINES(&policy, "ip6 nexthdr ipv6-icmp icmpv6 type 133-137");
	policy_done(&policy);
}

/* nft would make one comparison of both. */
static void two_unequal_ports_stay_two_conditions(void **state)
{
	struct policy policy;
	struct rule *rule;

	(void)state;
	policy_init(&policy);
	rule = add_rule(&policy, "neither", RULE_DROP);
	add_range(rule, RANGE_PROTOCOL, 6, 6);
	add_range(rule, RANGE_SOURCE_PORT, 1, 1);
	add_range(rule, RANGE_DESTINATION_PORT, 547, 547);
	rule->ranges[RANGE_SOURCE_PORT].is_negated = true;
	rule->ranges[RANGE_DESTINATION_PORT].is_negated = true;
	ASSERT_LINES(&policy, "tcp sport != 1 tcp dport != { 547, 547 } ");
	policy_done(&policy);
}

static void dhcp_passes_only_where_the_default_drops(void **state)
{
	struct policy policy;

	(void)state;
	policy_init(&policy);
	assert_in_chains(&policy, "udp sport 67", false, false);
	assert_in_chains(&policy, "ip6 hoplimit 1 ", false, false);
	assert_in_chains(&policy, "ip6 hoplimit 255", true, true);
	policy.default_out = VERDICT_DROP;
	assert_in_chains(&policy, "udp sport 67", false, true);
	assert_in_chains(&policy, "ip6 hoplimit 1 ", false, true);
	policy.default_in = VERDICT_DROP;
	assert_in_chains(&policy, "udp sport 67", true, true);
	policy_done(&policy);
}

static void both_families_have_a_rule_each_when_they_must(void **state)
{
	struct policy policy;
	struct rule *rule;

	(void)state;
	policy_init(&policy);
	rule = add_rule(&policy, "mixed", RULE_DROP);
	add_prefix(&rule->source, "192.0.2.0/24");
	add_prefix(&rule->source, "192.0.2.1");
	add_prefix(&rule->source, "2001:db8::/32");
	rule = add_rule(&policy, "none-of", RULE_DROP);
	add_prefix(&rule->destination, "192.0.2.1");
	rule->destination.is_negated = true;
	rule = add_rule(&policy, "all-of-it", RULE_DROP);
	add_prefix(&rule->source, "::/0");
	ASSERT_LINES(&policy,
		     "ip saddr 192.0.2.0/24 counter drop comment \"mixed\"",
		     "ip6 saddr 2001:db8::/32 counter drop comment \"mixed\"",
		     "ip daddr != 192.0.2.1 counter drop comment \"none-of\"",
		     "meta nfproto ipv6 counter drop comment \"none-of\"",
		     "meta nfproto ipv4 counter drop comment \"all-of-it\"",
		     "ip6 saddr ::/0 counter drop comment \"all-of-it\"");
	policy_done(&policy);
}

static void sets_and_prefixes_are_alternatives(void **state)
{
	struct policy policy;
	struct rule *rule;

	(void)state;
	policy_init(&policy);
	add_set(&policy, "a", SET_NONE);
	rule = add_rule(&policy, "either", RULE_DROP);
	add_prefix(&rule->source, "192.0.2.1");
	add_set_name(&rule->source, "a");
	ASSERT_LINES(&policy, "ip saddr 192.0.2.1 counter drop",
		     "ip saddr @a.v4 counter drop",
		     "ip6 saddr @a.v6 counter drop");
	/* it would count twice who is in both */
	policy.rules[0].action = RULE_COUNT;
	assert_left_out(&policy, "either", "several sets");
	policy.rules[0].source.is_negated = true;
	ASSERT_LINES(&policy, "ip saddr != 192.0.2.1 ip saddr != @a.v4 counter",
		     "ip6 saddr != @a.v6 counter");
	policy_done(&policy);
}

static void limits_of_addresses_have_a_set_of_their_own(void **state)
{
	struct policy policy;
	struct rule *rule;

	(void)state;
	policy_init(&policy);
	rule = add_rule(&policy, "few", RULE_LIMIT);
	rule->directions = DIRECTION_IN | DIRECTION_OUT;
	set_limit(&policy, rule, LIMIT_PER_SOURCE_NET);
	policy.limits[0].unit = LIMIT_FLOWS;
	ASSERT_LINES(&policy, "set limit-few.v4 {", "flags dynamic,timeout",
		     "set limit-few.v6 {", "priority -150",
		     "ct state new update @limit-few.v4 { ip saddr ",
		     "& 255.255.255.0 limit rate over 10/second burst 20",
		     "packets } counter drop",
		     "ip6 saddr & ffff:ffff:ffff:ffff:: limit", "chain out {",
		     "update @limit-few.v4");
	policy.limits[0].seconds = 86400;
	policy.limits[0].burst = 100000;
	ASSERT_LINES(&policy, "timeout 4233600s");
	policy.limits[0].seconds = 1;
	policy.limits[0].burst = 20;
	policy.limits[0].per = LIMIT_PER_RULE;
	assert_left_out(&policy, "few", "both directions");
	policy.rules[0].directions = DIRECTION_OUT;
	ASSERT_LINES(&policy, "ct state new limit rate over 10/second burst");
	policy_done(&policy);
}

static void bytes_of_a_burst_are_beside_the_rate(void **state)
{
	struct policy policy;
	struct rule *rule;

	(void)state;
	policy_init(&policy);
	rule = add_rule(&policy, "few", RULE_LIMIT);
	set_limit(&policy, rule, LIMIT_PER_RULE);
	policy.limits[0].unit = LIMIT_BYTES;
	ASSERT_LINES(&policy, "limit rate over 10 bytes/second burst 10 bytes");
	policy.limits[0].burst = 9;
	assert_left_out(&policy, "few", "burst");
	policy_done(&policy);
}

static void zones_are_written_as_interfaces(void **state)
{
	struct zone zones[2] = {{.name = "lan"}, {.name = "wan"}};
	char first[][RULE_NAME_MAX] = {"eth0", "eth1"};
	char second[][RULE_NAME_MAX] = {"eth1", "ppp0"};
	char asked[][RULE_NAME_MAX] = {"wan"};
	struct policy policy;
	struct rule *rule;

	(void)state;
	policy_init(&policy);
	zones[0].interfaces = first;
	zones[1].interfaces = second;
	zones[0].interface_count = zones[1].interface_count = 2;
	policy.zones = zones;
	policy.zone_count = 2;
	rule = add_rule(&policy, "z", RULE_DROP);
	rule->zones = (struct match_names){asked, 1, false};
	/* eth1 is in the first zone that has it */
	ASSERT_LINES(&policy, "\t\tiifname \"ppp0\" counter drop");
	policy.zones = NULL;
	policy.zone_count = 0;
	rule->zones = (struct match_names){0};
	policy_done(&policy);
}

static void what_nft_cannot_say_is_left_out_and_told(void **state)
{
	struct policy policy;
	struct rule *rule;

	(void)state;
	policy_init(&policy);
	rule = add_rule(&policy, "x", RULE_DROP);
	rule->frags = 1 << FRAG_LATER;
	assert_left_out(&policy, "x", "fragments");
	rule->frags = 0;
	add_range(rule, RANGE_VLAN, 5, 5);
	assert_left_out(&policy, "x", "tags");
	rule->ranges[RANGE_VLAN].count = 0;
	add_range(rule, RANGE_ICMP, 0x0300, 0x0304);
	add_range(rule, RANGE_ICMP, 0x0800, 0x0800);
	assert_left_out(&policy, "x", "pairs");
	rule->ranges[RANGE_ICMP].count = 1;
	ASSERT_LINES(&policy, "icmp type 3 icmp code 0-4 counter drop");
	rule->family = 6;
	assert_left_out(&policy, "x", "never");
	rule->family = 0;
	add_range(rule, RANGE_ICMPV6, 0x8000, 0x8000);
	assert_left_out(&policy, "x", "both families");
	rule->ranges[RANGE_ICMPV6].count = 0;
	add_range(rule, RANGE_SOURCE_PORT, 1, 1);
	assert_left_out(&policy, "x", "never");
	rule->ranges[RANGE_SOURCE_PORT].count = 0;
	rule->action = RULE_SYNCOOKIE;
	assert_left_out(&policy, "x", "syncookie");
	policy_done(&policy);
}

static void shadow_only_counts_and_is_told(void **state)
{
	struct foreign_report report = {0};
	struct policy policy;
	char *text;

	(void)state;
	policy_init(&policy);
	add_rule(&policy, "s", RULE_DROP)->is_shadow = true;
	(void)snprintf(policy.rules[0].comment, RULE_COMMENT_MAX, "a\nb");
	text = rulesets_as_nft(&policy, &report);
	assert_non_null(strstr(text, "\t\t# a?b\n\t\tcounter comment \"s\"\n"));
	assert_true(rulesets_noted(&report, NOTE_DIFFERS, 0, "shadow"));
	free(text);
	foreign_report_done(&report);
	policy_done(&policy);
}

/* Read one of the rulesets by its ending. */
static void read_file(const char *name, struct policy *policy)
{
	struct foreign_report report = {0};
	size_t len;
	char *text = rulesets_file(name, &len);

	policy_init(policy);
	if (strstr(name, ".nft"))
		assert_int_equal(nftables_read(text, len, policy, &report), 0);
	else if (strstr(name, ".ipset"))
		assert_int_equal(ipset_read(text, len, policy, &report), 0);
	else
		assert_int_equal(iptables_read(text, len, 4, policy, &report),
				 0);
	free(text);
	foreign_report_done(&report);
	/* sets alone leave them on, and they do not come back as such */
	policy->essentials = 0;
}

static void what_was_read_comes_back_as_it_was(void **state)
{
	static const char *const names[] = {
		"rulesets/webhost.nft",	    "rulesets/gateway.nft",
		"rulesets/router.nft",	    "rulesets/ufw.iptables",
		"rulesets/docker.iptables", "rulesets/bans.ipset",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct foreign_report report = {0};
		struct policy first, second;
		const char *difference;
		uint64_t left_out;
		char *text;

		read_file(names[i], &first);
		text = rulesets_as_nft(&first, &report);
		assert_nft_takes(text);
		left_out = report.totals[NOTE_LEFT_OUT];
		policy_init(&second);
		assert_int_equal(
			nftables_read(text, strlen(text), &second, &report), 0);
		/* gateway.nft asks for a tag, which nft does in no such chain */
		difference = rulesets_difference(&first, &second);
		if (left_out == 0 && difference)
			fail_msg("%s: %s", names[i], difference);
		assert_int_equal(second.rule_count + left_out,
				 first.rule_count);
		assert_int_equal(report.totals[NOTE_LEFT_OUT], left_out);
		free(text);
		policy_done(&first);
		policy_done(&second);
		foreign_report_done(&report);
	}
}

static void a_rule_of_both_ways_and_families_is_one_again(void **state)
{
	struct foreign_report report = {0};
	struct policy first, second;
	struct rule *rule;
	char *text;

	(void)state;
	policy_init(&first);
	first.essentials = 0;
	(void)add_rule(&first, "before", RULE_COUNT);
	rule = add_rule(&first, "mixed", RULE_DROP);
	rule->directions = DIRECTION_IN | DIRECTION_OUT;
	add_prefix(&rule->source, "192.0.2.0/24");
	add_prefix(&rule->source, "2001:db8::/32");
	(void)add_rule(&first, "behind", RULE_COUNT);
	text = rulesets_as_nft(&first, &report);
	policy_init(&second);
	assert_int_equal(nftables_read(text, strlen(text), &second, &report),
			 0);
	assert_int_equal(second.rule_count, 3);
	assert_string_equal(second.rules[1].id, "mixed");
	assert_int_equal(second.rules[1].directions,
			 DIRECTION_IN | DIRECTION_OUT);
	assert_int_equal(second.rules[1].source.prefix_count, 2);
	free(text);
	policy_done(&first);
	policy_done(&second);
	foreign_report_done(&report);
}

static void nft_can_be_asked(void **state)
{
	(void)state;
	if (rulesets_nft_takes("") < 0)
		skip();
	/* it would not be worth much if it took anything */
	assert_int_equal(rulesets_nft_takes("table inet t { chain }"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decisions_are_in_the_order_of_the_policy),
		cmocka_unit_test(sets_that_drop_judge_only_the_way_in),
		cmocka_unit_test(sets_in_shadow_count_and_go_on),
		cmocka_unit_test(
			neighbour_discovery_is_straight_behind_the_header),
		cmocka_unit_test(two_unequal_ports_stay_two_conditions),
		cmocka_unit_test(dhcp_passes_only_where_the_default_drops),
		cmocka_unit_test(both_families_have_a_rule_each_when_they_must),
		cmocka_unit_test(sets_and_prefixes_are_alternatives),
		cmocka_unit_test(limits_of_addresses_have_a_set_of_their_own),
		cmocka_unit_test(bytes_of_a_burst_are_beside_the_rate),
		cmocka_unit_test(zones_are_written_as_interfaces),
		cmocka_unit_test(what_nft_cannot_say_is_left_out_and_told),
		cmocka_unit_test(shadow_only_counts_and_is_told),
		cmocka_unit_test(a_rule_of_both_ways_and_families_is_one_again),
		cmocka_unit_test(nft_can_be_asked),
		cmocka_unit_test(what_was_read_comes_back_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
