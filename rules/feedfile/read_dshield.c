// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DShield: dshield, the block list with first and last address and length in
 * columns, and dshield-api, a list of sources whose addresses are filled up
 * with zeros.
 */
#include <stdio.h>

#include "rules/feedfile/formats.h"

static struct span take_column(struct span *line)
{
	return span_trim(span_take_until(line, '\t'));
}

/*
 * Read FIRST/LENGTH, for which LAST must be the last of its addresses. Returns
 * the bytes written to `text`, 0 if it is no network.
 */
static size_t make_network(struct span line, char text[PREFIX_TEXT_MAX])
{
	struct span first = take_column(&line);
	struct span last = take_column(&line);
	struct span length = take_column(&line);
	struct prefix network, end;
	int used = snprintf(text, PREFIX_TEXT_MAX, "%.*s/%.*s",
			    (int)span_len(first), first.at,
			    (int)span_len(length), length.at);

	if (used < 0 || used >= PREFIX_TEXT_MAX ||
	    prefix_from_text(text, (size_t)used, &network) < 0 ||
	    prefix_from_text(last.at, span_len(last), &end) < 0 ||
	    !prefix_is_v4(&network) || !prefix_is_v4(&end) ||
	    prefix_addr_v4(&end) !=
		    (prefix_addr_v4(&network) |
		     (uint32_t)(UINT64_C(0xffffffff) >> prefix_len(&network))))
		return 0;
	return (size_t)used;
}

static int read_block(struct feed_scan *scan, void *state, struct span line)
{
	char text[PREFIX_TEXT_MAX];
	size_t len = make_network(line, text);
	struct span left = line;

	(void)state;
	if (span_is(take_column(&left), "Start")) {
		scan_comment(scan, line);
		return 0;
	}
	if (len == 0) {
		scan_reject(scan, "not first, last and length of a network",
			    line);
		return 0;
	}
	(void)take_column(&left);
	(void)take_column(&left);
	if (scan_skips_score(scan, take_column(&left)))
		return 0;
	return scan_give(scan, (struct span){text, text + len});
}

int read_dshield(struct feed_scan *scan, struct span text)
{
	static const struct scan_lines lines = {
		.marks = "#",
		.line = read_block,
	};

	return scan_each_line(scan, text, &lines, NULL);
}

/* "001.002.003.004": four numbers of up to three digits. */
static bool read_padded(struct span word, struct prefix *ret_prefix)
{
	uint32_t addr = 0;

	for (int i = 0; i < 4; i++) {
		struct span octet = span_take_until(&word, '.');
		uint64_t number;

		if (span_len(octet) > 3 || !span_take_number(&octet, &number) ||
		    number > UINT8_MAX || !span_is_empty(octet))
			return false;
		addr = addr << 8 | (uint32_t)number;
	}
	if (!span_is_empty(word))
		return false;
	*ret_prefix = prefix_of_v4(addr, 32);
	return true;
}

/* "001.002.003.004<TAB>reports<TAB>targets<TAB>first seen<TAB>last seen" */
static int read_source(struct feed_scan *scan, void *state, struct span line)
{
	struct span word = span_take_word(&line);
	struct span reports = span_take_word(&line);
	struct prefix prefix;
	int r;

	(void)state;
	if (!read_padded(word, &prefix)) {
		scan_reject(scan, "not an IPv4 address", word);
		return 0;
	}
	if (scan_skips_score(scan, reports))
		return 0;
	r = scan_give_prefix(scan, &prefix);
	if (r == 0)
		scan->report->accepted++;
	return r;
}

int read_dshield_api(struct feed_scan *scan, struct span text)
{
	static const struct scan_lines lines = {
		.marks = "#",
		.line = read_source,
	};

	return scan_each_line(scan, text, &lines, NULL);
}
