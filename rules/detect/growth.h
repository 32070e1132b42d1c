/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * growth.h - how the ttl of a rule's block grows with the bans of its peer
 * before it; rules/detect/offences.h says how those are counted.
 *
 * Times	seconds
 * Threads	values
 */
#pragma once

#include <stdint.h>

#define DETECT_TTL_MAX_S 2592000u /* of a block, whatever it says: 30 days */

struct detect_growth {
	uint32_t by; /* 0: it does not, and the ban is not counted */
	uint64_t until_s; /* no longer than this */
	uint64_t forget_s; /* after the end of the last ban */
};

#define DETECT_GROWTH_DEFAULT              \
	((struct detect_growth){           \
		.by = 4,                   \
		.until_s = 7 * 86400ull,   \
		.forget_s = 30 * 86400ull, \
	})

/* How long the ban lasts that comes behind so many: `ttl_s`, as many times
 * multiplied, but no longer than `until_s` unless it is longer itself. */
static inline uint64_t growth_ttl_s(const struct detect_growth *growth,
				    uint64_t ttl_s, uint32_t bans)
{
	uint64_t most_s = growth->until_s > ttl_s ? growth->until_s : ttl_s;

	if (growth->by < 2)
		return ttl_s;
	while (bans-- > 0 && ttl_s < most_s)
		ttl_s = ttl_s > most_s / growth->by ? most_s
						    : ttl_s * growth->by;
	return ttl_s;
}
