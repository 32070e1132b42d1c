// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/reasons.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/codec.h"
#include "rules/database.h"

#define COUNT_BYTES   8
#define ROW_MAX	      (COUNT_BYTES + REASON_MAX)
#define TALLY_MINIMUM 64

void reasons_init(struct reasons *reasons, MDB_txn *txn, MDB_dbi texts,
		  MDB_dbi ids)
{
	*reasons = (struct reasons){.txn = txn, .texts = texts, .ids = ids};
}

void reasons_done(struct reasons *reasons)
{
	free(reasons->tallies);
	reasons->tallies = NULL;
}

static int order_by_id(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* One tally an id, sorted. */
static void merge(struct reasons *reasons)
{
	struct tally *tallies = reasons->tallies;
	size_t kept = 0;

	if (reasons->tally_count == 0)
		return;

	qsort(tallies, reasons->tally_count, sizeof(*tallies), order_by_id);
	for (size_t i = 1; i < reasons->tally_count; i++) {
		if (tallies[i].id == tallies[kept].id)
			tallies[kept].change += tallies[i].change;
		else
			tallies[++kept] = tallies[i];
	}
	reasons->tally_count = kept + 1;
}

/* Room for one more. Merged first: memory grows with the number of reasons in
 * the transaction, not with that of members. */
static int make_room(struct reasons *reasons)
{
	size_t capacity = reasons->tally_capacity;
	struct tally *tallies;

	if (reasons->tally_count < capacity)
		return 0;
	merge(reasons);
	if (capacity > 0 && reasons->tally_count <= capacity / 2)
		return 0;

	capacity = capacity ? 2 * capacity : TALLY_MINIMUM;
	tallies = reallocarray(reasons->tallies, capacity, sizeof(*tallies));
	if (!tallies)
		return -ENOMEM;
	reasons->tallies = tallies;
	reasons->tally_capacity = capacity;
	return 0;
}

static int count_change(struct reasons *reasons, uint32_t id, int64_t change)
{
	struct tally *last = NULL;
	int r;

	if (reasons->tally_count > 0)
		last = &reasons->tallies[reasons->tally_count - 1];
	if (last && last->id == id) {
		last->change += change;
		return 0;
	}

	r = make_room(reasons);
	if (r < 0)
		return r;
	assert(reasons->tallies);
	reasons->tallies[reasons->tally_count++] =
		(struct tally){.id = id, .change = change};
	return 0;
}

/* One past the highest. */
static int next_id(const struct reasons *reasons, uint32_t *ret_id)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	uint32_t highest = 0;
	int r;

	r = mdb_cursor_open(reasons->txn, reasons->texts, &cursor);
	if (r != 0)
		return database_errno(r);
	r = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
	if (r == 0 && key.mv_size == sizeof(highest))
		highest = codec_u32_get(key.mv_data);
	mdb_cursor_close(cursor);
	if (r != 0 && r != MDB_NOTFOUND)
		return database_errno(r);
	if (highest == UINT32_MAX)
		return -ENOSPC;

	*ret_id = highest + 1;
	return 0;
}

static int put_row(const struct reasons *reasons, uint32_t id, uint64_t count,
		   const char *text, size_t len)
{
	uint8_t key_bytes[4], row[ROW_MAX];
	MDB_val key = {.mv_size = codec_u32_put(key_bytes, id),
		       .mv_data = key_bytes};
	MDB_val value = {.mv_size = COUNT_BYTES + len + 1, .mv_data = row};

	codec_u64_put(row, count);
	memcpy(row + COUNT_BYTES, text, len);
	row[COUNT_BYTES + len] = '\0';
	return database_errno(
		mdb_put(reasons->txn, reasons->texts, &key, &value, 0));
}

/* A text that is not there yet; its count is written when all is settled. */
static int add(const struct reasons *reasons, MDB_val *text, uint32_t *ret_id)
{
	uint8_t bytes[4];
	MDB_val value = {.mv_size = sizeof(bytes), .mv_data = bytes};
	uint32_t id = 0;
	int r;

	r = next_id(reasons, &id);
	if (r == 0)
		r = put_row(reasons, id, 0, text->mv_data, text->mv_size);
	if (r < 0)
		return r;

	codec_u32_put(bytes, id);
	r = mdb_put(reasons->txn, reasons->ids, text, &value, 0);
	if (r != 0)
		return database_errno(r);

	*ret_id = id;
	return 0;
}

