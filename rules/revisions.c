// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/revisions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/codec.h"

#define NUMBER_BYTES  8
#define PART_KEY_MAX  (NUMBER_BYTES + 4)
#define PART_BYTES    4080u /* and a head of 16: one page of 4096 */
#define STATE_KEY_MAX 16

static const char current_name[] = "policy-current";
static const char pending_name[] = "policy-pending";

_Static_assert(sizeof(current_name) <= STATE_KEY_MAX, "");
_Static_assert(sizeof(pending_name) <= STATE_KEY_MAX, "");

static MDB_val number_val(uint8_t bytes[NUMBER_BYTES], uint64_t number)
{
	return (MDB_val){
		.mv_size = codec_u64_put(bytes, number),
		.mv_data = bytes,
	};
}

static MDB_val part_key(uint8_t bytes[PART_KEY_MAX], uint64_t number,
			uint32_t part)
{
	size_t len = codec_u64_put(bytes, number);

	len += codec_u32_put(bytes + len, part);
	return (MDB_val){.mv_size = len, .mv_data = bytes};
}

/* LMDB does not write to keys, but does not say so. */
static MDB_val state_key(char copy[STATE_KEY_MAX], const char *name)
{
	size_t len = strnlen(name, STATE_KEY_MAX);

	memcpy(copy, name, len);
	return (MDB_val){.mv_size = len, .mv_data = copy};
}

static int read_revision(const MDB_val *key, const MDB_val *value,
			 struct revision *ret_revision)
{
	if (key->mv_size != NUMBER_BYTES)
		return -EBADMSG;
	return codec_revision_get(codec_u64_get(key->mv_data), value->mv_data,
				  value->mv_size, ret_revision);
}

static int find_revision(const struct database *database, MDB_txn *txn,
			 uint64_t number, struct revision *ret_revision)
{
	uint8_t bytes[NUMBER_BYTES];
	MDB_val key = number_val(bytes, number);
	MDB_val value;
	int r;

	r = mdb_get(txn, database->tables[TABLE_REVISIONS], &key, &value);
	if (r != 0)
		return database_errno(r);
	return read_revision(&key, &value, ret_revision);
}

static int visit(MDB_cursor *cursor, MDB_cursor_op step, store_revision_fn *fn,
		 void *arg)
{
	struct revision revision;
	MDB_val key, value;
	int r;

	while ((r = mdb_cursor_get(cursor, &key, &value, step)) == 0) {
		r = read_revision(&key, &value, &revision);
		if (r == 0)
			r = fn(arg, &revision);
		if (r < 0)
			return r;
	}
	return r == MDB_NOTFOUND ? 0 : database_errno(r);
}

static int visit_all(const struct database *database, MDB_txn *txn,
		     MDB_cursor_op step, store_revision_fn *fn, void *arg)
{
	MDB_cursor *cursor;
	int r;

	r = mdb_cursor_open(txn, database->tables[TABLE_REVISIONS], &cursor);
	if (r != 0)
		return database_errno(r);
	r = visit(cursor, step, fn, arg);
	mdb_cursor_close(cursor);
	return r;
}

int revisions_each(const struct database *database, MDB_txn *txn,
		   store_revision_fn *fn, void *arg)
{
	return visit_all(database, txn, MDB_PREV, fn, arg);
}

int revisions_newest(const struct database *database, MDB_txn *txn,
		     uint64_t *ret_number)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int r;

	r = mdb_cursor_open(txn, database->tables[TABLE_REVISIONS], &cursor);
	if (r != 0)
		return database_errno(r);
	r = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
	mdb_cursor_close(cursor);
	if (r == MDB_NOTFOUND) {
		*ret_number = 0;
		return 0;
	}
	if (r != 0)
		return database_errno(r);
	if (key.mv_size != NUMBER_BYTES)
		return -EBADMSG;

	*ret_number = codec_u64_get(key.mv_data);
	return 0;
}

/* Parts are full, but for the last. */
static size_t part_len(size_t text_bytes, size_t at)
{
	return text_bytes - at < PART_BYTES ? text_bytes - at : PART_BYTES;
}

