/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guarded.h - what a list or a backup has that is protected here, and is
 * therefore left out: how many, and the first few in words.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "daemon/merge/guard.h"

#define GUARDED_NOTES	 5
#define GUARDED_NOTE_MAX (64 + GUARD_TEXT_MAX)

struct guarded {
	size_t count;
	char notes[GUARDED_NOTES][GUARDED_NOTE_MAX];
};

/* `where` is what the note begins with: "line 7", "set block". */
void guarded_add(struct guarded *guarded, const char *where,
		 const struct prefix *prefix, const struct guard_entry *entry);

/* The notes, as a list that the caller owns. */
json_t *guarded_json(const struct guarded *guarded);
