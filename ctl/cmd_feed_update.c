// SPDX-License-Identifier: GPL-2.0-or-later
/* feed update: fetch what is due, and have it judged. */
#include "ctl/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "ctl/bulk.h"
#include "ctl/feed_fetch.h"
#include "ctl/feed_view.h"
#include "ctl/grid.h"
#include "ctl/lock.h"
#include "ctl/session.h"
#include "rules/duration.h"
#include "rules/feed_state.h"

/* What became of it, for the list that is printed. */
static void add_result(json_t *results, const char *name, json_t *result)
{
	(void)json_object_set_new(result, "feed", json_string(name));
	(void)json_array_append(results, result);
}

/* Nothing came: fwd is told, for when to try again. */
static enum outcome tell_fwd(struct session *session, const char *name,
			     const char *error, int64_t retry_after_s)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;

	if (session_has(session, OPTION_DRY_RUN))
		return OUTCOME_DONE;
	return session_ask(
		session, REQ_FEED_TRIED,
		json_pack("{s:s, s:s, s:I}", "feed", name, "error", error,
			  "retry_after",
			  (json_int_t)(retry_after_s > 0 ? retry_after_s : 0)),
		-1, &answer);
}

static enum outcome tell_tried(struct session *session, const char *name,
			       const json_t *fetched, json_t *results)
{
	const char *error = answer_text(fetched, "error");
	bool is_unchanged =
		strcmp(answer_text(fetched, "outcome"), "unchanged") == 0;
	CLEANUP(json_decrefp) json_t *result = NULL;
	char short_error[200];
	enum outcome outcome;

	(void)snprintf(short_error, sizeof(short_error), "%s",
		       is_unchanged ? ""
		       : *error	    ? error
				    : "the fetch failed");
	outcome = tell_fwd(session, name, short_error,
			   answer_number(fetched, "retry_after_s"));
	result = json_pack("{s:s, s:s}", "outcome",
			   is_unchanged ? "unchanged" : "failed", "why",
			   short_error);
	add_result(results, name, result);
	return outcome;
}

/* What fwd could not keep whole is as if the server had not said it. */
static const char *validator(const json_t *fetched, const char *key, size_t max)
{
	const char *text = answer_text(fetched, key);

	return strlen(text) < max ? text : "";
}

static enum outcome bring(struct session *session, const char *name,
			  const struct feed_fetch *fetch, json_t *results)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	CLEANUP(closep) int fd = -1;
	enum outcome outcome;
	int r = bulk_from_file(fetch->path, &fd);

	if (r < 0) {
		(void)tell_fwd(session, name, "cannot read what was fetched",
			       0);
		return session_refuse(session, r,
				      "feed %s: cannot read what "
				      "was fetched: %s",
				      name, bulk_error(r));
	}
	outcome = session_ask(
		session, REQ_FEED_IMPORT,
		json_pack("{s:s, s:i, s:s, s:s}", "feed", name, "dry",
			  session_has(session, OPTION_DRY_RUN), "etag",
			  validator(fetch->answer, "etag", FEED_ETAG_MAX),
			  "modified",
			  validator(fetch->answer, "last_modified",
				    FEED_MODIFIED_MAX)),
		fd, &answer);
	if (outcome == OUTCOME_DONE)
		add_result(results, name, answer);
	return outcome;
}

static const char *fetch_error(int r)
{
	switch (r) {
	case -EPROTO:
		return "fetch-feed ended without an answer";
	case -ENOSPC:
		return "there is no room for what is to be fetched";
	default:
		return "fetch-feed could not be run";
	}
}

/* Who provides a list says how soon it may be asked for again. */
static enum outcome check_soonest(struct session *session, const char *name,
				  const json_t *feed)
{
	int64_t left_s = answer_number(feed, "soonest") - (int64_t)time(NULL);
	char span[MOMENT_TEXT_MAX];

	if (left_s <= 0 || session_has(session, OPTION_FORCE))
		return OUTCOME_DONE;
	return session_refuse(session, -EBUSY,
			      "feed %s: its provider may be asked again in %s "
			      "(--force asks at once)",
			      name, duration_to_text((uint64_t)left_s, span));
}

