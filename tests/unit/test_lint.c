// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What lint warns about, and what it leaves alone.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/lint.h"
#include "tests/support/documents.h"

/* Remembers what it was told: "KIND:ID<BY ...". */
struct heard {
	char text[512];
	struct lint_warning last;
	int stop_with;
};

static int hear(void *arg, const struct lint_warning *warning)
{
	struct heard *heard = arg;
	size_t used = strlen(heard->text);

	(void)snprintf(heard->text + used, sizeof(heard->text) - used,
		       "%s%s:%s%s%s", used ? " " : "",
		       lint_kind_name((enum lint_kind)warning->kind),
		       warning->id, warning->by ? "<" : "",
		       warning->by ? warning->by : "");
	heard->last = *warning;
	return heard->stop_with;
}

static void assert_warnings(const char *text, const char *expected)
{
	CLEANUP(policy_done) struct policy policy;
	struct heard heard = {0};

	read_document(text, &policy);
	assert_int_equal(lint(&policy, hear, &heard), 0);
	assert_string_equal(heard.text, expected);
}

#define HEAD "version: 1\nrules:\n"

/* Is rule b, with these conditions, covered by rule a with those? */
static void assert_cover(const char *a, const char *b, bool is_covered)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "version: 1\nzones: {wan: [wan0], lan: [lan0]}\n"
		       "rules:\n"
		       "  - {id: a, action: pass%s%s}\n"
		       "  - {id: b, action: pass%s%s}\n",
		       *a ? ", " : "", a, *b ? ", " : "", b);
	assert_warnings(text, is_covered ? "unreachable:b<a" : "");
}

static void a_rule_behind_one_that_asks_for_nothing_is_unreachable(void **state)
{
	(void)state;
	assert_cover("", "source: 192.0.2.1", true);
	assert_cover("source: 192.0.2.1", "", false);
}

static void addresses_are_covered_by_their_networks(void **state)
{
	(void)state;
	assert_cover("source: 192.0.2.0/24", "source: 192.0.2.9", true);
	assert_cover("source: 192.0.2.9", "source: 192.0.2.0/24", false);
	assert_cover("source: [10.0.0.0/8, 10.1.0.0/16, 192.0.2.0/24]",
		     "source: [10.2.3.4, 192.0.2.1]", true);
	assert_cover("source: [10.0.0.0/8, 192.0.2.0/24]",
		     "source: [10.2.3.4, 192.0.3.1]", false);
	assert_cover("source: 192.0.2.0/24", "destination: 192.0.2.9", false);
	assert_cover("source: '2001:db8::/32'", "source: '2001:db8::1'", true);
}

static void sets_are_covered_only_by_their_names(void **state)
{
	(void)state;
	assert_cover("source: ['@x', '@y']", "source: '@y'", true);
	assert_cover("source: '@x'", "source: ['@x', '@y']", false);
	assert_cover("source: '@x'", "source: 192.0.2.1", false);
	assert_cover("source: 192.0.2.1", "source: '@x'", false);
}

static void what_is_negated_covers_what_leaves_out_more(void **state)
{
	(void)state;
	assert_cover("source: {not: 192.0.2.1}", "source: {not: 192.0.2.0/24}",
		     true);
	assert_cover("source: {not: 192.0.2.0/24}", "source: {not: 192.0.2.1}",
		     false);
	assert_cover("source: {not: 192.0.2.0/24}", "source: 10.0.0.1", false);
	assert_cover("source_port: {not: 80}", "source_port: {not: 1-90}",
		     true);
	assert_cover("source_port: {not: 1-90}", "source_port: {not: 80}",
		     false);
}

static void ports_and_protocols_are_covered_by_ranges(void **state)
{
	(void)state;
	assert_cover("destination_port: 1-1023", "destination_port: [22, 80]",
		     true);
	assert_cover("destination_port: 1-1023", "destination_port: [22, 8080]",
		     false);
	assert_cover("protocol: [tcp, udp]",
		     "protocol: tcp, destination_port: 1", true);
	assert_cover("protocol: tcp", "protocol: [tcp, udp]", false);
}

static void icmp_of_one_family_does_not_cover_that_of_the_other(void **state)
{
	(void)state;
	assert_cover("icmp: echo-request", "icmpv6: echo-request", false);
	assert_cover("icmp: echo-request, icmpv6: echo-request",
		     "icmpv6: echo-request", true);
	assert_cover("icmp: echo-request",
		     "icmp: echo-request, icmpv6: echo-request", false);
}

