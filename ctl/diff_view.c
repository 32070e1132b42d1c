// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/diff_view.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/grid.h"
#include "rules/base.h"

static const struct {
	const char *what, *many;
} kinds[] = {
	{"rule", "rules"},   {"set", "sets"},	      {"zone", "zones"},
	{"limit", "limits"}, {"setting", "settings"},
};

static const struct {
	const char *change;
	char sign;
} signs[] = {
	{"added", '+'},
	{"removed", '-'},
	{"changed", '~'},
	{"moved", '>'},
};

/* "rules: 1 added, 2 changed", of kinds that have some. */
static bool print_counts(FILE *out, const json_t *answer)
{
	const json_t *counts = answer_object(answer, "counts");
	bool has_some = false;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const json_t *of = answer_object(counts, kinds[i].what);
		const char *before = ": ";

		for (size_t k = 0; k < ARRAY_LEN(signs); k++) {
			int64_t count = answer_number(of, signs[k].change);

			if (count == 0)
				continue;
			if (*before == ':')
				fputs(kinds[i].many, out);
			fprintf(out, "%s%" PRId64 " %s", before, count,
				signs[k].change);
			before = ", ";
		}
		if (*before == ',') {
			fputc('\n', out);
			has_some = true;
		}
	}
	return has_some;
}

static char sign_of(const char *change)
{
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (strcmp(signs[i].change, change) == 0)
			return signs[i].sign;
	return '?';
}

/* "  ~ rule web: source, protocol; moved" */
static void print_change(FILE *out, const json_t *change)
{
	const char *keys = answer_text(change, "keys");
	const char *what = answer_text(change, "change");
	int64_t added = answer_number(change, "members_added");
	int64_t removed = answer_number(change, "members_removed");
	const char *before = ": ";

	fprintf(out, "  %c ", sign_of(what));
	grid_put_safely(out, answer_text(change, "what"));
	fputc(' ', out);
	grid_put_safely(out, answer_text(change, "name"));
	if (*keys) {
		fputs(before, out);
		grid_put_safely(out, keys);
		before = "; ";
	}
	if (added || removed) {
		fprintf(out, "%smembers +%" PRId64 " -%" PRId64, before, added,
			removed);
		before = "; ";
	}
	if (answer_is(change, "moved") && strcmp(what, "moved") != 0)
		fprintf(out, "%smoved", before);
	fputc('\n', out);
}

static void print_size(FILE *out, const json_t *answer, const char *key)
{
	int64_t before = answer_number(answer_object(answer, "before"), key);
	int64_t after = answer_number(answer_object(answer, "after"), key);

	if (before == after)
		fprintf(out, "%" PRId64 " %s", after, key);
	else
		fprintf(out, "%" PRId64 " -> %" PRId64 " %s", before, after,
			key);
}

static void print_sizes(FILE *out, const json_t *answer)
{
	static const char *const sizes[] = {"rules", "slots", "vectors",
					    "networks"};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		fputs(i > 0 ? ", " : "", out);
		print_size(out, answer, sizes[i]);
	}
	fputc('\n', out);
}

static void print_cut(FILE *out, const json_t *cut)
{
	const char *rule = answer_text(cut, "rule");
	const char *set = answer_text(cut, "set");

	fputs("  ", out);
	grid_put_safely(out, answer_text(cut, "flow"));
	if (*rule || *set)
		fputs(*rule ? " by rule " : " by set ", out);
	else
		fputs(" by default", out);
	grid_put_safely(out, *rule ? rule : set);
	/* where it goes is not remembered of a flow */
	fputs(strcmp(answer_text(cut, "direction"), "out") == 0
		      ? ", if it goes out by "
		      : ", if it comes in by ",
	      out);
	grid_put_safely(out, answer_text(cut, "iface"));
	fputc('\n', out);
}

void diff_view_flows(FILE *out, const json_t *flows)
{
	const json_t *first = answer_list(flows, "first");
	int64_t cut = answer_number(flows, "cut");
	int64_t told = (int64_t)json_array_size(first);
	const json_t *item;
	size_t i;

	fprintf(out, "live flows cut: %" PRId64 " of %" PRId64 "%s\n", cut,
		answer_number(flows, "seen"),
		answer_is(flows, "whole")
			? ""
			: " that were looked at; there are more");
	json_array_foreach(first, i, item) print_cut(out, item);
	if (cut > told)
		fprintf(out, "  and %" PRId64 " more\n", cut - told);
}

void diff_view_documents(FILE *out, const json_t *answer)
{
	int64_t more = answer_number(answer, "more_changes");
	const json_t *item;
	size_t i;

	if (!print_counts(out, answer))
		fputs("no difference\n", out);
	json_array_foreach(answer_list(answer, "changes"), i, item)
		print_change(out, item);
	if (more)
		fprintf(out, "  and %" PRId64 " more\n", more);
	answer_print_notes(out, answer);
	print_sizes(out, answer);
}

void diff_view(FILE *out, const json_t *answer)
{
	const json_t *flows = answer_object(answer, "flows");
	const json_t *before = answer_object(answer, "before");

	diff_view_documents(out, answer);
	if (flows)
		diff_view_flows(out, flows);
	else
		fprintf(out, "live flows cut: not known, %s\n",
			answer_number(before, "revision")
				? "the policy in force remembers none"
				: "no policy is in force that remembers them");
}
