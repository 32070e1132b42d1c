// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/feedfile.h"

#include <assert.h>

#include "rules/base.h"
#include "rules/feedfile/csv.h"
#include "rules/feedfile/scan.h"
#include "rules/feedfile/sniff.h"

#define PROBE_BYTES 65536 /* from the front */
#define PROBE_LINES 64 /* that are looked at one by one */

/* Text that only one format has near its beginning. */
struct sign {
	const char *text;
	const char *more; /* as well, or NULL */
	enum feed_format format;
	const char *why;
};

/* The first that fits is taken. */
static const struct sign json_signs[] = {
	{"\"cidr\"", "\"sblid\"", FEED_SPAMHAUS_JSONL,
	 "objects with cidr and sblid"},
	{"\"bundle\"", "\"objects\"", FEED_STIX, "a bundle with objects"},
	{"\"matching_attributes\"", NULL, FEED_MISP_WARNINGLIST,
	 "it names matching_attributes"},
	{"\"Event\"", "\"Attribute\"", FEED_MISP_EVENT,
	 "an Event with Attributes"},
	{"\"info\"", "\"timestamp\"", FEED_MISP_MANIFEST,
	 "events with info and timestamp"},
	{"\"new\"", "\"deleted\"", FEED_CROWDSEC_STREAM,
	 "lists of new and deleted decisions"},
	{"\"ip_address\"", NULL, FEED_FEODO_JSON, "objects with ip_address"},
	{"\"objects\"", NULL, FEED_TAXII, "objects without a bundle"},
};

static const struct sign text_signs[] = {
	{"; Spamhaus", NULL, FEED_SPAMHAUS_TEXT, "a comment names Spamhaus"},
	{"ioc_value", "ioc_type", FEED_THREATFOX_CSV, "a column ioc_value"},
	{"urlhaus_link", NULL, FEED_URLHAUS_CSV, "a column urlhaus_link"},
	{"\"dst_ip\"", "\"c2_status\"", FEED_FEODO_CSV, "a column dst_ip"},
	{"ExitAddress ", NULL, FEED_TOR_EXIT_ADDRESSES, "lines of ExitAddress"},
	{"rpz-ip", "CNAME", FEED_RPZ, "records of rpz-ip"},
	{"Start\tEnd\tNetmask", NULL, FEED_DSHIELD,
	 "columns Start, End and Netmask"},
	{"# Entries ", "hash:", FEED_FIREHOL_NETSET,
	 "a head with the number of entries"},
	{"# last updated ", "GMT)\n", FEED_BOGON,
	 "the head of the bogon lists"},
};

static bool has_text(struct span text, const char *part)
{
	return !part || memmem(text.at, span_len(text), part, strlen(part));
}

static bool find_sign(struct span text, const struct sign *signs, size_t count,
		      struct feed_probe *probe)
{
	for (size_t i = 0; i < count; i++) {
		if (!has_text(text, signs[i].text) ||
		    !has_text(text, signs[i].more))
			continue;
		*probe = (struct feed_probe){
			.is_known = true,
			.format = signs[i].format,
			.why = signs[i].why,
		};
		return true;
	}
	return false;
}

/* How many lines look like what. */
struct tally {
	uint32_t lines;
	uint32_t plain;
	uint32_t scored; /* of those that are plain */
	uint32_t p2p;
	uint32_t padded;
	uint32_t columns[CSV_FIELDS_MAX]; /* with an address */
};

static bool is_entry(struct span text)
{
	struct plain_item item;

	return !plain_item_read(text.at, span_len(text), &item) &&
	       item.rest == text.end;
}

/* "192.0.2.1<TAB>4" and nothing else */
static bool has_score(struct span rest)
{
	uint64_t score;

	if (span_is_empty(rest) || !span_is_blank(*rest.at))
		return false;
	rest = span_trim(rest);
	return span_take_number(&rest, &score) && span_is_empty(rest);
}

