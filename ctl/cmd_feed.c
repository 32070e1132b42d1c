// SPDX-License-Identifier: GPL-2.0-or-later
/* feed ...: the feeds that are on, what they list, what is decided of them. */
#include "ctl/cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "ctl/bulk.h"
#include "ctl/feed_view.h"
#include "ctl/grid.h"
#include "ctl/session.h"
#include "rules/feed.h"

#define FEEDS_ENV "PORTCULLIS_FEEDS"
#define EXCEPT	  "-except"

enum outcome cmd_feed_list(struct session *session)
{
	return session_show(session, REQ_FEED_LIST, json_object(),
			    feed_view_list);
}

static json_t *feed_args(struct session *session)
{
	return json_pack("{s:s}", "feed", session_word(session, 0));
}

enum outcome cmd_feed_show(struct session *session)
{
	return session_show(session, REQ_FEED_SHOW, feed_args(session),
			    feed_view_show);
}

enum outcome cmd_feed_hits(struct session *session)
{
	return session_show(session, REQ_FEED_HITS, json_object(),
			    feed_view_hits);
}

static enum outcome decide(struct session *session, const char *decision)
{
	return session_show(session, REQ_FEED_DECIDE,
			    json_pack("{s:s, s:s}", "feed",
				      session_word(session, 0), "decision",
				      decision),
			    feed_view_result);
}

enum outcome cmd_feed_accept(struct session *session)
{
	return decide(session, "accept");
}

enum outcome cmd_feed_diff(struct session *session)
{
	return session_show(session, REQ_FEED_DECIDE,
			    json_pack("{s:s, s:s, s:i}", "feed",
				      session_word(session, 0), "decision",
				      "accept", "dry", 1),
			    feed_view_result);
}

enum outcome cmd_feed_enforce(struct session *session)
{
	return decide(session, "enforce");
}

enum outcome cmd_feed_hold(struct session *session)
{
	return decide(session, "hold");
}

enum outcome cmd_feed_resume(struct session *session)
{
	return decide(session, "resume");
}

enum outcome cmd_feed_rollback(struct session *session)
{
	return decide(session, "rollback");
}

enum outcome cmd_feed_shadow(struct session *session)
{
	return decide(session, "shadow");
}

static void view_done(FILE *out, const json_t *answer)
{
	(void)answer;
	fputs("done\n", out);
}

enum outcome cmd_feed_drop(struct session *session)
{
	return session_show(session, REQ_FEED_DROP, feed_args(session),
			    view_done);
}

/* A path is taken as it is; a name is looked for where definitions are. */
static void find_definition(const char *word, char path[PATH_MAX])
{
	const char *own = getenv(FEEDS_ENV);
	const char *const dirs[] = {own && *own ? own : "/etc/portcullis/feeds",
				    PORTCULLIS_DATADIR "/feeds"};

	(void)snprintf(path, PATH_MAX, "%s", word);
	if (strchr(word, '/') || strchr(word, '.'))
		return;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		(void)snprintf(path, PATH_MAX, "%s/%s.yml", dirs[i], word);
		if (access(path, R_OK) == 0)
			return;
	}
}

enum outcome cmd_feed_add(struct session *session)
{
	CLEANUP(closep) int fd = -1;
	CLEANUP(json_decrefp) json_t *answer = NULL;
	char path[PATH_MAX];
	enum outcome outcome;
	int r;

	find_definition(session_word(session, 0), path);
	r = bulk_from_file(path, &fd);
	if (r < 0)
		return session_refuse(session, r, "cannot read %s: %s", path,
				      bulk_error(r));
	outcome = session_ask(session, REQ_FEED_PUT,
			      json_pack("{s:i}", "enforce",
					session_has(session, OPTION_ENFORCE)),
			      fd, &answer);
	if (outcome == OUTCOME_DONE)
		printer_answer(&session->printer, answer, view_done);
	return outcome;
}

enum outcome cmd_feed_import(struct session *session)
{
	const char *path = session_word(session, 1);
	CLEANUP(closep) int fd = -1;
	CLEANUP(json_decrefp) json_t *answer = NULL;
	enum outcome outcome;
	int r = bulk_from_file(path, &fd);

	if (r < 0)
		return session_refuse(session, r, "cannot read %s: %s", path,
				      bulk_error(r));
	outcome = session_ask(session, REQ_FEED_IMPORT,
			      json_pack("{s:s, s:i}", "feed",
					session_word(session, 0), "dry",
					session_has(session, OPTION_DRY_RUN)),
			      fd, &answer);
	if (outcome == OUTCOME_DONE)
		printer_answer(&session->printer, answer, feed_view_result);
	return outcome;
}

