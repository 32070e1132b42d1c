// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small formats of one entry a line: plain-score, p2p, tor-exit-addresses,
 * and bogon.
 */
#include "rules/feedfile/formats.h"

static const char comment_marks[] = "#;";

/* "192.0.2.1<TAB>4", or with blanks or a comma between. */
static int read_score_line(struct feed_scan *scan, void *state,
			   struct span line)
{
	struct plain_item item;
	const char *why;

	(void)state;
	line = span_trim(line);
	why = plain_item_read(line.at, span_len(line), &item);
	if (why) {
		scan_reject(scan, why, line);
		return 0;
	}
	line.at = item.rest;
	while (line.at < line.end &&
	       (span_is_blank(*line.at) || *line.at == ',' || *line.at == ';'))
		line.at++;
	if (scan_skips_score(scan, line))
		return 0;
	return scan_give_item(scan, &item);
}

int read_plain_score(struct feed_scan *scan, struct span text)
{
	static const struct scan_lines lines = {
		.marks = comment_marks,
		.line = read_score_line,
	};

	return scan_each_line(scan, text, &lines, NULL);
}

/* "Some Org, Inc: west:198.51.100.3-198.51.100.9": the last colon counts. */
static int read_p2p_line(struct feed_scan *scan, void *state, struct span line)
{
	const char *colon;

	(void)state;
	colon = memrchr(line.at, ':', span_len(line));
	if (!colon) {
		scan_reject(scan, "no name and colon before the range", line);
		return 0;
	}
	return scan_give(scan, (struct span){colon + 1, line.end});
}

int read_p2p(struct feed_scan *scan, struct span text)
{
	static const struct scan_lines lines = {
		.marks = "#",
		.line = read_p2p_line,
	};

	return scan_each_line(scan, text, &lines, NULL);
}

/* "ExitAddress 192.0.2.201 2026-08-22 03:12:47" and lines about the relay. */
static int read_tor_line(struct feed_scan *scan, void *state, struct span line)
{
	struct span word = span_take_word(&line);

	(void)state;
	if (span_is(word, "ExitAddress"))
		return scan_give(scan, span_take_word(&line));
	if (!span_is(word, "ExitNode") && !span_is(word, "Published") &&
	    !span_is(word, "LastStatus"))
		scan_reject(scan, "not a line of exit-addresses", word);
	return 0;
}

int read_tor_exit_addresses(struct feed_scan *scan, struct span text)
{
	static const struct scan_lines lines = {
		.marks = comment_marks,
		.line = read_tor_line,
	};

	return scan_each_line(scan, text, &lines, NULL);
}

/*
 * Give what is left of an IPv6 network when all of IPv4 is cut out: at each
 * length on the way from it to ::ffff:0:0/96, the half that is not on the way.
 */
static int give_around_v4(struct feed_scan *scan, const struct prefix *outer)
{
	const struct prefix all_v4 = prefix_of_v4(0, 0);
	int r = 0;

	for (unsigned int bits = outer->bits; r == 0 && bits < PREFIX_V4_BITS;
	     bits++) {
		uint8_t mask = (uint8_t)(0x80u >> bits % 8);
		struct prefix half = all_v4;

		memset(half.addr + bits / 8, 0, sizeof(half.addr) - bits / 8);
		half.addr[bits / 8] = all_v4.addr[bits / 8];
		half.addr[bits / 8] &= (uint8_t) ~(mask - 1u);
		half.addr[bits / 8] ^= mask;
		half.bits = (uint8_t)(bits + 1);
		r = scan_give_prefix(scan, &half);
	}
	return r;
}

static int read_bogon_line(struct feed_scan *scan, void *state,
			   struct span line)
{
	struct plain_item item;
	const char *why;
	int r;

	(void)state;
	line = span_trim(line);
	why = plain_item_read(line.at, span_len(line), &item);
	if (!why)
		return scan_give_item(scan, &item);
	if (item.is_range || item.first.bits == 0 ||
	    item.first.bits >= PREFIX_V4_BITS ||
	    !prefix_has_all_v4(&item.first)) {
		scan_reject(scan, why, line);
		return 0;
	}
	r = give_around_v4(scan, &item.first);
	if (r == 0)
		scan->report->accepted++;
	return r;
}

int read_bogon(struct feed_scan *scan, struct span text)
{
	static const struct scan_lines lines = {
		.marks = comment_marks,
		.line = read_bogon_line,
	};

	return scan_each_line(scan, text, &lines, NULL);
}
