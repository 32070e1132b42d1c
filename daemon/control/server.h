/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server.h - the control socket: who may connect, frames, answers.
 *
 * The framing and the names are rules/wire.h's; what a request does is the
 * handlers' business (daemon/requests.h). Here are the bounds:
 *
 *	1. the peer is who the kernel says (SO_PEERCRED and its groups): uid 0
 *	   or group `portcullis` may change, group `portcullis-view` may view,
 *	   everybody else is told so and closed;
 *	2. at most SERVER_CLIENTS connections, SERVER_CLIENTS_PER_RIGHT of them
 *	   of users who may change, as many of users who may only view, and
 *	   SERVER_CLIENTS_PER_VIEWER of one who may only view: neither kind
 *	   takes the places of the other. Where a bound is reached, the one
 *	   that waits longest, of the user who holds most, makes room; it, or
 *	   the new one when none is waiting, is told so and closed;
 *	3. one request of a client at a time: its next frame is not read before
 *	   the answer to the last has been written out, so a client that never
 *	   reads costs one answer;
 *	4. a frame too long, not JSON, not an object, of another version or with
 *	   an unknown name is refused with a sentence; the first ends the
 *	   connection;
 *	5. what a turn of the loop does for one client is one request, and for
 *	   all who may only view together is one request, of whom it is not
 *	   the last one's if others wait: whoever may change waits for no more
 *	   than the one under way;
 *	6. a handler sees only requests its peer has the right to, with a file
 *	   exactly when the request takes one; whether that file is a memfd,
 *	   and sealed, the handler must check.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <event2/event.h>
#include <jansson.h>

#include "rules/base.h"
#include "rules/wire.h"

#define SERVER_CLIENTS		  64
#define SERVER_CLIENTS_PER_RIGHT  48
#define SERVER_CLIENTS_PER_VIEWER 16
#define SERVER_FRAME_TIMEOUT_MS	  10000 /* from its first byte to its last */
#define SERVER_ANSWER_TIMEOUT_MS  30000 /* to write one answer */

struct server;

/* One request under way. Lives until call_done() or call_refuse(). */
struct call {
	enum request request;
	json_t *args; /* borrowed; the request object */
	int fd; /* memfd that came with it, or -1; closed with the call unless
		 * taken with TAKE_FD() */
	uint32_t uid; /* of the peer */
	uint64_t decoded_ns; /* CLOCK_MONOTONIC, when the request was decoded */
};

/*
 * Answer at once or later, exactly once, with call_done() or call_refuse();
 * the call is freed by that. A client that went away meanwhile is no error.
 */
typedef void server_handler_fn(void *arg, struct call *call);

/* `answer` is taken; "ok": true is added. NULL means an empty answer. */
void call_done(struct call *call, json_t *answer);

/* `error` is a negative errno; the text is printf's. */
__attribute__((format(printf, 3, 4))) void
call_refuse(struct call *call, int error, const char *format, ...);

struct server_config {
	const char *path; /* of the socket; its directory must be there */
	const char *change_group; /* NULL: only uid 0 */
	const char *view_group;
	server_handler_fn *handler;
	void *arg;
	uint32_t frame_timeout_ms; /* 0: SERVER_FRAME_TIMEOUT_MS */
	uint32_t answer_timeout_ms; /* 0: SERVER_ANSWER_TIMEOUT_MS */
};

/*
 * Listens when it returns 0. A stale socket file is replaced, a live one is
 * -EADDRINUSE, a file that is no socket -EEXIST. Mode 0666: the kernel's
 * credentials decide, not the file's. What needs files or the name service is
 * done here; afterwards sockets, epoll and the clock are enough. `config` and
 * its texts are copied, but for `arg`.
 */
int server_new(struct event_base *base, const struct server_config *config,
	       struct server **ret_server);

/* Calls still under way are forgotten: their call_done() writes nothing. Not
 * from within a handler. Takes the socket file away. */
void server_free(struct server *server);
DEFINE_CLEANUP(struct server *, server_free)

struct server_usage {
	uint32_t clients;
	uint64_t requests;
	uint64_t refused; /* connections, those that made room too, requests */
};

struct server_usage server_usage(const struct server *server);
