// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The keys of rules and limits: what is understood, how it is written when it
 * is printed, and what is refused with which words.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "tests/support/documents.h"

#define HEAD                                                    \
	"version: 1\n"                                          \
	"zones: {wan: [eth0], lan: [eth1]}\n"                   \
	"limits: {web: {rate: 100/s}, ssh: {rate: 5/minute}}\n" \
	"rules:\n"
#define RULE_LINE 5

/* A document with one rule, of which `keys` are in flow style. */
static char *with_rule(const char *keys)
{
	char *text = NULL;

	assert_true(asprintf(&text, HEAD "- {id: r, %s}\n", keys) > 0);
	return text;
}

static void read_rule(const char *keys, struct policy *ret_policy)
{
	char *text = with_rule(keys);

	read_document(text, ret_policy);
	free(text);
	assert_int_equal(ret_policy->rule_count, 1);
}

/* Printed, the rule has this line. */
static void assert_printed(const char *keys, const char *line)
{
	struct policy policy;
	char *text;

	read_rule(keys, &policy);
	text = print_document(&policy);
	if (!strstr(text, line))
		fail_msg("no \"%s\" in\n%s", line, text);
	free(text);
	policy_done(&policy);
}

static void assert_rule_refused(const char *keys, const char *part)
{
	char *text = with_rule(keys);

	assert_document_refused(text, -EINVAL, RULE_LINE, part);
	free(text);
}

static void a_rule_asks_for_nothing_it_does_not_mention(void **state)
{
	static const struct rule nothing;
	struct policy policy;
	const struct rule *rule;

	(void)state;
	read_rule("action: drop", &policy);
	rule = &policy.rules[0];
	assert_string_equal(rule->id, "r");
	assert_int_equal(rule->line, RULE_LINE);
	assert_int_equal(rule->action, RULE_DROP);
	assert_int_equal(rule->directions, DIRECTION_IN);
	assert_false(rule->is_shadow);
	assert_int_equal(rule->family, 0);
	assert_int_equal(rule->states, 0);
	assert_int_equal(rule->frags, 0);
	assert_int_equal(rule->zones.count, 0);
	assert_int_equal(rule->window_count, 0);
	assert_memory_equal(rule->ranges, nothing.ranges,
			    sizeof(nothing.ranges));
	policy_done(&policy);
}

static void the_id_and_the_action_are_needed(void **state)
{
	(void)state;
	assert_document_refused(HEAD "- {action: drop}\n", -EINVAL, RULE_LINE,
				"a rule needs the key \"id\"");
	assert_document_refused(HEAD "- {id: r}\n", -EINVAL, RULE_LINE,
				"a rule needs the key \"action\"");
	assert_rule_refused("action: dorp", "did you mean \"drop\"?");
	assert_rule_refused("action: reject", "words: pass, drop, limit, ");
}

static void an_unknown_key_is_refused_with_what_was_meant(void **state)
{
	(void)state;
	assert_rule_refused("action: drop, sorce: 10.0.0.1",
			    "unknown key \"sorce\" in rule: did you mean "
			    "\"source\"? keys: id, comment, action");
	assert_rule_refused("action: drop, xyzzy: 1", "in rule: keys: id,");
}

static void a_key_given_twice_is_refused_with_both_lines(void **state)
{
	(void)state;
	assert_document_refused(
		HEAD "- id: r\n  action: drop\n  action: pass\n", -EINVAL,
		RULE_LINE + 2, "\"action\" is given twice, first on line 6");
}

static void two_rules_of_one_id_are_refused_with_both_lines(void **state)
{
	(void)state;
	assert_document_refused(HEAD "- {id: a, action: drop}\n"
				     "- {id: b, action: drop}\n"
				     "- {id: a, action: pass}\n",
				-EINVAL, RULE_LINE + 2,
				"on line 5 and line 7 have the same id \"a\"");
}

