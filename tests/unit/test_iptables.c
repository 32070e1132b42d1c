// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rulesets of iptables-save and sets of ipset save.
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
#include "rules/foreign/ipset.h"
#include "rules/foreign/iptables.h"
#include "tests/support/rulesets.h"

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

static void forget(struct read *read)
{
	policy_done(&read->policy);
	foreign_report_done(&read->report);
}

/* A copy without a byte behind it, so that one too far is found. */
static char *copy_of(const char *text, size_t len)
{
	char *copy = malloc(len + !len);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return copy;
}

static void read_text(struct read *read, uint8_t family, const char *text)
{
	char *copy = copy_of(text, strlen(text));

	assert_int_equal(iptables_read(copy, strlen(text), family,
				       &read->policy, &read->report),
			 0);
	free(copy);
}

static void read_sets(struct read *read, const char *text)
{
	char *copy = copy_of(text, strlen(text));

	assert_int_equal(
		ipset_read(copy, strlen(text), &read->policy, &read->report),
		0);
	free(copy);
}

/* One rule in INPUT, on line 4. */
static void read_rule(struct read *read, uint8_t family, const char *rule)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "*filter\n:INPUT ACCEPT [0:0]\n:sub - [0:0]\n"
		       "-A INPUT %s\nCOMMIT\n",
		       rule);
	forget(read);
	read_text(read, family, text);
}

static void assert_rule(struct read *read, uint8_t family, const char *rule,
			const char *expected)
{
	struct foreign_report report = {0};
	char *text, *line, *stop;

	read_rule(read, family, rule);
	if (read->policy.rule_count != 1) {
		rulesets_show(&read->report);
		fail_msg("%zu rules: %s", read->policy.rule_count, rule);
	}
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
	read_rule(read, 4, rule);
	if (read->policy.rule_count != 0 ||
	    !rulesets_noted(&read->report, NOTE_LEFT_OUT, 4, reason)) {
		rulesets_show(&read->report);
		fail_msg("not left out: %s", rule);
	}
}

static void conditions_are_read(void **state)
{
	assert_rule(*state, 4, "-s 192.0.2.0/24 -j DROP",
		    "ip saddr 192.0.2.0/24 counter drop");
	assert_rule(*state, 6, "! -d 2001:db8::/32 -j DROP",
		    "ip6 daddr != 2001:db8::/32 counter drop");
	assert_rule(*state, 4, "-i eth0 -p tcp -m tcp --dport 1024: -j ACCEPT",
		    "iifname \"eth0\" meta nfproto ipv4 meta l4proto 6 "
		    "tcp dport 1024-65535 counter accept");
	assert_rule(*state, 4,
		    "-s 192.0.2.1/32 -p udp -m multiport --dports 53,67:68 "
		    "-j ACCEPT",
		    "ip saddr 192.0.2.1 meta l4proto 17 udp dport "
		    "{ 53, 67-68 } counter accept");
	assert_rule(*state, 4, "-s 192.0.2.1/32 -p tcp --syn -j DROP",
		    "ip saddr 192.0.2.1 meta l4proto 6 "
		    "tcp flags & 0x17 == 0x02 counter drop");
	assert_rule(*state, 4, "-p icmp -m icmp --icmp-type 3/4 -j ACCEPT",
		    "meta nfproto ipv4 meta l4proto 1 icmp type 3 icmp code 4 "
		    "counter accept");
	assert_rule(*state, 6, "-p ipv6-icmp --icmpv6-type 135 -j ACCEPT",
		    "meta nfproto ipv6 meta l4proto 58 icmpv6 type 135 "
		    "counter accept");
	assert_rule(*state, 4, "-m conntrack --ctstate NEW,INVALID -j DROP",
		    "meta nfproto ipv4 ct state new,invalid counter drop");
	assert_rule(*state, 4, "-m mac --mac-source 02:00:00:00:00:0A -j DROP",
		    "ether saddr { 02:00:00:00:00:0a } meta nfproto ipv4 "
		    "counter drop");
	assert_rule(*state, 4,
		    "-m iprange --src-range 192.0.2.4-192.0.2.7 -m length "
		    "--length 100:200 -j DROP",
		    "ip saddr 192.0.2.4/30 meta length { 100-200 } "
		    "counter drop");
	assert_rule(*state, 4, "-p tcp",
		    "meta nfproto ipv4 meta l4proto 6 "
		    "counter");
}

