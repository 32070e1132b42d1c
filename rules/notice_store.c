// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/notice_store.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lmdb.h>

#include "rules/codec.h"
#include "rules/database.h"
#include "rules/environment.h"

/* A page for each, those of the tree, and those that a commit has changed and
 * the one before still holds. */
#define MAP_BYTES ((size_t)128 << 20)
#define KEY_BYTES 8
#define NS_PER_S  1000000000ull

struct notice_store {
	MDB_env *env;
	MDB_dbi table; /* number -> notice */
};

int notice_store_open(const char *directory, struct notice_store **ret_store)
{
	CLEANUP(notice_store_closep) struct notice_store *store = NULL;
	int aside, r;

	assert(directory);
	assert(ret_store);

	store = calloc(1, sizeof(*store));
	if (!store)
		return -ENOMEM;
	aside = environment_open(directory, MAP_BYTES, &store->env);
	if (aside < 0)
		return aside;
	r = environment_table(store->env, &store->table);
	if (r < 0)
		return r;
	*ret_store = TAKE(store);
	return aside;
}

void notice_store_close(struct notice_store *store)
{
	if (!store)
		return;
	if (store->env)
		mdb_env_close(store->env);
	free(store);
}

/* A transaction, and a cursor in it. */
struct work {
	struct notice_store *store;
	MDB_txn *txn;
	MDB_cursor *cursor;
};

static int begin(struct notice_store *store, unsigned int flags,
		 struct work *ret_work)
{
	struct work work = {.store = store};
	int r = mdb_txn_begin(store->env, NULL, flags, &work.txn);

	if (r != 0)
		return database_errno(r);
	r = mdb_cursor_open(work.txn, store->table, &work.cursor);
	if (r != 0) {
		mdb_txn_abort(work.txn);
		return database_errno(r);
	}
	*ret_work = work;
	return 0;
}

/* Commits what has gone well. */
static int end(struct work *work, int r)
{
	mdb_cursor_close(work->cursor);
	if (r < 0) {
		mdb_txn_abort(work->txn);
		return r;
	}
	return database_errno(mdb_txn_commit(work->txn));
}

/* 1: there is one. */
static int step(const struct work *work, MDB_cursor_op op,
		struct kept_notice *ret_notice)
{
	MDB_val key, value;
	int r = mdb_cursor_get(work->cursor, &key, &value, op);

	if (r == MDB_NOTFOUND)
		return 0;
	if (r != 0)
		return database_errno(r);
	if (key.mv_size != KEY_BYTES)
		return -EBADMSG;
	r = kept_notice_get(codec_u64_get(key.mv_data), value.mv_data,
			    value.mv_size, ret_notice);
	return r < 0 ? r : 1;
}

static MDB_val key_of(uint8_t bytes[KEY_BYTES], uint64_t seq)
{
	return (MDB_val){
		.mv_size = codec_u64_put(bytes, seq),
		.mv_data = bytes,
	};
}

static int put_one(const struct work *work, const struct kept_notice *notice,
		   uint64_t seq, unsigned int flags)
{
	uint8_t key_bytes[KEY_BYTES], bytes[KEPT_NOTICE_BYTES];
	MDB_val key = key_of(key_bytes, seq);
	MDB_val value = {.mv_data = bytes};

	value.mv_size = kept_notice_put(bytes, notice);
	return database_errno(
		mdb_put(work->txn, work->store->table, &key, &value, flags));
}

static int put_all(const struct work *work, const struct kept_notice *notices,
		   size_t count)
{
	struct kept_notice last = {.seq = 0};
	int r = step(work, MDB_LAST, &last);
	uint64_t seq = r > 0 ? last.seq : 0;

	for (size_t i = 0; r >= 0 && i < count; i++)
		r = put_one(work, &notices[i], ++seq, MDB_APPEND);
	return r < 0 ? r : 0;
}

static int forget_old(const struct work *work, uint64_t now_s)
{
	struct kept_notice notice = {.seq = 0};
	int r;

	while ((r = step(work, MDB_FIRST, &notice)) > 0) {
		if (notice.wall_ns / NS_PER_S + NOTICE_KEPT_S >= now_s)
			return 0;
		r = mdb_cursor_del(work->cursor, 0);
		if (r != 0)
			return database_errno(r);
	}
	return r;
}

/* `count` of them, oldest first; returns how many there were. */
static int forget_some(const struct work *work, uint64_t count,
		       bool resolved_only, uint64_t *ret_gone)
{
	struct kept_notice notice = {.seq = 0};
	MDB_cursor_op op = MDB_FIRST;
	uint64_t gone = 0;
	int r = 0;

	while (gone < count && (r = step(work, op, &notice)) > 0) {
		op = MDB_NEXT;
		if (resolved_only && notice.state != NOTICE_RESOLVED)
			continue;
		r = mdb_cursor_del(work->cursor, 0);
		if (r != 0)
			return database_errno(r);
		/* the cursor is at the one behind it */
		op = MDB_GET_CURRENT;
		gone++;
	}
	*ret_gone = gone;
	return r < 0 ? r : 0;
}

