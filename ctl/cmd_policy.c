// SPDX-License-Identifier: GPL-2.0-or-later
/* policy ...: the document that says what passes. */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/bulk.h"
#include "ctl/diff_view.h"
#include "ctl/grid.h"
#include "ctl/policy_file.h"
#include "ctl/policy_warn.h"
#include "ctl/session.h"
#include "rules/document.h"
#include "rules/duration.h"

#define POLICY_PATH "/etc/portcullis/firewall.yml"

static void view_check(FILE *out, const json_t *answer)
{
	fprintf(out,
		"%s: %" PRId64 " rules in %" PRId64 " slots of 4096, %" PRId64
		" sets, %" PRId64 " zones\n",
		answer_text(answer, "file"), answer_number(answer, "rules"),
		answer_number(answer, "slots"), answer_number(answer, "sets"),
		answer_number(answer, "zones"));
}

/* Needs no daemon. */
enum outcome cmd_policy_check(struct session *session)
{
	const char *path = session_word(session, 0);
	CLEANUP(policy_file_done) struct policy_file file = {0};
	CLEANUP(json_decrefp) json_t *answer = NULL;
	enum outcome outcome = policy_file_read(session, path, &file);

	if (outcome != OUTCOME_DONE)
		return outcome;
	answer = json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:o*}", "ok", 1,
			   "file", path, "rules",
			   (json_int_t)file.policy.rule_count, "slots",
			   (json_int_t)file.compiled->slot_count, "sets",
			   (json_int_t)file.policy.set_count, "zones",
			   (json_int_t)file.policy.zone_count, "warnings",
			   policy_warn(&file.policy, path, session->json));
	printer_answer(&session->printer, answer, view_check);
	return OUTCOME_DONE;
}

/* JSON whatever is asked for. */
enum outcome cmd_policy_schema(struct session *session)
{
	int r = document_print_schema(session->printer.out);

	return r < 0 ? session_refuse(session, r, "%s", strerror(-r))
		     : OUTCOME_DONE;
}

static void view_apply(FILE *out, const json_t *answer)
{
	char span[MOMENT_TEXT_MAX];

	fprintf(out,
		"revision %" PRId64 ": %" PRId64 " rules, %" PRId64
		" sets (%" PRId64 " changed), in force after %.2f s\n",
		answer_number(answer, "revision"),
		answer_number(answer, "rules"), answer_number(answer, "sets"),
		answer_number(answer, "changed_sets"),
		(double)answer_number(answer, "took_us") / 1e6);
	if (answer_is(answer, "trial"))
		fprintf(out,
			"on trial: fwctl policy confirm within %s, or the "
			"policy before judges again\n",
			duration_to_text(
				(uint64_t)answer_number(answer, "confirm_s"),
				span));
}

static int add_confirm(struct session *session, json_t *args)
{
	const char *text = session_value(session, OPTION_CONFIRM);
	uint64_t span_s;

	if (!text)
		return 0;
	if (duration_from_text(text, &span_s) < 0)
		return -EINVAL; /* the table has checked it */
	return json_object_set_new(args, "confirm",
				   json_integer((json_int_t)span_s));
}

/* Of what the comparison has read; the number is nothing to people. */
static json_t *apply_args(struct session *session, json_t *diff)
{
	const char *note = session_value(session, OPTION_NOTE);
	json_t *args = json_pack("{s:I}", "prepared",
				 (json_int_t)answer_number(diff, "prepared"));

	(void)json_object_del(diff, "prepared");
	if (add_confirm(session, args) < 0 ||
	    (note &&
	     json_object_set_new(args, "note", json_string(note)) < 0)) {
		json_decref(args);
		return NULL;
	}
	return args;
}

/* Its answer gets the difference, or why there is none. */
static void add_diff(json_t *answer, json_t *diff)
{
	if (answer_is(diff, "ok")) {
		(void)json_object_del(diff, "ok");
		(void)json_object_set(answer, "diff", diff);
	} else {
		(void)json_object_set(answer, "diff_error",
				      json_object_get(diff, "error"));
	}
}

static void view_diff(FILE *out, const json_t *diff)
{
	if (answer_is(diff, "ok")) {
		diff_view(out, diff);
		return;
	}
	fputs("difference not known: ", out);
	grid_put_safely(out, answer_text(diff, "error"));
	fputc('\n', out);
}

