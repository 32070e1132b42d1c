// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/work.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "perf/support/shell.h"
#include "rules/base.h"

#define FORKEXECS   750
#define CONNECTIONS 10000
#define PORT	    4445

const char *const work_names[] = {"forkexec", "build", "connect"};

_Static_assert(ARRAY_LEN(work_names) == WORK_COUNT, "");

int work_spawn(void)
{
	char name[] = "true";
	char *argv[] = {name, NULL};
	char *none[] = {NULL};
	pid_t child;
	int r = posix_spawn(&child, "/bin/true", NULL, NULL, argv, none);

	if (r)
		return -r;
	return waitpid(child, NULL, 0) == child ? 0 : -errno;
}

static int forkexec(const char *dir)
{
	int r = 0;

	(void)dir;
	for (int i = 0; i < FORKEXECS && r == 0; i++)
		r = work_spawn();
	return r;
}

static int build(const char *dir)
{
	return shell_run("mkdir '%s/build' && cd '%s/build' && "
			 "tar -C '%s' -cf - rules daemon ctl | tar -xf - && "
			 "for name in prefix set codec duration text trie; do "
			 "cc -std=gnu17 -O1 -I. -c rules/$name.c || exit; "
			 "done && ar rcs all.a *.o && rm -r '%s/build'",
			 dir, dir, PERF_SOURCE_DIR, dir);
}

static int listen_on(int fd)
{
	const struct sockaddr_in any = {.sin_family = AF_INET,
					.sin_port = htons(PORT)};
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    listen(fd, 16) < 0)
		return -errno;
	return 0;
}

/* Ended by a reset, so that no port waits for its time to pass. */
static int connect_one(int listener, uint32_t number)
{
	const struct linger none = {.l_onoff = 1};
	const struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number),
		.sin_port = htons(PORT),
	};
	CLEANUP(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CLEANUP(closep) int accepted = -1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)) < 0 ||
	    connect(fd, (const struct sockaddr *)&peer, sizeof(peer)) < 0)
		return -errno;
	accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return accepted < 0 ? -errno : 0;
}

static int connect_all(const char *dir)
{
	CLEANUP(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -errno : listen_on(fd);

	(void)dir;
	for (uint32_t i = 0; i < CONNECTIONS && r == 0; i++)
		r = connect_one(fd, i);
	return r;
}

static double s_of(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

int work_run(enum work work, const char *dir, double *ret_s)
{
	static int (*const runs[])(const char *) = {forkexec, build,
						    connect_all};
	struct rusage used;
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(-runs[work](dir) & 0xff);
	}
	if (wait4(child, &status, 0, &used) < 0)
		return -errno;
	if (!WIFEXITED(status))
		return -EINTR;
	*ret_s = s_of(&used.ru_utime) + s_of(&used.ru_stime);
	return -WEXITSTATUS(status);
}
