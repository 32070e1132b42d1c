// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spamhaus-jsonl: an object a line, and last one that states how many there
 * are and how many bytes stand before it.
 */
#include "rules/feedfile/formats.h"
#include "rules/feedfile/record.h"

enum field {
	CIDR,
	TYPE,
	SIZE,
	RECORDS,
};

struct state {
	bool has_records;
};

static void read_trailer(struct feed_report *report,
			 const struct record *record)
{
	const struct json_value *type = &record->fields[TYPE];
	struct span size = record->fields[SIZE].text;
	struct span records = record->fields[RECORDS].text;

	report->has_stated_bytes =
		span_take_number(&size, &report->stated_bytes) &&
		span_is_empty(size);
	report->has_stated_count =
		span_take_number(&records, &report->stated_count) &&
		span_is_empty(records);
	report->stated_matches = report->has_stated_bytes &&
				 report->has_stated_count &&
				 report->stated_bytes == type->line_offset;
}

static int give(struct feed_scan *scan, void *arg, const struct record *record)
{
	const struct json_value *cidr = &record->fields[CIDR];
	struct state *state = arg;

	if (record_is(&record->fields[TYPE], "metadata")) {
		state->has_records = true;
		read_trailer(scan->report, record);
		return 0;
	}
	state->has_records = state->has_records || cidr->type == JSON_STRING;
	return record_give(scan, cidr);
}

static bool is_format(const void *arg)
{
	const struct state *state = arg;

	return state->has_records;
}

int read_spamhaus_jsonl(struct feed_scan *scan, struct span text)
{
	static const struct record_format format = {
		.paths = {""},
		.fields = {[CIDR] = "cidr",
			   [TYPE] = "type",
			   [SIZE] = "size",
			   [RECORDS] = "records"},
		.has_many = true,
		.give = give,
		.is_format = is_format,
	};
	struct feed_report *report = scan->report;
	struct state state = {0};
	int r = record_read(scan, text, &format, &state);

	/* what comes behind the trailer is counted too */
	report->stated_matches =
		report->stated_matches &&
		report->stated_count ==
			(uint64_t)report->accepted + report->rejected;
	report->is_whole = r == 0 && report->stated_matches;
	return r;
}