static void families_states_and_zones_count(void **state)
{
	(void)state;
	assert_cover("family: ipv4", "family: ipv6", false);
	assert_cover("family: ipv4", "", false);
	assert_cover("family: ipv4", "family: ipv4", true);
	assert_cover("state: [new, established]", "state: new", true);
	assert_cover("state: new", "state: [new, established]", false);
	assert_cover("state: new", "", false);
	assert_cover("in: wan", "in: wan, source: 192.0.2.1", true);
	assert_cover("in: wan", "in: lan", false);
	assert_cover("in: any", "out: any", false);
}

static void what_does_not_end_a_packet_hides_nothing(void **state)
{
	(void)state;
	assert_warnings(HEAD "  - {id: a, action: count}\n"
			     "  - {id: b, action: pass}\n",
			"");
	assert_warnings(HEAD "  - {id: a, action: drop, shadow: true}\n"
			     "  - {id: b, action: pass}\n",
			"");
	assert_warnings(HEAD "  - {id: a, action: pass, time: {from: '08:00', "
			     "to: '17:00'}}\n"
			     "  - {id: b, action: count}\n",
			"");
}

static void the_first_that_covers_is_named_with_its_line(void **state)
{
	CLEANUP(policy_done) struct policy policy;
	struct heard heard = {0};

	(void)state;
	read_document(HEAD "  - {id: a, action: pass}\n"
			   "  - {id: b, action: pass}\n"
			   "  - {id: c, action: count}\n",
		      &policy);
	assert_int_equal(lint(&policy, hear, &heard), 0);
	assert_string_equal(heard.text, "unreachable:b<a unreachable:c<a");
	assert_int_equal(heard.last.line, 5);
	assert_non_null(strstr(heard.last.text, "rule a in line 3"));
}

static void a_set_that_nothing_asks_for_is_unused(void **state)
{
	(void)state;
	assert_warnings("version: 1\n"
			"sets:\n"
			"  one: {action: none, members: [192.0.2.1]}\n"
			"  two: {action: none, members: [192.0.2.1]}\n"
			"  three: {action: drop, members: [192.0.2.1]}\n"
			"  four: {action: none, members: [192.0.2.1]}\n"
			"rules:\n"
			"  - {id: a, action: pass, source: '@one'}\n"
			"  - {id: b, action: pass, destination: '@four'}\n",
			"unused:two");
}

static void a_drop_of_managers_is_of_no_effect_on_them(void **state)
{
#define MANAGED "version: 1\nmanagement: [192.0.2.9]\nrules:\n"
	(void)state;
	assert_warnings(MANAGED
			"  - {id: a, action: drop, source: 192.0.2.0/24}\n",
			"management:a");
	assert_warnings(MANAGED
			"  - {id: a, action: drop, source: 192.0.3.0/24}\n",
			"");
	assert_warnings(MANAGED
			"  - {id: a, action: pass, source: 192.0.2.0/24}\n",
			"");
	assert_warnings(
		MANAGED
		"  - {id: a, action: drop, source: {not: 192.0.2.0/24}}\n",
		"");
	assert_warnings(MANAGED "  - {id: a, action: drop, out: any, "
				"destination: 192.0.2.9}\n",
			"management:a");
	assert_warnings(MANAGED "  - {id: a, action: drop, in: any, "
				"destination: 192.0.2.9}\n",
			"");
}

static void a_last_drop_that_ends_dhcp_is_told(void **state)
{
	(void)state;
	assert_warnings(HEAD "  - {id: a, action: pass, source: 192.0.2.1}\n"
			     "  - {id: b, action: drop}\n",
			"dhcp:b");
	assert_warnings(HEAD "  - {id: b, action: drop, protocol: udp, "
			     "source_port: 67}\n"
			     "  - {id: c, action: drop}\n",
			"dhcp:b");
	assert_warnings(HEAD "  - {id: b, action: drop, protocol: udp, "
			     "source_port: 68}\n",
			"");
	assert_warnings(HEAD "  - {id: a, action: pass, protocol: udp}\n"
			     "  - {id: b, action: drop}\n",
			"");
	assert_warnings(HEAD "  - {id: b, action: drop, protocol: tcp}\n", "");
	assert_warnings("version: 1\nessentials: [neighbour]\nrules:\n"
			"  - {id: b, action: drop}\n",
			"");
}

