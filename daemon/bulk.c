// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK)

static int refuse(struct call *call, int error, const char *what,
		  const char *why)
{
	call_refuse(call, error, "the %s that came along: %s", what, why);
	return error;
}

int bulk_map_any(struct call *call, const char *what, char **ret_text,
		 size_t *ret_bytes)
{
	struct stat stat;
	void *text;
	int seals;

	if (call->fd < 0)
		return refuse(call, -EINVAL, what,
			      "expected a sealed memfd with the request");
	seals = fcntl(call->fd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS)
		return refuse(call, -EINVAL, what,
			      "expected a memfd sealed against writing and "
			      "shrinking");
	if (fstat(call->fd, &stat) < 0 || stat.st_size > WIRE_BULK_MAX)
		return refuse(call, -EFBIG, what, "more than 512 MiB");
	*ret_text = NULL;
	*ret_bytes = 0;
	if (stat.st_size == 0)
		return 0;
	text = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE,
		    call->fd, 0);
	if (text == MAP_FAILED)
		return refuse(call, -errno, what, "it cannot be mapped");
	*ret_text = text;
	*ret_bytes = (size_t)stat.st_size;
	return 0;
}

int bulk_map(struct call *call, const char *what, char **ret_text,
	     size_t *ret_bytes)
{
	int r = bulk_map_any(call, what, ret_text, ret_bytes);

	if (r == 0 && *ret_bytes == 0)
		return refuse(call, -ENODATA, what, "it is empty");
	return r;
}

int bulk_write(int fd, const char *text, size_t bytes)
{
	size_t done = 0;

	if (ftruncate(fd, 0) < 0)
		return -errno;
	while (done < bytes) {
		ssize_t n = pwrite(fd, text + done, bytes - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}
