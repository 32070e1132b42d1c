/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_watched.h - the paths whose reading is told: what is nobody's business
 * but its owner's and that of few programs.
 *
 * Of the system, and below the home of root and of each user with a number
 * from 1000 on. Homes are told as the kernel resolves them. A path that is
 * longer than the kernel side takes is left out.
 *
 * Owns		its paths
 * Threads	any
 */
#pragma once

#include <stddef.h>

#define HOST_HOMES_MAX 256

struct host_watched {
	const char **paths; /* with a slash at its end: all below */
	size_t count;
};

/* `passwd` is the path of a file like /etc/passwd; none has no users. `more`:
 * further paths, with commas between them, or "none". */
int host_watched_make(const char *passwd, const char *more,
		      struct host_watched *ret_watched);
void host_watched_done(struct host_watched *watched);
