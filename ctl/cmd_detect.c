// SPDX-License-Identifier: GPL-2.0-or-later
/* detect ...: rules that say what on this host is suspicious. Needs no daemon.
 */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/detect_event.h"
#include "ctl/detect_rules.h"
#include "ctl/policy_file.h"
#include "ctl/session.h"
#include "rules/detect/detect.h"

static const struct grid_column file_columns[] = {
	{.title = "FILE"},
	{.title = "STATE"},
	{.title = "AT", .right = true},
	{.title = "NOTE"},
	{NULL},
};

static const struct grid_column rule_columns[] = {
	{.title = "ACTION"}, {.title = "LEVEL"}, {.title = "EVENTS"},
	{.title = "ID"},     {.title = "TITLE"}, {NULL},
};

static const struct grid_column match_columns[] = {
	{.title = "EVENT", .right = true},
	{.title = "ACTION"},
	{.title = "LEVEL"},
	{.title = "TITLE"},
	{NULL},
};

static void fill_file(struct grid *grid, const json_t *item)
{
	bool is_loaded = answer_is(item, "loaded");

	grid_text(grid, answer_text(item, "file"));
	grid_text(grid, is_loaded ? "loaded" : answer_text(item, "reason"));
	if (answer_number(item, "line") > 0)
		grid_printf(grid, "%" PRId64 ":%" PRId64,
			    answer_number(item, "line"),
			    answer_number(item, "column"));
	else
		grid_text(grid, "");
	grid_text(grid, answer_text(item, "note"));
}

static void fill_rule(struct grid *grid, const json_t *item)
{
	grid_printf(grid, "%s%s", answer_text(item, "action"),
		    answer_is(item, "observe") ? ", observed" : "");
	grid_text(grid, answer_text(item, "level"));
	grid_text(grid, answer_text(item, "events"));
	grid_text(grid, answer_text(item, "id"));
	grid_text(grid, answer_text(item, "title"));
}

static void fill_match(struct grid *grid, const json_t *item)
{
	grid_printf(grid, "%" PRId64, answer_number(item, "event"));
	grid_text(grid, answer_text(item, "action"));
	grid_text(grid, answer_text(item, "level"));
	grid_text(grid, answer_text(item, "title"));
}

static const struct item_view file_view = {file_columns, fill_file};
static const struct item_view rule_view = {rule_columns, fill_rule};
static const struct item_view match_view = {match_columns, fill_match};

static json_t *json_of_refusal(const struct detect_file *file)
{
	return json_pack(
		"{s:s, s:b, s:s, s:I, s:I, s:s}", "file", file->path, "loaded",
		0, "reason", detect_reason_name(file->note.reason), "line",
		(json_int_t)file->note.at.line, "column",
		(json_int_t)file->note.at.column, "note", file->note.at.text);
}

/* Of a file with several rules each says which it is about. */
static json_t *remarks_of(const struct detect_file *file)
{
	json_t *remarks = json_array();

	for (size_t i = 0; i < file->rule_count; i++) {
		const struct detect_rule *rule = file->rules[i];

		if (rule->remark && file->rule_count > 1)
			(void)json_array_append_new(
				remarks, json_sprintf("%s: %s", rule->title,
						      rule->remark));
		else if (rule->remark)
			(void)json_array_append_new(remarks,
						    json_string(rule->remark));
	}
	return remarks;
}

static json_t *json_of_loaded(const struct detect_file *file, json_t *note)
{
	return json_pack("{s:s, s:b, s:I, s:O*}", "file", file->path, "loaded",
			 1, "rules", (json_int_t)file->rule_count, "note",
			 note);
}

/* People get a line for each remark, programs one object with all of them. */
static void add_file(struct session *session, json_t *list,
		     const struct detect_file *file)
{
	CLEANUP(json_decrefp) json_t *remarks = remarks_of(file);
	size_t lines = session->json ? 1 : json_array_size(remarks);

	for (size_t i = 0; i == 0 || i < lines; i++) {
		json_t *item = json_of_loaded(file, json_array_get(remarks, i));

		if (session->json && json_array_size(remarks) > 1)
			(void)json_object_set(item, "notes", remarks);
		(void)json_array_append_new(list, item);
	}
}

struct tally {
	uint64_t files, loaded, broken;
};

static void view_tally(FILE *out, const json_t *answer)
{
	(void)fprintf(out,
		      "%" PRId64 " files: %" PRId64 " loaded, %" PRId64
		      " refused, %" PRId64 " of them broken\n",
		      answer_number(answer, "files"),
		      answer_number(answer, "loaded"),
		      answer_number(answer, "refused"),
		      answer_number(answer, "broken"));
}

static enum outcome check_path(struct session *session, const char *path,
			       struct tally *tally)
{
	CLEANUP(detect_folder_done) struct detect_folder folder = {NULL};
	CLEANUP(json_decrefp) json_t *list = json_array();
	enum outcome outcome = detect_rules_read(session, path, &folder);

