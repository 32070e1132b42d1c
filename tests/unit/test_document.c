// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole documents: what is YAML enough, what the top keys mean, limits, and
 * what is printed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/tree.h"
#include "tests/support/documents.h"
#include "tests/support/policies.h"

#define V "version: 1\n"

/* A text of many parts, grown at its end. */
struct text {
	char *bytes;
	size_t len;
	FILE *out;
};

static void text_start(struct text *text)
{
	text->out = open_memstream(&text->bytes, &text->len);
	assert_non_null(text->out);
}

static void text_end(struct text *text)
{
	assert_int_equal(fclose(text->out), 0);
}

static void assert_refused(const char *text, uint32_t line, const char *part)
{
	assert_document_refused(text, -EINVAL, line, part);
}

static void the_least_document_is_the_policy_of_before(void **state)
{
	struct policy policy, fresh;

	(void)state;
	policy_init(&fresh);
	read_document(V, &policy);
	assert_same_policy(&policy, &fresh);
	policy_done(&policy);
}

static void the_version_is_needed_and_is_one(void **state)
{
	(void)state;
	assert_refused("", 1, "an empty document");
	assert_refused("# nothing\n", 1, "an empty document");
	assert_refused("rules: []\n", 1, "needs the key \"version\"");
	assert_refused("version: 2\n", 1, "\"2\" is no version: 1");
	assert_refused("[version, 1]\n", 1, "is a mapping of its keys");
	assert_refused(V "defaults: drop\n", 2,
		       "defaults is a mapping of its keys, like {in: ...}");
}

static void what_is_no_plain_yaml_is_refused(void **state)
{
	(void)state;
	assert_refused(V "essentials: @office\n", 2, "needs quotes");
	assert_refused(V "defaults:\n\tin: drop\n", 3, "indented by blanks");
	assert_refused(V "zones: &a {}\n", 2, "\"&a\" is an anchor");
	assert_refused(V "zones: *a\n", 2, "\"*a\" is an alias");
	assert_refused(V "zones: !!map {}\n", 2, "is a tag");
	assert_refused(V "rules: [{id: a, tcp_flags: !ack }]\n", 2,
		       "\"!ack\" is a tag, and there are none: put a text");
	assert_refused(V "---\n" V, 2, "a second document");
	assert_refused("%YAML 1.1\n---\n" V, 1, "a directive");
	assert_refused(V "? [a]\n: b\n", 2, "a key of a document is a word");
	assert_refused(V "zones: {\n", 3, "not YAML: ");
	assert_refused(V "a\tb: \xff\n", 2, "not YAML in UTF-8: ");
	assert_refused(V "management: \"\\0\"\n", 2, "a NUL is no text");
	assert_refused(V "zones:\n", 2, "zones are a mapping from names");
	assert_refused(V "rules:\n", 2, "rules are a list, [] for none");
}

static void a_note_is_printable(void **state)
{
	(void)state;
	assert_refused(V "z\xc3\xa4h\\: 1\n", 2,
		       "unknown key \"z??h\\\" in document: keys: version,");
}

static void depth_bytes_and_values_are_bounded(void **state)
{
	struct text text = {0};

	(void)state;
	assert_document_refused("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", -E2BIG, 1,
				"17 lists and mappings inside each other, at "
				"most 16 are allowed");
	text_start(&text);
	(void)fprintf(text.out, "%-*s", (int)TREE_BYTES_MAX + 1, V);
	text_end(&text);
	assert_document_refused(text.bytes, -E2BIG, 1,
				"8388609 bytes, at most 8388608 are allowed");
	free(text.bytes);
	text_start(&text);
	(void)fputs(V "management: [", text.out);
	for (uint32_t i = 0; i < TREE_NODES_MAX; i++)
		(void)fputs("1,", text.out);
	(void)fputs("]\n", text.out);
	text_end(&text);
	assert_document_refused(text.bytes, -E2BIG, 2,
				"1000001 values, at most 1000000");
	free(text.bytes);
}

/* `count` entries of a mapping or list under `key`. */
static void assert_too_many(const char *key, const char *entry, size_t count,
			    const char *part)
{
	struct text text = {0};

	text_start(&text);
	(void)fprintf(text.out, V "%s:\n", key);
	for (size_t i = 0; i < count; i++)
		(void)fprintf(text.out, entry, i);
	text_end(&text);
	assert_document_refused(text.bytes, -E2BIG, 3, part);
	free(text.bytes);
}

