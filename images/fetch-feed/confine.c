// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/base.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

#define MEMORY_BYTES_MAX (768L << 20)
#define FILES_MAX	 64
#define ANSWER_BYTES	 (64L << 10)

/* A call is allowed if (argument & mask) == value; mask 0 asks nothing. */
struct allowed_call {
	int number;
	unsigned argument;
	unsigned long mask;
	unsigned long value;
};

#define CALL(name)                      \
	{                               \
		SCMP_SYS(name), 0, 0, 0 \
	}
#define CALL_IF(name, at, mask, value)          \
	{                                       \
		SCMP_SYS(name), at, mask, value \
	}

#define ALL	  (~0UL)
#define INT	  0xffffffffUL /* the kernel reads no more of an int */
#define OPEN_BITS (O_ACCMODE | O_CREAT | O_TRUNC)

static const struct allowed_call keeper_calls[] = {
	CALL(read),	CALL(write), CALL(renameat), CALL(renameat2),
	CALL(unlinkat), CALL(fsync), CALL(exit),     CALL(exit_group),
};

/* What libcurl, OpenSSL, zlib, jansson and libc make: the resolver has a thread
 * of its own and loads modules, OpenSSL reads certificates. */
static const struct allowed_call fetcher_calls[] = {
	/* memory */
	CALL(brk),
	CALL(mmap),
	CALL(munmap),
	CALL(mremap),
	CALL(mprotect),
	CALL(madvise),
	/* files that are open, and others to read */
	CALL(read),
	CALL(write),
	CALL(readv),
	CALL(writev),
	CALL(pread64),
	CALL(lseek),
	CALL_IF(open, 1, OPEN_BITS, O_RDONLY),
	CALL_IF(openat, 2, OPEN_BITS, O_RDONLY),
	CALL(close),
	CALL(fstat),
	CALL(stat),
	CALL(lstat),
	CALL(newfstatat),
	CALL(statx),
	CALL(access),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(readlink),
	CALL(readlinkat),
	CALL(getdents64),
	CALL(getcwd),
	CALL(fcntl),
	CALL(fsync),
	CALL_IF(ioctl, 1, INT, FIONREAD),
	CALL_IF(ioctl, 1, INT, FIONBIO),
	/* sockets: netlink tells the resolver which families there are */
	CALL_IF(socket, 0, INT, AF_INET),
	CALL_IF(socket, 0, INT, AF_INET6),
	CALL_IF(socket, 0, INT, AF_UNIX),
	CALL_IF(socket, 0, INT, AF_NETLINK),
	CALL_IF(socketpair, 0, INT, AF_UNIX),
	CALL(bind),
	CALL(connect),
	CALL(getsockopt),
	CALL(setsockopt),
	CALL(getsockname),
	CALL(getpeername),
	CALL(sendto),
	CALL(sendmsg),
	CALL(sendmmsg),
	CALL(recvfrom),
	CALL(recvmsg),
	CALL(shutdown),
	CALL(pipe2),
	CALL(eventfd2),
	CALL(poll),
	CALL(ppoll),
	/* threads, not processes */
	CALL_IF(clone, 0, CLONE_THREAD, CLONE_THREAD),
	CALL(futex),
	CALL(set_robust_list),
	CALL(rseq),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(restart_syscall),
	CALL(sched_yield),
	CALL(sched_getaffinity),
	CALL_IF(prlimit64, 2, ALL, 0), /* to read */
	CALL(getrlimit),
	CALL(exit),
	CALL(exit_group),
	CALL(tgkill),
	CALL(getpid),
	CALL(gettid),
	CALL(getuid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getegid),
	/* time and chance */
	CALL(clock_gettime),
	CALL(clock_nanosleep),
	CALL(gettimeofday),
	CALL(getrandom),
	CALL(uname),
	CALL(sysinfo),
};

static int allow(scmp_filter_ctx filter, const struct allowed_call *call)
{
	const struct scmp_arg_cmp asked = {
		.arg = call->argument,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = call->mask,
		.datum_b = call->value,
	};

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call->number,
				      call->mask != 0 ? 1 : 0, &asked);
}

static int filter_calls(const struct allowed_call *calls, size_t count)
{
	scmp_filter_ctx filter;
	int r;

	if (HAS_SANITIZER)
		return 0;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return -ENOMEM;
	/* Its flags lie in memory, where a filter cannot look. With this answer
	 * libc makes threads by clone(). */
	r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3),
			     0);
	for (size_t i = 0; i < count && r == 0; i++)
		r = allow(filter, &calls[i]);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

static int forbid_gains(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int confine_keeper(void)
{
	int r;
	bool overrides;

	if (capng_get_caps_process() < 0)
		return -EPERM;
	overrides = capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_OVERRIDE);
	capng_clear(CAPNG_SELECT_CAPS);
	if (overrides &&
	    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			 CAP_DAC_OVERRIDE) < 0)
		return -EPERM;
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	r = forbid_gains();
	return r < 0 ? r : filter_calls(keeper_calls, ARRAY_LEN(keeper_calls));
}

static int become(const struct passwd *user)
{
	capng_flags_t flags = CAPNG_DROP_SUPP_GRP;

	if (user->pw_uid == 0 || user->pw_gid == 0)
		return -EINVAL;
	if (capng_get_caps_process() < 0)
		return -EPERM;
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		flags |= CAPNG_CLEAR_BOUNDING;
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_change_id((int)user->pw_uid, (int)user->pw_gid, flags) < 0)
		return -EPERM;
	return setuid(0) == 0 ? -EPERM : 0; /* there must be no way back */
}

int confine_user(const char *user)
{
	const struct passwd *found;
	int r = 0;

	if (geteuid() == 0) {
		found = getpwnam(user);
		if (!found)
			return -ENOENT;
		r = become(found);
	} else {
		capng_clear(CAPNG_SELECT_CAPS);
		if (capng_apply(CAPNG_SELECT_CAPS) < 0)
			r = -EPERM;
	}
	return r < 0 ? r : forbid_gains();
}

static int bound(int resource, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return -errno;
	if (limit.rlim_max > most)
		limit.rlim_max = most;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &limit) < 0 ? -errno
								    : 0;
}

int confine_resources(long file_bytes)
{
	struct stat status;
	int r;

	/* the answer may go to the end of a longer file */
	if (fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size > file_bytes)
		file_bytes = status.st_size;
	(void)signal(SIGXFSZ, SIG_IGN);
	r = bound(RLIMIT_FSIZE, (rlim_t)(file_bytes + ANSWER_BYTES));
	if (r == 0)
		r = bound(RLIMIT_CORE, 0);
	if (r == 0)
		r = bound(RLIMIT_NOFILE, FILES_MAX);
	if (r == 0 && !HAS_SANITIZER)
		r = bound(RLIMIT_AS, MEMORY_BYTES_MAX);
	return r;
}

int confine_calls(void)
{
	return filter_calls(fetcher_calls, ARRAY_LEN(fetcher_calls));
}