/* "001.002.003.004" */
static bool is_padded(struct span line)
{
	struct span word = span_take_word(&line);
	uint64_t octet;

	for (int i = 0; i < 4; i++) {
		struct span digits = span_take_until(&word, '.');

		if (span_len(digits) != 3 ||
		    !span_take_number(&digits, &octet) ||
		    !span_is_empty(digits))
			return false;
	}
	return span_is_empty(word);
}

static bool is_p2p(struct span line)
{
	const char *colon = memrchr(line.at, ':', span_len(line));

	return colon && colon > line.at &&
	       memchr(colon, '-', (size_t)(line.end - colon)) &&
	       is_entry((struct span){colon + 1, line.end});
}

static void tally_line(struct tally *tally, struct span line)
{
	struct plain_item item;
	struct csv csv;

	tally->lines++;
	if (!plain_item_read(line.at, span_len(line), &item)) {
		tally->plain++;
		tally->scored += has_score((struct span){item.rest, line.end});
	}
	tally->p2p += is_p2p(line);
	tally->padded += is_padded(line);
	if (csv_split(line, ',', &csv) || csv.count < 2)
		return;
	for (uint32_t i = 0; i < csv.count; i++)
		tally->columns[i] += is_entry(scan_without_port(csv.fields[i]));
}

/* At least this many of the lines make it likely. */
static bool is_most(const struct tally *tally, uint32_t count)
{
	return count > 0 && count >= tally->lines - tally->lines / 4;
}

static struct feed_probe judge(const struct tally *tally)
{
	if (is_most(tally, tally->padded))
		return (struct feed_probe){true, FEED_DSHIELD_API, 0,
					   "addresses with leading zeros"};
	if (is_most(tally, tally->scored))
		return (struct feed_probe){true, FEED_PLAIN_SCORE, 0,
					   "a number behind each entry"};
	if (is_most(tally, tally->plain))
		return (struct feed_probe){true, FEED_PLAIN, 0,
					   "lines that start with an entry"};
	if (is_most(tally, tally->p2p))
		return (struct feed_probe){true, FEED_P2P, 0,
					   "ranges behind a name and a colon"};
	for (uint32_t i = 0; i < CSV_FIELDS_MAX; i++) {
		if (is_most(tally, tally->columns[i]))
			return (struct feed_probe){
				true, FEED_CSV, i + 1,
				"a table with a column of addresses"};
	}
	return (struct feed_probe){.why = "no format that is known"};
}

static struct feed_probe probe_lines(struct span text)
{
	struct tally tally = {0};
	struct span line;

	while (tally.lines < PROBE_LINES && span_take_line(&text, &line)) {
		line = span_trim(line);
		if (!span_is_empty(line) && *line.at != '#' && *line.at != ';')
			tally_line(&tally, line);
	}
	return judge(&tally);
}

struct feed_probe feedfile_probe(const char *text, size_t len)
{
	struct span left = {text, text + len};
	struct feed_probe probe = {.why = "JSON of no kind that is known"};
	enum feed_instead instead;

	assert(text || len == 0);

	span_skip_byte_order_marks(&left);
	if (span_len(left) > PROBE_BYTES)
		left.end = left.at + PROBE_BYTES;
	instead = sniff(left, true);
	if (instead == FEED_INSTEAD_NONE) {
		(void)find_sign(left, json_signs, ARRAY_LEN(json_signs),
				&probe);
		return probe;
	}
	if (instead == FEED_INSTEAD_TEXT &&
	    memchr(left.at, '\0', span_len(left)))
		instead = FEED_INSTEAD_BINARY;
	if (instead != FEED_INSTEAD_TEXT)
		return (struct feed_probe){
			.why = feedfile_instead_text(instead)};
	if (find_sign(left, text_signs, ARRAY_LEN(text_signs), &probe))
		return probe;
	return probe_lines(left);
}
