/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pace.h - how much is due of something that comes at so many a second.
 *
 * What is due is handed out in whole pieces, and no part of a piece is lost
 * between two calls. After a second without a call no more than a second's
 * worth is due.
 *
 * Times	nanoseconds of any clock that is not stepped back
 * Threads	none: a value
 */
#pragma once

#include <stdint.h>

struct pace {
	uint32_t per_second; /* may be changed between calls */
	uint64_t paid_ns; /* up to when all was handed out */
};

/* How many are due now; they are handed out by this. */
uint64_t pace_take(struct pace *pace, uint64_t now_ns);
