// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/database.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "rules/pages.h"
#include "rules/store.h"
#include "rules/store_schema.h"

#define LENT_ROOM_BYTES	 (1u << 20)
#define DISK_FULL_BLOCKS 64 /* LMDB writes as many pages at once */

int database_errno(int mdb)
{
	switch (mdb) {
	case MDB_NOTFOUND:
		return -ENOENT;
	case MDB_KEYEXIST:
		return -EEXIST;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
		return -ENOSPC;
	case MDB_VERSION_MISMATCH:
	case MDB_INCOMPATIBLE:
		return -EPROTO;
	case MDB_INVALID:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_CURSOR_FULL:
	case MDB_PAGE_FULL:
		return -EBADMSG;
	case MDB_READERS_FULL:
	case MDB_MAP_RESIZED: /* only another process could have */
		return -EBUSY;
	default: /* an errno, success, or MDB_PANIC and misuse */
		return mdb >= 0 ? -mdb : -EIO;
	}
}

/* Check what is there and keep its tables open. */
static int adopt(struct database *database)
{
	uint32_t schema;
	MDB_txn *txn;
	int r;

	r = mdb_txn_begin(database->env, NULL, MDB_RDONLY, &txn);
	if (r != 0)
		return database_errno(r);

	r = store_schema_read(txn, &schema);
	if (r == 0)
		r = store_schema_open_tables(database, txn);
	if (r < 0) {
		mdb_txn_abort(txn);
		return r;
	}
	/* the handles are kept by a commit, also of a reader */
	return database_errno(mdb_txn_commit(txn));
}

/* A write that a full disk has cut short is -EIO in LMDB. */
static bool disk_is_full(const struct database *database)
{
	struct statvfs disk;

	return fstatvfs(database->lock_fd, &disk) == 0 &&
	       disk.f_bavail < DISK_FULL_BLOCKS;
}

static int commit(struct database *database, MDB_txn *txn)
{
	int r = database_errno(mdb_txn_commit(txn));

	return r == -EIO && disk_is_full(database) ? -ENOSPC : r;
}

/* The first commit: schema, tables, built-in sets. */
static int populate(struct database *database)
{
	MDB_txn *txn;
	int r;

	r = mdb_txn_begin(database->env, NULL, 0, &txn);
	if (r != 0)
		return database_errno(r);

	r = store_schema_create(database, txn);
	if (r < 0) {
		mdb_txn_abort(txn);
		return r;
	}
	return commit(database, txn);
}

static int open_env(struct database *database, const char *directory)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t map_bytes = database->map_bytes / page_bytes * page_bytes;
	int r;

	database->has_lent = false;
	r = mdb_env_create(&database->env);
	if (r != 0)
		return database_errno(r);

	r = mdb_env_set_mapsize(database->env, map_bytes);
	if (r == 0)
		r = mdb_env_set_maxdbs(database->env, TABLE_COUNT + SET_ID_MAX);
	if (r == 0)
		r = mdb_env_open(database->env, directory, MDB_NOTLS, 0600);
	return database_errno(r);
}

static void close_env(struct database *database)
{
	if (database->env)
		mdb_env_close(database->env);
	database->env = NULL;
}

/* Close, and open what is there anew. */
static int restart(struct database *database)
{
	int r;

	close_env(database);
	r = open_env(database, database->path);
	if (r == 0)
		r = adopt(database);
	if (r < 0)
		close_env(database);
	return r;
}

static int sync_path(const char *path)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int sync_parent(const char *path)
{
	char *up = NULL;
	int r;

	if (asprintf(&up, "%s/..", path) < 0)
		return -ENOMEM;
	r = sync_path(up);
	free(up);
	return r;
}

/* What an earlier attempt has left is of no use to anybody. */
static void sweep(const char *data, const char *lock, const char *directory)
{
	(void)unlink(data);
	(void)unlink(lock);
	(void)rmdir(directory);
}

static int build(struct database *database, const char *directory)
{
	int r;

	if (mkdir(directory, 0700) < 0)
		return -errno;

	r = open_env(database, directory);
	if (r == 0)
		r = populate(database);
	close_env(database);
	return r;
}

