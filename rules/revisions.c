// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/revisions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/codec.h"

/* Of TABLE_META. */
#define STATE_KEY   "policy"
#define STATE_BYTES (3 * 8 + BOOT_ID_BYTES)

static MDB_val state_key(void)
{
	static char name[] = STATE_KEY;

	return (MDB_val){.mv_size = sizeof(name) - 1, .mv_data = name};
}

int revisions_get_state(const struct database *database, MDB_txn *txn,
			struct policy_state *ret_state)
{
	MDB_val key = state_key();
	MDB_val value;
	const uint8_t *from;
	int r = mdb_get(txn, database->tables[TABLE_META], &key, &value);

	if (r == MDB_NOTFOUND) {
		*ret_state = (struct policy_state){0};
		return 0;
	}
	if (r != 0)
		return database_errno(r);
	if (value.mv_size != STATE_BYTES)
		return -EBADMSG;
	from = value.mv_data;
	*ret_state = (struct policy_state){
		.current = codec_u64_get(from),
		.pending = codec_u64_get(from + 8),
		.deadline_ns = codec_u64_get(from + 16),
	};
	memcpy(ret_state->boot_id, from + 24, BOOT_ID_BYTES);
	return 0;
}

static int find(const struct database *database, MDB_txn *txn, uint64_t number,
		MDB_val *ret_value)
{
	uint8_t bytes[8];
	MDB_val key = {.mv_data = bytes};
	int r;

	key.mv_size = codec_u64_put(bytes, number);
	r = mdb_get(txn, database->tables[TABLE_REVISIONS], &key, ret_value);
	return r == MDB_NOTFOUND ? -ENOENT : database_errno(r);
}

int revisions_put_state(const struct database *database, MDB_txn *txn,
			const struct policy_state *state)
{
	uint8_t bytes[STATE_BYTES];
	MDB_val key = state_key();
	MDB_val value = {.mv_size = sizeof(bytes), .mv_data = bytes};
	MDB_val found;
	int r = 0;

	if (state->current)
		r = find(database, txn, state->current, &found);
	if (r == 0 && state->pending)
		r = find(database, txn, state->pending, &found);
	if (r < 0)
		return r;
	codec_u64_put(bytes, state->current);
	codec_u64_put(bytes + 8, state->pending);
	codec_u64_put(bytes + 16, state->deadline_ns);
	memcpy(bytes + 24, state->boot_id, BOOT_ID_BYTES);
	return database_errno(
		mdb_put(txn, database->tables[TABLE_META], &key, &value, 0));
}

static int get(const MDB_val *key, const MDB_val *value,
	       struct revision *ret_revision, const char **ret_text)
{
	size_t text_bytes;
	int r;

	if (key->mv_size != 8)
		return -EBADMSG;
	r = codec_revision_get(codec_u64_get(key->mv_data), value->mv_data,
			       value->mv_size, ret_revision);
	if (r < 0)
		return r;
	text_bytes = ret_revision->text_bytes;
	*ret_text = (const char *)value->mv_data + value->mv_size - text_bytes;
	return 0;
}

int revisions_each(const struct database *database, MDB_txn *txn,
		   store_revision_fn *fn, void *arg)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int r = mdb_cursor_open(txn, database->tables[TABLE_REVISIONS],
				&cursor);

	if (r != 0)
		return database_errno(r);
	while (r >= 0) {
		int mdb = mdb_cursor_get(cursor, &key, &value, MDB_PREV);
		struct revision revision;
		const char *text;

		if (mdb == MDB_NOTFOUND)
			break;
		r = mdb ? database_errno(mdb)
			: get(&key, &value, &revision, &text);
		if (r == 0)
			r = fn(arg, &revision);
	}
	mdb_cursor_close(cursor);
	return r < 0 ? r : 0;
}

int revisions_text(const struct database *database, MDB_txn *txn,
		   uint64_t number, char **ret_text, size_t *ret_len)
{
	uint8_t bytes[8];
	const MDB_val key = {.mv_size = codec_u64_put(bytes, number),
			     .mv_data = bytes};
	MDB_val value;
	struct revision revision = {0};
	const char *text = NULL;
	char *copy;
	int r = find(database, txn, number, &value);

	if (r == 0)
		r = get(&key, &value, &revision, &text);
	if (r < 0)
		return r;
	copy = malloc(revision.text_bytes + 1u);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, revision.text_bytes);
	copy[revision.text_bytes] = '\0';
	*ret_text = copy;
	*ret_len = revision.text_bytes;
	return 0;
}

struct census {
	uint64_t newest;
	size_t count;
	struct policy_state state;
	uint64_t oldest_unused; /* 0: none */
};

static int count_one(void *arg, const struct revision *revision)
{
	struct census *census = arg;

	if (census->count++ == 0)
		census->newest = revision->number;
	if (revision->number != census->state.current &&
	    revision->number != census->state.pending)
		census->oldest_unused = revision->number;
	return 0;
}

static int take_census(const struct database *database, MDB_txn *txn,
		       struct census *ret_census)
{
	struct census census = {0};
	int r = revisions_get_state(database, txn, &census.state);

	if (r == 0)
		r = revisions_each(database, txn, count_one, &census);
	if (r == 0)
		*ret_census = census;
	return r;
}

/* Before one more comes. One goes for each that comes, so one is enough. */
static int make_room(const struct database *database, MDB_txn *txn,
		     const struct census *census)
{
	uint8_t bytes[8];
	MDB_val key = {.mv_data = bytes};

	if (census->count < REVISIONS_KEPT || !census->oldest_unused)
		return 0;
	key.mv_size = codec_u64_put(bytes, census->oldest_unused);
	return database_errno(
		mdb_del(txn, database->tables[TABLE_REVISIONS], &key, NULL));
}

int revisions_put(const struct database *database, MDB_txn *txn,
		  const struct revision *revision, const char *text)
{
	uint8_t key_bytes[8], head[CODEC_REVISION_HEAD_MAX];
	MDB_val key = {.mv_data = key_bytes};
	struct census census = {0};
	MDB_val value;
	size_t head_bytes;
	int r = take_census(database, txn, &census);

	if (r == 0 && revision->number != census.newest + 1)
		r = -EEXIST;
	if (r == 0)
		r = make_room(database, txn, &census);
	if (r < 0)
		return r;
	key.mv_size = codec_u64_put(key_bytes, revision->number);
	head_bytes = codec_revision_put(head, revision);
	value.mv_size = head_bytes + revision->text_bytes;
	r = mdb_put(txn, database->tables[TABLE_REVISIONS], &key, &value,
		    MDB_RESERVE | MDB_APPEND);
	if (r != 0)
		return database_errno(r);
	memcpy(value.mv_data, head, head_bytes);
	memcpy((char *)value.mv_data + head_bytes, text, revision->text_bytes);
	return 0;
}
