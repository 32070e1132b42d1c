// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/session.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/answer.h"
#include "rules/duration.h"

#define BUSY_TRIES   50
#define BUSY_WAIT_MS 200

void session_init(struct session *session, const struct invocation *invocation)
{
	assert(session);
	assert(invocation);

	*session = (struct session){.invocation = invocation};
	session->json = session_has(session, OPTION_JSON);
	printer_init(&session->printer,
		     session->json ? &printer_json : &printer_text, stdout);
}

const char *session_value(const struct session *session, enum option_id id)
{
	return session->invocation->values[id];
}

bool session_has(const struct session *session, enum option_id id)
{
	return session_value(session, id) != NULL;
}

const char *session_word(const struct session *session, size_t at)
{
	return at < session->invocation->word_count
		       ? session->invocation->words[at]
		       : NULL;
}

static void complain(const struct session *session, const char *text)
{
	fprintf(stderr, "fwctl %s: ", session->invocation->command->name);
	grid_put_safely(stderr, text);
	fputc('\n', stderr);
}

static void refuse(struct session *session, int error, const char *text)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;

	complain(session, text);
	answer = json_pack("{s:b, s:i, s:s}", "ok", 0, "errno", -error, "error",
			   text);
	if (answer)
		printer_refusal(&session->printer, answer);
}

enum outcome session_refuse(struct session *session, int error,
			    const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	refuse(session, error, text);
	return OUTCOME_REFUSED;
}

enum outcome session_misused(struct session *session, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	complain(session, text);
	return OUTCOME_USAGE;
}

const char *session_socket(const struct session *session)
{
	const char *path = session_value(session, OPTION_SOCKET);

	if (!path)
		path = getenv("PORTCULLIS_SOCKET");
	return path && *path ? path : WIRE_SOCKET_PATH;
}

/* What became of the connection, in words. */
static enum outcome unreachable(struct session *session, int error)
{
	const char *path = session_socket(session);
	char text[512];

	if (error == -ENOENT || error == -ECONNREFUSED)
		snprintf(text, sizeof(text), "no daemon at %s: is fwd running?",
			 path);
	else if (error == -ECONNRESET || error == -EPIPE)
		snprintf(text, sizeof(text),
			 "the daemon at %s ended the connection before it "
			 "answered",
			 path);
	else if (error == -ETIMEDOUT)
		snprintf(text, sizeof(text),
			 "the daemon at %s did not answer in time", path);
	else if (error == -EPROTO)
		snprintf(text, sizeof(text),
			 "what answers at %s does not speak the protocol of "
			 "fwd",
			 path);
	else
		snprintf(text, sizeof(text), "cannot talk to fwd at %s: %s",
			 path, strerror(-error));
	refuse(session, error, text);
	return OUTCOME_UNREACHABLE;
}

/* Requests that an import makes wait; for an interface, busy means that
 * somebody else's program is on it. */
static bool waits_for_import(enum request request)
{
	return request == REQ_ADD || request == REQ_DEL ||
	       request == REQ_SET_NEW || request == REQ_SET_IMPORT ||
	       request == REQ_SET_DROP || request == REQ_BACKUP ||
	       request == REQ_RESTORE || request == REQ_POLICY_APPLY ||
	       request == REQ_POLICY_DIFF || request == REQ_POLICY_ROLLBACK ||
	       request == REQ_CROWDSEC_TAKE;
}

static int ask_patiently(struct session *session, enum request request,
			 json_t *args, int fd, json_t **ret_answer)
{
	const struct timespec pause = {.tv_nsec = BUSY_WAIT_MS * 1000000l};
	json_t *answer = NULL;
	int r;

	for (int try = 0;; try++) {
		r = client_ask(session->client, request, args, fd, &answer);
		if (r < 0)
			return r;
		if (try == BUSY_TRIES || !waits_for_import(request) ||
		    answer_is(answer, "ok") ||
		    answer_number(answer, "errno") != EBUSY)
			break;
		json_decref(answer);
		answer = NULL;
		nanosleep(&pause, NULL);
	}
	*ret_answer = answer;
	return 0;
}

