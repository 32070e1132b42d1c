// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Sigma language: what is read, and what is refused for which reason. With
 * PORTCULLIS_DATA set, how many of SigmaHQ's rules load.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/detect.h"
#include "rules/detect/sigma.h"
#include "tests/support/sigma_rules.h"

#define HEAD                 \
	"title: T\n"         \
	"logsource:\n"       \
	"  product: linux\n" \
	"  category: process_creation\n"
#define EXEC  "category: process_creation"
#define AUDIT "service: auditd"

static void set(struct event *event, enum event_word word, const char *text)
{
	event->words[word].bytes = text;
	event->words[word].len = (uint32_t)strlen(text);
}

static struct event exec_of(const char *image, const char *command_line)
{
	struct event event = {.kind = EVENT_EXEC};

	set(&event, EVENT_IMAGE, image);
	set(&event, EVENT_COMMAND_LINE, command_line);
	return event;
}

static void count(void *arg, const struct detect_rule *rule, size_t index)
{
	(void)rule;
	(void)index;
	++*(int *)arg;
}

/* Takes the rule. */
static bool tells(struct detect_rule *rule, const struct event *event)
{
	const struct detect_rule *rules[] = {rule};
	CLEANUP(detect_freep) struct detect_engine *engine = NULL;
	CLEANUP(detect_scratch_freep) struct detect_scratch *scratch = NULL;
	int told = 0;

	assert_int_equal(detect_new(rules, 1, &engine), 0);
	assert_int_equal(detect_scratch_new(engine, &scratch), 0);
	detect_match(engine, event, scratch, count, &told);
	detect_rule_free(rule);
	return told == 1;
}

static bool line_meets(const char *detection, const char *command_line)
{
	struct event event = exec_of("/usr/bin/x", command_line);

	return tells(sigma_rules_for(EXEC, detection), &event);
}

static void assert_refused(const char *text, enum detect_reason reason,
			   uint32_t line, const char *why)
{
	struct detect_rule *rule = NULL;
	struct detect_note note;
	int r = sigma_read(text, strlen(text), DETECT_KINDS_KERNEL, &rule,
			   &note);

	if (r >= 0)
		fail_msg("not refused: %s", text);
	assert_null(rule);
	assert_string_equal(detect_reason_name(note.reason),
			    detect_reason_name(reason));
	assert_int_equal(r, reason == DETECT_BROKEN	 ? -EINVAL
			    : reason == DETECT_TOO_LARGE ? -E2BIG
							 : -ENOTSUP);
	if (note.at.line != line || !strstr(note.at.text, why))
		fail_msg("%u: %s", note.at.line, note.at.text);
}

static void modifiers_say_where_a_text_stands(void **state)
{
	(void)state;
	assert_true(line_meets("  s: {CommandLine: 'a b'}\n"
			       "  condition: s",
			       "A b"));
	assert_false(line_meets("  s: {CommandLine: 'a b'}\n"
				"  condition: s",
				"a b c"));
	assert_true(line_meets("  s: {CommandLine|startswith: ab}\n"
			       "  condition: s",
			       "ABc"));
	assert_false(line_meets("  s: {CommandLine|startswith: ab}\n"
				"  condition: s",
				"xab"));
	assert_true(line_meets("  s: {CommandLine|endswith: ab}\n"
			       "  condition: s",
			       "xab"));
	assert_false(line_meets("  s: {CommandLine|endswith: ab}\n"
				"  condition: s",
				"abx"));
	assert_true(
		line_meets("  s: {CommandLine|contains: longer than eight}\n"
			   "  condition: s",
			   "is longer THAN eight?"));
	assert_false(line_meets("  s: {CommandLine|contains: longer than eight}"
				"\n"
				"  condition: s",
				"is longer than sight?"));
}

static void all_asks_for_each_value(void **state)
{
	const char *detection = "  s:\n"
				"    CommandLine|contains|all: [one, two]\n"
				"  condition: s";

	(void)state;
	assert_true(line_meets(detection, "two one"));
	assert_false(line_meets(detection, "one"));
}