static void too_many_of_anything_is_refused_with_both_numbers(void **state)
{
	(void)state;
	assert_too_many("zones", "  z%zu: []\n", POLICY_ZONES_MAX + 1,
			"65 zones, at most 64 are allowed");
	assert_too_many("sets", "  s%zu: {}\n", POLICY_SETS_MAX + 1,
			"201 sets, at most 200 are allowed");
	assert_too_many("limits", "  l%zu: {rate: 1/s}\n",
			POLICY_LIMITS_MAX + 1,
			"1025 limits, at most 1024 are allowed");
	assert_too_many("rules", "  - {id: r%zu, action: drop}\n",
			POLICY_RULES_MAX + 1,
			"4097 rules, at most 4096 are allowed");
}

static void as_many_rules_as_promised_are_read(void **state)
{
	struct text text = {0};
	struct policy policy;

	(void)state;
	text_start(&text);
	(void)fputs(V "rules:\n", text.out);
	for (size_t i = 0; i < POLICY_RULES_MAX; i++)
		(void)fprintf(text.out, "  - {id: r%zu, action: drop}\n", i);
	text_end(&text);
	read_document(text.bytes, &policy);
	assert_int_equal(policy.rule_count, POLICY_RULES_MAX);
	assert_string_equal(policy.rules[POLICY_RULES_MAX - 1].id, "r4095");
	policy_done(&policy);
	free(text.bytes);
}

static void networks_of_a_rule_are_bounded_over_both_sides(void **state)
{
	struct text text = {0};
	struct policy policy;

	(void)state;
	for (uint32_t more = 0; more < 2; more++) {
		text_start(&text);
		(void)fputs(V "rules:\n- id: r\n  action: drop\n  source: [",
			    text.out);
		for (uint32_t i = 0; i < 40000; i++)
			(void)fprintf(text.out, "10.%u.%u.0/24,", i >> 8,
				      i & 255);
		(void)fputs("]\n  destination: [", text.out);
		for (uint32_t i = 0; i < 25535 + more; i++)
			(void)fprintf(text.out, "11.%u.%u.0/24,", i >> 8,
				      i & 255);
		(void)fputs("]\n", text.out);
		text_end(&text);
		if (more) {
			assert_document_refused(text.bytes, -E2BIG, 3,
						"65536 networks in one rule, "
						"at most 65535");
		} else {
			read_document(text.bytes, &policy);
			policy_done(&policy);
		}
		free(text.bytes);
	}
}

/* 190 networks each, over two sets. */
static void ranges_cannot_become_endless_networks(void **state)
{
	struct text text = {0};

	(void)state;
	text_start(&text);
	(void)fputs(V "sets:\n", text.out);
	for (uint32_t i = 0; i < 22000; i++) {
		if (i % 11000 == 0)
			(void)fprintf(text.out,
				      "  x%u:\n    capacity: 16000000\n"
				      "    members:\n",
				      i);
		(void)fprintf(text.out,
			      "    - 2001:%x::1-2001:%x:ffff:ffff:ffff:ffff:"
			      "ffff:fffe\n",
			      i, i);
	}
	text_end(&text);
	assert_document_refused(text.bytes, -E2BIG, 21061,
				"or 4000000 in the document");
	free(text.bytes);
}

static void zones_have_names_and_interfaces(void **state)
{
	struct policy policy;

	(void)state;
	read_document(V "zones:\n  wan: [ppp*, eth0]\n  lan: eth1\n  no: []\n",
		      &policy);
	assert_int_equal(policy.zone_count, 3);
	assert_string_equal(policy.zones[0].name, "wan");
	assert_int_equal(policy.zones[0].interface_count, 2);
	assert_string_equal(policy.zones[0].interfaces[0], "eth0");
	assert_string_equal(policy.zones[0].interfaces[1], "ppp*");
	assert_int_equal(policy.zones[1].line, 4);
	assert_int_equal(policy.zones[2].interface_count, 0);
	policy_done(&policy);
	assert_refused(V "zones:\n  wan: a\n  wan: b\n", 4,
		       "there is a zone \"wan\" already, on line 3");
	assert_refused(V "zones: {any: eth0}\n", 2,
		       "\"any\" is no name of a zone");
	assert_refused(V "zones: {-a: eth0}\n", 2, "is no name of a zone");
}

