// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/geo_ranges.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "rules/feedfile/plain.h"
#include "rules/feedfile/span.h"

#define FIELD_MAX 64 /* bytes of an address or network, and more */

struct line {
	uint32_t key;
	geo_fn *fn;
	void *arg;
};

static struct span take_field(struct span *line)
{
	const char *at = line->at;
	struct span field;

	while (at < line->end && *at != ',' && *at != '\t')
		at++;
	field = span_trim((struct span){line->at, at});
	line->at = at < line->end ? at + 1 : at;
	if (span_len(field) >= 2 && *field.at == '"' && field.end[-1] == '"')
		field = (struct span){field.at + 1, field.end - 1};
	return field;
}

static bool is_address(struct span field)
{
	return memchr(field.at, '.', span_len(field)) ||
	       memchr(field.at, ':', span_len(field));
}

/* Why it is none, or NULL. The item borrows nothing. */
static const char *read_range(struct span first, struct span last,
			      struct plain_item *ret_item)
{
	char text[2 * FIELD_MAX];
	const char *why;
	int len;

	if (span_len(first) >= FIELD_MAX || span_len(last) >= FIELD_MAX)
		return "field too long";
	len = snprintf(text, sizeof(text), "%.*s%s%.*s", (int)span_len(first),
		       first.at, span_is_empty(last) ? "" : "-",
		       (int)span_len(last), last.at);
	why = plain_item_read(text, (size_t)len, ret_item);
	if (!why && ret_item->rest != text + len)
		why = "not an address or network";
	return why;
}

static const char *read_number(struct span field, uint32_t *ret_number)
{
	uint64_t number;

	if (!span_take_number(&field, &number) || !span_is_empty(field) ||
	    number > UINT32_MAX)
		return "not the number of an autonomous system";
	*ret_number = (uint32_t)number;
	return NULL;
}

static int give(void *arg, const struct prefix *prefix)
{
	const struct line *line = arg;

	return line->fn(line->arg, line->key, prefix);
}

static int read_line(struct line *line, struct span text, const char **ret_why)
{
	struct span first = take_field(&text);
	struct span last = take_field(&text);
	struct span number = last;
	struct plain_item item;

	if (is_address(last))
		number = take_field(&text);
	else
		last.end = last.at;
	*ret_why = read_range(first, last, &item);
	if (!*ret_why)
		*ret_why = read_number(number, &line->key);
	if (*ret_why)
		return -EBADMSG;
	return line->key == GEO_NOBODY ? 0 : plain_item_each(&item, give, line);
}

static bool is_header(struct span text)
{
	struct span field = take_field(&text);

	return !span_is_empty(field) && !is_address(field) &&
	       ((*field.at >= 'a' && *field.at <= 'z') ||
		(*field.at >= 'A' && *field.at <= 'Z'));
}

int geo_ranges_read(const char *text, size_t len, geo_fn *fn, void *arg,
		    struct geo_ranges_note *ret_note)
{
	struct span left = {text, text + len};
	struct line line = {.fn = fn, .arg = arg};
	struct span at;

	assert(text || len == 0);
	assert(fn);
	assert(ret_note);

	span_skip_byte_order_marks(&left);
	for (uint32_t number = 1; span_take_line(&left, &at); number++) {
		const char *why = NULL;
		int r;

		at = span_trim(at);
		if (span_is_empty(at) || *at.at == '#' ||
		    (number == 1 && is_header(at)))
			continue;
		r = read_line(&line, at, &why);
		if (why)
			*ret_note = (struct geo_ranges_note){number, why};
		if (r < 0)
			return r;
	}
	return 0;
}
