// SPDX-License-Identifier: GPL-2.0-or-later
/* What rules/backup.h says about the policy, and about version 2. */
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

static int put_policy(struct scratch *s, const struct revision *revision,
		      const char *text)
{
	const struct change changes[] = {
		{.kind = CHANGE_REVISION_PUT, .revision_put = {revision, text}},
		{.kind = CHANGE_REVISION_CURRENT,
		 .revision_number = revision->number},
	};

	return scratch_commit(s, changes, 2);
}

/* A policy of the second revision. */
static void populate_policy(struct scratch *s)
{
	static const char text[] = "rules:\n\n  - drop: all\n";
	const struct revision revision = {
		.number = 2,
		.time_s = 1795629999,
		.uid = 1000,
		.text_bytes = sizeof(text) - 1,
		.note = "apply, twice",
	};

	assert_int_equal(scratch_put_revision(s, 1, "older"), 0);
	assert_int_equal(put_policy(s, &revision, text), 0);
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

/* As scratch_text(), also where a policy has a NUL. */
static char *print(struct store *store, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	assert_non_null(out);
	assert_int_equal(backup_write(store, out), 0);
	(void)fclose(out);
	return text;
}

/* Into a new store; the policy is its first revision. */
static void restore(struct scratch *s, const char *text, size_t text_len)
{
	struct backup backup;
	char note[JOURNAL_TEXT_MAX];

	assert_int_equal(backup_read(text, text_len, &backup, note), 0);
	scratch_init(s, SCRATCH_MAP_BYTES);
	assert_int_equal(scratch_commit(s, backup.changes, backup.change_count),
			 0);
	if (backup.revision) {
		const struct change changes[] = {
			backup_policy(&backup, 1),
			{.kind = CHANGE_REVISION_CURRENT, .revision_number = 1},
		};

		assert_int_equal(scratch_commit(s, changes, 2), 0);
	}
	backup_done(&backup);
}

static void assert_fixed_point(struct scratch *s)
{
	size_t first_len = 0, second_len = 0;
	char *first = print(s->store, &first_len), *second;
	struct scratch other;

	restore(&other, first, first_len);
	second = print(other.store, &second_len);
	assert_int_equal(first_len, second_len);
	assert_memory_equal(first, second, first_len);
	scratch_done(&other);
	free(first);
	free(second);
}

static void print_parse_print_is_a_fixed_point(void **state)
{
	struct scratch *s = *state;

	scratch_fill(s, 10, "list");
	populate_policy(s);
	assert_fixed_point(s);
}

/* Each with the length it has, which may be past a NUL. */
#define TEXT(bytes)                       \
	{                                 \
		bytes, sizeof(bytes) - 1, \
	}

static const struct {
	const char *bytes;
	uint32_t len;
} texts[] = {
	TEXT("a"),	  TEXT("a\n"),	     TEXT("\n"),
	TEXT("\n\n"),	  TEXT("a\n\n"),     TEXT("a\nb"),
	TEXT("\na"),	  TEXT(" a \n b "),  TEXT(" "),
	TEXT("a\r\n"),	  TEXT("text x\ny"), TEXT("end 1 00000000\n"),
	TEXT("a\0b\n\0"), TEXT("\xff\xfe"),  TEXT("\0"),
};

static void any_text_of_a_policy_comes_back(void **state)
{
	struct scratch *s = *state;
	struct revision revision = {0};
	struct scratch other;
	char *document, *text = NULL;
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		revision.number = i + 1;
		revision.text_bytes = texts[i].len;
		assert_int_equal(put_policy(s, &revision, texts[i].bytes), 0);
		document = print(s->store, &len);
		restore(&other, document, len);
		assert_int_equal(
			store_revision_text(other.store, 1, &text, &len), 0);
		assert_int_equal(len, texts[i].len);
		assert_memory_equal(text, texts[i].bytes, len);
		scratch_done(&other);
		free(document);
		free(text);
		assert_fixed_point(s);
	}
}

static void a_policy_is_at_the_end_and_makes_it_version_2(void **state)
{
	struct scratch *s = *state;
	char expected[TEXT_MAX];
	char *text;

	populate_policy(s);
	text = scratch_text(s->store);
	seal(expected, "portcullis-backup 2\n"
		       "set 1 management static allow 2000000\n"
		       "set 2 allow dynamic allow 2000000\n"
		       "set 3 block dynamic drop 2000000\n"
		       "policy 22 1795629999 1000 apply, twice\n"
		       "text rules:\n"
		       "text\n"
		       "text   - drop: all\n");
	assert_string_equal(text, expected);
	free(text);
}

