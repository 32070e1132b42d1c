/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aging.h - the places of a table that never grows: the one that was longest
 * unused makes room, and is counted.
 *
 * What is in a place is the caller's; a place is a number from 1 to the
 * capacity, and 0 is none.
 *
 * Owns		its memory, got once
 * Errors	-ENOMEM from aging_init(), nothing else fails
 * Threads	none; one owner
 */
#pragma once

#include <stdint.h>

struct aging_place;

struct aging {
	struct aging_place *places; /* [0] is none */
	uint32_t *chains; /* by hash, twice as many as places */
	uint32_t capacity, count;
	uint32_t oldest, newest;
	uint64_t evicted;
};

/* `capacity`: a power of two. */
int aging_init(struct aging *aging, uint32_t capacity);
void aging_done(struct aging *aging);

/* Those that may be of this hash, the last put first, until it is 0. */
uint32_t aging_first(const struct aging *aging, uint64_t hash);
uint32_t aging_next(const struct aging *aging, uint32_t place);

/* A place for one of this hash; what was in it is gone. */
uint32_t aging_put(struct aging *aging, uint64_t hash);

/* It was used now. */
void aging_touch(struct aging *aging, uint32_t place);
