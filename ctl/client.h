/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - one connection to the daemon: a request, then its answer.
 *
 * The framing is rules/wire.h's.
 *
 * Owns		its socket
 * Errors	negative errno of the connection: -ENOENT or -ECONNREFUSED no
 *		daemon, -ECONNRESET it went away, -ETIMEDOUT no answer in time,
 *		-EPROTO an answer that is none, -EMSGSIZE a request too long.
 *		A refusal is an answer, and no error here
 * Threads	none; one owner
 */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "rules/base.h"
#include "rules/wire.h"

struct client;

int client_open(const char *path, struct client **ret_client);
void client_close(struct client *client);
DEFINE_CLEANUP(struct client *, client_close)

/*
 * Ask for `request` with `args` ("do" and "v" are put into it) and, if `fd`
 * is not -1, that descriptor. The caller owns *ret_answer, an object. After a
 * failure only client_close() is of use.
 */
int client_ask(struct client *client, enum request request, json_t *args,
	       int fd, json_t **ret_answer);
