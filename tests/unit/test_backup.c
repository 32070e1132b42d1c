// SPDX-License-Identifier: GPL-2.0-or-later
/* The document of rules/backup.h: a fixed point, and refused when changed. */
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

#define MAP_BYTES (16u << 20)
#define TEXT_MAX  4096

static int setup(void **state)
{
	static struct scratch scratch;

	scratch_init(&scratch, MAP_BYTES);
	*state = &scratch;
	return 0;
}

static int teardown(void **state)
{
	scratch_done(*state);
	return 0;
}

/* A bit of everything. */
static void populate(struct scratch *s)
{
	struct change changes[] = {
		{.kind = CHANGE_SET_PUT,
		 .set = {.id = 9,
			 .action = SET_SHADOW,
			 .kind = SET_STATIC,
			 .capacity = 7,
			 .name = "geo-xx"}},
		{.kind = CHANGE_ATTACHMENT_PUT,
		 .attachment = {.ifname = "wan0", .mode = 2}},
		{.kind = CHANGE_ATTACHMENT_PUT,
		 .attachment = {.ifname = "lan0.12@x", .share = 1}},
		scratch_set_put(12, "office.3"),
		scratch_put(3, "192.0.2.0/24", "many words, two  blanks "),
		scratch_put(3, "192.0.2.1", " starts with one"),
		scratch_put(3, "192.0.2.2", ""),
		scratch_put(3, "192.0.2.3", " "),
		scratch_put(3, "192.0.2.4", " "),
		scratch_put(9, "2001:db8::/32", "gr\xc3\xbc\xc3\x9f"),
		scratch_put(9, "::/0", "member 9 ::/0"),
	};

	changes[6].member.evidence.expires_s = UINT64_MAX;
	changes[6].member.evidence.origin = ORIGIN_IMPORT;
	changes[6].member.evidence.line = UINT32_MAX;
	assert_int_equal(scratch_commit(s, changes, ARRAY_LEN(changes)), 0);
}