static void a_regular_expression_minds_case(void **state)
{
	(void)state;
	assert_true(line_meets("  s: {CommandLine|re: '\\s-O\\s'}\n"
			       "  condition: s",
			       "wget -O x"));
	assert_false(line_meets("  s: {CommandLine|re: '\\s-O\\s'}\n"
				"  condition: s",
				"wget -o x"));
	assert_true(line_meets("  s: {CommandLine|re|i: '\\s-O\\s'}\n"
			       "  condition: s",
			       "wget -o x"));
	assert_false(line_meets("  s: {CommandLine|cased|contains: aB}\n"
				"  condition: s",
				"xab"));
	assert_true(line_meets("  s: {CommandLine|cased|contains: aB}\n"
			       "  condition: s",
			       "xaB"));
}

static void wildcards_stand_for_bytes_unless_escaped(void **state)
{
	(void)state;
	assert_true(line_meets("  s: {CommandLine: 'a*c?'}\n"
			       "  condition: s",
			       "abbcd"));
	assert_false(line_meets("  s: {CommandLine: 'a*c?'}\n"
				"  condition: s",
				"abbc"));
	assert_false(line_meets("  s: {CommandLine|contains: 'a\\*c'}\n"
				"  condition: s",
				"abc"));
	assert_true(line_meets("  s: {CommandLine|contains: 'a\\*c'}\n"
			       "  condition: s",
			       "xa*cx"));
	assert_true(line_meets("  s: {CommandLine|endswith: '\\\\*.x'}\n"
			       "  condition: s",
			       "a\\b.x"));
	assert_true(line_meets("  s: {CommandLine|endswith: '\\node'}\n"
			       "  condition: s",
			       "C:\\node"));
	assert_true(line_meets("  s: {CommandLine: '*'}\n"
			       "  condition: s",
			       "x"));
	assert_false(line_meets("  s: {ParentImage: '*'}\n"
				"  condition: s",
				"x"));
	assert_true(line_meets("  s: {ParentImage: ''}\n"
			       "  condition: s",
			       "x"));
}

static void keywords_are_looked_for_anywhere(void **state)
{
	struct event event = {.kind = EVENT_LOG};
	const char *detection = "  k: ['fatal: * refused', other]\n"
				"  condition: k";

	(void)state;
	set(&event, EVENT_LINE, "x fatal: key refused y");
	assert_true(tells(sigma_rules_for("definition: x", detection), &event));
	set(&event, EVENT_SERVICE, "cron");
	assert_false(
		tells(sigma_rules_for("service: sshd", detection), &event));
	set(&event, EVENT_SERVICE, "sshd");
	assert_true(tells(sigma_rules_for("service: sshd", detection), &event));
	set(&event, EVENT_LINE, "fatal");
	assert_false(
		tells(sigma_rules_for("service: sshd", detection), &event));
}

static void conditions_bind_as_they_should(void **state)
{
	static const struct {
		const char *condition;
		const char *met, *not_met; /* letters that are there */
	} cases[] = {
		{"s_a or s_b and s_c", "a", "b"},
		{"(s_a or s_b) and s_c", "bc", "ab"},
		{"not s_a and s_b", "b", "ab"},
		{"not (s_a and s_b)", "a", "ab"},
		{"not not s_a", "a", "b"},
		{"1 of s_*", "c", "d"},
		{"any of s_*", "c", "d"},
		{"all of s_*", "abc", "ab"},
		{"all of them", "abc", "bc"},
		{"1 of s_a*", "a", "b"},
		{"s_a AND NOT 1 of s_c", "a", "ac"},
		{"s_a and s_a", "a", "b"},
		{"(((s_a)))", "a", "b"},
	};
	char detection[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)snprintf(detection, sizeof(detection),
			       "  s_a: {CommandLine|contains: a}\n"
			       "  s_b: {CommandLine|contains: b}\n"
			       "  s_c: {CommandLine|contains: c}\n"
			       "  _d: {CommandLine|contains: d}\n"
			       "  condition: %s",
			       cases[i].condition);
		if (!line_meets(detection, cases[i].met) ||
		    line_meets(detection, cases[i].not_met))
			fail_msg("%s", cases[i].condition);
	}
}

