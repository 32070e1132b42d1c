/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control.h - a control server and its clients in one process, for tests.
 *
 * Server and clients take turns on one thread: whatever here waits for a
 * client turns the loop meanwhile, and gives up loudly after WAIT_S seconds.
 * The handler of the server answers by the name of the request:
 *
 *	status		at once, with nothing
 *	set-list	at once, with CONTROL_BIG_BYTES of text
 *	counters	at once, with more than a frame holds
 *	events		refused, with a text that is not UTF-8
 *	set-import	with the size of its file
 *	all others	not: the call is kept in `held`
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include <event2/event.h>
#include <jansson.h>

#include "daemon/control/server.h"

#define CONTROL_BIG_BYTES 1000000
#define CONTROL_HELD_MAX  (2ul * SERVER_CLIENTS)
#define WAIT_S		  60

/* Groups every system has, for those who may change and view. */
#define CHANGE_GROUP "daemon"
#define VIEW_GROUP   "bin"

/* A user nobody is. */
#define NOBODY_ID 4210987

struct control {
	struct event_base *base;
	struct server *server;
	char dir[32];
	char path[64];
	struct server_config config;
	struct call *held[CONTROL_HELD_MAX];
	size_t held_count;
};

/* cmocka's setup and teardown; *state is the struct control. */
int control_setup(void **state);
int control_teardown(void **state);

/* Start it again after changing `config`. */
void control_restart(struct control *c);

void control_turn(struct control *c);

int control_connect(struct control *c);

/* Send bytes, or a text as a frame, turning the loop while they do not fit. */
void control_send(struct control *c, int fd, const void *bytes, size_t len);
void control_send_frame(struct control *c, int fd, const char *text);

/* Send a frame with files beside its byte number `at`. */
void control_send_files(struct control *c, int fd, const char *text, size_t at,
			const int *files, size_t file_count);

/* The next answer, or NULL when the server closed. The caller frees it. */
json_t *control_answer(struct control *c, int fd);

/* Wait until the server has seen `count` requests; has `count` clients. */
void control_await_requests(struct control *c, uint64_t count);
void control_await_clients(struct control *c, uint32_t count);

/* The next answer must be: done; refused with `error`, `words` among it; the
 * connection's end. */
void assert_done(struct control *c, int fd);
void assert_refused(struct control *c, int fd, int error, const char *words);
void assert_ended(struct control *c, int fd);

/* The server still serves: a new client is answered. */
void assert_serves(struct control *c);
