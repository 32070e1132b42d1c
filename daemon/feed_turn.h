/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_turn.h - versions of feeds take turns: a few are under way at once, the
 * others wait in the order they came.
 *
 * With several of them one is read while others are written and applied, and
 * small ones are stored together. But each holds its list in memory, and room
 * in the table for all of it, so they are few when lists are long.
 *
 * Threads	event loop
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define FEED_TURNS_MAX	     8
#define FEED_TURNS_BYTES_MAX (6u << 20) /* but always one */

struct feed_turn {
	void (*run)(void *arg);
	void *arg;
	size_t bytes; /* of the list */
	struct feed_turn *next;
};

struct feed_turns {
	struct feed_turn *first; /* that waits */
	size_t running, bytes; /* under way */
	bool is_starting;
};

/* Run it, now or later. */
void feed_turns_take(struct feed_turns *turns, struct feed_turn *turn);

/* One that ran is over; it is not used any more. */
void feed_turns_end(struct feed_turns *turns, const struct feed_turn *turn);
