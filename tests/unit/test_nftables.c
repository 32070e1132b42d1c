// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nftables rulesets: what becomes which rule, what is told instead.
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
#include "rules/foreign/nftables.h"
#include "tests/support/rulesets.h"

/* A ruleset as read, and what was told of it. */
struct read {
	struct policy policy;
	struct foreign_report report;
};

static int begin(void **state)
{
	struct read *read = calloc(1, sizeof(*read));

	if (!read)
		return -1;
	policy_init(&read->policy);
	*state = read;
	return 0;
}

static int end(void **state)
{
	struct read *read = *state;

	policy_done(&read->policy);
	foreign_report_done(&read->report);
	free(read);
	return 0;
}

/* Read a copy with no byte behind it, in place of what was read before. */
static void read_bytes(struct read *read, const char *text, size_t len)
{
	char *copy = malloc(len + !len);

	assert_non_null(copy);
	memcpy(copy, text, len);
	policy_done(&read->policy);
	foreign_report_done(&read->report);
	assert_int_equal(nftables_read(copy, len, &read->policy, &read->report),
			 0);
	free(copy);
}

static void read_text(struct read *read, const char *text)
{
	read_bytes(read, text, strlen(text));
}

/* One statement in a chain of an inet table, on line 3. */
static void read_rule(struct read *read, const char *rule)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "table inet t {\nchain c { type filter hook input "
		       "priority 0; policy accept;\n%s\n}\n}\n",
		       rule);
	read_text(read, text);
}

/* The line of the export that a statement becomes, without its comment. */
static void assert_rule(struct read *read, const char *rule,
			const char *expected)
{
	struct foreign_report report = {0};
	char *text, *line, *stop;

	read_rule(read, rule);
	if (read->policy.rule_count != 1)
		fail_msg("%zu rules: %s", read->policy.rule_count, rule);
	assert_int_equal(read->report.totals[NOTE_LEFT_OUT], 0);
	text = rulesets_as_nft(&read->policy, &report);
	line = strstr(text, "\"loopback\"\n");
	assert_non_null(line);
	line += strlen("\"loopback\"\n\t\t");
	stop = strstr(line, " comment");
	assert_non_null(stop);
	*stop = '\0';
	assert_string_equal(line, expected);
	free(text);
	foreign_report_done(&report);
}

static void assert_left_out(struct read *read, const char *rule,
			    const char *reason)
{
	read_rule(read, rule);
	if (read->policy.rule_count != 0 ||
	    !rulesets_noted(&read->report, NOTE_LEFT_OUT, 3, reason)) {
		rulesets_show(&read->report);
		fail_msg("not left out: %s", rule);
	}
}

static void addresses_are_read_in_both_families(void **state)
{
	assert_rule(*state, "ip saddr 192.0.2.0/24 drop",
		    "ip saddr 192.0.2.0/24 counter drop");
	assert_rule(*state,
		    "ip6 daddr != { 2001:db8::1, 2001:db8:1::/48 } drop",
		    "ip6 daddr != { 2001:db8::1, 2001:db8:1::/48 } "
		    "counter drop");
	assert_rule(*state, "ip saddr 192.0.2.4-192.0.2.8 accept",
		    "ip saddr { 192.0.2.4/30, 192.0.2.8 } counter accept");
	assert_rule(*state, "ip saddr 0.0.0.0/0 drop",
		    "meta nfproto ipv4 counter drop");
	assert_rule(*state, "ip6 saddr ::/0 drop",
		    "meta nfproto ipv6 counter drop");
}

static void ports_are_read_with_their_protocol(void **state)
{
	assert_rule(*state, "tcp dport ssh accept",
		    "meta l4proto 6 tcp dport 22 counter accept");
	assert_rule(*state, "udp sport { 1-5, 4-9, 11 } drop",
		    "meta l4proto 17 udp sport { 1-9, 11 } counter drop");
	assert_rule(*state, "tcp dport != 80 drop",
		    "meta l4proto 6 tcp dport != 80 counter drop");
	assert_rule(*state, "meta l4proto { tcp, udp } th dport 53 drop",
		    "meta l4proto { 6, 17 } th dport 53 counter drop");
	assert_rule(*state, "tcp dport > 1023 drop",
		    "meta l4proto 6 tcp dport 1024-65535 counter drop");
	assert_rule(*state, "tcp dport != 80 tcp dport 79-81 drop",
		    "meta l4proto 6 tcp dport { 79, 81 } counter drop");
}

