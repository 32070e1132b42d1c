// SPDX-License-Identifier: GPL-2.0-or-later
/* crowdsec ...: ask its local API for decisions, and have them enforced. */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "ctl/bulk.h"
#include "ctl/crowdsec_view.h"
#include "ctl/feed_fetch.h"
#include "ctl/lock.h"
#include "ctl/policy_file.h"
#include "ctl/session.h"
#include "rules/crowdsec.h"

#define SOURCE_ENV  "PORTCULLIS_CROWDSEC"
#define SOURCE_PATH "/etc/portcullis/crowdsec.yml"
#define KEY_HEADER  "X-Api-Key"
#define TIMEOUT_S   60
#define ERROR_MAX   200
#define RETRY_MAX_S 3600

struct poller {
	struct session *session;
	struct crowdsec_source source;
	bool has_set;
	bool wants_whole; /* what was told since is lost, or not believed */
	int64_t whole_s; /* CLOCK_BOOTTIME */
	uint32_t failures; /* in a row */
	int64_t retry_after_s; /* as the server asked for; 0: it did not */
};

enum outcome cmd_crowdsec_status(struct session *session)
{
	return session_show(session, REQ_CROWDSEC_STATUS, json_object(),
			    crowdsec_view_status);
}

enum outcome cmd_crowdsec_resync(struct session *session)
{
	return session_show(session, REQ_CROWDSEC_RESYNC, json_object(),
			    crowdsec_view_resync);
}

static const char *source_path(void)
{
	const char *own = getenv(SOURCE_ENV);

	return own && *own ? own : SOURCE_PATH;
}

static enum outcome read_source(struct session *session,
				struct crowdsec_source *ret_source)
{
	CLEANUP(policy_text_done) struct policy_text text = {0};
	struct document_note note = {0};
	const char *path = source_path();
	enum outcome outcome = policy_text_read(session, path, &text);
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	r = crowdsec_source_read(text.base ? text.base : "", text.len,
				 ret_source, &note);
	if (r == -EINVAL || r == -E2BIG)
		return session_refuse(session, r, "%s:%u:%u: %s", path,
				      note.line, note.column, note.text);
	return r < 0 ? session_refuse(session, r, "%s: %s", path, strerror(-r))
		     : OUTCOME_DONE;
}

static int64_t now_s(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

/* The set that decisions go to, made if it is not there. */
static enum outcome make_set(struct poller *poller)
{
	CLEANUP(json_decrefp) json_t *list = NULL;
	CLEANUP(json_decrefp) json_t *made = NULL;
	enum outcome outcome = session_ask(poller->session, REQ_SET_LIST,
					   json_object(), -1, &list);
	const json_t *item;
	size_t i;

	if (outcome != OUTCOME_DONE)
		return outcome;
	json_array_foreach(answer_list(list, "sets"), i, item)
	{
		if (strcmp(answer_text(item, "name"), poller->source.set) == 0)
			return OUTCOME_DONE;
	}
	return session_ask(poller->session, REQ_SET_NEW,
			   json_pack("{s:s, s:s, s:s, s:I}", "set",
				     poller->source.set, "kind", "dynamic",
				     "action", "drop", "capacity",
				     (json_int_t)poller->source.decisions_max),
			   -1, &made);
}

/* As feed_fetch_run() takes it. */
static json_t *fetch_of(const struct crowdsec_source *source, bool is_whole)
{
	char url[CROWDSEC_URL_FULL];

	crowdsec_source_url(source, is_whole, url);
	return json_pack("{s:s, s:s, s:s, s:I, s:b, s:b, s:i}", "url", url,
			 "key_header", KEY_HEADER, "key_file", source->key_file,
			 "bytes_max", (json_int_t)source->bytes_max, "http",
			 strncmp(url, "http://", 7) == 0, "no_redirects", 1,
			 "timeout", TIMEOUT_S);
}

/* fwd is told, for status and its alert. */
static enum outcome tell_tried(struct poller *poller, const char *error)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	char text[ERROR_MAX];

	(void)snprintf(text, sizeof(text), "%s",
		       *error ? error : "the API could not be asked");
	(void)fputs("fwctl crowdsec run: ", stderr);
	grid_put_safely(stderr, text);
	(void)fputc('\n', stderr);
	(void)session_ask(poller->session, REQ_CROWDSEC_TRIED,
			  json_pack("{s:s, s:s, s:I}", "error", text, "set",
				    poller->source.set, "alert_after",
				    (json_int_t)poller->source.alert_after_s),
			  -1, &answer);
	return OUTCOME_REFUSED;
}