static void what_is_not_read_is_left_out_and_told(void **state)
{
	assert_left_out(*state, "-m mark --mark 0x1 -j ACCEPT", "not read");
	assert_left_out(*state, "-i eth+ -j ACCEPT", "not read");
	assert_left_out(*state, "-i eth* -j ACCEPT", "not read");
	assert_left_out(*state, "! -i dock*r0 -j DROP", "not read");
	assert_left_out(*state, "-o eth0 -j DROP", "way out");
	assert_left_out(*state, "-j MARK --set-mark 1", "not read");
	assert_left_out(*state, "-j nowhere", "jumps");
	assert_left_out(*state, "-j LOG --log-prefix \"a b \"", "log");
	assert_left_out(*state, "-m limit --limit 5/min -j DROP", "limit");
	assert_left_out(*state, "-m limit --limit 5/min -j ACCEPT", "goes on");
	assert_left_out(*state, "-p tcp --dport 80:70 -j DROP", "not read");
	assert_left_out(*state, "-s 192.0.2.1/32 -s 192.0.2.2/32 -j DROP",
			"never");
	assert_left_out(*state, "-m set --match-set a src,dst -j DROP",
			"more than one");
}

static void not_syn_is_one_flag_that_differs(void **state)
{
	struct read *read = *state;
	const struct match_flags *match;

	read_rule(read, 4, "-p tcp ! --syn -j DROP");
	match = &read->policy.rules[0].flags;
	assert_int_equal(match->count, 4);
	for (size_t i = 0; i < match->count; i++) {
		bool is_syn = match->flags[i].mask == 0x02;

		assert_int_equal(match->flags[i].value,
				 is_syn ? 0 : match->flags[i].mask);
	}
}

static void fragments_are_asked_for(void **state)
{
	struct read *read = *state;

	read_rule(read, 4, "-f -j DROP");
	assert_int_equal(read->policy.rule_count, 1);
	assert_int_equal(read->policy.rules[0].frags, 1 << FRAG_LATER);
	read_rule(read, 4, "! -f -j DROP");
	assert_int_equal(read->policy.rules[0].frags,
			 1 << FRAG_NONE | 1 << FRAG_FIRST);
}

static void limits_of_addresses_are_rules(void **state)
{
	struct read *read = *state;

	read_rule(read, 4,
		  "-p udp -m hashlimit --hashlimit-above 7/min "
		  "--hashlimit-burst 9 --hashlimit-mode srcip "
		  "--hashlimit-srcmask 24 --hashlimit-name x -j DROP");
	assert_int_equal(read->policy.rule_count, 1);
	assert_int_equal(read->policy.rules[0].action, RULE_LIMIT);
	assert_int_equal(read->policy.limits[0].per, LIMIT_PER_SOURCE_NET);
	assert_int_equal(read->policy.limits[0].rate, 7);
	assert_int_equal(read->policy.limits[0].seconds, 60);
	assert_int_equal(read->policy.limits[0].burst, 9);
}

static void what_is_no_ruleset_of_iptables_is_not_understood(void **state)
{
	struct read *read = *state;

	read_text(read, 4, "table ip t {\n chain c {\n  accept\n }\n}\n");
	assert_int_equal(read->report.understood_count, 0);
	read_text(read, 4, "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n");
	assert_int_equal(read->report.understood_count, 1);
}

static void the_time_of_a_member_is_told(void **state)
{
	struct read *read = *state;

	read_sets(read, "create bans hash:ip family inet\n"
			"add bans 192.0.2.1 timeout 300\n");
	assert_int_equal(read->policy.sets[0].member_count, 1);
	assert_true(rulesets_noted(&read->report, NOTE_DIFFERS, 2, "time"));
}

static void both_families_are_read_into_one_policy(void **state)
{
	struct read *read = *state;

	read_text(read, 4,
		  "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -j "
		  "ACCEPT\nCOMMIT\n");
	read_text(read, 6,
		  "*filter\n:INPUT DROP [0:0]\n-A INPUT -p udp -j "
		  "ACCEPT\nCOMMIT\n");
	assert_int_equal(read->policy.rule_count, 4);
	assert_int_equal(read->policy.default_in, VERDICT_PASS);
	assert_string_equal(read->policy.rules[1].id, "default-in-ipv4");
	assert_int_equal(read->policy.rules[2].family, 6);
	assert_string_equal(read->policy.rules[3].id, "default-in-ipv6");
	assert_string_equal(read->policy.rules[2].id, "INPUT-1-2");
}

