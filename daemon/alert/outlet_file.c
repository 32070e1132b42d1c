// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/alert/outlet_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/alert/notice_json.h"
#include "rules/base.h"

/* What fits into a pipe that has room for anything is written whole. */
_Static_assert(NOTICE_LINE_MAX <= PIPE_BUF, "");

static int open_fd(const char *path)
{
	int fd;

	if (strcmp(path, "-") == 0)
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		/* a FIFO that nobody reads is an error, not something to wait
		 * for */
		fd = open(path,
			  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
				  O_NONBLOCK,
			  0600);
	return fd < 0 ? -errno : fd;
}

int outlet_file_open(const char *path, struct outlet_file *ret_outlet)
{
	CLEANUP(closep) int fd = open_fd(path);
	struct stat stat;

	if (fd < 0)
		return fd;
	if (fstat(fd, &stat) < 0)
		return -errno;
	*ret_outlet = (struct outlet_file){.path = path,
					   .is_regular = S_ISREG(stat.st_mode)};
	ret_outlet->fd = TAKE_FD(fd);
	return 0;
}

void outlet_file_close(struct outlet_file *outlet)
{
	closep(&outlet->fd);
}

int outlet_file_reopen(struct outlet_file *outlet)
{
	struct outlet_file fresh;
	int r = outlet_file_open(outlet->path, &fresh);

	if (r < 0)
		return r;
	outlet_file_close(outlet);
	*outlet = fresh;
	return 0;
}

static bool has_room(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & POLLOUT;
}

int outlet_file_tell(struct outlet_file *outlet, const char *line, size_t len)
{
	char bytes[NOTICE_LINE_MAX + 1];
	ssize_t written;

	assert(len < NOTICE_LINE_MAX);

	memcpy(bytes, line, len);
	bytes[len++] = '\n';
	if (!outlet->is_regular && !has_room(outlet->fd))
		return -EAGAIN;
	written = write(outlet->fd, bytes, len);
	if (written < 0)
		return -errno;
	if ((size_t)written == len)
		return 0;
	/* a disk that was full in the middle: the next line begins anew */
	(void)!write(outlet->fd, "\n", 1);
	return -ENOSPC;
}
