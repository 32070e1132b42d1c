// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/documents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_ROOM (1u << 20)

static int read_copy(const char *text, size_t len, struct policy *ret_policy,
		     struct document_note *ret_note)
{
	char *copy = malloc(len + !len);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, len);
	r = document_read(copy, len, ret_policy, ret_note);
	free(copy);
	return r;
}

void read_document(const char *text, struct policy *ret_policy)
{
	struct document_note note;
	int r = read_copy(text, strlen(text), ret_policy, &note);

	if (r < 0)
		fail_msg("%d, %u:%u: %s", r, note.line, note.column, note.text);
}

void assert_document_refused(const char *text, int r, uint32_t line,
			     const char *part)
{
	struct document_note note = {.line = 0};
	struct policy policy;
	int answer = read_copy(text, strlen(text), &policy, &note);

	if (answer == 0)
		fail_msg("let in:\n%s", text);
	if (answer != r || note.line != line || !strstr(note.text, part))
		fail_msg("%d, %u:%u: %s\nfor:\n%s", answer, note.line,
			 note.column, note.text, text);
}

char *print_document(const struct policy *policy)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(document_print(policy, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

char *read_tree_file(const char *path)
{
	char full[512];
	char *text = calloc(1, FILE_ROOM);
	FILE *file;

	(void)snprintf(full, sizeof(full), "%s/../../%s", TEST_DATA_DIR, path);
	file = fopen(full, "re");
	if (!file || !text)
		fail_msg("cannot read %s", full);
	assert_true(fread(text, 1, FILE_ROOM - 1, file) > 0);
	assert_true(feof(file));
	(void)fclose(file);
	return text;
}

void write_schema_defaults(FILE *out, const struct schema_mapping *mapping,
			   const char *indent)
{
	for (size_t i = 0; i < mapping->key_count; i++) {
		const struct schema_key *key = &mapping->keys[i];

		if (key->fallback)
			(void)fprintf(out, "%s%s: %s\n", indent, key->name,
				      key->fallback);
		if (key->type != SCHEMA_GROUP)
			continue;
		(void)fprintf(out, "%s%s:\n", indent, key->name);
		write_schema_defaults(out, key->mapping, "  ");
	}
}