/* And a policy. */
static void populate_policy(struct scratch *s)
{
	const struct change current = {.kind = CHANGE_REVISION_CURRENT,
				       .revision_number = 1};

	assert_int_equal(scratch_put_revision(s, 1, "rules:\n\n  - drop\n"), 0);
	assert_int_equal(scratch_commit_one(s, current), 0);
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

static int read_text(const char *text, size_t len, char note[JOURNAL_TEXT_MAX])
{
	struct backup backup = {0};
	char *copy = malloc(len + 1); /* so that reading past it is seen */
	int r;

	assert_non_null(copy);
	memcpy(copy, text, len);
	r = backup_read(copy, len, &backup, note);
	if (r < 0)
		assert_null(backup.changes);
	free(copy);
	backup_done(&backup);
	return r;
}

/* The policy that adds it is not in a backup either. */
static void a_member_on_trial_is_in_no_backup(void **state)
{
	struct scratch *s = *state;
	struct change on_trial = scratch_put(3, "192.0.2.1", "policy");
	char *before = scratch_text(s->store), *after;

	on_trial.member.evidence.origin = ORIGIN_TRIAL;
	assert_int_equal(scratch_commit_one(s, on_trial), 0);
	after = scratch_text(s->store);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void print_parse_print_is_a_fixed_point(void **state)
{
	struct scratch *s = *state;
	struct scratch other;
	struct backup backup;
	char note[JOURNAL_TEXT_MAX];
	char *first, *second;

	populate(s);
	first = scratch_text(s->store);
	assert_int_equal(backup_read(first, strlen(first), &backup, note), 0);

	scratch_init(&other, MAP_BYTES);
	assert_int_equal(
		scratch_commit(&other, backup.changes, backup.change_count), 0);
	second = scratch_text(other.store);
	assert_string_equal(first, second);
	backup_done(&backup);
	scratch_done(&other);
	free(first);
	free(second);
}

static void the_document_looks_as_it_is_described(void **state)
{
	struct scratch *s = *state;
	char expected[TEXT_MAX];
	char *text;

	populate(s);
	text = scratch_text(s->store);
	seal(expected,
	     "portcullis-backup 1\n"
	     "set 1 management static allow 2000000\n"
	     "set 2 allow dynamic allow 2000000\n"
	     "set 3 block dynamic drop 2000000\n"
	     "set 9 geo-xx static shadow 7\n"
	     "set 12 office.3 static drop 10\n"
	     "attachment lan0.12@x 0 1\n"
	     "attachment wan0 2 0\n"
	     "member 3 192.0.2.0/24 operator 1000 0 1795629124 0 "
	     "many words, two  blanks \n"
	     "member 3 192.0.2.1 operator 1000 0 1795629124 0  starts "
	     "with one\n"
	     "member 3 192.0.2.2 import 1000 4294967295 1795629124 "
	     "18446744073709551615\n"
	     "member 3 192.0.2.3 operator 1000 0 1795629124 0  \n"
	     "member 3 192.0.2.4 operator 1000 0 1795629124 0  \n"
	     "member 9 ::/0 operator 1000 0 1795629124 0 member 9 ::/0\n"
	     "member 9 2001:db8::/32 operator 1000 0 1795629124 0 "
	     "gr\xc3\xbc\xc3\x9f\n");
	assert_string_equal(text, expected);
	free(text);
}

static void every_changed_byte_is_refused(void **state)
{
	struct scratch *s = *state;
	char note[JOURNAL_TEXT_MAX];
	char *text;
	size_t len;

	populate(s);
	populate_policy(s);
	text = scratch_text(s->store);
	len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		static const char flips[] = {1, 32, (char)0x80, '\n', 0};
		char was = text[i];

		for (size_t f = 0; f < ARRAY_LEN(flips); f++) {
			text[i] = (char)(flips[f] == '\n' || !flips[f]
						 ? flips[f]
						 : was ^ flips[f]);
			if (text[i] == was)
				continue;
			note[0] = '\0';
			assert_int_equal(read_text(text, len, note), -EBADMSG);
			assert_memory_equal(note, "line ", 5);
		}
		text[i] = was;
	}
	assert_int_equal(read_text(text, len, note), 0);
	free(text);
}

static void every_document_cut_short_or_continued_is_refused(void **state)
{
	struct scratch *s = *state;
	char note[JOURNAL_TEXT_MAX];
	char *text;
	size_t len;

	populate(s);
	populate_policy(s);
	text = scratch_text(s->store);
	len = strlen(text);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(read_text(text, cut, note), -EBADMSG);
	assert_int_equal(read_text(text, len + 1, note), -EBADMSG);
	text[len] = '\n';
	assert_int_equal(read_text(text, len + 1, note), -EBADMSG);
	free(text);
}

static void every_line_left_out_or_doubled_is_refused(void **state)
{
	struct scratch *s = *state;
	char note[JOURNAL_TEXT_MAX], changed[2 * TEXT_MAX];
	char *text;

	populate(s);
	populate_policy(s);
	text = scratch_text(s->store);
	for (char *line = text; *line;) {
		char *next = strchr(line, '\n') + 1;
		int before = (int)(line - text);

		(void)snprintf(changed, sizeof(changed), "%.*s%s", before, text,
			       next);
		assert_int_equal(read_text(changed, strlen(changed), note),
				 -EBADMSG);
		(void)snprintf(changed, sizeof(changed), "%.*s%s",
			       (int)(next - text), text, line);
		assert_int_equal(read_text(changed, strlen(changed), note),
				 -EBADMSG);
		line = next;
	}
	free(text);
}

#define HEAD "portcullis-backup 1\nset 3 block dynamic drop 5\n"

/* Each with a good end line, so that the line itself has to be refused. */
static const struct {
	const char *body;
	const char *note;
} bad_lines[] = {
	{"portcullis-backup 4\n", "line 1: not a backup of version 1, 2 or 3"},
	{"portcullis-backup 1 \n", "line 1: not a backup of version 1, 2 or 3"},
	{"\n", "line 1: not a backup of version 1, 2 or 3"},
	{HEAD "\n", "line 3: a field is missing"},
	{HEAD "sets 4 x dynamic drop 5\n",
	 "line 3: starts with no word of a backup"},
	{HEAD "end 2 00000000\n", "line 3: starts with no word of a backup"},
	{HEAD "set 3 block dynamic drop 5\n",
	 "line 3: sets are not in order of their ids"},
	{HEAD "set 0 x dynamic drop 5\n", "line 3: 0 is no set"},
	{HEAD "set 256 x dynamic drop 5\n", "line 3: a number is too large"},
	{HEAD "set 04 x dynamic drop 5\n", "line 3: a number starts with 0"},
	{HEAD "set +4 x dynamic drop 5\n", "line 3: a number was expected"},
	{HEAD "set 4 X dynamic drop 5\n", "line 3: not a name of a set"},
	{HEAD "set 4 x.00 dynamic drop 5\n", "line 3: not a name of a set"},
	{HEAD "set 4 x lively drop 5\n", "line 3: not a kind of set"},
	{HEAD "set 4 x dynamic eat 5\n", "line 3: not an action"},
	{HEAD "set 4 x dynamic drop 16000001\n",
	 "line 3: a number is too large"},
	{HEAD "set 4 x dynamic drop 18446744073709551616\n",
	 "line 3: a number is too large"},
	{HEAD "set 4 x dynamic drop\n", "line 3: a field is missing"},
	{HEAD "set 4 x dynamic drop 5 \n",
	 "line 3: the line ends with a blank"},
	{HEAD "set 4 x dynamic drop 5 6\n",
	 "line 3: there is more on the line"},
	{HEAD "set 4  x dynamic drop 5\n", "line 3: a field is missing"},
	{HEAD "set 4 allow dynamic allow 5\n",
	 "line 3: not what the built-in set is"},
	{"portcullis-backup 1\nset 1 office static allow 5\n",
	 "line 2: not what the built-in set is"},
	{"portcullis-backup 1\nset 1 management static drop 5\n",
	 "line 2: not what the built-in set is"},
	{HEAD "set 4 x dynamic drop 5\nset 5 x static allow 5\n",
	 "line 4: two sets have this name"},
	{HEAD "attachment a/b 0 0\n", "line 3: not a name of an interface"},
	{HEAD "attachment .. 0 0\n", "line 3: not a name of an interface"},
	{HEAD "attachment sixteen-bytes-xx 0 0\n",
	 "line 3: not a name of an interface"},
	{HEAD "attachment a 3 0\n", "line 3: a number is too large"},
	{HEAD "attachment a 0 2\n", "line 3: a number is too large"},
	{HEAD "attachment b 0 0\nattachment a 0 0\n",
	 "line 4: interfaces are not in order of names"},
	{HEAD "attachment b 0 0\nset 4 x dynamic drop 5\n",
	 "line 4: is after lines that come later"},
	{HEAD "member 4 10.0.0.1 operator 0 0 0 0\n",
	 "line 3: the set is not in the document"},
	{HEAD "member 3 10.0.0 operator 0 0 0 0\n",
	 "line 3: not an address or network"},
	{HEAD "member 3 10.0.0.1 nobody 0 0 0 0\n", "line 3: not an origin"},
	{HEAD "member 3 10.0.0.1 operator 4294967296 0 0 0\n",
	 "line 3: a number is too large"},
	{HEAD "member 3 10.0.0.1 operator 0 0 0\n",
	 "line 3: a field is missing"},
	{HEAD "member 3 10.0.0.1 operator 0 0 0 0 tab\tbed\n",
	 "line 3: not a reason"},
	{HEAD "member 3 10.0.0.1 operator 0 0 0 0 \xff\n",
	 "line 3: not a reason"},
	{HEAD "member 3 10.0.0.1 operator 0 0 0 0\n"
	      "member 3 10.0.0.1 operator 0 0 0 0\n",
	 "line 4: members are not in order"},
	{HEAD "member 3 10.0.0.1 operator 0 0 0 0\n"
	      "attachment a 0 0\n",
	 "line 4: is after lines that come later"},
};

static void a_line_that_does_not_parse_is_named(void **state)
{
	char text[TEXT_MAX], note[JOURNAL_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_lines); i++) {
		seal(text, bad_lines[i].body);
		assert_int_equal(read_text(text, strlen(text), note), -EBADMSG);
		assert_string_equal(note, bad_lines[i].note);
	}
}

