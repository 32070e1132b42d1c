/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal.h - the lines of the journal in a transaction.
 *
 * Their numbers have no holes: 1, 2, 3, ... of which the last
 * STORE_JOURNAL_LINES are kept.
 *
 * Errors	as in store.h
 * Threads	one at a time
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/database.h"
#include "rules/store.h"

/* Add a line after the newest; the one that is too old goes. */
int journal_append(const struct database *database, MDB_txn *txn,
		   const struct journal_entry *entry, uint64_t *ret_seq);

/* The number of the newest line, 0 if there is none. */
int journal_newest(const struct database *database, MDB_txn *txn,
		   uint64_t *ret_seq);

/* See store_each_journal(). */
int journal_each(const struct database *database, MDB_txn *txn, uint64_t before,
		 size_t max, store_journal_fn *fn, void *arg);