static void a_bare_port_is_of_three_protocols_and_told(void **state)
{
	struct read *read = *state;

	assert_rule(read, "th dport 53 drop",
		    "meta l4proto { 6, 17, 132 } th dport 53 counter drop");
	assert_true(rulesets_noted(&read->report, NOTE_DIFFERS, 3, "ports"));
}

static void icmp_types_and_codes_are_read(void **state)
{
	assert_rule(*state, "icmp type { echo-request, 3 } accept",
		    "meta nfproto ipv4 meta l4proto 1 icmp type { 3, 8 } "
		    "counter accept");
	assert_rule(*state, "icmp type 3 icmp code frag-needed accept",
		    "meta nfproto ipv4 meta l4proto 1 icmp type 3 icmp code 4 "
		    "counter accept");
	assert_rule(*state, "icmpv6 type != nd-redirect accept",
		    "meta nfproto ipv6 meta l4proto 58 "
		    "icmpv6 type { 0-136, 138-255 } counter accept");
}

static void flags_are_read_in_every_form(void **state)
{
	assert_rule(*state, "tcp flags & (fin | syn) == syn drop",
		    "meta l4proto 6 tcp flags & 0x03 == 0x02 counter drop");
	assert_rule(*state, "tcp flags syn / fin,syn,rst,ack drop",
		    "meta l4proto 6 tcp flags & 0x17 == 0x02 counter drop");
	assert_rule(*state, "tcp flags == syn drop",
		    "meta l4proto 6 tcp flags & 0xff == 0x02 counter drop");
	assert_rule(*state, "tcp flags syn drop",
		    "meta l4proto 6 tcp flags & 0x02 == 0x02 counter drop");
	assert_rule(*state, "tcp flags & (fin|syn) == 0x0 drop",
		    "meta l4proto 6 tcp flags & 0x03 == 0x00 counter drop");
	assert_rule(*state, "tcp flags { syn, syn | ack } drop",
		    "meta l4proto 6 tcp flags { 0x02, 0x12 } counter drop");
	assert_left_out(*state, "tcp flags & syn == ack drop", "never");
}

static void the_other_conditions_are_read(void **state)
{
	assert_rule(*state, "ct state established,related accept",
		    "ct state established,related counter accept");
	assert_rule(*state, "ct state != invalid accept",
		    "ct state new,established,related counter accept");
	assert_rule(*state, "iifname { \"eth1\", eth0 } drop",
		    "iifname { \"eth0\", \"eth1\" } counter drop");
	assert_rule(*state, "iifname != eth0 drop",
		    "iifname != \"eth0\" counter drop");
	assert_rule(*state, "meta length > 1400 counter",
		    "meta length { 1401-4294967295 } counter");
	assert_rule(*state, "ether saddr 02:00:00:00:00:0a drop",
		    "ether saddr { 02:00:00:00:00:0a } counter drop");
	assert_rule(*state,
		    "meta day { Monday, 0 } meta hour 08:00-16:59:59 drop",
		    "meta day { \"Monday\", \"Sunday\" } "
		    "meta hour \"08:00\"-\"16:59:59\" counter drop");
	assert_rule(*state, "meta nfproto ipv6 ip6 nexthdr gre drop",
		    "meta nfproto ipv6 meta l4proto 47 counter drop");
}

static void what_is_not_read_is_left_out_and_told(void **state)
{
	assert_left_out(*state, "meta mark 7 accept", "not read");
	assert_left_out(*state, "tcp dport 80 meta skuid 0 accept", "not read");
	assert_left_out(*state, "iifname \"eth*\" accept", "not read");
	assert_left_out(*state, "iifname \"e*h0\" accept", "not read");
	assert_left_out(*state, "iifname \"sixteen-letters0\" drop",
			"not read");
	assert_left_out(*state, "oifname eth0 drop", "way out");
	assert_left_out(*state, "ip saddr @nowhere drop", "set");
	assert_left_out(*state, "tcp dport @nowhere drop", "set");
	assert_left_out(*state, "ip saddr 192.0.2.1/33 drop", "value");
	assert_left_out(*state, "tcp dport 99999 drop", "value");
	assert_left_out(*state, "ip saddr . tcp dport { 192.0.2.1 . 1 } drop",
			"at once");
	assert_left_out(*state, "tcp dport 22", "does nothing");
	assert_left_out(*state, "jump nowhere", "jumps");
	assert_left_out(*state, "limit rate 5/second drop", "limit");
	assert_left_out(*state, "limit rate 5/second accept", "goes on");
	assert_left_out(*state, "accept drop", "two verdicts");
	assert_left_out(*state, "ip saddr 192.0.2.1 ip saddr 192.0.2.2 drop",
			"never");
	assert_left_out(*state, "meta hour 22:00-06:00 drop", "midnight");
	assert_left_out(*state, "dnat to 192.0.2.1", "not read");
}

