/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * revisions.h - the revisions of the policy in a transaction, and which of
 * them is in force.
 *
 * Errors	as in store.h; -EEXIST for a number that is not the next one
 * Threads	one at a time
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/database.h"
#include "rules/revision.h"
#include "rules/store.h"

/* Add the next revision; those that are too many go, but for the ones that
 * are in force. */
int revisions_put(const struct database *database, MDB_txn *txn,
		  const struct revision *revision, const char *text);

/* Newest first. */
int revisions_each(const struct database *database, MDB_txn *txn,
		   store_revision_fn *fn, void *arg);

/* The text is the caller's to free; it has a NUL behind it. */
int revisions_text(const struct database *database, MDB_txn *txn,
		   uint64_t number, char **ret_text, size_t *ret_len);

/* -ENOENT when one of the two has no such revision. */
int revisions_put_state(const struct database *database, MDB_txn *txn,
			const struct policy_state *state);
int revisions_get_state(const struct database *database, MDB_txn *txn,
			struct policy_state *ret_state);
