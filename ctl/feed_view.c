// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/feed_view.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/diff_view.h"
#include "ctl/grid.h"
#include "ctl/rejects.h"
#include "ctl/unit.h"
#include "rules/duration.h"

#define WIDEST_SHOWN 8

static const struct grid_column list_columns[] = {
	{"FEED", false, 0},   {"CLASS", false, 0},  {"ACTION", false, 0},
	{"MEMBERS", true, 0}, {"VERSION", true, 0}, {"AGE", false, 0},
	{"HELD", true, 0},    {"STATE", false, 0},  {NULL, false, 0},
};

static const char *state_of(const json_t *feed)
{
	if (answer_is(feed, "busy"))
		return "importing";
	if (answer_is(feed, "dead"))
		return "dead";
	if (answer_number(feed, "waiting"))
		return "held";
	if (answer_is(feed, "stopped"))
		return "stopped";
	if (*answer_text(feed, "why"))
		return "failing";
	if (!answer_number(feed, "version"))
		return "empty";
	return "";
}

void feed_view_list(FILE *out, const json_t *answer)
{
	const json_t *feed;
	struct grid grid;
	size_t i;

	grid_init(&grid, list_columns);
	json_array_foreach(answer_list(answer, "feeds"), i, feed)
	{
		grid_text(&grid, answer_text(feed, "name"));
		grid_text(&grid, answer_text(feed, "class"));
		grid_text(&grid, answer_text(feed, "action"));
		grid_printf(&grid, "%" PRId64, answer_number(feed, "members"));
		grid_printf(&grid, "%" PRId64, answer_number(feed, "version"));
		grid_text(&grid, answer_number(feed, "version")
					 ? answer_text(feed, "age")
					 : "");
		grid_printf(&grid, "%" PRId64,
			    answer_number(feed, "held_versions"));
		grid_text(&grid, state_of(feed));
	}
	grid_print(&grid, out);
	grid_done(&grid);
}

static void put_field(FILE *out, const char *name, const char *text)
{
	if (!*text)
		return;
	fprintf(out, "%-12s", name);
	grid_put_safely(out, text);
	fputc('\n', out);
}

static void put_moment(FILE *out, const char *name, const json_t *answer,
		       const char *key)
{
	uint64_t moment_s = (uint64_t)answer_number(answer, key);
	char text[MOMENT_TEXT_MAX];

	if (moment_s)
		put_field(out, name, moment_to_text(moment_s, text));
}

void feed_view_show(FILE *out, const json_t *answer)
{
	put_field(out, "feed", answer_text(answer, "name"));
	put_field(out, "title", answer_text(answer, "title"));
	put_field(out, "class", answer_text(answer, "class"));
	put_field(out, "licence", answer_text(answer, "licence"));
	put_field(out, "credit", answer_text(answer, "credit"));
	put_field(out, "from", answer_text(answer, "url"));
	put_field(out, "action", answer_text(answer, "action"));
	put_moment(out, "shadow to", answer, "shadow_until");
	fprintf(out,
		"%-12s%" PRId64 " in force, %" PRId64 " accepted, %" PRId64
		" held so far\n",
		"version", answer_number(answer, "version"),
		answer_number(answer, "accepted_versions"),
		answer_number(answer, "held_versions"));
	put_moment(out, "accepted", answer, "accepted");
	if (answer_number(answer, "waiting"))
		fprintf(out,
			"%-12sversion %" PRId64
			" is held: fwctl feed accept lets it in\n",
			"waiting", answer_number(answer, "waiting"));
	fprintf(out, "%-12s%" PRId64 "\n", "members",
		answer_number(answer, "members"));
	put_moment(out, "fetched", answer, "tried");
	put_moment(out, "due", answer, "due");
	put_field(out, "state", state_of(answer));
	put_field(out, "why", answer_text(answer, "why"));
}

static const struct grid_column hits_columns[] = {
	{"FEED", false, 0},	{"PACKETS", true, 0}, {"BYTES", true, 0},
	{"ONLY THIS", true, 0}, {"BYTES", true, 0},   {NULL, false, 0},
};

static void put_count(struct grid *grid, const json_t *count)
{
	char bytes[UNIT_TEXT_MAX];

	grid_printf(grid, "%" PRId64, answer_number(count, "packets"));
	grid_text(grid, unit_bytes(answer_number(count, "bytes"), bytes));
}