static void what_can_never_be_met_is_told(void **state)
{
	struct read *read = *state;

	read_rule(read, "ip protocol udp tcp dport 80 drop");
	assert_int_equal(read->policy.rule_count, 0);
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 3, "never"));
	read_rule(read, "ip saddr 192.0.2.1 ip6 nexthdr tcp drop");
	assert_int_equal(read->policy.rule_count, 0);
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 3, "never"));
}

static void reject_and_log_are_told(void **state)
{
	struct read *read = *state;

	assert_rule(read, "log prefix \"x\" level info reject with tcp reset",
		    "counter drop");
	assert_true(rulesets_noted(&read->report, NOTE_DIFFERS, 3, "reject"));
	assert_true(rulesets_noted(&read->report, NOTE_DIFFERS, 3, "log"));
}

static void loopback_needs_no_rule(void **state)
{
	struct read *read = *state;

	read_rule(read, "iif lo accept");
	assert_int_equal(read->policy.rule_count, 0);
	assert_int_equal(read->report.totals[NOTE_LEFT_OUT], 0);
	assert_true(rulesets_noted(&read->report, NOTE_DIFFERS, 3, "loopback"));
}

static void limits_that_drop_what_is_above_are_rules(void **state)
{
	assert_rule(*state, "limit rate over 10/minute burst 7 packets drop",
		    "limit rate over 10/minute burst 7 packets counter drop");
	assert_rule(*state, "limit rate over 2 kbytes/second drop",
		    "limit rate over 2048 bytes/second counter drop");
	assert_rule(*state,
		    "limit rate over 2 kbytes/second burst 1 kbytes drop",
		    "limit rate over 2048 bytes/second burst 1024 bytes "
		    "counter drop");
}

static void a_limited_accept_needs_a_drop_behind_it(void **state)
{
	struct read *read = *state;

	read_rule(read, "icmp type 8 limit rate 5/second accept\n"
			"icmp type 8 drop");
	assert_int_equal(read->policy.rule_count, 3);
	assert_int_equal(read->policy.rules[0].action, RULE_LIMIT);
	assert_int_equal(read->policy.rules[1].action, RULE_PASS);
	assert_int_equal(read->policy.rules[2].action, RULE_DROP);
	read_rule(read, "icmp type 8 limit rate 5/second accept\n"
			"icmp type 0 drop");
	assert_int_equal(read->policy.rule_count, 1);
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 3, "goes on"));
}

static void above_a_limit_before_a_final_drop_is_dropped_and_told(void **state)
{
	struct read *read = *state;

	read_rule(read, "tcp dport 22 limit rate 5/second accept\n"
			"tcp dport 80 accept\ndrop");
	assert_int_equal(read->policy.rule_count, 4);
	assert_int_equal(read->policy.rules[0].action, RULE_LIMIT);
	assert_int_equal(read->policy.rules[1].action, RULE_PASS);
	assert_int_equal(read->report.totals[NOTE_LEFT_OUT], 0);
	assert_true(rulesets_noted(&read->report, NOTE_DIFFERS, 3,
				   "above the limit"));
	assert_false(rulesets_noted(&read->report, NOTE_DIFFERS, 4, ""));
}

static void a_default_that_drops_dhcp_is_told(void **state)
{
	struct read *read = *state;

	read_rule(read, "tcp dport 22 accept");
	assert_false(rulesets_noted(&read->report, NOTE_DIFFERS, 0, "DHCP"));
	read_rule(read, "tcp dport 22 accept\ndrop");
	assert_true(rulesets_noted(&read->report, NOTE_DIFFERS, 0, "DHCP"));
	read_rule(read, "udp dport 68 accept\ndrop");
	assert_false(rulesets_noted(&read->report, NOTE_DIFFERS, 0, "DHCP"));
}

static void what_is_no_ruleset_of_nftables_is_not_understood(void **state)
{
	struct read *read = *state;

	read_rule(read, "accept");
	assert_int_equal(read->report.understood_count, 1);
	read_text(read, "*filter\n:INPUT DROP [0:0]\n"
			"-A INPUT -p tcp -j ACCEPT\nCOMMIT\n");
	assert_int_equal(read->report.understood_count, 0);
	read_text(read, "{\"nftables\": [{\"table\": {\"name\": \"x\"}}]}\n");
	assert_int_equal(read->report.understood_count, 0);
	read_text(read, "");
	assert_int_equal(read->report.understood_count, 0);
}

