// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "images/fetch-feed/confine.h"
#include "rules/base.h"

#define PART_NAME_MAX 32

/* What is asked of the keeper; it answers 0 or a negative errno, as an int. */
#define WORD_KEEP 'k'

struct part {
	int dir_fd;
	char temporary[PART_NAME_MAX];
	char name[NAME_MAX + 1];
};

static int open_directory(const char *path, struct part *part)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const ptrdiff_t count = name - path; /* with the slash */
	char directory[PATH_MAX] = ".";
	struct stat status;

	if (count >= (ptrdiff_t)sizeof(directory) ||
	    strlen(name) >= sizeof(part->name))
		return -ENAMETOOLONG;
	if (!*name)
		return -EISDIR;
	memcpy(part->name, name, strlen(name) + 1);
	if (slash)
		(void)snprintf(directory, sizeof(directory), "%.*s", (int)count,
			       path);
	part->dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (part->dir_fd < 0)
		return -errno;
	if (fstatat(part->dir_fd, part->name, &status, 0) == 0 &&
	    S_ISDIR(status.st_mode))
		return -EISDIR;
	return 0;
}

static int open_part(struct part *part, int *ret_fd)
{
	unsigned number;
	int fd;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	(void)snprintf(part->temporary, sizeof(part->temporary),
		       ".fetch-feed-%08x", number);
	fd = openat(part->dir_fd, part->temporary,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* The bytes are on the disk by now; whether the name is, is no reason to call
 * an output failed that has taken it. */
static int give_name(const struct part *part)
{
	if (renameat(part->dir_fd, part->temporary, part->dir_fd, part->name) <
	    0)
		return -errno;
	(void)fsync(part->dir_fd);
	return 0;
}

static void say(int fd, int r)
{
	(void)!write(fd, &r, sizeof(r));
}

/* All descriptors but these two: the other end of the socket above all, whose
 * last copy must be the one of who is served. */
static void close_others(int a, int b)
{
	const unsigned low = (unsigned)(a < b ? a : b);
	const unsigned high = (unsigned)(a < b ? b : a);

	if (low > 0)
		(void)close_range(0, low - 1, 0);
	if (high > low + 1)
		(void)close_range(low + 1, high - 1, 0);
	(void)close_range(high + 1, ~0U, 0);
}

/* The life of the keeper. Whoever ends the other by a signal to all must not
 * end what cleans up after it. */
_Noreturn static void keep(const struct part *part, int fd)
{
	char word = 0;
	int r;

	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	close_others(part->dir_fd, fd);
	r = confine_keeper();
	say(fd, r);
	if (r == 0 && read(fd, &word, 1) == 1 && word == WORD_KEEP) {
		r = give_name(part);
		say(fd, r);
		if (r == 0)
			_exit(0);
	}
	(void)unlinkat(part->dir_fd, part->temporary, 0);
	_exit(1);
}

/* What the keeper says; an end without a word is -EPIPE. */
static int hear(int fd)
{
	int r;

	return recv(fd, &r, sizeof(r), MSG_WAITALL) == sizeof(r) ? r : -EPIPE;
}

static int start_keeper(const struct part *part, int *ret_fd)
{
	CLEANUP(closep) int ours = -1;
	CLEANUP(closep) int theirs = -1;
	int pair[2];
	pid_t pid;
	int r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		keep(part, theirs);
	closep(&theirs);
	r = hear(ours);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(ours);
	return 0;
}

int output_open(const char *path, struct output *ret_output)
{
	struct part part = {.dir_fd = -1};
	CLEANUP(closep) int fd = -1;
	int keeper_fd = -1;
	int r = open_directory(path, &part);

	if (r == 0)
		r = open_part(&part, &fd);
	if (r == 0) {
		r = start_keeper(&part, &keeper_fd);
		if (r < 0)
			(void)unlinkat(part.dir_fd, part.temporary, 0);
	}
	closep(&part.dir_fd);
	if (r == 0)
		*ret_output = (struct output){
			.fd = TAKE_FD(fd),
			.keeper_fd = keeper_fd,
		};
	return r;
}

int output_keep(struct output *output)
{
	const char word = WORD_KEEP;

	if (fsync(output->fd) < 0)
		return -errno;
	if (send(output->keeper_fd, &word, 1, MSG_NOSIGNAL) != 1)
		return -errno;
	return hear(output->keeper_fd);
}

void output_close(struct output *output)
{
	closep(&output->fd);
	if (output->keeper_fd < 0)
		return;
	(void)shutdown(output->keeper_fd, SHUT_WR);
	while (hear(output->keeper_fd) != -EPIPE)
		;
	closep(&output->keeper_fd);
}