/* As text the difference is told before anything happens. */
static enum outcome apply(struct session *session,
			  const struct policy_file *file, json_t *diff,
			  json_t *warnings)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	json_t *args = apply_args(session, diff);
	enum outcome outcome;

	if (!session->json) {
		printer_answer(&session->printer, diff, view_diff);
		(void)fflush(session->printer.out);
	}
	outcome =
		session_ask(session, REQ_POLICY_APPLY, args, file->fd, &answer);
	if (outcome != OUTCOME_DONE)
		return outcome;
	(void)json_object_set(answer, "warnings", warnings);
	add_diff(answer, diff);
	printer_answer(&session->printer, answer, view_apply);
	return OUTCOME_DONE;
}

static enum outcome apply_dry(struct session *session,
			      const struct policy_file *file, json_t *warnings)
{
	CLEANUP(json_decrefp) json_t *diff = NULL;
	enum outcome outcome = session_ask(session, REQ_POLICY_DIFF,
					   json_object(), file->fd, &diff);

	if (outcome != OUTCOME_DONE)
		return outcome;
	(void)json_object_set(diff, "warnings", warnings);
	printer_answer(&session->printer, diff, diff_view);
	return OUTCOME_DONE;
}

/* Read here first: an error is then told without a daemon, and with the name
 * of the file. Others who compare do not keep a policy from coming. */
enum outcome cmd_policy_apply(struct session *session)
{
	const char *path = session_word(session, 0);
	CLEANUP(policy_file_done) struct policy_file file = {0};
	CLEANUP(json_decrefp) json_t *warnings = NULL;
	CLEANUP(json_decrefp) json_t *diff = NULL;
	enum outcome outcome = policy_file_read(session, path, &file);

	if (outcome != OUTCOME_DONE)
		return outcome;
	warnings = policy_warn(&file.policy, path, session->json);
	if (session_has(session, OPTION_DRY_RUN))
		return apply_dry(session, &file, warnings);
	outcome = session_ask_unless_busy(session, REQ_POLICY_DIFF,
					  json_pack("{s:i}", "keep", 1),
					  file.fd, &diff);
	if (outcome != OUTCOME_DONE)
		return outcome;
	return apply(session, &file, diff, warnings);
}

static void view_confirm(FILE *out, const json_t *answer)
{
	(void)answer;
	fprintf(out, "confirmed\n");
}

enum outcome cmd_policy_confirm(struct session *session)
{
	return session_show(session, REQ_POLICY_CONFIRM, json_object(),
			    view_confirm);
}

static void view_rollback(FILE *out, const json_t *answer)
{
	if (json_object_get(answer, "revision"))
		view_apply(out, answer);
	else
		fprintf(out, "rolled back: the policy before judges again\n");
}

static int add_revision(struct session *session, json_t *args)
{
	if (session->invocation->word_count == 0)
		return 0;
	return json_object_set_new(
		args, "revision",
		json_integer(strtoll(session_word(session, 0), NULL, 10)));
}

enum outcome cmd_policy_rollback(struct session *session)
{
	json_t *args = json_object();

	if (add_revision(session, args) < 0 || add_confirm(session, args) < 0) {
		json_decref(args);
		args = NULL;
	}
	return session_show(session, REQ_POLICY_ROLLBACK, args, view_rollback);
}

static const char *state_of(int64_t revision, const json_t *answer)
{
	if (revision == answer_number(answer, "pending"))
		return "on trial";
	if (revision == answer_number(answer, "current"))
		return answer_number(answer, "pending") ? "falls back to"
							: "in force";
	return "";
}

static const struct grid_column log_columns[] = {
	{"REVISION", true, 0},
	{"APPLIED", false, 0},
	{"UID", true, 0},
	{"BYTES", true, 0},
	{"STATE", false, 0},
	{"NOTE", false, 0},
	{0},
};

