/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.h - a mapping by its keys; what the readers of rules share.
 *
 * Errors	-EINVAL with a note
 */
#pragma once

#include "rules/detect/note.h"
#include "rules/tree.h"

/* The value of a key, or NULL. */
const struct node *keys_value(const struct node *mapping, const char *key);

/* Is it a mapping that has no other keys than these, each once? `keys` ends in
 * NULL, or is NULL: any. */
int keys_check(struct detect_note *note, const struct node *mapping,
	       const char *what, const char *const *keys);