static int read_parts(const struct database *database, MDB_txn *txn,
		      const struct revision *revision, char *text)
{
	uint8_t bytes[PART_KEY_MAX];
	uint32_t part = 0;
	MDB_val key, value;
	int r;

	for (size_t at = 0; at < revision->text_bytes; at += PART_BYTES) {
		key = part_key(bytes, revision->number, part++);
		r = mdb_get(txn, database->tables[TABLE_REVISION_TEXTS], &key,
			    &value);
		if (r == MDB_NOTFOUND)
			return -EBADMSG;
		if (r != 0)
			return database_errno(r);
		if (value.mv_size != part_len(revision->text_bytes, at))
			return -EBADMSG;
		memcpy(text + at, value.mv_data, value.mv_size);
	}
	return 0;
}

int revisions_text(const struct database *database, MDB_txn *txn,
		   uint64_t number, char **ret_text, size_t *ret_len)
{
	struct revision revision = {0};
	char *text;
	int r;

	r = find_revision(database, txn, number, &revision);
	if (r < 0)
		return r;
	text = malloc((size_t)revision.text_bytes + 1);
	if (!text)
		return -ENOMEM;
	r = read_parts(database, txn, &revision, text);
	if (r < 0) {
		free(text);
		return r;
	}

	text[revision.text_bytes] = '\0';
	*ret_text = text;
	*ret_len = revision.text_bytes;
	return 0;
}

static int read_current(const struct database *database, MDB_txn *txn,
			uint64_t *ret_current)
{
	char copy[STATE_KEY_MAX];
	MDB_val key = state_key(copy, current_name);
	MDB_val value;
	int r;

	r = mdb_get(txn, database->tables[TABLE_META], &key, &value);
	if (r == MDB_NOTFOUND) {
		*ret_current = 0;
		return 0;
	}
	if (r != 0)
		return database_errno(r);
	if (value.mv_size != NUMBER_BYTES || codec_u64_get(value.mv_data) == 0)
		return -EBADMSG;

	*ret_current = codec_u64_get(value.mv_data);
	return 0;
}

static int read_pending(const struct database *database, MDB_txn *txn,
			struct pending *ret_pending)
{
	char copy[STATE_KEY_MAX];
	MDB_val key = state_key(copy, pending_name);
	MDB_val value;
	int r;

	r = mdb_get(txn, database->tables[TABLE_META], &key, &value);
	if (r == MDB_NOTFOUND) {
		*ret_pending = (struct pending){0};
		return 0;
	}
	if (r != 0)
		return database_errno(r);
	return codec_pending_get(value.mv_data, value.mv_size, ret_pending);
}

/* Revision 0, which is none, needs no record. */
static int require(const struct database *database, MDB_txn *txn,
		   uint64_t number)
{
	struct revision revision;

	return number == 0 ? 0
			   : find_revision(database, txn, number, &revision);
}

int revisions_state(const struct database *database, MDB_txn *txn,
		    uint64_t *ret_current, struct pending *ret_pending)
{
	struct pending pending = {0};
	uint64_t current = 0;
	int r;

	r = read_current(database, txn, &current);
	if (r == 0)
		r = read_pending(database, txn, &pending);
	if (r < 0)
		return r;
	/* rule 2 */
	r = require(database, txn, current);
	if (r == 0)
		r = require(database, txn, pending.number);
	if (r == 0)
		r = require(database, txn, pending.fallback);
	if (r < 0)
		return r == -ENOENT ? -EBADMSG : r;

	*ret_current = current;
	*ret_pending = pending;
	return 0;
}

static int write_parts(const struct database *database, MDB_txn *txn,
		       const struct revision_put *put)
{
	const struct revision *revision = put->revision;
	uint8_t bytes[PART_KEY_MAX], part_bytes[PART_BYTES];
	MDB_val key, value = {.mv_data = part_bytes};
	uint32_t part = 0;
	int r = 0;

	for (size_t at = 0; r == 0 && at < revision->text_bytes;
	     at += PART_BYTES) {
		key = part_key(bytes, revision->number, part++);
		value.mv_size = part_len(revision->text_bytes, at);
		memcpy(part_bytes, put->text + at, value.mv_size);
		r = mdb_put(txn, database->tables[TABLE_REVISION_TEXTS], &key,
			    &value, MDB_APPEND);
	}
	/* a text behind that of the newest revision is nobody's */
	return r == MDB_KEYEXIST ? -EBADMSG : database_errno(r);
}

