// SPDX-License-Identifier: GPL-2.0-or-later
/* detect release, reload, scores, status: the rules that fwd has, and what came of
 * them. */
#include "ctl/cmd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/grid.h"
#include "ctl/session.h"
#include "rules/duration.h"

static void put_number(FILE *out, const char *name, const json_t *answer,
		       const char *key)
{
	fprintf(out, "%-12s%" PRId64 "\n", name, answer_number(answer, key));
}

static void put_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, "%-12s", name);
	grid_put_safely(out, text);
	fputc('\n', out);
}

/* Nothing where a fwd of before does not say. */
static void put_list(FILE *out, const char *name, const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);

		if (i == 0)
			fprintf(out, "%-12s", name);
		else
			fputs(", ", out);
		grid_put_safely(out, text ? text : "?");
	}
	if (i > 0)
		fputc('\n', out);
}

/* A fwd of before does not say which are broken. */
static bool has_broken(const json_t *answer)
{
	return json_object_get(answer, "broken")
		       ? answer_number(answer, "broken") > 0
		       : answer_number(answer, "refused") > 0;
}

static void view_refused(FILE *out, const json_t *answer)
{
	int64_t refused = answer_number(answer, "refused");

	if (refused == 0)
		return;
	fprintf(out, "%-12s%" PRId64 " files", "refused", refused);
	if (!has_broken(answer))
		fputs(", which need what no sensor here has", out);
	else if (answer_number(answer, "broken") > 0)
		fprintf(out, ", %" PRId64 " of them broken",
			answer_number(answer, "broken"));
	fputs(", the first: ", out);
	grid_put_safely(out, answer_text(answer, "first_refused"));
	fputc('\n', out);
}

static void view_rules(FILE *out, const json_t *answer)
{
	const char *folder = answer_text(answer, "folder");

	fprintf(out, "%-12s%" PRId64 " from %" PRId64 " files\n", "rules",
		answer_number(answer, "rules"), answer_number(answer, "files"));
	put_list(out, "from", answer_list(answer, "from"));
	if (answer_is(answer, "logs"))
		put_text(out, "logs", "rules about them are taken, too");
	view_refused(out, answer);
	if (*folder)
		put_text(out, "no rules of", folder);
}

/* Nothing is put into a set that does not drop; a fwd of before does not say. */
static void view_blocking(FILE *out, const json_t *blocking)
{
	const char *action = answer_text(blocking, "action");
	bool drops = !*action || strcmp(action, "drop") == 0;

	fprintf(out, "%-12s", "blocks");
	if (!answer_is(blocking, "on"))
		fputs("nobody: fwd.yml has detect_block: false\n", out);
	else if (!drops)
		fprintf(out, "nobody: set %s has the action %s\n",
			answer_text(blocking, "set"), action);
	else
		fputs("as rules say\n", out);
	put_list(out, "steps", answer_list(blocking, "steps"));
	fprintf(out, "%-12s%s, %" PRId64 " members\n", "set",
		answer_text(blocking, "set"),
		answer_number(blocking, "members"));
	put_number(out, "blocked", blocking, "blocked");
	put_number(out, "withheld", blocking, "withheld");
	put_number(out, "over budget", blocking, "over_budget");
	put_number(out, "failed", blocking, "failed");
}

static void view_steps(FILE *out, json_t *steps)
{
	const char *name;
	json_t *step;

	json_object_foreach(steps, name, step)
	{
		fprintf(out,
			"%-12s%" PRId64 ", withheld %" PRId64
			", failed %" PRId64 "\n",
			name, answer_number(step, "done"),
			answer_number(step, "withheld"),
			answer_number(step, "failed"));
	}
}

static bool view_off(FILE *out, const json_t *answer)
{
	if (answer_is(answer, "sensor"))
		return false;
	fputs("the sensor is off: fwd.yml turns it on with \"sensor: true\"\n",
	      out);
	return true;
}

static void view_quarantine(FILE *out, json_t *trees)
{
	size_t at;
	json_t *tree;

	json_array_foreach(trees, at, tree)
	{
		int64_t pid = answer_number(tree, "pid");

		fprintf(out, "%-12s", "inside");
		if (pid)
			fprintf(out, "%" PRId64 " ", pid);
		else
			fputs("further trees", out);
		grid_put_safely(out, answer_text(tree, "image"));
		fputc('\n', out);
	}
}

/* A fwd of before does not say. */
static void view_lsm(FILE *out, const json_t *denylist)
{
	const char *why = answer_text(denylist, "lsm_off");

	if (answer_is(denylist, "lsm")) {
		fprintf(out, "%-12s%" PRId64 " digests, denied %" PRId64 "\n",
			"lsm", answer_number(denylist, "lsm_digests"),
			answer_number(denylist, "lsm_denied"));
	} else if (*why) {
		fprintf(out, "%-12sis off: ", "lsm");
		grid_put_safely(out, why);
		fputc('\n', out);
	}
}

