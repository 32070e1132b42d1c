/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * subject.h - a process that something is to be done to, as the kernel has it
 * now.
 *
 * A descriptor of its directory below /proc stands for the process itself: it
 * is never one of another process that has its number later, and the kernel
 * takes it for a pidfd. So what was looked at is what is acted upon.
 *
 * Needs	CAP_SYS_PTRACE to read what other users' processes run, and that
 *		/proc shows them (hidepid, ProtectProc=); CAP_KILL to end them
 * Times	CLOCK_BOOTTIME, to the tick
 * Errors	negative errno
 * Threads	no state; any thread
 */
#pragma once

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/event/process.h"
#include "rules/detect/event.h"

struct subject {
	int dir; /* of it below /proc, and its pidfd */
	struct process_id id; /* its start is that of a tick */
	bool is_kernel; /* a thread of the kernel's own */
	bool is_known; /* of a process: what follows could be found out */
	char exe[PATH_MAX];
	char cgroup[PATH_MAX];
};

/* Is it the same process, as far as a tick tells? */
static inline bool subject_is(const struct process_id *a,
			      const struct process_id *b)
{
	return a->pid == b->pid && a->start_ns / PROCESS_ROUGH_TICK_NS ==
					   b->start_ns / PROCESS_ROUGH_TICK_NS;
}

/*
 * The process that had this number at that time. -ESRCH when it has ended, or
 * the number is another's; -EACCES when it is there and /proc does not show it.
 */
int subject_open(const struct process_id *id, struct subject *ret_subject);

/* Whoever has the number now. */
int subject_open_pid(uint32_t pid, struct subject *ret_subject);

void subject_close(struct subject *subject);

/* No signal can be caught or ignored later than this one. -ESRCH. */
int subject_end(const struct subject *subject);

/* Is it still there? A process that has ended and is waited for is not. */
bool subject_lives(const struct subject *subject);

/* What is in a directory of it, as "task"; NULL when that cannot be read. */
DIR *subject_list(const struct subject *subject, const char *name);

/* Who began it, or took it on. -ESRCH: nobody, or it is gone, or the parent. */
int subject_parent_of(uint32_t pid, struct process_id *ret_parent);
