/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * group_bench.h - a control group of a test's own, and children in it.
 *
 * Every failure that is not the answer looked for fails the test. Processes
 * that are not the test's own are in no group of it.
 */
#pragma once

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

struct group_bench {
	char path[PATH_MAX];
	int fd;
	uint64_t id;
};

/* Prints why and ends the process with status 77, a skip, where there is no
 * place for it, or the process is not root. */
void group_begin(struct group_bench *bench);

/* Whoever is in it, and in groups of it, is killed. */
void group_clear(const struct group_bench *bench);

/* That, and all these groups are removed. */
void group_end(struct group_bench *bench);

/* A child inside that ends with what `fn` returns. */
pid_t group_start(const struct group_bench *bench, int (*fn)(void *arg),
		  void *arg);

/* Its exit status, or the negative number of the signal that ended it. */
int group_wait(pid_t child);

/* Both; the child must not be ended by a signal. */
int group_run(const struct group_bench *bench, int (*fn)(void *arg), void *arg);
