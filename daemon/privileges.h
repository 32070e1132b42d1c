/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * privileges.h - what the daemon gives away once it has what it needs.
 *
 * Kept: CAP_BPF and CAP_PERFMON (maps, programs), CAP_NET_ADMIN (attach,
 * interfaces), and CAP_SYS_ADMIN only where shared gates were asked for, as
 * libxdp's dispatcher needs it. No new privileges, and of the system calls
 * only those that the daemon makes after its start; others answer EPERM.
 *
 * Errors	negative errno
 */
#pragma once

#include <stdbool.h>

/* Ask for SCHED_FIFO at its lowest priority, for this thread only. */
int privileges_realtime(void);

int privileges_drop(bool keep_sys_admin);

/* Filter system calls of all threads; a build with sanitizers is left as it
 * is (they make calls of their own): 1. */
int privileges_sandbox(void);
