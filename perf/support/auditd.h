/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auditd.h - the real auditd, with rules for what the sensor sees, too.
 *
 * It tells executions, connects and files opened for writing, as Debian's
 * package configures it, but for its log, which is in a directory of ours.
 *
 *	1. It takes over nothing: where the kernel audits already, or has rules,
 *	   -EBUSY.
 *	2. Its rules, and what else was set, are undone when this process is
 *	   gone, however it ends.
 *	3. While it does not run, processes that begin are not audited. Without
 *	   that the kernel, once it has audited, would go on looking at all of
 *	   their calls until it is booted anew; so what began before, and what
 *	   begins when all is undone.
 *
 * Owns		the daemon, the rules with its key
 * Errors	negative errno; -ENOENT: the package is not installed; what went
 *		wrong is on standard error
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct auditd {
	pid_t pid; /* 0: it does not run */
	pid_t keeper; /* undoes everything; 0: there is none */
	int keeper_fd; /* -1: there is none */
	const char *dir; /* borrowed */
};

#define AUDITD_NONE ((struct auditd){.keeper_fd = -1})

/* It does not run yet; its configuration and log are below `dir`. */
int auditd_open(const char *dir, struct auditd *ret_auditd);
void auditd_close(struct auditd *auditd);

/* It listens, and all rules are in force, when this returns. */
int auditd_start(struct auditd *auditd);
int auditd_stop(struct auditd *auditd);

/* What daemon and kernel have run for it, in seconds. */
double auditd_cpu_s(const struct auditd *auditd);

/* How many records the kernel has thrown away so far. */
int auditd_lost(uint64_t *ret_count);
