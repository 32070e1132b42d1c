// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rpz: a response policy zone as a zone file. Of its triggers only rpz-ip, of
 * its actions no such name, no data, drop, and passthru, which allows.
 */
#include "rules/feedfile/formats.h"

#define LABELS_MAX 9 /* the length and eight groups of IPv6 */

struct zone {
	bool is_in_parentheses; /* of a record over several lines */
};

/* The labels before "rpz-ip". Returns how many, 0 if it is another name. */
static size_t split_owner(struct span name, struct span labels[LABELS_MAX])
{
	size_t count = 0;

	while (!span_is_empty(name)) {
		struct span label = span_take_until(&name, '.');

		if (span_is(label, "rpz-ip"))
			return count;
		if (count == LABELS_MAX)
			return 0;
		labels[count++] = label;
	}
	return 0;
}

static size_t append(char text[PREFIX_TEXT_MAX], size_t used, struct span part)
{
	if (span_len(part) >= PREFIX_TEXT_MAX - used)
		return PREFIX_TEXT_MAX - 1;
	memcpy(text + used, part.at, span_len(part));
	return used + span_len(part);
}

/*
 * "48.zz.8db.2001" is 2001:8db::/48 and "32.53.2.0.192" is 192.0.2.53: the
 * length, then the parts from the last to the first; zz is "::". What does not
 * fit becomes text that no address has. Returns the bytes written.
 */
static size_t write_prefix(const struct span *labels, size_t count,
			   char text[PREFIX_TEXT_MAX])
{
	bool is_v6 = count != 5;
	bool needs_mark = false;
	size_t used = 0;

	for (size_t i = 1; i < count; i++)
		is_v6 = is_v6 || span_is(labels[i], "zz");
	for (size_t i = count - 1; i > 0; i--) {
		bool is_gap = is_v6 && span_is(labels[i], "zz");

		if (is_gap)
			used = append(text, used, span_of("::"));
		else if (needs_mark)
			used = append(text, used, span_of(is_v6 ? ":" : "."));
		if (!is_gap)
			used = append(text, used, labels[i]);
		needs_mark = !is_gap;
	}
	used = append(text, used, span_of("/"));
	return append(text, used, labels[0]);
}

/* The word that ends a record: where CNAME leads. Empty if it is none. */
static struct span take_target(struct span line)
{
	struct span word;

	do {
		word = span_take_word(&line);
		if (span_is(word, "CNAME"))
			return span_take_word(&line);
	} while (!span_is_empty(word));
	return word;
}

static bool kind_of(struct span target, uint8_t *ret_kind)
{
	*ret_kind = FEED_LISTED;
	if (span_is(target, ".") || span_is(target, "*.") ||
	    span_is(target, "rpz-drop."))
		return true;
	*ret_kind = FEED_ALLOWED;
	return span_is(target, "rpz-passthru.");
}

static int read_record(struct feed_scan *scan, void *state, struct span line)
{
	struct span labels[LABELS_MAX];
	char text[PREFIX_TEXT_MAX] = "";
	struct zone *zone = state;
	size_t count, len;
	struct span owner;

	line = span_take_until(&line, ';');
	if (zone->is_in_parentheses || memchr(line.at, '(', span_len(line))) {
		zone->is_in_parentheses = !memchr(line.at, ')', span_len(line));
		return 0;
	}
	/* a line without a name is about the one before */
	if (*line.at == '$' || span_is_blank(*line.at))
		return 0;
	owner = span_take_word(&line);
	count = split_owner(owner, labels);
	if (count == 0 || !kind_of(take_target(line), &scan->entry.kind)) {
		scan_skip(scan, FEED_SKIP_TYPE);
		return 0;
	}
	len = write_prefix(labels, count, text);
	return scan_give(scan, (struct span){text, text + len});
}

int read_rpz(struct feed_scan *scan, struct span text)
{
	static const struct scan_lines lines = {
		.marks = ";",
		.line = read_record,
	};
	struct zone zone = {0};

	return scan_each_line(scan, text, &lines, &zone);
}
