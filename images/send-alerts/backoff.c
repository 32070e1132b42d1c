// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/send-alerts/backoff.h"

#include <assert.h>

#define DOUBLINGS_MAX 16

uint32_t backoff_ms(uint32_t failures, uint32_t random, uint64_t retry_after_s)
{
	uint32_t doublings, wait_ms;
	uint64_t bound_ms;

	assert(failures > 0);

	doublings = failures - 1 < DOUBLINGS_MAX ? failures - 1 : DOUBLINGS_MAX;
	bound_ms = (uint64_t)BACKOFF_FIRST_MS << doublings;
	if (bound_ms > BACKOFF_MAX_MS)
		bound_ms = BACKOFF_MAX_MS;
	wait_ms = (uint32_t)(((bound_ms - BACKOFF_LEAST_MS) * random) >> 32) +
		  BACKOFF_LEAST_MS;
	if (retry_after_s > BACKOFF_RETRY_AFTER_S)
		retry_after_s = BACKOFF_RETRY_AFTER_S;
	if (retry_after_s * 1000 > wait_ms)
		/* and not all at the same moment after it */
		wait_ms = (uint32_t)(retry_after_s * 1000) +
			  wait_ms % BACKOFF_FIRST_MS;
	return wait_ms;
}