static void a_list_of_mappings_is_met_by_one(void **state)
{
	const char *detection = "  s:\n"
				"    - CommandLine|contains: a\n"
				"      Image|endswith: /x\n"
				"    - CommandLine|contains: b\n"
				"  condition: s";

	(void)state;
	assert_true(line_meets(detection, "a"));
	assert_true(line_meets(detection, "b"));
	assert_false(line_meets(detection, "c"));
}

static void an_image_is_what_was_asked_for_too(void **state)
{
	struct event event = exec_of("/usr/bin/dash", "sh");

	(void)state;
	set(&event, EVENT_IMAGE_ASKED, "/bin/sh");
	assert_true(tells(sigma_rules_for(EXEC, "  s: {Image: /bin/sh}\n"
						"  condition: s"),
			  &event));
	assert_true(tells(sigma_rules_for(EXEC, "  s: {Image|endswith: /dash}\n"
						"  condition: s"),
			  &event));
	assert_false(
		tells(sigma_rules_for(EXEC, "  s: {Image|endswith: /dash}\n"
					    "  t: {Image: /bin/sh}\n"
					    "  condition: s and not t"),
		      &event));
}

static void auditd_sees_its_records(void **state)
{
	struct event event = exec_of("/usr/bin/tar", "tar -cf x");
	struct event renamed = {.kind = EVENT_RENAME};
	struct event socket = {.kind = EVENT_SOCKET, .call_args = {0x26}};

	(void)state;
	event.args[0] = (struct event_text){.bytes = "tar", .len = 3};
	event.args[1] = (struct event_text){.bytes = "-cf", .len = 3};
	event.arg_count = 2;
	assert_true(tells(sigma_rules_for(AUDIT, "  s:\n"
						 "    type: execve\n"
						 "    a0: tar\n"
						 "    a1|contains: -c\n"
						 "  condition: s"),
			  &event));
	assert_false(tells(sigma_rules_for(AUDIT, "  s:\n"
						  "    type: SYSCALL\n"
						  "    a0: tar\n"
						  "  condition: s"),
			   &event));
	assert_true(tells(sigma_rules_for(AUDIT, "  s:\n"
						 "    SYSCALL: execve\n"
						 "    exe: /usr/bin/tar\n"
						 "    success: 'yes'\n"
						 "  condition: s"),
			  &event));
	set(&renamed, EVENT_PATH, "/tmp/a");
	set(&renamed, EVENT_PATH_NEW, "/etc/b");
	assert_true(tells(sigma_rules_for(AUDIT, "  s:\n"
						 "    nametype: CREATE\n"
						 "    name: /etc/b\n"
						 "  condition: s"),
			  &renamed));
	assert_false(tells(sigma_rules_for(AUDIT, "  s:\n"
						  "    nametype: CREATE\n"
						  "    name: /tmp/a\n"
						  "  condition: s"),
			   &renamed));
	assert_true(tells(sigma_rules_for(AUDIT, "  s:\n"
						 "    SYSCALL: socket\n"
						 "    a0: 26\n"
						 "  condition: s"),
			  &socket));
}

static void what_a_record_is_not_is_certain(void **state)
{
	struct event event = exec_of("/usr/bin/tar", "tar");

	(void)state;
	event.args[0] = (struct event_text){.bytes = "tar", .len = 3};
	event.arg_count = 1;
	assert_true(
		tells(sigma_rules_for(AUDIT, "  s: {type: EXECVE, a0: tar}\n"
					     "  f: {type: PATH}\n"
					     "  condition: s and not f"),
		      &event));
	assert_false(tells(sigma_rules_for(AUDIT, "  s: {a0: tar}\n"
						  "  f: {type: EXECVE}\n"
						  "  condition: s and not f"),
			   &event));
}

static void connections_have_numbers_and_networks(void **state)
{
	struct event event = {
		.kind = EVENT_CONNECT,
		.peer = prefix_of_v4(0x0a010203, 32),
		.peer_port = 4444,
	};
	const char *detection = "  s:\n"
				"    Initiated: 'true'\n"
				"    DestinationPort: [4443, 4444]\n"
				"  f:\n"
				"    DestinationIp|cidr: 10.0.0.0/8\n"
				"  condition: s and not f";

	(void)state;
	assert_false(tells(
		sigma_rules_for("category: network_connection", detection),
		&event));
	event.peer = prefix_of_v4(0x0b010203, 32);
	assert_true(tells(
		sigma_rules_for("category: network_connection", detection),
		&event));
	event.peer_port = 44;
	assert_false(tells(
		sigma_rules_for("category: network_connection", detection),
		&event));
}

