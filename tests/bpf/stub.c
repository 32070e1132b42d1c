// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for any program, for test_sensor_rules.c: does nothing, but for what
 * /.next says the first time: USER, DIRECTORY, PATH and arguments, a NUL behind
 * each, are what it executes in a child. Static, so that it needs no files.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEXT	 "/.next"
#define ARGS_MAX 4096

static char text[1 << 20];

static char *after(char *at)
{
	return at + strlen(at) + 1;
}

static int execute(size_t len)
{
	static char *args[ARGS_MAX];
	char *user = text, *directory = after(user), *path = after(directory);
	char *const none[] = {NULL};
	size_t count = 0;

	for (char *at = after(path); at < text + len && count < ARGS_MAX - 1;
	     at = after(at))
		args[count++] = at;
	if (chdir(directory) < 0 || setuid((uid_t)strtoul(user, NULL, 10)) < 0)
		return 1;
	(void)execve(path, args, none);
	return 1;
}

int main(void)
{
	int fd = open(NEXT, O_RDONLY | O_CLOEXEC), status = 0;
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	pid_t child;

	if (len <= 0)
		return 0;
	(void)unlink(NEXT);
	child = fork();
	if (child == 0)
		_exit(execute((size_t)len));
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 1;
	return status != 0;
}
