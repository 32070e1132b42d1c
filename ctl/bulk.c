// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/bulk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/base.h"
#include "rules/wire.h"

#define CHUNK_BYTES    (256u << 10)
#define PROGRESS_BYTES (8u << 20) /* how much between two lines of progress */

static int write_all(int fd, const char *buf, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, buf, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		buf += done;
		len -= (size_t)done;
	}
	return 0;
}

static void show_progress(uint64_t done, off_t size)
{
	if (size > 0)
		fprintf(stderr, "\rread %3u %%",
			(unsigned int)(100 * done / (uint64_t)size));
	else
		fprintf(stderr, "\rread %u MiB", (unsigned int)(done >> 20));
}

/* Copy up to `max` bytes; a byte more is -EFBIG. `size`: what is expected, or
 * 0; `show`: whether to tell how far it is. */
static int copy(int from, int to, uint64_t max, off_t size, bool show)
{
	CLEANUP(freep) char *buf = malloc(CHUNK_BYTES);
	uint64_t done = 0;
	uint64_t shown = 0;
	ssize_t got;
	int r = 0;

	if (!buf)
		return -ENOMEM;
	do {
		got = read(from, buf, CHUNK_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			r = -errno;
		else if (done + (uint64_t)got > max)
			r = -EFBIG;
		else
			r = write_all(to, buf, (size_t)got);
		done += got > 0 ? (uint64_t)got : 0;
		if (show && done - shown >= PROGRESS_BYTES) {
			show_progress(done, size);
			shown = done;
		}
	} while (r == 0 && got != 0);
	if (shown)
		fputs("\r\033[K", stderr);
	return r;
}

static bool is_dash(const char *path)
{
	return !strcmp(path, "-");
}

int bulk_new(int *ret_fd)
{
	int fd;

	assert(ret_fd);

	fd = memfd_create("fwctl", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int bulk_from_file(const char *path, int *ret_fd)
{
	CLEANUP(closep) int opened = -1;
	CLEANUP(closep) int fd = -1;
	struct stat status;
	int from = STDIN_FILENO;
	int r;

	assert(path);
	assert(ret_fd);

	if (!is_dash(path)) {
		opened = open(path, O_RDONLY | O_CLOEXEC);
		if (opened < 0)
			return -errno;
		from = opened;
	}
	if (fstat(from, &status) < 0)
		return -errno;
	if (status.st_size > (off_t)WIRE_BULK_MAX)
		return -EFBIG;
	r = bulk_new(&fd);
	if (r == 0)
		r = copy(from, fd, WIRE_BULK_MAX, status.st_size,
			 isatty(STDERR_FILENO));
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) <
	    0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* A device or a pipe is written into: renaming would do away with it. */
static int write_into(int fd, const char *path)
{
	CLEANUP(closep) int to = open(path, O_WRONLY | O_CLOEXEC);

	return to < 0 ? -errno : copy(fd, to, UINT64_MAX, 0, false);
}

/* Write beside `path`, then take its place. */
static int replace_file(int fd, const char *path)
{
	CLEANUP(freep) char *draft = NULL;
	CLEANUP(closep) int to = -1;
	int r;

	if (asprintf(&draft, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	to = mkostemp(draft, O_CLOEXEC);
	if (to < 0)
		return -errno;
	r = copy(fd, to, UINT64_MAX, 0, false);
	if (r == 0 && fsync(to) < 0)
		r = -errno;
	if (r == 0 && rename(draft, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(draft);
	return r;
}

int bulk_to_file(int fd, const char *path)
{
	struct stat status;

	assert(path);

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	if (is_dash(path))
		return copy(fd, STDOUT_FILENO, UINT64_MAX, 0, false);
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return write_into(fd, path);
	return replace_file(fd, path);
}

int bulk_from_stdin(char **ret_text, size_t *ret_len)
{
	CLEANUP(closep) int fd = -1;
	CLEANUP(freep) char *text = NULL;
	struct stat status;
	int r;

	assert(ret_text);
	assert(ret_len);

	r = bulk_from_file("-", &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &status) < 0)
		return -errno;
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return -ENOMEM;
	for (off_t at = 0; at < status.st_size;) {
		ssize_t got =
			pread(fd, text + at, (size_t)(status.st_size - at), at);

		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		at += got;
	}
	*ret_len = (size_t)status.st_size;
	*ret_text = TAKE(text);
	return 0;
}

const char *bulk_error(int error)
{
	_Static_assert(WIRE_BULK_MAX >> 20 == 512, "say the limit below");

	return error == -EFBIG ? "longer than 512 MiB" : strerror(-error);
}
