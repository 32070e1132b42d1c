/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * geo_ranges.h - reader of tables of autonomous systems: FIRST,LAST,NUMBER or
 * NETWORK,NUMBER a line.
 *
 * Fields are apart by commas or tabs, may be quoted, and what follows the
 * number is not looked at. '#' starts a comment; a first line that starts with
 * a letter is a header. Networks of number 0 are nobody's.
 *
 * Errors	-EBADMSG: a line is none of this (see the note); or what the
 *		function answered
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/geo.h"

struct geo_ranges_note {
	uint32_t line; /* from 1 */
	const char *why; /* static text */
};

/* Give the networks of each line. *ret_note is written when the answer is
 * -EBADMSG and the function's is not. */
int geo_ranges_read(const char *text, size_t len, geo_fn *fn, void *arg,
		    struct geo_ranges_note *ret_note);
