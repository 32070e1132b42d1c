// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* How long an answer may take. A bulk request reads and commits up to
 * WIRE_BULK_MAX, on a slow disk. */
#define ANSWER_S      30
#define ANSWER_BULK_S 900

struct client {
	int fd;
};

int client_open(const char *path, struct client **ret_client)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	CLEANUP(closep) int fd = -1;
	struct client *client;

	assert(path);
	assert(ret_client);

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	client = malloc(sizeof(*client));
	if (!client)
		return -ENOMEM;
	client->fd = TAKE_FD(fd);
	*ret_client = client;
	return 0;
}

void client_close(struct client *client)
{
	if (!client)
		return;
	closep(&client->fd);
	free(client);
}

/* Send one part of a frame; `passed_fd` goes beside its first byte. */
static ssize_t send_some(int fd, struct iovec *parts, int passed_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t sent;

	if (passed_fd >= 0) {
		struct cmsghdr *head = NULL;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &passed_fd, sizeof(int));
	}
	do
		sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent;
}

static int send_frame(int fd, char *body, size_t len, int passed_fd)
{
	uint8_t head[WIRE_HEAD_BYTES];
	struct iovec parts[2] = {{head, sizeof(head)}, {body, len}};

	if (len > WIRE_FRAME_MAX)
		return -EMSGSIZE;
	wire_head_put(head, (uint32_t)len);
	while (parts[0].iov_len + parts[1].iov_len > 0) {
		ssize_t sent = send_some(fd, parts, passed_fd);

		if (sent < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		passed_fd = -1;
		for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
			size_t step = (size_t)sent < parts[i].iov_len
					      ? (size_t)sent
					      : parts[i].iov_len;

			parts[i].iov_base = (char *)parts[i].iov_base + step;
			parts[i].iov_len -= step;
			sent -= (ssize_t)step;
		}
	}
	return 0;
}

static int receive_all(int fd, void *buf, size_t len)
{
	char *at = buf;

	while (len > 0) {
		ssize_t got = recv(fd, at, len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (got == 0)
			return -ECONNRESET;
		at += got;
		len -= (size_t)got;
	}
	return 0;
}

static int receive_answer(int fd, json_t **ret_answer)
{
	CLEANUP(freep) char *body = NULL;
	uint8_t head[WIRE_HEAD_BYTES];
	json_t *answer;
	uint32_t len;
	int r;

	r = receive_all(fd, head, sizeof(head));
	if (r < 0)
		return r;
	len = wire_head_get(head);
	if (len == 0 || len > WIRE_FRAME_MAX)
		return -EPROTO;
	body = malloc(len);
	if (!body)
		return -ENOMEM;
	r = receive_all(fd, body, len);
	if (r < 0)
		return r;
	answer = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(answer)) {
		json_decref(answer);
		return -EPROTO;
	}
	*ret_answer = answer;
	return 0;
}

static void set_patience(int fd, bool bulk)
{
	struct timeval span = {.tv_sec = bulk ? ANSWER_BULK_S : ANSWER_S};

	/* without it we would only wait longer */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &span, sizeof(span));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &span, sizeof(span));
}

int client_ask(struct client *client, enum request request, json_t *args,
	       int fd, json_t **ret_answer)
{
	CLEANUP(freep) char *body = NULL;
	int sent;
	int r;

	assert(client);
	assert(args);
	assert(ret_answer);

	if (json_object_set_new(args, "do",
				json_string(request_specs[request].name)) ||
	    json_object_set_new(args, "v", json_integer(WIRE_VERSION)))
		return -ENOMEM;
	body = json_dumps(args, JSON_COMPACT);
	if (!body)
		return -ENOMEM;
	set_patience(client->fd, request_specs[request].takes_fd);
	sent = send_frame(client->fd, body, strlen(body), fd);
	if (sent < 0 && sent != -EPIPE && sent != -ECONNRESET)
		return sent;
	/* who was turned away at the door finds the reason waiting */
	r = receive_answer(client->fd, ret_answer);
	return r < 0 && sent < 0 ? sent : r;
}
