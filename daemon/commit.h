/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * commit.h - make changes durable on the worker, then go on on the loop.
 *
 * Threads	commit_submit() and the done function: event loop
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/daemon.h"

/* `r` is 0, or why nothing was stored. */
typedef void commit_done_fn(void *arg, int r);

struct commit_order {
	struct change *changes; /* malloc'ed, taken; what their reasons point to
				 * must live until `done` */
	size_t count;
	uint32_t uid; /* whose request it is */
	commit_done_fn *done; /* always called, once */
	void *arg;
};

/* The journal line is printf's. */
__attribute__((format(printf, 3, 4))) void
commit_submit(struct daemon *daemon, const struct commit_order *order,
	      const char *format, ...);

/* What the store said of a commit that was made elsewhere on the worker: keeps
 * `usage` for status, and raises or clears the alert. */
void commit_report(struct daemon *daemon, int r,
		   const struct store_usage *usage);