static void meters_are_limits_of_one_address(void **state)
{
	struct read *read = *state;

	read_text(read,
		  "table inet t {\n"
		  "set m { type ipv4_addr; flags dynamic; timeout 1m; }\n"
		  "chain c { type filter hook input priority 0;\n"
		  "tcp dport 22 update @m { ip saddr limit rate over 3/minute "
		  "burst 2 packets } drop\n}\n}\n");
	assert_int_equal(read->report.totals[NOTE_LEFT_OUT], 0);
	assert_int_equal(read->policy.set_count, 0);
	assert_int_equal(read->policy.rule_count, 1);
	assert_int_equal(read->policy.rules[0].family, 4);
	assert_int_equal(read->policy.limits[0].per, LIMIT_PER_SOURCE);
	assert_int_equal(read->policy.limits[0].rate, 3);
	assert_int_equal(read->policy.limits[0].seconds, 60);
	assert_int_equal(read->policy.limits[0].burst, 2);
}

static void a_jump_adds_its_conditions(void **state)
{
	struct read *read = *state;

	read_text(read, "table inet t {\n"
			"chain sub { ip saddr 192.0.2.0/28 accept; return;\n"
			"drop }\n"
			"chain c { type filter hook input priority 0;\n"
			"tcp dport 22 ip saddr 192.0.2.0/24 jump sub\n"
			"counter comment \"rest\"\n}\n}\n");
	assert_int_equal(read->policy.rule_count, 2);
	assert_int_equal(read->policy.rules[0].action, RULE_PASS);
	assert_int_equal(read->policy.rules[0].source.prefix_count, 1);
	assert_int_equal(prefix_len(&read->policy.rules[0].source.prefixes[0]),
			 28);
	assert_int_equal(
		read->policy.rules[0].ranges[RANGE_DESTINATION_PORT].count, 1);
	assert_string_equal(read->policy.rules[1].id, "rest");
}

static void behind_a_conditional_return_nothing_is_said(void **state)
{
	struct read *read = *state;

	read_text(read, "table inet t {\n"
			"chain sub { ip saddr 192.0.2.1 return\n"
			"drop\n}\n"
			"chain c { type filter hook input priority 0;\n"
			"jump sub\n}\n}\n");
	assert_int_equal(read->policy.rule_count, 0);
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 3, "return"));
}

static void a_circle_of_jumps_ends(void **state)
{
	struct read *read = *state;

	read_text(read,
		  "table inet t {\n"
		  "chain a { jump b; jump b; }\nchain b { jump a; jump a; }\n"
		  "chain c { type filter hook input priority 0;\n"
		  "jump a\n}\n}\n");
	assert_int_equal(read->policy.rule_count, 0);
	assert_int_equal(read->report.totals[NOTE_LEFT_OUT], 2);
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 3, "circle"));
}

/* Each of fifteen chains jumps three times to the next. */
static void of_ways_without_number_only_some_are_walked(void **state)
{
	struct read *read = *state;
	char text[2048] = "table inet t {\n"
			  "chain base { type filter hook input priority 0\n"
			  "jump c1\n}\n";
	size_t used = strlen(text);

	for (int i = 1; i < 16; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "chain c%d { jump c%d; jump c%d\n"
					 "jump c%d\n}\n",
					 i, i + 1, i + 1, i + 1);
	(void)snprintf(text + used, sizeof(text) - used,
		       "chain c16 { return; }\n}\n");
	read_text(read, text);
	assert_true(
		rulesets_noted(&read->report, NOTE_LEFT_OUT, 6, "too many"));
}

static void accept_before_another_chain_is_left_out(void **state)
{
	struct read *read = *state;

	read_text(read,
		  "table inet t {\n"
		  "chain early { type filter hook prerouting priority -300;\n"
		  "ip saddr 192.0.2.1 accept\nip saddr 192.0.2.2 drop\n}\n"
		  "chain c { type filter hook input priority 0; policy drop;\n"
		  "tcp dport 22 accept\n}\n}\n");
	assert_int_equal(read->policy.default_in, VERDICT_DROP);
	assert_int_equal(read->policy.rule_count, 2);
	assert_int_equal(read->policy.rules[0].action, RULE_DROP);
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 3,
				   "others come after"));
}

static void a_default_of_one_family_is_a_last_rule(void **state)
{
	struct read *read = *state;

	read_text(read,
		  "table ip t {\nchain c { type filter hook input "
		  "priority 0; policy drop;\ntcp dport 22 accept\n}\n}\n");
	assert_int_equal(read->policy.default_in, VERDICT_PASS);
	assert_int_equal(read->policy.rule_count, 2);
	assert_int_equal(read->policy.rules[0].family, 4);
	assert_string_equal(read->policy.rules[1].id, "default-in-ipv4");
	assert_int_equal(read->policy.rules[1].family, 4);
	assert_int_equal(read->policy.rules[1].action, RULE_DROP);
}

