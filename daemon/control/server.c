// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control/server.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/control/client.h"
#include "daemon/control/listener.h"
#include "daemon/control/message.h"
#include "daemon/control/peer.h"

#define ACCEPTS_PER_TURN 16
#define ACCEPT_PAUSE_US	 100000 /* when descriptors or memory ran out */

struct server {
	struct clients clients;
	struct peer_rights rights;
	char *path; /* once the file there is ours */
	char *change_group;
	char *view_group;
	int fd;
	struct event *acceptable;
	struct event *resume;
};

static int check_peer(const struct server *server, int fd, struct refusal *why,
		      struct peer *ret_peer)
{
	int r = peer_of_socket(fd, &server->rights, ret_peer);

	if (r < 0)
		return refusal_set(why, r, "who connects cannot be known: %s",
				   strerror(-r));
	if (ret_peer->may_view)
		return 0;
	return refusal_set(why, -EACCES,
			   "uid %u has no right here: group %s may view, group "
			   "%s may view and change",
			   ret_peer->uid, server->rights.view_name,
			   server->rights.change_name);
}

/* Takes `fd`. */
static void admit(struct server *server, int fd)
{
	struct peer peer = {0};
	struct refusal why;
	int r;

	r = check_peer(server, fd, &why, &peer);
	if (r == 0)
		r = clients_add(&server->clients, fd, &peer, &why);
	if (r == 0)
		return;

	server->clients.usage.refused++;
	client_tell(fd, &why);
	(void)close(fd);
}

/* The socket stays readable: asking again at once would spin. */
static void pause_accepting(struct server *server)
{
	const struct timeval pause = {.tv_usec = ACCEPT_PAUSE_US};

	if (event_add(server->resume, &pause) == 0)
		(void)event_del(server->acceptable);
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int peer_fd =
			accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (peer_fd >= 0) {
			admit(server, peer_fd);
			continue;
		}
		if (errno == EAGAIN)
			return;
		if (errno == ECONNABORTED || errno == EINTR)
			continue;
		pause_accepting(server);
		return;
	}
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	(void)fd;
	(void)what;
	if (event_add(server->acceptable, NULL) < 0)
		pause_accepting(server);
}

/* Copy a text that may be NULL. */
static int copy(const char *text, char **ret_copy)
{
	char *duplicate = text ? strdup(text) : NULL;

	if (text && !duplicate)
		return -ENOMEM;

	*ret_copy = duplicate;
	return 0;
}

static int listen_at(struct server *server, const char *path)
{
	struct event_base *base = server->clients.base;
	int r = listener_open(path, &server->fd);

	if (r < 0)
		return r;
	r = copy(path, &server->path);
	if (r < 0) {
		(void)unlink(path);
		return r;
	}

	server->acceptable = event_new(base, server->fd, EV_READ | EV_PERSIST,
				       on_acceptable, server);
	server->resume = event_new(base, -1, 0, on_resume, server);
	if (!server->acceptable || !server->resume)
		return -ENOMEM;
	return event_add(server->acceptable, NULL) < 0 ? -EIO : 0;
}

/* Half done when it fails; server_free() takes it from there. */
static int set_up(struct server *server, struct event_base *base,
		  const struct server_config *config)
{
	struct clients *clients = &server->clients;
	int r;

	server->fd = -1;
	r = copy(config->change_group, &server->change_group);
	if (r == 0)
		r = copy(config->view_group, &server->view_group);
	if (r < 0)
		return r;
	peer_rights_init(&server->rights, server->change_group,
			 server->view_group);

	clients->base = base;
	clients->handler = config->handler;
	clients->arg = config->arg;
	clients->rights = &server->rights;
	clients->frame_timeout_ms = config->frame_timeout_ms;
	if (!clients->frame_timeout_ms)
		clients->frame_timeout_ms = SERVER_FRAME_TIMEOUT_MS;
	clients->answer_timeout_ms = config->answer_timeout_ms;
	if (!clients->answer_timeout_ms)
		clients->answer_timeout_ms = SERVER_ANSWER_TIMEOUT_MS;
	r = clients_init(clients);
	return r < 0 ? r : listen_at(server, config->path);
}

int server_new(struct event_base *base, const struct server_config *config,
	       struct server **ret_server)
{
	struct server *server;
	int r;

	assert(base);
	assert(config);
	assert(config->path);
	assert(config->handler);
	assert(ret_server);

	/*
	 * Else the first object made reads /dev/urandom, and that may be when
	 * files can no longer be opened.
	 */
	json_object_seed(0);

	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	r = set_up(server, base, config);
	if (r < 0) {
		server_free(server);
		return r;
	}

	*ret_server = server;
	return 0;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	clients_done(&server->clients);
	if (server->acceptable)
		event_free(server->acceptable);
	if (server->resume)
		event_free(server->resume);
	closep(&server->fd);
	if (server->path)
		(void)unlink(server->path);
	free(server->path);
	free(server->change_group);
	free(server->view_group);
	free(server);
}

struct server_usage server_usage(const struct server *server)
{
	assert(server);

	return server->clients.usage;
}
