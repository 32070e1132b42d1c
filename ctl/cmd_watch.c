// SPDX-License-Identifier: GPL-2.0-or-later
/* watch, log: what happens, and what happened. */
#include "ctl/cmd.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ctl/answer.h"
#include "ctl/follow.h"
#include "ctl/process_view.h"
#include "ctl/session.h"
#include "rules/duration.h"

#define LOG_LINES_DEFAULT 50

static const struct grid_column event_columns[] = {
	{"TIME", false, 27},   {"INTERFACE", false, 0},
	{"WAY", false, 0},     {"REASON", false, 14},
	{"SET", false, 12},    {"RULE", false, 12},
	{"SOURCE", false, 21}, {"DESTINATION", false, 21},
	{"PROTO", false, 0},   {"VLAN", true, 0},
	{"BYTES", true, 5},    {"FRAGMENT", false, 0},
	{"PROCESS", false, 0}, {NULL, false, 0},
};

/* "192.0.2.1:53", "[2001:db8::1]:53", without the port when it is 0. */
static void fill_end(struct grid *grid, const char *address, int64_t port)
{
	bool is_v6 = false;

	for (const char *at = address; *at; at++)
		is_v6 |= *at == ':';
	if (port == 0)
		grid_text(grid, address);
	else
		grid_printf(grid, is_v6 ? "[%s]:%" PRId64 : "%s:%" PRId64,
			    address, port);
}

static void fill_event(struct grid *grid, const json_t *event)
{
	int64_t time_us = answer_number(event, "time_us");
	int64_t vlan = answer_number(event, "vlan");
	char moment[MOMENT_TEXT_MAX], process[PROCESS_TEXT_MAX];

	moment_to_text((uint64_t)time_us / 1000000, moment);
	/* microseconds go in front of the Z */
	grid_printf(grid, "%.19s.%06" PRId64 "Z", moment, time_us % 1000000);
	grid_text(grid, answer_text(event, "iface"));
	grid_text(grid, answer_text(event, "direction"));
	grid_text(grid, answer_text(event, "reason"));
	grid_text(grid, answer_text(event, "set"));
	grid_text(grid, answer_text(event, "rule"));
	fill_end(grid, answer_text(event, "src"),
		 answer_number(event, "sport"));
	fill_end(grid, answer_text(event, "dst"),
		 answer_number(event, "dport"));
	grid_printf(grid, "%" PRId64, answer_number(event, "proto"));
	if (vlan > 0)
		grid_printf(grid, "%" PRId64, vlan);
	else
		grid_text(grid, "");
	grid_printf(grid, "%" PRId64, answer_number(event, "len"));
	grid_text(grid, answer_is(event, "frag") ? "yes" : "");
	grid_text(grid, process_text(answer_object(event, "process"), process));
}

static const struct item_view event_view = {event_columns, fill_event};

enum outcome cmd_watch(struct session *session)
{
	static const struct followed followed = {
		.request = REQ_EVENTS,
		.list = "events",
		.view = &event_view,
		.is_lost_once = true,
	};

	return follow(session, &followed);
}

static const struct grid_column log_columns[] = {
	{"SEQ", true, 7},   {"TIME", false, 20}, {"UID", true, 5},
	{"TEXT", false, 0}, {NULL, false, 0},
};

static void fill_entry(struct grid *grid, const json_t *entry)
{
	uint64_t time_s = (uint64_t)answer_number(entry, "time");
	char moment[MOMENT_TEXT_MAX];

	grid_printf(grid, "%" PRId64, answer_number(entry, "seq"));
	grid_text(grid, moment_to_text(time_s, moment));
	grid_printf(grid, "%" PRId64, answer_number(entry, "uid"));
	grid_text(grid, answer_text(entry, "text"));
}

static const struct item_view log_view = {log_columns, fill_entry};

enum outcome cmd_log(struct session *session)
{
	const char *lines = session_value(session, OPTION_LINES);
	uint64_t left = lines ? strtoull(lines, NULL, 10) : LOG_LINES_DEFAULT;
	json_int_t before = 0;

	do {
		CLEANUP(json_decrefp) json_t *answer = NULL;
		uint64_t max = left < WIRE_PAGE_MAX ? left : WIRE_PAGE_MAX;
		json_t *args = json_pack("{s:I, s:I}", "before", before, "max",
					 (json_int_t)max);
		enum outcome outcome =
			session_ask(session, REQ_LOG, args, -1, &answer);

		if (outcome != OUTCOME_DONE)
			return outcome;
		printer_items(&session->printer, answer_list(answer, "entries"),
			      &log_view);
		before = answer_number(answer, "next");
		max = json_array_size(answer_list(answer, "entries"));
		left -= max < left ? max : left;
	} while (left > 0 && before > 0);
	return OUTCOME_DONE;
}
