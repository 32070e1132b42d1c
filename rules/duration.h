/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * duration.h - spans and moments as people write them.
 *
 * Times	seconds; moments are of the wall clock, UTC
 * Errors	-EINVAL not understood, -ERANGE zero, over ten years, or past where
 *		it is to come and to come where it is to be past
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DURATION_MAX_S	(10ull * 365 * 24 * 3600)
#define MOMENT_TEXT_MAX 32 /* bytes with the NUL */

/* "90s", "15m", "1h", "7d", "2w", "1h30m"; a bare number is refused. */
int duration_from_text(const char *text, uint64_t *ret_s);

/* "2026-11-25T18:00:00Z", "2026-11-25 18:00", "2026-11-25": UTC, after now. */
int moment_from_text(const char *text, uint64_t now_s, uint64_t *ret_s);

/* When something began that lies behind: one of these moments, up to now, or a
 * span, "2h", which is two hours ago. */
int since_from_text(const char *text, uint64_t now_s, uint64_t *ret_s);

/* "2026-11-25T18:00:00Z"; "never" for 0. Returns `buf`. */
const char *moment_to_text(uint64_t moment_s, char buf[MOMENT_TEXT_MAX]);

/* "1h30m", two units at most, rounded down. Returns `buf`. */
const char *duration_to_text(uint64_t span_s, char buf[MOMENT_TEXT_MAX]);
