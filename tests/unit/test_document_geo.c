// SPDX-License-Identifier: GPL-2.0-or-later
/* Countries and autonomous systems in firewall.yml. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/compile.h"
#include "rules/foreign/nft_print.h"
#include "rules/policy_diff.h"
#include "tests/support/documents.h"
#include "tests/support/policies.h"

#define V   "version: 1\n"
#define GEO "geo: {country: /c.mmdb, asn: [/a.mmdb, /b.csv]}\n"

static void a_rule_makes_the_sets_it_names(void **state)
{
	struct policy policy;

	(void)state;
	read_document(V "sets: {zoo: {}}\n" GEO "rules:\n"
			"- {id: a, action: drop, source: [geo:DE, asn:64496,"
			" geo:CN, '@zoo', 192.0.2.0/24]}\n"
			"- {id: b, action: drop,\n"
			"   destination: {not: geo:CN}}\n",
		      &policy);
	assert_int_equal(policy.geo[GEO_COUNTRY].file_count, 1);
	assert_int_equal(policy.geo[GEO_ASN].file_count, 2);
	assert_string_equal(policy.geo[GEO_ASN].files[1], "/b.csv");
	assert_int_equal(policy.set_count, 4);
	assert_string_equal(policy.sets[0].set.name, "zoo");
	assert_string_equal(policy.sets[1].set.name, "asn:64496");
	assert_string_equal(policy.sets[2].set.name, "geo:CN");
	assert_string_equal(policy.sets[3].set.name, "geo:DE");
	assert_int_equal(policy.sets[2].set.kind, SET_GEO);
	assert_int_equal(policy.sets[2].set.action, SET_NONE);
	assert_int_equal(policy.sets[2].line, 5);
	assert_int_equal(policy.sets[2].column, 53);
	assert_int_equal(policy.rules[0].source.set_count, 4);
	assert_string_equal(policy.rules[0].source.sets[0], "asn:64496");
	assert_int_equal(policy.rules[0].source.prefix_count, 1);
	assert_true(policy.rules[1].destination.is_negated);
	assert_string_equal(policy.rules[1].destination.sets[0], "geo:CN");
	policy_done(&policy);
}

static void printed_it_reads_as_the_same(void **state)
{
	struct policy policy, back;
	char *text, *again;

	(void)state;
	read_document(V GEO "rules:\n"
			    "- {id: a, action: drop, source: geo:DE}\n"
			    "- {id: b, action: drop, source: [geo:CN, asn:7],"
			    " destination: {not: [geo:US, '@office']}}\n",
		      &policy);
	text = print_document(&policy);
	assert_non_null(strstr(text, "geo:\n  country: \"/c.mmdb\"\n"
				     "  asn: [\"/a.mmdb\", \"/b.csv\"]\n"));
	assert_non_null(strstr(text, "source: [\"asn:7\", \"geo:CN\"]\n"));
	assert_null(strstr(text, "sets:"));
	read_document(text, &back);
	assert_same_policy(&policy, &back);
	again = print_document(&back);
	assert_string_equal(text, again);
	free(text);
	free(again);
	policy_done(&policy);
	policy_done(&back);
}

static void without_sources_nothing_is_printed_of_them(void **state)
{
	struct policy policy;
	char *text;

	(void)state;
	read_document(V "geo: {}\n", &policy);
	text = print_document(&policy);
	assert_null(strstr(text, "geo"));
	free(text);
	policy_done(&policy);
}

static void assert_refused(const char *text, uint32_t line, const char *part)
{
	assert_document_refused(text, -EINVAL, line, part);
}

#define RULE(source) \
	V GEO "rules:\n- {id: a, action: drop, source: " source "}\n"

static void what_is_no_place_is_refused_with_what_is_one(void **state)
{
	(void)state;
	assert_refused(RULE("geo:XX"), 4, "\"geo:XX\" is no country");
	assert_refused(RULE("geo:cn"), 4, "two capital letters");
	assert_refused(RULE("[geo:CN, geo:EU]"), 4, "is no country");
	assert_refused(RULE("asn:0"), 4, "from 1 to 4294967295");
	assert_refused(RULE("asn:4294967296"), 4, "from 1 to 4294967295");
	assert_refused(RULE("asn:AS7"), 4, "is no autonomous system");
	assert_refused(RULE("'@geo:CN'"), 4, "is no name of a set");
	assert_refused(RULE("cn"), 4, "a country like geo:CN");
	assert_refused(V GEO "sets: {geo:CN: {}}\n", 3, "is no name of a set");
	assert_refused(V "sets: {cn: {kind: geo}}\n", 2,
		       "unknown word \"geo\"");
}

static void what_nothing_lists_is_refused(void **state)
{
	(void)state;
	assert_refused(V "rules:\n- {id: a, action: drop, source: geo:CN}\n", 3,
		       "\"geo: {country: FILE}\"");
	assert_refused(V "geo: {country: /c}\n"
			 "rules: [{id: a, action: drop, source: asn:7}]\n",
		       3, "\"geo: {asn: FILE}\"");
	assert_refused(V "geo: {country: []}\n"
			 "rules: [{id: a, action: drop, source: geo:CN}]\n",
		       3, "nothing lists the networks of geo:CN");
}

static void sources_are_absolute_paths(void **state)
{
	(void)state;
	assert_refused(V "geo: {country: c.mmdb}\n", 2, "an absolute path");
	assert_refused(V "geo: {asn: [/a, b]}\n", 2, "an absolute path");
	assert_refused(V "geo: /c.mmdb\n", 2, "geo is a mapping of its keys");
	assert_refused(V "geo: {continent: /c}\n", 2,
		       "unknown key \"continent\" in geo");
}

/* 200 with those that are declared. */
static void there_are_no_more_sets_than_there_can_be(void **state)
{
	char text[8192] = V GEO "sets: {a: {}}\nrules:\n"
				"- {id: a, action: drop, source: [asn:1";
	size_t used = strlen(text);
	struct policy policy;

	(void)state;
	for (int i = 2; i < 200; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 ", asn:%d", i);
	used += (size_t)snprintf(text + used, sizeof(text) - used,
				 ", asn:1]}\n");
	read_document(text, &policy);
	assert_int_equal(policy.set_count, 200);
	policy_done(&policy);
	(void)snprintf(text + used, sizeof(text) - used,
		       "- {id: b, action: drop, source: asn:200}\n");
	assert_document_refused(text, -E2BIG, 5, "at most 200 are allowed");
}