static void sets_have_an_action_a_kind_and_members(void **state)
{
	struct policy policy;
	const struct policy_set *set;

	(void)state;
	read_document(V "sets:\n"
			"  seen: {kind: dynamic, action: drop, capacity: 7}\n"
			"  bad:\n"
			"    members: [10.0.0.0-10.0.0.2, 1.1.1.1, 1.1.1.1]\n"
			"    files: [/var/lib/x.txt, /var/lib/a.txt]\n",
		      &policy);
	assert_int_equal(policy.set_count, 2);
	set = &policy.sets[0];
	assert_int_equal(set->set.action, SET_DROP);
	assert_int_equal(set->set.kind, SET_DYNAMIC);
	assert_int_equal(set->set.capacity, 7);
	set = &policy.sets[1];
	assert_int_equal(set->set.id, 0);
	assert_int_equal(set->set.action, SET_NONE);
	assert_int_equal(set->set.kind, SET_STATIC);
	assert_int_equal(set->set.capacity, SET_CAPACITY_DEFAULT);
	assert_int_equal(set->member_count, 3);
	assert_int_equal(prefix_addr_v4(&set->members[0]), 0x01010101);
	assert_string_equal(set->files[0], "/var/lib/x.txt");
	policy_done(&policy);
}

static void a_set_that_cannot_be_is_refused(void **state)
{
	(void)state;
	assert_refused(V "sets:\n  a: {}\n  b: {}\n  a: {}\n", 5,
		       "there is a set \"a\" already, on line 3");
	assert_refused(V "sets: {Bad: {}}\n", 2, "\"Bad\" is no name of a set");
	assert_refused(V "sets: {block: {}}\n", 2,
		       "the set \"block\" is always there");
	assert_refused(V "sets: {management: {}}\n", 2,
		       "cannot be declared: use the key management");
	assert_refused(V "sets: {a: {kind: dynamic, members: 1.1.1.1}}\n", 2,
		       "set \"a\" is dynamic");
	assert_refused(V "sets: {a: {members: 0.0.0.0/0}}\n", 2,
		       "has every IPv4 address in it: no set may hold it");
	assert_refused(V "sets: {a: {members: \"::-::ffff:ffff:ffff:ffff\"}}\n",
		       2, "has every IPv4 address in it");
	assert_refused(V "sets: {a: {files: var/x}}\n", 2,
		       "\"var/x\" is no file: an absolute path");
	assert_refused(V "sets: {a: {capacity: 0}}\n", 2,
		       "\"0\" is no capacity: a number from 1 to 16000000");
	assert_document_refused(
		V "sets: {a: {capacity: 1, members: [1.1.1.1, 2.2.2.2]}}\n",
		-E2BIG, 2, "2 members, at most 1 are allowed");
}

static void the_keys_of_the_top_fill_the_policy(void **state)
{
	struct policy policy;

	(void)state;
	read_document(V "defaults: {in: drop, other: drop}\n"
			"essentials: []\n"
			"management: [10.0.0.9, \"fd00::/8\", 10.0.0.8/31]\n"
			"thresholds: {flows: 5, udp: 2h}\n",
		      &policy);
	assert_int_equal(policy.default_in, VERDICT_DROP);
	assert_int_equal(policy.default_out, VERDICT_PASS);
	assert_int_equal(policy.default_other, VERDICT_DROP);
	assert_int_equal(policy.essentials, 0);
	assert_int_equal(policy.management_count, 3);
	assert_int_equal(policy.management[0].bits, 127);
	assert_int_equal(policy.thresholds.flows, 5);
	assert_int_equal(policy.thresholds.udp_s, 7200);
	assert_int_equal(policy.thresholds.half_open, 65536);
	policy_done(&policy);
	assert_refused(V "thresholds: {udp: 30}\n", 2,
		       "\"30\" is no span of time");
	assert_refused(V "defaults: {in: count}\n", 2, "words: pass, drop");
	assert_refused(V "essentials: [dhpc]\n", 2, "did you mean \"dhcp\"?");
}

static void rules_may_stand_before_what_they_name(void **state)
{
	struct policy policy;

	(void)state;
	read_document("rules: [{id: a, action: limit, limit: x, in: z}]\n"
		      "limits: {x: {rate: 1/s}}\nzones: {z: []}\n" V,
		      &policy);
	assert_string_equal(policy.rules[0].zones.names[0], "z");
	policy_done(&policy);
}

