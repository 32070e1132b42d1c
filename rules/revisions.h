/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * revisions.h - the revisions of the policy within one transaction: those that
 * are kept, which is current, and which is pending.
 *
 *	1. Numbers go up by one and the newest is never forgotten, so none is
 *	   given twice.
 *	2. What is current, pending or a fallback is there, with all its text.
 *
 * A text is cut into parts of one page each: LMDB would want a run of free
 * pages for the whole, and a store that was in use for long has none.
 *
 * Errors	as in store.h; after one the transaction has to be aborted.
 *		-EBADMSG where a rule is broken
 * Threads	one at a time
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#include "rules/database.h"
#include "rules/revision.h"
#include "rules/store.h"

/* 0 if there is none. */
int revisions_newest(const struct database *database, MDB_txn *txn,
		     uint64_t *ret_number);

/* Newest first, as store_each_revision(). */
int revisions_each(const struct database *database, MDB_txn *txn,
		   store_revision_fn *fn, void *arg);

/* See store_revision_text(). */
int revisions_text(const struct database *database, MDB_txn *txn,
		   uint64_t number, char **ret_text, size_t *ret_len);

/* See store_policy_state(). */
int revisions_state(const struct database *database, MDB_txn *txn,
		    uint64_t *ret_current, struct pending *ret_pending);

/* See the changes of their names in store.h. */
int revisions_put(const struct database *database, MDB_txn *txn,
		  const struct revision_put *put);
int revisions_make_current(const struct database *database, MDB_txn *txn,
			   uint64_t number);
int revisions_make_pending(const struct database *database, MDB_txn *txn,
			   const struct pending *pending);