static void the_reason_is_named(void **state)
{
	(void)state;
	assert_refused(HEAD "detection:\n"
			    "  s: {Hashes: x}\n"
			    "  condition: s\n",
		       DETECT_NO_FIELD, 6, "\"Hashes\" of process_creation");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine|base64offset|contains: x}\n"
			    "  condition: s\n",
		       DETECT_NO_MODIFIER, 6, "\"base64offset|contains\"");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine|re|contains: x}\n"
			    "  condition: s\n",
		       DETECT_NO_MODIFIER, 6, "\"contains\"");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine|re: '(?=a)'}\n"
			    "  condition: s\n",
		       DETECT_NO_REGEX, 6, "look-around");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine: null}\n"
			    "  condition: s\n",
		       DETECT_NO_VALUE, 6, "null");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine: x}\n"
			    "  condition: s | count() > 5\n",
		       DETECT_NO_CONDITION, 7, "aggregation");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine: x}\n"
			    "  condition: 2 of s*\n",
		       DETECT_NO_CONDITION, 7, "\"1 of\"");
	assert_refused("title: T\n"
		       "logsource: {product: windows}\n"
		       "detection:\n"
		       "  s: {CommandLine: x}\n"
		       "  condition: s\n",
		       DETECT_NO_LOG_SOURCE, 2, "linux");
	assert_refused("title: T\n"
		       "logsource: {product: linux, category: dns}\n"
		       "detection:\n"
		       "  s: {CommandLine: x}\n"
		       "  condition: s\n",
		       DETECT_NO_LOG_SOURCE, 2, "\"dns\"");
	assert_refused("title: T\n"
		       "logsource: {product: linux, service: sshd}\n"
		       "detection:\n"
		       "  s: [x]\n"
		       "  condition: s\n",
		       DETECT_NEEDS_LOG, 5, "no log is read");
	assert_refused("title: T\n"
		       "logsource: {product: linux, service: auditd}\n"
		       "detection:\n"
		       "  s: {type: EXECVE, nametype: CREATE}\n"
		       "  condition: s\n",
		       DETECT_NEVER, 5, "could ever");
}

static void what_is_broken_has_its_place(void **state)
{
	(void)state;
	assert_refused("title: [", DETECT_BROKEN, 2, "not YAML");
	assert_refused("- x", DETECT_BROKEN, 1, "mapping");
	assert_refused("title: T\n", DETECT_BROKEN, 1, "\"logsource\"");
	assert_refused(HEAD, DETECT_BROKEN, 1, "\"detection\"");
	assert_refused(HEAD "level: grave\n"
			    "detection:\n"
			    "  s: {CommandLine: x}\n"
			    "  condition: s\n",
		       DETECT_BROKEN, 5, "level");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine: x, CommandLine: y}\n"
			    "  condition: s\n",
		       DETECT_BROKEN, 6, "twice");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine: []}\n"
			    "  condition: s\n",
		       DETECT_BROKEN, 6, "without values");
	assert_refused(HEAD "detection:\n"
			    "  s: {}\n"
			    "  condition: s\n",
		       DETECT_BROKEN, 6, "nothing");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine: x}\n"
			    "  condition: s and t\n",
		       DETECT_BROKEN, 7, "no selection \"t\"");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine: x}\n"
			    "  condition: 1 of t*\n",
		       DETECT_BROKEN, 7, "no selection is \"t*\"");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine: x}\n"
			    "  condition: (s\n",
		       DETECT_BROKEN, 7, "missing");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine: x}\n"
			    "  condition: s s\n",
		       DETECT_BROKEN, 7, "\"s\" where");
	assert_refused(HEAD "detection:\n"
			    "  s: {CommandLine: x}\n"
			    "  condition: s and\n",
		       DETECT_BROKEN, 7, "too early");
}