static void view_log(FILE *out, const json_t *answer)
{
	struct grid grid;
	char when[MOMENT_TEXT_MAX];
	const json_t *item;
	size_t i;

	grid_init(&grid, log_columns);
	json_array_foreach(answer_list(answer, "revisions"), i, item)
	{
		int64_t revision = answer_number(item, "revision");

		grid_printf(&grid, "%" PRId64, revision);
		grid_text(&grid,
			  moment_to_text((uint64_t)answer_number(item, "time"),
					 when));
		grid_printf(&grid, "%" PRId64, answer_number(item, "uid"));
		grid_printf(&grid, "%" PRId64, answer_number(item, "bytes"));
		grid_text(&grid, state_of(revision, answer));
		grid_text(&grid, answer_text(item, "note"));
	}
	grid_print(&grid, out);
	grid_done(&grid);
}

enum outcome cmd_policy_log(struct session *session)
{
	return session_show(session, REQ_POLICY_LOG, json_object(), view_log);
}

enum outcome cmd_policy_show(struct session *session)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	CLEANUP(closep) int fd = -1;
	json_t *args = json_object();
	enum outcome outcome;
	int r = bulk_new(&fd);

	if (r == 0 && add_revision(session, args) < 0)
		r = -ENOMEM;
	if (r < 0) {
		json_decref(args);
		return session_refuse(session, r, "no memory file: %s",
				      strerror(-r));
	}
	outcome = session_ask(session, REQ_POLICY_SHOW, args, fd, &answer);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!session->json) {
		r = bulk_to_file(fd, "-");
		return r < 0 ? session_refuse(session, r, "cannot write: %s",
					      strerror(-r))
			     : OUTCOME_DONE;
	}
	r = policy_file_text(fd, answer);
	if (r < 0)
		return session_refuse(session, r, "the document: %s",
				      strerror(-r));
	printer_answer(&session->printer, answer, NULL);
	return OUTCOME_DONE;
}

/* All digits: a revision, and not a file. */
static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* A word that can be either was not checked as a number yet. */
static bool numbers_are_valid(struct session *session)
{
	const struct kind_spec *number = &kind_specs[KIND_NUMBER];

	for (size_t i = 0; i < session->invocation->word_count; i++) {
		const char *text = session_word(session, i);

		if (!is_number(text) || number->check(text))
			continue;
		(void)session_misused(session, "%s: '%s' is not %s",
				      number->name, text, number->accepts);
		return false;
	}
	return true;
}

static enum outcome diff_file(struct session *session, const char *path)
{
	CLEANUP(policy_file_done) struct policy_file file = {0};
	CLEANUP(json_decrefp) json_t *answer = NULL;
	enum outcome outcome = policy_file_read(session, path, &file);

	if (outcome == OUTCOME_DONE)
		outcome = session_ask(session, REQ_POLICY_DIFF, json_object(),
				      file.fd, &answer);
	if (outcome == OUTCOME_DONE)
		printer_answer(&session->printer, answer, diff_view);
	return outcome;
}

/* The request takes a document, so an empty one goes along. */
static enum outcome diff_revisions(struct session *session, const char *from,
				   const char *revision)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	CLEANUP(closep) int fd = -1;
	enum outcome outcome;
	int r = bulk_new(&fd);

	if (r < 0)
		return session_refuse(session, r, "no memory file: %s",
				      strerror(-r));
	outcome = session_ask(
		session, REQ_POLICY_DIFF,
		json_pack("{s:I, s:I}", "from",
			  (json_int_t)strtoll(from, NULL, 10), "revision",
			  (json_int_t)strtoll(revision, NULL, 10)),
		fd, &answer);
	if (outcome == OUTCOME_DONE)
		printer_answer(&session->printer, answer,
			       strtoll(from, NULL, 10) ? diff_view_documents
						       : diff_view);
	return outcome;
}

/* One number is a revision held against what judges, two against each other. */
enum outcome cmd_policy_diff(struct session *session)
{
	size_t count = session->invocation->word_count;
	const char *first = count > 0 ? session_word(session, 0) : POLICY_PATH;

	if (count > 2 || (count == 2 && !(is_number(first) &&
					  is_number(session_word(session, 1)))))
		return session_misused(session,
				       "expected a file, the number of a "
				       "revision, or the numbers of two");
	if (!numbers_are_valid(session))
		return OUTCOME_USAGE;
	if (count > 1)
		return diff_revisions(session, first, session_word(session, 1));
	return is_number(first) ? diff_revisions(session, "0", first)
				: diff_file(session, first);
}
