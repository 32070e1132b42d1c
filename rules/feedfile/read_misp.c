// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MISP: misp-event, the attributes of an event, or of several in a response,
 * that are addresses and meant for detection; misp-manifest, the names of the events of a feed; and
 * misp-warninglist, networks of those who are not to be blocked.
 */
#include <stdlib.h>

#include "rules/base.h"
#include "rules/feedfile/formats.h"
#include "rules/feedfile/record.h"

enum field {
	TYPE,
	VALUE,
	TO_IDS,
	DELETED,
};

/* What the whole document has shown. */
struct state {
	bool is_format;
	bool is_other;
};

static bool is_format(const void *arg)
{
	const struct state *state = arg;

	return state->is_format && !state->is_other;
}

/* Of which type that may be asked for; 0 if of none. Cuts `value` down to the
 * address. */
static uint32_t type_of(struct span type, struct span *value)
{
	static const struct {
		const char *name;
		uint32_t type;
	} types[] = {
		{"ip-src", FEED_MISP_IP_SRC},
		{"ip-dst", FEED_MISP_IP_DST},
		{"ip-src|port", FEED_MISP_IP_SRC},
		{"ip-dst|port", FEED_MISP_IP_DST},
		{"domain|ip", FEED_MISP_DOMAIN_IP},
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (!span_is(type, types[i].name))
			continue;
		if (types[i].type == FEED_MISP_DOMAIN_IP)
			(void)span_take_until(value, '|');
		else
			*value = span_take_until(value, '|');
		return types[i].type;
	}
	return 0;
}

static int give_attribute(struct feed_scan *scan, void *state,
			  const struct record *record)
{
	const struct json_value *fields = record->fields;
	uint32_t wanted = scan->options->misp_types;
	struct span value = fields[VALUE].text;
	uint32_t type = type_of(fields[TYPE].text, &value);

	(void)state;
	if (wanted == 0)
		wanted = FEED_MISP_IP_SRC | FEED_MISP_IP_DST;
	if ((type & wanted) == 0) {
		scan_skip(scan, FEED_SKIP_TYPE);
		return 0;
	}
	if (fields[TO_IDS].type != JSON_TRUE ||
	    fields[DELETED].type == JSON_TRUE) {
		scan_skip(scan, FEED_SKIP_REVOKED);
		return 0;
	}
	return scan_give(scan, value);
}

static int find_event(struct feed_scan *scan, void *arg, const char *path,
		      const struct json_value *value)
{
	struct state *state = arg;

	(void)scan;
	if (strcmp(path, "Event") == 0)
		state->is_format = value->type == JSON_OBJECT;
	if (strcmp(path, "response") == 0)
		state->is_format = value->type == JSON_ARRAY;
	if (strcmp(path, "response[]") == 0 && value->type != JSON_OBJECT)
		state->is_other = true;
	return 0;
}

int read_misp_event(struct feed_scan *scan, struct span text)
{
	static const struct record_format format = {
		.paths = {"Event.Attribute[]", "Event.Object[].Attribute[]",
			  "response[].Event.Attribute[]",
			  "response[].Event.Object[].Attribute[]"},
		.fields = {[TYPE] = "type",
			   [VALUE] = "value",
			   [TO_IDS] = "to_ids",
			   [DELETED] = "deleted"},
		.give = give_attribute,
		.other = find_event,
		.is_format = is_format,
	};
	struct state state = {0};

	return record_read(scan, text, &format, &state);
}

/* It becomes part of a path and of an URL: hexadecimal digits and hyphens at
 * their places, nothing else. */
static bool is_uuid(const char *text, size_t len)
{
	if (len != FEED_UUID_LEN)
		return false;
	for (size_t i = 0; i < FEED_UUID_LEN; i++) {
		bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_hyphen ? text[i] != '-'
			      : !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	}
	return true;
}

static int give_event(struct feed_scan *scan, const char *path,
		      const struct json_value *value)
{
	feed_event_fn *fn = scan->options->event_fn;
	struct span number = value->text;
	char uuid[FEED_UUID_LEN + 1] = "";
	uint64_t timestamp_s;
	int r = 0;

	memcpy(uuid, path, FEED_UUID_LEN);
	if (!span_take_number(&number, &timestamp_s) ||
	    !span_is_empty(number)) {
		scan_reject(scan, "not a time", value->text);
		return 0;
	}
	if (fn && scan->fn)
		r = fn(scan->arg, uuid, timestamp_s);
	if (r == 0)
		scan->report->events++;
	return r < 0 ? r : 0;
}

static int find_events(struct feed_scan *scan, void *arg, const char *path,
		       const struct json_value *value)
{
	const char *dot = strchr(path, '.');
	size_t len = dot ? (size_t)(dot - path) : strlen(path);
	struct state *state = arg;

	if (len == 0) {
		state->is_format = value->type == JSON_OBJECT;
		return 0;
	}
	if (!dot) {
		state->is_other = state->is_other || value->type != JSON_OBJECT;
		if (!is_uuid(path, len))
			scan_reject(scan, "not the name of an event",
				    (struct span){path, path + len});
		return 0;
	}
	if (is_uuid(path, len) && strcmp(dot, ".timestamp") == 0)
		return give_event(scan, path, value);
	return 0;
}

int read_misp_manifest(struct feed_scan *scan, struct span text)
{
	static const struct record_format format = {
		.other = find_events,
		.is_format = is_format,
	};
	struct state state = {0};

	return record_read(scan, text, &format, &state);
}

static int read_list(struct feed_scan *scan, void *arg, const char *path,
		     const struct json_value *value)
{
	struct state *state = arg;

	if (strcmp(path, "type") == 0)
		state->is_other = !record_is(value, "cidr");
	if (strcmp(path, "list") == 0)
		state->is_format = value->type == JSON_ARRAY;
	if (strcmp(path, "list[]") != 0)
		return 0;
	scan->entry.kind = FEED_ALLOWED;
	return record_give(scan, value);
}

int read_misp_warninglist(struct feed_scan *scan, struct span text)
{
	static const struct record_format format = {
		.other = read_list,
		.is_format = is_format,
	};
	struct state state = {.is_other = true}; /* until its type is seen */

	return record_read(scan, text, &format, &state);
}
