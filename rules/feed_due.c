// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feed_due.h"

#include <assert.h>

#include "rules/base.h"

#define SPREAD_PARTS 10 /* a tenth of the interval */

static const char *const age_names[] = {
	[FEED_AGE_FRESH] = "fresh",
	[FEED_AGE_LATE] = "late",
	[FEED_AGE_STALE] = "stale",
	[FEED_AGE_EXPIRED] = "expired",
};
_Static_assert(ARRAY_LEN(age_names) == FEED_AGE_COUNT, "");

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* FNV-1a, and a last stir: the bits of short names are poorly mixed. */
static uint32_t hash_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	hash ^= hash >> 15;
	return hash * 0x9e3779b1u;
}

/* From 0 up to a tenth of the interval. */
static uint64_t spread_s(const struct feed *feed)
{
	uint64_t width = feed->interval_s / SPREAD_PARTS;

	return hash_of(feed->name) * (width + 1) >> 32;
}

/* How long after the last try. */
static uint64_t wait_s(const struct feed *feed, uint32_t failures)
{
	uint64_t interval = feed->interval_s;
	uint64_t wait = interval;

	if (failures > FEED_FAILURES_SOON)
		wait = most(interval,
			    least(interval * (failures - FEED_FAILURES_SOON),
				  FEED_BACKOFF_MAX_S));
	else if (failures > 0)
		wait = interval / 2;
	return wait + spread_s(feed);
}

uint64_t feed_soonest_s(const struct feed *feed, const struct feed_times *times,
			uint64_t now_s)
{
	uint64_t tried, asked;

	assert(feed);
	assert(times);

	if (times->tried_s == 0)
		return 0;
	tried = least(times->tried_s, now_s);
	asked = least(times->retry_after_s, tried + FEED_RETRY_MAX_S);
	return most(tried + feed->min_interval_s, asked);
}

uint64_t feed_due_s(const struct feed *feed, const struct feed_times *times,
		    uint64_t now_s)
{
	uint64_t soonest = feed_soonest_s(feed, times, now_s);

	if (times->tried_s == 0)
		return 0;
	return most(least(times->tried_s, now_s) +
			    wait_s(feed, times->failures),
		    soonest);
}

enum feed_age feed_age_of(const struct feed *feed,
			  const struct feed_times *times, uint64_t now_s)
{
	uint64_t interval, age;

	assert(feed);
	assert(times);

	if (times->good_s == 0 || times->good_s >= now_s)
		return FEED_AGE_FRESH;
	interval = feed->interval_s;
	age = now_s - times->good_s;
	if (age >= feed->expires_after_s)
		return FEED_AGE_EXPIRED;
	if (age >= most(FEED_STALE_S, 3 * interval))
		return FEED_AGE_STALE;
	return age >= 2 * interval ? FEED_AGE_LATE : FEED_AGE_FRESH;
}

const char *feed_age_name(enum feed_age age)
{
	assert(age < FEED_AGE_COUNT);

	return age_names[age];
}