static void a_policy_is_given_back_as_a_change(void **state)
{
	struct scratch *s = *state;
	char note[JOURNAL_TEXT_MAX];
	struct backup backup = {0};
	struct change change;
	char *text;

	populate_policy(s);
	text = scratch_text(s->store);
	assert_int_equal(backup_read(text, strlen(text), &backup, note), 0);
	assert_int_equal(backup.change_count, 3); /* the sets */
	assert_non_null(backup.revision);
	change = backup_policy(&backup, 7);
	assert_int_equal(change.kind, CHANGE_REVISION_PUT);
	assert_int_equal(change.revision_put.revision->number, 7);
	assert_int_equal(change.revision_put.revision->time_s, 1795629999);
	assert_int_equal(change.revision_put.revision->uid, 1000);
	assert_string_equal(change.revision_put.revision->note, "apply, twice");
	assert_memory_equal(change.revision_put.text,
			    "rules:\n\n  - drop: all\n", 22);
	backup_done(&backup);
	free(text);
}

static void only_the_current_policy_is_in_the_document(void **state)
{
	struct scratch *s = *state;
	const struct change pending = {
		.kind = CHANGE_REVISION_PENDING,
		.pending = {.number = 3, .fallback = 2},
	};
	char *before, *after;

	populate_policy(s);
	before = scratch_text(s->store);
	assert_int_equal(scratch_put_revision(s, 3, "newer"), 0);
	assert_int_equal(scratch_commit_one(s, pending), 0);
	after = scratch_text(s->store);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void a_document_of_version_1_has_no_policy(void **state)
{
	char text[TEXT_MAX], note[JOURNAL_TEXT_MAX];
	struct backup backup = {0};

	(void)state;
	seal(text, "portcullis-backup 1\nset 3 block dynamic drop 5\n");
	assert_int_equal(backup_read(text, strlen(text), &backup, note), 0);
	assert_null(backup.revision);
	assert_int_equal(backup.change_count, 1);
	backup_done(&backup);
}

static void a_policy_may_have_8_MiB(void **state)
{
	struct scratch *s = *state;
	struct revision revision = {.number = 1,
				    .text_bytes = REVISION_TEXT_MAX};
	char *text = malloc(REVISION_TEXT_MAX);

	assert_non_null(text);
	memset(text, 'x', REVISION_TEXT_MAX);
	assert_int_equal(put_policy(s, &revision, text), 0);
	assert_fixed_point(s);
	free(text);
}

#define HEAD  "portcullis-backup 1\nset 3 block dynamic drop 5\n"
#define HEAD2 "portcullis-backup 2\nset 3 block dynamic drop 5\n"
#define LONG  "0123456789012345678901234567890123456789012345678901234567890123"

/* Each with a good end line, so that the line itself has to be refused. */
static const struct {
	const char *body;
	const char *note;
} bad_lines[] = {
	{HEAD "policy 1 0 0\ntext x\n",
	 "line 3: a policy, and it is of version 1"},
	{HEAD "text x\n", "line 3: a text of no policy"},
	{"portcullis-backup 2\n", "line 1: version 2, and no policy"},
	{HEAD2 "text x\n", "line 3: a text of no policy"},
	{HEAD2 "policy 0 0 0\n", "line 3: a policy without a text"},
	{HEAD2 "policy 8388609 0 0\n", "line 3: a number is too large"},
	{HEAD2 "policy 1 0 4294967296\n", "line 3: a number is too large"},
	{HEAD2 "policy 1 0\n", "line 3: a field is missing"},
	{HEAD2 "policy 1 0 0 a\tb\n", "line 3: not a note"},
	{HEAD2 "policy 1 0 0 " LONG LONG LONG LONG "\n", "line 3: not a note"},
	{HEAD2 "policy 1 0 0\npolicy 1 0 0\n", "line 4: a second policy"},
	{HEAD2 "policy 1 0 0\n",
	 "line 3: the policy is not as long as it says"},
	{HEAD2 "policy 1 0 0\ntext xy\n",
	 "line 4: the policy is not as long as it says"},
	{HEAD2 "policy 4 0 0\ntext xy\n",
	 "line 4: the policy is not as long as it says"},
	{HEAD2 "policy 2 0 0\ntext x\ntext\n",
	 "line 5: the policy is not as long as it says"},
	{HEAD2 "policy 2 0 0\ntext x\ntext \n",
	 "line 5: the line ends with a blank"},
	{HEAD2 "policy 1 0 0\nset 4 x dynamic drop 5\n",
	 "line 4: is after lines that come later"},
	{HEAD2 "policy 1 0 0\nmember 3 10.0.0.1 operator 0 0 0 0\n",
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

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(print_parse_print_is_a_fixed_point),
		test(any_text_of_a_policy_comes_back),
		test(a_policy_is_at_the_end_and_makes_it_version_2),
		test(a_policy_is_given_back_as_a_change),
		test(only_the_current_policy_is_in_the_document),
		test(a_document_of_version_1_has_no_policy),
		test(a_policy_may_have_8_MiB),
		cmocka_unit_test(a_line_that_does_not_parse_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
