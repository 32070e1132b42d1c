/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_files.h - the versions of feeds as they were published, one file each:
 * STATE_DIR/feeds/NAME/NUMBER.
 *
 * A version is there whole or not at all, whatever fails when. It is written
 * before the store speaks of it, so a file that the store does not know is left
 * over, and no version that it knows is missing.
 *
 * Errors	negative errno
 * Threads	any; a version, one
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Durable when it returns. */
int feed_files_write(const char *state_dir, const char *name, uint64_t number,
		     const char *text, size_t len);

/* Map one; the caller unmaps. -ENOENT: it is not there. An empty one is NULL
 * and 0 bytes. */
int feed_files_map(const char *state_dir, const char *name, uint64_t number,
		   char **ret_text, size_t *ret_len);

/* Remove all but these; with none the directory too. What cannot be removed
 * stays. */
void feed_files_keep(const char *state_dir, const char *name,
		     const uint64_t *numbers, size_t count);
