/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_restore.h - the feeds of a backup, in place of those that are on.
 *
 * They have the version in force, as its members; its bytes are not kept, and
 * so it cannot be gone back to. What the server named is not in a backup either:
 * each is fetched anew as soon as somebody asks for what is due.
 *
 * Errors	negative errno
 * Threads	the worker
 */
#pragma once

#include "daemon/feeds.h"
#include "rules/backup.h"

struct feed_restore {
	char names[FEEDS_MAX][SET_NAME_MAX]; /* of those that go */
	size_t count;
	struct feeds after; /* that are on from then on */
};

/* Who goes; numbers of versions that were given here are not given again.
 * -ENOSPC: there are too many; -EPERM: one has a key, and the user is not root. */
int feed_restore_list(struct feed_restore *restore, struct store *store,
		      struct backup *backup, uint32_t uid);

/* Refers to the restore. */
struct change feed_restore_drop(const struct feed_restore *restore,
				size_t index);

/* Once it is stored: their files go, and the feeds are read. */
int feed_restore_read(struct feed_restore *restore, struct store *store,
		      const char *state_dir);
