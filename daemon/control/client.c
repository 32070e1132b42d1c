// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client is in one of four states, and in each waits for one thing:
 *
 *	READING	for bytes of a frame; a frame once begun has a deadline
 *	QUEUED	for its turn; only those who may not change
 *	CALLING	for its handler to answer; nothing is read or written
 *	WRITING	for room to write the answer, with a deadline
 *
 *	READING -> QUEUED	client_queue()	a request is whole
 *	READING, QUEUED
 *		-> CALLING	client_serve()	and allowed
 *		-> WRITING	client_refuse()	it is not
 *	CALLING -> WRITING	client_answer()
 *	WRITING -> READING	client_flush()	all is written
 *	any     -> gone		client_free()
 */
#include "daemon/control/client.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/control/frame.h"
#include "daemon/control/pending.h"

enum client_state {
	CLIENT_READING,
	CLIENT_QUEUED,
	CLIENT_CALLING,
	CLIENT_WRITING,
};

#define STALL_NS 1000000000ull /* a writer stuck this long may go */

struct client {
	struct clients *clients;
	struct pending *pending; /* in CALLING */
	struct peer peer;
	enum client_state state;
	bool ends; /* after the answer that is being written */
	int fd;
	uint64_t since_ns; /* when it came into its state */
	struct frame_in in;
	struct frame_out out;
	struct event *readable;
	struct event *writable;
	struct event *deadline;
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int event_start(struct event *event, uint32_t timeout_ms)
{
	const struct timeval timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000,
	};

	return event_add(event, timeout_ms ? &timeout : NULL) < 0 ? -EIO : 0;
}

