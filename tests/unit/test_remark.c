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
#include "rules/detect/sigma.h"

#define KEPT_MAX 256

/* The remark of the first rule of a list, "" for none, where there are events
 * of these kinds. */
static const char *remark_among(uint32_t kinds, const char *rule)
{
	static char kept[KEPT_MAX];
	char text[512];
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;
	int len = snprintf(text, sizeof(text),
			   "version: 1\nrules:\n  - {name: r, %s}\n", rule);

	if (detect_read(text, (size_t)len, kinds, &rules, &count, &note) < 0)
		fail_msg("%u: %s", note.at.line, note.at.text);
	assert_true(count > 0);
	(void)snprintf(kept, sizeof(kept), "%s",
		       rules[0]->remark ? rules[0]->remark : "");
	for (size_t i = 0; i < count; i++)
		detect_rule_free(rules[i]);
	free(rules);
	return kept;
}

static const char *remark_of(const char *rule)
{
	return remark_among(UINT32_MAX, rule);
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

static void a_rule_about_others_is_met_by_what_they_are(void **state)
{
	(void)state;
	assert_silent("action: block, chain: {within: 1m, steps: "
		      "[{event: exec}, {event: connect}]}");
	assert_silent("action: block, score: 50");
}

static void a_rule_about_logs_is_remarked_where_none_is_read(void **state)
{
	static const char about[] = "event: log, action: alert, "
				    "match: {line: x}";
	static const char both[] = "event: [log, exec], action: alert";

	(void)state;
	assert_non_null(strstr(remark_among(DETECT_KINDS_KERNEL, about),
			       "it is about lines of a log, and none is read"));
	assert_string_equal(remark_among(DETECT_KINDS_KERNEL, both), "");
	assert_silent(about);
}

static void the_remark_that_says_most_is_the_one(void **state)
{
	(void)state;
	assert_said("event: exec, action: block, ttl: 60d, match: {port: 5}",
		    "no event ever meets it");
	assert_said("event: exec, action: block, ttl: 60d",
		    "its block does nothing but tell");
	assert_said("event: connect, action: block, ttl: 60d",
		    "it has no match");
	assert_said("event: open, action: block, steps: [end], ttl: 60d, "
		    "match: {filename: /srv/key}",
		    "30 days, whatever ttl says");
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
	assert_said(
		"event: connect, action: block, ttl: 60d, match: {port: 5}, "
		"ttl_grows: {until: 60d}",
		"30 days, whatever ttl says");
	assert_silent("event: connect, action: block, ttl: 30d, "
		      "match: {port: 5}, ttl_grows: {until: 30d}");
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

static void assert_watched(bool is_so, const char *path)
{
	char rule[256];
	bool is_found;

	(void)snprintf(rule, sizeof(rule),
		       "event: open, action: alert, match: {filename: \"%s\"}",
		       path);
	is_found = strstr(remark_of(rule), "are not told") == NULL;
	if (is_found != is_so)
		fail_msg("%s is %s", path, is_found ? "watched" : "not");
}

static void a_read_that_is_watched_is_not_remarked(void **state)
{
	static const char *const watched[] = {
		"/etc/shadow",
		"/etc/shad?w",
		"/etc/*",
		"*",
		"*/id_rsa",
		"*/sha*ow",
		"/etc/ssl/private/*",
		"/etc/ssh/ssh_host_*_key",
		"/root/.netrc",
		"/root/.s*",
		"/home/*/.ssh/id_*",
		"/home/ann/.aws/credentials",
		"/home/*.netrc",
		"/data/ann/.ssh/id_rsa",
		"/home/ann/.config/BraveSoftware/x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(watched); i++)
		assert_watched(true, watched[i]);
}

static void a_read_beside_what_is_watched_is_remarked(void **state)
{
	static const char *const beside[] = {
		"/etc/shadow/x", "/etc/shado",
		"/etc/sudoers?", "/etc/Shadow",
		"/etc/shadows*", "/etc/s?",
		"/etc",		 "/etc/ssh",
		"/etc/ss?",	 "/home/ann/netrc",
		"/srv/*",	 "x*",
		"etc/shadow",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(beside); i++)
		assert_watched(false, beside[i]);
}

static void what_is_watched_by_itself_is_known(void **state)
{
	static const char *const paths[] = {
		"/etc/shadow",
		"/etc/shadow-",
		"/etc/gshadow",
		"/etc/gshadow-",
		"/etc/sudoers",
		"/etc/sudoers.d/x",
		"/etc/ssh/x",
		"/etc/ssl/private/x",
		"/etc/krb5.keytab",
		"/etc/kubernetes/x",
		"/etc/portcullis/x",
		"/run/secrets/x",
		"/var/lib/portcullis/x",
		"/root/.ssh/x",
		"/root/.gnupg/x",
		"/root/.aws/x",
		"/root/.azure/x",
		"/root/.config/gcloud/x",
		"/root/.kube/x",
		"/root/.docker/config.json",
		"/root/.netrc",
		"/root/.pgpass",
		"/home/ann/.npmrc",
		"/home/ann/.git-credentials",
		"/home/ann/.vault-token",
		"/home/ann/.mozilla/x",
		"/home/ann/.config/google-chrome/x",
		"/home/ann/.config/chromium/x",
		"/home/ann/.config/BraveSoftware/x",
		"/home/ann/.claude/.credentials.json",
		"/home/ann/.codex/auth.json",
		"/home/ann/.gemini/oauth_creds.json",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_watched(true, paths[i]);
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
	assert_int_equal(note.at.line, 2);
	assert_int_equal(note.at.column, 15);
}

static void
a_file_of_sandtrace_that_is_not_broken_needs_no_version(void **state)
{
	static const char text[] =
		"rules:\n  - {id: i, name: n, severity: low, detection: "
		"{file_paths: [/x], content_patterns: [y]}}\n";
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;

	(void)state;
	assert_int_equal(detect_read(text, strlen(text), UINT32_MAX, &rules,
				     &count, &note),
			 -ENOTSUP);
	assert_null(strstr(note.at.text, "version"));
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
			.title = "b", .list = 0, .action = DETECT_ALERT},
		&(struct detect_rule){.title = "a",
				      .list = 3,
				      .action = DETECT_ALERT,
				      .remark = "of its own"},
	};
	struct detect_rule *all[ARRAY_LEN(rules)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		all[i] = rules[i];
	remark_same_names(all, ARRAY_LEN(all));
	for (size_t i = 0; i + 1 < ARRAY_LEN(rules); i++)
		assert_int_equal(rules[i]->remark != NULL, i == 2);
	assert_string_equal(rules[ARRAY_LEN(rules) - 1]->remark, "of its own");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_that_no_event_meets_is_remarked),
		cmocka_unit_test(a_rule_about_others_is_met_by_what_they_are),
		cmocka_unit_test(
			a_rule_about_logs_is_remarked_where_none_is_read),
		cmocka_unit_test(the_remark_that_says_most_is_the_one),
		cmocka_unit_test(a_block_without_a_match_is_remarked),
		cmocka_unit_test(a_block_that_does_nothing_is_remarked),
		cmocka_unit_test(a_block_that_is_to_last_too_long_is_remarked),
		cmocka_unit_test(a_read_that_is_not_watched_is_remarked),
		cmocka_unit_test(a_read_that_is_watched_is_not_remarked),
		cmocka_unit_test(a_read_beside_what_is_watched_is_remarked),
		cmocka_unit_test(what_is_watched_by_itself_is_known),
		cmocka_unit_test(a_forgotten_version_is_named),
		cmocka_unit_test(
			a_file_of_sandtrace_that_is_not_broken_needs_no_version),
		cmocka_unit_test(the_second_of_a_name_is_remarked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
