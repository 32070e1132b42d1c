// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/csv.h"

static const char why_open[] = "a quoted field does not end in its line";
static const char why_behind[] = "text behind a quoted field";

/* Take what stands between two quotes. False if the second is missing. */
static bool take_quoted(struct span *line, struct span *ret_field)
{
	const char *start = line->at + 1;
	const char *at = start;

	for (; at < line->end; at++) {
		if (*at != '"')
			continue;
		if (line->end - at < 2 || at[1] != '"') {
			*ret_field = (struct span){start, at};
			line->at = at + 1;
			return true;
		}
		at++;
	}
	return false;
}

static const char *take_field(struct span *line, char separator,
			      struct span *ret_field)
{
	while (line->at < line->end && *line->at != separator &&
	       span_is_blank(*line->at))
		line->at++;
	if (!span_starts(*line, "\"")) {
		*ret_field = span_trim(span_take_until(line, separator));
		return NULL;
	}
	if (!take_quoted(line, ret_field))
		return why_open;
	if (!span_is_empty(span_trim(span_take_until(line, separator))))
		return why_behind;
	return NULL;
}

const char *csv_split(struct span line, char separator, struct csv *ret_csv)
{
	const char *why = NULL;
	bool has_more = true;

	ret_csv->count = 0;
	while (!why && has_more && ret_csv->count < CSV_FIELDS_MAX) {
		why = take_field(&line, separator,
				 &ret_csv->fields[ret_csv->count++]);
		has_more = !span_is_empty(line);
	}
	return why;
}

struct span csv_field(const struct csv *csv, uint32_t column)
{
	static const char nothing[] = "";

	if (column == 0 || column > csv->count)
		return (struct span){nothing, nothing};
	return csv->fields[column - 1];
}

void csv_find(const struct csv *csv, const char *name, uint32_t *column)
{
	for (uint32_t i = 0; i < csv->count; i++) {
		if (span_is(csv->fields[i], name))
			*column = i + 1;
	}
}
