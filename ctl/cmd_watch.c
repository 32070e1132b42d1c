// SPDX-License-Identifier: GPL-2.0-or-later
/* watch, log: what happens, and what happened. */
#include "ctl/cmd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/answer.h"
#include "ctl/session.h"
#include "rules/duration.h"

#define WATCH_POLL_MS	  200
#define LOG_LINES_DEFAULT 50

static const struct grid_column event_columns[] = {
	{"TIME", false, 27},   {"INTERFACE", false, 0},
	{"WAY", false, 0},     {"REASON", false, 14},
	{"SET", false, 12},    {"RULE", false, 12},
	{"SOURCE", false, 21}, {"DESTINATION", false, 21},
	{"PROTO", false, 0},   {"VLAN", true, 0},
	{"BYTES", true, 5},    {"FRAGMENT", false, 0},
	{NULL, false, 0},
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
	char moment[MOMENT_TEXT_MAX];

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
}

static const struct item_view event_view = {event_columns, fill_event};

static void tell_lost(int64_t lost, int64_t *told)
{
	if (lost > 0 && lost != *told)
		fprintf(stderr, "fwctl watch: %" PRId64 " events were lost\n",
			lost);
	*told = lost;
}

enum outcome cmd_watch(struct session *session)
{
	const struct timespec pause = {.tv_nsec = WATCH_POLL_MS * 1000000l};
	const char *count = session_value(session, OPTION_EVENTS);
	uint64_t left = count ? strtoull(count, NULL, 10) : UINT64_MAX;
	json_int_t after = 0;
	int64_t told = 0;

	while (left > 0) {
		CLEANUP(json_decrefp) json_t *answer = NULL;
		uint64_t max = left < WIRE_PAGE_MAX ? left : WIRE_PAGE_MAX;
		json_t *args = json_pack("{s:I, s:I}", "after", after, "max",
					 (json_int_t)max);
		enum outcome outcome =
			session_ask(session, REQ_EVENTS, args, -1, &answer);
		uint64_t got;

		if (outcome != OUTCOME_DONE)
			return outcome;
		printer_items(&session->printer, answer_list(answer, "events"),
			      &event_view);
		tell_lost(answer_number(answer, "lost"), &told);
		after = answer_number(answer, "next");
		got = json_array_size(answer_list(answer, "events"));
		left -= got < left ? got : left;
		/* An answer may hold fewer than there are. */
		if (left > 0 && got == 0)
			nanosleep(&pause, NULL);
		if (ferror(session->printer.out))
			return OUTCOME_REFUSED;
	}
	return OUTCOME_DONE;
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
