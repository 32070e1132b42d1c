// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stix and taxii: indicators of STIX 2.1 whose pattern is one of addresses, in
 * a bundle or in an envelope of TAXII. Taken while they are valid, not revoked
 * and not about what is benign.
 */
#include "rules/feedfile/formats.h"
#include "rules/feedfile/instant.h"
#include "rules/feedfile/pattern.h"
#include "rules/feedfile/record.h"

enum field {
	TYPE,
	PATTERN,
	PATTERN_TYPE,
	VALID_UNTIL,
	REVOKED,
	CONFIDENCE,
};

struct state {
	bool is_benign; /* the indicator at hand */
	bool is_bundle;
	bool has_objects;
	bool has_values; /* any in the root */
};

static int check_value(void *arg, struct span value)
{
	bool *are_entries = arg;
	struct plain_item item;

	if (plain_item_read(value.at, span_len(value), &item) ||
	    item.rest != value.end || item.is_range)
		*are_entries = false;
	return 0;
}

static int give_value(void *arg, struct span value)
{
	struct feed_scan *scan = arg;
	struct plain_item item;

	(void)plain_item_read(value.at, span_len(value), &item);
	scan->report->host_bits += item.has_host_bits;
	return scan_give_prefix(scan, &item.first);
}

static int give_pattern(struct feed_scan *scan, struct span pattern)
{
	bool are_entries = true;
	int r;

	if (pattern_each_value(pattern, check_value, &are_entries) != 0) {
		scan_skip(scan, FEED_SKIP_TYPE);
		return 0;
	}
	if (!are_entries) {
		scan_reject(scan, "not an address or network", pattern);
		return 0;
	}
	r = pattern_each_value(pattern, give_value, scan);
	if (r == 0)
		scan->report->accepted++;
	return r;
}

static bool is_pattern(const struct json_value *fields)
{
	return record_is(&fields[TYPE], "indicator") &&
	       fields[PATTERN].type == JSON_STRING &&
	       (fields[PATTERN_TYPE].type == JSON_NULL ||
		record_is(&fields[PATTERN_TYPE], "stix"));
}

static int give(struct feed_scan *scan, void *arg, const struct record *record)
{
	const struct json_value *fields = record->fields;
	struct feed_entry *entry = &scan->entry;
	const struct state *state = arg;

	if (!is_pattern(fields)) {
		scan_skip(scan, FEED_SKIP_TYPE);
		return 0;
	}
	if (state->is_benign || fields[REVOKED].type == JSON_TRUE) {
		scan_skip(scan, FEED_SKIP_REVOKED);
		return 0;
	}
	if (fields[VALID_UNTIL].type != JSON_NULL &&
	    instant_from_text(fields[VALID_UNTIL].text, &entry->until_s) < 0) {
		scan_reject(scan, "not a time", fields[VALID_UNTIL].text);
		return 0;
	}
	if (entry->until_s > 0 && entry->until_s <= scan->options->now_s) {
		scan_skip(scan, FEED_SKIP_EXPIRED);
		return 0;
	}
	/* most indicators have no confidence, which is not a low one */
	if (fields[CONFIDENCE].type == JSON_NUMBER &&
	    scan_skips_score(scan, fields[CONFIDENCE].text))
		return 0;
	return give_pattern(scan, fields[PATTERN].text);
}

static int other(struct feed_scan *scan, void *arg, const char *path,
		 const struct json_value *value)
{
	struct state *state = arg;

	if (strcmp(path, "objects[]") == 0)
		state->is_benign = false;
	else if (strcmp(path, "objects[].indicator_types[]") == 0)
		state->is_benign =
			state->is_benign || record_is(value, "benign");
	else if (strcmp(path, "type") == 0)
		state->is_bundle = record_is(value, "bundle");
	else if (strcmp(path, "objects") == 0)
		state->has_objects = value->type == JSON_ARRAY;
	else if (strcmp(path, "more") == 0)
		scan->report->has_more = value->type == JSON_TRUE;
	else if (*path != '\0' || value->type != JSON_OBJECT)
		state->has_values = true;
	return 0;
}

static bool is_bundle(const void *arg)
{
	const struct state *state = arg;

	return state->is_bundle;
}

/* A page without objects may be "{}"; of several pages fetch-feed makes a
 * bundle. */
static bool is_collection(const void *arg)
{
	const struct state *state = arg;

	return state->is_bundle || state->has_objects || !state->has_values;
}

static int read_objects(struct feed_scan *scan, struct span text,
			bool (*is_format)(const void *state))
{
	const struct record_format format = {
		.paths = {"objects[]"},
		.fields = {[TYPE] = "type",
			   [PATTERN] = "pattern",
			   [PATTERN_TYPE] = "pattern_type",
			   [VALID_UNTIL] = "valid_until",
			   [REVOKED] = "revoked",
			   [CONFIDENCE] = "confidence"},
		.give = give,
		.other = other,
		.is_format = is_format,
	};
	struct state state = {0};

	return record_read(scan, text, &format, &state);
}

int read_stix(struct feed_scan *scan, struct span text)
{
	return read_objects(scan, text, is_bundle);
}

int read_taxii(struct feed_scan *scan, struct span text)
{
	return read_objects(scan, text, is_collection);
}