	if (outcome != OUTCOME_DONE)
		return outcome;
	for (size_t i = 0; i < folder.file_count; i++) {
		const struct detect_file *file = &folder.files[i];

		tally->files++;
		tally->loaded += !file->is_refused;
		if (file->is_refused && file->error != -ENOTSUP)
			tally->broken++;
		if (file->is_refused)
			(void)json_array_append_new(list,
						    json_of_refusal(file));
		else
			add_file(session, list, file);
	}
	printer_items(&session->printer, list, &file_view);
	return OUTCOME_DONE;
}

enum outcome cmd_detect_check(struct session *session)
{
	struct tally tally = {0};
	enum outcome outcome = OUTCOME_DONE;
	const char *path;

	for (size_t i = 0; (path = session_word(session, i)); i++) {
		outcome = check_path(session, path, &tally);
		if (outcome != OUTCOME_DONE)
			return outcome;
	}
	if (!session->json) {
		CLEANUP(json_decrefp)
		json_t *answer =
			json_pack("{s:I, s:I, s:I, s:I}", "files",
				  (json_int_t)tally.files, "loaded",
				  (json_int_t)tally.loaded, "refused",
				  (json_int_t)(tally.files - tally.loaded),
				  "broken", (json_int_t)tally.broken);

		printer_answer(&session->printer, answer, view_tally);
	}
	return tally.broken > 0 ? OUTCOME_REFUSED : OUTCOME_DONE;
}

static enum outcome list_path(struct session *session, const char *path)
{
	CLEANUP(detect_folder_done) struct detect_folder folder = {NULL};
	CLEANUP(json_decrefp) json_t *list = json_array();
	enum outcome outcome = detect_rules_read_loud(session, path, &folder);

	if (outcome != OUTCOME_DONE)
		return outcome;
	for (size_t i = 0; i < folder.rule_count; i++) {
		if (!folder.rules[i]->is_step)
			(void)json_array_append_new(
				list, detect_rules_json(folder.rules[i]));
	}
	printer_items(&session->printer, list, &rule_view);
	return OUTCOME_DONE;
}

enum outcome cmd_detect_list(struct session *session)
{
	enum outcome outcome = OUTCOME_DONE;
	const char *path;

	for (size_t i = 0;
	     outcome == OUTCOME_DONE && (path = session_word(session, i)); i++)
		outcome = list_path(session, path);
	return outcome;
}

struct hearing {
	json_t *list; /* of rules that tell */
};

static void hear(void *arg, const struct detect_rule *rule, size_t index)
{
	struct hearing *hearing = arg;

	(void)index;
	if (!rule->is_step)
		(void)json_array_append_new(hearing->list,
					    detect_rules_json(rule));
}

static enum outcome match_line(struct session *session,
			       const struct detect_engine *engine,
			       struct detect_scratch *scratch,
			       const struct policy_text *line, unsigned int at)
{
	CLEANUP(json_decrefp) json_t *list = json_array();
	struct hearing hearing = {list};
	struct detect_event event;
	char why[128] = "";
	int r = detect_event_read(line->base, line->len, &event, why);

	if (r < 0)
		return session_refuse(session, r, "event on line %u: %s", at,
				      r == -EINVAL ? why : strerror(-r));
	detect_match(engine, &event.event, scratch, hear, &hearing);
	for (size_t i = 0; i < json_array_size(list); i++)
		(void)json_object_set_new(json_array_get(list, i), "event",
					  json_integer(at));
	printer_items(&session->printer, list, &match_view);
	detect_event_done(&event);
	return OUTCOME_DONE;
}

/* One event a line; empty ones are passed over. */
static enum outcome match_lines(struct session *session,
				const struct detect_engine *engine,
				struct detect_scratch *scratch,
				const struct policy_text *text)
{
	enum outcome outcome = OUTCOME_DONE;
	size_t from = 0;

	for (unsigned int at = 1; outcome == OUTCOME_DONE && from < text->len;
	     at++) {
		char *first = text->base + from;
		char *stop = memchr(first, '\n', text->len - from);
		size_t len = stop ? (size_t)(stop - first) : text->len - from;
		struct policy_text line = {first, len};

		if (len > 0)
			outcome =
				match_line(session, engine, scratch, &line, at);
		from += len + 1;
	}
	return outcome;
}

enum outcome cmd_detect_test(struct session *session)
{
	CLEANUP(detect_folder_done) struct detect_folder folder = {NULL};
	CLEANUP(detect_freep) struct detect_engine *engine = NULL;
	CLEANUP(detect_scratch_freep) struct detect_scratch *scratch = NULL;
	CLEANUP(policy_text_done) struct policy_text text = {0};
	enum outcome outcome = detect_rules_load(session, 0, &folder);
	int r;

	if (outcome == OUTCOME_DONE)
		outcome = policy_text_read(session, session_word(session, 1),
					   &text);
	if (outcome != OUTCOME_DONE)
		return outcome;
	r = detect_new(folder.rules, folder.rule_count, &engine);
	if (r >= 0)
		r = detect_scratch_new(engine, &scratch);
	if (r < 0)
		return session_refuse(session, r, "%s", strerror(-r));
	return match_lines(session, engine, scratch, &text);
}
