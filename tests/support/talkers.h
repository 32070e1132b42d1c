/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * talkers.h - packets made up at random that belong together: a few pairs of
 * ends talk at once, mostly as they should, and now and then out of turn, in
 * fragments, or with an error about what was said.
 *
 * The same dice give the same.
 */
#pragma once

#include <stdint.h>

#include "tests/support/invent.h"
#include "tests/support/segment.h"

#define TALKERS_MAX 12

struct talkers {
	struct segment first[TALKERS_MAX]; /* what who started sends */
	struct segment last[TALKERS_MAX]; /* what was said last */
	unsigned int step[TALKERS_MAX];
};

void talkers_begin(struct dice *dice, struct talkers *talkers);
void talkers_next(struct dice *dice, struct talkers *talkers,
		  struct invent_frame *ret_frame);
