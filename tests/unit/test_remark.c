// SPDX-License-Identifier: GPL-2.0-or-later
/* What is remarked of rules that load. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/language.h"
#include "rules/detect/remark.h"

#define KEPT_MAX 256

/* The remark of the only rule of a list, "" for none. */
static const char *remark_of(const char *rule)
{
	static char kept[KEPT_MAX];
	char text[512];
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;
	int len = snprintf(text, sizeof(text),
			   "version: 1\nrules:\n  - {name: r, %s}\n", rule);

	if (detect_read(text, (size_t)len, UINT32_MAX, &rules, &count, &note) <
	    0)
		fail_msg("%u: %s", note.at.line, note.at.text);
	assert_int_equal(count, 1);
	(void)snprintf(kept, sizeof(kept), "%s",
		       rules[0]->remark ? rules[0]->remark : "");
	detect_rule_free(rules[0]);
	free(rules);
	return kept;
}

static void assert_said(const char *rule, const char *part)
{
	const char *remark = remark_of(rule);

	if (!strstr(remark, part))
		fail_msg("of \"%s\" is said \"%s\"", rule, remark);
}

static void assert_silent(const char *rule)
{
	assert_string_equal(remark_of(rule), "");
}

static void a_rule_that_no_event_meets_is_remarked(void **state)
{
	(void)state;
	assert_said("event: exec, action: alert, match: {port: 5}",
		    "no event ever meets it");
	assert_said("event: connect, action: allow, match: {filename: /x}",
		    "no event ever meets it");
	assert_silent(
		"event: [exec, connect], action: alert, match: {port: 5}");
	assert_silent("event: exec, action: alert, unless: {port: 5}");
}

static void a_block_without_a_match_is_remarked(void **state)
{
	(void)state;
	assert_said("event: connect, action: block", "it has no match");
	assert_silent("event: connect, action: block, match: {port: 5}");
	assert_silent("event: connect, action: alert");
}

static void a_block_that_does_nothing_is_remarked(void **state)
{
	(void)state;
	assert_said("event: exec, action: block, match: {comm: x}",
		    "its events have no peer");
	assert_said("event: log, action: block, steps: [end], match: {line: x}",
		    "its events have no process");
	assert_silent("event: exec, action: block, steps: [table, end], "
		      "match: {comm: x}");
	assert_silent("event: log, action: block, match: {line: x}");
}

static void a_block_that_is_to_last_too_long_is_remarked(void **state)
{
	(void)state;
	assert_said("event: connect, action: block, ttl: 60d, match: {port: 5}",
		    "30 days, whatever ttl says");
	assert_said("event: connect, action: block, match: {port: 5}, "
		    "ttl_grows: {until: 60d}",
		    "30 days, whatever until says");
	assert_silent("event: connect, action: block, ttl: 30d, "
		      "match: {port: 5}");
}

static void a_read_that_is_not_watched_is_remarked(void **state)
{
	(void)state;
	assert_said("event: open, action: alert, match: {filename: /srv/key}",
		    "reads of /srv/key are not told");
	assert_said("event: openat, action: alert, match: "
		    "{filename: [/etc/shadow, \"/srv/k?ys/*\"]}",
		    "reads of /srv/k?ys/* are not told");
	assert_silent("event: write, action: alert, match: {filename: /srv/k}");
	assert_silent("event: open, action: allow, match: {filename: /srv/k}");
	assert_silent("event: any, action: alert, match: {filename: /srv/k}");
	assert_silent("event: open, action: alert, match: {comm: x}, "
		      "unless: {filename: /srv/k}");
}

static void a_read_that_is_watched_is_not_remarked(void **state)
{
	(void)state;
	assert_silent("event: open, action: alert, match: {filename: "
		      "[/etc/shadow, \"/etc/*\", \"/etc/ssl/private/*\", "
		      "\"/home/*/.ssh/id_*\", /root/.netrc, \"*\", "
		      "\"*/id_rsa\", \"/etc/shad?w\", /data/ann/.ssh/id_rsa, "
		      "/home/ann/.aws/credentials]}");
	assert_said("event: open, action: alert, match: "
		    "{filename: /etc/shadow/x}",
		    "reads of /etc/shadow/x are not told");
}

static void a_forgotten_version_is_named(void **state)
{
	static const char text[] =
		"rules:\n  - {name: r, event: exec, action: alert}\n";
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;

	(void)state;
	assert_int_equal(detect_read(text, strlen(text), UINT32_MAX, &rules,
				     &count, &note),
			 -EINVAL);
	assert_non_null(strstr(note.at.text, "without \"version: 1\""));
}

static void the_second_of_a_name_is_remarked(void **state)
{
	struct detect_rule *const rules[] = {
		&(struct detect_rule){
			.title = "a", .list = 1, .action = DETECT_ALERT},
		&(struct detect_rule){
			.title = "b", .list = 1, .action = DETECT_ALERT},
		&(struct detect_rule){
			.title = "a", .list = 2, .action = DETECT_BLOCK},
		&(struct detect_rule){
			.title = "c", .list = 1, .action = DETECT_ALLOW},
		&(struct detect_rule){
			.title = "c", .list = 2, .action = DETECT_ALLOW},
		&(struct detect_rule){
			.title = "default", .list = 1, .action = DETECT_ALERT},
		&(struct detect_rule){
			.title = "default", .list = 2, .action = DETECT_ALERT},
		&(struct detect_rule){
			.title = "b", .list = 0, .action = DETECT_TELL},
	};
	struct detect_rule *all[ARRAY_LEN(rules)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		all[i] = rules[i];
	remark_same_names(all, ARRAY_LEN(all));
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		assert_int_equal(rules[i]->remark != NULL, i == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_that_no_event_meets_is_remarked),
		cmocka_unit_test(a_block_without_a_match_is_remarked),
		cmocka_unit_test(a_block_that_does_nothing_is_remarked),
		cmocka_unit_test(a_block_that_is_to_last_too_long_is_remarked),
		cmocka_unit_test(a_read_that_is_not_watched_is_remarked),
		cmocka_unit_test(a_read_that_is_watched_is_not_remarked),
		cmocka_unit_test(a_forgotten_version_is_named),
		cmocka_unit_test(the_second_of_a_name_is_remarked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
