// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/blocks.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "rules/base.h"
#include "rules/prefix.h"
#include "rules/wire.h"

#define ANSWER_MAX 1024
#define FRAME_MAX  8192
#define ODD_STEP   2654435761u /* visits every address once */

uint32_t blocks_next(uint32_t *state)
{
	do
		*state += ODD_STEP;
	while (*state >> 24 == 0 || *state >> 24 >= 127);
	return *state;
}

static int send_block(int fd, int addresses, uint32_t *state)
{
	static char frame[FRAME_MAX];
	uint8_t head[WIRE_HEAD_BYTES];
	size_t len = WIRE_HEAD_BYTES;
	ssize_t sent;

	len += (size_t)sprintf(frame + len,
			       "{\"do\":\"%s\",\"v\":%d,\"set\":\"block\","
			       "\"reason\":\"perf\",\"members\":[",
			       request_specs[REQ_ADD].name, WIRE_VERSION);
	for (int i = 0; i < addresses; i++) {
		const struct prefix host = prefix_of_v4(blocks_next(state), 32);
		char text[PREFIX_TEXT_MAX];

		len += (size_t)sprintf(frame + len, "%s\"%s\"", i ? "," : "",
				       prefix_to_text(&host, text));
	}
	len += (size_t)sprintf(frame + len, "]}");
	wire_head_put(head, (uint32_t)(len - WIRE_HEAD_BYTES));
	memcpy(frame, head, sizeof(head));
	sent = send(fd, frame, len, MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	return sent == (ssize_t)len ? 0 : -EIO;
}

static int take_answer(int fd)
{
	uint8_t head[WIRE_HEAD_BYTES];
	char body[ANSWER_MAX + 1];
	size_t len;

	if (recv(fd, head, sizeof(head), MSG_WAITALL) != sizeof(head))
		return -ECONNRESET;
	len = wire_head_get(head);
	if (len > ANSWER_MAX ||
	    recv(fd, body, len, MSG_WAITALL) != (ssize_t)len)
		return -EPROTO;
	body[len] = '\0';
	if (strstr(body, "\"ok\":true"))
		return 0;
	(void)fprintf(stderr, "refused: %s\n", body);
	return -EREMOTEIO;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* A request on each connection, then the next on each that was answered. */
static int send_all(const int *fds, int connections, int requests,
		    int addresses)
{
	uint32_t state = 0;
	int r = 0;

	for (int i = 0; i < requests && r == 0; i++) {
		int fd = fds[i % connections];

		if (i >= connections)
			r = take_answer(fd);
		if (r == 0)
			r = send_block(fd, addresses, &state);
	}
	for (int i = 0; i < connections && i < requests && r == 0; i++)
		r = take_answer(fds[i]);
	return r;
}

int blocks_send(const char *socket, int connections, int requests,
		int addresses)
{
	int fds[BLOCKS_CONNECTIONS] = {0};
	int r = 0;

	assert(connections <= BLOCKS_CONNECTIONS);

	for (int i = 0; i < connections; i++) {
		fds[i] = connect_to(socket);
		if (fds[i] < 0)
			r = fds[i];
	}
	if (r == 0)
		r = send_all(fds, connections, requests, addresses);
	for (int i = 0; i < connections; i++)
		closep(&fds[i]);
	return r;
}
