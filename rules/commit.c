// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/commit.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/codec.h"
#include "rules/journal.h"
#include "rules/reasons.h"
#include "rules/revisions.h"

/* A commit under way. */
struct work {
	struct database *database;
	MDB_txn *txn;
	struct reasons reasons;
	/* the members of one set; the set changes seldom within a commit */
	MDB_cursor *cursor; /* NULL: not in a set */
	uint8_t set_id; /* of the cursor */
	bool knows_last;
	uint8_t last[CODEC_MEMBER_KEY_MAX]; /* no key of its is after this */
	size_t last_len; /* 0: it had none */
	bool has_changed; /* anything, by the changes of one line */
};

static void leave_set(struct work *work)
{
	if (work->cursor)
		mdb_cursor_close(work->cursor);
	work->cursor = NULL;
	work->knows_last = false;
}

static int enter_set(struct work *work, uint8_t set_id)
{
	int r;

	if (work->cursor && work->set_id == set_id)
		return 0;

	leave_set(work);
	/* rule 5 of store.h */
	r = database_find_set(work->database, work->txn, set_id);
	if (r < 0)
		return r;
	r = mdb_cursor_open(work->txn, work->database->members[set_id],
			    &work->cursor);
	if (r != 0)
		return database_errno(r);
	work->set_id = set_id;
	return 0;
}

static int learn_last(struct work *work)
{
	MDB_val key, value;
	int r;

	r = mdb_cursor_get(work->cursor, &key, &value, MDB_LAST);
	if (r == MDB_NOTFOUND)
		key.mv_size = 0;
	else if (r != 0)
		return database_errno(r);
	if (key.mv_size > sizeof(work->last))
		return -EBADMSG;

	if (key.mv_size > 0)
		memcpy(work->last, key.mv_data, key.mv_size);
	work->last_len = key.mv_size;
	work->knows_last = true;
	return 0;
}

/* In the order of LMDB, and so of prefix_cmp(). */
static bool is_after_last(const struct work *work, const MDB_val *key)
{
	size_t len =
		key->mv_size < work->last_len ? key->mv_size : work->last_len;
	int order = memcmp(key->mv_data, work->last, len);

	return order > 0 || (order == 0 && key->mv_size > work->last_len);
}

static int append_member(struct work *work, MDB_val *key, MDB_val *value)
{
	memcpy(work->last, key->mv_data, key->mv_size);
	work->last_len = key->mv_size;
	return database_errno(
		mdb_cursor_put(work->cursor, key, value, MDB_APPEND));
}

/* The reason of a member that is replaced or deleted. */
static int release_reason(struct work *work, const MDB_val *value)
{
	struct evidence evidence;
	uint32_t reason_id;
	int r;

	r = codec_evidence_get(value->mv_data, value->mv_size, &evidence,
			       &reason_id);
	return r < 0 ? r : reasons_release(&work->reasons, reason_id);
}

static int insert_member(struct work *work, MDB_val *key, MDB_val *value)
{
	MDB_val found = *value;
	int r;

	r = mdb_cursor_put(work->cursor, key, &found, MDB_NOOVERWRITE);
	if (r != MDB_KEYEXIST)
		return database_errno(r);

	r = release_reason(work, &found);
	if (r < 0)
		return r;
	return database_errno(mdb_cursor_put(work->cursor, key, value, 0));
}

static int put_member(struct work *work, const struct change *change)
{
	const struct member *member = &change->member;
	const char *reason = member->evidence.reason;
	uint8_t key_bytes[CODEC_MEMBER_KEY_MAX];
	uint8_t value_bytes[CODEC_EVIDENCE_MAX];
	MDB_val key = {.mv_data = key_bytes};
	MDB_val value = {.mv_data = value_bytes};
	uint32_t reason_id = 0;
	int r;

	r = enter_set(work, change->set_id);
	if (r == 0 && !work->knows_last)
		r = learn_last(work);
	if (r == 0)
		r = reasons_take(&work->reasons, reason ? reason : "",
				 &reason_id);
	if (r < 0)
		return r;

	key.mv_size = codec_member_key_put(key_bytes, &member->prefix);
	value.mv_size =
		codec_evidence_put(value_bytes, &member->evidence, reason_id);
	/* saves the search; LMDB fills the pages at the end either way */
	if (is_after_last(work, &key))
		return append_member(work, &key, &value);
	return insert_member(work, &key, &value);
}

static int delete_member(struct work *work, const struct change *change)
{
	uint8_t key_bytes[CODEC_MEMBER_KEY_MAX];
	MDB_val key = {.mv_data = key_bytes};
	MDB_val value;
	int r;

	r = enter_set(work, change->set_id);
	if (r < 0)
		return r == -ENOENT ? 0 : r;

	key.mv_size = codec_member_key_put(key_bytes, &change->member.prefix);
	r = mdb_cursor_get(work->cursor, &key, &value, MDB_SET_KEY);
	if (r == MDB_NOTFOUND)
		return 0;
	if (r != 0)
		return database_errno(r);
	r = release_reason(work, &value);
	if (r < 0)
		return r;

	work->has_changed = true;
	return database_errno(mdb_cursor_del(work->cursor, 0));
}

