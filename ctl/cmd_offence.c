// SPDX-License-Identifier: GPL-2.0-or-later
/* detect offences, detect forgive: peers that were banned before. */
#include "ctl/cmd.h"

#include <inttypes.h>

#include "ctl/answer.h"
#include "ctl/grid.h"
#include "ctl/session.h"
#include "rules/base.h"
#include "rules/duration.h"

static const struct grid_column columns[] = {
	{.title = "ADDRESS", .width = 15},
	{.title = "BANS", .right = true},
	{.title = "LAST UNTIL"},
	{.title = "FORGOTTEN"},
	{0},
};

static void fill_moment(struct grid *grid, const json_t *item, const char *key)
{
	char text[MOMENT_TEXT_MAX];

	grid_text(grid,
		  moment_to_text((uint64_t)answer_number(item, key), text));
}

static void fill(struct grid *grid, const json_t *item)
{
	grid_text(grid, answer_text(item, "address"));
	grid_printf(grid, "%" PRId64, answer_number(item, "bans"));
	fill_moment(grid, item, "until");
	fill_moment(grid, item, "forgotten");
}

enum outcome cmd_detect_offences(struct session *session)
{
	static const struct item_view view = {columns, fill};
	json_int_t from = 0;

	do {
		CLEANUP(json_decrefp) json_t *answer = NULL;
		enum outcome outcome = session_ask(
			session, REQ_DETECT_OFFENCES,
			json_pack("{s:I}", "from", from), -1, &answer);

		if (outcome != OUTCOME_DONE)
			return outcome;
		printer_items(&session->printer,
			      answer_list(answer, "offences"), &view);
		from = answer_number(answer, "next");
	} while (from > 0);
	return OUTCOME_DONE;
}

static void view_forgiven(FILE *out, const json_t *answer)
{
	(void)answer;
	fputs("forgiven: the next ban is as the first; one that lasts is not "
	      "ended\n",
	      out);
}

enum outcome cmd_detect_forgive(struct session *session)
{
	return session_show(
		session, REQ_DETECT_FORGIVE,
		json_pack("{s:s}", "address", session_word(session, 0)),
		view_forgiven);
}
