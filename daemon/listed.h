/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listed.h - prefixes of a list, each with the line it stood on.
 *
 * Owns		its memory, which listed_done() frees
 * Errors	-ENOMEM; the array is as it was
 * Threads	none; one owner
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/prefix.h"

struct listed {
	struct prefix prefix;
	uint32_t line;
};

struct listed_array {
	struct listed *list;
	size_t count;
	size_t capacity;
};

void listed_done(struct listed_array *array);

/* Have room for so many, in one piece: growing moves what is there. -ENOMEM
 * is no harm. */
int listed_reserve(struct listed_array *array, size_t capacity);

/* Room for as many entries as so much text may have lines, as far as there is
 * memory; what is not filled takes none. */
void listed_reserve_lines(struct listed_array *array, size_t text_bytes);

int listed_add(struct listed_array *array, const struct prefix *prefix,
	       uint32_t line);

/* In order of prefix, each once, with the first line of those given twice.
 * The time depends on the number of entries only, not on what they are. */
int listed_sort(struct listed_array *array);
