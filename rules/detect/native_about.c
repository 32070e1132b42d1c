// SPDX-License-Identifier: GPL-2.0-or-later
/* What a list's rule says of itself, and of the block that it is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/detect/keys.h"
#include "rules/detect/native_reader.h"
#include "rules/text.h"

#define LINE_BYTES 256
#define POINTS_MAX 10000
#define GROWTH_MAX 100

static const char *scalar(const struct node *node)
{
	return node->kind == NODE_SCALAR ? node->text : "";
}

static int read_line(struct native_reader *reader, const struct node *value,
		     const char **ret_text)
{
	const char *text = scalar(value);

	if (*text == '\0' || !text_is_line(text, LINE_BYTES))
		return native_break(reader, value->mark,
				    "it is a line of text, below %d bytes",
				    LINE_BYTES);
	*ret_text = arena_copy(&reader->rule->arena, text, strlen(text));
	return *ret_text ? 0 : -ENOMEM;
}

static int read_id(struct native_reader *reader, const struct node *value)
{
	return read_line(reader, value, &reader->rule->id);
}

static int read_level(struct native_reader *reader, const struct node *value)
{
	if (detect_level_from_text(scalar(value), &reader->rule->level) == 0)
		return 0;
	return native_break(reader, value->mark,
			    "a level is informational, low, medium, high or "
			    "critical");
}

static int read_tags(struct native_reader *reader, const struct node *value)
{
	struct detect_rule *rule = reader->rule;
	const char **tags;
	int r = 0;

	if (value->kind != NODE_LIST)
		return native_break(reader, value->mark, "tags are a list");
	tags = arena_cut(&rule->arena, (value->count + 1) * sizeof(*tags));
	if (!tags)
		return -ENOMEM;
	rule->tags = tags;
	for (const struct node *tag = value->first; r >= 0 && tag;
	     tag = tag->next)
		r = read_line(reader, tag, &tags[rule->tag_count++]);
	return r;
}

static int read_points(struct native_reader *reader, const struct node *value,
		       unsigned long least, uint32_t *ret_points)
{
	const char *text = scalar(value);
	size_t digits = strspn(text, "0123456789");
	unsigned long points = strtoul(text, NULL, 10);

	if (digits == 0 || text[digits] != '\0' || points < least ||
	    points > POINTS_MAX)
		return native_break(reader, value->mark,
				    "points are a number from %lu to %d", least,
				    POINTS_MAX);
	*ret_points = (uint32_t)points;
	return 0;
}

int native_read_score(struct native_reader *reader, const struct node *value)
{
	return read_points(reader, value, 1, &reader->rule->score);
}

static int read_weight(struct native_reader *reader, const struct node *value)
{
	reader->rule->has_weight = true;
	return read_points(reader, value, 0, &reader->rule->weight);
}

static int read_observe(struct native_reader *reader, const struct node *value)
{
	bool is_true = strcmp(scalar(value), "true") == 0;

	if (!is_true && strcmp(scalar(value), "false") != 0)
		return native_break(reader, value->mark,
				    "observe is true or false");
	reader->rule->is_observed = is_true;
	return 0;
}

static int read_ttl(struct native_reader *reader, const struct node *value)
{
	uint64_t span_ns;
	int r = native_read_span(reader, value, &span_ns);

	if (r >= 0)
		reader->rule->ttl_s = span_ns / DETECT_SECOND_NS;
	return r;
}

static int read_factor(struct native_reader *reader, const struct node *value,
		       uint32_t *ret_by)
{
	const char *text = scalar(value);
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '1' || *text > '9' || *end != '\0' || number < 2 ||
	    number > GROWTH_MAX)
		return native_break(reader, value->mark,
				    "a ttl grows by a number from 2 to %d",
				    GROWTH_MAX);
	*ret_by = (uint32_t)number;
	return 0;
}

static int read_growth(struct native_reader *reader, const struct node *value)
{
	static const char *const known[] = {"by", "until", "forget", NULL};
	struct detect_growth growth = DETECT_GROWTH_DEFAULT;
	const struct {
		const char *key;
		uint64_t *span_s;
	} spans[] = {
		{"until", &growth.until_s},
		{"forget", &growth.forget_s},
	};
	int r = keys_check(reader->note, value, "ttl_grows", known);
	const struct node *by = r < 0 ? NULL : keys_value(value, "by");

	if (by)
		r = read_factor(reader, by, &growth.by);
	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(spans); i++) {
		const struct node *span = keys_value(value, spans[i].key);
		uint64_t span_ns;

		if (!span)
			continue;
		r = native_read_span(reader, span, &span_ns);
		if (r >= 0)
			*spans[i].span_s = span_ns / DETECT_SECOND_NS;
	}
	if (r >= 0)
		reader->rule->growth = growth;
	return r;
}

static int read_step(struct native_reader *reader, const struct node *value)
{
	for (unsigned int step = 0; step < DETECT_STEP_COUNT; step++) {
		if (strcmp(scalar(value), detect_step_name(step)) == 0) {
			reader->rule->steps |= 1u << step;
			return 0;
		}
	}
	return native_break(reader, value->mark,
			    "a step is table, refuse, cut, end or quarantine");
}

static int read_steps(struct native_reader *reader, const struct node *value)
{
	int r = 0;

	if (value->kind != NODE_LIST || value->count == 0)
		return native_break(reader, value->mark,
				    "steps are a list of one or more");
	reader->rule->steps = 0;
	for (const struct node *step = value->first; r >= 0 && step;
	     step = step->next)
		r = read_step(reader, step);
	return r;
}

int native_read_about(struct native_reader *reader, const struct node *node)
{
	static const struct {
		const char *key;
		int (*read)(struct native_reader *, const struct node *);
		bool is_of_block;
	} parts[] = {
		{"id", read_id, false},
		{"level", read_level, false},
		{"tags", read_tags, false},
		{"weight", read_weight, false},
		{"observe", read_observe, true},
		{"ttl", read_ttl, true},
		{"ttl_grows", read_growth, true},
		{"steps", read_steps, true},
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(parts); i++) {
		const struct node *value = keys_value(node, parts[i].key);

		if (!value)
			continue;
		if (parts[i].is_of_block &&
		    reader->rule->action != DETECT_BLOCK)
			return native_break(reader, value->mark,
					    "only a block has the key \"%s\"",
					    parts[i].key);
		r = parts[i].read(reader, value);
	}
	return r;
}