static void event_freep(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

static void clients_append(struct clients *clients, struct client *client)
{
	assert(clients->usage.clients < SERVER_CLIENTS);

	clients->list[clients->usage.clients++] = client;
}

static void clients_remove(struct clients *clients, const struct client *client)
{
	uint32_t at = 0;

	while (clients->list[at] != client)
		at++;
	clients->usage.clients--;
	for (; at < clients->usage.clients; at++)
		clients->list[at] = clients->list[at + 1];
}

static void client_free(struct client *client)
{
	if (client->pending)
		client->pending->client = NULL;
	clients_remove(client->clients, client);
	event_freep(&client->readable);
	event_freep(&client->writable);
	event_freep(&client->deadline);
	frame_in_done(&client->in);
	frame_out_done(&client->out);
	closep(&client->fd);
	free(client);
}

static void client_enter(struct client *client, enum client_state state)
{
	client->state = state;
	client->since_ns = clock_ns();
	(void)event_del(client->deadline);
	clients_remove(client->clients, client);
	clients_append(client->clients, client);
}

/* Wait for the next frame, or leave when that was the last answer. */
static int client_rest(struct client *client)
{
	if (client->ends)
		return -ENODATA;

	frame_out_done(&client->out);
	client_enter(client, CLIENT_READING);
	return event_start(client->readable, 0);
}

/* Wait for room. The deadline is the whole answer's: it starts once. */
static int client_wait(struct client *client)
{
	int r = event_start(client->writable, 0);

	if (r < 0 || event_pending(client->deadline, EV_TIMEOUT, NULL))
		return r;
	return event_start(client->deadline,
			   client->clients->answer_timeout_ms);
}

/* Frees the client when it ends or cannot be written to. */
static void client_flush(struct client *client)
{
	int r = frame_write(&client->out, client->fd);

	if (r == FRAME_WHOLE)
		r = client_rest(client);
	else if (r == FRAME_MORE)
		r = client_wait(client);
	if (r < 0)
		client_free(client);
}

/* Takes `out`; may free the client, so callers end with it. */
static void client_answer(struct client *client, struct frame_out out)
{
	client->out = out;
	client_enter(client, CLIENT_WRITING);
	client_flush(client);
}

/* The same with a refusal. */
static void client_refuse(struct client *client, const struct refusal *refusal)
{
	struct frame_out out;

	client->clients->usage.refused++;
	if (message_write_refusal(refusal, &out) < 0) {
		client_free(client);
		return;
	}
	client_answer(client, out);
}

static void client_serve(struct client *client)
{
	struct clients *clients = client->clients;
	struct pending *pending = NULL;
	struct refusal why;
	int r;

	clients->usage.requests++;
	r = pending_new(&client->in, &client->peer, clients->rights, &why,
			&pending);
	frame_in_done(&client->in);
	if (r < 0) {
		client_refuse(client, &why);
		return;
	}

	pending->call.decoded_ns = clock_ns();
	pending->client = client;
	client->pending = pending;
	client_enter(client, CLIENT_CALLING);
	clients->handler(clients->arg, &pending->call);
}

/* The one longest in the queue, of another user than was served last. */
static struct client *next_in_queue(const struct clients *clients)
{
	struct client *first = NULL;

	for (uint32_t i = 0; i < clients->usage.clients; i++) {
		struct client *client = clients->list[i];

		if (client->state != CLIENT_QUEUED)
			continue;
		if (client->peer.uid != clients->served)
			return client;
		if (!first)
			first = client;
	}
	return first;
}

/* In the next turn of the loop, behind what has come in by then. */
static int clients_await_turn(struct clients *clients)
{
	const struct timeval at_once = {0};

	if (event_pending(clients->turn, EV_TIMEOUT, NULL))
		return 0;
	return event_add(clients->turn, &at_once) < 0 ? -EIO : 0;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct clients *clients = arg;
	struct client *client = next_in_queue(clients);

	(void)fd;
	(void)what;
	if (!client)
		return;
	(void)clients_await_turn(clients); /* of those behind it, if any */
	clients->served = client->peer.uid;
	client_serve(client);
}

static void client_queue(struct client *client)
{
	client_enter(client, CLIENT_QUEUED);
	if (clients_await_turn(client->clients) < 0)
		client_free(client);
}

/* Refuse what cannot be read to its end, and end. */
static void client_dismiss(struct client *client, const struct refusal *why)
{
	client->ends = true;
	client_refuse(client, why);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	bool had_begun = frame_has_begun(&client->in);
	struct refusal why;
	int r;

	(void)what;
	/*
	 * It has sent ahead, or hung up. Only now is it worth two system calls
	 * to stop listening; most answers are out before that comes up.
	 */
	if (client->state != CLIENT_READING) {
		(void)event_del(client->readable);
		return;
	}
	r = frame_read(&client->in, fd);
	if (r == FRAME_WHOLE) {
		if (client->peer.may_change)
			client_serve(client);
		else
			client_queue(client);
		return;
	}
	if (r == FRAME_MORE && !had_begun && frame_has_begun(&client->in))
		r = event_start(client->deadline,
				client->clients->frame_timeout_ms);
	if (r == -EMSGSIZE) {
		(void)refusal_set(&why, r,
				  "a frame of %u bytes is too long; at most %u "
				  "are read",
				  wire_head_get(client->in.head),
				  WIRE_FRAME_MAX);
		client_dismiss(client, &why);
	} else if (r < 0) {
		client_free(client);
	}
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	client_flush(arg);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	struct refusal why;

	(void)fd;
	(void)what;
	if (client->state != CLIENT_READING) {
		client_free(client);
		return;
	}
	(void)refusal_set(&why, -ETIMEDOUT,
			  "the request was not whole %u ms after its first "
			  "byte",
			  client->clients->frame_timeout_ms);
	client_dismiss(client, &why);
}

/* Takes `fd` when it returns 0. */
static int client_new(struct clients *clients, int fd, const struct peer *peer)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	client->clients = clients;
	client->peer = *peer;
	client->fd = -1;
	client->since_ns = clock_ns();
	frame_in_init(&client->in);
	clients_append(clients, client);

	client->readable = event_new(clients->base, fd, EV_READ | EV_PERSIST,
				     on_readable, client);
	client->writable =
		event_new(clients->base, fd, EV_WRITE, on_writable, client);
	client->deadline = event_new(clients->base, -1, 0, on_deadline, client);
	if (!client->readable || !client->writable || !client->deadline ||
	    event_start(client->readable, 0) < 0) {
		client_free(client);
		return -ENOMEM;
	}
	client->fd = fd;
	return 0;
}

static bool may_go(const struct client *client, uint64_t now_ns)
{
	return client->state == CLIENT_READING ||
	       (client->state == CLIENT_WRITING &&
		now_ns - client->since_ns > STALL_NS);
}

static uint32_t count_of_uid(const struct clients *clients, uid_t uid)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < clients->usage.clients; i++)
		count += clients->list[i]->peer.uid == uid;
	return count;
}

/* Connections that share a bound with those of `peer`. */
struct share {
	bool (*has)(const struct client *client, const struct peer *peer);
	uint32_t most;
	const char *whose;
};

static bool is_of_viewer(const struct client *client, const struct peer *peer)
{
	return !peer->may_change && !client->peer.may_change &&
	       client->peer.uid == peer->uid;
}

static bool is_of_right(const struct client *client, const struct peer *peer)
{
	return client->peer.may_change == peer->may_change;
}

