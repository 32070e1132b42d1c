/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * abandoned.h - processes that an earlier fwd has put into quarantine, when
 * this one has none: they stay in the group, and nobody refuses them anything.
 *
 * That is an alert, until the group is empty; it is looked at every few
 * seconds.
 *
 * Threads	event loop only
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

struct daemon;
struct event;

struct abandoned {
	struct event *tick; /* NULL: there are none */
	char path[PATH_MAX]; /* of the group */
};

/* Behind acting_start(). */
int abandoned_start(struct daemon *daemon);
void abandoned_stop(struct abandoned *abandoned);

/* Why there is no quarantine; NULL: there is one. */
const char *abandoned_why(const struct daemon *daemon);
