// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control/listener.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rules/base.h"

#define BACKLOG	    128
#define SOCKET_MODE 0666 /* credentials decide, once connected */

static int make_socket(int *ret_fd)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;

	*ret_fd = fd;
	return 0;
}

/* Does somebody listen there? Knocking is the only way to know. */
static int knock(const struct sockaddr_un *addr)
{
	CLEANUP(closep) int fd = -1;
	int r = make_socket(&fd);

	if (r < 0)
		return r;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0)
		return -EADDRINUSE;

	switch (errno) {
	case ECONNREFUSED:
	case ENOENT:
		return 0;
	case EAGAIN: /* alive, with a full backlog */
	case EPROTOTYPE: /* alive, of another kind */
		return -EADDRINUSE;
	default:
		return -errno;
	}
}

static int clear_way(const struct sockaddr_un *addr)
{
	struct stat st;
	int r;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	r = knock(addr);
	if (r < 0)
		return r;
	if (unlink(addr->sun_path) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

int listener_open(const char *path, int *ret_fd)
{
	CLEANUP(closep) int fd = -1;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int r;

	assert(path);
	assert(ret_fd);

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	r = clear_way(&addr);
	if (r < 0)
		return r;
	r = make_socket(&fd);
	if (r < 0)
		return r;
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	if (chmod(path, SOCKET_MODE) < 0 || listen(fd, BACKLOG) < 0) {
		r = -errno;
		(void)unlink(path);
		return r;
	}

	*ret_fd = TAKE_FD(fd);
	return 0;
}