void feed_view_hits(FILE *out, const json_t *answer)
{
	const json_t *feed;
	struct grid grid;
	size_t i;

	grid_init(&grid, hits_columns);
	json_array_foreach(answer_list(answer, "feeds"), i, feed)
	{
		grid_text(&grid, answer_text(feed, "name"));
		put_count(&grid, json_object_get(feed, "hits"));
		put_count(&grid, json_object_get(feed, "unique"));
	}
	grid_print(&grid, out);
	grid_done(&grid);
}

static void put_findings(FILE *out, const json_t *answer)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(answer_list(answer, "findings"), i, finding)
	{
		fputs("  guard ", out);
		grid_put_safely(out, answer_text(finding, "guard"));
		fputs(": ", out);
		grid_put_safely(out, answer_text(finding, "text"));
		fputc('\n', out);
	}
	rejects_print(out, answer);
}

static void put_widest(FILE *out, const json_t *answer)
{
	const json_t *widest = answer_list(answer, "widest");
	size_t i;
	const json_t *prefix;

	if (!json_array_size(widest))
		return;
	fputs("  widest new:", out);
	json_array_foreach(widest, i, prefix)
	{
		if (i == WIDEST_SHOWN)
			break;
		fputc(' ', out);
		grid_put_safely(out, json_string_value(prefix));
	}
	fputc('\n', out);
}

/* Of what would be listed. */
static void put_protected(FILE *out, const json_t *answer)
{
	const json_t *hits = answer_object(answer, "protected");

	if (!answer_number(answer, "left_out") &&
	    !answer_number(answer, "around"))
		return;
	fprintf(out,
		"  protected: %" PRId64 " left out, %" PRId64
		" cut around it (own %" PRId64 ", resolvers %" PRId64
		", special %" PRId64 ")\n",
		answer_number(answer, "left_out"),
		answer_number(answer, "around"), answer_number(hits, "own"),
		answer_number(hits, "resolvers"),
		answer_number(hits, "special"));
}

static void put_flows(FILE *out, const json_t *answer)
{
	const json_t *flows = answer_object(answer, "flows");
	const char *why = answer_text(answer, "flows_why");

	if (!answer_is(answer, "dry"))
		return;
	if (flows) {
		diff_view_flows(out, flows);
		return;
	}
	fputs("live flows cut: not known, ", out);
	grid_put_safely(out, *why ? why
				  : "no policy that remembers them is in "
				    "force");
	fputc('\n', out);
}

/* A version that guards held is let in by a person alone. */
static void put_outcome(FILE *out, const json_t *answer)
{
	const char *outcome = answer_text(answer, "outcome");
	bool is_dry = answer_is(answer, "dry");

	if (is_dry && strcmp(outcome, "held") == 0) {
		fputs("would be held", out);
	} else if (is_dry && strcmp(outcome, "would be accepted") == 0 &&
		   json_array_size(answer_list(answer, "findings")) > 0) {
		fputs("held by guards; what fwctl feed accept would let in",
		      out);
	} else {
		grid_put_safely(out, outcome);
	}
}

void feed_view_result(FILE *out, const json_t *answer)
{
	char span[UNIT_TEXT_MAX];

	if (!*answer_text(answer, "outcome")) {
		fputs("done\n", out);
		return;
	}
	put_outcome(out, answer);
	if (answer_number(answer, "version"))
		fprintf(out, ", version %" PRId64,
			answer_number(answer, "version"));
	if (*answer_text(answer, "why")) {
		fputs(": ", out);
		grid_put_safely(out, answer_text(answer, "why"));
	}
	fprintf(out,
		"\n  %" PRId64 " lines, %" PRId64 " entries (%" PRId64
		" new, %" PRId64 " gone), %" PRId64 " rejected, %" PRId64
		" skipped\n",
		answer_number(answer, "lines"),
		answer_number(answer, "entries"), answer_number(answer, "new"),
		answer_number(answer, "gone"), answer_number(answer, "rejects"),
		answer_number(answer, "skipped"));
	put_protected(out, answer);
	put_findings(out, answer);
	put_widest(out, answer);
	put_flows(out, answer);
	if (strcmp(answer_text(answer, "outcome"), "accepted") == 0)
		fprintf(out,
			"  members %" PRId64 ": %" PRId64 " added, %" PRId64
			" removed, %" PRId64 " leaving, in %s\n",
			answer_number(answer, "members"),
			answer_number(answer, "added"),
			answer_number(answer, "removed"),
			answer_number(answer, "leaving"),
			unit_span_us(answer_span(answer, "took_us"), span));
}