static void a_limit_is_named_or_written_in_the_rule(void **state)
{
	struct policy policy;

	(void)state;
	read_rule("action: limit, limit: ssh", &policy);
	assert_int_equal(policy.rules[0].limit, 1);
	assert_int_equal(policy.limit_count, 2);
	policy_done(&policy);
	read_rule("action: limit, limit: {rate: 5 MB/s, burst: 7, per: rule}",
		  &policy);
	assert_int_equal(policy.rules[0].limit, 2);
	assert_int_equal(policy.limit_count, 3);
	assert_string_equal(policy.limits[2].name, "");
	assert_int_equal(policy.limits[2].rate, 5000000);
	assert_int_equal(policy.limits[2].burst, 7);
	assert_int_equal(policy.limits[2].unit, LIMIT_BYTES);
	assert_int_equal(policy.limits[2].per, LIMIT_PER_RULE);
	policy_done(&policy);
}

static void a_limit_stands_in_limit_rules_only(void **state)
{
	(void)state;
	assert_rule_refused("action: limit", "needs the key \"limit\"");
	assert_rule_refused("action: drop, limit: ssh",
			    "has a limit, but its action is drop");
	assert_rule_refused("action: limit, limit: shs",
			    "unknown limit \"shs\": did you mean \"ssh\"? "
			    "limits: web, ssh");
}

