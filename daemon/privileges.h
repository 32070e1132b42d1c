/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * privileges.h - what the daemon gives away once it has what it needs.
 *
 * Kept: CAP_BPF and CAP_PERFMON (maps, programs), CAP_NET_ADMIN (attach,
 * interfaces). Others only where they were asked for: CAP_SYS_ADMIN for shared
 * gates, as libxdp's dispatcher needs it; CAP_KILL and CAP_SYS_PTRACE for steps
 * of detection that end processes or shut them in. The exec denylist takes
 * CAP_SYS_ADMIN at the start, and keeps CAP_DAC_READ_SEARCH in a thread of its
 * own, which is begun before. No new privileges, and of the system calls
 * only those that the daemon makes after its start; others answer EPERM.
 *
 * Errors	negative errno
 */
#pragma once

#include <stdbool.h>

/* Ask for SCHED_FIFO at its lowest priority, for this thread only. */
int privileges_realtime(void);

struct privileges {
	bool sys_admin, kill, ptrace; /* kept beside what always is */
	bool read_search; /* CAP_DAC_READ_SEARCH; asked for only */
};

/* Could they be kept? A unit may have bounded them away. */
bool privileges_permitted(const struct privileges *wanted);

int privileges_drop(const struct privileges *kept);

/* Filter system calls of all threads; a build with sanitizers is left as it
 * is (they make calls of their own): 1. */
int privileges_sandbox(void);