static int put_set(struct work *work, const struct change *change)
{
	uint8_t id = change->set.id;
	uint8_t bytes[CODEC_SET_MAX];
	MDB_val key = {.mv_size = 1, .mv_data = &id};
	MDB_val value = {.mv_data = bytes};

	value.mv_size = codec_set_put(bytes, &change->set);
	return database_errno(mdb_put(work->txn,
				      work->database->tables[TABLE_SETS], &key,
				      &value, 0));
}

static int delete_set(struct work *work, const struct change *change)
{
	uint8_t id = change->set_id;
	MDB_val key = {.mv_size = 1, .mv_data = &id};
	MDB_val value;
	int r;

	if (id < SET_ID_FIRST_FREE)
		return -EPERM;
	leave_set(work); /* for a cursor before the first member */
	r = enter_set(work, id);
	if (r < 0)
		return r;

	while ((r = mdb_cursor_get(work->cursor, &key, &value, MDB_NEXT)) ==
	       0) {
		r = release_reason(work, &value);
		if (r < 0)
			return r;
	}
	leave_set(work);
	if (r != MDB_NOTFOUND)
		return database_errno(r);

	key = (MDB_val){.mv_size = 1, .mv_data = &id};
	r = mdb_drop(work->txn, work->database->members[id], 0);
	if (r == 0)
		r = mdb_del(work->txn, work->database->tables[TABLE_SETS], &key,
			    NULL);
	return database_errno(r);
}

/* LMDB does not write to keys, but does not say so. */
static MDB_val ifname_key(char copy[IFNAME_MAX], const char *ifname)
{
	size_t len = strnlen(ifname, IFNAME_MAX - 1);

	memcpy(copy, ifname, len);
	return (MDB_val){.mv_size = len, .mv_data = copy};
}

static int put_attachment(struct work *work, const struct change *change)
{
	char name[IFNAME_MAX];
	uint8_t bytes[CODEC_ATTACHMENT_BYTES];
	MDB_val key = ifname_key(name, change->attachment.ifname);
	MDB_val value = {.mv_data = bytes};

	value.mv_size = codec_attachment_put(bytes, &change->attachment);
	return database_errno(mdb_put(work->txn,
				      work->database->tables[TABLE_ATTACHMENTS],
				      &key, &value, 0));
}

static int delete_attachment(struct work *work, const struct change *change)
{
	char name[IFNAME_MAX];
	MDB_val key = ifname_key(name, change->attachment.ifname);
	int r;

	r = mdb_del(work->txn, work->database->tables[TABLE_ATTACHMENTS], &key,
		    NULL);
	return r == MDB_NOTFOUND ? 0 : database_errno(r);
}

static int put_revision(struct work *work, const struct change *change)
{
	return revisions_put(work->database, work->txn, &change->revision_put);
}

static int make_current(struct work *work, const struct change *change)
{
	return revisions_make_current(work->database, work->txn,
				      change->revision_number);
}

static int make_pending(struct work *work, const struct change *change)
{
	return revisions_make_pending(work->database, work->txn,
				      &change->pending);
}

/* LMDB takes no const. */
static MDB_val feed_key(const struct change *change, char name[SET_NAME_MAX])
{
	size_t len = strlen(change->feed_put.name);

	memcpy(name, change->feed_put.name, len);
	return (MDB_val){.mv_size = len, .mv_data = name};
}

static int put_feed(struct work *work, const struct change *change)
{
	const struct feed_put *put = &change->feed_put;
	uint8_t bytes[FEED_STATE_MAX + FEED_TEXT_MAX];
	char name[SET_NAME_MAX];
	size_t len = feed_state_put(bytes, put->state);
	MDB_val key = feed_key(change, name);
	MDB_val value = {.mv_size = len + put->len, .mv_data = bytes};

	memcpy(bytes + len, put->text, put->len);
	return database_errno(mdb_put(work->txn,
				      work->database->tables[TABLE_FEEDS], &key,
				      &value, 0));
}

static int delete_feed(struct work *work, const struct change *change)
{
	char name[SET_NAME_MAX];
	MDB_val key = feed_key(change, name);
	int r = mdb_del(work->txn, work->database->tables[TABLE_FEEDS], &key,
			NULL);

	return r == MDB_NOTFOUND ? 0 : database_errno(r);
}

typedef int apply_fn(struct work *work, const struct change *change);