static void rates_are_counts_or_bytes_in_a_period(void **state)
{
	static const struct {
		const char *text;
		uint64_t rate;
		uint32_t seconds;
		enum limit_unit unit;
	} rates[] = {
		{"100/s", 100, 1, LIMIT_PACKETS},
		{"10/minute", 10, 60, LIMIT_PACKETS},
		{"1/hour", 1, 3600, LIMIT_PACKETS},
		{"7/day", 7, 86400, LIMIT_PACKETS},
		{"3 kB/second", 3000, 1, LIMIT_BYTES},
		{"2MiB/s", 2097152, 1, LIMIT_BYTES},
		{"10000000000/s", 10000000000, 1, LIMIT_PACKETS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct policy policy;
		char keys[96];

		(void)snprintf(keys, sizeof(keys),
			       "action: limit, limit: {rate: %s}",
			       rates[i].text);
		read_rule(keys, &policy);
		assert_int_equal(policy.limits[2].rate, rates[i].rate);
		assert_int_equal(policy.limits[2].seconds, rates[i].seconds);
		assert_int_equal(policy.limits[2].unit, rates[i].unit);
		assert_int_equal(policy.limits[2].burst, rates[i].rate);
		policy_done(&policy);
	}
}

static void what_is_no_rate_is_refused(void **state)
{
	static const char *const rates[] = {
		"100",
		"100/",
		"/s",
		"0/s",
		"100/fortnight",
		"5 MB",
		"-1/s",
		"1.5/s",
		"5  MB/s",
		"5 TB/s",
		"10000000001/s",
		"11 GB/s",
		"010/s",
		"99999999999999999999/s",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		char keys[96];

		(void)snprintf(keys, sizeof(keys),
			       "action: limit, limit: {rate: \"%s\"}",
			       rates[i]);
		assert_rule_refused(keys, "is no rate: a count or bytes");
	}
	assert_rule_refused("action: limit, limit: {rate: 5 MB/s, unit: flows}",
			    "\"5 MB/s\" is a rate of bytes, but the unit is "
			    "flows");
}

static void zones_are_those_of_the_document(void **state)
{
	(void)state;
	assert_printed("action: drop, in: [wan, lan, wan]", "in: [lan, wan]\n");
	assert_printed("action: drop, out: {not: wan}", "out: {not: wan}\n");
	assert_printed("action: drop", "in: any\n");
	assert_printed("action: drop, in: any, out: any",
		       "in: any\n    out: any\n");
	assert_rule_refused("action: drop, in: wam",
			    "unknown zone \"wam\": did you mean \"wan\"? "
			    "zones: wan, lan");
	assert_rule_refused("action: drop, in: wan, out: any",
			    "in and out together are both any");
	assert_rule_refused("action: drop, in: any, out: {not: wan}",
			    "in and out together are both any");
}

static void addresses_are_sorted_and_each_once(void **state)
{
	(void)state;
	assert_printed("action: drop, source: [10.2.0.0/16, 10.0.0.1, "
		       "10.2.3.4/16, \"@b\", \"@a\", \"@b\"]",
		       "source: [\"@a\", \"@b\", 10.0.0.1, 10.2.0.0/16]\n");
	assert_printed("action: drop, destination: {not: 10.0.0.1-10.0.0.4}",
		       "destination: {not: [10.0.0.1, 10.0.0.2/31, "
		       "10.0.0.4]}\n");
	assert_printed("action: drop, source: 0.0.0.0/0",
		       "source: 0.0.0.0/0\n");
}

static void what_is_no_address_is_refused(void **state)
{
	(void)state;
	assert_rule_refused("action: drop, source: 10.0.0.256",
			    "\"10.0.0.256\" is no address: an address, a");
	assert_rule_refused("action: drop, source: 10.0.0.9-10.0.0.1",
			    "is no address");
	assert_rule_refused("action: drop, source: 10.0.0.0/8-11.0.0.0",
			    "is no address");
	assert_rule_refused("action: drop, source: 10.0.0.1/32-10.0.0.9",
			    "is no address");
	assert_rule_refused("action: drop, source: \"@Bad\"",
			    "\"@Bad\" is no name of a set");
	assert_rule_refused("action: drop, source: [[10.0.0.1]]",
			    "a list is no address");
	assert_rule_refused("action: drop, source: \"::/0\"",
			    "for all of IPv6 write \"family: ipv6\"");
	assert_rule_refused("action: drop, source: []",
			    "an empty list is met by nothing");
	assert_rule_refused("action: drop, source: {nor: 10.0.0.1}",
			    "is {not: ...}");
}

static void ports_are_numbers_ranges_and_names_and_merged(void **state)
{
	(void)state;
	assert_printed("action: drop, destination_port: [https, 80, 81, "
		       "79-80, 1000-2000, 1500-3000, 0]",
		       "destination_port: [0, 79-81, 443, 1000-3000]\n");
	assert_printed("action: drop, source_port: {not: 65535}",
		       "source_port: {not: 65535}\n");
	assert_rule_refused("action: drop, source_port: 8O",
			    "\"8O\" is no port: a number 0-65535, a range "
			    "1000-2000 or a name (http, ssh, ...)");
	assert_rule_refused("action: drop, source_port: 65536", "is no port");
	assert_rule_refused("action: drop, source_port: 20-10", "is no port");
	assert_rule_refused("action: drop, source_port: 080", "is no port");
	assert_rule_refused("action: drop, source_port: \"\"", "is no port");
}

static void protocols_are_numbers_and_names(void **state)
{
	(void)state;
	assert_printed("action: drop, protocol: [udp, tcp, 200, 254-255]",
		       "protocol: [tcp, udp, 200, 254-255]\n");
	assert_rule_refused("action: drop, protocol: 256", "is no protocol");
}

static void icmp_types_have_names_and_codes(void **state)
{
	struct policy policy;
	const struct match_ranges *match;

	(void)state;
	read_rule("action: drop, icmp: [8, 3/4]", &policy);
	match = &policy.rules[0].ranges[RANGE_ICMP];
	assert_int_equal(match->count, 2);
	assert_int_equal(match->ranges[0].first, 3 << 8 | 4);
	assert_int_equal(match->ranges[0].last, 3 << 8 | 4);
	assert_int_equal(match->ranges[1].first, 8 << 8);
	assert_int_equal(match->ranges[1].last, 8 << 8 | 255);
	assert_int_equal(policy.rules[0].ranges[RANGE_PROTOCOL].count, 0);
	policy_done(&policy);
	assert_printed("action: drop, icmp: [8, 3/4, 7, 9/5-7]",
		       "icmp: [3/4, 7, echo-request, 9/5-7]\n");
	assert_printed("action: drop, icmpv6: {not: 128}",
		       "icmpv6: {not: echo-request}\n");
	assert_rule_refused("action: drop, icmp: packet-too-big",
			    "is no ICMP type");
	assert_rule_refused("action: drop, icmpv6: 1/256", "is no ICMPv6 type");
}

static void flags_say_what_is_set_of_which(void **state)
{
	struct policy policy;

	(void)state;
	read_rule("action: drop, tcp_flags: \"syn,!ack\"", &policy);
	assert_int_equal(policy.rules[0].flags.flags[0].mask, 0x12);
	assert_int_equal(policy.rules[0].flags.flags[0].value, 0x02);
	policy_done(&policy);
	assert_printed("action: drop, tcp_flags: [\"syn/syn,ack,rst\", "
		       "\"!ack\", \"none/all\"]",
		       "tcp_flags: [\"!ack\", \"syn,!rst,!ack\", "
		       "\"!fin,!syn,!rst,!psh,!ack,!urg,!ece,!cwr\"]\n");
	assert_rule_refused("action: drop, tcp_flags: \"syn,!syn\"",
			    "is no set of TCP flags");
	assert_rule_refused("action: drop, tcp_flags: fin/syn",
			    "is no set of TCP flags");
	assert_rule_refused("action: drop, tcp_flags: \"syn,\"",
			    "is no set of TCP flags");
	assert_rule_refused("action: drop, tcp_flags: none",
			    "is no set of TCP flags");
}

static void a_vlan_may_be_none(void **state)
{
	(void)state;
	assert_printed("action: drop, vlan: [none, 4000-4095, 0]",
		       "vlan: [0, 4000-4095, none]\n");
	assert_rule_refused("action: drop, vlan: 4096",
			    "\"4096\" is no VLAN: a number 0-4095");
	assert_printed("action: drop, length: {not: 40-100}",
		       "length: {not: 40-100}\n");
}

static void states_and_fragments_are_words(void **state)
{
	(void)state;
	assert_printed("action: drop, state: [related, established]",
		       "state: [established, related]\n");
	assert_printed("action: drop, fragment: later", "fragment: later\n");
	assert_rule_refused("action: drop, state: [establised]",
			    "did you mean \"established\"?");
	assert_rule_refused("action: drop, state: []", "leave \"state\" out");
}

static void times_are_days_and_minutes(void **state)
{
	struct policy policy;
	const struct window *window;

	(void)state;
	read_rule(
		"action: drop, time: [{days: [sat-mon, wed], from: \"22:30\", "
		"to: \"06:00\"}, {}]",
		&policy);
	window = policy.rules[0].windows;
	assert_int_equal(policy.rules[0].window_count, 2);
	assert_int_equal(window[0].days, 0x65);
	assert_int_equal(window[0].from_min, 22 * 60 + 30);
	assert_int_equal(window[0].to_min, 6 * 60);
	assert_int_equal(window[1].days, 0x7f);
	assert_int_equal(window[1].from_min, 0);
	assert_int_equal(window[1].to_min, 1440);
	policy_done(&policy);
	assert_rule_refused("action: drop, time: {from: \"24:00\"}",
			    "is no time of day");
	assert_rule_refused("action: drop, time: {to: \"24:01\"}",
			    "is no time of day");
	assert_rule_refused("action: drop, time: {to: \"8:00\"}",
			    "is no time of day");
	assert_rule_refused("action: drop, time: {days: mon-}", "is no day");
}

static void macs_and_interfaces_are_sorted(void **state)
{
	(void)state;
	assert_printed("action: drop, source_mac: [\"02:00:00:00:00:0B\", "
		       "\"02:00:00:00:00:0a\"]",
		       "source_mac: [\"02:00:00:00:00:0a\", "
		       "\"02:00:00:00:00:0b\"]\n");
	assert_rule_refused("action: drop, source_mac: \"02:00:00:00:00\"",
			    "is no MAC address");
	assert_printed("action: drop, interface: {not: [\"wg*\", eth0]}",
		       "interface: {not: [eth0, \"wg*\"]}\n");
	assert_rule_refused("action: drop, interface: abcdefghijklmnop",
			    "is no interface");
	assert_rule_refused("action: drop, interface: a/b", "is no interface");
}

static void a_syncookie_is_for_tcp_only(void **state)
{
	(void)state;
	assert_printed("action: syncookie, protocol: tcp",
		       "action: syncookie\n");
	assert_rule_refused("action: syncookie", "needs \"protocol: tcp\"");
	assert_rule_refused("action: syncookie, protocol: [tcp, udp]",
			    "needs \"protocol: tcp\"");
	assert_rule_refused("action: syncookie, protocol: {not: tcp}",
			    "needs \"protocol: tcp\"");
}

static void a_syncookie_is_for_what_comes_in(void **state)
{
	(void)state;
	assert_rule_refused("action: syncookie, protocol: tcp, out: any",
			    "is for what comes in");
	assert_rule_refused("action: syncookie, protocol: tcp, in: any, "
			    "out: any",
			    "is for what comes in");
}

static void a_comment_is_one_line_of_text(void **state)
{
	(void)state;
	assert_printed("action: drop, comment: \"a \\\"b\\\" \\\\ \\u00e4\"",
		       "comment: \"a \\\"b\\\" \\\\ \xc3\xa4\"\n");
	assert_rule_refused("action: drop, comment: \"a\\nb\"",
			    "is no comment: a line of text");
	assert_rule_refused("action: drop, comment: \"\\e[2J\"",
			    "is no comment");
	assert_rule_refused("action: drop, comment: \"\\u2028\"",
			    "is no comment");
	assert_rule_refused("action: drop, comment: \"\\0\"", "a NUL");
}

static void an_id_is_a_name(void **state)
{
	(void)state;
	assert_document_refused(HEAD "- {id: \"-x\", action: drop}\n", -EINVAL,
				RULE_LINE, "\"-x\" is no id: letters, digits");
	assert_document_refused(
		HEAD "- {id: a23456789012345678901234567890123456789012345678, "
		     "action: drop}\n",
		-EINVAL, RULE_LINE, "is no id");
}

static void a_shadow_rule_says_so(void **state)
{
	(void)state;
	assert_printed("action: drop, shadow: true", "shadow: true\n");
	assert_rule_refused("action: drop, shadow: yes",
			    "\"yes\" is no truth value: true or false");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_asks_for_nothing_it_does_not_mention),
		cmocka_unit_test(the_id_and_the_action_are_needed),
		cmocka_unit_test(an_unknown_key_is_refused_with_what_was_meant),
		cmocka_unit_test(a_key_given_twice_is_refused_with_both_lines),
		cmocka_unit_test(
			two_rules_of_one_id_are_refused_with_both_lines),
		cmocka_unit_test(a_limit_is_named_or_written_in_the_rule),
		cmocka_unit_test(a_limit_stands_in_limit_rules_only),
		cmocka_unit_test(rates_are_counts_or_bytes_in_a_period),
		cmocka_unit_test(what_is_no_rate_is_refused),
		cmocka_unit_test(zones_are_those_of_the_document),
		cmocka_unit_test(addresses_are_sorted_and_each_once),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(ports_are_numbers_ranges_and_names_and_merged),
		cmocka_unit_test(protocols_are_numbers_and_names),
		cmocka_unit_test(icmp_types_have_names_and_codes),
		cmocka_unit_test(flags_say_what_is_set_of_which),
		cmocka_unit_test(a_vlan_may_be_none),
		cmocka_unit_test(states_and_fragments_are_words),
		cmocka_unit_test(times_are_days_and_minutes),
		cmocka_unit_test(macs_and_interfaces_are_sorted),
		cmocka_unit_test(a_syncookie_is_for_tcp_only),
		cmocka_unit_test(a_syncookie_is_for_what_comes_in),
		cmocka_unit_test(a_comment_is_one_line_of_text),
		cmocka_unit_test(an_id_is_a_name),
		cmocka_unit_test(a_shadow_rule_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
