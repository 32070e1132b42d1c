// SPDX-License-Identifier: GPL-2.0-or-later
/* events: what the processes of this host do. */
#include "ctl/cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/follow.h"
#include "ctl/session.h"
#include "rules/base.h"
#include "rules/duration.h"

#define EVENT_TEXT_MAX 512

static const struct grid_column columns[] = {
	{"TIME", false, 27}, {"KIND", false, 7},  {"PID", true, 7},
	{"PARENT", true, 7}, {"USER", false, 10}, {"UNIT", false, 16},
	{"IMAGE", false, 0}, {"WHAT", false, 0},  {NULL, false, 0},
};

/* "192.0.2.1 port 53", with what is known of it. */
static void put_peer(char text[EVENT_TEXT_MAX], const json_t *event)
{
	int64_t peer_port = answer_number(event, "peer_port");
	int64_t local_port = answer_number(event, "local_port");
	const char *peer = answer_text(event, "peer");
	size_t len = strlen(text);

	if (*peer)
		len += (size_t)snprintf(text + len, EVENT_TEXT_MAX - len, "%s",
					peer);
	if (*peer && peer_port)
		len += (size_t)snprintf(text + len, EVENT_TEXT_MAX - len,
					" port %" PRId64, peer_port);
	if (local_port && len < EVENT_TEXT_MAX)
		(void)snprintf(text + len, EVENT_TEXT_MAX - len,
			       "%slocal port %" PRId64, *peer ? ", " : "",
			       local_port);
}

/* What is told of kinds that have no path, peer or command line. */
static void put_numbers(char text[EVENT_TEXT_MAX], const json_t *event)
{
	int64_t flags = answer_number(event, "flags");
	int64_t result = answer_number(event, "result");
	size_t len = 0;

	if (flags)
		len = (size_t)snprintf(text, EVENT_TEXT_MAX, "flags %#" PRIx64,
				       (uint64_t)flags);
	if (result)
		(void)snprintf(text + len, EVENT_TEXT_MAX - len,
			       "%sresult %" PRId64, len ? ", " : "", result);
}

static void fill_what(struct grid *grid, const json_t *event)
{
	const char *kind = answer_text(event, "kind");
	const char *path_new = answer_text(event, "path_new");
	const char *path = answer_text(event, "path");
	char text[EVENT_TEXT_MAX] = "";

	if (strcmp(kind, "exec") == 0) {
		grid_text(grid, answer_text(event, "command_line"));
	} else if (strcmp(kind, "loss") == 0) {
		grid_printf(grid, "%" PRId64 " of kind %s are missing",
			    answer_number(event, "count"),
			    answer_text(event, "lost_kind"));
	} else if (*path) {
		grid_printf(grid, "%s%s%s", path, *path_new ? " to " : "",
			    path_new);
	} else {
		put_peer(text, event);
		if (!*text)
			put_numbers(text, event);
		grid_text(grid, text);
	}
}

static void fill_number(struct grid *grid, const json_t *event, const char *key)
{
	int64_t number = answer_number(event, key);

	if (number)
		grid_printf(grid, "%" PRId64, number);
	else
		grid_text(grid, "");
}

static void fill_event(struct grid *grid, const json_t *event)
{
	int64_t time_us = answer_number(event, "time_us");
	const char *image = answer_text(event, "image");
	char moment[MOMENT_TEXT_MAX];

	moment_to_text((uint64_t)time_us / 1000000, moment);
	/* microseconds go in front of the Z */
	grid_printf(grid, "%.19s.%06" PRId64 "Z", moment, time_us % 1000000);
	grid_text(grid, answer_text(event, "kind"));
	fill_number(grid, event, "pid");
	fill_number(grid, event, "parent");
	grid_text(grid, answer_text(event, "user"));
	grid_text(grid, answer_text(event, "unit"));
	grid_text(grid, *image ? image : answer_text(event, "comm"));
	fill_what(grid, event);
}

static const struct item_view view = {columns, fill_event};

enum outcome cmd_events(struct session *session)
{
	const char *kinds = session_value(session, OPTION_KIND);
	const struct followed followed = {
		.request = REQ_HOST_EVENTS,
		.list = "events",
		.view = &view,
		.kinds = kinds ? kinds : "",
	};

	return follow(session, &followed);
}
