// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/crowdsec_view.h"

#include <inttypes.h>

#include "ctl/answer.h"
#include "ctl/grid.h"
#include "rules/base.h"
#include "rules/duration.h"

static void put_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, "%-12s", name);
	grid_put_safely(out, text);
	fputc('\n', out);
}

static void put_moment(FILE *out, const char *name, const json_t *answer,
		       const char *key)
{
	char text[MOMENT_TEXT_MAX];

	put_text(out, name,
		 moment_to_text((uint64_t)answer_number(answer, key), text));
}

/* What was left out, if anything was. */
static void put_left_out(FILE *out, const json_t *answer)
{
	static const struct {
		const char *key, *text;
	} kinds[] = {
		{"others", "of other types than ban"},
		{"too_wide", "too wide"},
		{"guarded", "protected"},
		{"rejects", "not understood"},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (answer_number(answer, kinds[i].key))
			fprintf(out, "%-12s%" PRId64 " %s\n", "left out",
				answer_number(answer, kinds[i].key),
				kinds[i].text);
}

void crowdsec_view_status(FILE *out, const json_t *answer)
{
	if (!*answer_text(answer, "set")) {
		fputs("nothing was heard of it: fwctl crowdsec run asks for "
		      "decisions\n",
		      out);
		return;
	}
	put_text(out, "set", answer_text(answer, "set"));
	fprintf(out, "%-12s%" PRId64 "\n", "members",
		answer_number(answer, "members"));
	fprintf(out, "%-12s%" PRId64 "\n", "decisions",
		answer_number(answer, "decisions"));
	put_moment(out, "last answer", answer, "good");
	put_moment(out, "last whole", answer, "whole");
	fprintf(out, "%-12s%" PRId64 " new, %" PRId64 " deleted\n",
		"since then", answer_number(answer, "new"),
		answer_number(answer, "deleted"));
	put_left_out(out, answer);
	if (answer_is(answer, "resync"))
		put_text(out, "next", "all decisions are asked for again");
	if (!answer_number(answer, "failures"))
		return;
	fprintf(out, "%-12s%" PRId64 " in a row, the last: ", "failures",
		answer_number(answer, "failures"));
	grid_put_safely(out, answer_text(answer, "why"));
	fputc('\n', out);
}

void crowdsec_view_resync(FILE *out, const json_t *answer)
{
	fputs(answer_is(answer, "heard")
		      ? "all decisions are asked for at the next question\n"
		      : "nothing was heard of it: fwctl crowdsec run asks for "
			"decisions\n",
	      out);
}

void crowdsec_view_taken(FILE *out, const json_t *answer)
{
	fprintf(out,
		"%s: %" PRId64 " new, %" PRId64 " deleted: members %" PRId64
		" added, %" PRId64 " renewed, %" PRId64 " removed\n",
		answer_is(answer, "whole") ? "all decisions" : "changes",
		answer_number(answer, "new"), answer_number(answer, "deleted"),
		answer_number(answer, "added"),
		answer_number(answer, "renewed"),
		answer_number(answer, "removed"));
	put_left_out(out, answer);
}
