// SPDX-License-Identifier: GPL-2.0-or-later
/* status, counters: how things are. */
#include "ctl/cmd.h"

#include <inttypes.h>

#include "ctl/answer.h"
#include "ctl/session.h"
#include "ctl/unit.h"
#include "rules/duration.h"

static const struct grid_column gate_columns[] = {
	{"INTERFACE", false, 0}, {"INDEX", true, 0},  {"MODE", false, 0},
	{"SHARE", false, 0},	 {"STATE", false, 0}, {"PROGRAM", true, 0},
	{"VERIFIED", false, 0},	 {"OUT", false, 0},   {"NOTE", false, 0},
	{NULL, false, 0},
};

static void print_gates(FILE *out, const json_t *gates)
{
	struct grid grid;

	if (json_array_size(gates) == 0) {
		fputs("\nno interface is attached: see `fwctl attach`\n", out);
		return;
	}
	fputc('\n', out);
	grid_init(&grid, gate_columns);
	for (size_t i = 0; i < json_array_size(gates); i++) {
		const json_t *gate = json_array_get(gates, i);

		grid_text(&grid, answer_text(gate, "iface"));
		grid_printf(&grid, "%" PRId64, answer_number(gate, "ifindex"));
		grid_text(&grid, answer_text(gate, "mode"));
		grid_text(&grid, answer_text(gate, "share"));
		grid_text(&grid, answer_text(gate, "state"));
		grid_printf(&grid, "%" PRId64,
			    answer_number(gate, "program_id"));
		grid_text(&grid, answer_is(gate, "verified") ? "yes" : "no");
		grid_text(&grid, answer_text(gate, "egress"));
		grid_text(&grid, answer_text(gate, "note"));
	}
	grid_print(&grid, out);
	grid_done(&grid);
}

/* "name  used of room (percent)". */
static void print_fill(FILE *out, const char *name, int64_t used, int64_t room)
{
	fprintf(out, "  %-18s %" PRId64 " of %" PRId64, name, used, room);
	if (room > 0)
		fprintf(out, " (%.1f %%)", 100.0 * (double)used / (double)room);
	fputc('\n', out);
}

static void print_table(FILE *out, const json_t *table)
{
	fprintf(out,
		"\ntable\n"
		"  %-18s %" PRId64 "\n  %-18s %" PRId64 "\n",
		"prefixes", answer_number(table, "prefixes"), "claims",
		answer_number(table, "claims"));
	print_fill(out, "IPv4 addresses", answer_number(table, "hosts4"),
		   answer_number(table, "hosts4_capacity"));
	print_fill(out, "IPv4 /25 to /28", answer_number(table, "blocks4"),
		   answer_number(table, "blocks4_capacity"));
	print_fill(out, "IPv6 entries", answer_number(table, "entries6"),
		   answer_number(table, "entries6_capacity"));
	fprintf(out, "  %-18s %" PRId64 "\n", "classes",
		answer_number(table, "classes"));
}

static void print_memory(FILE *out, const json_t *answer)
{
	const json_t *store = answer_object(answer, "store");
	const json_t *memory = answer_object(answer, "memory");
	char a[UNIT_TEXT_MAX];
	char b[UNIT_TEXT_MAX];

	fprintf(out, "\nstore    %s of %s used, journal line %" PRId64 "\n",
		unit_bytes(answer_number(store, "used_bytes"), a),
		unit_bytes(answer_number(store, "map_bytes"), b),
		answer_number(store, "journal_seq"));
	fprintf(out, "memory   daemon %s, maps %s\n",
		unit_bytes(answer_number(memory, "rss_bytes"), a),
		unit_bytes(answer_number(memory, "maps_bytes"), b));
}

static void print_pace(FILE *out, const json_t *answer)
{
	const json_t *latency = answer_object(answer, "latency");
	const json_t *events = answer_object(answer, "events");
	char texts[4][UNIT_TEXT_MAX];

	fprintf(out,
		"changes  %" PRId64
		", enforced in p50 %s, p99 %s, p99.9 %s, max %s\n",
		answer_number(latency, "count"),
		unit_span_us(answer_span(latency, "p50_us"), texts[0]),
		unit_span_us(answer_span(latency, "p99_us"), texts[1]),
		unit_span_us(answer_span(latency, "p999_us"), texts[2]),
		unit_span_us(answer_span(latency, "max_us"), texts[3]));
	fprintf(out,
		"events   %" PRId64 " seen, %" PRId64 " suppressed, %" PRId64
		" lost\n",
		answer_number(events, "seen"),
		answer_number(events, "suppressed"),
		answer_number(events, "lost"));
}

static void print_flows(FILE *out, const json_t *flows)
{
	char text[UNIT_TEXT_MAX];

	fprintf(out,
		"flows    %" PRId64 " learned, %" PRId64 " answered, %" PRId64
		" not learned; room for %" PRId64 " (%" PRId64
		" half-open), %s\n",
		answer_number(flows, "learned"),
		answer_number(flows, "answered"),
		answer_number(flows, "not_learned"),
		answer_number(flows, "capacity"),
		answer_number(flows, "half_open_capacity"),
		unit_bytes(answer_number(flows, "maps_bytes"), text));
}

