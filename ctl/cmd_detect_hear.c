// SPDX-License-Identifier: GPL-2.0-or-later
/* detect hear: what other programs say of this host, as it comes. */
#include "ctl/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "ctl/heard.h"
#include "ctl/lines.h"
#include "ctl/session.h"

#define BATCH_MAX	64 /* lines of one request */
#define LINES_BYTES_MAX (1u << 20)
#define WRONG_TOLD	5
#define TRIES		30

typedef int heard_fn(const char *line, size_t len, json_t **ret_event,
		     char *ret_why);

struct hearing {
	struct session *session;
	heard_fn *read;
	const char *path;
	struct lines in;
	json_t *batch;
	size_t batch_bytes;
	uint64_t line, heard, matches, wrong;
};

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

/* *ret_event: NULL for one that says nothing. */
static int take_line(struct hearing *hearing, const char *line, size_t len,
		     json_t **ret_event)
{
	char why[HEARD_WHY_MAX] = "";
	json_t *event = NULL;
	int r = len > LINES_BYTES_MAX ? -E2BIG
				      : hearing->read(line, len, &event, why);

	if (r == -ENOMEM)
		return r;
	if (r < 0 && hearing->wrong++ < WRONG_TOLD)
		(void)fprintf(stderr, "fwctl detect hear: %s:%" PRIu64 ": %s\n",
			      hearing->path, hearing->line,
			      r == -E2BIG ? "a line of more than 1 MiB" : why);
	*ret_event = event;
	return 0;
}

/* What would be too much with it goes before. */
static enum outcome put_event(struct hearing *hearing, json_t *event)
{
	size_t bytes = heard_bytes(event);
	enum outcome outcome = OUTCOME_DONE;

	if (hearing->batch_bytes + bytes > WIRE_HEARD_MAX)
		outcome = tell(hearing);
	(void)json_array_append_new(hearing->batch, event);
	hearing->batch_bytes += bytes;
	return outcome;
}

static enum outcome hear(struct hearing *hearing)
{
	enum outcome outcome = OUTCOME_DONE;
	char *line;
	size_t len;
	int r = 0;

	while (outcome == OUTCOME_DONE &&
	       (r = lines_next(&hearing->in, &line, &len)) > 0) {
		json_t *event = NULL;

		hearing->line++;
		if (len > 0 && take_line(hearing, line, len, &event) < 0)
			outcome = session_refuse(hearing->session, -ENOMEM,
						 "out of memory");
		if (event)
			outcome = put_event(hearing, event);
		if (outcome == OUTCOME_DONE &&
		    (json_array_size(hearing->batch) >= BATCH_MAX ||
		     lines_are_dry(&hearing->in)))
			outcome = tell(hearing);
	}
	if (outcome == OUTCOME_DONE)
		outcome = tell(hearing);
	if (outcome == OUTCOME_DONE && r < 0)
		outcome = session_refuse(hearing->session, r, "%s: %s",
					 hearing->path, strerror(-r));
	return outcome;
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
		.batch = json_array(),
	};
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	enum outcome outcome;

	if (fd < 0)
		return session_refuse(session, -errno, "%s: %s", path,
				      strerror(errno));
	lines_init(&hearing.in, fd);
	outcome = hear(&hearing);
	lines_done(&hearing.in);
	if (!is_stdin)
		(void)close(fd);
	json_decref(hearing.batch);
	return outcome == OUTCOME_DONE ? conclude(&hearing) : outcome;
}
