/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * commit.h - changes to a store, made in one transaction.
 *
 * Errors	as in store.h; nothing has changed then
 * Threads	one at a time
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/database.h"
#include "rules/store.h"

/* The changes of a commit, one after the other. */
struct changes {
	size_t count;
	store_change_fn *at;
	void *arg;
	const struct journal_entry *entry;
};

/* `count` commits, at least one, whole or absent together: see store_commit().
 * *ret_seq is of the last line. */
int commit_changes(struct database *database, const struct changes *list,
		   size_t count, uint64_t *ret_seq);
