// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/process_view.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/grid.h"
#include "rules/duration.h"

const char *process_text(const json_t *process, char text[PROCESS_TEXT_MAX])
{
	const char *how = answer_text(process, "how");
	const char *image = answer_text(process, "image");
	const char *unit = answer_text(process, "unit");
	const char *container = answer_text(process, "container");
	const char *of = *container ? container : unit;

	text[0] = '\0';
	if (!process)
		return text;
	if (!json_object_get(process, "pid")) {
		(void)snprintf(text, PROCESS_TEXT_MAX, "unknown");
		return text;
	}
	(void)snprintf(text, PROCESS_TEXT_MAX,
		       "%s%.200s pid %" PRId64 " uid %" PRId64 "%s%.120s%s",
		       strcmp(how, "listener") == 0 ? "listener " : "",
		       *image ? image : "?", answer_number(process, "pid"),
		       answer_number(process, "uid"), *of ? ", of " : "", of,
		       json_object_get(process, "ended_us") ? ", ended" : "");
	return text;
}

static const struct grid_column talk_columns[] = {
	{"LAST", false, 20}, {"KIND", false, 0}, {"PROTO", false, 0},
	{"PORT", true, 0},   {"TIMES", true, 0}, {"PROCESS", false, 0},
	{NULL, false, 0},
};

/* The port is the peer's where the process began, its own where it accepted. */
static void fill_talk(struct grid *grid, const json_t *talk)
{
	char moment[MOMENT_TEXT_MAX], process[PROCESS_TEXT_MAX];
	const char *kind = answer_text(talk, "kind");
	bool is_accepted = strcmp(kind, "accept") == 0;

	grid_text(grid,
		  moment_to_text((uint64_t)answer_number(talk, "last_us") /
					 1000000,
				 moment));
	grid_text(grid, kind);
	grid_printf(grid, "%" PRId64, answer_number(talk, "protocol"));
	grid_printf(
		grid, "%" PRId64,
		answer_number(talk, is_accepted ? "local_port" : "peer_port"));
	grid_printf(grid, "%" PRId64, answer_number(talk, "count"));
	grid_text(grid, process_text(answer_object(talk, "process"), process));
}

void process_view_talks(FILE *out, const json_t *talks)
{
	struct grid grid;

	grid_init(&grid, talk_columns);
	for (size_t i = 0; i < json_array_size(talks); i++)
		fill_talk(&grid, json_array_get(talks, i));
	grid_print(&grid, out);
	grid_done(&grid);
}
