// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/codec.h"
#include "rules/commit.h"
#include "rules/database.h"
#include "rules/journal.h"
#include "rules/reasons.h"
#include "rules/revisions.h"

struct store {
	struct database *database;
};

/* A visit of a table, record by record. */
struct scan {
	const struct database *database;
	MDB_txn *txn;
	union {
		store_set_fn *set_fn;
		store_member_fn *member_fn;
		store_attachment_fn *attachment_fn;
		store_feed_fn *feed_fn;
	};
	void *arg;
	uint8_t set_id; /* of a table of members */
	/* of the last member, and most often of the next one too */
	uint32_t reason_id;
	const char *reason;
};

typedef int record_fn(struct scan *scan, const MDB_val *key,
		      const MDB_val *value);

static int scan_table(struct scan *scan, MDB_dbi table, record_fn *fn)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int mdb, r = 0;

	mdb = mdb_cursor_open(scan->txn, table, &cursor);
	if (mdb != 0)
		return database_errno(mdb);

	while (r >= 0) {
		mdb = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		if (mdb == MDB_NOTFOUND)
			break;
		r = mdb ? database_errno(mdb) : fn(scan, &key, &value);
	}
	mdb_cursor_close(cursor);
	return r < 0 ? r : 0;
}

static int pass_set(struct scan *scan, const MDB_val *key, const MDB_val *value)
{
	struct set set;
	int r;

	if (key->mv_size != 1)
		return -EBADMSG;
	r = codec_set_get(*(const uint8_t *)key->mv_data, value->mv_data,
			  value->mv_size, &set);
	return r < 0 ? r : scan->set_fn(scan->arg, &set);
}

static int pass_attachment(struct scan *scan, const MDB_val *key,
			   const MDB_val *value)
{
	struct attachment wish;
	int r;

	r = codec_attachment_get(key->mv_data, key->mv_size, value->mv_data,
				 value->mv_size, &wish);
	return r < 0 ? r : scan->attachment_fn(scan->arg, &wish);
}

static int pass_feed(struct scan *scan, const MDB_val *key,
		     const MDB_val *value)
{
	struct feed_state state;
	struct feed_put feed = {.state = &state};
	char name[SET_NAME_MAX] = "";
	size_t read;
	int r;

	if (key->mv_size >= sizeof(name))
		return -EBADMSG;
	memcpy(name, key->mv_data, key->mv_size);
	r = feed_state_get(value->mv_data, value->mv_size, &state, &read);
	if (r < 0 || !set_name_is_valid(name) ||
	    value->mv_size - read > FEED_TEXT_MAX)
		return -EBADMSG;
	feed.name = name;
	feed.text = (const char *)value->mv_data + read;
	feed.len = value->mv_size - read;
	return scan->feed_fn(scan->arg, &feed);
}

static int find_reason(struct scan *scan, uint32_t id)
{
	int r;

	if (scan->reason && scan->reason_id == id)
		return 0;

	r = reasons_text(scan->txn, scan->database->tables[TABLE_REASONS], id,
			 &scan->reason);
	if (r < 0)
		return r;
	scan->reason_id = id;
	return 0;
}

static int pass_member(struct scan *scan, const MDB_val *key,
		       const MDB_val *value)
{
	struct member member;
	uint32_t reason_id;
	int r;

	r = codec_member_key_get(key->mv_data, key->mv_size, &member.prefix);
	if (r == 0)
		r = codec_evidence_get(value->mv_data, value->mv_size,
				       &member.evidence, &reason_id);
	if (r == 0)
		r = find_reason(scan, reason_id);
	if (r < 0)
		return r;

	member.evidence.reason = scan->reason;
	return scan->member_fn(scan->arg, scan->set_id, &member);
}

static int scan_members(struct scan *scan, uint8_t set_id)
{
	scan->set_id = set_id;
	return scan_table(scan, scan->database->members[set_id], pass_member);
}

