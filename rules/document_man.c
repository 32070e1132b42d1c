// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document.h"
#include "rules/schema.h"

#define WIDTH	  78
#define LINE_ROOM 1024

static void put_word(FILE *out, const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '\\')
			(void)fputs("\\e", out);
		else
			(void)fputc(word[i], out);
	}
}

/* Sentences start on lines of their own, lines are not longer than WIDTH, and
 * none starts with what roff would take for a request. */
static void put_text(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " \n");

		if (column > 0 && column + 1 + len > WIDTH) {
			(void)fputc('\n', out);
			column = 0;
		}
		if (column > 0)
			column += (size_t)fprintf(out, " ");
		else if (*text == '.' || *text == '\'')
			(void)fputs("\\&", out);
		put_word(out, text, len);
		column += len;
		text += len;
		if (*text == '\n') {
			(void)fputc('\n', out);
			column = 0;
		}
		text += *text != '\0';
	}
	(void)fputc('\n', out);
}

/* What one value is. */
static void tell_one(FILE *line, const struct schema_key *key)
{
	const struct schema_form *form = &schema_forms[key->type];

	if (form->accepts)
		(void)fputs(form->accepts, line);
	else if (key->mapping)
		(void)fprintf(line, "a mapping of the keys under %s",
			      key->mapping->title);
	else if (key->words)
		for (unsigned int i = 0; i < key->words->count; i++)
			(void)fprintf(line, "%s%s",
				      i == 0			  ? ""
				      : i + 1 < key->words->count ? ", "
								  : " or ",
				      key->words->name(i));
	else if (key->type == SCHEMA_SPAN)
		(void)fprintf(line,
			      "a span of time of %u to %u seconds, like "
			      "30s, 5m or 2h4m",
			      key->min, key->max);
	else
		(void)fprintf(line, "a number from %u to %u", key->min,
			      key->max);
}

static void tell_value(FILE *line, const struct schema_key *key)
{
	enum schema_shape shape = schema_forms[key->type].shape;

	(void)fputs(shape == SHAPE_LIST ? "Value: a list, each "
		    : shape >= SHAPE_NAMED
			    ? "Value: a mapping from names, each to "
			    : "Value: ",
		    line);
	tell_one(line, key);
	if (shape == SHAPE_ITEMS || shape == SHAPE_NAMED_ITEMS)
		(void)fputs(", or a list of these", line);
	if (schema_type_is_text(key->type))
		(void)fprintf(line, "; at most %u bytes", key->max);
	if (key->is_negatable)
		(void)fputs("; or {not: ...}, which is met by all others",
			    line);
	(void)fputc('.', line);
}

static int put_key(FILE *out, const struct schema_key *key)
{
	char text[LINE_ROOM] = "";
	FILE *line = fmemopen(text, sizeof(text), "w");

	if (!line)
		return -errno;
	tell_value(line, key);
	if (fclose(line) != 0)
		return -EIO;
	(void)fprintf(out, ".It Cm %s", key->name);
	if (key->is_required)
		(void)fputs(" Pq required", out);
	else if (key->fallback)
		(void)fprintf(out, " Pq \"%s\"", key->fallback);
	(void)fputc('\n', out);
	put_text(out, key->help);
	put_text(out, text);
	return 0;
}

int schema_print_man(const struct schema_mapping *const *mappings, size_t count,
		     FILE *out)
{
	assert(mappings);
	assert(out);

	for (size_t i = 0; i < count; i++) {
		const struct schema_mapping *mapping = mappings[i];

		(void)fprintf(out, ".Ss %s\n", mapping->title);
		if (mapping->help)
			put_text(out, mapping->help);
		(void)fputs(".Bl -tag -width Ds\n", out);
		for (size_t j = 0; j < mapping->key_count; j++) {
			int r = put_key(out, &mapping->keys[j]);

			if (r < 0)
				return r;
		}
		(void)fputs(".El\n", out);
	}
	return ferror(out) ? -EIO : 0;
}

int document_print_man(FILE *out)
{
	return schema_print_man(schema_mappings, schema_mapping_count, out);
}
