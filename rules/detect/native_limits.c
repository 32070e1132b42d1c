// SPDX-License-Identifier: GPL-2.0-or-later
/* When the matches of a list's rule are told. */
#include <errno.h>

#include "rules/detect/keys.h"
#include "rules/detect/native_reader.h"
#include "rules/detect/view.h"
#include "rules/duration.h"

#define THRESHOLD_MAX 1000000

int native_read_span(struct native_reader *reader, const struct node *value,
		     uint64_t *ret_ns)
{
	uint64_t span_s;

	if (value->kind != NODE_SCALAR ||
	    duration_from_text(value->text, &span_s) < 0)
		return native_break(
			reader, value->mark,
			"a span is a number and a unit, like 10s or 5m");
	*ret_ns = span_s * DETECT_SECOND_NS;
	return 0;
}

static int read_threshold(struct native_reader *reader,
			  const struct node *value, uint32_t *ret_threshold)
{
	const char *text = value->kind == NODE_SCALAR ? value->text : "";
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '1' || *text > '9' || *end != '\0' ||
	    number > THRESHOLD_MAX)
		return native_break(reader, value->mark,
				    "a threshold is a number from 1 to %d",
				    THRESHOLD_MAX);
	*ret_threshold = (uint32_t)number;
	return 0;
}

static int read_group(struct native_reader *reader, const struct node *value)
{
	struct detect_rule *rule = reader->rule;
	const char **fields;

	if (value->kind != NODE_LIST)
		return native_break(reader, value->mark,
				    "group_by is a list of fields");
	fields = arena_cut(&rule->arena, (value->count + 1) * sizeof(*fields));
	if (!fields)
		return -ENOMEM;
	for (const struct node *name = value->first; name; name = name->next) {
		const char *text = name->kind == NODE_SCALAR ? name->text : "";
		const char *field = detect_field_name(DETECT_NATIVE, text);

		if (!field)
			return native_refuse(
				reader, DETECT_NO_FIELD, -ENOTSUP, name->mark,
				"no sensor fills the field \"%.60s\"", text);
		fields[rule->group_count++] = field;
	}
	rule->group_by = fields;
	return 0;
}

int native_read_limits(struct native_reader *reader, const struct node *node)
{
	struct detect_limits *limits = &reader->rule->limits;
	const struct {
		const char *key;
		uint64_t *span_ns;
	} spans[] = {
		{"window", &limits->window_ns},
		{"cooldown", &limits->cooldown_ns},
		{"renotify", &limits->renotify_ns},
	};
	const struct node *group = keys_value(node, "group_by");
	const struct node *threshold = keys_value(node, "threshold");
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(spans); i++) {
		const struct node *value = keys_value(node, spans[i].key);

		if (value)
			r = native_read_span(reader, value, spans[i].span_ns);
	}
	if (r >= 0 && threshold)
		r = read_threshold(reader, threshold, &limits->threshold);
	return r >= 0 && group ? read_group(reader, group) : r;
}
