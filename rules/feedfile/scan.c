// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/scan.h"

#include <errno.h>
#include <strings.h>

#include "rules/base.h"

static const char why_trailing[] = "more behind the address";

/* Is `word`, in lower case, in `text`, in any case? */
static bool has_words(struct span text, const char *word)
{
	size_t len = strlen(word);

	for (; span_len(text) >= len; text.at++) {
		if ((*text.at | 0x20) == *word &&
		    strncasecmp(text.at, word, len) == 0)
			return true;
	}
	return false;
}

void scan_comment(struct feed_scan *scan, struct span text)
{
	static const char *const endings[] = {
		"deprecated",
		"merged into",
		"discontinued",
		"no longer maintained",
	};
	struct feed_report *report = scan->report;

	report->comments++;
	if (report->is_dead)
		return;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		if (!has_words(text, endings[i]))
			continue;
		report->is_dead = true;
		plain_note_set(&report->dead, scan->entry.line, endings[i],
			       text.at, span_len(text));
		return;
	}
}

void scan_reject(struct feed_scan *scan, const char *why, struct span text)
{
	struct feed_report *report = scan->report;

	report->rejected++;
	report->everything += plain_is_everything(why);
	if (report->note_count == PLAIN_NOTES)
		return;
	plain_note_set(&report->notes[report->note_count++], scan->entry.line,
		       why, text.at, span_len(text));
}

void scan_skip(struct feed_scan *scan, enum feed_skip why)
{
	scan->report->skipped[why]++;
}

bool scan_skips_score(struct feed_scan *scan, struct span text)
{
	uint64_t score = 0;

	if (span_take_number(&text, &score) && score > UINT32_MAX)
		score = UINT32_MAX;
	scan->entry.score = (uint32_t)score;
	if (scan->entry.score >= scan->options->min_score)
		return false;
	scan_skip(scan, FEED_SKIP_SCORE);
	return true;
}

int scan_give_prefix(struct feed_scan *scan, const struct prefix *prefix)
{
	int r = 0;

	scan->entry.prefix = *prefix;
	if (scan->fn)
		r = scan->fn(scan->arg, &scan->entry);
	if (r < 0)
		return r;
	scan->report->entries++;
	return 0;
}

static int give_prefix(void *arg, const struct prefix *prefix)
{
	return scan_give_prefix(arg, prefix);
}

int scan_give_item(struct feed_scan *scan, const struct plain_item *item)
{
	int r = plain_item_each(item, give_prefix, scan);

	if (r < 0)
		return r;
	scan->report->accepted++;
	scan->report->host_bits += item->has_host_bits;
	return 0;
}

int scan_give(struct feed_scan *scan, struct span value)
{
	struct plain_item item;
	const char *why;

	value = span_trim(value);
	why = plain_item_read(value.at, span_len(value), &item);
	if (!why && item.rest != value.end)
		why = why_trailing;
	if (!why)
		return scan_give_item(scan, &item);
	scan_reject(scan, why, value);
	return 0;
}

int scan_each_line(struct feed_scan *scan, struct span text,
		   const struct scan_lines *lines, void *state)
{
	struct span left = text;
	struct span line, body;
	int r = 0;

	while (r == 0 && span_take_line(&left, &line)) {
		scan->entry = (struct feed_entry){
			.line = ++scan->report->lines,
		};
		body = span_trim(line);
		if (span_is_empty(body))
			continue;
		if (!strchr(lines->marks, *body.at)) {
			r = lines->line(scan, state, line);
			continue;
		}
		scan_comment(scan, body);
		if (lines->comment)
			lines->comment(scan, state, body);
	}
	scan->report->is_whole = span_is_empty(text) || text.end[-1] == '\n';
	return r;
}

struct span scan_without_port(struct span value)
{
	struct span left = value;
	struct span host;
	uint64_t port;

	if (span_starts(value, "[")) {
		left.at++;
		if (!memchr(left.at, ']', span_len(left)))
			return value;
		host = span_take_until(&left, ']');
		if (span_is_empty(left))
			return host;
		if (*left.at++ != ':')
			return value;
	} else {
		host = span_take_until(&left, ':');
		if (host.end == value.end ||
		    !memchr(host.at, '.', span_len(host)))
			return value;
	}
	if (!span_take_number(&left, &port) || port > UINT16_MAX ||
	    !span_is_empty(left))
		return value;
	return host;
}

struct span scan_last_line(struct span text)
{
	while (text.end > text.at &&
	       (text.end[-1] == '\n' || text.end[-1] == '\r' ||
		span_is_blank(text.end[-1])))
		text.end--;
	for (const char *at = text.end; at > text.at; at--) {
		if (at[-1] == '\n')
			return span_trim((struct span){at, text.end});
	}
	return span_trim(text);
}

void scan_stated_count(struct feed_scan *scan, uint64_t count)
{
	scan->report->has_stated_count = true;
	scan->report->stated_count = count;
}

int scan_refuse(struct feed_scan *scan, enum feed_instead instead,
		uint32_t line, struct span text)
{
	struct feed_report *report = scan->report;

	*report = (struct feed_report){
		.lines = report->lines,
		.instead = instead,
		.note_count = 1,
	};
	plain_note_set(&report->notes[0], line, feedfile_instead_text(instead),
		       text.at, span_len(text));
	return -EBADMSG;
}
