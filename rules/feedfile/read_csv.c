// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * csv: any table with an address, a network, or the two ends of a range in
 * columns that the options name. Ports behind an address are ignored.
 */
#include <errno.h>
#include <stdio.h>

#include "rules/feedfile/csv.h"
#include "rules/feedfile/formats.h"

#define RANGE_TEXT_MAX (2 * PREFIX_TEXT_MAX + 1)

_Static_assert(CSV_FIELDS_MAX == FEED_COLUMNS_MAX, "");

struct table {
	char separator;
	uint32_t column;
	uint32_t last_column;
	bool has_rows;
};

/* The name of a column is no address, and has nothing of one. */
static bool is_heading(struct span field)
{
	return !memchr(field.at, '.', span_len(field)) &&
	       !memchr(field.at, ':', span_len(field));
}

static int give_range(struct feed_scan *scan, struct span first,
		      struct span last)
{
	char text[RANGE_TEXT_MAX];
	int used =
		snprintf(text, sizeof(text), "%.*s-%.*s", (int)span_len(first),
			 first.at, (int)span_len(last), last.at);

	if (used < 0 || (size_t)used >= sizeof(text)) {
		scan_reject(scan, "not a range", first);
		return 0;
	}
	return scan_give(scan, (struct span){text, text + used});
}

static int read_row(struct feed_scan *scan, void *state, struct span line)
{
	struct table *table = state;
	bool is_first = !table->has_rows;
	struct span field;
	struct csv csv;
	const char *why = csv_split(line, table->separator, &csv);

	table->has_rows = true;
	if (why) {
		scan_reject(scan, why, line);
		return 0;
	}
	field = csv_field(&csv, table->column);
	if (is_first && is_heading(field)) {
		scan_comment(scan, line);
		return 0;
	}
	if (table->last_column > 0)
		return give_range(scan, field,
				  csv_field(&csv, table->last_column));
	return scan_give(scan, scan_without_port(field));
}

int read_csv(struct feed_scan *scan, struct span text)
{
	static const struct scan_lines lines = {.marks = "#", .line = read_row};
	const struct feed_options *options = scan->options;
	struct table table = {
		.separator = ',',
		.column = options->column ? options->column : 1,
		.last_column = options->last_column,
	};

	if (options->separator)
		table.separator = options->separator;
	if (table.column > CSV_FIELDS_MAX || table.last_column > CSV_FIELDS_MAX)
		return -EINVAL;
	return scan_each_line(scan, text, &lines, &table);
}