struct told {
	char text[512];
};

static int tell(void *arg, const struct difference *difference)
{
	struct told *told = arg;
	size_t used = strlen(told->text);

	(void)snprintf(told->text + used, sizeof(told->text) - used,
		       "%s %s %s (%s)\n",
		       diff_what_name((enum diff_what)difference->what),
		       diff_change_name((enum diff_change)difference->change),
		       difference->name, difference->keys);
	return 0;
}

static void a_comparison_tells_of_sets_and_sources(void **state)
{
	struct policy before, after;
	struct told told = {""};

	(void)state;
	read_document(RULE("geo:CN"), &before);
	read_document(V "geo: {country: /d.mmdb}\n"
			"rules:\n- {id: a, action: drop, source: geo:DE}\n",
		      &after);
	assert_int_equal(policy_diff(&before, &after, tell, &told), 0);
	assert_string_equal(told.text, "setting changed geo (country, asn)\n"
				       "set removed geo:CN ()\n"
				       "set added geo:DE ()\n"
				       "rule changed a (source)\n");
	policy_done(&before);
	policy_done(&after);
}

static void compiled_they_are_sets_like_others(void **state)
{
	struct compiled *compiled;
	char why[COMPILE_NOTE_MAX];
	struct policy policy;

	(void)state;
	read_document(RULE("[geo:CN, asn:7]"), &policy);
	assert_int_equal(compile(&policy, &compiled, why), 0);
	assert_int_equal(compiled->set_count, 2);
	assert_string_equal(compiled->set_names[0], "asn:7");
	assert_string_equal(compiled->set_names[1], "geo:CN");
	compiled_free(compiled);
	policy_done(&policy);
}

/* There a name has no colon. */
static void nftables_knows_them_by_another_name(void **state)
{
	struct foreign_report report = {0};
	struct policy policy;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	read_document(RULE("geo:CN"), &policy);
	assert_int_equal(nftables_print(&policy, out, &report), 0);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "set geo.CN.v4 {"));
	assert_non_null(strstr(text, "ip saddr @geo.CN.v4 "));
	assert_non_null(strstr(text, "ip6 saddr @geo.CN.v6 "));
	assert_null(strstr(text, "@geo:"));
	assert_int_equal(report.totals[NOTE_DIFFERS], 1);
	foreign_report_done(&report);
	free(text);
	policy_done(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_makes_the_sets_it_names),
		cmocka_unit_test(printed_it_reads_as_the_same),
		cmocka_unit_test(without_sources_nothing_is_printed_of_them),
		cmocka_unit_test(what_is_no_place_is_refused_with_what_is_one),
		cmocka_unit_test(what_nothing_lists_is_refused),
		cmocka_unit_test(sources_are_absolute_paths),
		cmocka_unit_test(there_are_no_more_sets_than_there_can_be),
		cmocka_unit_test(a_comparison_tells_of_sets_and_sources),
		cmocka_unit_test(compiled_they_are_sets_like_others),
		cmocka_unit_test(nftables_knows_them_by_another_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
