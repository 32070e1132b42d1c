// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/offence_store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lmdb.h>

#include "rules/codec.h"
#include "rules/database.h"
#include "rules/environment.h"

/* Many times what a full table takes. */
#define MAP_BYTES    ((size_t)64 << 20)
#define SCHEMA	     1
#define SCHEMA_BYTES 4
#define VALUE_BYTES  20 /* bans, until_s, forgotten_s */

struct offence_store {
	MDB_env *env;
	MDB_dbi table; /* peer -> VALUE_BYTES; and the schema */
};

/* Shorter than any peer's. */
static MDB_val schema_key(void)
{
	static char key[] = "v";

	return (MDB_val){.mv_size = 1, .mv_data = key};
}

static int write_schema(const struct offence_store *store, MDB_txn *txn)
{
	uint8_t bytes[SCHEMA_BYTES];
	MDB_val key = schema_key();
	MDB_val value = {.mv_data = bytes};

	value.mv_size = codec_u32_put(bytes, SCHEMA);
	return database_errno(mdb_put(txn, store->table, &key, &value, 0));
}

static int check_schema(const struct offence_store *store, MDB_txn *txn)
{
	MDB_val key = schema_key(), value;
	int r = mdb_get(txn, store->table, &key, &value);
	uint32_t schema;

	if (r != 0)
		return database_errno(r);
	if (value.mv_size != SCHEMA_BYTES)
		return -EBADMSG;
	schema = codec_u32_get(value.mv_data);
	if (schema == 0)
		return -EBADMSG;
	return schema > SCHEMA ? -EPROTONOSUPPORT : 0;
}

static int read_one(const MDB_val *key, const MDB_val *value,
		    struct offence *ret_offence)
{
	const uint8_t *bytes = value->mv_data;
	struct offence offence;

	if (value->mv_size != VALUE_BYTES ||
	    codec_member_key_get(key->mv_data, key->mv_size, &offence.peer) < 0)
		return -EBADMSG;
	offence.bans = codec_u32_get(bytes);
	offence.until_s = codec_u64_get(bytes + 4);
	offence.forgotten_s = codec_u64_get(bytes + 12);
	if (offence.bans == 0)
		return -EBADMSG;
	*ret_offence = offence;
	return 0;
}

static int visit(const struct offence_store *store, MDB_txn *txn,
		 offence_fn *fn, void *arg)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int r = mdb_cursor_open(txn, store->table, &cursor), got;

	if (r != 0)
		return database_errno(r);
	while ((got = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		struct offence offence;

		if (key.mv_size == schema_key().mv_size)
			continue;
		r = read_one(&key, &value, &offence);
		if (r < 0)
			break;
		fn(arg, &offence);
	}
	mdb_cursor_close(cursor);
	return got == 0 || got == MDB_NOTFOUND ? r : database_errno(got);
}

static void pass_over(void *arg, const struct offence *offence)
{
	(void)arg;
	(void)offence;
}

/* All of it is looked at, so that what is read later is sound. */
static int adopt(const struct offence_store *store, MDB_txn *txn)
{
	MDB_stat stat;
	int r = mdb_stat(txn, store->table, &stat);

	if (r != 0)
		return database_errno(r);
	if (stat.ms_entries == 0)
		return write_schema(store, txn);
	r = check_schema(store, txn);
	if (r == -ENOENT)
		return -EBADMSG;
	return r < 0 ? r : visit(store, txn, pass_over, NULL);
}

static int begin(const struct offence_store *store, unsigned int flags,
		 MDB_txn **ret_txn)
{
	return database_errno(mdb_txn_begin(store->env, NULL, flags, ret_txn));
}

/* Commits what has gone well. */
static int end(MDB_txn *txn, int r)
{
	if (r == 0)
		return database_errno(mdb_txn_commit(txn));
	mdb_txn_abort(txn);
	return r;
}

/* 1: a damaged one was moved aside. */
static int open_once(const char *directory, struct offence_store **ret_store)
{
	CLEANUP(offence_store_closep) struct offence_store *store = NULL;
	MDB_txn *txn;
	int aside, r;

	store = calloc(1, sizeof(*store));
	if (!store)
		return -ENOMEM;
	aside = environment_open(directory, MAP_BYTES, &store->env);
	if (aside < 0)
		return aside;
	r = environment_table(store->env, &store->table);
	if (r == 0)
		r = begin(store, 0, &txn);
	if (r == 0)
		r = end(txn, adopt(store, txn));
	if (r < 0)
		return r;
	*ret_store = TAKE(store);
	return aside;
}

int offence_store_open(const char *directory, struct offence_store **ret_store)
{
	int r;

	assert(directory);
	assert(ret_store);

	r = open_once(directory, ret_store);
	if (r != -EBADMSG)
		return r;
	r = environment_move_aside(directory);
	if (r > 0)
		r = open_once(directory, ret_store);
	return r < 0 ? r : 1;
}

void offence_store_close(struct offence_store *store)
{
	if (!store)
		return;
	if (store->env)
		mdb_env_close(store->env);
	free(store);
}

static int put_one(const struct offence_store *store, MDB_txn *txn,
		   const struct offence *offence)
{
	uint8_t key_bytes[CODEC_MEMBER_KEY_MAX], bytes[VALUE_BYTES];
	MDB_val key = {.mv_data = key_bytes};
	MDB_val value = {.mv_data = bytes, .mv_size = VALUE_BYTES};
	int r;

	key.mv_size = codec_member_key_put(key_bytes, &offence->peer);
	if (offence->bans == 0) {
		r = mdb_del(txn, store->table, &key, NULL);
		return r == MDB_NOTFOUND ? 0 : database_errno(r);
	}
	(void)codec_u32_put(bytes, offence->bans);
	(void)codec_u64_put(bytes + 4, offence->until_s);
	(void)codec_u64_put(bytes + 12, offence->forgotten_s);
	return database_errno(mdb_put(txn, store->table, &key, &value, 0));
}

int offence_store_put(struct offence_store *store,
		      const struct offence *offences, size_t count)
{
	MDB_txn *txn;
	int r;

	assert(store);

	r = begin(store, 0, &txn);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_one(store, txn, &offences[i]);
	return end(txn, r);
}

int offence_store_each(struct offence_store *store, offence_fn *fn, void *arg)
{
	MDB_txn *txn;
	int r;

	assert(store);
	assert(fn);

	r = begin(store, MDB_RDONLY, &txn);
	return r < 0 ? r : end(txn, visit(store, txn, fn, arg));
}
