// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control/frame.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rules/base.h"

/* Room for two: the second is seen and closed, the kernel drops the others. */
union control {
	char bytes[CMSG_SPACE(2 * sizeof(int))];
	struct cmsghdr align;
};

static void take_fd(struct frame_in *frame, int fd)
{
	/*
	 * The kernel may give bytes before those it came with in one read, so
	 * "first byte" cannot be told from "head"; "head" from "body" can.
	 */
	if (frame->got_bytes < WIRE_HEAD_BYTES && frame->fd < 0) {
		frame->fd = fd;
		return;
	}
	(void)close(fd);
	frame->fd_astray = true;
}

static void take_fds(struct frame_in *frame, struct msghdr *msg)
{
	if (msg->msg_flags & MSG_CTRUNC)
		frame->fd_astray = true;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		size_t size_bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at < size_bytes; at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			take_fd(frame, fd);
		}
	}
}

static ssize_t receive(struct frame_in *frame, int socket_fd)
{
	union control control;
	struct iovec iov;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n;

	iov.iov_len = frame_room(frame, &iov.iov_base);
	n = recvmsg(socket_fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return -errno;

	take_fds(frame, &msg);
	return n;
}

void frame_in_init(struct frame_in *frame)
{
	assert(frame);

	*frame = (struct frame_in){.fd = -1};
}

void frame_in_done(struct frame_in *frame)
{
	assert(frame);

	free(frame->body);
	closep(&frame->fd);
	frame_in_init(frame);
}

void frame_out_done(struct frame_out *frame)
{
	assert(frame);

	free(frame->bytes);
	*frame = (struct frame_out){0};
}

size_t frame_room(struct frame_in *frame, void **ret_where)
{
	size_t body_got;

	assert(frame);
	assert(ret_where);

	if (frame->got_bytes < WIRE_HEAD_BYTES) {
		*ret_where = frame->head + frame->got_bytes;
		return WIRE_HEAD_BYTES - frame->got_bytes;
	}
	body_got = frame->got_bytes - WIRE_HEAD_BYTES;
	*ret_where = frame->body + body_got;
	return frame->body_bytes - body_got;
}

int frame_fill(struct frame_in *frame, size_t len_bytes)
{
	uint32_t body_bytes;

	assert(frame);

	frame->got_bytes += (uint32_t)len_bytes;
	if (frame->got_bytes < WIRE_HEAD_BYTES)
		return FRAME_MORE;

	if (!frame->body) {
		body_bytes = wire_head_get(frame->head);
		if (body_bytes > WIRE_FRAME_MAX)
			return -EMSGSIZE;
		frame->body = malloc((size_t)body_bytes + 1);
		if (!frame->body)
			return -ENOMEM;
		frame->body_bytes = body_bytes;
	}
	if (frame->got_bytes - WIRE_HEAD_BYTES < frame->body_bytes)
		return FRAME_MORE;
	return FRAME_WHOLE;
}

int frame_read(struct frame_in *frame, int socket_fd)
{
	int r = FRAME_MORE;

	assert(frame);

	while (r == FRAME_MORE) {
		ssize_t n = receive(frame, socket_fd);

		if (n == 0)
			return -ENODATA;
		if (n == -EINTR)
			continue;
		if (n == -EAGAIN)
			return FRAME_MORE;
		if (n < 0)
			return (int)n;
		r = frame_fill(frame, (size_t)n);
	}
	return r;
}

int frame_write(struct frame_out *frame, int socket_fd)
{
	assert(frame);

	while (frame->sent_bytes < frame->len_bytes) {
		ssize_t n = send(socket_fd, frame->bytes + frame->sent_bytes,
				 frame->len_bytes - frame->sent_bytes,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			frame->sent_bytes += (size_t)n;
		else if (errno == EAGAIN)
			return FRAME_MORE;
		else if (errno != EINTR)
			return -errno;
	}
	return FRAME_WHOLE;
}