/* The set of exceptions, made if it is not there. */
static enum outcome make_except(struct session *session, const char *set)
{
	CLEANUP(json_decrefp) json_t *list = NULL;
	CLEANUP(json_decrefp) json_t *made = NULL;
	enum outcome outcome =
		session_ask(session, REQ_SET_LIST, json_object(), -1, &list);
	const json_t *item;
	size_t i;

	json_array_foreach(answer_list(list, "sets"), i,
			   item) if (strcmp(answer_text(item, "name"), set) ==
				     0) return OUTCOME_DONE;
	return outcome != OUTCOME_DONE
		       ? outcome
		       : session_ask(session, REQ_SET_NEW,
				     json_pack("{s:s, s:s}", "set", set,
					       "action", "none"),
				     -1, &made);
}

/* Nothing is made for a feed that is not there. */
static enum outcome check_feed(struct session *session, const char *feed)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;

	return session_ask(session, REQ_FEED_SHOW,
			   json_pack("{s:s}", "feed", feed), -1, &answer);
}

static enum outcome put_except(struct session *session, const char *set,
			       uint64_t expires_s)
{
	const char *reason = session_value(session, OPTION_REASON);
	CLEANUP(json_decrefp) json_t *answer = NULL;

	return session_ask(
		session, REQ_ADD,
		json_pack("{s:s, s:[s], s:s*, s:o*}", "set", set, "members",
			  session_word(session, 0), "reason", reason, "expires",
			  expires_s ? json_integer((json_int_t)expires_s)
				    : NULL),
		-1, &answer);
}

/* `answer` is what judging the version in force anew came to. */
static void view_except(FILE *out, const json_t *answer)
{
	const json_t *made = answer_object(answer, "exception");

	grid_put_safely(out, answer_text(made, "address"));
	fputs(" is excepted from what the feed lists: a member of ", out);
	grid_put_safely(out, answer_text(made, "set"));
	fputs("\nits version is judged again: ", out);
	feed_view_result(out, answer);
}

/* Take the address, an exception now, out of the version that is in force. */
static enum outcome judge_again(struct session *session, const char *feed,
				const char *set)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	enum outcome outcome = session_ask(
		session, REQ_FEED_DECIDE,
		json_pack("{s:s, s:s}", "feed", feed, "decision", "again"), -1,
		&answer);

	if (outcome != OUTCOME_DONE) {
		(void)fprintf(stderr,
			      "fwctl feed except: %s is a member of %s, and "
			      "excepted from the next version on\n",
			      session_word(session, 0), set);
		return outcome;
	}
	(void)json_object_set_new(answer, "exception",
				  json_pack("{s:s, s:s}", "address",
					    session_word(session, 0), "set",
					    set));
	printer_answer(&session->printer, answer, view_except);
	return OUTCOME_DONE;
}

enum outcome cmd_feed_except(struct session *session)
{
	const char *feed = session_value(session, OPTION_FEED);
	char set[SET_NAME_MAX];
	uint64_t expires_s = 0;
	enum outcome outcome;

	if (!feed)
		return session_misused(session, "expected --feed FEED");
	if (snprintf(set, sizeof(set), "%s" EXCEPT, feed) >= (int)sizeof(set))
		return session_misused(session, "'%s' is no feed", feed);
	if (session_expiry(session, &expires_s) < 0)
		return OUTCOME_USAGE;
	outcome = check_feed(session, feed);
	if (outcome == OUTCOME_DONE)
		outcome = make_except(session, set);
	if (outcome == OUTCOME_DONE)
		outcome = put_except(session, set, expires_s);
	return outcome == OUTCOME_DONE ? judge_again(session, feed, set)
				       : outcome;
}

static void view_probe(FILE *out, const json_t *answer)
{
	const char *format = answer_text(answer, "format");

	if (*format)
		fprintf(out, "%s: %s\n", format, answer_text(answer, "why"));
	else
		fprintf(out, "no format fits: %s\n",
			answer_text(answer, "why"));
}

enum outcome cmd_feed_probe(struct session *session)
{
	const char *path = session_word(session, 0);
	CLEANUP(closep) int fd = -1;
	CLEANUP(json_decrefp) json_t *answer = NULL;
	enum outcome outcome;
	int r = bulk_from_file(path, &fd);

	if (r < 0)
		return session_refuse(session, r, "cannot read %s: %s", path,
				      bulk_error(r));
	outcome = session_ask(session, REQ_FEED_PROBE, json_object(), fd,
			      &answer);
	if (outcome == OUTCOME_DONE)
		printer_answer(&session->printer, answer, view_probe);
	return outcome;
}
