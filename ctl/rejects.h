/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rejects.h - the first lines of a list that were no entries, as people read
 * them.
 *
 * Threads	none
 */
#pragma once

#include <stdio.h>

#include <jansson.h>

/* "notes" of an answer: a line each; nothing when there are none. */
void rejects_print(FILE *out, const json_t *answer);
