// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurp.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/base.h"
#include "rules/read_full.h"
#include "rules/wire.h"

static int refuse(char why[SLURP_WHY_MAX], int r, const char *text)
{
	(void)snprintf(why, SLURP_WHY_MAX, "%s", text);
	return r;
}

static int check(const struct stat *stat, char why[SLURP_WHY_MAX])
{
	if (!S_ISREG(stat->st_mode))
		return refuse(why, -EINVAL, "not a file");
	if (stat->st_size > WIRE_BULK_MAX)
		return refuse(why, -EFBIG, "more than 512 MiB");
	if (stat->st_size == 0)
		return refuse(why, -ENODATA,
			      "it is empty, and so is one whose download "
			      "failed: a comment will do if it is meant to be");
	return 0;
}

static int read_whole(int fd, size_t size, char **ret_bytes,
		      char why[SLURP_WHY_MAX])
{
	CLEANUP(freep) char *bytes = malloc(size + 1);
	ssize_t len;

	if (!bytes)
		return refuse(why, -ENOMEM, strerror(ENOMEM));
	len = read_full(fd, bytes, size + 1);
	if (len < 0)
		return refuse(why, (int)len, strerror((int)-len));
	if ((size_t)len != size)
		return refuse(why, -EAGAIN,
			      "it was changed while it was read: write it "
			      "beside, and rename it");
	*ret_bytes = TAKE(bytes);
	return 0;
}

int slurp(const char *path, struct slurped *ret_slurped,
	  char why[SLURP_WHY_MAX])
{
	CLEANUP(closep)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat stat = {0};
	char *bytes = NULL;
	int r;

	assert(ret_slurped);

	if (fd < 0 || fstat(fd, &stat) < 0)
		return refuse(why, -errno, strerror(errno));
	r = check(&stat, why);
	if (r == 0)
		r = read_whole(fd, (size_t)stat.st_size, &bytes, why);
	if (r < 0)
		return r;
	*ret_slurped = (struct slurped){
		.bytes = bytes,
		.len = (size_t)stat.st_size,
		.written_s = stat.st_mtime > 0 ? (uint64_t)stat.st_mtime : 0,
	};
	return 0;
}