/* Written out it would be ten million values. */
static void a_selection_counts_each_time(void **state)
{
	static char text[65536];
	size_t len = 0;

	(void)state;
	len += (size_t)snprintf(text, sizeof(text),
				HEAD "detection:\n  s:\n    CommandLine:\n");
	for (int i = 0; i < 3000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"    - a%d\n", i);
	len += (size_t)snprintf(text + len, sizeof(text) - len,
				"  condition: s");
	for (int i = 0; i < 3000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					" or s");
	assert_true(len < sizeof(text) - 1);
	assert_refused(text, DETECT_TOO_LARGE, 3008, "more than 16384");
}

static void a_part_without_a_sensor_is_remarked(void **state)
{
	struct detect_rule *rule = NULL;
	struct detect_note note;
	const char *text = "title: T\n"
			   "logsource: {product: linux, service: auditd}\n"
			   "detection:\n"
			   "  s_path: {type: PATH, name: /x}\n"
			   "  s_tty: {type: TTY}\n"
			   "  condition: 1 of s_*\n";

	(void)state;
	assert_int_equal(sigma_read(text, strlen(text), DETECT_KINDS_KERNEL,
				    &rule, &note),
			 0);
	assert_string_equal(rule->remark,
			    "no sensor has what \"s_tty\" is about");
	detect_rule_free(rule);
}

static void what_is_said_of_a_rule_is_kept(void **state)
{
	struct detect_rule *rule =
		sigma_rules_of(HEAD "id: 1-2\nauthor: A, B\nlevel: critical\n"
				    "tags: [attack.t1, attack.t2]\n"
				    "detection:\n"
				    "  s: {CommandLine: x}\n"
				    "  condition: s\n");

	(void)state;
	assert_string_equal(rule->title, "T");
	assert_string_equal(rule->id, "1-2");
	assert_string_equal(rule->author, "A, B");
	assert_int_equal(rule->level, DETECT_CRITICAL);
	assert_int_equal(rule->tag_count, 2);
	assert_string_equal(rule->tags[1], "attack.t2");
	assert_int_equal(rule->category, DETECT_PROCESS);
	detect_rule_free(rule);
}

static void real_rules_load(void **state)
{
	struct detect_folder folder;
	size_t refused[DETECT_REASON_COUNT] = {0};

	(void)state;
	if (!sigma_rules_real(DETECT_KINDS_KERNEL, &folder))
		skip();
	for (size_t i = 0; i < folder.file_count; i++) {
		if (folder.files[i].is_refused)
			refused[folder.files[i].note.reason]++;
	}
	assert_int_equal(folder.file_count, 248);
	assert_int_equal(folder.rule_count, 218);
	assert_int_equal(refused[DETECT_NEEDS_LOG], 28);
	assert_int_equal(refused[DETECT_NO_FIELD], 2);
	detect_folder_done(&folder);
	assert_true(sigma_rules_real(DETECT_KINDS_ALL, &folder));
	assert_int_equal(folder.rule_count, 246);
	detect_folder_done(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modifiers_say_where_a_text_stands),
		cmocka_unit_test(all_asks_for_each_value),
		cmocka_unit_test(a_regular_expression_minds_case),
		cmocka_unit_test(wildcards_stand_for_bytes_unless_escaped),
		cmocka_unit_test(keywords_are_looked_for_anywhere),
		cmocka_unit_test(conditions_bind_as_they_should),
		cmocka_unit_test(a_list_of_mappings_is_met_by_one),
		cmocka_unit_test(an_image_is_what_was_asked_for_too),
		cmocka_unit_test(auditd_sees_its_records),
		cmocka_unit_test(what_a_record_is_not_is_certain),
		cmocka_unit_test(connections_have_numbers_and_networks),
		cmocka_unit_test(the_reason_is_named),
		cmocka_unit_test(what_is_broken_has_its_place),
		cmocka_unit_test(a_selection_counts_each_time),
		cmocka_unit_test(a_part_without_a_sensor_is_remarked),
		cmocka_unit_test(what_is_said_of_a_rule_is_kept),
		cmocka_unit_test(real_rules_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
