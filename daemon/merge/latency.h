/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latency.h - a histogram of spans, to say p50 to max of a million of them.
 *
 * Log-linear: 32 steps for each power of two, so a quantile is at most 3.2 %
 * above the true one; `max` is exact.
 *
 * Times	nanoseconds
 * Threads	none: whoever owns it
 */
#pragma once

#include <stdint.h>

#define LATENCY_STEPS	32
#define LATENCY_BUCKETS (60 * LATENCY_STEPS)

struct latency {
	uint64_t count;
	uint64_t max_ns;
	uint64_t buckets[LATENCY_BUCKETS];
};

void latency_add(struct latency *latency, uint64_t span_ns);
void latency_clear(struct latency *latency);

/* The span below which `per_million` of the samples lie; 0 without any. */
uint64_t latency_quantile_ns(const struct latency *latency,
			     uint32_t per_million);
