// SPDX-License-Identifier: GPL-2.0-or-later
/* What rules/backup.h says about feeds, and about version 3. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "rules/backup.h"
#include "tests/support/scratch.h"

#define TEXT_MAX 4096

static int setup(void **state)
{
	static struct scratch scratch;

	scratch_init(&scratch, SCRATCH_MAP_BYTES);
	*state = &scratch;
	return 0;
}

static int teardown(void **state)
{
	scratch_done(*state);
	return 0;
}

static void put_feed(struct scratch *s, const char *name, const char *text,
		     uint64_t version)
{
	const struct feed_state state = {
		.version = version,
		.newest = version + 2,
		.earlier = {version - 1},
		.waiting = version + 1,
		.accepted_s = 1795629124,
		.shadow_until_s = UINT64_MAX,
		.times = {.tried_s = 3, .good_s = 4, .failures = 5},
		.entries = 6,
		.accepted_count = 7,
		.held_count = 8,
		.is_stopped = true,
		.etag = "\"first\"",
		.why = "it is held",
	};
	const struct change change = {
		.kind = CHANGE_FEED_PUT,
		.feed_put = {.name = name,
			     .state = &state,
			     .text = text,
			     .len = strlen(text)},
	};

	assert_int_equal(scratch_commit_one(s, change), 0);
}

static void populate(struct scratch *s)
{
	const struct change current = {.kind = CHANGE_REVISION_CURRENT,
				       .revision_number = 1};

	put_feed(s, "tried", "name: tried\n  x: y\n", 3);
	put_feed(s, "other", "name: other", 1);
	assert_int_equal(scratch_put_revision(s, 1, "rules:\n"), 0);
	assert_int_equal(scratch_commit_one(s, current), 0);
}

static int read_text(const char *text, struct backup *backup,
		     char note[JOURNAL_TEXT_MAX])
{
	*backup = (struct backup){0};
	return backup_read(text, strlen(text), backup, note);
}

/* The document of `body` with a good end line. */
static const char *seal(char text[TEXT_MAX], const char *body)
{
	unsigned int lines = 0;
	size_t len = strlen(body);

	for (const char *at = body; *at; at++)
		lines += *at == '\n';
	assert_true(len + 64 < TEXT_MAX);
	(void)snprintf(text, TEXT_MAX, "%send %u %08lx\n", body, lines,
		       crc32_z(crc32(0, NULL, 0), (const Bytef *)body, len));
	return text;
}

static void a_feed_is_its_definition_and_what_is_of_use_elsewhere(void **state)
{
	struct scratch *s = *state;
	char expected[TEXT_MAX];
	char *text;

	populate(s);
	text = scratch_text(s->store);
	seal(expected,
	     "portcullis-backup 3\n"
	     "set 1 management static allow 2000000\n"
	     "set 2 allow dynamic allow 2000000\n"
	     "set 3 block dynamic drop 2000000\n"
	     "feed other 1 3 6 1795629124 4 18446744073709551615 1 0 7 8 11\n"
	     "definition name: other\n"
	     "feed tried 3 5 6 1795629124 4 18446744073709551615 1 0 7 8 19\n"
	     "definition name: tried\n"
	     "definition   x: y\n"
	     "policy 7 1795629125 1000 apply firewall.yml\n"
	     "text rules:\n");
	assert_string_equal(text, expected);
	free(text);
}

static void print_parse_print_is_a_fixed_point(void **state)
{
	struct scratch *s = *state;
	char note[JOURNAL_TEXT_MAX];
	struct scratch other;
	struct backup backup;
	char *first, *second;

	populate(s);
	first = scratch_text(s->store);
	assert_int_equal(read_text(first, &backup, note), 0);
	assert_int_equal(backup.feed_count, 2);
	assert_int_equal(backup.feeds[1].state.waiting, 0);
	assert_string_equal(backup.feeds[1].state.etag, "");

	scratch_init(&other, SCRATCH_MAP_BYTES);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			scratch_commit_one(&other, backup_feed(&backup, i)), 0);
	assert_int_equal(scratch_commit_one(&other, backup_policy(&backup, 1)),
			 0);
	assert_int_equal(
		scratch_commit_one(
			&other, (struct change){.kind = CHANGE_REVISION_CURRENT,
						.revision_number = 1}),
		0);
	second = scratch_text(other.store);
	assert_string_equal(first, second);
	backup_done(&backup);
	scratch_done(&other);
	free(first);
	free(second);
}

