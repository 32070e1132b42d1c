// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/journal.h"

#include <errno.h>

#include "rules/codec.h"

int journal_newest(const struct database *database, MDB_txn *txn,
		   uint64_t *ret_seq)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int r;

	r = mdb_cursor_open(txn, database->tables[TABLE_JOURNAL], &cursor);
	if (r != 0)
		return database_errno(r);
	r = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
	mdb_cursor_close(cursor);
	if (r == MDB_NOTFOUND) {
		*ret_seq = 0;
		return 0;
	}
	if (r != 0)
		return database_errno(r);
	if (key.mv_size != sizeof(*ret_seq))
		return -EBADMSG;

	*ret_seq = codec_u64_get(key.mv_data);
	return 0;
}

/* One line a commit, and no holes: one at most is too old. */
static int forget(const struct database *database, MDB_txn *txn, uint64_t seq)
{
	uint8_t bytes[8];
	MDB_val key = {.mv_data = bytes};
	int r;

	key.mv_size = codec_u64_put(bytes, seq);
	r = mdb_del(txn, database->tables[TABLE_JOURNAL], &key, NULL);
	return r == MDB_NOTFOUND ? 0 : database_errno(r);
}

int journal_append(const struct database *database, MDB_txn *txn,
		   const struct journal_entry *entry, uint64_t *ret_seq)
{
	uint8_t key_bytes[8], bytes[CODEC_JOURNAL_MAX];
	MDB_val key = {.mv_data = key_bytes};
	MDB_val value = {.mv_data = bytes};
	uint64_t seq = 0;
	int r;

	r = journal_newest(database, txn, &seq);
	if (r < 0)
		return r;
	seq++;
	key.mv_size = codec_u64_put(key_bytes, seq);
	value.mv_size = codec_journal_put(bytes, entry);
	r = database_errno(mdb_put(txn, database->tables[TABLE_JOURNAL], &key,
				   &value, MDB_APPEND));
	if (r == 0 && seq > STORE_JOURNAL_LINES)
		r = forget(database, txn, seq - STORE_JOURNAL_LINES);
	if (r < 0)
		return r;

	*ret_seq = seq;
	return 0;
}

static int pass_line(const MDB_val *key, const MDB_val *value,
		     store_journal_fn *fn, void *arg)
{
	struct journal_entry entry;
	int r;

	if (key->mv_size != sizeof(entry.seq))
		return -EBADMSG;
	r = codec_journal_get(codec_u64_get(key->mv_data), value->mv_data,
			      value->mv_size, &entry);
	return r < 0 ? r : fn(arg, &entry);
}

/* Put the cursor so that the line before it is the first one wanted. */
static int seek(MDB_cursor *cursor, uint64_t before)
{
	uint8_t bytes[8];
	MDB_val key = {.mv_data = bytes};
	MDB_val value;
	int r;

	if (before == 0)
		return 0; /* before the end: a new cursor is there */

	key.mv_size = codec_u64_put(bytes, before);
	r = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	return r == MDB_NOTFOUND ? 0 : database_errno(r);
}

int journal_each(const struct database *database, MDB_txn *txn, uint64_t before,
		 size_t max, store_journal_fn *fn, void *arg)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int r;

	r = mdb_cursor_open(txn, database->tables[TABLE_JOURNAL], &cursor);
	if (r != 0)
		return database_errno(r);

	r = seek(cursor, before);
	for (size_t i = 0; r >= 0 && i < max; i++) {
		int mdb = mdb_cursor_get(cursor, &key, &value, MDB_PREV);

		if (mdb == MDB_NOTFOUND)
			break;
		r = mdb ? database_errno(mdb)
			: pass_line(&key, &value, fn, arg);
	}
	mdb_cursor_close(cursor);
	return r < 0 ? r : 0;
}
