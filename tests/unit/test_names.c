// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rules let through by the name of a peer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/language.h"
#include "rules/detect/names.h"

#define LIST "version: 1\nrules:\n  - {name: r, event: connect, "
#define SIGMA                                                            \
	"title: T\nlogsource: {product: linux, category: "               \
	"network_connection}\ndetection:\n  s: {DestinationPort: 443}\n" \
	"  f: {DestinationHostname|endswith: .example}\n"

/* Has the rule at this place of the file, or SIZE_MAX: the last, the remark? */
static bool is_remarked_at(const char *text, size_t at)
{
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;
	bool is_so;

	if (detect_read(text, strlen(text), UINT32_MAX, &rules, &count, &note) <
	    0)
		fail_msg("%u: %s", note.at.line, note.at.text);
	assert_true(count > 0);
	at = at < count ? at : count - 1;
	is_so = rules[at]->remark && strstr(rules[at]->remark, NAMES_REMARK);
	for (size_t i = 0; i < count; i++)
		detect_rule_free(rules[i]);
	free(rules);
	return is_so;
}

static bool is_remarked(const char *text)
{
	return is_remarked_at(text, SIZE_MAX);
}

static void a_name_that_excepts_is_remarked(void **state)
{
	(void)state;
	assert_true(is_remarked(LIST "action: block, match: {port: 443}, "
				     "unless: {host: \"*.example\"}}\n"));
	assert_true(is_remarked(LIST "action: allow, match: {port: 443, "
				     "host: \"*.example\"}}\n"));
	assert_true(is_remarked(SIGMA "  condition: s and not f\n"));
	assert_true(is_remarked(SIGMA "  condition: not (s and not s or f)\n"));
}

static void what_is_remarked_besides_stays(void **state)
{
	const char *text = SIGMA "  g: {Initiated: 'false'}\n"
				 "  condition: s and not f and not g\n";
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;

	(void)state;
	assert_int_equal(detect_read(text, strlen(text), UINT32_MAX, &rules,
				     &count, &note),
			 0);
	assert_string_equal(rules[0]->remark,
			    "no sensor has what \"g\" is about; " NAMES_REMARK);
	detect_rule_free(rules[0]);
	free(rules);
}

static void a_name_that_finds_is_not(void **state)
{
	(void)state;
	assert_false(is_remarked(LIST "action: block, match: {host: \"*.example"
				      "\"}, unless: {port: 443}}\n"));
	assert_false(is_remarked(LIST "action: allow, match: {port: 443}, "
				      "unless: {host: \"*.example\"}}\n"));
	assert_false(is_remarked(LIST "action: allow, match: {comm: x}}\n"));
	assert_false(is_remarked(SIGMA "  condition: s and f\n"));
	assert_false(is_remarked(SIGMA "  condition: not (s or not f)\n"));
}

static void a_step_that_is_met_by_name_lets_nothing_through(void **state)
{
	static const char chain[] =
		"version: 1\nrules:\n  - name: r\n    action: alert\n"
		"    chain:\n      within: 1m\n      steps:\n"
		"        - {event: exec}\n"
		"        - {event: connect, %s: {host: x.example}}\n";
	char text[sizeof(chain) + 8];

	(void)state;
	(void)snprintf(text, sizeof(text), chain, "match");
	assert_false(is_remarked_at(text, 2));
	(void)snprintf(text, sizeof(text), chain, "unless");
	assert_true(is_remarked_at(text, 2));
}

static void what_is_ignored_by_name_is_remarked(void **state)
{
	struct detect_rule **rules = NULL;
	const char *text = "version: 1\nignore: {host: [\"*.example\"]}\n"
			   "rules:\n  - {name: r, event: connect, action: "
			   "alert, match: {port: 443}}\n";
	struct detect_note note;
	size_t count = 0;

	(void)state;
	assert_int_equal(detect_read(text, strlen(text), UINT32_MAX, &rules,
				     &count, &note),
			 0);
	assert_int_equal(rules[0]->action, DETECT_IGNORE);
	assert_string_equal(rules[0]->remark, NAMES_REMARK);
	for (size_t i = 0; i < count; i++)
		detect_rule_free(rules[i]);
	free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_that_excepts_is_remarked),
		cmocka_unit_test(what_is_remarked_besides_stays),
		cmocka_unit_test(a_name_that_finds_is_not),
		cmocka_unit_test(
			a_step_that_is_met_by_name_lets_nothing_through),
		cmocka_unit_test(what_is_ignored_by_name_is_remarked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