static void a_nul_in_a_line_is_refused(void **state)
{
	static const char good[] = HEAD "member 3 10.0.0.1 operator 0 0 0 0 "
					"abc\n";
	char text[TEXT_MAX], note[JOURNAL_TEXT_MAX], body[sizeof(good)];
	size_t len = sizeof(good) - 1;

	(void)state;
	for (size_t i = strlen(HEAD); i < len - 1; i++) {
		int end;

		memcpy(body, good, sizeof(good));
		body[i] = '\0';
		memcpy(text, body, len);
		end = snprintf(text + len, TEXT_MAX - len, "end 3 %08lx\n",
			       crc32_z(crc32(0, NULL, 0), (Bytef *)body, len));
		assert_int_equal(read_text(text, len + (size_t)end, note),
				 -EBADMSG);
	}
}

static void an_empty_document_is_refused(void **state)
{
	char note[JOURNAL_TEXT_MAX];

	(void)state;
	assert_int_equal(read_text("", 0, note), -EBADMSG);
	assert_string_equal(note, "line 0: the document has no end line");
}

static void reasons_in_a_row_are_kept_once(void **state)
{
	char text[TEXT_MAX], note[JOURNAL_TEXT_MAX];
	struct backup backup;

	(void)state;
	seal(text, HEAD "member 3 10.0.0.1 operator 0 0 0 0 abc\n"
			"member 3 10.0.0.2 operator 0 0 0 0 abc\n"
			"member 3 10.0.0.3 operator 0 0 0 0 ab\n");
	assert_int_equal(backup_read(text, strlen(text), &backup, note), 0);
	assert_int_equal(backup.change_count, 4);
	assert_string_equal(backup.changes[1].member.evidence.reason, "abc");
	assert_ptr_equal(backup.changes[1].member.evidence.reason,
			 backup.changes[2].member.evidence.reason);
	assert_string_equal(backup.changes[3].member.evidence.reason, "ab");
	backup_done(&backup);
}

static void a_full_disk_is_said(void **state)
{
	struct scratch *s = *state;
	FILE *full = fopen("/dev/full", "we");

	assert_non_null(full);
	assert_int_equal(backup_write(s->store, full), -EIO);
	(void)fclose(full);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(print_parse_print_is_a_fixed_point),
		test(a_member_on_trial_is_in_no_backup),
		test(the_document_looks_as_it_is_described),
		test(every_changed_byte_is_refused),
		test(every_document_cut_short_or_continued_is_refused),
		test(every_line_left_out_or_doubled_is_refused),
		cmocka_unit_test(a_line_that_does_not_parse_is_named),
		cmocka_unit_test(a_nul_in_a_line_is_refused),
		cmocka_unit_test(an_empty_document_is_refused),
		cmocka_unit_test(reasons_in_a_row_are_kept_once),
		test(a_full_disk_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
