/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_schema.h - the tables of a store's environment: their names, which of them a
 * store of which schema has, and the way from an older schema to this one.
 *
 *	1	sets, members, attachments, journal, reasons
 *	2	and revisions of the policy
 *
 * Each works in the caller's transaction, whose end decides whether anything
 * has happened.
 *
 * Errors	-EPROTO another schema, -EBADMSG a table is missing, else as in
 *		database.h
 * Threads	one at a time
 */
#pragma once

#include <stdint.h>

#include <lmdb.h>

#include "rules/database.h"

/* Of a store, or -EPROTO of what is none, or one that we do not know. */
int store_schema_read(MDB_txn *txn, uint32_t *ret_schema);

/* Open the tables that are there; the caller commits, for the handles. */
int store_schema_open_tables(struct database *database, MDB_txn *txn);

/* What a new store has: the tables, the built-in sets, STORE_SCHEMA. */
int store_schema_create(struct database *database, MDB_txn *txn);

/* Make of schema `from`, which is older, STORE_SCHEMA; nothing is taken away.*/
int store_schema_upgrade(MDB_txn *txn, uint32_t from);
