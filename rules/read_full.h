/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read_full.h - as much of a descriptor as there is room for.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

/* Until `room` bytes are there or it has ended: how many, or a negative
 * errno. */
static inline ssize_t read_full(int fd, char *bytes, size_t room)
{
	size_t len = 0;

	while (len < room) {
		ssize_t got = read(fd, bytes + len, room - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}
