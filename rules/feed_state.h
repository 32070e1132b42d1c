/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_state.h - what is remembered of a feed beside its definition: its times,
 * its versions, why the last one is not in force.
 *
 * Versions are numbered from 1, and a number is never given twice. What a
 * version lists is in a file of its own (daemon/feed_files.h); here is only
 * which one is in force, and which one waits for somebody to let it in.
 *
 * As bytes: the numbers in order, then the texts, each behind its length, then
 * the definition up to the end.
 *
 * Times	seconds of the wall clock; 0: never
 * Errors	-EBADMSG for bytes that feed_state_put() does not make
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/feed.h"
#include "rules/feed_due.h"
#include "rules/feed_guard.h"

/* Bytes with the NUL. */
#define FEED_ETAG_MAX	  128
#define FEED_MODIFIED_MAX 64
#define FEED_WHY_MAX	  256
#define FEED_TEXT_MAX	  8192 /* of a definition */

#define FEED_EARLIER 2 /* versions kept to go back to */

#define FEED_STATE_MAX (160 + FEED_ETAG_MAX + FEED_MODIFIED_MAX + FEED_WHY_MAX)

struct feed_state {
	uint64_t version; /* in force; 0: none yet */
	uint64_t earlier[FEED_EARLIER]; /* that were, the last one first */
	uint64_t accepted_s; /* since when */
	uint64_t newest; /* the last number that was given */
	uint64_t waiting; /* held, and could be let in; 0: none */
	uint64_t waiting_s;
	uint64_t shadow_until_s; /* it only counts so long; 0: no more */
	struct feed_times times;
	struct feed_memory memory;
	uint32_t entries; /* of the version in force */
	uint32_t accepted_count, held_count; /* versions so far */
	bool is_stopped; /* by the operator: not fetched */
	bool is_dead; /* says that it is no longer kept */
	/* Of the version in force, as the server named it; "": not at all. */
	char etag[FEED_ETAG_MAX];
	char modified[FEED_MODIFIED_MAX];
	char why[FEED_WHY_MAX]; /* of the last that is not in force; or "" */
};

/* How many bytes it wrote. */
size_t feed_state_put(uint8_t to[FEED_STATE_MAX],
		      const struct feed_state *state);

/* How many bytes it read: what is behind them is the definition. */
int feed_state_get(const uint8_t *from, size_t len,
		   struct feed_state *ret_state, size_t *ret_read);
