/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * post.h - one post after the other, over HTTP.
 *
 *	1. https, but for a place on this machine, and that is asked of the
 *	   address that is connected to, whatever its name is.
 *	2. No redirects: keys go to the place that was named.
 *	3. What a server answers is thrown away, but for its status and when to
 *	   come again.
 *
 * Times	milliseconds of CLOCK_MONOTONIC
 * Errors	negative errno
 * Threads	none; one owner
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "images/send-alerts/order.h"

#define POST_TIMEOUT_S 30

struct post;

/* Borrows the order for its life. */
int post_new(const struct order *order, struct post **ret_post);
void post_free(struct post *post);

/* Begin; `body` is borrowed until it is done. */
int post_begin(struct post *post, const char *body, size_t len);

enum post_result {
	POST_RUNS,
	POST_DONE,
	POST_RETRY, /* later it may do */
	POST_REFUSED, /* and would be again */
};

/* What became of the one that was begun. */
struct post_answer {
	long status; /* of HTTP; 0: there was none */
	uint64_t retry_after_s; /* 0: it did not say */
	char why[256]; /* of what has failed */
};

/* Wait for at most so long, for this and for `fd` to have something to read
 * (-1: not for that). */
enum post_result post_turn(struct post *post, int fd, int wait_ms,
			   struct post_answer *ret_answer);