static int find_or_add(const struct reasons *reasons, MDB_val *text,
		       uint32_t *ret_id)
{
	MDB_val value;
	int r;

	r = mdb_get(reasons->txn, reasons->ids, text, &value);
	if (r == MDB_NOTFOUND)
		return add(reasons, text, ret_id);
	if (r != 0)
		return database_errno(r);
	if (value.mv_size != sizeof(*ret_id))
		return -EBADMSG;

	*ret_id = codec_u32_get(value.mv_data);
	return 0;
}

int reasons_take(struct reasons *reasons, const char *text, uint32_t *ret_id)
{
	size_t len = strlen(text);
	MDB_val key = {.mv_size = len, .mv_data = reasons->last_text};
	uint32_t id = 0;
	int r;

	assert(len < REASON_MAX);

	if (len == 0) {
		*ret_id = 0;
		return 0;
	}
	if (reasons->last_id == 0 || strcmp(text, reasons->last_text) != 0) {
		reasons->last_id = 0;
		memcpy(reasons->last_text, text, len + 1);
		r = find_or_add(reasons, &key, &id);
		if (r < 0)
			return r;
		reasons->last_id = id;
	}

	r = count_change(reasons, reasons->last_id, 1);
	if (r < 0)
		return r;
	*ret_id = reasons->last_id;
	return 0;
}

int reasons_release(struct reasons *reasons, uint32_t id)
{
	return id ? count_change(reasons, id, -1) : 0;
}

/* count, text, NUL */
static int check_row(const MDB_val *row)
{
	const char *bytes = row->mv_data;

	if (row->mv_size < COUNT_BYTES + 2 || row->mv_size > ROW_MAX ||
	    memchr(bytes + COUNT_BYTES, '\0', row->mv_size - COUNT_BYTES) !=
		    bytes + row->mv_size - 1)
		return -EBADMSG;
	return 0;
}

static int delete_row(const struct reasons *reasons, MDB_val *key,
		      MDB_val *text)
{
	int r = mdb_del(reasons->txn, reasons->ids, text, NULL);

	if (r == 0)
		r = mdb_del(reasons->txn, reasons->texts, key, NULL);
	return r == MDB_NOTFOUND ? -EBADMSG : database_errno(r);
}

static int settle_one(const struct reasons *reasons, const struct tally *tally)
{
	uint8_t key_bytes[4];
	MDB_val key = {.mv_size = codec_u32_put(key_bytes, tally->id),
		       .mv_data = key_bytes};
	char copy[REASON_MAX]; /* what is in the map moves when written */
	MDB_val text = {.mv_data = copy};
	MDB_val row;
	uint64_t count;
	int r;

	r = mdb_get(reasons->txn, reasons->texts, &key, &row);
	if (r != 0)
		return r == MDB_NOTFOUND ? -EBADMSG : database_errno(r);
	r = check_row(&row);
	if (r < 0)
		return r;

	count = codec_u64_get(row.mv_data);
	if (tally->change < 0 && (uint64_t)-tally->change > count)
		return -EBADMSG;
	count += (uint64_t)tally->change;
	text.mv_size = row.mv_size - COUNT_BYTES - 1;
	memcpy(copy, (const char *)row.mv_data + COUNT_BYTES, text.mv_size);
	if (count == 0)
		return delete_row(reasons, &key, &text);
	return put_row(reasons, tally->id, count, copy, text.mv_size);
}

int reasons_settle(struct reasons *reasons)
{
	int r;

	merge(reasons);
	for (size_t i = 0; i < reasons->tally_count; i++) {
		/* one that was added and taken back has to go as well */
		r = settle_one(reasons, &reasons->tallies[i]);
		if (r < 0)
			return r;
	}
	reasons->tally_count = 0;
	reasons->last_id = 0; /* it may be gone */
	return 0;
}

int reasons_text(MDB_txn *txn, MDB_dbi texts, uint32_t id,
		 const char **ret_text)
{
	uint8_t key_bytes[4];
	MDB_val key = {.mv_size = codec_u32_put(key_bytes, id),
		       .mv_data = key_bytes};
	MDB_val row;
	int r;

	if (id == 0) {
		*ret_text = "";
		return 0;
	}
	r = mdb_get(txn, texts, &key, &row);
	if (r != 0)
		return r == MDB_NOTFOUND ? -EBADMSG : database_errno(r);
	r = check_row(&row);
	if (r < 0)
		return r;

	*ret_text = (const char *)row.mv_data + COUNT_BYTES;
	return 0;
}
