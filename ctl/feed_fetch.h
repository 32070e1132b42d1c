/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_fetch.h - fetch-feed, run for one feed.
 *
 * What it fetched is a file in a directory of its own that goes with it; where
 * the list is and the key are told on its standard input, which nobody else
 * can read.
 *
 * Errors	negative errno when it could not be run; what it says of a fetch
 *		is its answer
 */
#pragma once

#include <jansson.h>

#include "rules/base.h"

struct feed_fetch {
	int fd; /* of dir, locked while it is in use; -1 */
	char dir[128]; /* "": there is none */
	char path[144]; /* of what came */
	json_t *answer; /* {"ok", "outcome", ...} of fetch-feed(8) */
};

/* `feed` is the daemon's answer to feed-show; "no_redirects" and "timeout", of
 * seconds, may be added. */
int feed_fetch_run(const json_t *feed, struct feed_fetch *ret_fetch);
void feed_fetch_done(struct feed_fetch *fetch);

/* Remove what is left of those who were killed. */
void feed_fetch_sweep(void);
