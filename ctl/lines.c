// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/lines.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM_FIRST (64u << 10)

void lines_init(struct lines *lines, int fd)
{
	*lines = (struct lines){.fd = fd};
}

void lines_done(struct lines *lines)
{
	free(lines->bytes);
	*lines = (struct lines){.fd = -1};
}

/* Room for some more behind what is there: more than a line never is. */
static int make_room(struct lines *lines)
{
	size_t room = lines->room ? 2 * lines->room : ROOM_FIRST;
	char *bytes;

	if (lines->at > 0) {
		lines->len -= lines->at;
		memmove(lines->bytes, lines->bytes + lines->at, lines->len);
		lines->at = 0;
	}
	if (lines->len < lines->room)
		return 0;
	bytes = realloc(lines->bytes, room);
	if (!bytes)
		return -ENOMEM;
	lines->bytes = bytes;
	lines->room = room;
	return 0;
}

static int fill(struct lines *lines)
{
	int r = make_room(lines);
	ssize_t got;

	if (r < 0)
		return r;
	do
		got = read(lines->fd, lines->bytes + lines->len,
			   lines->room - lines->len);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	lines->len += (size_t)got;
	lines->has_ended = got == 0;
	return 0;
}

static char *end_of(const struct lines *lines, size_t from)
{
	return lines->len > from
		       ? memchr(lines->bytes + from, '\n', lines->len - from)
		       : NULL;
}

int lines_next(struct lines *lines, char **ret_line, size_t *ret_len)
{
	bool is_long = false;
	size_t looked = 0; /* bytes of the line without an end */
	char *end;

	assert(lines);

	while (!(end = end_of(lines, lines->at + looked)) &&
	       !lines->has_ended) {
		int r;

		looked = lines->len - lines->at;
		if (looked > LINES_BYTES_MAX) {
			is_long = true;
			looked = 0;
			lines->at = lines->len;
		}
		r = fill(lines);
		if (r < 0)
			return r;
	}
	if (!end && lines->at == lines->len && !is_long)
		return 0;
	*ret_line = lines->bytes + lines->at;
	*ret_len =
		(size_t)((end ? end : lines->bytes + lines->len) - *ret_line);
	lines->at += *ret_len + (end ? 1 : 0);
	if (is_long || *ret_len > LINES_BYTES_MAX)
		*ret_len = LINES_BYTES_MAX + 1;
	return 1;
}

bool lines_are_dry(const struct lines *lines)
{
	struct pollfd in = {.fd = lines->fd, .events = POLLIN};

	return !lines->has_ended && !end_of(lines, lines->at) &&
	       poll(&in, 1, 0) == 0;
}
