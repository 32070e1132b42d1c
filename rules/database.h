/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * database.h - the LMDB environment below the store: its directory, its lock,
 * its tables, and the first commit that makes it.
 *
 *	1. A crash while it is made leaves no data.mdb or a whole one: it is
 *	   made in DIRECTORY/new, synced, and renamed.
 *	2. A data.mdb that is there is never written before its schema was
 *	   read and its pages were followed from the root.
 *	3. Every commit is synced: no MDB_NOSYNC, MDB_NOMETASYNC or
 *	   MDB_WRITEMAP, each of which loses or breaks what was acknowledged.
 *	4. An older schema is brought to the present one at open, by one
 *	   commit; one that is not known is not touched.
 *
 * Each set has a table of its own, so that a set read in order is appended
 * whatever its neighbours hold, and pages are full.
 *
 * Owns		the environment, and the directory's lock while it is open
 * Errors	as in store.h; no code of LMDB leaves database_errno()
 * Threads	one at a time
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#include "rules/base.h"
#include "rules/set.h"

enum table {
	TABLE_META, /* "schema" -> magic and number; and the policy's state */
	TABLE_SETS, /* id -> set */
	TABLE_ATTACHMENTS, /* interface -> mode, share */
	TABLE_JOURNAL, /* sequence number -> line */
	TABLE_REASONS, /* id -> how many members have it, text */
	TABLE_REASON_IDS, /* text -> id */
	TABLE_REVISIONS, /* number -> when, by whom, how long, note */
	TABLE_REVISION_TEXTS, /* number, part -> bytes of the text */
	TABLE_FEEDS, /* name -> state, definition */
	TABLE_COUNT,
};

struct database {
	char *path;
	size_t map_bytes; /* what the caller of database_open() gave */
	int lock_fd;
	MDB_env *env; /* NULL: it could not be opened again yet */
	MDB_dbi tables[TABLE_COUNT];
	MDB_dbi members[SET_ID_MAX + 1]; /* by set id; 0 is not used */
	unsigned int reader_count; /* snapshots that are open */
	bool has_lent; /* the map is larger than it should be */
};

/* 0 or a negative errno for what an mdb_*() function returned. */
int database_errno(int mdb);

/* Open or create; see store_open(). */
int database_open(const char *path, size_t map_bytes,
		  struct database **ret_database);

/* NULL is fine. */
void database_close(struct database *database);

/* A snapshot for reading. */
int database_read(struct database *database, MDB_txn **ret_txn);
void database_read_done(struct database *database, MDB_txn *txn);

/* A transaction for writing; it ends with one of the two, and with a commit
 * also when that fails. Its cursors end with it. */
int database_begin(struct database *database, MDB_txn **ret_txn);
int database_commit(struct database *database, MDB_txn *txn);
void database_abort(struct database *database, MDB_txn *txn);

/* Give back mapped pages and LMDB's spare ones. Not while a snapshot is read:
 * then it does nothing. */
void database_trim(struct database *database);

/*
 * Allow the next writer a little more than map_bytes. What takes away needs
 * this: LMDB never overwrites a page, so a full map could not shrink. -ENOSPC
 * while a snapshot is read.
 */
int database_lend_room(struct database *database);

/* Is the set there? -ENOENT if not. */
int database_find_set(const struct database *database, MDB_txn *txn,
		      uint8_t id);

/* Of the last commit; each has another. */
int database_version(const struct database *database, uint64_t *ret_version);

/* What the pages in use take, without those on the list of free ones; and
 * what all may take. */
int database_room(const struct database *database, MDB_txn *txn,
		  size_t *ret_used_bytes, size_t *ret_map_bytes);