static void every_line_left_out_or_doubled_is_refused(void **state)
{
	struct scratch *s = *state;
	char note[JOURNAL_TEXT_MAX], body[TEXT_MAX], sealed[TEXT_MAX];
	struct backup backup;
	char *text, *end, *feeds;

	populate(s);
	text = scratch_text(s->store);
	end = strstr(text, "end ");
	feeds = strstr(text, "feed ");
	for (char *line = feeds; line < end;) {
		char *next = strchr(line, '\n') + 1;

		(void)snprintf(body, sizeof(body), "%.*s%.*s",
			       (int)(line - text), text, (int)(end - next),
			       next);
		assert_int_equal(read_text(seal(sealed, body), &backup, note),
				 -EBADMSG);
		(void)snprintf(body, sizeof(body), "%.*s%.*s",
			       (int)(next - text), text, (int)(end - line),
			       line);
		assert_int_equal(read_text(seal(sealed, body), &backup, note),
				 -EBADMSG);
		line = next;
	}
	free(text);
}

#define HEAD  "portcullis-backup 3\n"
#define STATE " 1 1 0 0 0 0 0 0 0 0 "

/* Each with a good end line, so that the line itself has to be refused. */
static const struct {
	const char *body;
	const char *note;
} bad_lines[] = {
	{HEAD, "line 1: version 3, and no feed"},
	{"portcullis-backup 1\nfeed a" STATE "1\n",
	 "line 2: a feed, and it is of version 1 or 2"},
	{HEAD "feed A" STATE "1\n", "line 2: not a name of a set"},
	{HEAD "feed a 2 1 0 0 0 0 0 0 0 0 1\n",
	 "line 2: a version that never came"},
	{HEAD "feed a 1 1 0 0 0 0 2 0 0 0 1\n",
	 "line 2: a number is too large"},
	{HEAD "feed a 1 1 4294967296 0 0 0 0 0 0 0 1\n",
	 "line 2: a number is too large"},
	{HEAD "feed a" STATE "8192\n", "line 2: a number is too large"},
	{HEAD "feed a" STATE "0\n", "line 2: a feed without a definition"},
	{HEAD "feed a" STATE "1 2\n", "line 2: there is more on the line"},
	{HEAD "definition x\n", "line 2: a definition of no feed"},
	{HEAD "feed a" STATE "2\ndefinition x\nfeed a" STATE "2\n",
	 "line 4: feeds are not in order of names"},
	{HEAD "feed b" STATE "2\ndefinition x\nfeed a" STATE "2\n",
	 "line 4: feeds are not in order of names"},
	{HEAD "feed a" STATE "4\ndefinition x\n",
	 "line 3: a definition is not as long as it says"},
	{HEAD "feed a" STATE "2\nfeed b" STATE "2\n",
	 "line 3: a definition is not as long as it says"},
	{HEAD "feed a" STATE "2\ndefinition x\nset 3 block dynamic drop 5\n",
	 "line 4: is after lines that come later"},
};

static void a_line_that_does_not_parse_is_named(void **state)
{
	char text[TEXT_MAX], note[JOURNAL_TEXT_MAX];
	struct backup backup;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_lines); i++) {
		assert_int_equal(
			read_text(seal(text, bad_lines[i].body), &backup, note),
			-EBADMSG);
		assert_string_equal(note, bad_lines[i].note);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_feed_is_its_definition_and_what_is_of_use_elsewhere,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			print_parse_print_is_a_fixed_point, setup, teardown),
		cmocka_unit_test_setup_teardown(
			every_line_left_out_or_doubled_is_refused, setup,
			teardown),
		cmocka_unit_test(a_line_that_does_not_parse_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
