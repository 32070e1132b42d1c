/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * passing.h - alerts of what happened, which go when a minute passed without.
 *
 * Times	CLOCK_BOOTTIME
 * Threads	event loop only
 */
#pragma once

#include <stdint.h>

#include "daemon/alert/alerts.h"

#define PASSING_NS 60000000000ull

/* *last_ns: when it last happened; 0: it did not, or that is over. */
static inline void passing_tick(struct alerts *alerts, const char *key,
				uint64_t *last_ns, uint64_t now_ns)
{
	if (*last_ns == 0 || now_ns < *last_ns + PASSING_NS)
		return;
	*last_ns = 0;
	(void)alerts_clear(alerts, key);
}
