// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/group_bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/enforce/group.h"
#include "rules/base.h"

#define SKIP	77
#define TRIES	2000
#define STEP_US 1000

static void give_up(const char *why)
{
	(void)printf("skipped: %s: %s\n", why, strerror(errno));
	(void)fflush(stdout);
	_Exit(SKIP);
}

void group_begin(struct group_bench *bench)
{
	char root[PATH_MAX];

	*bench = (struct group_bench){.fd = -1};
	errno = -group_root(root);
	if (errno)
		give_up("control groups of version 2 are not mounted");
	(void)snprintf(bench->path, sizeof(bench->path), "%.3000s/fw-test-%d",
		       root, getpid());
	if (mkdir(bench->path, 0700) < 0)
		give_up("a control group cannot be made (run this as root)");
	assert_int_equal(group_open(bench->path, &bench->fd, &bench->id), 0);
}

static void write_group(const char *group, const char *name, const char *text)
{
	char path[PATH_MAX + 64];
	CLEANUP(closep) int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", group, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)!write(fd, text, strlen(text));
}

/* Groups go from the inside out, as soon as who was in them is gone. */
static void remove_group(const char *path)
{
	char inner[PATH_MAX];
	DIR *dir = opendir(path);
	const struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		(void)snprintf(inner, sizeof(inner), "%s/%s", path,
			       entry->d_name);
		remove_group(inner);
	}
	(void)closedir(dir);
	for (int i = 0; rmdir(path) < 0; i++) {
		assert_int_equal(errno, EBUSY);
		assert_true(i < TRIES);
		(void)usleep(STEP_US);
	}
}

void group_clear(const struct group_bench *bench)
{
	write_group(bench->path, "cgroup.kill", "1");
	while (waitpid(-1, NULL, 0) > 0)
		;
}

void group_end(struct group_bench *bench)
{
	group_clear(bench);
	remove_group(bench->path);
	closep(&bench->fd);
}

pid_t group_start(const struct group_bench *bench, int (*fn)(void *arg),
		  void *arg)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child != 0)
		return child;
	write_group(bench->path, "cgroup.procs", "0");
	_exit(fn(arg));
}

int group_wait(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int group_run(const struct group_bench *bench, int (*fn)(void *arg), void *arg)
{
	int status = group_wait(group_start(bench, fn, arg));

	assert_true(status >= 0);
	return status;
}
