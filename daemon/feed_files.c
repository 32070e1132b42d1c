// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/base.h"

#define FOLDER	   "feeds"
#define NEW_FILE   ".new" /* no number: not a version yet */
#define NAME_BYTES 24

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* The folder below one, made if it is not there, durably. */
static int enter(int parent, const char *name)
{
	int fd;

	if (mkdirat(parent, name, 0700) == 0) {
		if (fsync(parent) < 0)
			return -errno;
	} else if (errno != EEXIST) {
		return -errno;
	}
	fd = openat(parent, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_folder(const char *state_dir, const char *name)
{
	CLEANUP(closep)
	int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(closep) int feeds = -1;

	if (state < 0)
		return -errno;
	feeds = enter(state, FOLDER);
	return feeds < 0 ? feeds : enter(feeds, name);
}

static void name_of(uint64_t number, char name[NAME_BYTES])
{
	(void)snprintf(name, NAME_BYTES, "%llu", (unsigned long long)number);
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_new(int folder, const char *text, size_t len)
{
	CLEANUP(closep)
	int fd = openat(folder, NEW_FILE,
			O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			0600);

	return fd < 0 ? -errno : write_all(fd, text, len);
}

int feed_files_write(const char *state_dir, const char *name, uint64_t number,
		     const char *text, size_t len)
{
	CLEANUP(closep) int folder = open_folder(state_dir, name);
	char file[NAME_BYTES];
	int r;

	if (folder < 0)
		return folder;
	name_of(number, file);
	r = write_new(folder, text, len);
	if (r == 0 && renameat(folder, NEW_FILE, folder, file) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(folder, NEW_FILE, 0);
		return r;
	}
	return fsync(folder) < 0 ? -errno : 0;
}

int feed_files_map(const char *state_dir, const char *name, uint64_t number,
		   char **ret_text, size_t *ret_len)
{
	char path[PATH_MAX], file[NAME_BYTES];
	CLEANUP(closep) int fd = -1;
	struct stat stat;
	void *base = NULL;

	name_of(number, file);
	if (snprintf(path, sizeof(path), "%s/" FOLDER "/%s/%s", state_dir, name,
		     file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat) < 0)
		return -errno;
	if (stat.st_size > 0)
		base = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE,
			    fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	*ret_text = base;
	*ret_len = (size_t)stat.st_size;
	return 0;
}

static bool is_number(const char *file, uint64_t number)
{
	char name[NAME_BYTES];

	name_of(number, name);
	return number && strcmp(file, name) == 0;
}

static bool is_kept(const char *file, const struct feed_state *state)
{
	for (size_t i = 0; i < FEED_EARLIER; i++)
		if (is_number(file, state->earlier[i]))
			return true;
	return is_number(file, state->version) ||
	       is_number(file, state->waiting);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void feed_files_keep_state(const char *state_dir, const char *name,
			   const struct feed_state *state)
{
	CLEANUP(closedirp) DIR *dir = NULL;
	const struct dirent *entry;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/" FOLDER "/%s", state_dir, name) >=
	    (int)sizeof(path))
		return;
	dir = opendir(path);
	if (!dir)
		return;
	for (entry = readdir(dir); entry; entry = readdir(dir))
		if (!is_dots(entry->d_name) &&
		    (!state || !is_kept(entry->d_name, state)))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)rmdir(path); /* which fails while a version is in it */
}

void feed_files_sweep(const char *state_dir, feed_files_fn *is_known, void *arg)
{
	CLEANUP(closedirp) DIR *dir = NULL;
	const struct dirent *entry;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/" FOLDER, state_dir) >=
	    (int)sizeof(path))
		return;
	dir = opendir(path);
	if (!dir)
		return;
	for (entry = readdir(dir); entry; entry = readdir(dir))
		if (!is_dots(entry->d_name) && !is_known(arg, entry->d_name))
			feed_files_keep_state(state_dir, entry->d_name, NULL);
}