static void view_denylist(FILE *out, const json_t *denylist)
{
	const char *error = answer_text(denylist, "error");

	if (!denylist)
		return;
	fprintf(out,
		"%-12s%" PRId64 " digests, denied %" PRId64 ", late %" PRId64
		", unread %" PRId64 "\n",
		"denylist", answer_number(denylist, "digests"),
		answer_number(denylist, "denied"),
		answer_number(denylist, "late"),
		answer_number(denylist, "unread"));
	view_lsm(out, denylist);
	if (!*error)
		return;
	fprintf(out, "%-12s", answer_is(denylist, "on") ? "refused" : "is off");
	grid_put_safely(out, error);
	fputc('\n', out);
}

static void view_reloaded(FILE *out, const json_t *answer)
{
	if (json_object_get(answer, "rules"))
		view_rules(out, answer);
	view_denylist(out, json_object_get(answer, "denylist"));
}

static void view_status(FILE *out, const json_t *answer)
{
	const json_t *latency = json_object_get(answer, "latency");
	char text[MOMENT_TEXT_MAX];

	view_denylist(out, json_object_get(answer, "denylist"));
	if (*answer_text(answer, "abandoned"))
		put_text(out, "abandoned", answer_text(answer, "abandoned"));
	if (view_off(out, answer))
		return;
	view_rules(out, answer);
	fprintf(out, "%-12s%s\n", "read",
		moment_to_text((uint64_t)answer_number(answer, "read"), text));
	put_number(out, "events", answer, "events");
	put_number(out, "lost", answer, "lost");
	put_number(out, "matches", answer, "matches");
	put_number(out, "told", answer, "told");
	put_number(out, "hushed", answer, "hushed");
	view_blocking(out, json_object_get(answer, "blocking"));
	view_steps(out, json_object_get(answer, "steps"));
	view_quarantine(out, json_object_get(answer, "quarantine"));
	if (answer_number(latency, "count") > 0)
		fprintf(out, "%-12sp50 %.0f us, p99 %.0f us, max %.0f us\n",
			"to tables",
			json_number_value(json_object_get(latency, "p50_us")),
			json_number_value(json_object_get(latency, "p99_us")),
			json_number_value(json_object_get(latency, "max_us")));
}

enum outcome cmd_detect_status(struct session *session)
{
	return session_show(session, REQ_DETECT_STATUS, json_object(),
			    view_status);
}

static void view_scores(FILE *out, const json_t *answer)
{
	static const struct grid_column columns[] = {
		{"POINTS", true, 0},
		{"FIRST PID", true, 0},
		{"MADE OF", false, 0},
		{0},
	};
	const json_t *trees = json_object_get(answer, "trees");
	struct grid grid;

	if (view_off(out, answer))
		return;
	grid_init(&grid, columns);
	for (size_t i = 0; i < json_array_size(trees); i++) {
		const json_t *tree = json_array_get(trees, i);
		const char *made_of = answer_text(tree, "made_of");
		const char *parts = strchr(made_of, ' ');

		grid_printf(&grid, "%" PRId64, answer_number(tree, "points"));
		grid_printf(&grid, "%" PRId64, answer_number(tree, "pid"));
		grid_text(&grid, parts ? parts + 1 : made_of);
	}
	grid_print(&grid, out);
	grid_done(&grid);
}

enum outcome cmd_detect_scores(struct session *session)
{
	return session_show(session, REQ_DETECT_SCORES, json_object(),
			    view_scores);
}

static void view_released(FILE *out, const json_t *answer)
{
	put_number(out, "released", answer, "released");
}

enum outcome cmd_detect_release(struct session *session)
{
	const char *word = session_word(session, 0);
	json_int_t pid = strcmp(word, "all") == 0 ? 0 : strtoll(word, NULL, 10);

	return session_show(session, REQ_DETECT_RELEASE,
			    json_pack("{s:I}", "process", pid), view_released);
}

/* Something is not in force that was to be. */
static bool is_partial(const json_t *answer)
{
	return has_broken(answer) || *answer_text(answer, "folder") ||
	       *answer_text(json_object_get(answer, "denylist"), "error");
}

enum outcome cmd_detect_reload(struct session *session)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	enum outcome outcome = session_ask(session, REQ_DETECT_RELOAD,
					   json_object(), -1, &answer);

	if (outcome != OUTCOME_DONE)
		return outcome;
	printer_answer(&session->printer, answer, view_reloaded);
	return is_partial(answer) ? OUTCOME_REFUSED : OUTCOME_DONE;
}
