// SPDX-License-Identifier: GPL-2.0-or-later
/* Which events meet a list's rule. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/detect/event_name.h"
#include "rules/detect/keys.h"
#include "rules/detect/native_reader.h"
#include "rules/detect/taint.h"
#include "rules/detect/view.h"

#define KIND(name) (1u << EVENT_##name)

#define KINDS_OPENAT  (KIND(OPEN) | KIND(WRITE) | KIND(CREATE))
#define KINDS_CONNECT (KIND(CONNECT) | KIND(SEND))

static const struct {
	const char *name;
	uint32_t kinds;
} event_words[] = {
	{"any", NATIVE_KINDS_ANY},
	{"execve", KIND(EXEC)},
	{"openat", KINDS_OPENAT},
	{"connect", KINDS_CONNECT},
};

/* The lists of `ignore`, and the fields they are of. */
static const struct {
	const char *name, *field;
} ignored[] = {
	{"uids", "uid"},
	{"ports", "port"},
};

static int add_event(struct native_reader *reader, const struct node *value)
{
	const char *text = value->kind == NODE_SCALAR ? value->text : "";

	for (size_t i = 0; i < ARRAY_LEN(event_words); i++) {
		if (strcmp(event_words[i].name, text) == 0) {
			reader->rule->kinds |= event_words[i].kinds;
			return 0;
		}
	}
	for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		if (strcmp(event_kind_name(kind), text) == 0) {
			reader->rule->kinds |= 1u << kind;
			return 0;
		}
	}
	return native_break(
		reader, value->mark,
		"an event is any, execve, openat, connect, or a kind "
		"like create or listen; \"%.60s\" is none",
		text);
}

/* One, or a list of them. */
static int read_event(struct native_reader *reader, const struct node *value)
{
	int r = 0;

	reader->rule->kinds = 0;
	if (value->kind != NODE_LIST)
		return add_event(reader, value);
	if (value->count == 0)
		return native_break(reader, value->mark,
				    "a rule is about one event or more");
	for (value = value->first; r >= 0 && value; value = value->next)
		r = add_event(reader, value);
	return r;
}

/* A text, maybe with wildcards; letters' case counts. */
static int set_glob(struct native_reader *reader, struct detect_node *test,
		    const char *text)
{
	size_t len = strlen(text);
	char *pattern = arena_copy(&reader->rule->arena, text, len);
	bool has_wild = false;

	if (!pattern)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '*')
			pattern[i] = WILD_ANY;
		else if (text[i] == '?')
			pattern[i] = WILD_ONE;
		has_wild = has_wild || pattern[i] != text[i];
	}
	test->text = pattern;
	test->len = (uint32_t)len;
	test->is_cased = true;
	test->match = has_wild ? DETECT_WILD : DETECT_EQUALS;
	return 0;
}

/* By a name, or by any. */
static int set_taint(struct native_reader *reader, struct detect_node *test,
		     const struct node *value)
{
	char padded[TAINT_NAME_BYTES + 2];
	bool is_any = strcmp(value->text, "true") == 0;
	int len = snprintf(padded, sizeof(padded), " %.*s ",
			   TAINT_NAME_BYTES - 1, value->text);

	if (!is_any && !native_has_taint(reader, value->text))
		return native_break(reader, value->mark,
				    "no rule of this list has the taint "
				    "\"%.60s\"",
				    value->text);
	test->match = is_any ? DETECT_PRESENT : DETECT_CONTAINS;
	test->is_cased = true;
	test->text = arena_copy(&reader->rule->arena, padded, (size_t)len);
	test->len = (uint32_t)len;
	return test->text ? 0 : -ENOMEM;
}

static int set_number(struct native_reader *reader, struct detect_node *test,
		      const struct node *value, uint64_t max)
{
	char *end = NULL;
	uint64_t number;
	char text[24];

	errno = 0;
	number = strtoull(value->text, &end, 10);
	if (value->text[0] < '0' || value->text[0] > '9' || errno != 0 ||
	    *end != '\0' || number > max)
		return native_break(reader, value->mark,
				    "%s is a number up to %llu", test->field,
				    (unsigned long long)max);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	test->match = DETECT_EQUALS;
	test->text = arena_copy(&reader->rule->arena, text, strlen(text));
	test->len = (uint32_t)strlen(text);
	return test->text ? 0 : -ENOMEM;
}

