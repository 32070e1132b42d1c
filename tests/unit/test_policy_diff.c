// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What rules/policy_diff.h says of two policies.
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
#include "rules/policy_diff.h"
#include "tests/support/documents.h"

#define HEARD_MAX 2048

/* Remembers what it was told: "rule changed b (source) moved". */
struct heard {
	char text[HEARD_MAX];
	uint32_t last_line;
	int stop_with;
};

__attribute__((format(printf, 2, 3))) static void note(struct heard *heard,
						       const char *format, ...)
{
	size_t used = strlen(heard->text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(heard->text + used, HEARD_MAX - used, format, args);
	va_end(args);
}

static int hear(void *arg, const struct difference *difference)
{
	struct heard *heard = arg;

	note(heard, "%s%s %s %s", *heard->text ? "; " : "",
	     diff_what_name((enum diff_what)difference->what),
	     diff_change_name((enum diff_change)difference->change),
	     difference->name);
	if (*difference->keys)
		note(heard, " (%s)", difference->keys);
	if (difference->members_added || difference->members_removed)
		note(heard, " +%zu -%zu", difference->members_added,
		     difference->members_removed);
	if (difference->is_moved)
		note(heard, " moved");
	heard->last_line = difference->line;
	return heard->stop_with;
}

static struct heard compare(const char *before, const char *after)
{
	CLEANUP(policy_done) struct policy old_policy;
	CLEANUP(policy_done) struct policy new_policy;
	struct heard heard = {0};

	read_document(before, &old_policy);
	read_document(after, &new_policy);
	assert_int_equal(policy_diff(&old_policy, &new_policy, hear, &heard),
			 0);
	return heard;
}

static void assert_diff(const char *before, const char *after,
			const char *expected)
{
	assert_string_equal(compare(before, after).text, expected);
}

#define HEAD	 "version: 1\n"
#define RULES	 HEAD "rules:\n"
#define RULE(id) "  - {id: " #id ", action: pass, source: 192.0.2.1}\n"
#define DROP(id) "  - {id: " #id ", action: drop, source: 192.0.2.1}\n"
#define RATE(id, n) \
	"  - {id: " #id ", action: limit, limit: {rate: " #n "/s}}\n"

static void equal_policies_have_no_difference(void **state)
{
	static const char *const names[] = {
		"rules/default/dns-server.yml",
		"rules/default/gateway.yml",
		"rules/default/web-host.yml",
	};

	(void)state;
	assert_diff(RULES RULE(a) RULE(b), RULES RULE(a) RULE(b), "");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(freep) char *text = read_tree_file(names[i]);

		assert_diff(text, text, "");
	}
}

static void what_means_the_same_is_no_difference(void **state)
{
	(void)state;
	assert_diff(HEAD "rules: [{id: a, action: pass, in: any,"
			 " destination_port: [443, 80]}]\n",
		    HEAD "defaults: {in: pass}\n"
			 "rules: [{action: pass, id: a,"
			 " destination_port: [80, 443, 80]}]\n",
		    "");
}

static void rules_are_the_same_by_their_id(void **state)
{
	(void)state;
	assert_diff(RULES RULE(a) RULE(b), RULES RULE(b) RULE(c),
		    "rule removed a; rule added c");
}

static void a_rule_that_changed_is_told_with_its_keys(void **state)
{
	(void)state;
	assert_diff(RULES RULE(a) RULE(b), RULES DROP(a) RULE(b),
		    "rule changed a (action)");
	assert_diff(RULES RULE(a),
		    RULES "  - {id: a, action: pass, source: {not: 192.0.2.1},"
			  " protocol: udp, comment: x}\n",
		    "rule changed a (comment, source, protocol)");
}

static void the_fewest_rules_are_called_moved(void **state)
{
	(void)state;
	assert_diff(RULES RULE(a) RULE(b) RULE(c) RULE(d),
		    RULES RULE(d) RULE(a) RULE(b) RULE(c),
		    "rule moved d moved");
	assert_diff(RULES RULE(a) RULE(b) RULE(c),
		    RULES RULE(x) RULE(a) RULE(y) RULE(b) RULE(c),
		    "rule added x; rule added y");
	assert_diff(RULES RULE(a) RULE(b), RULES DROP(b) RULE(a),
		    "rule changed b (action) moved");
}

static void a_limit_in_a_rule_is_the_rules(void **state)
{
	(void)state;
	assert_diff(RULES RATE(a, 5) RATE(b, 6), RULES RATE(b, 6) RATE(a, 7),
		    "rule moved b moved; rule changed a (limit)");
	assert_diff(HEAD "limits: {web: {rate: 5/s}}\n",
		    HEAD "limits: {web: {rate: 6/s}, dns: {rate: 1/s}}\n",
		    "limit changed web (rate, burst); limit added dns");
}

static void members_of_sets_are_counted(void **state)
{
	(void)state;
	assert_diff(HEAD "sets:\n  a: {members: [192.0.2.1, 192.0.2.3]}\n"
			 "  b: {members: [192.0.2.1]}\n",
		    HEAD "sets:\n  a: {members: [192.0.2.2, 192.0.2.3,"
			 " 192.0.2.4]}\n  c: {members: [192.0.2.9]}\n",
		    "set removed b +0 -1; set changed a +2 -1; "
		    "set added c +1 -0");
	assert_diff(HEAD "sets: {a: {action: drop}}\n",
		    HEAD "sets: {a: {action: allow}}\n",
		    "set changed a (action)");
}

static void settings_and_zones_are_told(void **state)
{
	(void)state;
	assert_diff(HEAD,
		    HEAD "management: [192.0.2.1]\n"
			 "defaults: {in: drop}\nessentials: [dhcp]\n"
			 "thresholds: {udp: 1m, flows: 5}\n",
		    "setting changed management +1 -0; "
		    "setting changed defaults (in); "
		    "setting changed essentials (essentials); "
		    "setting changed thresholds (flows, udp)");
	assert_diff(HEAD "zones: {a: [x], b: [y], c: [z]}\n",
		    HEAD "zones: {b: [y], a: [w], d: [z]}\n",
		    "zone removed c; zone moved b moved; "
		    "zone changed a (interfaces); zone added d");
}

static void a_line_is_one_of_the_document_that_has_it(void **state)
{
	(void)state;
	assert_int_equal(
		compare(RULES RULE(a) RULE(b), RULES RULE(a)).last_line, 4);
	assert_int_equal(
		compare(RULES RULE(a), RULES RULE(a) RULE(b)).last_line, 4);
}

static void the_first_negative_answer_ends_it(void **state)
{
	CLEANUP(policy_done) struct policy none;
	CLEANUP(policy_done) struct policy some;
	struct heard heard = {.stop_with = -ECANCELED};

	(void)state;
	policy_init(&none);
	read_document(RULES RULE(a) RULE(b), &some);
	assert_int_equal(policy_diff(&none, &some, hear, &heard), -ECANCELED);
	assert_string_equal(heard.text, "rule added a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_policies_have_no_difference),
		cmocka_unit_test(what_means_the_same_is_no_difference),
		cmocka_unit_test(rules_are_the_same_by_their_id),
		cmocka_unit_test(a_rule_that_changed_is_told_with_its_keys),
		cmocka_unit_test(the_fewest_rules_are_called_moved),
		cmocka_unit_test(a_limit_in_a_rule_is_the_rules),
		cmocka_unit_test(members_of_sets_are_counted),
		cmocka_unit_test(settings_and_zones_are_told),
		cmocka_unit_test(a_line_is_one_of_the_document_that_has_it),
		cmocka_unit_test(the_first_negative_answer_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
