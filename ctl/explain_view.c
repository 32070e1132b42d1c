// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/explain_view.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/grid.h"
#include "rules/duration.h"

static void print_stage(FILE *out, const char *name)
{
	fprintf(out, "  %-12s ", name);
}

static void print_claim(FILE *out, const json_t *claim)
{
	const char *reason = answer_text(claim, "reason");
	int64_t expires = answer_number(claim, "expires");
	char moment[MOMENT_TEXT_MAX];

	fprintf(out, "%s, %s (%s, %s", answer_text(claim, "set"),
		answer_text(claim, "action"), answer_text(claim, "prefix"),
		answer_text(claim, "origin"));
	if (*reason) {
		fputs(", \"", out);
		grid_put_safely(out, reason);
		fputc('"', out);
	}
	if (expires)
		fprintf(out, ", until %s",
			moment_to_text((uint64_t)expires, moment));
	fputs(")\n", out);
}

/* The sets an address is in, each with the member that puts it there. */
static void print_address(FILE *out, const json_t *packet, const char *name)
{
	const json_t *address = answer_object(packet, name);
	const json_t *claims = answer_list(address, "claims");
	const json_t *class = json_object_get(address, "class");

	if (!address)
		return;
	print_stage(out, name);
	if (json_is_integer(class))
		fprintf(out, "class %" PRId64 ": ",
			answer_number(address, "class"));
	else
		fputs("not asked: ", out);
	if (json_array_size(claims) == 0)
		fputs("in no set\n", out);
	for (size_t i = 0; i < json_array_size(claims); i++) {
		if (i > 0)
			print_stage(out, "");
		print_claim(out, json_array_get(claims, i));
	}
	if (answer_number(address, "more_claims")) {
		print_stage(out, "");
		fprintf(out, "and %" PRId64 " members more\n",
			answer_number(address, "more_claims"));
	}
}

static void print_vectors(FILE *out, const json_t *rules)
{
	json_t *vectors = answer_object(rules, "vectors");
	const char *name, *before = "";
	json_t *number;

	if (json_object_size(vectors) == 0)
		return;
	print_stage(out, "vectors");
	json_object_foreach(vectors, name, number)
	{
		fprintf(out, "%s%s %" PRId64, before, name,
			(int64_t)json_integer_value(number));
		before = ", ";
	}
	fputc('\n', out);
}

/* What was done at a rule, in words. */
static const char *deed_of(const json_t *step)
{
	const char *did = answer_text(step, "did");

	if (strcmp(did, "counted") == 0)
		return answer_is(step, "shadow") ? "counts it, in shadow"
						 : "counts it";
	if (strcmp(did, "ended") == 0)
		return "ends it";
	if (strcmp(did, "within-limit") == 0)
		return "is within its rate";
	if (strcmp(did, "behind") == 0)
		return "would match, but comes behind";
	return answer_is(step, "asleep") ? "is outside its time windows"
					 : "was done already";
}

static void print_rules(FILE *out, const json_t *packet)
{
	const json_t *rules = answer_object(packet, "rules");
	const json_t *steps = answer_list(rules, "steps");
	int64_t count = answer_number(rules, "candidates");
	size_t told = json_array_size(steps);

	if (!answer_is(rules, "asked") && told == 0)
		return;
	print_vectors(out, rules);
	print_stage(out, "rules");
	fprintf(out, "%" PRId64 " candidates among the parts of %" PRId64 "\n",
		count, answer_number(rules, "total"));
	for (size_t i = 0; i < told; i++) {
		const json_t *step = json_array_get(steps, i);

		print_stage(out, "");
		fprintf(out, "%s (%s, line %" PRId64 ") %s\n",
			answer_text(step, "rule"), answer_text(step, "action"),
			answer_number(step, "line"), deed_of(step));
	}
	if (count > (int64_t)told) {
		print_stage(out, "");
		fprintf(out, "and %" PRId64 " candidates more\n",
			count - (int64_t)told);
	}
}

static void print_verdict(FILE *out, const json_t *packet)
{
	const char *rule = answer_text(packet, "rule");
	const char *set = answer_text(packet, "set");
	const char *comment = answer_text(packet, "rule_comment");

	print_stage(out, "verdict");
	fprintf(out, "%s, %s", answer_text(packet, "verdict"),
		answer_text(packet, "reason"));
	if (*rule)
		fprintf(out, " by rule %s (line %" PRId64 ")", rule,
			answer_number(packet, "rule_line"));
	else if (*set)
		fprintf(out, " by set %s", set);
	if (*comment) {
		fputs(": ", out);
		grid_put_safely(out, comment);
	}
	fputc('\n', out);
}

void explain_view_whole(FILE *out, const char *text, const json_t *packet)
{
	const char *error = answer_text(packet, "error");

	fprintf(out, "%s", text);
	if (*error) {
		fprintf(out, "\n  not run: %s\n", error);
		return;
	}
	fprintf(out, ", %" PRId64 " bytes\n",
		answer_number(answer_object(packet, "parsed"), "bytes"));
	if (!answer_is(packet, "gate")) {
		print_stage(out, "gate");
		fprintf(out,
			"none: nothing judges what goes %s there, it would be "
			"so if one did\n",
			answer_text(packet, "direction"));
	}
	print_address(out, packet, "source");
	print_address(out, packet, "destination");
	print_rules(out, packet);
	print_verdict(out, packet);
}

void explain_view_line(FILE *out, const char *text, const json_t *packet)
{
	const char *error = answer_text(packet, "error");
	const char *rule = answer_text(packet, "rule");

	fprintf(out, "%" PRId64 ": ", answer_number(packet, "number"));
	if (*error)
		fprintf(out, "not run, %s", error);
	else
		fprintf(out, "%s, %s%s%s", answer_text(packet, "verdict"),
			answer_text(packet, "reason"), *rule ? " by rule " : "",
			rule);
	fprintf(out, ": %s\n", text);
}