static void two_limits_of_one_name_are_refused_with_both_lines(void **state)
{
	(void)state;
	assert_refused(V "limits:\n  a: {rate: 1/s}\n  a: {rate: 2/s}\n", 4,
		       "there is a limit \"a\" already, on line 3");
	assert_refused(V "limits: {a: {burst: 1}}\n", 2,
		       "a limit needs the key \"rate\"");
}

/* To YAML 1.1 these are truth values and numbers. */
static void names_that_mean_something_to_yaml_are_quoted(void **state)
{
	struct policy policy;
	char *text;

	(void)state;
	read_document(V "zones: {no: [Off, true1], 12: e1, wan: 0x1f}\n"
			"rules: [{id: 1e3, action: drop, comment: null}]\n",
		      &policy);
	text = print_document(&policy);
	assert_non_null(strstr(text, "\n  \"no\": [\"Off\", true1]\n"
				     "  \"12\": e1\n  wan: \"0x1f\"\n"));
	assert_non_null(strstr(text, "- id: \"1e3\"\n"
				     "    comment: \"null\"\n"));
	free(text);
	policy_done(&policy);
}

static void spans_are_printed_to_the_second(void **state)
{
	struct policy policy;
	char *text;

	(void)state;
	read_document(V "thresholds: {udp: 1h1m1s, icmp: 3660s}\n", &policy);
	text = print_document(&policy);
	assert_non_null(strstr(text, "\n  udp: 3661s\n"));
	assert_non_null(strstr(text, "\n  icmp: 1h1m\n"));
	free(text);
	policy_done(&policy);
}

static void a_policy_that_no_text_makes_is_not_printed(void **state)
{
	struct policy policy;
	char sink[4096];
	FILE *out = fmemopen(sink, sizeof(sink), "w");

	(void)state;
	assert_non_null(out);
	read_document(V "zones: {z: a}\nrules: [{id: a, action: limit, in: z,"
			"limit: {rate: 1/s}}, {id: b, action: limit,"
			"limit: {rate: 2/s}}]\n",
		      &policy);
	assert_int_equal(document_print(&policy, out), 0);
	policy.rules[1].limit = 0;
	assert_int_equal(document_print(&policy, out), -EINVAL);
	policy.rules[1].limit = 1;
	policy.rules[0].directions = DIRECTION_IN | DIRECTION_OUT;
	assert_int_equal(document_print(&policy, out), -EINVAL);
	policy.rules[0].directions = DIRECTION_IN;
	(void)strcpy(policy.rules[0].comment, "a\nb");
	assert_int_equal(document_print(&policy, out), -EINVAL);
	policy.rules[0].comment[0] = '\0';
	policy.rules[0].id[0] = '\0';
	assert_int_equal(document_print(&policy, out), -EINVAL);
	(void)fclose(out);
	policy_done(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_document_is_the_policy_of_before),
		cmocka_unit_test(the_version_is_needed_and_is_one),
		cmocka_unit_test(what_is_no_plain_yaml_is_refused),
		cmocka_unit_test(a_note_is_printable),
		cmocka_unit_test(depth_bytes_and_values_are_bounded),
		cmocka_unit_test(
			too_many_of_anything_is_refused_with_both_numbers),
		cmocka_unit_test(as_many_rules_as_promised_are_read),
		cmocka_unit_test(
			networks_of_a_rule_are_bounded_over_both_sides),
		cmocka_unit_test(ranges_cannot_become_endless_networks),
		cmocka_unit_test(zones_have_names_and_interfaces),
		cmocka_unit_test(sets_have_an_action_a_kind_and_members),
		cmocka_unit_test(a_set_that_cannot_be_is_refused),
		cmocka_unit_test(the_keys_of_the_top_fill_the_policy),
		cmocka_unit_test(rules_may_stand_before_what_they_name),
		cmocka_unit_test(
			two_limits_of_one_name_are_refused_with_both_lines),
		cmocka_unit_test(names_that_mean_something_to_yaml_are_quoted),
		cmocka_unit_test(spans_are_printed_to_the_second),
		cmocka_unit_test(a_policy_that_no_text_makes_is_not_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
