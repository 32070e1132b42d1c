/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - the connections of the control socket, from accepted to closed.
 *
 * A client reads one frame, has it handled, writes the answer, and only then
 * reads on. What a handler answers with is call_done() and call_refuse() of
 * server.h.
 *
 * Owns		the clients and their sockets
 * Times	CLOCK_MONOTONIC
 * Errors	negative errno; the words are in reterr_refusal
 * Threads	event loop only
 */
#pragma once

#include "daemon/control/message.h"
#include "daemon/control/peer.h"
#include "daemon/control/server.h"

struct client;

/* All of them, and what they have in common; filled in by the server. */
struct clients {
	struct event_base *base;
	server_handler_fn *handler;
	void *arg;
	const struct peer_rights *rights;
	uint32_t frame_timeout_ms;
	uint32_t answer_timeout_ms;
	struct event *turn; /* of the queue of viewers */
	uid_t served; /* whose turn was last */
	struct server_usage usage;
	/* usage.clients of them, the one longest in its state first */
	struct client *list[SERVER_CLIENTS];
};

/* Once the above is filled in; undone by clients_done(), also when it fails. */
int clients_init(struct clients *clients);

/*
 * Take on a connection; takes `fd` when it returns 0. When all places that it
 * could have are taken, a client that only waits makes room, or -EBUSY.
 */
int clients_add(struct clients *clients, int fd, const struct peer *peer,
		struct refusal *reterr_refusal);

/* Close them all. */
void clients_done(struct clients *clients);

/* To a connection that ends with it: as much as the socket takes at once. */
void client_tell(int fd, const struct refusal *refusal);