static void sets_get_names_of_ours(void **state)
{
	struct read *read = *state;

	read_text(read,
		  "table ip t {\n"
		  "set Bad_Hosts { type ipv4_addr; elements = { 192.0.2.1,\n"
		  "\t192.0.2.0/28, 192.0.2.1 timeout 1h comment \"x\", nobody\n"
		  "} }\n"
		  "set allow { type ipv4_addr; flags dynamic; }\n"
		  "set bad-hosts { type ipv4_addr; }\n}\n");
	assert_int_equal(read->policy.set_count, 3);
	assert_string_equal(read->policy.sets[0].set.name, "bad-hosts");
	assert_int_equal(read->policy.sets[0].member_count, 2);
	assert_int_equal(read->policy.sets[0].set.action, SET_NONE);
	assert_string_equal(read->policy.sets[1].set.name, "allow-2");
	assert_int_equal(read->policy.sets[1].set.kind, SET_DYNAMIC);
	assert_string_equal(read->policy.sets[2].set.name, "bad-hosts-2");
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 3,
				   "not an address"));
}

static void commands_add_to_chains_as_blocks_do(void **state)
{
	struct read *read = *state;

	read_text(read, "add table inet t\n"
			"define p = { 80, 443 }\n"
			"add chain inet t c { type filter hook input priority "
			"0; policy drop; }\n"
			"add set inet t s { type ipv4_addr; }\n"
			"add element inet t s { 192.0.2.1, 192.0.2.2 }\n"
			"add rule inet t c ip saddr @s tcp dport $p accept\n"
			"insert rule inet t c drop\n");
	assert_int_equal(read->policy.rule_count, 1);
	assert_int_equal(read->policy.sets[0].member_count, 2);
	assert_int_equal(
		read->policy.rules[0].ranges[RANGE_DESTINATION_PORT].count, 2);
	assert_int_equal(read->policy.default_in, VERDICT_DROP);
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 7, ""));
}

static void ids_are_comments_if_they_can_be(void **state)
{
	struct read *read = *state;

	read_rule(read, "tcp dport 1 drop comment \"one\"\n"
			"tcp dport 2 drop comment \"one\"\n"
			"tcp dport 3 drop comment \"not an id\"\n");
	assert_string_equal(read->policy.rules[0].id, "one");
	assert_string_equal(read->policy.rules[1].id, "one-2");
	assert_string_equal(read->policy.rules[2].id, "c-3");
	assert_string_equal(read->policy.rules[2].comment, "not an id");
}

static void what_is_no_ruleset_is_told_line_by_line(void **state)
{
	struct read *read = *state;

	read_text(read, "");
	assert_int_equal(read->report.totals[NOTE_LEFT_OUT], 0);
	read_text(read, "<html>\n}\nhello {\n");
	assert_int_equal(read->policy.rule_count, 0);
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 1, ""));
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 2, ""));
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 3, ""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_are_read_in_both_families),
		TEST(ports_are_read_with_their_protocol),
		TEST(a_bare_port_is_of_three_protocols_and_told),
		TEST(icmp_types_and_codes_are_read),
		TEST(flags_are_read_in_every_form),
		TEST(the_other_conditions_are_read),
		TEST(what_is_not_read_is_left_out_and_told),
		TEST(what_can_never_be_met_is_told),
		TEST(reject_and_log_are_told),
		TEST(loopback_needs_no_rule),
		TEST(limits_that_drop_what_is_above_are_rules),
		TEST(a_limited_accept_needs_a_drop_behind_it),
		TEST(above_a_limit_before_a_final_drop_is_dropped_and_told),
		TEST(a_default_that_drops_dhcp_is_told),
		TEST(what_is_no_ruleset_of_nftables_is_not_understood),
		TEST(meters_are_limits_of_one_address),
		TEST(a_jump_adds_its_conditions),
		TEST(behind_a_conditional_return_nothing_is_said),
		TEST(a_circle_of_jumps_ends),
		TEST(of_ways_without_number_only_some_are_walked),
		TEST(accept_before_another_chain_is_left_out),
		TEST(a_default_of_one_family_is_a_last_rule),
		TEST(sets_get_names_of_ours),
		TEST(commands_add_to_chains_as_blocks_do),
		TEST(ids_are_comments_if_they_can_be),
		TEST(what_is_no_ruleset_is_told_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