/* What became of all events of a sensor's kinds together. */
static void print_sensor(FILE *out, const json_t *sensor)
{
	const json_t *kinds = answer_list(sensor, "kinds");
	int64_t seen = 0, suppressed = 0;

	for (size_t i = 0; i < json_array_size(kinds); i++) {
		const json_t *kind = json_array_get(kinds, i);

		seen += answer_number(kind, "seen");
		suppressed += answer_number(kind, "suppressed");
	}
	fprintf(out,
		"sensor   at %zu tracepoints: %" PRId64 " seen, %" PRId64
		" suppressed, %" PRId64 " lost; %" PRId64 " processes\n",
		json_array_size(answer_list(sensor, "tracepoints")), seen,
		suppressed, answer_number(sensor, "lost"),
		answer_number(sensor, "processes"));
}

static void print_lists(FILE *out, const json_t *answer)
{
	const json_t *alerts = answer_list(answer, "alerts");
	const json_t *busy = answer_list(answer, "busy");
	const json_t *protected = answer_list(answer, "protected");
	char moment[MOMENT_TEXT_MAX];

	for (size_t i = 0; i < json_array_size(protected); i++) {
		const json_t *item = json_array_get(protected, i);

		fprintf(out, "%s%s  ", i ? "         " : "guard    ",
			answer_text(item, "prefix"));
		grid_put_safely(out, answer_text(item, "name"));
		fputc('\n', out);
	}
	for (size_t i = 0; i < json_array_size(busy); i++)
		fprintf(out, "import   under way into set %s\n",
			json_string_value(json_array_get(busy, i)));
	for (size_t i = 0; i < json_array_size(alerts); i++) {
		const json_t *alert = json_array_get(alerts, i);
		uint64_t since = (uint64_t)answer_number(alert, "since");

		fprintf(out,
			"ALERT    since %s: ", moment_to_text(since, moment));
		grid_put_safely(out, answer_text(alert, "text"));
		fputc('\n', out);
	}
}

static void print_policy(FILE *out, const json_t *policy)
{
	char span[MOMENT_TEXT_MAX];
	uint64_t left_s = (uint64_t)answer_number(policy, "confirm_s");

	if (answer_number(policy, "revision") == 0) {
		fputs("no policy: sets act alone\n", out);
		return;
	}
	fprintf(out, "policy revision %" PRId64 ", %" PRId64 " rules",
		answer_number(policy, "revision"),
		answer_number(policy, "rules"));
	if (answer_is(policy, "trial"))
		fprintf(out, ", on trial: %s left to confirm it",
			left_s ? duration_to_text(left_s, span) : "no time");
	fputc('\n', out);
	answer_print_notes(out, policy);
}

static void view_status(FILE *out, const json_t *answer)
{
	const json_t *generation = answer_object(answer, "generation");
	uint64_t up_s = (uint64_t)answer_number(answer, "uptime_s");
	uint64_t since = (uint64_t)answer_number(generation, "since");
	char span[MOMENT_TEXT_MAX];
	char moment[MOMENT_TEXT_MAX];

	fprintf(out,
		"fwd %s, ABI %" PRId64 ", pid %" PRId64 ", up %s, state in ",
		answer_text(answer, "version"), answer_number(answer, "abi"),
		answer_number(answer, "pid"), duration_to_text(up_s, span));
	grid_put_safely(out, answer_text(answer, "state_dir"));
	fprintf(out,
		"\ngeneration %" PRId64 ", program %" PRId64 ", since %s\n",
		answer_number(generation, "number"),
		answer_number(generation, "program_id"),
		moment_to_text(since, moment));
	print_policy(out, answer_object(answer, "policy"));
	print_gates(out, answer_list(answer, "gates"));
	print_table(out, answer_object(answer, "table"));
	print_memory(out, answer);
	print_pace(out, answer);
	if (json_object_get(answer, "flows"))
		print_flows(out, answer_object(answer, "flows"));
	if (json_object_get(answer, "sensor"))
		print_sensor(out, answer_object(answer, "sensor"));
	print_lists(out, answer);
}

enum outcome cmd_status(struct session *session)
{
	return session_show(session, REQ_STATUS, json_object(), view_status);
}

/* What one more member of a list of counters says, after its name. */
static void fill_counts(struct grid *grid, const json_t *item)
{
	char bytes[UNIT_TEXT_MAX];

	if (answer_is(item, "shadow"))
		grid_printf(grid, "%s, shadow", answer_text(item, "action"));
	else
		grid_text(grid, answer_text(item, "action"));
	grid_printf(grid, "%" PRId64, answer_number(item, "packets"));
	grid_text(grid, unit_bytes(answer_number(item, "bytes"), bytes));
}

static void print_counts(FILE *out, const json_t *list, const char *title,
			 const char *key)
{
	const struct grid_column columns[] = {
		{title, false, 0},   {"ACTION", false, 0}, {"PACKETS", true, 0},
		{"BYTES", true, 10}, {NULL, false, 0},
	};
	struct grid grid;

	grid_init(&grid, columns);
	for (size_t i = 0; i < json_array_size(list); i++) {
		grid_text(&grid, answer_text(json_array_get(list, i), key));
		fill_counts(&grid, json_array_get(list, i));
	}
	grid_print(&grid, out);
	grid_done(&grid);
}

static void view_counters(FILE *out, const json_t *answer)
{
	print_counts(out, answer_list(answer, "reasons"), "REASON", "reason");
	fputc('\n', out);
	print_counts(out, answer_list(answer, "sets"), "SET", "set");
	if (json_array_size(answer_list(answer, "rules")) == 0)
		return;
	fputc('\n', out);
	print_counts(out, answer_list(answer, "rules"), "RULE", "id");
}

enum outcome cmd_counters(struct session *session)
{
	return session_show(session, REQ_COUNTERS, json_object(),
			    view_counters);
}
