// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/sigma_reader.h"

#include <string.h>

#include "rules/detect/view.h"

#define FIELD_MAX 64

enum kind_of_test {
	PLAIN,
	EXISTS,
	REGEX,
	CIDR
};

/* A key, taken apart. */
struct item {
	const char *field; /* "" for keywords */
	enum kind_of_test kind;
	bool is_open_start, is_open_end; /* startswith has an open end */
	bool is_all, is_cased, is_caseless;
	bool has_form; /* contains, startswith or endswith was said */
};

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

/* Returns false for a modifier that is not known or does not go with others. */
static bool take_modifier(struct item *item, const char *text, size_t len)
{
	bool is_form = true;

	if (is_word(text, len, "contains"))
		item->is_open_start = item->is_open_end = true;
	else if (is_word(text, len, "startswith"))
		item->is_open_end = true;
	else if (is_word(text, len, "endswith"))
		item->is_open_start = true;
	else
		is_form = false;
	if (is_form) {
		bool is_second = item->has_form || item->kind != PLAIN;

		item->has_form = true;
		return !is_second;
	}
	if (is_word(text, len, "all"))
		return !item->is_all && (item->is_all = true);
	if (is_word(text, len, "cased"))
		return item->kind == PLAIN && (item->is_cased = true);
	if (is_word(text, len, "i"))
		return item->kind == REGEX && (item->is_caseless = true);
	if (item->has_form || item->kind != PLAIN || item->is_cased)
		return false;
	if (is_word(text, len, "re"))
		item->kind = REGEX;
	else if (is_word(text, len, "cidr"))
		item->kind = CIDR;
	else if (is_word(text, len, "exists"))
		item->kind = EXISTS;
	return item->kind != PLAIN;
}

static int take_field(struct sigma_reader *reader, const struct node *name,
		      size_t len, struct item *item)
{
	char text[FIELD_MAX];

	if (len < sizeof(text)) {
		memcpy(text, name->text, len);
		text[len] = '\0';
		item->field = detect_field_name(reader->rule->category, text);
	}
	/* The fields in parentheses are none of the language. */
	if (!item->field || item->field[0] == '(')
		return sigma_refuse(
			reader, DETECT_NO_FIELD, name->mark,
			"no sensor fills the field \"%.*s\" of %s",
			(int)(len < FIELD_MAX ? len : FIELD_MAX), name->text,
			detect_category_name(reader->rule->category));
	return 0;
}

static int take_key(struct sigma_reader *reader, const struct node *name,
		    struct item *item)
{
	const char *at = name->text;
	size_t len = strcspn(at, "|");
	int r = take_field(reader, name, len, item);

	while (r >= 0 && at[len] == '|') {
		at += len + 1;
		len = strcspn(at, "|");
		if (!take_modifier(item, at, len))
			return sigma_refuse(reader, DETECT_NO_MODIFIER,
					    name->mark,
					    "the modifier \"%.40s\" is not "
					    "known here",
					    at);
	}
	return r;
}

static bool is_wild(char byte)
{
	return byte == WILD_ANY || byte == WILD_ONE;
}

/* Take escapes out, put wildcards in, make letters small. Returns its end. */
static char *read_pattern(const struct item *item, const char *text, char *out)
{
	for (; *text != '\0'; text++) {
		char byte = *text;

		if (byte == '\\' && text[1] != '\0' &&
		    strchr("*?\\", text[1])) {
			byte = *++text;
		} else if (byte == '*') {
			byte = WILD_ANY;
		} else if (byte == '?') {
			byte = WILD_ONE;
		}
		if (!item->is_cased)
			byte = detect_lower(byte);
		if (byte == WILD_ANY && out[-1] == WILD_ANY)
			continue;
		*out++ = byte;
	}
	return out;
}

/* How a pattern is compared: by its text alone, if all its wildcards are at
 * its ends. */
static void classify(struct detect_node *test, char *first, char *end)
{
	bool is_open_start = first < end && *first == WILD_ANY;
	bool is_open_end = first < end && end[-1] == WILD_ANY;
	char *from = first + is_open_start;
	char *to = end > from ? end - is_open_end : end;
	bool has_wild = false;

	for (const char *at = from; at < to; at++)
		has_wild = has_wild || is_wild(*at);
	test->text = has_wild ? first : from;
	test->len = (uint32_t)(has_wild ? end - first : to - from);
	if (has_wild)
		test->match = DETECT_WILD;
	else if (test->len == 0)
		test->match = DETECT_PRESENT;
	else if (is_open_start)
		test->match = is_open_end ? DETECT_CONTAINS : DETECT_ENDS;
	else
		test->match = is_open_end ? DETECT_STARTS : DETECT_EQUALS;
}