int store_open(const char *path, size_t map_bytes, struct store **ret_store)
{
	CLEANUP(store_closep) struct store *store = NULL;
	int r;

	assert(path);
	assert(ret_store);

	store = calloc(1, sizeof(*store));
	if (!store)
		return -ENOMEM;
	r = database_open(path, map_bytes, &store->database);
	if (r < 0)
		return r;

	*ret_store = TAKE(store);
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;

	database_close(store->database);
	free(store);
}

/* `arg` is a struct store_part. */
static void change_of_part(void *arg, size_t index, struct change *ret_change)
{
	const struct store_part *part = arg;

	*ret_change = part->changes[index];
}

int store_commit(struct store *store, const struct change *changes,
		 size_t count, const struct journal_entry *entry,
		 uint64_t *ret_seq)
{
	struct store_part part = {.changes = changes};

	assert(changes || count == 0);

	return store_commit_each(store, count, change_of_part, &part, entry,
				 ret_seq);
}

int store_commit_each(struct store *store, size_t count, store_change_fn *fn,
		      void *arg, const struct journal_entry *entry,
		      uint64_t *ret_seq)
{
	const struct changes changes = {
		.count = count,
		.at = fn,
		.arg = arg,
		.entry = entry,
	};

	assert(store);
	assert(fn);
	assert(entry);
	assert(ret_seq);

	return commit_changes(store->database, &changes, 1, ret_seq);
}

static struct changes changes_of(struct store_part *part)
{
	return (struct changes){
		.count = part->count,
		.at = part->at ? part->at : change_of_part,
		.arg = part->at ? part->arg : part,
		.entry = part->entry,
	};
}

static int commit_part(struct store *store, struct store_part *part)
{
	const struct changes changes = changes_of(part);
	uint64_t seq;

	return commit_changes(store->database, &changes, 1, &seq);
}

/* All in one transaction; -ENOMEM is a failure as any other. */
static int commit_parts(struct store *store, struct store_part *parts,
			size_t count)
{
	CLEANUP(freep) struct changes *list = calloc(count, sizeof(*list));
	uint64_t seq;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		list[i] = changes_of(&parts[i]);
	return commit_changes(store->database, list, count, &seq);
}

void store_commit_many(struct store *store, struct store_part *parts,
		       size_t count)
{
	int r = -EAGAIN;

	assert(store);
	assert(parts || count == 0);

	if (count > 1)
		r = commit_parts(store, parts, count);
	/* Who of them is to blame shows when each is alone. */
	for (size_t i = 0; i < count; i++)
		parts[i].r = r < 0 ? commit_part(store, &parts[i]) : 0;
}

/* One snapshot, one table. */
static int visit(struct store *store, struct scan *scan, enum table table,
		 record_fn *fn)
{
	struct database *database = store->database;
	int r;

	r = database_read(database, &scan->txn);
	if (r < 0)
		return r;
	scan->database = database;
	r = scan_table(scan, database->tables[table], fn);
	database_read_done(database, scan->txn);
	return r;
}

int store_each_set(struct store *store, store_set_fn *fn, void *arg)
{
	struct scan scan = {.set_fn = fn, .arg = arg};

	assert(store);
	assert(fn);

	return visit(store, &scan, TABLE_SETS, pass_set);
}

int store_each_attachment(struct store *store, store_attachment_fn *fn,
			  void *arg)
{
	struct scan scan = {.attachment_fn = fn, .arg = arg};

	assert(store);
	assert(fn);

	return visit(store, &scan, TABLE_ATTACHMENTS, pass_attachment);
}

int store_each_feed(struct store *store, store_feed_fn *fn, void *arg)
{
	struct scan scan = {.feed_fn = fn, .arg = arg};

	assert(store);
	assert(fn);

	return visit(store, &scan, TABLE_FEEDS, pass_feed);
}