static enum outcome bring(struct poller *poller, const char *path,
			  bool is_whole, json_t **ret_answer)
{
	const struct crowdsec_source *source = &poller->source;
	CLEANUP(closep) int fd = -1;
	int r = bulk_from_file(path, &fd);

	if (r < 0)
		return session_refuse(poller->session, r,
				      "cannot read what was fetched: %s",
				      bulk_error(r));
	return session_ask(poller->session, REQ_CROWDSEC_TAKE,
			   json_pack("{s:s, s:i, s:I, s:I, s:I, s:I}", "set",
				     source->set, "whole", (int)is_whole, "max",
				     (json_int_t)source->decisions_max,
				     "widest_v4", (json_int_t)source->widest_v4,
				     "widest_v6", (json_int_t)source->widest_v6,
				     "alert_after",
				     (json_int_t)source->alert_after_s),
			   fd, ret_answer);
}

static enum outcome ask_api(struct poller *poller, bool is_whole,
			    json_t **ret_answer)
{
	CLEANUP(feed_fetch_done) struct feed_fetch fetch = {0};
	CLEANUP(json_decrefp)
	json_t *feed = fetch_of(&poller->source, is_whole);
	int r = feed ? feed_fetch_run(feed, &fetch) : -ENOMEM;

	if (r < 0)
		return tell_tried(poller, strerror(-r));
	if (strcmp(answer_text(fetch.answer, "outcome"), "new") == 0)
		return bring(poller, fetch.path, is_whole, ret_answer);
	poller->retry_after_s = answer_number(fetch.answer, "retry_after_s");
	return tell_tried(poller, answer_text(fetch.answer, "error"));
}

static void show(struct session *session, const json_t *answer)
{
	if (!answer_is(answer, "whole") && !answer_number(answer, "new") &&
	    !answer_number(answer, "deleted"))
		return;
	printer_answer(&session->printer, answer, crowdsec_view_taken);
	(void)fflush(stdout);
}

/* One question. Whatever went wrong, the server may have told what is not in
 * force: so all is asked for next. */
static enum outcome poll_once(struct poller *poller)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	bool is_whole = poller->wants_whole ||
			now_s() - poller->whole_s >= CROWDSEC_WHOLE_S;
	enum outcome outcome =
		poller->has_set ? OUTCOME_DONE : make_set(poller);

	poller->retry_after_s = 0;
	poller->has_set = outcome == OUTCOME_DONE;
	if (outcome == OUTCOME_DONE)
		outcome = ask_api(poller, is_whole, &answer);
	if (outcome != OUTCOME_DONE) {
		client_close(TAKE(poller->session->client));
		poller->has_set = false;
		poller->wants_whole = true;
		poller->failures++;
		return outcome;
	}
	poller->failures = 0;
	poller->wants_whole = answer_is(answer, "resync");
	if (is_whole)
		poller->whole_s = now_s();
	show(poller->session, answer);
	return OUTCOME_DONE;
}

/* True: it is to end. */
static bool wait_for_next(const struct poller *poller, const sigset_t *ends)
{
	uint32_t random = 0;
	uint64_t pause_ms;
	struct timespec pause;

	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	pause_ms = crowdsec_source_pause_ms(&poller->source, poller->failures,
					    random);
	if (poller->retry_after_s > 0 && poller->retry_after_s <= RETRY_MAX_S &&
	    (uint64_t)poller->retry_after_s * 1000 > pause_ms)
		pause_ms = (uint64_t)poller->retry_after_s * 1000;
	pause.tv_sec = (time_t)(pause_ms / 1000);
	pause.tv_nsec = (long)(pause_ms % 1000) * 1000000;
	return sigtimedwait(ends, NULL, &pause) > 0;
}

enum outcome cmd_crowdsec_run(struct session *session)
{
	struct poller poller = {.session = session, .wants_whole = true};
	CLEANUP(closep) int lock_fd = -1;
	enum outcome outcome = read_source(session, &poller.source);
	sigset_t ends;

	if (outcome != OUTCOME_DONE)
		return outcome;
	/* two with one key would each miss what the other was told */
	outcome = lock_take(session, "crowdsec.lock", "another one runs",
			    &lock_fd);
	if (outcome != OUTCOME_DONE)
		return outcome;
	/* whoever asked before may have been told what did not come to fwd, so
	 * the one question is for all */
	if (session_has(session, OPTION_ONCE))
		return poll_once(&poller);
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	do
		(void)poll_once(&poller);
	while (!wait_for_next(&poller, &ends));
	return OUTCOME_DONE;
}
