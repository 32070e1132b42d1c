// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The formats that are plain lists with something in their comments: plain,
 * spamhaus-text and firehol-netset.
 */
#include "rules/feedfile/formats.h"

typedef void comment_fn(struct feed_scan *scan, struct span text);

static int give(void *arg, const struct prefix *prefix, uint32_t line)
{
	struct feed_scan *scan = arg;

	scan->entry = (struct feed_entry){.line = line};
	return scan_give_prefix(scan, prefix);
}

/* A second look, at the comments. */
static void read_comments(struct feed_scan *scan, struct span text,
			  comment_fn *fn)
{
	struct span line;

	scan->entry = (struct feed_entry){0};
	while (span_take_line(&text, &line)) {
		scan->entry.line++;
		span_skip_blanks(&line);
		if (span_is_empty(line) || (*line.at != '#' && *line.at != ';'))
			continue;
		scan_comment(scan, line);
		if (fn)
			fn(scan, line);
	}
}

static int read_list(struct feed_scan *scan, struct span text, comment_fn *fn)
{
	struct feed_report *report = scan->report;
	struct plain_report plain;
	int r;

	r = plain_read_list(text.at, span_len(text), give, scan, &plain);
	report->lines = plain.lines;
	report->accepted = plain.entries;
	report->rejected = plain.rejects;
	report->everything = plain.everything;
	report->host_bits = plain.host_bits;
	report->note_count = plain.note_count;
	memcpy(report->notes, plain.notes, sizeof(report->notes));
	if (r < 0)
		return r;
	if (plain.comments > 0)
		read_comments(scan, text, fn);
	report->is_whole = text.end[-1] == '\n';
	return 0;
}

int read_plain(struct feed_scan *scan, struct span text)
{
	return read_list(scan, text, NULL);
}

int read_spamhaus_text(struct feed_scan *scan, struct span text)
{
	int r = read_list(scan, text, NULL);

	scan->report->has_end_mark = true;
	scan->report->is_whole = span_is(scan_last_line(text), "; EOF");
	return r;
}

/* "# Entries         : 3 subnets, 50331904 unique IPs" */
static void read_firehol_comment(struct feed_scan *scan, struct span text)
{
	struct span name;
	uint64_t count;

	text.at++;
	name = span_trim(span_take_until(&text, ':'));
	span_skip_blanks(&text);
	if (span_is(name, "Entries") && span_take_number(&text, &count))
		scan_stated_count(scan, count);
}

int read_firehol_netset(struct feed_scan *scan, struct span text)
{
	struct feed_report *report = scan->report;
	int r = read_list(scan, text, read_firehol_comment);

	report->stated_matches =
		report->has_stated_count &&
		report->stated_count ==
			(uint64_t)report->accepted + report->rejected;
	/* the head says how many follow: that marks the end, but for the last
	 * line, which may be shorter than it was */
	report->has_end_mark = true;
	report->is_whole = report->is_whole && report->stated_matches;
	return r;
}