static enum outcome update_one(struct session *session, const char *name,
			       json_t *results)
{
	CLEANUP(feed_fetch_done) struct feed_fetch fetch = {.fd = -1};
	CLEANUP(json_decrefp) json_t *feed = NULL;
	bool shows = isatty(STDERR_FILENO);
	enum outcome outcome =
		session_ask(session, REQ_FEED_SHOW,
			    json_pack("{s:s}", "feed", name), -1, &feed);
	int r;

	if (outcome == OUTCOME_DONE)
		outcome = check_soonest(session, name, feed);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (session_has(session, OPTION_FORCE)) {
		(void)json_object_set_new(feed, "etag", json_string(""));
		(void)json_object_set_new(feed, "modified", json_string(""));
	}
	if (shows)
		(void)fprintf(stderr, "%s ...", name);
	r = feed_fetch_run(feed, &fetch);
	if (shows)
		(void)fputs("\r\033[K", stderr);
	if (r < 0) {
		(void)tell_fwd(session, name, fetch_error(r), 0);
		return session_refuse(session, r, "feed %s: %s", name,
				      fetch_error(r));
	}
	return strcmp(answer_text(fetch.answer, "outcome"), "new") == 0
		       ? bring(session, name, &fetch, results)
		       : tell_tried(session, name, fetch.answer, results);
}

static bool is_due(const json_t *feed, int64_t now_s)
{
	return !answer_is(feed, "stopped") && !answer_is(feed, "dead") &&
	       answer_number(feed, "due") <= now_s;
}

/* One that fails does not keep the others. */
static enum outcome update_due(struct session *session, json_t *results)
{
	CLEANUP(json_decrefp) json_t *list = NULL;
	enum outcome worst =
		session_ask(session, REQ_FEED_LIST, json_object(), -1, &list);
	int64_t now_s = (int64_t)time(NULL);
	const json_t *feed;
	size_t i;

	if (worst != OUTCOME_DONE)
		return worst;
	json_array_foreach(answer_list(list, "feeds"), i, feed)
	{
		enum outcome outcome;

		if (!is_due(feed, now_s) && !session_has(session, OPTION_FORCE))
			continue;
		outcome =
			update_one(session, answer_text(feed, "name"), results);
		worst = outcome == OUTCOME_DONE ? worst : outcome;
	}
	return worst;
}

static void view_tried(FILE *out, const json_t *result)
{
	const char *why = answer_text(result, "why");

	fputs(answer_text(result, "outcome"), out);
	if (*why)
		fputs(": ", out);
	grid_put_safely(out, why);
	fputc('\n', out);
}

static void view_update(FILE *out, const json_t *answer)
{
	const json_t *result;
	size_t i;

	json_array_foreach(answer_list(answer, "feeds"), i, result)
	{
		fprintf(out, "%s: ", answer_text(result, "feed"));
		if (json_object_get(result, "entries"))
			feed_view_result(out, result);
		else
			view_tried(out, result);
	}
}

/* Who names a feed wants to know whether something came of it; for a timer what
 * failed is an alert. */
static enum outcome update_named(struct session *session, json_t *results)
{
	enum outcome outcome =
		update_one(session, session_word(session, 0), results);
	const char *became = answer_text(json_array_get(results, 0), "outcome");

	if (strcmp(became, "failed") == 0 || strcmp(became, "refused") == 0)
		return outcome == OUTCOME_DONE ? OUTCOME_REFUSED : outcome;
	return outcome;
}

enum outcome cmd_feed_update(struct session *session)
{
	CLEANUP(closep) int lock_fd = -1;
	CLEANUP(json_decrefp) json_t *answer = NULL;
	json_t *results;
	enum outcome outcome;

	/* two at once would ask a provider twice */
	outcome = lock_take(session, "feed-update.lock",
			    "another update is under way", &lock_fd);
	if (outcome != OUTCOME_DONE)
		return outcome;
	feed_fetch_sweep();
	results = json_array();
	answer = json_pack("{s:b, s:o}", "ok", 1, "feeds", results);
	outcome = session->invocation->word_count > 0
			  ? update_named(session, results)
			  : update_due(session, results);
	if (outcome == OUTCOME_DONE || json_array_size(results) > 0)
		printer_answer(&session->printer, answer, view_update);
	return outcome;
}