static enum outcome ask(struct session *session, enum request request,
			json_t *args, int fd, json_t **ret_answer)
{
	json_t *answer = NULL;
	int r = 0;

	if (!args)
		return session_refuse(session, -ENOMEM,
				      "not enough memory for the request");
	if (!session->client)
		r = client_open(session_socket(session), &session->client);
	if (r == 0)
		r = ask_patiently(session, request, args, fd, &answer);
	if (r < 0)
		return unreachable(session, r);
	*ret_answer = answer;
	return OUTCOME_DONE;
}

/* fwd sees a document and not where it was: "line 8: ..." becomes FILE:8. */
static void name_file(const struct session *session, json_t *answer)
{
	const char *text = answer_text(answer, "error");

	if (session->file && strncmp(text, "line ", 5) == 0)
		(void)json_object_set_new(
			answer, "error",
			json_sprintf("%s:%s", session->file, text + 5));
}

static enum outcome refused(struct session *session, json_t *answer)
{
	const char *text;

	name_file(session, answer);
	text = answer_text(answer, "error");
	complain(session, *text ? text : "refused without a reason");
	printer_refusal(&session->printer, answer);
	return OUTCOME_REFUSED;
}

/* With `spares_busy`, -EBUSY is an answer and not told. */
static enum outcome ask_and_take(struct session *session, enum request request,
				 json_t *args_taken, int fd, bool spares_busy,
				 json_t **ret_answer)
{
	CLEANUP(json_decrefp) json_t *args = args_taken;
	CLEANUP(json_decrefp) json_t *answer = NULL;
	enum outcome outcome;

	assert(ret_answer);

	outcome = ask(session, request, args, fd, &answer);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!answer_is(answer, "ok") &&
	    !(spares_busy && answer_number(answer, "errno") == EBUSY))
		return refused(session, answer);
	*ret_answer = TAKE(answer);
	return OUTCOME_DONE;
}

enum outcome session_ask(struct session *session, enum request request,
			 json_t *args, int fd, json_t **ret_answer)
{
	return ask_and_take(session, request, args, fd, false, ret_answer);
}

enum outcome session_ask_unless_busy(struct session *session,
				     enum request request, json_t *args, int fd,
				     json_t **ret_answer)
{
	return ask_and_take(session, request, args, fd, true, ret_answer);
}

enum outcome session_show(struct session *session, enum request request,
			  json_t *args, view_fn *view)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	enum outcome outcome = session_ask(session, request, args, -1, &answer);

	if (outcome == OUTCOME_DONE)
		printer_answer(&session->printer, answer, view);
	return outcome;
}

int session_expiry(struct session *session, uint64_t *ret_moment_s)
{
	const char *span = session_value(session, OPTION_FOR);
	const char *until = session_value(session, OPTION_UNTIL);
	uint64_t now_s = (uint64_t)time(NULL);
	uint64_t span_s = 0;
	int r = 0;

	if (span && until) {
		session_misused(session,
				"--for and --until exclude each other");
		return -EINVAL;
	}
	*ret_moment_s = 0;
	if (span)
		r = duration_from_text(span, &span_s);
	if (span && r == 0)
		*ret_moment_s = now_s + span_s;
	if (until)
		r = moment_from_text(until, now_s, ret_moment_s);
	if (r < 0) /* it was fine a moment ago: now it is past */
		session_misused(session, "--until: '%s' is past", until);
	return r;
}

enum outcome session_close(struct session *session, enum outcome outcome)
{
	int r = printer_close(&session->printer);

	client_close(TAKE(session->client));
	if (r < 0 && outcome == OUTCOME_DONE) {
		complain(session, "not all of the output could be written");
		return OUTCOME_REFUSED;
	}
	return outcome;
}