/* A network, an address, or a text with wildcards. */
static int set_address(struct native_reader *reader, struct detect_node *test,
		       const struct node *value)
{
	if (strpbrk(value->text, "*?"))
		return set_glob(reader, test, value->text);
	if (prefix_from_text(value->text, strlen(value->text), &test->prefix) <
	    0)
		return native_break(reader, value->mark,
				    "\"%.60s\" is no address and no network",
				    value->text);
	test->match = DETECT_CIDR;
	return 0;
}

static int read_value(struct native_reader *reader, const char *field,
		      const struct node *value, struct detect_node *either)
{
	struct detect_node *test;

	if (value->kind != NODE_SCALAR || value->text[0] == '\0')
		return native_break(reader, value->mark,
				    "a value is a text or a number");
	if (reader->value_count++ == NATIVE_VALUES_MAX)
		return native_refuse(reader, DETECT_TOO_LARGE, -E2BIG,
				     value->mark, "more than %d values",
				     NATIVE_VALUES_MAX);
	test = detect_node_new(&reader->rule->arena, either, DETECT_TEST);
	if (!test)
		return -ENOMEM;
	test->field = field;
	if (strcmp(field, "uid") == 0)
		return set_number(reader, test, value, UINT32_MAX);
	if (strcmp(field, "port") == 0)
		return set_number(reader, test, value, UINT16_MAX);
	if (strcmp(field, "status") == 0)
		return set_number(reader, test, value, UINT8_MAX);
	if (strcmp(field, "flags") == 0)
		return set_number(reader, test, value, UINT64_MAX);
	if (strcmp(field, "tainted") == 0)
		return set_taint(reader, test, value);
	if (strcmp(field, "addr") == 0)
		return set_address(reader, test, value);
	return set_glob(reader, test, value->text);
}

/* One value, or one of a list. */
static int read_field(struct native_reader *reader, const struct node *name,
		      const char *key, struct detect_node *parent)
{
	const struct node *value = name->next;
	const char *field = detect_field_name(DETECT_NATIVE, key);
	struct detect_node *either;
	int r = 0;

	if (!field)
		return native_refuse(
			reader, DETECT_NO_FIELD, -ENOTSUP, name->mark,
			"no sensor fills the field \"%.60s\"", key);
	either = detect_node_new(&reader->rule->arena, parent, DETECT_OR);
	if (!either)
		return -ENOMEM;
	if (value->kind != NODE_LIST)
		return read_value(reader, field, value, either);
	for (value = value->first; r >= 0 && value; value = value->next)
		r = read_value(reader, field, value, either);
	return r;
}

static int read_match(struct native_reader *reader, const struct node *match)
{
	int r = keys_check(reader->note, match, "a match", NULL);

	for (const struct node *name = match->first; r >= 0 && name;
	     name = name->next->next)
		r = read_field(reader, name, name->text,
			       reader->rule->condition);
	return r;
}

int native_read_either(struct native_reader *reader, const struct node *fields,
		       struct detect_node *parent)
{
	struct detect_node *either =
		detect_node_new(&reader->rule->arena, parent, DETECT_OR);
	int r = 0;

	if (!either)
		return -ENOMEM;
	for (const struct node *name = fields->first; r >= 0 && name;
	     name = name->next->next) {
		const char *field = name->text;

		for (size_t i = 0; i < ARRAY_LEN(ignored); i++) {
			if (strcmp(ignored[i].name, field) == 0)
				field = ignored[i].field;
		}
		r = read_field(reader, name, field, either);
	}
	return r;
}

int native_read_unless(struct native_reader *reader, const struct node *unless)
{
	struct detect_node *negated;
	int r = keys_check(reader->note, unless, "unless", NULL);

	if (r < 0)
		return r;
	negated = detect_node_new(&reader->rule->arena, reader->rule->condition,
				  DETECT_NOT);
	return negated ? native_read_either(reader, unless, negated) : -ENOMEM;
}

int native_read_condition(struct native_reader *reader, const struct node *node)
{
	const struct node *event = keys_value(node, "event");
	const struct node *match = keys_value(node, "match");
	const struct node *unless = keys_value(node, "unless");
	int r;

	if (!event)
		return native_break(reader, node->mark,
				    "a rule needs the key \"event\"");
	r = read_event(reader, event);
	if (r >= 0 && match)
		r = read_match(reader, match);
	return r >= 0 && unless ? native_read_unless(reader, unless) : r;
}
