// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/alert_view.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/unit.h"
#include "rules/base.h"
#include "rules/duration.h"

#define ID_SHOWN 8 /* digits; most often enough to name it */
#define KEY_MAX	 128

static const char *text_at(const json_t *object, const char *inner,
			   const char *key)
{
	return answer_text(answer_object(object, inner), key);
}

static void fill_id(struct grid *grid, const char *id)
{
	grid_printf(grid, "%.*s", ID_SHOWN, id);
}

/* "2026-11-30T04:00:00.123456Z" as far as the second. */
static void fill_moment(struct grid *grid, const char *moment)
{
	grid_printf(grid, "%.19s%s", moment, *moment ? "Z" : "");
}

/* "/usr/bin/dash[4711]" */
static void fill_process(struct grid *grid, const json_t *alert)
{
	const json_t *process = answer_object(alert, "process");
	const char *executable = answer_text(process, "executable");

	if (!*executable)
		executable = answer_text(process, "name");
	if (answer_number(process, "pid"))
		grid_printf(grid, "%s[%" PRId64 "]", executable,
			    answer_number(process, "pid"));
	else
		grid_text(grid, executable);
}

static void fill_peer(struct grid *grid, const json_t *alert)
{
	const json_t *peer = answer_object(alert, "destination");
	const char *ip;

	if (!peer)
		peer = answer_object(alert, "source");
	ip = answer_text(peer, "ip");
	if (*ip && answer_number(peer, "port"))
		grid_printf(grid,
			    strchr(ip, ':') ? "[%s]:%" PRId64 : "%s:%" PRId64,
			    ip, answer_number(peer, "port"));
	else
		grid_text(grid, ip);
}

/* "table", "cut..." for what was ordered, "(end)" for what was withheld,
 * "observed". */
static void fill_done(struct grid *grid, const json_t *alert)
{
	const json_t *ours = answer_object(alert, "portcullis");
	const json_t *done = answer_list(ours, "done");
	const json_t *ordered = answer_list(ours, "ordered");
	const json_t *withheld = answer_list(ours, "withheld");
	char text[160] = "";
	const json_t *step;
	size_t i, len = 0;

	json_array_foreach(done, i, step) len +=
		(size_t)snprintf(text + len, sizeof(text) - len, "%s%.16s",
				 len ? "," : "", json_string_value(step));
	json_array_foreach(ordered, i, step)
	{
		if (len + 20 < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%s%.16s...", len ? "," : "",
						json_string_value(step));
	}
	json_array_foreach(withheld, i, step)
	{
		if (len + 20 < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%s(%.16s)", len ? "," : "",
						json_string_value(step));
	}
	if (answer_is(ours, "observed"))
		grid_printf(grid, "%s%sobserved", text, len ? "," : "");
	else
		grid_text(grid, text);
}

/* The set that drops the peer, and all it has dropped. */
static void fill_dropped(struct grid *grid, const json_t *item)
{
	const json_t *first = json_array_get(answer_list(item, "dropped"), 0);
	char bytes[UNIT_TEXT_MAX];

	if (!first) {
		grid_text(grid, "");
		return;
	}
	grid_printf(grid, "set %s: %" PRId64 ", %s", answer_text(first, "set"),
		    answer_number(first, "packets"),
		    unit_bytes(answer_number(first, "bytes"), bytes));
}

static void fill_told(struct grid *grid, const json_t *alert)
{
	const json_t *ours = answer_object(alert, "portcullis");

	fill_id(grid, text_at(alert, "event", "id"));
	grid_text(grid, answer_text(ours, "level"));
	fill_moment(grid, answer_text(alert, "@timestamp"));
	grid_printf(grid, "%" PRId64, answer_number(ours, "count"));
	grid_text(grid, text_at(alert, "rule", "name"));
	fill_process(grid, alert);
	fill_peer(grid, alert);
	fill_done(grid, alert);
}

static void fill_kept(struct grid *grid, const json_t *item)
{
	grid_text(grid, answer_text(item, "state"));
	fill_told(grid, answer_object(item, "alert"));
	fill_dropped(grid, item);
}

static const struct grid_column kept_columns[] = {
	{"STATE", false, 12},  {"ID", false, ID_SHOWN}, {"LEVEL", false, 8},
	{"WHEN", false, 20},   {"COUNT", true, 5},	{"RULE", false, 0},
	{"PROCESS", false, 0}, {"PEER", false, 0},	{"DONE", false, 0},
	{"DROPPED", false, 0}, {NULL, false, 0},
};
const struct item_view alert_view_kept = {kept_columns, fill_kept};

