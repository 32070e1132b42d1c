// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * feodo-json: an array of servers, each with its ip_address.
 */
#include "rules/feedfile/formats.h"
#include "rules/feedfile/record.h"

struct state {
	bool is_array;
};

static int give(struct feed_scan *scan, void *state,
		const struct record *record)
{
	(void)state;
	return record_give(scan, &record->fields[0]);
}

static int other(struct feed_scan *scan, void *arg, const char *path,
		 const struct json_value *value)
{
	struct state *state = arg;

	(void)scan;
	if (*path == '\0')
		state->is_array = value->type == JSON_ARRAY;
	return 0;
}

static bool is_format(const void *arg)
{
	const struct state *state = arg;

	return state->is_array;
}

int read_feodo_json(struct feed_scan *scan, struct span text)
{
	static const struct record_format format = {
		.paths = {"[]"},
		.fields = {"ip_address"},
		.give = give,
		.other = other,
		.is_format = is_format,
	};
	struct state state = {0};

	return record_read(scan, text, &format, &state);
}
