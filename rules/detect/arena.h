/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.h - memory that is cut piece by piece and freed as a whole.
 *
 * Owns		its pieces, until arena_done()
 * Threads	none; one owner
 */
#pragma once

#include <stddef.h>

#include "rules/base.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* NULL: nothing yet */
};

/* Zeroed, for any type; NULL without memory. */
void *arena_cut(struct arena *arena, size_t bytes);

/* A copy with a NUL behind it; NULL without memory. */
char *arena_copy(struct arena *arena, const char *text, size_t len);

void arena_done(struct arena *arena);
