// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crowdsec-stream: decisions that are new, with how long they last, and those
 * that have been deleted. An empty list may be null. Taken are bans of one
 * address or one range; a captcha is not ours to ask. Why is the scenario, and
 * in brackets where the decision is from: "crowdsecurity/ssh-bf (CAPI)".
 */
#include <stdio.h>
#include <strings.h>

#include "rules/feedfile/formats.h"
#include "rules/feedfile/instant.h"
#include "rules/feedfile/record.h"
#include "rules/member.h"

#define SCENARIO_MAX 200
#define ORIGIN_MAX   40

enum field {
	VALUE,
	SCOPE,
	TYPE,
	DURATION,
	ID,
	SCENARIO,
	ORIGIN,
};

static const char path_new[] = "new[]";
static const char path_deleted[] = "deleted[]";

struct state {
	bool has_list;
	char reason[REASON_MAX];
};

static bool is_scope(struct span scope, const char *name)
{
	return span_len(scope) == strlen(name) &&
	       strncasecmp(scope.at, name, strlen(name)) == 0;
}

static int shown_len(struct span text, int max)
{
	return span_len(text) < (size_t)max ? (int)span_len(text) : max;
}

/* What cannot be shown becomes '?'. */
static const char *make_reason(struct state *state,
			       const struct json_value *fields)
{
	struct span scenario = fields[SCENARIO].text;
	struct span origin = fields[ORIGIN].text;
	char *reason = state->reason;

	if (span_is_empty(origin))
		(void)snprintf(reason, REASON_MAX, "%.*s",
			       shown_len(scenario, SCENARIO_MAX), scenario.at);
	else
		(void)snprintf(reason, REASON_MAX, "%.*s (%.*s)",
			       shown_len(scenario, SCENARIO_MAX), scenario.at,
			       shown_len(origin, ORIGIN_MAX), origin.at);
	if (reason_is_valid(reason))
		return reason;
	for (; *reason; reason++)
		if (*reason < ' ' || *reason > '~')
			*reason = '?';
	return state->reason;
}

static int give(struct feed_scan *scan, void *state,
		const struct record *record)
{
	const struct json_value *fields = record->fields;
	struct feed_entry *entry = &scan->entry;
	struct span id = fields[ID].text;
	uint64_t lasts_s;

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
	entry->reason = make_reason(state, fields);
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
			   [ID] = "id",
			   [SCENARIO] = "scenario",
			   [ORIGIN] = "origin"},
		.give = give,
		.other = other,
		.is_format = is_format,
	};
	struct state state = {0};

	return record_read(scan, text, &format, &state);
}