static apply_fn *const apply_fns[] = {
	[CHANGE_MEMBER_PUT] = put_member,
	[CHANGE_MEMBER_DEL] = delete_member,
	[CHANGE_SET_PUT] = put_set,
	[CHANGE_SET_DEL] = delete_set,
	[CHANGE_ATTACHMENT_PUT] = put_attachment,
	[CHANGE_ATTACHMENT_DEL] = delete_attachment,
	[CHANGE_REVISION_PUT] = put_revision,
	[CHANGE_REVISION_CURRENT] = make_current,
	[CHANGE_REVISION_PENDING] = make_pending,
	[CHANGE_FEED_PUT] = put_feed,
	[CHANGE_FEED_DEL] = delete_feed,
};

_Static_assert(ARRAY_LEN(apply_fns) == CHANGE_COUNT, "");

static void assert_revision(const struct revision_put *put)
{
	assert(put->text);
	assert(put->revision->text_bytes > 0);
	assert(put->revision->text_bytes <= REVISION_TEXT_MAX);
	assert(revision_note_is_valid(put->revision->note));
}

/* What the caller has to see to. */
static void assert_change(const struct change *change)
{
	switch (change->kind) {
	case CHANGE_MEMBER_PUT:
		assert(change->member.evidence.origin < ORIGIN_COUNT);
		assert(change->member.prefix.bits <= 128);
		break;
	case CHANGE_SET_PUT:
		assert(change->set.id != 0);
		assert(set_name_is_storable(change->set.name));
		break;
	case CHANGE_ATTACHMENT_PUT:
	case CHANGE_ATTACHMENT_DEL:
		assert(change->attachment.ifname[0] != '\0');
		break;
	case CHANGE_REVISION_PUT:
		assert_revision(&change->revision_put);
		break;
	case CHANGE_REVISION_PENDING:
		assert(change->pending.number != 0);
		break;
	case CHANGE_FEED_PUT:
	case CHANGE_FEED_DEL:
		assert(set_name_is_valid(change->feed_put.name));
		assert(change->feed_put.len <= FEED_TEXT_MAX);
		break;
	default:
		assert(change->kind < CHANGE_COUNT);
		break;
	}
}

static int apply_changes(struct work *work, const struct changes *changes)
{
	struct change change;
	int r;

	work->has_changed = changes->count == 0;
	for (size_t i = 0; i < changes->count; i++) {
		changes->at(changes->arg, i, &change);
		assert_change(&change);
		/* only of a member's removal is it known not to be one */
		work->has_changed |= change.kind != CHANGE_MEMBER_DEL;
		r = apply_fns[change.kind](work, &change);
		if (r < 0)
			return r;
	}
	return 0;
}

static int apply(struct work *work, const struct changes *list, size_t count,
		 uint64_t *ret_seq)
{
	int r;

	for (size_t i = 0; i < count; i++) {
		r = apply_changes(work, &list[i]);
		if (r == 0 && work->has_changed)
			r = journal_append(work->database, work->txn,
					   list[i].entry, ret_seq);
		if (r < 0)
			return r;
	}
	leave_set(work);
	return reasons_settle(&work->reasons);
}

static int commit_once(struct database *database, const struct changes *list,
		       size_t count, uint64_t *ret_seq)
{
	struct work work = {.database = database};
	uint64_t seq = 0;
	int r;

	r = database_begin(database, &work.txn);
	if (r < 0)
		return r;

	reasons_init(&work.reasons, work.txn, database->tables[TABLE_REASONS],
		     database->tables[TABLE_REASON_IDS]);
	r = apply(&work, list, count, &seq);
	reasons_done(&work.reasons);
	if (r < 0 || seq == 0) {
		database_abort(database, work.txn);
		if (r == 0)
			*ret_seq = 0;
		return r;
	}
	r = database_commit(database, work.txn);
	if (r < 0)
		return r;

	*ret_seq = seq;
	return 0;
}

/* To confirm a policy or to go back to one takes room for a number only, and
 * not to go back would leave one that locks out. */
static bool takes_away(enum change_kind kind)
{
	return kind == CHANGE_MEMBER_DEL || kind == CHANGE_SET_DEL ||
	       kind == CHANGE_ATTACHMENT_DEL || kind == CHANGE_FEED_DEL ||
	       kind == CHANGE_REVISION_CURRENT;
}

static bool takes_away_only(const struct changes *changes)
{
	struct change change;

	for (size_t i = 0; i < changes->count; i++) {
		changes->at(changes->arg, i, &change);
		if (!takes_away(change.kind))
			return false;
	}
	return changes->count > 0;
}

int commit_changes(struct database *database, const struct changes *list,
		   size_t count, uint64_t *ret_seq)
{
	int r;

	assert(count > 0);

	r = commit_once(database, list, count, ret_seq);
	/* the way out of a full store must not be closed by its being full */
	if (r == -ENOSPC && count == 1 && takes_away_only(list) &&
	    database_lend_room(database) == 0)
		r = commit_once(database, list, count, ret_seq);
	return r;
}
