/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_end.h - a feed, or what it lists, goes.
 *
 * Threads	event loop
 */
#pragma once

#include <stdint.h>

#include "daemon/feeds.h"

typedef void feed_end_fn(void *arg, int r, const char *why);

/* Too old to be believed: its members go, the definition stays, and an alert
 * says so. */
void feed_end_expire(struct daemon *daemon, struct feed_slot *slot);

/* The feed goes, and its set with all members. */
void feed_end_drop(struct daemon *daemon, struct feed_slot *slot, uint32_t uid,
		   feed_end_fn *done, void *arg);
