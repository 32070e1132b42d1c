// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * forbidden - behind the filter of fetch-feed, what takes it further is refused.
 *
 * Makes one call after the other that must answer EPERM, and prints its name;
 * ends with 1 at one that does not. Run as root, which could do all of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "images/fetch-feed/confine.h"

static int check(const char *name, long result)
{
	if (result >= 0 || errno != EPERM) {
		(void)fprintf(stderr, "%s: result %ld, errno %d\n", name,
			      result, errno);
		return -1;
	}
	(void)printf("%s\n", name);
	return 0;
}

#define REFUSED(call) (errno = 0, check(#call, (long)(call)))

int main(void)
{
	char *const none[] = {NULL};
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	int r = 0;

	if (confine_calls() < 0)
		return 1;
	r |= REFUSED(open("/dev/null", O_WRONLY));
	r |= REFUSED(open("/dev/null", O_RDWR));
	r |= REFUSED(open("/tmp", O_TMPFILE | O_WRONLY, 0600));
	r |= REFUSED(open("/tmp/pcl-forbidden", O_RDONLY | O_CREAT, 0600));
	r |= REFUSED(mkdir("/tmp/pcl-forbidden", 0700));
	r |= REFUSED(rename("/tmp/pcl-forbidden", "/tmp/pcl-forbidden-2"));
	r |= REFUSED(unlink("/tmp/pcl-forbidden"));
	r |= REFUSED(chmod("/tmp/pcl-forbidden", 0700));
	r |= REFUSED(execve("/bin/true", none, none));
	r |= REFUSED(syscall(SYS_fork));
	r |= REFUSED(syscall(SYS_vfork));
	r |= REFUSED(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	r |= REFUSED(unshare(CLONE_NEWUSER));
	r |= REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	r |= REFUSED(kill(getpid(), 0));
	r |= REFUSED(prctl(PR_SET_DUMPABLE, 1));
	r |= REFUSED(setuid(0));
	r |= REFUSED(setrlimit(RLIMIT_CORE, &limit));
	r |= REFUSED(syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL));
	r |= REFUSED(socket(AF_PACKET, SOCK_RAW, 0));
	r |= REFUSED(listen(0, 1));
	r |= REFUSED(ioctl(0, TIOCSTI, "x"));
	r |= REFUSED(syscall(SYS_bpf, 0, NULL, 0));
	r |= REFUSED(syscall(SYS_io_uring_setup, 1, NULL));
	errno = 0;
	if (syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS) {
		(void)fprintf(stderr, "clone3: errno %d\n", errno);
		r = -1;
	}
	return r < 0 ? 1 : 0;
}