static int read_plain(struct sigma_reader *reader, const struct item *item,
		      const struct node *value, struct detect_node *parent)
{
	size_t len = strlen(value->text);
	struct detect_node *test;
	char *pattern, *end;
	int r;

	if (len == 0 && !item->has_form) {
		/* equal to nothing: not there */
		r = sigma_add(reader, parent, DETECT_NOT, value->mark, &parent);
		if (r < 0)
			return r;
	}
	r = sigma_add(reader, parent, DETECT_TEST, value->mark, &test);
	if (r < 0)
		return r;
	pattern = arena_cut(&reader->rule->arena, len + 4);
	if (!pattern)
		return -ENOMEM;
	end = ++pattern; /* a byte that is not WILD_ANY stands before it */
	if (item->is_open_start)
		*end++ = WILD_ANY;
	end = read_pattern(item, value->text, end);
	if (item->is_open_end && end[-1] != WILD_ANY)
		*end++ = WILD_ANY;
	test->field = item->field;
	test->is_cased = item->is_cased;
	classify(test, pattern, end);
	return 0;
}

static int read_regex(struct sigma_reader *reader, const struct item *item,
		      const struct node *value, struct detect_node *test)
{
	struct regex_problem problem = {NULL};
	struct mark mark = value->mark;
	int r = regex_compile(&reader->rule->arena, value->text,
			      strlen(value->text), item->is_caseless,
			      &test->regex, &problem);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return sigma_refuse(reader, DETECT_NO_REGEX, mark,
				    "regular expression, byte %zu: %s",
				    problem.offset + 1, problem.reason);
	test->match = DETECT_REGEX;
	/* for those who list rules; it is not compared */
	test->text = arena_copy(&reader->rule->arena, value->text,
				strlen(value->text));
	test->len = (uint32_t)strlen(value->text);
	return test->text ? 0 : -ENOMEM;
}

static int read_cidr(struct sigma_reader *reader, const struct node *value,
		     struct detect_node *test)
{
	if (strcmp(test->field, "DestinationIp") != 0)
		return sigma_refuse(reader, DETECT_NO_MODIFIER, value->mark,
				    "cidr is for addresses, and \"%s\" is none",
				    test->field);
	if (prefix_from_text(value->text, strlen(value->text), &test->prefix) <
	    0)
		return sigma_break(reader, value->mark,
				   "\"%.60s\" is no network", value->text);
	test->match = DETECT_CIDR;
	return 0;
}

static int read_exists(struct sigma_reader *reader, const struct item *item,
		       const struct node *value, struct detect_node *parent)
{
	struct detect_node *test;
	int r;

	if (strcmp(value->text, "true") != 0 &&
	    strcmp(value->text, "false") != 0)
		return sigma_break(reader, value->mark,
				   "exists is true or false");
	if (value->text[0] == 'f') {
		r = sigma_add(reader, parent, DETECT_NOT, value->mark, &parent);
		if (r < 0)
			return r;
	}
	r = sigma_add(reader, parent, DETECT_TEST, value->mark, &test);
	if (r < 0)
		return r;
	test->field = item->field;
	test->match = DETECT_PRESENT;
	return 0;
}

static int read_value(struct sigma_reader *reader, const struct item *item,
		      const struct node *value, struct detect_node *parent)
{
	struct detect_node *test;
	int r;

	if (value->kind != NODE_SCALAR)
		return sigma_refuse(reader, DETECT_NO_VALUE, value->mark,
				    "a value is a text or a number");
	if (strcmp(value->text, "null") == 0 || strcmp(value->text, "~") == 0)
		return sigma_refuse(reader, DETECT_NO_VALUE, value->mark,
				    "null is no value here");
	if (item->kind == PLAIN)
		return read_plain(reader, item, value, parent);
	if (item->kind == EXISTS)
		return read_exists(reader, item, value, parent);
	r = sigma_add(reader, parent, DETECT_TEST, value->mark, &test);
	if (r < 0)
		return r;
	test->field = item->field;
	return item->kind == REGEX ? read_regex(reader, item, value, test)
				   : read_cidr(reader, value, test);
}

int sigma_read_item(struct sigma_reader *reader, const struct node *name,
		    const struct node *value, struct detect_node *parent)
{
	struct item item = {.field = ""};
	int r = name ? take_key(reader, name, &item) : 0;

	if (r < 0)
		return r;
	if (item.field[0] == '\0' && item.kind == PLAIN) {
		/* keywords are looked for anywhere */
		item.is_open_start = item.is_open_end = true;
		item.has_form = true;
	}
	if (value->kind != NODE_LIST)
		return read_value(reader, &item, value, parent);
	if (value->count == 0)
		return sigma_break(reader, value->mark,
				   "a list without values");
	r = sigma_add(reader, parent, item.is_all ? DETECT_AND : DETECT_OR,
		      value->mark, &parent);
	for (value = value->first; r >= 0 && value; value = value->next)
		r = read_value(reader, &item, value, parent);
	return r;
}