/* Rule 1. Nobody but the holder of the lock comes here. */
static int create(struct database *database, const char *data)
{
	char *directory = NULL, *new_data = NULL, *new_lock = NULL;
	int r = -ENOMEM;

	if (asprintf(&directory, "%s/new", database->path) < 0 ||
	    asprintf(&new_data, "%s/new/data.mdb", database->path) < 0 ||
	    asprintf(&new_lock, "%s/new/lock.mdb", database->path) < 0)
		goto out;

	sweep(new_data, new_lock, directory);
	r = build(database, directory);
	if (r == 0)
		r = sync_path(new_data);
	if (r == 0 && rename(new_data, data) < 0)
		r = -errno;
	if (r == 0)
		r = sync_path(database->path);
	if (r == 0)
		r = sync_parent(database->path);
	sweep(new_data, new_lock, directory);
out:
	free(directory);
	free(new_data);
	free(new_lock);
	return r;
}

/* One process, one open: LMDB's own locks break when a process opens twice. */
static int take_lock(struct database *database)
{
	char *name = NULL;

	if (asprintf(&name, "%s/owner.lock", database->path) < 0)
		return -ENOMEM;
	database->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(name);
	if (database->lock_fd < 0)
		return -errno;
	if (flock(database->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

static int read_schema(struct database *database, uint32_t *ret_schema)
{
	MDB_txn *txn;
	int r;

	r = mdb_txn_begin(database->env, NULL, MDB_RDONLY, &txn);
	if (r != 0)
		return database_errno(r);
	r = store_schema_read(txn, ret_schema);
	mdb_txn_abort(txn);
	return r;
}

static int upgrade_from(struct database *database, uint32_t schema)
{
	MDB_txn *txn;
	int r;

	r = mdb_txn_begin(database->env, NULL, 0, &txn);
	if (r != 0)
		return database_errno(r);

	r = store_schema_upgrade(txn, schema);
	if (r < 0) {
		mdb_txn_abort(txn);
		return r;
	}
	return commit(database, txn);
}

/* A full store has to open, or it could not be emptied. Opened anew, as LMDB
 * may have panicked. */
static int upgrade_in_lent_room(struct database *database, uint32_t schema)
{
	int r;

	close_env(database);
	r = open_env(database, database->path);
	if (r == 0)
		r = database_lend_room(database);
	return r < 0 ? r : upgrade_from(database, schema);
}

/* Rule 4. The pages were followed, and the schema is read before it writes. */
static int upgrade(struct database *database)
{
	uint32_t schema = STORE_SCHEMA;
	int r;

	r = open_env(database, database->path);
	if (r == 0)
		r = read_schema(database, &schema);
	if (r == 0 && schema != STORE_SCHEMA) {
		r = upgrade_from(database, schema);
		if (r == -ENOSPC)
			r = upgrade_in_lent_room(database, schema);
	}
	close_env(database);
	return r;
}

static int start(struct database *database)
{
	char *data = NULL;
	int r = 0;

	if (mkdir(database->path, 0700) < 0 && errno != EEXIST)
		return -errno;
	r = take_lock(database);
	if (r < 0)
		return r;
	if (asprintf(&data, "%s/data.mdb", database->path) < 0)
		return -ENOMEM;

	if (access(data, F_OK) < 0)
		r = errno == ENOENT ? create(database, data) : -errno;
	if (r == 0)
		r = pages_check(data);
	if (r == 0)
		r = upgrade(database);
	free(data);
	return r < 0 ? r : restart(database);
}

int database_open(const char *path, size_t map_bytes,
		  struct database **ret_database)
{
	struct database *database;
	int r;

	assert(path);
	assert(ret_database);

	database = calloc(1, sizeof(*database));
	if (!database)
		return -ENOMEM;
	database->lock_fd = -1;
	database->map_bytes = map_bytes;
	database->path = strdup(path);
	r = database->path ? start(database) : -ENOMEM;
	if (r < 0) {
		database_close(database);
		return r;
	}

	*ret_database = database;
	return 0;
}

void database_close(struct database *database)
{
	if (!database)
		return;

	close_env(database);
	closep(&database->lock_fd);
	free(database->path);
	free(database);
}

static int begin(struct database *database, unsigned int flags,
		 MDB_txn **ret_txn)
{
	int r = MDB_PANIC;

	if (database->env)
		r = mdb_txn_begin(database->env, NULL, flags, ret_txn);

	/* LMDB panics when it could not write its meta page, and stays so
	 * until it is opened anew; the disk may have recovered since */
	if (r == MDB_PANIC && database->reader_count == 0) {
		r = restart(database);
		if (r < 0)
			return r;
		r = mdb_txn_begin(database->env, NULL, flags, ret_txn);
	}
	return database_errno(r);
}

int database_read(struct database *database, MDB_txn **ret_txn)
{
	int r = begin(database, MDB_RDONLY, ret_txn);

	if (r == 0)
		database->reader_count++;
	return r;
}

void database_read_done(struct database *database, MDB_txn *txn)
{
	assert(database->reader_count > 0);

	mdb_txn_abort(txn);
	database->reader_count--;
}

int database_begin(struct database *database, MDB_txn **ret_txn)
{
	return begin(database, 0, ret_txn);
}

/* The map shrinks to what the caller wanted, or to what is in it. */
static void take_room_back(struct database *database)
{
	if (database->has_lent)
		(void)restart(database);
}

int database_commit(struct database *database, MDB_txn *txn)
{
	int r = commit(database, txn);

	take_room_back(database);
	return r;
}

void database_abort(struct database *database, MDB_txn *txn)
{
	mdb_txn_abort(txn);
	take_room_back(database);
}

void database_trim(struct database *database)
{
	if (database->reader_count > 0)
		return;

	/* LMDB has no call to let go of its map and of its spare pages but
	 * this one; should it fail, the next transaction tries again */
	(void)restart(database);
	(void)malloc_trim(0);
}

int database_lend_room(struct database *database)
{
	MDB_envinfo info;
	MDB_stat stat;
	size_t used_bytes;
	int r;

	if (database->reader_count > 0)
		return -ENOSPC;

	r = mdb_env_info(database->env, &info);
	if (r == 0)
		r = mdb_env_stat(database->env, &stat);
	if (r != 0)
		return database_errno(r);

	used_bytes = (info.me_last_pgno + 1) * stat.ms_psize;
	database->has_lent = true;
	return database_errno(mdb_env_set_mapsize(
		database->env, used_bytes + LENT_ROOM_BYTES));
}

int database_find_set(const struct database *database, MDB_txn *txn, uint8_t id)
{
	MDB_val key = {.mv_size = 1, .mv_data = &id};
	MDB_val value;

	return database_errno(
		mdb_get(txn, database->tables[TABLE_SETS], &key, &value));
}

/* How many pages are on LMDB's own list: transaction -> count, numbers. */
static int count_free(MDB_txn *txn, size_t *ret_count)
{
	const MDB_dbi free_table = 0;
	MDB_cursor *cursor;
	MDB_val key, value;
	size_t count, sum = 0;
	int r;

	r = mdb_cursor_open(txn, free_table, &cursor);
	if (r != 0)
		return database_errno(r);
	while ((r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		memcpy(&count, value.mv_data, sizeof(count));
		sum += count;
	}
	mdb_cursor_close(cursor);
	if (r != MDB_NOTFOUND)
		return database_errno(r);

	*ret_count = sum;
	return 0;
}

int database_room(const struct database *database, MDB_txn *txn,
		  size_t *ret_used_bytes, size_t *ret_map_bytes)
{
	MDB_envinfo info;
	MDB_stat stat;
	size_t free_count = 0;
	int r;

	r = mdb_env_info(database->env, &info);
	if (r == 0)
		r = mdb_env_stat(database->env, &stat);
	if (r != 0)
		return database_errno(r);
	r = count_free(txn, &free_count);
	if (r < 0)
		return r;

	*ret_used_bytes = (info.me_last_pgno + 1 - free_count) * stat.ms_psize;
	*ret_map_bytes = info.me_mapsize;
	return 0;
}

int database_version(const struct database *database, uint64_t *ret_version)
{
	MDB_envinfo info;
	int r = mdb_env_info(database->env, &info);

	if (r != 0)
		return database_errno(r);
	*ret_version = info.me_last_txnid;
	return 0;
}
