// SPDX-License-Identifier: GPL-2.0-or-later
/* detect hear: what other programs say of this host, as it comes. */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "ctl/heard.h"
#include "ctl/session.h"

#define BATCH_MAX   64 /* lines of one request */
#define BATCH_BYTES (512u << 10) /* and what they may come to, about */
#define LINE_BYTES  (1u << 20)
#define WRONG_TOLD  5
#define TRIES	    30

typedef int heard_fn(const char *line, size_t len, json_t **ret_event,
		     char *ret_why);

struct hearing {
	struct session *session;
	heard_fn *read;
	const char *path;
	FILE *in;
	json_t *batch;
	size_t batch_bytes;
	uint64_t line, heard, matches, wrong;
};

/* Nobody waits in it and nothing is there to be read: what came is to be told
 * before it is waited for more. */
static bool is_dry(const struct hearing *hearing)
{
	struct pollfd in = {.fd = fileno(hearing->in), .events = POLLIN};

	return poll(&in, 1, 0) == 0;
}

/* A daemon that is being started anew: false, it did not come. */
static bool is_back(struct session *session)
{
	client_close(TAKE(session->client));
	for (int i = 0; i < TRIES; i++) {
		(void)sleep(1);
		if (client_open(session_socket(session), &session->client) == 0)
			return true;
	}
	return false;
}

static enum outcome ask(struct hearing *hearing, json_t **ret_answer)
{
	enum outcome outcome;

	do
		outcome = session_ask(
			hearing->session, REQ_DETECT_HEAR,
			json_pack("{s:O}", "events", hearing->batch), -1,
			ret_answer);
	while (outcome == OUTCOME_UNREACHABLE && is_back(hearing->session));
	return outcome;
}

static enum outcome tell(struct hearing *hearing)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	enum outcome outcome;

	if (json_array_size(hearing->batch) == 0)
		return OUTCOME_DONE;
	outcome = ask(hearing, &answer);
	(void)json_array_clear(hearing->batch);
	hearing->batch_bytes = 0;
	hearing->heard += (uint64_t)answer_number(answer, "heard");
	hearing->matches += (uint64_t)answer_number(answer, "matches");
	return outcome;
}

static int take_line(struct hearing *hearing, const char *line, size_t len)
{
	char why[HEARD_WHY_MAX] = "";
	json_t *event = NULL;
	int r = len > LINE_BYTES ? -E2BIG
				 : hearing->read(line, len, &event, why);

	if (r == -ENOMEM)
		return r;
	if (r < 0 && hearing->wrong++ < WRONG_TOLD)
		(void)fprintf(stderr, "fwctl detect hear: %s:%" PRIu64 ": %s\n",
			      hearing->path, hearing->line,
			      r == -E2BIG ? "a line of more than 1 MiB" : why);
	if (event) {
		(void)json_array_append_new(hearing->batch, event);
		hearing->batch_bytes += len;
	}
	return 0;
}

static enum outcome hear(struct hearing *hearing)
{
	enum outcome outcome = OUTCOME_DONE;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while (outcome == OUTCOME_DONE &&
	       (len = getline(&line, &room, hearing->in)) > 0) {
		hearing->line++;
		if (line[len - 1] == '\n')
			len--;
		if (len > 0 && take_line(hearing, line, (size_t)len) < 0)
			outcome = session_refuse(hearing->session, -ENOMEM,
						 "out of memory");
		else if (json_array_size(hearing->batch) >= BATCH_MAX ||
			 hearing->batch_bytes >= BATCH_BYTES || is_dry(hearing))
			outcome = tell(hearing);
	}
	free(line);
	return outcome == OUTCOME_DONE ? tell(hearing) : outcome;
}

static void view_heard(FILE *out, const json_t *answer)
{
	fprintf(out,
		"%" PRId64 " lines, %" PRId64 " heard, %" PRId64
		" not understood, %" PRId64 " matches of rules\n",
		answer_number(answer, "lines"), answer_number(answer, "heard"),
		answer_number(answer, "wrong"),
		answer_number(answer, "matches"));
}

static enum outcome conclude(const struct hearing *hearing)
{
	CLEANUP(json_decrefp)
	json_t *answer = json_pack("{s:b, s:I, s:I, s:I, s:I}", "ok", 1,
				   "lines", (json_int_t)hearing->line, "heard",
				   (json_int_t)hearing->heard, "wrong",
				   (json_int_t)hearing->wrong, "matches",
				   (json_int_t)hearing->matches);

	if (hearing->wrong > 0 && hearing->heard == 0)
		return session_refuse(hearing->session, -EINVAL,
				      "%s: no line is understood",
				      hearing->path);
	printer_answer(&hearing->session->printer, answer, view_heard);
	return OUTCOME_DONE;
}

enum outcome cmd_detect_hear(struct session *session)
{
	const char *path = session_word(session, 1);
	bool is_stdin = !path || strcmp(path, "-") == 0;
	struct hearing hearing = {
		.session = session,
		.read = strcmp(session_word(session, 0), "falco") == 0
				? heard_falco
				: heard_journal,
		.path = is_stdin ? "standard input" : path,
		.in = is_stdin ? stdin : fopen(path, "re"),
		.batch = json_array(),
	};
	enum outcome outcome;

	if (!hearing.in)
		return session_refuse(session, -errno, "%s: %s", path,
				      strerror(errno));
	outcome = hear(&hearing);
	if (!is_stdin)
		(void)fclose(hearing.in);
	json_decref(hearing.batch);
	return outcome == OUTCOME_DONE ? conclude(&hearing) : outcome;
}
