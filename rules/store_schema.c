// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/store_schema.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/codec.h"
#include "rules/store.h"

#define KEY	       "schema"
#define MAGIC	       "portcullis-store"
#define MAGIC_BYTES    (sizeof(MAGIC) - 1)
#define SCHEMA_BYTES   (MAGIC_BYTES + 4)
#define TABLE_NAME_MAX 16

static const struct {
	const char *name;
	uint32_t since; /* the first schema that has it */
} tables[] = {
	[TABLE_META] = {"meta", 1},
	[TABLE_SETS] = {"sets", 1},
	[TABLE_ATTACHMENTS] = {"attachments", 1},
	[TABLE_JOURNAL] = {"journal", 1},
	[TABLE_REASONS] = {"reasons", 1},
	[TABLE_REASON_IDS] = {"reason-ids", 1},
	[TABLE_REVISIONS] = {"revisions", 2},
	[TABLE_REVISION_TEXTS] = {"revision-texts", 2},
	[TABLE_FEEDS] = {"feeds", 3},
};

_Static_assert(ARRAY_LEN(tables) == TABLE_COUNT, "");

static int open_table(MDB_txn *txn, const char *name, unsigned int flags,
		      MDB_dbi *ret_table)
{
	int r = mdb_dbi_open(txn, name, flags, ret_table);

	if (r == MDB_NOTFOUND)
		return -EBADMSG; /* the first commit makes all tables */
	return database_errno(r);
}

static int open_tables(struct database *database, MDB_txn *txn,
		       unsigned int flags)
{
	char name[TABLE_NAME_MAX];
	int r;

	for (size_t i = 0; i < TABLE_COUNT; i++) {
		r = open_table(txn, tables[i].name, flags,
			       &database->tables[i]);
		if (r < 0)
			return r;
	}
	for (unsigned int id = 1; id <= SET_ID_MAX; id++) {
		(void)snprintf(name, sizeof(name), "members.%03u", id);
		r = open_table(txn, name, flags, &database->members[id]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Also of an environment of somebody else: it may lack the table. */
int store_schema_read(MDB_txn *txn, uint32_t *ret_schema)
{
	MDB_val key = {.mv_size = sizeof(KEY) - 1, .mv_data = (char[]){KEY}};
	uint32_t schema;
	MDB_val value;
	MDB_dbi meta;
	int r;

	assert(ret_schema);

	r = mdb_dbi_open(txn, tables[TABLE_META].name, 0, &meta);
	if (r == 0)
		r = mdb_get(txn, meta, &key, &value);
	if (r == MDB_NOTFOUND)
		return -EPROTO;
	if (r != 0)
		return database_errno(r);
	if (value.mv_size != SCHEMA_BYTES ||
	    memcmp(value.mv_data, MAGIC, MAGIC_BYTES) != 0)
		return -EPROTO;

	schema = codec_u32_get((const uint8_t *)value.mv_data + MAGIC_BYTES);
	if (schema == 0 || schema > STORE_SCHEMA)
		return -EPROTO;
	*ret_schema = schema;
	return 0;
}

int store_schema_open_tables(struct database *database, MDB_txn *txn)
{
	return open_tables(database, txn, 0);
}

static int put_schema(MDB_txn *txn, MDB_dbi meta)
{
	MDB_val key = {.mv_size = sizeof(KEY) - 1, .mv_data = (char[]){KEY}};
	uint8_t schema[SCHEMA_BYTES];
	MDB_val value = {.mv_size = sizeof(schema), .mv_data = schema};

	memcpy(schema, MAGIC, MAGIC_BYTES);
	codec_u32_put(schema + MAGIC_BYTES, STORE_SCHEMA);
	return database_errno(mdb_put(txn, meta, &key, &value, 0));
}

static int put_built_in_sets(MDB_txn *txn, MDB_dbi sets)
{
	uint8_t bytes[CODEC_SET_MAX];
	MDB_val key, value = {.mv_data = bytes};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(set_builtins); i++) {
		uint8_t id = set_builtins[i].id;

		key = (MDB_val){.mv_size = 1, .mv_data = &id};
		value.mv_size = codec_set_put(bytes, &set_builtins[i]);
		r = mdb_put(txn, sets, &key, &value, 0);
	}
	return database_errno(r);
}

int store_schema_create(struct database *database, MDB_txn *txn)
{
	int r = open_tables(database, txn, MDB_CREATE);

	if (r == 0)
		r = put_schema(txn, database->tables[TABLE_META]);
	if (r == 0)
		r = put_built_in_sets(txn, database->tables[TABLE_SETS]);
	return r;
}

int store_schema_upgrade(MDB_txn *txn, uint32_t from)
{
	MDB_dbi table;
	int r;

	for (size_t i = 0; i < TABLE_COUNT; i++) {
		if (tables[i].since <= from)
			continue;
		r = open_table(txn, tables[i].name, MDB_CREATE, &table);
		if (r < 0)
			return r;
	}
	r = open_table(txn, tables[TABLE_META].name, 0, &table);
	return r < 0 ? r : put_schema(txn, table);
}
