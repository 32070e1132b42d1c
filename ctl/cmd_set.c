// SPDX-License-Identifier: GPL-2.0-or-later
/* set list, new, drop, show, export: sets, and what is in them. */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/bulk.h"
#include "ctl/member_view.h"
#include "ctl/session.h"
#include "ctl/unit.h"

static const struct grid_column set_columns[] = {
	{"NAME", false, 0},   {"ID", true, 0},	    {"KIND", false, 0},
	{"ACTION", false, 0}, {"MEMBERS", true, 0}, {"CAPACITY", true, 0},
	{"PACKETS", true, 0}, {"BYTES", true, 0},   {"STATE", false, 0},
	{NULL, false, 0},
};

static void view_sets(FILE *out, const json_t *answer)
{
	const json_t *sets = answer_list(answer, "sets");
	char bytes[UNIT_TEXT_MAX];
	struct grid grid;

	grid_init(&grid, set_columns);
	for (size_t i = 0; i < json_array_size(sets); i++) {
		const json_t *set = json_array_get(sets, i);

		grid_text(&grid, answer_text(set, "name"));
		grid_printf(&grid, "%" PRId64, answer_number(set, "id"));
		grid_text(&grid, answer_text(set, "kind"));
		grid_text(&grid, answer_text(set, "action"));
		grid_printf(&grid, "%" PRId64, answer_number(set, "members"));
		grid_printf(&grid, "%" PRId64, answer_number(set, "capacity"));
		grid_printf(&grid, "%" PRId64, answer_number(set, "packets"));
		grid_text(&grid,
			  unit_bytes(answer_number(set, "bytes"), bytes));
		grid_text(&grid, answer_is(set, "busy") ? "importing" : "");
	}
	grid_print(&grid, out);
	grid_done(&grid);
}

enum outcome cmd_set_list(struct session *session)
{
	return session_show(session, REQ_SET_LIST, json_object(), view_sets);
}

static void view_new(FILE *out, const json_t *answer)
{
	fprintf(out, "%s, id %" PRId64 "\n",
		answer_is(answer, "made") ? "made" : "changed",
		answer_number(answer, "id"));
	if (*answer_text(answer, "note")) {
		fputs("note: ", out);
		grid_put_safely(out, answer_text(answer, "note"));
		fputc('\n', out);
	}
}

enum outcome cmd_set_new(struct session *session)
{
	const char *capacity = session_value(session, OPTION_CAPACITY);
	json_t *number = NULL;

	if (capacity)
		number = json_integer(strtoll(capacity, NULL, 10));
	return session_show(session, REQ_SET_NEW,
			    json_pack("{s:s, s:s*, s:s*, s:o*}", "set",
				      session_word(session, 0), "action",
				      session_value(session, OPTION_ACTION),
				      "kind",
				      session_value(session, OPTION_KIND),
				      "capacity", number),
			    view_new);
}

static void view_drop(FILE *out, const json_t *answer)
{
	fprintf(out, "dropped, with %" PRId64 " members\n",
		answer_number(answer, "removed"));
}

enum outcome cmd_set_drop(struct session *session)
{
	return session_show(session, REQ_SET_DROP,
			    json_pack("{s:s}", "set", session_word(session, 0)),
			    view_drop);
}

typedef void page_fn(struct session *session, const json_t *members);

/* Give `fn` at most `left` members of the set in pages; *ret_count of them. */
static enum outcome each_page(struct session *session, uint64_t left,
			      page_fn *fn, uint64_t *ret_count)
{
	const char *set = session_word(session, 0);
	CLEANUP(json_decrefp) json_t *page = NULL;
	uint64_t count = 0;

	do {
		json_t *next = json_object_get(page, "next");
		uint64_t max = left < WIRE_PAGE_MAX ? left : WIRE_PAGE_MAX;
		json_t *args = json_pack("{s:s, s:O*, s:I}", "set", set,
					 "after", next, "max", (json_int_t)max);
		json_t *answer = NULL;
		enum outcome outcome =
			session_ask(session, REQ_SET_SHOW, args, -1, &answer);

		if (outcome != OUTCOME_DONE)
			return outcome;
		json_decref(page);
		page = answer;
		fn(session, answer_list(page, "members"));
		max = json_array_size(answer_list(page, "members"));
		count += max;
		left -= max < left ? max : left;
	} while (left > 0 && json_object_get(page, "next"));
	*ret_count = count;
	return OUTCOME_DONE;
}

static void show_page(struct session *session, const json_t *members)
{
	printer_items(&session->printer, members, &member_view);
}

enum outcome cmd_set_show(struct session *session)
{
	const char *lines = session_value(session, OPTION_LINES);
	uint64_t count = 0;

	return each_page(session,
			 lines ? strtoull(lines, NULL, 10) : UINT64_MAX,
			 show_page, &count);
}

static void export_page(struct session *session, const json_t *members)
{
	if (session->json) {
		printer_items(&session->printer, members, &member_view);
		return;
	}
	for (size_t i = 0; i < json_array_size(members); i++)
		fprintf(session->printer.out, "%s\n",
			answer_text(json_array_get(members, i), "prefix"));
}

static void view_export(FILE *out, const json_t *answer)
{
	fprintf(out, "exported %" PRId64 " members\n",
		answer_number(answer, "members"));
}

/* Into memory first, so that the file is whole or absent. */
static enum outcome export_to(struct session *session, const char *path, int fd,
			      uint64_t *ret_count)
{
	FILE *out = fdopen(fd, "w");
	FILE *console = session->printer.out;
	enum outcome outcome;
	int r;

	if (!out)
		return session_refuse(session, -errno, "no memory file: %s",
				      strerror(errno));
	session->printer.out = out;
	outcome = each_page(session, UINT64_MAX, export_page, ret_count);
	session->printer.out = console;
	r = fflush(out) || ferror(out) ? -EIO : 0;
	if (r == 0 && outcome == OUTCOME_DONE)
		r = bulk_to_file(fileno(out), path);
	(void)fclose(out);
	if (r < 0)
		return session_refuse(session, r, "cannot write %s: %s", path,
				      strerror(-r));
	return outcome;
}

enum outcome cmd_set_export(struct session *session)
{
	bool named = session->invocation->word_count > 1;
	const char *path = named ? session_word(session, 1) : "-";
	CLEANUP(json_decrefp) json_t *summary = NULL;
	enum outcome outcome;
	uint64_t count = 0;
	int fd = -1;
	int r;

	if (!strcmp(path, "-"))
		return each_page(session, UINT64_MAX, export_page, &count);
	r = bulk_new(&fd);
	if (r < 0)
		return session_refuse(session, r, "no memory file: %s",
				      strerror(-r));
	outcome = export_to(session, path, fd, &count);
	if (outcome != OUTCOME_DONE)
		return outcome;
	summary =
		json_pack("{s:b, s:I}", "ok", 1, "members", (json_int_t)count);
	printer_answer(&session->printer, summary, view_export);
	return OUTCOME_DONE;
}
