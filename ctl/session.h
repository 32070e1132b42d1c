/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.h - what a command works with: its command line, the daemon, and
 * where its output goes.
 *
 * Connects when the first question is asked. Every failure is told to the
 * user here, once, so that a command only hands on the outcome.
 *
 * Owns		the connection; borrows the invocation
 */
#pragma once

#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/printer.h"

struct session {
	const struct invocation *invocation;
	struct client *client; /* NULL until it is needed */
	struct printer printer;
	const char *file; /* the document that is sent; NULL: none is */
	bool json;
};

void session_init(struct session *session, const struct invocation *invocation);

/* The outcome, or OUTCOME_REFUSED when output was lost. */
enum outcome session_close(struct session *session, enum outcome outcome);

/*
 * Ask the daemon. `args` is taken, and may be NULL where memory ran out. A
 * change that has to wait for an import (-EBUSY) is asked for again for up to
 * ten seconds. The caller owns *ret_answer.
 */
enum outcome session_ask(struct session *session, enum request request,
			 json_t *args, int fd, json_t **ret_answer);

/* The same for what can be done without: -EBUSY to the end is not told, and
 * the refusal is the answer. */
enum outcome session_ask_unless_busy(struct session *session,
				     enum request request, json_t *args, int fd,
				     json_t **ret_answer);

/* Ask with `args`, and print the answer with `view`. */
enum outcome session_show(struct session *session, enum request request,
			  json_t *args, view_fn *view);

/* "fwctl COMMAND: ..." to stderr; as JSON also a refusal to stdout. `error`
 * is a negative errno. Returns OUTCOME_REFUSED. */
__attribute__((format(printf, 3, 4))) enum outcome
session_refuse(struct session *session, int error, const char *format, ...);

/* The same without the document: what the user asked for makes no sense.
 * Returns OUTCOME_USAGE. */
__attribute__((format(printf, 2, 3))) enum outcome
session_misused(struct session *session, const char *format, ...);

/* --socket, or $PORTCULLIS_SOCKET, or where fwd listens by default. */
const char *session_socket(const struct session *session);

/* The value of an option; NULL when it was not given. */
const char *session_value(const struct session *session, enum option_id id);
bool session_has(const struct session *session, enum option_id id);

/* NULL: it was left out, as the table lets it be. */
const char *session_word(const struct session *session, size_t at);

/* "expires" for --for or --until: 0 for neither. Both make no sense, which is
 * told, and -EINVAL. */
int session_expiry(struct session *session, uint64_t *ret_moment_s);
