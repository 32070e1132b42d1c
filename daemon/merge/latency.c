// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/merge/latency.h"

#include <assert.h>
#include <string.h>

#define STEP_BITS 5

_Static_assert(1 << STEP_BITS == LATENCY_STEPS, "steps are a power of two");
_Static_assert((64 - STEP_BITS + 1) * LATENCY_STEPS == LATENCY_BUCKETS,
	       "every span has a bucket");

/* Spans below LATENCY_STEPS have a bucket each; above, the highest bit picks
 * the group and the five bits under it the step. */
static unsigned int bucket_of(uint64_t span_ns)
{
	unsigned int shift;

	if (span_ns < LATENCY_STEPS)
		return (unsigned int)span_ns;
	shift = 63 - (unsigned int)__builtin_clzll(span_ns) - STEP_BITS;
	return shift * LATENCY_STEPS + (unsigned int)(span_ns >> shift);
}

/* The longest span that falls into `bucket`. */
static uint64_t bucket_top_ns(unsigned int bucket)
{
	unsigned int shift = bucket / LATENCY_STEPS;

	if (shift <= 1)
		return bucket;
	shift--;
	return ((uint64_t)(bucket - shift * LATENCY_STEPS) << shift) +
	       ((1ull << shift) - 1);
}

void latency_add(struct latency *latency, uint64_t span_ns)
{
	assert(latency);

	latency->buckets[bucket_of(span_ns)]++;
	latency->count++;
	if (span_ns > latency->max_ns)
		latency->max_ns = span_ns;
}

void latency_clear(struct latency *latency)
{
	assert(latency);

	memset(latency, 0, sizeof(*latency));
}

/* How many samples are `per_million` of `count`, rounded up, at least one;
 * in two parts, so that the product does not overflow. */
static uint64_t rank_of(uint64_t count, uint32_t per_million)
{
	uint64_t whole = count / 1000000 * per_million;
	uint64_t rest = count % 1000000 * per_million;
	uint64_t rank = whole + (rest + 999999) / 1000000;

	return rank ? rank : 1;
}

uint64_t latency_quantile_ns(const struct latency *latency,
			     uint32_t per_million)
{
	uint64_t rank;
	uint64_t seen = 0;

	assert(latency);
	assert(per_million <= 1000000);

	if (latency->count == 0)
		return 0;
	rank = rank_of(latency->count, per_million);
	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++) {
		uint64_t top_ns = bucket_top_ns(i);

		seen += latency->buckets[i];
		if (seen >= rank && top_ns < latency->max_ns)
			return top_ns;
	}
	return latency->max_ns;
}