static bool is_any(const struct client *client, const struct peer *peer)
{
	(void)client;
	(void)peer;
	return true;
}

static const struct share shares[] = {
	{is_of_viewer, SERVER_CLIENTS_PER_VIEWER,
	 " of one user who may only view"},
	{is_of_right, SERVER_CLIENTS_PER_RIGHT, " of users with this right"},
	{is_any, SERVER_CLIENTS, ""},
};

static uint32_t count_of_share(const struct clients *clients,
			       const struct share *share,
			       const struct peer *peer)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < clients->usage.clients; i++)
		count += share->has(clients->list[i], peer);
	return count;
}

/* Of the user who holds most, so that nobody pushes others out. */
static struct client *pick_victim(const struct clients *clients,
				  const struct share *share,
				  const struct peer *peer)
{
	uint64_t now_ns = clock_ns();
	struct client *victim = NULL;
	uint32_t most = 0;

	for (uint32_t i = 0; i < clients->usage.clients; i++) {
		struct client *client = clients->list[i];
		uint32_t count = count_of_uid(clients, client->peer.uid);

		if (count <= most || !share->has(client, peer) ||
		    !may_go(client, now_ns))
			continue;
		victim = client;
		most = count;
	}
	return victim;
}

static int make_room_in(struct clients *clients, const struct share *share,
			const struct peer *peer, struct refusal *why)
{
	struct client *victim;

	if (count_of_share(clients, share, peer) < share->most)
		return 0;
	(void)refusal_set(why, -EBUSY,
			  "%u connections%s are open, which is the most; try "
			  "again in a moment",
			  share->most, share->whose);
	victim = pick_victim(clients, share, peer);
	if (!victim)
		return -EBUSY;

	/* In the middle of an answer a sentence would be taken for its rest. */
	if (victim->state == CLIENT_READING)
		client_tell(victim->fd, why);
	client_free(victim);
	clients->usage.refused++;
	return 0;
}

static int make_room(struct clients *clients, const struct peer *peer,
		     struct refusal *why)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(shares) && r == 0; i++)
		r = make_room_in(clients, &shares[i], peer, why);
	return r;
}

/* What the answer cannot be sent as, it is refused as. */
static void answer_failed(struct client *client, int error)
{
	struct refusal why;

	(void)refusal_set(&why, error,
			  error == -EMSGSIZE
				  ? "the answer is too long for one frame"
				  : "out of memory");
	client_refuse(client, &why);
}

/* The call is over; the client that waits for it, or NULL. */
static struct client *call_over(struct call *call)
{
	struct pending *pending = pending_of(call);
	struct client *client = pending->client;

	if (client)
		client->pending = NULL;
	pending_free(pending);
	return client;
}

int clients_init(struct clients *clients)
{
	assert(clients);

	clients->turn = event_new(clients->base, -1, 0, on_turn, clients);
	return clients->turn ? 0 : -ENOMEM;
}

int clients_add(struct clients *clients, int fd, const struct peer *peer,
		struct refusal *reterr_refusal)
{
	int r;

	assert(clients);
	assert(peer);
	assert(reterr_refusal);

	r = make_room(clients, peer, reterr_refusal);
	if (r < 0)
		return r;
	r = client_new(clients, fd, peer);
	if (r < 0)
		return refusal_set(reterr_refusal, r, "out of memory");
	return 0;
}

void clients_done(struct clients *clients)
{
	assert(clients);

	while (clients->usage.clients > 0)
		client_free(clients->list[clients->usage.clients - 1]);
	event_freep(&clients->turn);
}

void client_tell(int fd, const struct refusal *refusal)
{
	struct frame_out out = {0};

	assert(refusal);

	if (message_write_refusal(refusal, &out) == 0)
		(void)frame_write(&out, fd);
	frame_out_done(&out);
}

void call_done(struct call *call, json_t *answer)
{
	struct frame_out out;
	struct client *client;
	int r;

	assert(call);

	client = call_over(call);
	if (!client) {
		json_decref(answer);
		return;
	}
	r = message_write(answer, &out);
	if (r < 0)
		answer_failed(client, r);
	else
		client_answer(client, out);
}

void call_refuse(struct call *call, int error, const char *format, ...)
{
	struct client *client;
	struct refusal why;
	va_list args;

	assert(call);
	assert(error < 0);

	/* The words may point into the arguments: before they are freed. */
	va_start(args, format);
	(void)refusal_vset(&why, error, format, args);
	va_end(args);
	client = call_over(call);
	if (client)
		client_refuse(client, &why);
}
