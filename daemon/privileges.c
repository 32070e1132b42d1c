// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "rules/base.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

/* What libbpf, libxdp, libnl, libevent, LMDB and libc make after the start. */
static const int allowed_calls[] = {
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(msync),
	/* files: the store, pins, /proc, memfds that clients send */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(preadv),
	SCMP_SYS(pwritev),
	SCMP_SYS(lseek),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(rmdir),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(flock),
	SCMP_SYS(fcntl),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),
	SCMP_SYS(dup),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(ioctl),
	SCMP_SYS(getcwd),
	SCMP_SYS(umask),
	SCMP_SYS(fanotify_mark), /* of files that may not run */
	/* sockets: control, netlink, notify */
	SCMP_SYS(socket),
	SCMP_SYS(bind),
	SCMP_SYS(connect),
	SCMP_SYS(listen),
	SCMP_SYS(accept4),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(shutdown),
	/* the loop and the threads */
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(eventfd2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(futex),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(tgkill),
	SCMP_SYS(pidfd_send_signal), /* to whom takes a capability, too */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(adjtimex), /* setting takes a capability we have not */
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getrandom),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(prlimit64),
	SCMP_SYS(setrlimit),
	SCMP_SYS(getrlimit),
	SCMP_SYS(sched_getaffinity),
	/* what it is all for */
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
};

int privileges_realtime(void)
{
	const struct sched_param param = {.sched_priority = 1};

	/* Reset on fork: what libraries start does not inherit it. */
	return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) <
			       0
		       ? -errno
		       : 0;
}

static bool has(unsigned int capability)
{
	return capng_have_capability(CAPNG_PERMITTED, capability) == 1;
}

bool privileges_permitted(const struct privileges *wanted)
{
	return capng_get_caps_process() == 0 &&
	       (!wanted->sys_admin || has(CAP_SYS_ADMIN)) &&
	       (!wanted->read_search || has(CAP_DAC_READ_SEARCH)) &&
	       (!wanted->kill || has(CAP_KILL)) &&
	       (!wanted->ptrace || has(CAP_SYS_PTRACE));
}

int privileges_drop(const struct privileges *kept)
{
	const capng_type_t both = CAPNG_EFFECTIVE | CAPNG_PERMITTED;
	const struct {
		bool is_kept;
		unsigned int capability;
	} rows[] = {
		{true, CAP_BPF},	{true, CAP_PERFMON},
		{true, CAP_NET_ADMIN},	{kept->sys_admin, CAP_SYS_ADMIN},
		{kept->kill, CAP_KILL}, {kept->ptrace, CAP_SYS_PTRACE},
	};

	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].is_kept &&
		    capng_update(CAPNG_ADD, both, rows[i].capability) < 0)
			return -EPERM;
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int privileges_sandbox(void)
{
	scmp_filter_ctx filter;
	int r = 0;

	if (HAS_SANITIZER)
		return 1;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(allowed_calls) && r == 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i],
				     0);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
