// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "rules/base.h"

enum outcome lock_take(struct session *session, const char *name,
		       const char *taken, int *ret_fd)
{
	char socket[PATH_MAX], path[PATH_MAX + NAME_MAX];
	CLEANUP(closep) int fd = -1;

	(void)snprintf(socket, sizeof(socket), "%s", session_socket(session));
	(void)snprintf(path, sizeof(path), "%s/%s", dirname(socket), name);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK
			       ? session_refuse(session, -errno, "%s", taken)
			       : session_refuse(session, -errno,
						"cannot lock %s: %s", path,
						strerror(errno));
	*ret_fd = TAKE_FD(fd);
	return OUTCOME_DONE;
}