static void dhcp_is_heard_if_a_rule_or_the_essentials_pass_it(void **state)
{
	static const struct {
		const char *text;
		bool is_heard;
	} cases[] = {
		{"version: 1\ndefaults: {in: drop}\n", true},
		{"version: 1\nessentials: []\ndefaults: {in: drop}\n", false},
		{"version: 1\nessentials: []\n", true},
		{HEAD "  - {id: a, action: drop, family: ipv6}\n", true},
		{HEAD "  - {id: a, action: drop}\n", false},
		{"version: 1\nessentials: []\ndefaults: {in: drop}\nrules:\n"
		 "  - {id: a, action: pass, protocol: udp, "
		 "destination_port: 68}\n",
		 true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(policy_done) struct policy policy;

		read_document(cases[i].text, &policy);
		if (lint_hears_dhcp(&policy) != cases[i].is_heard)
			fail_msg("%s", cases[i].text);
	}
}

static void a_rule_that_no_packet_can_meet_is_told(void **state)
{
	(void)state;
	assert_warnings(HEAD "  - {id: a, action: drop, protocol: icmp, "
			     "destination_port: 22}\n",
			"never:a");
	assert_warnings(HEAD "  - {id: a, action: drop, family: ipv4, "
			     "source: 2001:db8::/32}\n",
			"never:a");
	assert_warnings(HEAD "  - {id: a, action: drop, family: ipv6, "
			     "source: 2001:db8::/32, protocol: [icmp, udp], "
			     "destination_port: 22}\n",
			"");
}

static void a_limit_that_no_rule_names_is_unused(void **state)
{
	(void)state;
	assert_warnings("version: 1\nlimits:\n"
			"  one: {rate: 5/s}\n  two: {rate: 5/s}\n"
			"rules:\n  - {id: a, action: limit, limit: two}\n",
			"unused:one");
}

static void an_interface_of_an_earlier_zone_is_told(void **state)
{
	(void)state;
	assert_warnings("version: 1\nzones: {wan: [\"ppp*\"], "
			"far: [ppp1, eth0]}\n",
			"unreachable:far<wan");
	assert_warnings("version: 1\nzones: {wan: [ppp1], far: [\"ppp*\"]}\n",
			"");
}

static void a_listener_that_has_enough_ends_it(void **state)
{
	CLEANUP(policy_done) struct policy policy;
	struct heard heard = {.stop_with = -ECANCELED};

	(void)state;
	read_document(HEAD "  - {id: a, action: pass}\n"
			   "  - {id: b, action: pass}\n"
			   "  - {id: c, action: pass}\n",
		      &policy);
	assert_int_equal(lint(&policy, hear, &heard), -ECANCELED);
	assert_string_equal(heard.text, "unreachable:b<a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_rule_behind_one_that_asks_for_nothing_is_unreachable),
		cmocka_unit_test(addresses_are_covered_by_their_networks),
		cmocka_unit_test(sets_are_covered_only_by_their_names),
		cmocka_unit_test(what_is_negated_covers_what_leaves_out_more),
		cmocka_unit_test(ports_and_protocols_are_covered_by_ranges),
		cmocka_unit_test(
			icmp_of_one_family_does_not_cover_that_of_the_other),
		cmocka_unit_test(families_states_and_zones_count),
		cmocka_unit_test(what_does_not_end_a_packet_hides_nothing),
		cmocka_unit_test(the_first_that_covers_is_named_with_its_line),
		cmocka_unit_test(a_set_that_nothing_asks_for_is_unused),
		cmocka_unit_test(a_drop_of_managers_is_of_no_effect_on_them),
		cmocka_unit_test(a_last_drop_that_ends_dhcp_is_told),
		cmocka_unit_test(
			dhcp_is_heard_if_a_rule_or_the_essentials_pass_it),
		cmocka_unit_test(a_rule_that_no_packet_can_meet_is_told),
		cmocka_unit_test(a_limit_that_no_rule_names_is_unused),
		cmocka_unit_test(an_interface_of_an_earlier_zone_is_told),
		cmocka_unit_test(a_listener_that_has_enough_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
