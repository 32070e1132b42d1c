/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * instant.h - moments and spans as feeds write them.
 *
 * Times	seconds, rounded up; moments since 1970, UTC
 * Errors	-EINVAL not understood, -ERANGE before 1970 or after 9999
 * Threads	no state; any thread
 */
#pragma once

#include "rules/feedfile/span.h"

/* RFC 3339 in UTC: "2026-09-01T00:00:00Z", ".000" before the Z allowed. */
int instant_from_text(struct span text, uint64_t *ret_s);

/* Go's durations: "59m58.561277483s", "3h", "-1.2s"; 0 for a negative one. */
int instant_span_from_text(struct span text, uint64_t *ret_s);
