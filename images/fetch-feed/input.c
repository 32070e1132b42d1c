// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "rules/base.h"

#define STEP_BYTES 4096

/* -EPERM, if others can read it, or wrote it. */
static int check_secret(const struct stat *status)
{
	if (status->st_mode & (S_IXUSR | S_IRWXG | S_IRWXO))
		return -EPERM;
	return status->st_uid == 0 || status->st_uid == getuid() ? 0 : -EPERM;
}

int input_read_fd(int fd, size_t max_bytes, char **ret_text, size_t *ret_bytes)
{
	CLEANUP(freep) char *text = NULL;
	size_t count = 0;
	ssize_t got;

	do {
		char *longer = realloc(text, count + STEP_BYTES + 1);

		if (!longer)
			return -ENOMEM;
		text = longer;
		got = read(fd, text + count, STEP_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		count += (size_t)got;
		if (count > max_bytes)
			return -EFBIG;
	} while (got != 0);
	text[count] = '\0';
	*ret_bytes = count;
	*ret_text = TAKE(text);
	return 0;
}

int input_read(const char *path, enum input_kind kind, size_t max_bytes,
	       char **ret_text, size_t *ret_bytes)
{
	/* a FIFO does not keep us waiting before it is refused */
	CLEANUP(closep)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (kind == INPUT_SECRET) {
		r = check_secret(&status);
		if (r < 0)
			return r;
	}
	return input_read_fd(fd, max_bytes, ret_text, ret_bytes);
}