static int forget(const struct database *database, MDB_txn *txn,
		  const struct revision *revision)
{
	uint8_t bytes[PART_KEY_MAX];
	MDB_val key = number_val(bytes, revision->number);
	uint32_t part = 0;
	int r;

	r = mdb_del(txn, database->tables[TABLE_REVISIONS], &key, NULL);
	for (size_t at = 0; r == 0 && at < revision->text_bytes;
	     at += PART_BYTES) {
		key = part_key(bytes, revision->number, part++);
		r = mdb_del(txn, database->tables[TABLE_REVISION_TEXTS], &key,
			    NULL);
	}
	return r == MDB_NOTFOUND ? -EBADMSG : database_errno(r);
}

/* What of the kept ones is to go. */
struct choice {
	uint64_t current;
	struct pending pending;
	struct revision oldest; /* its number is 0 until one is found */
};

static int choose(void *arg, const struct revision *revision)
{
	struct choice *choice = arg;
	uint64_t number = revision->number;

	if (choice->oldest.number == 0 && number != choice->current &&
	    number != choice->pending.number &&
	    number != choice->pending.fallback)
		choice->oldest = *revision;
	return 0;
}

/* A put adds one, so one at most is too many. */
static int forget_oldest(const struct database *database, MDB_txn *txn)
{
	struct choice choice = {0};
	MDB_stat stat;
	int r;

	r = mdb_stat(txn, database->tables[TABLE_REVISIONS], &stat);
	if (r != 0)
		return database_errno(r);
	if (stat.ms_entries <= REVISIONS_KEPT)
		return 0;

	r = revisions_state(database, txn, &choice.current, &choice.pending);
	if (r == 0)
		r = visit_all(database, txn, MDB_NEXT, choose, &choice);
	return r < 0 ? r : forget(database, txn, &choice.oldest);
}

int revisions_put(const struct database *database, MDB_txn *txn,
		  const struct revision_put *put)
{
	uint8_t key_bytes[NUMBER_BYTES], bytes[CODEC_REVISION_MAX];
	MDB_val key = number_val(key_bytes, put->revision->number);
	MDB_val value = {.mv_data = bytes};
	uint64_t newest = 0;
	int r;

	r = revisions_newest(database, txn, &newest);
	if (r < 0)
		return r;
	if (put->revision->number != newest + 1)
		return -EEXIST;

	value.mv_size = codec_revision_put(bytes, put->revision);
	r = database_errno(mdb_put(txn, database->tables[TABLE_REVISIONS], &key,
				   &value, MDB_APPEND));
	if (r == 0)
		r = write_parts(database, txn, put);
	return r < 0 ? r : forget_oldest(database, txn);
}

static int put_state(const struct database *database, MDB_txn *txn,
		     const char *name, MDB_val value)
{
	char copy[STATE_KEY_MAX];
	MDB_val key = state_key(copy, name);

	return database_errno(
		mdb_put(txn, database->tables[TABLE_META], &key, &value, 0));
}

static int delete_state(const struct database *database, MDB_txn *txn,
			const char *name)
{
	char copy[STATE_KEY_MAX];
	MDB_val key = state_key(copy, name);
	int r;

	r = mdb_del(txn, database->tables[TABLE_META], &key, NULL);
	return r == MDB_NOTFOUND ? 0 : database_errno(r);
}

int revisions_make_current(const struct database *database, MDB_txn *txn,
			   uint64_t number)
{
	uint8_t bytes[NUMBER_BYTES];
	int r;

	r = require(database, txn, number);
	if (r < 0)
		return r;
	r = number == 0 ? delete_state(database, txn, current_name)
			: put_state(database, txn, current_name,
				    number_val(bytes, number));
	return r < 0 ? r : delete_state(database, txn, pending_name);
}

int revisions_make_pending(const struct database *database, MDB_txn *txn,
			   const struct pending *pending)
{
	uint8_t bytes[CODEC_PENDING_BYTES];
	MDB_val value = {.mv_data = bytes};
	int r;

	r = require(database, txn, pending->number);
	if (r == 0)
		r = require(database, txn, pending->fallback);
	if (r < 0)
		return r;
	value.mv_size = codec_pending_put(bytes, pending);
	return put_state(database, txn, pending_name, value);
}
