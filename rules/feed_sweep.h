/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_sweep.h - one walk over prefixes in order, beside others in order.
 *
 * Steps must come in order; both sides may nest. Each walk is linear.
 *
 * Owns		borrows the prefixes until it is no longer stepped
 * Errors	none
 * Threads	no state; any thread
 */
#pragma once

#include "rules/feed_guard.h"

struct feed_sweep {
	struct feed_prefixes over;
	size_t next; /* the first that sorts behind what was asked */
	const struct prefix *outer; /* the last before it that is in no other */
};

/* How `prefix` meets those: bits of enum feed_mark. */
unsigned int feed_sweep_step(struct feed_sweep *sweep,
			     const struct prefix *prefix);

/* Is `prefix` itself among those? After its step. */
bool feed_sweep_has(const struct feed_sweep *sweep,
		    const struct prefix *prefix);

/* What the prefixes list together: networks in others count once. None of them
 * has all of IPv4 in it. */
struct feed_extent {
	uint64_t addresses_v4;
	uint64_t nets_v6; /* of length 64 */
	uint64_t used_v6; /* of those, that registries have to give out */
	struct prefix last_v4, last_v6; /* that are in no other */
	bool has_v4, has_v6;
};

void feed_extent_add(struct feed_extent *extent, const struct prefix *prefix);

/* All there are of those: eight networks of length 12, and some of 2000::/12. */
#define FEED_USED_V6                                                           \
	(8 * ((uint64_t)1 << 52) + ((uint64_t)1 << 48) + ((uint64_t)1 << 46) + \
	 2 * ((uint64_t)1 << 41))

/* Private and special addresses, in order; nobody has those for documentation,
 * so they are not among them. */
extern const struct feed_prefixes feed_special;
