// SPDX-License-Identifier: GPL-2.0-or-later
/* detect coverage and plan: what rules are for, and what becomes of them. Need
 * no daemon. */
#include "ctl/cmd.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/detect_rules.h"
#include "ctl/kernel_lacks.h"
#include "rules/detect/coverage.h"
#include "rules/duration.h"

static const struct grid_column coverage_columns[] = {
	{.title = "KIND"},
	{.title = "NAME"},
	{.title = "RULES", .right = true},
	{.title = "LEVEL"},
	{NULL},
};

static const struct grid_column plan_columns[] = {
	{.title = "RULE"},
	{.title = "STEP"},
	{.title = "STATE"},
	{.title = "FOR"},
	{.title = "BLOCKS"},
	{.title = "NOTE"},
	{NULL},
};

static void fill_item(struct grid *grid, const json_t *item)
{
	grid_text(grid, answer_text(item, "kind"));
	grid_text(grid, answer_text(item, "name"));
	grid_printf(grid, "%" PRId64, answer_number(item, "rules"));
	grid_text(grid, answer_text(item, "level"));
}

static void fill_step(struct grid *grid, const json_t *item)
{
	char span[MOMENT_TEXT_MAX];

	grid_text(grid, answer_text(item, "title"));
	grid_text(grid, answer_text(item, "step"));
	grid_text(grid, answer_text(item, "state"));
	grid_text(grid, duration_to_text((uint64_t)answer_number(item, "ttl_s"),
					 span));
	grid_text(grid, answer_is(item, "observe") ? "no, observed" : "yes");
	grid_text(grid, answer_text(item, "note"));
}

static const struct item_view coverage_view = {coverage_columns, fill_item};
static const struct item_view plan_view = {plan_columns, fill_step};

static enum outcome add_path(struct session *session, const char *path,
			     struct coverage *coverage)
{
	CLEANUP(detect_folder_done) struct detect_folder folder = {NULL};
	enum outcome outcome = detect_rules_read_loud(session, path, &folder);
	int r = 0;

	if (outcome != OUTCOME_DONE)
		return outcome;
	for (size_t i = 0; r >= 0 && i < folder.rule_count; i++) {
		if (!folder.rules[i]->is_step)
			r = coverage_add(coverage, folder.rules[i]);
	}
	return r < 0 ? session_refuse(session, r, "%s", strerror(-r))
		     : OUTCOME_DONE;
}

static void view_sums(FILE *out, const json_t *answer)
{
	(void)fprintf(out,
		      "%" PRId64 " rules: %" PRId64 " tactics, %" PRId64
		      " techniques; %" PRId64 " name no technique\n",
		      answer_number(answer, "rules"),
		      answer_number(answer, "tactics"),
		      answer_number(answer, "techniques"),
		      answer_number(answer, "without"));
}

static void show_coverage(struct session *session,
			  const struct coverage *coverage)
{
	CLEANUP(json_decrefp) json_t *list = json_array();
	CLEANUP(json_decrefp) json_t *sums = NULL;
	size_t techniques = 0;

	for (size_t i = 0; i < coverage->count; i++) {
		const struct coverage_item *item = &coverage->items[i];

		techniques += item->is_technique;
		(void)json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:I, s:s}", "kind",
				  item->is_technique ? "technique" : "tactic",
				  "name", item->name, "rules",
				  (json_int_t)item->rules, "level",
				  detect_level_name(item->level)));
	}
	printer_items(&session->printer, list, &coverage_view);
	if (session->json)
		return;
	sums = json_pack("{s:I, s:I, s:I, s:I}", "rules",
			 (json_int_t)coverage->rules, "tactics",
			 (json_int_t)(coverage->count - techniques),
			 "techniques", (json_int_t)techniques, "without",
			 (json_int_t)coverage->without);
	printer_answer(&session->printer, sums, view_sums);
}

enum outcome cmd_detect_coverage(struct session *session)
{
	CLEANUP(coverage_done) struct coverage coverage = {NULL};
	enum outcome outcome = OUTCOME_DONE;
	const char *path;

	for (size_t i = 0;
	     outcome == OUTCOME_DONE && (path = session_word(session, i)); i++)
		outcome = add_path(session, path, &coverage);
	if (outcome != OUTCOME_DONE)
		return outcome;
	coverage_sort(&coverage);
	show_coverage(session, &coverage);
	return OUTCOME_DONE;
}

/* However long a rule says, a block lasts no longer than this. */
static uint64_t lasts_s(const struct detect_rule *rule)
{
	return rule->ttl_s < DETECT_TTL_MAX_S ? rule->ttl_s : DETECT_TTL_MAX_S;
}

static void plan_rule(const struct detect_rule *rule,
		      const struct plan_kernel *kernel, json_t *list)
{
	for (unsigned int step = 0; step < DETECT_STEP_COUNT; step++) {
		struct plan_answer answer;

		if (!(rule->steps >> step & 1))
			continue;
		answer = plan_step(rule, step, kernel);
		(void)json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:b, s:s}",
					"id", rule->id, "title", rule->title,
					"step", detect_step_name(step), "state",
					plan_state_name(answer.state), "ttl_s",
					(json_int_t)lasts_s(rule), "observe",
					rule->is_observed, "note", answer.why));
	}
}

static enum outcome plan_path(struct session *session, const char *path,
			      const struct plan_kernel *kernel, json_t *list)
{
	CLEANUP(detect_folder_done) struct detect_folder folder = {NULL};
	enum outcome outcome = detect_rules_read_loud(session, path, &folder);

	if (outcome != OUTCOME_DONE)
		return outcome;
	for (size_t i = 0; i < folder.rule_count; i++) {
		if (folder.rules[i]->action == DETECT_BLOCK)
			plan_rule(folder.rules[i], kernel, list);
	}
	return OUTCOME_DONE;
}

enum outcome cmd_detect_plan(struct session *session)
{
	CLEANUP(json_decrefp) json_t *list = json_array();
	struct plan_kernel kernel;
	enum outcome outcome = OUTCOME_DONE;
	const char *path;

	kernel_lacks(&kernel);
	for (size_t i = 0;
	     outcome == OUTCOME_DONE && (path = session_word(session, i)); i++)
		outcome = plan_path(session, path, &kernel, list);
	if (outcome == OUTCOME_DONE)
		printer_items(&session->printer, list, &plan_view);
	return outcome;
}
