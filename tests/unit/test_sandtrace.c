// SPDX-License-Identifier: GPL-2.0-or-later
/* sandtrace's rules about files and programs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/detect.h"
#include "rules/detect/language.h"

static const char sample[] = "rules:\n"
			     "  - id: keys\n"
			     "    name: Key read\n"
			     "    severity: high\n"
			     "    description: a key\n"
			     "    detection:\n"
			     "      file_paths: ['~/.ssh/id_*', /etc/key]\n"
			     "      excluded_processes: [ssh]\n"
			     "      access_types: [read]\n"
			     "    alert: {channels: [stdout]}\n"
			     "    tags: [credential]\n"
			     "  - id: off\n"
			     "    name: Off\n"
			     "    severity: low\n"
			     "    enabled: false\n"
			     "    detection: {file_paths: [/x]}\n"
			     "  - id: fetch\n"
			     "    name: Fetches\n"
			     "    severity: medium\n"
			     "    detection:\n"
			     "      process_names: [curl, wget]\n"
			     "      condition: \"process_spawn AND process_name"
			     " IN names\"\n";

static void hear(void *arg, const struct detect_rule *rule, size_t index)
{
	(void)index;
	*(const char **)arg = rule->id;
}

static void set(struct event *event, enum event_word word, const char *text)
{
	event->words[word].bytes = text;
	event->words[word].len = (uint32_t)strlen(text);
}

static void assert_tells(enum event_kind kind, const char *image,
			 const char *path, const char *id)
{
	const struct detect_rule *lent[4];
	struct detect_rule **rules = NULL;
	struct detect_engine *engine = NULL;
	struct detect_scratch *scratch = NULL;
	struct event event = {.kind = kind};
	struct detect_note note;
	const char *told = "none";
	size_t count = 0;

	set(&event, EVENT_IMAGE, image);
	set(&event, EVENT_PATH, path);
	assert_int_equal(detect_read(sample, sizeof(sample) - 1, 0, &rules,
				     &count, &note),
			 0);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < count; i++)
		lent[i] = rules[i];
	assert_int_equal(detect_new(lent, count, &engine), 0);
	assert_int_equal(detect_scratch_new(engine, &scratch), 0);
	detect_match(engine, &event, scratch, hear, &told);
	assert_string_equal(told, id);
	detect_scratch_free(scratch);
	detect_free(engine);
	for (size_t i = 0; i < count; i++)
		detect_rule_free(rules[i]);
	free(rules);
}

static void a_file_is_watched_in_every_home(void **state)
{
	(void)state;
	assert_tells(EVENT_OPEN, "/bin/cat", "/home/a/.ssh/id_rsa", "keys");
	assert_tells(EVENT_OPEN, "/bin/cat", "/root/.ssh/id_rsa", "keys");
	assert_tells(EVENT_OPEN, "/bin/cat", "/etc/key", "keys");
	assert_tells(EVENT_OPEN, "/bin/cat", "/etc/keys", "none");
	assert_tells(EVENT_WRITE, "/bin/cat", "/etc/key", "none");
}

static void who_may_is_known_by_its_file(void **state)
{
	(void)state;
	assert_tells(EVENT_OPEN, "/usr/bin/ssh", "/etc/key", "none");
	assert_tells(EVENT_OPEN, "/usr/bin/notssh", "/etc/key", "keys");
}

static void a_program_is_told_when_it_starts(void **state)
{
	(void)state;
	assert_tells(EVENT_EXEC, "/usr/bin/wget", "", "fetch");
	assert_tells(EVENT_EXEC, "/usr/bin/wget2", "", "none");
	assert_tells(EVENT_OPEN, "/usr/bin/wget", "/x", "none");
}

static void assert_refused(const char *detection, enum detect_reason reason,
			   const char *why)
{
	char text[512];
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;

	(void)snprintf(text, sizeof(text),
		       "rules:\n  - {id: a, name: b, severity: low, "
		       "detection: %s}\n",
		       detection);
	assert_true(detect_read(text, strlen(text), 0, &rules, &count, &note) <
		    0);
	assert_string_equal(detect_reason_name(note.reason),
			    detect_reason_name(reason));
	if (note.at.line != 2 || !strstr(note.at.text, why))
		fail_msg("%u: %s", note.at.line, note.at.text);
}

static void what_is_not_seen_is_refused(void **state)
{
	(void)state;
	assert_refused("{content_patterns: [x], file_paths: [/x]}",
		       DETECT_NO_FIELD, "content_patterns");
	assert_refused("{process_names: [x], condition: network}",
		       DETECT_NO_CONDITION, "process_spawn");
	assert_refused("{process_names: [x]}", DETECT_NEVER, "could ever");
	assert_refused("{file_paths: ['/[ab]']}", DETECT_NO_VALUE, "wildcards");
	assert_refused("{file_paths: [/x], access_types: [look]}",
		       DETECT_BROKEN, "an access");
	assert_refused("{paths: [/x]}", DETECT_BROKEN, "\"paths\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_watched_in_every_home),
		cmocka_unit_test(who_may_is_known_by_its_file),
		cmocka_unit_test(a_program_is_told_when_it_starts),
		cmocka_unit_test(what_is_not_seen_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