static void rules_find_the_sets_of_ipset(void **state)
{
	struct read *read = *state;

	read_sets(read, "create My_Set hash:net family inet\n"
			"add My_Set 192.0.2.0/24\n");
	read_text(read, 4,
		  "*filter\n:INPUT ACCEPT [0:0]\n"
		  "-A INPUT -m set --match-set My_Set src -j DROP\n"
		  "-A INPUT -m set ! --match-set other dst -j DROP\n");
	assert_int_equal(read->policy.set_count, 2);
	assert_string_equal(read->policy.rules[0].source.sets[0], "my-set");
	assert_string_equal(read->policy.rules[1].destination.sets[0], "other");
	assert_true(read->policy.rules[1].destination.is_negated);
	assert_true(rulesets_noted(&read->report, NOTE_DIFFERS, 4, "empty"));
	assert_int_equal(read->report.totals[NOTE_DIFFERS], 1);
}

static void members_of_ipset_are_read(void **state)
{
	struct read *read = *state;
	size_t len;
	char *text = rulesets_file("rulesets/bans.ipset", &len);
	const struct policy_set *sets;

	assert_int_equal(ipset_read(text, len, &read->policy, &read->report),
			 0);
	free(text);
	sets = read->policy.sets;
	assert_int_equal(read->policy.set_count, 5);
	assert_string_equal(sets[0].set.name, "f2b-recidive");
	assert_int_equal(sets[0].set.kind, SET_DYNAMIC);
	assert_int_equal(sets[0].member_count, 0);
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 2, "expire"));
	assert_string_equal(sets[1].set.name, "drop-nets");
	assert_int_equal(sets[1].member_count, 2);
	assert_int_equal(sets[2].member_count, 1);
	assert_int_equal(sets[3].member_count, 2);
	assert_string_equal(sets[4].set.name, "all");
	assert_int_equal(sets[4].member_count, 2);
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 12, "other"));
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 13, "no set"));
	assert_int_equal(read->report.totals[NOTE_LEFT_OUT], 3);
}

static void an_exception_is_cut_out_of_members(void **state)
{
	struct read *read = *state;
	const struct policy_set *set;
	char text[PREFIX_TEXT_MAX];

	read_sets(read, "create s hash:net family inet\n"
			"add s 192.0.2.64/26 nomatch\nadd s 192.0.2.0/24\n");
	set = &read->policy.sets[0];
	assert_int_equal(set->member_count, 2);
	assert_string_equal(prefix_to_text(&set->members[0], text),
			    "192.0.2.0/26");
	assert_string_equal(prefix_to_text(&set->members[1], text),
			    "192.0.2.128/25");
	assert_int_equal(read->report.totals[NOTE_LEFT_OUT], 0);
}

static void the_web_host_of_ufw_is_read(void **state)
{
	struct read *read = *state;
	size_t len;
	char *text = rulesets_file("rulesets/ufw.iptables", &len);

	read_sets(read, "create f2b-recidive hash:ip timeout 600\n");
	assert_int_equal(
		iptables_read(text, len, 4, &read->policy, &read->report), 0);
	free(text);
	/* behind a return that we cannot say, no drop of ufw-not-local */
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 41, "return"));
	assert_true(rulesets_noted(&read->report, NOTE_LEFT_OUT, 26, "log"));
	assert_string_equal(read->policy.rules[0].id, "f2b-sshd-1");
	assert_int_equal(read->policy.rules[0].action, RULE_DROP);
	assert_int_equal(
		read->policy.rules[0].ranges[RANGE_DESTINATION_PORT].count, 2);
}

static void what_is_no_ruleset_is_told_line_by_line(void **state)
{
	struct read *read = *state;

	read_text(read, 4, "hello\n-A INPUT -j DROP\n");
	assert_int_equal(read->report.totals[NOTE_LEFT_OUT], 2);
	assert_int_equal(read->policy.rule_count, 0);
	forget(read);
	read_sets(read, "hello\nadd nowhere 192.0.2.1\n");
	assert_int_equal(read->report.totals[NOTE_LEFT_OUT], 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(conditions_are_read),
		TEST(what_is_not_read_is_left_out_and_told),
		TEST(not_syn_is_one_flag_that_differs),
		TEST(fragments_are_asked_for),
		TEST(limits_of_addresses_are_rules),
		TEST(what_is_no_ruleset_of_iptables_is_not_understood),
		TEST(the_time_of_a_member_is_told),
		TEST(both_families_are_read_into_one_policy),
		TEST(rules_find_the_sets_of_ipset),
		TEST(members_of_ipset_are_read),
		TEST(an_exception_is_cut_out_of_members),
		TEST(the_web_host_of_ufw_is_read),
		TEST(what_is_no_ruleset_is_told_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
