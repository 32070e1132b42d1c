// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crowdsec-stream: decisions that are new, with how long they last, and those
 * that have been deleted. An empty list may be null. Taken are bans of one
 * address or one range; a captcha is not ours to ask.
 */
#include <strings.h>

#include "rules/feedfile/formats.h"
#include "rules/feedfile/instant.h"
#include "rules/feedfile/record.h"

enum field {
	VALUE,
	SCOPE,
	TYPE,
	DURATION,
	ID,
};

static const char path_new[] = "new[]";
static const char path_deleted[] = "deleted[]";

struct state {
	bool has_list;
};

static bool is_scope(struct span scope, const char *name)
{
	return span_len(scope) == strlen(name) &&
	       strncasecmp(scope.at, name, strlen(name)) == 0;
}

static int give(struct feed_scan *scan, void *state,
		const struct record *record)
{
	const struct json_value *fields = record->fields;
	struct feed_entry *entry = &scan->entry;
	struct span id = fields[ID].text;
	uint64_t lasts_s;

	(void)state;
	if (!record_is(&fields[TYPE], "ban") ||
	    (!is_scope(fields[SCOPE].text, "ip") &&
	     !is_scope(fields[SCOPE].text, "range"))) {
		scan_skip(scan, FEED_SKIP_TYPE);
		return 0;
	}
	(void)span_take_number(&id, &entry->id);
	if (strcmp(record->path, path_deleted) == 0) {
		entry->kind = FEED_DELETED;
		return record_give(scan, &fields[VALUE]);
	}
	if (instant_span_from_text(fields[DURATION].text, &lasts_s) < 0) {
		scan_reject(scan, "not a duration", fields[DURATION].text);
		return 0;
	}
	if (lasts_s == 0) {
		scan_skip(scan, FEED_SKIP_EXPIRED);
		return 0;
	}
	entry->until_s = scan->options->now_s + lasts_s;
	return record_give(scan, &fields[VALUE]);
}

static int other(struct feed_scan *scan, void *arg, const char *path,
		 const struct json_value *value)
{
	struct state *state = arg;

	(void)scan;
	if ((strcmp(path, "new") == 0 || strcmp(path, "deleted") == 0) &&
	    (value->type == JSON_ARRAY || value->type == JSON_NULL))
		state->has_list = true;
	return 0;
}

static bool is_format(const void *arg)
{
	const struct state *state = arg;

	return state->has_list;
}

int read_crowdsec_stream(struct feed_scan *scan, struct span text)
{
	static const struct record_format format = {
		.paths = {path_new, path_deleted},
		.fields = {[VALUE] = "value",
			   [SCOPE] = "scope",
			   [TYPE] = "type",
			   [DURATION] = "duration",
			   [ID] = "id"},
		.give = give,
		.other = other,
		.is_format = is_format,
	};
	struct state state = {0};

	return record_read(scan, text, &format, &state);
}
