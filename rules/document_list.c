// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>
#include <strings.h>

#include "rules/document_writer.h"

#define FLOW_MAX 8 /* items that stand on one line */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Nothing in it has a meaning to YAML, wherever it stands. */
static bool is_plain(const char *text)
{
	if (!is_letter(*text) && !(*text >= '0' && *text <= '9'))
		return false;
	for (; *text != '\0'; text++) {
		if (!is_letter(*text) && !(*text >= '0' && *text <= '9') &&
		    !strchr("./-_", *text))
			return false;
	}
	return true;
}

/* What one YAML or another takes for a truth value or for nothing. */
static bool is_word_of_yaml(const char *text)
{
	static const char *const words[] = {"y",   "n",	   "yes",   "no",  "on",
					    "off", "true", "false", "null"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasecmp(words[i], text) == 0)
			return true;
	}
	return false;
}

static void put_quoted(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			(void)fputc('\\', out);
		(void)fputc(*text, out);
	}
	(void)fputc('"', out);
}

void document_put_value(FILE *out, const char *value)
{
	if (is_plain(value))
		(void)fputs(value, out);
	else
		put_quoted(out, value);
}

/* A name that starts like a number may be one to others. */
void document_put_name(FILE *out, const char *value)
{
	if (is_letter(*value) && is_plain(value) && !is_word_of_yaml(value))
		(void)fputs(value, out);
	else
		put_quoted(out, value);
}

static void add(struct document_list *list, const char *text,
		void (*put)(FILE *out, const char *text))
{
	FILE *out = list->writer->out;

	list->count++;
	if (list->total == 0)
		return;
	if (list->total > FLOW_MAX)
		(void)fprintf(out, "\n%*s- ", (int)list->indent, "");
	else if (list->count > 1)
		(void)fputs(", ", out);
	put(out, text);
}

void document_list_value(struct document_list *list, const char *value)
{
	add(list, value, document_put_value);
}

void document_list_name(struct document_list *list, const char *value)
{
	add(list, value, document_put_name);
}

/* What stands around the items: brackets only when they are not alone, and
 * lines of their own when there are many. */
void document_write_list(struct document_writer *writer, const char *name,
			 bool is_negated, document_each_fn *each,
			 const void *match)
{
	struct document_list list = {.writer = writer};
	bool is_flow, has_brackets;

	each(&list, match);
	if (list.count == 0)
		return;
	list.total = list.count;
	list.count = 0;
	list.indent = writer->indent + 2;
	is_flow = list.total <= FLOW_MAX;
	has_brackets = is_flow && list.total > 1;
	document_write_key(writer, name);
	if (is_negated && is_flow)
		(void)fputs(" {not:", writer->out);
	if (is_negated && !is_flow) {
		(void)fprintf(writer->out, "\n%*snot:", (int)list.indent, "");
		list.indent += 2;
	}
	if (is_flow)
		(void)fputs(has_brackets ? " [" : " ", writer->out);
	each(&list, match);
	(void)fprintf(writer->out, "%s%s\n", has_brackets ? "]" : "",
		      is_negated && is_flow ? "}" : "");
}