static const struct grid_column told_columns[] = {
	{"ID", false, ID_SHOWN}, {"LEVEL", false, 8}, {"WHEN", false, 20},
	{"COUNT", true, 5},	 {"RULE", false, 24}, {"PROCESS", false, 24},
	{"PEER", false, 21},	 {"DONE", false, 0},  {NULL, false, 0},
};
const struct item_view alert_view_told = {told_columns, fill_told};

static void fill_pattern(struct grid *grid, const json_t *pattern)
{
	fill_id(grid, answer_text(pattern, "pattern"));
	grid_text(grid, answer_text(pattern, "level"));
	grid_printf(grid, "%" PRId64, answer_number(pattern, "alerts"));
	grid_printf(grid, "%" PRId64, answer_number(pattern, "new"));
	grid_printf(grid, "%" PRId64, answer_number(pattern, "count"));
	fill_moment(grid, answer_text(pattern, "first"));
	fill_moment(grid, answer_text(pattern, "last"));
	grid_text(grid, answer_text(pattern, "rule"));
	grid_text(grid, answer_text(pattern, "text"));
}

static const struct grid_column pattern_columns[] = {
	{"PATTERN", false, ID_SHOWN}, {"LEVEL", false, 0},
	{"ALERTS", true, 0},	      {"NEW", true, 0},
	{"COUNT", true, 0},	      {"FIRST", false, 20},
	{"LAST", false, 20},	      {"RULE", false, 0},
	{"WHAT", false, 0},	      {NULL, false, 0},
};
const struct item_view alert_view_pattern = {pattern_columns, fill_pattern};

/* A line for each value: "process.parent.pid", and what it is. */
static void print_value(FILE *out, const char *key, const json_t *value)
{
	char *text =
		json_is_string(value)
			? strdup(json_string_value(value))
			: json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	fprintf(out, "%-28s ", key);
	grid_put_safely(out, text ? text : "?");
	fputc('\n', out);
	free(text);
}

/* What objects are in is ours, and three deep. */
static void print_fields(FILE *out, const char *prefix, json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		char key[KEY_MAX];

		(void)snprintf(key, sizeof(key), "%s%s%s", prefix,
			       *prefix ? "." : "", name);
		if (json_is_object(value))
			print_fields(out, key, value);
		else
			print_value(out, key, value);
	}
}

static void print_state(FILE *out, const json_t *answer)
{
	char moment[MOMENT_TEXT_MAX];

	fprintf(out, "alert %s: %s", answer_text(answer, "id"),
		answer_text(answer, "state"));
	if (answer_number(answer, "changed"))
		fprintf(out, " by uid %" PRId64 " at %s",
			answer_number(answer, "uid"),
			moment_to_text(
				(uint64_t)answer_number(answer, "changed"),
				moment));
	if (*answer_text(answer, "note")) {
		fputs(": ", out);
		grid_put_safely(out, answer_text(answer, "note"));
	}
	fputc('\n', out);
}

void alert_view_one(FILE *out, const json_t *answer)
{
	const json_t *dropped = answer_list(answer, "dropped");
	char bytes[UNIT_TEXT_MAX];
	const json_t *item;
	size_t i;

	print_state(out, answer);
	print_fields(out, "", answer_object(answer, "alert"));
	json_array_foreach(dropped, i, item)
	{
		fprintf(out,
			"the peer is dropped by %s of set %s, which has dropped "
			"%" PRId64 " packets, %s, of all its members\n",
			answer_text(item, "prefix"), answer_text(item, "set"),
			answer_number(item, "packets"),
			unit_bytes(answer_number(item, "bytes"), bytes));
	}
}

void alert_view_marked(FILE *out, const json_t *answer)
{
	print_state(out, answer);
}

void alert_view_outlets(FILE *out, const json_t *answer)
{
	const json_t *outlets = answer_list(answer, "outlets");
	const json_t *item;
	size_t i;

	json_array_foreach(outlets, i, item)
	{
		const char *error = answer_text(item, "error");

		if (answer_is(item, "off")) {
			fprintf(out, "%-8s is off: %s\n",
				answer_text(item, "outlet"), error);
			continue;
		}
		fprintf(out, "%-8s %" PRId64 " told, %" PRId64 " lost",
			answer_text(item, "outlet"),
			answer_number(item, "told"),
			answer_number(item, "lost"));
		if (*error)
			fprintf(out, ", last: %s", error);
		fputc('\n', out);
	}
}
