// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/member_view.h"

#include <inttypes.h>

#include "ctl/answer.h"
#include "rules/duration.h"

#define EVIDENCE_COLUMNS                                               \
	{"PREFIX", false, 18}, {"ORIGIN", false, 8}, {"UID", true, 5}, \
		{"LINE", true, 7}, {"CREATED", false, 20},             \
		{"EXPIRES", false, 20}, {"REASON", false, 0},          \
	{                                                              \
		NULL, false, 0                                         \
	}

static const struct grid_column member_columns[] = {EVIDENCE_COLUMNS};

static const struct grid_column claim_columns[] = {
	{"SET", false, 0}, {"ACTION", false, 0}, EVIDENCE_COLUMNS};

static void fill_member(struct grid *grid, const json_t *item)
{
	uint64_t created = (uint64_t)answer_number(item, "created");
	uint64_t expires = (uint64_t)answer_number(item, "expires");
	int64_t line = answer_number(item, "line");
	char moment[MOMENT_TEXT_MAX];

	grid_text(grid, answer_text(item, "prefix"));
	grid_text(grid, answer_text(item, "origin"));
	grid_printf(grid, "%" PRId64, answer_number(item, "uid"));
	if (line > 0)
		grid_printf(grid, "%" PRId64, line);
	else
		grid_text(grid, "");
	grid_text(grid, moment_to_text(created, moment));
	grid_text(grid, moment_to_text(expires, moment));
	grid_text(grid, answer_text(item, "reason"));
}

static void fill_claim(struct grid *grid, const json_t *item)
{
	grid_text(grid, answer_text(item, "set"));
	grid_text(grid, answer_text(item, "action"));
	fill_member(grid, item);
}

const struct item_view member_view = {member_columns, fill_member};
const struct item_view claim_view = {claim_columns, fill_claim};