int store_each_member(struct store *store, uint8_t set_id, store_member_fn *fn,
		      void *arg)
{
	struct scan scan = {.member_fn = fn, .arg = arg};
	struct database *database;
	int r;

	assert(store);
	assert(fn);

	database = store->database;
	r = database_read(database, &scan.txn);
	if (r < 0)
		return r;
	scan.database = database;
	if (set_id != 0) {
		r = database_find_set(database, scan.txn, set_id);
		if (r == 0)
			r = scan_members(&scan, set_id);
	}
	for (unsigned int id = 1; set_id == 0 && id <= SET_ID_MAX; id++) {
		r = scan_members(&scan, (uint8_t)id);
		if (r < 0)
			break;
	}
	database_read_done(database, scan.txn);
	return r;
}

int store_each_journal(struct store *store, uint64_t before, size_t max,
		       store_journal_fn *fn, void *arg)
{
	struct database *database;
	MDB_txn *txn;
	int r;

	assert(store);
	assert(fn);

	database = store->database;
	r = database_read(database, &txn);
	if (r < 0)
		return r;
	r = journal_each(database, txn, before, max, fn, arg);
	database_read_done(database, txn);
	return r;
}

int store_each_revision(struct store *store, store_revision_fn *fn, void *arg)
{
	struct database *database;
	MDB_txn *txn;
	int r;

	assert(store);
	assert(fn);

	database = store->database;
	r = database_read(database, &txn);
	if (r < 0)
		return r;
	r = revisions_each(database, txn, fn, arg);
	database_read_done(database, txn);
	return r;
}

int store_revision_last(struct store *store, uint64_t *ret_number)
{
	struct database *database;
	MDB_txn *txn;
	int r;

	assert(store);
	assert(ret_number);

	database = store->database;
	r = database_read(database, &txn);
	if (r < 0)
		return r;
	r = revisions_newest(database, txn, ret_number);
	database_read_done(database, txn);
	return r;
}

int store_revision_text(struct store *store, uint64_t number, char **ret_text,
			size_t *ret_len)
{
	struct database *database;
	MDB_txn *txn;
	int r;

	assert(store);
	assert(ret_text);
	assert(ret_len);

	database = store->database;
	r = database_read(database, &txn);
	if (r < 0)
		return r;
	r = revisions_text(database, txn, number, ret_text, ret_len);
	database_read_done(database, txn);
	return r;
}

int store_policy_state(struct store *store, uint64_t *ret_current,
		       struct pending *ret_pending)
{
	struct database *database;
	MDB_txn *txn;
	int r;

	assert(store);
	assert(ret_current);
	assert(ret_pending);

	database = store->database;
	r = database_read(database, &txn);
	if (r < 0)
		return r;
	r = revisions_state(database, txn, ret_current, ret_pending);
	database_read_done(database, txn);
	return r;
}

static int count_members(const struct database *database, MDB_txn *txn,
			 uint64_t *ret_count)
{
	uint64_t count = 0;
	MDB_stat stat;
	int r;

	for (unsigned int id = 1; id <= SET_ID_MAX; id++) {
		r = mdb_stat(txn, database->members[id], &stat);
		if (r != 0)
			return database_errno(r);
		count += stat.ms_entries;
	}

	*ret_count = count;
	return 0;
}

int store_usage(struct store *store, struct store_usage *ret_usage)
{
	struct store_usage usage = {0};
	struct database *database;
	MDB_txn *txn;
	int r;

	assert(store);
	assert(ret_usage);

	database = store->database;
	r = database_read(database, &txn);
	if (r < 0)
		return r;
	r = database_room(database, txn, &usage.used_bytes, &usage.map_bytes);
	if (r == 0)
		r = count_members(database, txn, &usage.member_count);
	if (r == 0)
		r = journal_newest(database, txn, &usage.journal_seq);
	database_read_done(database, txn);
	if (r < 0)
		return r;

	*ret_usage = usage;
	return 0;
}

int store_version(struct store *store, uint64_t *ret_version)
{
	assert(store);
	assert(ret_version);

	return database_version(store->database, ret_version);
}

void store_trim(struct store *store)
{
	assert(store);

	database_trim(store->database);
}
