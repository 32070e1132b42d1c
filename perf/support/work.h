/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * work.h - what hosts do all day, for a sensor to watch.
 *
 *	forkexec	/bin/true started and waited for
 *	build		sources copied by tar, some of them compiled, an archive
 *			made, all of it removed
 *	connect		TCP over loopback, a connection after the other, each
 *			to another address, and accepted
 *
 * Times	of the processors, user's and kernel's, in seconds
 * Errors	negative errno; what other programs say is on standard error
 */
#pragma once

enum work {
	WORK_FORKEXEC,
	WORK_BUILD,
	WORK_CONNECT,
	WORK_COUNT
};

extern const char *const work_names[WORK_COUNT];

/* /bin/true, and its end. */
int work_spawn(void);

/* Does it once, in a process of its own, which began when this was called;
 * how long that and all that it began had a processor. `dir` is for what it
 * writes. Loopback is up where it connects. */
int work_run(enum work work, const char *dir, double *ret_s);
