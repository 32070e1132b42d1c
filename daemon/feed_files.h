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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/feed_state.h"

/* Durable when it returns. */
int feed_files_write(const char *state_dir, const char *name, uint64_t number,
		     const char *text, size_t len);

/* Map one; the caller unmaps. -ENOENT: it is not there. An empty one is NULL
 * and 0 bytes. */
int feed_files_map(const char *state_dir, const char *name, uint64_t number,
		   char **ret_text, size_t *ret_len);

/* Remove all but those that the state speaks of, NULL: all, and what is left
 * of one that was not written to its end; with none left the directory too.
 * What cannot be removed stays. No other thread is at this feed's meanwhile. */
void feed_files_keep_state(const char *state_dir, const char *name,
			   const struct feed_state *state);

typedef bool feed_files_fn(void *arg, const char *name);

/* Remove all of those feeds for which `is_known` says no. */
void feed_files_sweep(const char *state_dir, feed_files_fn *is_known,
		      void *arg);
