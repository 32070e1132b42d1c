// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/control.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static json_t *text_of_size(size_t size_bytes)
{
	char *text = malloc(size_bytes + 1);
	json_t *answer;

	assert_non_null(text);
	memset(text, 'x', size_bytes);
	text[size_bytes] = '\0';
	answer = json_pack("{s:s}", "text", text);
	free(text);
	return answer;
}

static void handle(void *arg, struct call *call)
{
	struct control *c = arg;
	struct stat st;

	switch (call->request) {
	case REQ_STATUS:
		call_done(call, NULL);
		break;
	case REQ_SET_LIST:
		call_done(call, text_of_size(CONTROL_BIG_BYTES));
		break;
	case REQ_COUNTERS:
		call_done(call, text_of_size(WIRE_FRAME_MAX));
		break;
	case REQ_EVENTS:
		call_refuse(call, -EIO, "no \xff here");
		break;
	case REQ_SET_IMPORT:
		assert_int_equal(fstat(call->fd, &st), 0);
		call_done(call,
			  json_pack("{s:I}", "bytes", (json_int_t)st.st_size));
		break;
	default:
		assert_true(c->held_count < CONTROL_HELD_MAX);
		c->held[c->held_count++] = call;
		break;
	}
}

/* The tests' own user may change, whether that is root or not. */
static const char *own_change_group(void)
{
	const struct group *group = getuid() ? getgrgid(getgid()) : NULL;

	return group ? group->gr_name : CHANGE_GROUP;
}

int control_setup(void **state)
{
	struct control *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	(void)snprintf(c->dir, sizeof(c->dir), "/tmp/control.XXXXXX");
	assert_non_null(mkdtemp(c->dir));
	assert_int_equal(chmod(c->dir, 0755), 0);
	(void)snprintf(c->path, sizeof(c->path), "%s/sock", c->dir);
	c->base = event_base_new();
	assert_non_null(c->base);
	c->config = (struct server_config){
		.path = c->path,
		.change_group = own_change_group(),
		.view_group = VIEW_GROUP,
		.handler = handle,
		.arg = c,
	};
	*state = c;
	return server_new(c->base, &c->config, &c->server);
}

int control_teardown(void **state)
{
	struct control *c = *state;

	server_free(c->server);
	for (size_t i = 0; i < c->held_count; i++)
		call_done(c->held[i], NULL);
	event_base_free(c->base);
	(void)unlink(c->path);
	(void)rmdir(c->dir);
	free(c);
	return 0;
}

void control_restart(struct control *c)
{
	server_free(c->server);
	c->server = NULL;
	assert_int_equal(server_new(c->base, &c->config, &c->server), 0);
}

void control_turn(struct control *c)
{
	assert_true(event_base_loop(c->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >=
		    0);
}

/* Once in every wait: turn the loop, be slow about it, and not for ever. */
static void wait_on(struct control *c, time_t until)
{
	control_turn(c);
	(void)poll(NULL, 0, 1);
	if (time(NULL) > until)
		fail_msg("nothing came for %d seconds", WAIT_S);
}

int control_connect(struct control *c)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	time_t until = time(NULL) + WAIT_S;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	memcpy(addr.sun_path, c->path, sizeof(c->path));
	while (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		assert_int_equal(errno, EAGAIN);
		wait_on(c, until);
	}
	control_turn(c);
	return fd;
}

void control_send(struct control *c, int fd, const void *bytes, size_t len)
{
	time_t until = time(NULL) + WAIT_S;
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			wait_on(c, until);
			continue;
		}
		at += n;
		len -= (size_t)n;
	}
}

void control_send_frame(struct control *c, int fd, const char *text)
{
	uint8_t head[WIRE_HEAD_BYTES];

	wire_head_put(head, (uint32_t)strlen(text));
	control_send(c, fd, head, sizeof(head));
	control_send(c, fd, text, strlen(text));
}

void control_send_files(struct control *c, int fd, const char *text, size_t at,
			const int *files, size_t file_count)
{
	union {
		char bytes[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	uint8_t frame[256];
	size_t len = WIRE_HEAD_BYTES + strlen(text);
	struct iovec iov = {.iov_base = frame + at, .iov_len = len - at};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(file_count * sizeof(int)),
	};
	struct cmsghdr *head = &control.align;

	assert_true(len <= sizeof(frame) && file_count <= 8);
	wire_head_put(frame, (uint32_t)strlen(text));
	memcpy(frame + WIRE_HEAD_BYTES, text, len - WIRE_HEAD_BYTES);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(file_count * sizeof(int));
	memcpy(CMSG_DATA(head), files, file_count * sizeof(int));
	control_send(c, fd, frame, at);
	assert_int_equal(sendmsg(fd, &msg, MSG_NOSIGNAL), len - at);
}

/* False when the server closed before all was there. */
static bool receive(struct control *c, int fd, void *bytes, size_t len)
{
	time_t until = time(NULL) + WAIT_S;
	uint8_t *at = bytes;

	while (len > 0) {
		ssize_t n = recv(fd, at, len, MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return false;
		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			wait_on(c, until);
			continue;
		}
		at += n;
		len -= (size_t)n;
	}
	return true;
}

json_t *control_answer(struct control *c, int fd)
{
	uint8_t head[WIRE_HEAD_BYTES];
	json_error_t why;
	json_t *answer;
	uint32_t len;
	char *body;

	if (!receive(c, fd, head, sizeof(head)))
		return NULL;
	len = wire_head_get(head);
	assert_true(len <= WIRE_FRAME_MAX);
	body = malloc(len);
	assert_non_null(body);
	assert_true(receive(c, fd, body, len));
	answer = json_loadb(body, len, JSON_REJECT_DUPLICATES, &why);
	assert_true(json_is_object(answer));
	free(body);
	return answer;
}

void control_await_requests(struct control *c, uint64_t count)
{
	time_t until = time(NULL) + WAIT_S;

	while (server_usage(c->server).requests < count)
		wait_on(c, until);
}

void control_await_clients(struct control *c, uint32_t count)
{
	time_t until = time(NULL) + WAIT_S;

	while (server_usage(c->server).clients != count)
		wait_on(c, until);
}

void assert_done(struct control *c, int fd)
{
	json_t *answer = control_answer(c, fd);

	assert_true(json_is_true(json_object_get(answer, "ok")));
	json_decref(answer);
}

void assert_refused(struct control *c, int fd, int error, const char *words)
{
	json_t *answer = control_answer(c, fd);
	const char *text = json_string_value(json_object_get(answer, "error"));

	assert_true(json_is_false(json_object_get(answer, "ok")));
	assert_int_equal(json_integer_value(json_object_get(answer, "errno")),
			 error);
	assert_non_null(text);
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
	json_decref(answer);
}

void assert_ended(struct control *c, int fd)
{
	assert_null(control_answer(c, fd));
}

void assert_serves(struct control *c)
{
	int fd = control_connect(c);

	control_send_frame(c, fd, "{\"do\": \"status\", \"v\": 1}");
	assert_done(c, fd);
	(void)close(fd);
}
