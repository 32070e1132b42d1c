/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loopback.h - what nothing is refused or cut by.
 *
 * Threads	no state; any thread
 */
#pragma once

#include "rules/prefix.h"

/* Is it 127.0.0.0/8 or ::1, or something in or around them? */
static inline bool has_loopback(const struct prefix *prefix)
{
	const struct prefix v4 = prefix_of_v4(127u << 24, 8);
	const struct prefix v6 = {.addr = {[15] = 1}, .bits = 128};

	return prefix_overlaps(prefix, &v4) || prefix_overlaps(prefix, &v6);
}
