// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of abuse.ch: feodo-csv, threatfox-csv and urlhaus-csv. Columns
 * are found by the names in the heading, which stands in a comment or in the
 * first row; where there is none they are where they have always been.
 */
#include "rules/base.h"
#include "rules/feedfile/csv.h"
#include "rules/feedfile/formats.h"

struct table {
	const char *name; /* of the column with the address */
	uint32_t column;
	uint32_t type_column; /* threatfox: ioc_type, */
	uint32_t score_column; /* and confidence_level */
};

static void find_columns(struct table *table, const struct csv *csv)
{
	uint32_t column = 0;

	csv_find(csv, table->name, &column);
	if (column == 0)
		return;
	table->column = column;
	csv_find(csv, "ioc_type", &table->type_column);
	csv_find(csv, "confidence_level", &table->score_column);
}

static void read_comment(struct feed_scan *scan, void *state, struct span text)
{
	struct csv csv;

	(void)scan;
	text.at++;
	if (!csv_split(span_trim(text), ',', &csv))
		find_columns(state, &csv);
}

/* Split a row. False if there is nothing more to do with it. */
static bool take_row(struct feed_scan *scan, struct table *table,
		     struct span line, struct csv *ret_csv)
{
	const char *why = csv_split(line, ',', ret_csv);

	if (why) {
		scan_reject(scan, why, line);
		return false;
	}
	if (!span_is(csv_field(ret_csv, table->column), table->name) &&
	    !span_is(csv_field(ret_csv, 1), "first_seen_utc"))
		return true;
	scan_comment(scan, line);
	find_columns(table, ret_csv);
	return false;
}

static int read_feodo_row(struct feed_scan *scan, void *state, struct span line)
{
	struct table *table = state;
	struct csv csv;

	if (!take_row(scan, table, line, &csv))
		return 0;
	return scan_give(scan, csv_field(&csv, table->column));
}

/* "# END 2 entries" */
static void read_feodo_end(struct feed_scan *scan, struct span text)
{
	struct feed_report *report = scan->report;
	uint64_t count;

	report->has_end_mark = true;
	report->is_whole = false;
	if (!span_starts(text, "# END "))
		return;
	text.at += strlen("# END ");
	if (!span_take_number(&text, &count) ||
	    !(span_is(text, " entries") || span_is(text, " entry")))
		return;
	scan_stated_count(scan, count);
	report->stated_matches =
		count == (uint64_t)report->accepted + report->rejected;
	report->is_whole = report->stated_matches;
}

int read_feodo_csv(struct feed_scan *scan, struct span text)
{
	static const struct scan_lines lines = {
		.marks = "#",
		.line = read_feodo_row,
		.comment = read_comment,
	};
	struct table table = {.name = "dst_ip", .column = 2};
	int r = scan_each_line(scan, text, &lines, &table);

	read_feodo_end(scan, scan_last_line(text));
	return r;
}

static int read_threatfox_row(struct feed_scan *scan, void *state,
			      struct span line)
{
	struct table *table = state;
	struct csv csv;

	if (!take_row(scan, table, line, &csv))
		return 0;
	if (!span_is(csv_field(&csv, table->type_column), "ip:port")) {
		scan_skip(scan, FEED_SKIP_TYPE);
		return 0;
	}
	if (scan_skips_score(scan, csv_field(&csv, table->score_column)))
		return 0;
	return scan_give(scan,
			 scan_without_port(csv_field(&csv, table->column)));
}

int read_threatfox_csv(struct feed_scan *scan, struct span text)
{
	static const struct scan_lines lines = {
		.marks = "#",
		.line = read_threatfox_row,
		.comment = read_comment,
	};
	struct table table = {
		.name = "ioc_value",
		.column = 3,
		.type_column = 4,
		.score_column = 10,
	};

	return scan_each_line(scan, text, &lines, &table);
}

/* The host of an URL with its port; empty if it is no URL. */
static struct span host_of(struct span url)
{
	static const char *const schemes[] = {"http://", "https://", "ftp://"};
	struct span rest = {url.end, url.end};
	struct span host;

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (span_starts(url, schemes[i]))
			rest.at = url.at + strlen(schemes[i]);
	}
	/* what stands before the first of these, and behind a user's name */
	host = span_take_until(&rest, '/');
	host = span_take_until(&host, '?');
	host = span_take_until(&host, '#');
	while (memchr(host.at, '@', span_len(host)))
		(void)span_take_until(&host, '@');
	return host;
}

static int read_urlhaus_row(struct feed_scan *scan, void *state,
			    struct span line)
{
	struct table *table = state;
	struct plain_item item;
	struct span host;
	struct csv csv;

	if (!take_row(scan, table, line, &csv))
		return 0;
	host = host_of(csv_field(&csv, table->column));
	if (span_is_empty(host)) {
		scan_reject(scan, "not an URL", line);
		return 0;
	}
	host = scan_without_port(host);
	if (plain_item_read(host.at, span_len(host), &item) || item.is_range ||
	    item.rest != host.end || item.first.bits != PLAIN_HOST_BITS) {
		scan_skip(scan, FEED_SKIP_TYPE);
		return 0;
	}
	return scan_give(scan, host);
}

int read_urlhaus_csv(struct feed_scan *scan, struct span text)
{
	static const struct scan_lines lines = {
		.marks = "#",
		.line = read_urlhaus_row,
		.comment = read_comment,
	};
	struct table table = {.name = "url", .column = 3};

	return scan_each_line(scan, text, &lines, &table);
}
