/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sources.h - what many claims say alike: who asked, and why; each kept once.
 *
 * A list of a million addresses gives one reason a million times. Equal
 * (origin, uid, reason) get one number, counted, and gone with the last user.
 * The table grows by one bucket at a time (linear hashing), so no claim ever
 * waits for a rehash.
 *
 * Owns		a copy of each text
 * Errors	-ENOMEM; a failed call has changed nothing
 * Threads	none: event loop only
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/pool.h"

struct source {
	uint32_t next; /* in its bucket */
	uint32_t hash;
	uint32_t user_count;
	uint32_t uid;
	uint8_t origin; /* enum origin */
	char *reason;
};

struct sources {
	struct pool pool; /* of struct source */
	struct pool buckets; /* of uint32_t: number of the first in it */
	uint32_t count;
	uint32_t last; /* asked for last, so likely the next too; or 0 */
	uint64_t seed;
	size_t text_bytes;
};

/* `seed` is any number a stranger cannot guess. */
int sources_init(struct sources *sources, uint64_t seed);
void sources_done(struct sources *sources);

/* The number of such a source, with one user more. */
int sources_hold(struct sources *sources, uint8_t origin, uint32_t uid,
		 const char *reason, uint32_t *ret_id);

/* One user less. */
void sources_release(struct sources *sources, uint32_t id);

/* See pool_prepare(). */
void sources_prepare(struct sources *sources, const struct pool_touch *touch);

size_t sources_bytes(const struct sources *sources);

static inline struct source *sources_at(const struct sources *sources,
					uint32_t id)
{
	return pool_at(&sources->pool, id, sizeof(struct source));
}
