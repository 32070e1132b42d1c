// SPDX-License-Identifier: GPL-2.0-or-later
/* why: what happens to an address. */
#include "ctl/cmd.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/member_view.h"
#include "ctl/session.h"
#include "rules/duration.h"

static void print_claims(FILE *out, const json_t *claims)
{
	struct grid grid;

	if (json_array_size(claims) == 0) {
		fputs("in no set\n", out);
		return;
	}
	grid_init(&grid, claim_view.columns);
	for (size_t i = 0; i < json_array_size(claims); i++)
		claim_view.fill(&grid, json_array_get(claims, i));
	grid_print(&grid, out);
	grid_done(&grid);
}

static void print_offence(FILE *out, const json_t *offence)
{
	char until[MOMENT_TEXT_MAX], forgotten[MOMENT_TEXT_MAX];

	if (!offence)
		return;
	fprintf(out,
		"bans by detection: %" PRId64
		", the last until %s, forgotten %s\n",
		answer_number(offence, "bans"),
		moment_to_text((uint64_t)answer_number(offence, "until"),
			       until),
		moment_to_text((uint64_t)answer_number(offence, "forgotten"),
			       forgotten));
}

static void view_why(FILE *out, const json_t *answer)
{
	const char *verdict = answer_text(answer, "verdict");
	const char *from_table = answer_text(answer, "from_table");
	const char *guard = answer_text(answer, "protected");

	fprintf(out, "%s: %s (class %" PRId64 ")\n",
		answer_text(answer, "address"), verdict,
		answer_number(answer, "class"));
	if (strcmp(verdict, from_table) != 0)
		fprintf(out,
			"WARNING: the live table says %s; the sets say %s\n",
			from_table, verdict);
	if (*guard) {
		fputs("protected: ", out);
		grid_put_safely(out, guard);
		fputc('\n', out);
	}
	print_claims(out, answer_list(answer, "claims"));
	print_offence(out, answer_object(answer, "offence"));
}

enum outcome cmd_why(struct session *session)
{
	return session_show(
		session, REQ_WHY,
		json_pack("{s:s}", "address", session_word(session, 0)),
		view_why);
}