static int forget_surplus(const struct work *work)
{
	uint64_t gone = 0, surplus;
	MDB_stat stat;
	int r = mdb_stat(work->txn, work->store->table, &stat);

	if (r != 0)
		return database_errno(r);
	if (stat.ms_entries <= NOTICES_KEPT)
		return 0;
	surplus = stat.ms_entries - NOTICES_KEPT;
	r = forget_some(work, surplus, true, &gone);
	if (r == 0)
		r = forget_some(work, surplus - gone, false, &gone);
	return r;
}

int notice_store_put(struct notice_store *store,
		     const struct kept_notice *notices, size_t count,
		     uint64_t now_s)
{
	struct work work = {.store = store};
	int r;

	assert(store);

	r = begin(store, 0, &work);
	if (r < 0)
		return r;
	r = put_all(&work, notices, count);
	if (r == 0)
		r = forget_old(&work, now_s);
	if (r == 0)
		r = forget_surplus(&work);
	return end(&work, r);
}

/* So that the one before it is the first that is wanted. */
static int seek(const struct work *work, uint64_t before)
{
	uint8_t bytes[KEY_BYTES];
	MDB_val key = key_of(bytes, before);
	MDB_val value;
	int r;

	if (before == 0)
		return 0; /* a new cursor is at the end */
	r = mdb_cursor_get(work->cursor, &key, &value, MDB_SET_RANGE);
	return r == MDB_NOTFOUND ? 0 : database_errno(r);
}

static int visit(const struct work *work, uint64_t before, notice_store_fn *fn,
		 void *arg)
{
	struct kept_notice notice = {.seq = 0};
	int r = seek(work, before);

	while (r == 0 && (r = step(work, MDB_PREV, &notice)) > 0)
		r = fn(arg, &notice);
	return r < 0 ? r : 0;
}

int notice_store_each(struct notice_store *store, uint64_t before,
		      notice_store_fn *fn, void *arg)
{
	struct work work = {.store = store};
	int r;

	assert(store);
	assert(fn);

	r = begin(store, MDB_RDONLY, &work);
	return r < 0 ? r : end(&work, visit(&work, before, fn, arg));
}

struct search {
	const struct kept_id *id;
	uint64_t seq; /* 0: none yet */
	bool has_more;
};

static int look_at(void *arg, const struct kept_notice *notice)
{
	struct search *search = arg;

	if (!kept_id_meets(search->id, notice->id))
		return 0;
	search->has_more = search->seq != 0;
	search->seq = notice->seq;
	return search->has_more;
}

/* The cursor is at it afterwards. */
static int find(const struct work *work, const struct kept_id *id,
		struct kept_notice *ret_notice)
{
	struct search search = {.id = id};
	uint8_t bytes[KEY_BYTES];
	MDB_val key, value;
	int r = visit(work, 0, look_at, &search);

	if (r < 0)
		return r;
	if (search.seq == 0)
		return -ENOENT;
	if (search.has_more)
		return -ENOTUNIQ;
	key = key_of(bytes, search.seq);
	r = mdb_cursor_get(work->cursor, &key, &value, MDB_SET_KEY);
	if (r != 0)
		return database_errno(r);
	r = step(work, MDB_GET_CURRENT, ret_notice);
	return r < 0 ? r : 0;
}

int notice_store_find(struct notice_store *store, const struct kept_id *id,
		      notice_store_fn *fn, void *arg)
{
	struct kept_notice notice = {.seq = 0};
	struct work work = {.store = store};
	int r;

	assert(store);
	assert(id->digits > 0);

	r = begin(store, MDB_RDONLY, &work);
	if (r < 0)
		return r;
	r = find(&work, id, &notice);
	if (r == 0)
		(void)fn(arg, &notice);
	return end(&work, r);
}

static int mark_one(const struct notice_mark *mark, struct kept_notice *notice)
{
	if (mark->state < notice->state)
		return -EALREADY;
	notice->state = mark->state;
	notice->changed_s = mark->now_s;
	notice->changed_uid = mark->uid;
	if (mark->note)
		(void)snprintf(notice->note, sizeof(notice->note), "%s",
			       mark->note);
	return 0;
}

int notice_store_mark(struct notice_store *store, const struct kept_id *id,
		      const struct notice_mark *mark, notice_store_fn *fn,
		      void *arg)
{
	char json[KEPT_JSON_MAX];
	struct kept_notice notice = {.seq = 0};
	struct work work = {.store = store};
	int r;

	assert(store);
	assert(mark->state < NOTICE_STATE_COUNT);

	r = begin(store, 0, &work);
	if (r < 0)
		return r;
	r = find(&work, id, &notice);
	if (r == 0)
		r = mark_one(mark, &notice);
	if (r == 0) {
		/* the page that it lies in is written over */
		assert(notice.json);
		memcpy(json, notice.json, notice.json_len);
		notice.json = json;
		r = put_one(&work, &notice, notice.seq, 0);
	}
	r = end(&work, r);
	if (r == 0)
		(void)fn(arg, &notice);
	return r;
}

int notice_store_count(struct notice_store *store, uint64_t *ret_count)
{
	MDB_stat stat;
	int r;

	assert(store);

	r = mdb_env_stat(store->env, &stat);
	if (r != 0)
		return database_errno(r);
	*ret_count = stat.ms_entries;
	return 0;
}
