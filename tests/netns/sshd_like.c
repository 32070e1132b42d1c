// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sshd_like.c - begins and ends processes as OpenSSH's sshd does, and speaks no
 * SSH: the line "right" logs in, any other does not.
 *
 *	sshd_like PORT UID NOBODY	listens until it is killed
 *	sshd_like -R UID NOBODY		one connection, which is its input
 *
 * What it is like: the listener begins a process for a connection, which
 * executes sshd again. That begins one which becomes the user UID, whom nobody
 * else is, and ends with 0 when somebody has logged in, and with 255 when the
 * connection ended before. A session is a process of the user who logged in,
 * and it and what has begun it end with 255, as they do when the client goes.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOGIN_FAILED 255

static void become(const char *uid)
{
	uid_t user = (uid_t)strtoul(uid, NULL, 10);

	if (setresuid(user, user, user) < 0)
		_exit(1);
}

/* Who has the connection before anybody has logged in. */
static int authenticate(const char *uid)
{
	char line[32] = "";

	become(uid);
	if (read(STDIN_FILENO, line, sizeof(line) - 1) < 0)
		return LOGIN_FAILED;
	return strcmp(line, "right\n") == 0 ? 0 : LOGIN_FAILED;
}

static int be_session(const char *nobody)
{
	char end;

	become(nobody);
	if (write(STDIN_FILENO, "welcome\n", 8) < 0)
		return LOGIN_FAILED;
	while (read(STDIN_FILENO, &end, 1) > 0)
		;
	return LOGIN_FAILED;
}

/* The status of a process that runs `fn`. */
static int status_of(int (*fn)(const char *uid), const char *uid)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn(uid));
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return LOGIN_FAILED;
	return WEXITSTATUS(status);
}

static int serve(char **argv)
{
	int status = status_of(authenticate, argv[2]);

	return status == 0 ? status_of(be_session, argv[3]) : status;
}

static int listener(const char *port)
{
	struct sockaddr_in6 end = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)strtoul(port, NULL, 10)),
	};
	const int on = 1;
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&end, sizeof(end)) < 0 ||
	    listen(fd, 64) < 0)
		return -1;
	return fd;
}

static void begin(int connection, char **argv)
{
	char *const again[] = {argv[0], (char[]){"-R"}, argv[2], argv[3], NULL};

	(void)signal(SIGCHLD, SIG_DFL);
	if (dup2(connection, STDIN_FILENO) >= 0)
		(void)execv("/proc/self/exe", again);
	_exit(1);
}

int main(int argc, char **argv)
{
	int fd, connection;

	if (argc != 4)
		return 2;
	if (strcmp(argv[1], "-R") == 0)
		return serve(argv);
	(void)signal(SIGCHLD, SIG_IGN);
	fd = listener(argv[1]);
	if (fd < 0)
		return 1;
	for (;;) {
		connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (connection < 0 && errno != EINTR && errno != ECONNABORTED)
			return 1;
		if (connection < 0)
			continue;
		if (fork() == 0)
			begin(connection, argv);
		(void)close(connection);
	}
}
