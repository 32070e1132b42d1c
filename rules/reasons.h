/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reasons.h - the reasons of members, each kept once, within one transaction.
 *
 * A list of a million members has one reason. Members refer to it by an id;
 * how many do is counted, and a reason that nobody has any more is deleted in
 * the same transaction. The changes of the counts are gathered in memory, by
 * id, and written by reasons_settle(), so a million members cost one write.
 *
 * Id 0 is the empty reason, which is not kept.
 *
 * Errors	as in store.h; after one the transaction has to be aborted
 * Threads	one at a time
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#include "rules/member.h"

struct tally {
	uint32_t id;
	int64_t change;
};

struct reasons {
	MDB_txn *txn;
	MDB_dbi texts; /* id -> count, text with its NUL */
	MDB_dbi ids; /* text -> id */
	struct tally *tallies;
	size_t tally_count;
	size_t tally_capacity;
	uint32_t last_id; /* of last_text, 0 if none */
	char last_text[REASON_MAX];
};

void reasons_init(struct reasons *reasons, MDB_txn *txn, MDB_dbi texts,
		  MDB_dbi ids);
void reasons_done(struct reasons *reasons);

/* One more member has `text`, which is shorter than REASON_MAX. */
int reasons_take(struct reasons *reasons, const char *text, uint32_t *ret_id);

/* One member less has it. */
int reasons_release(struct reasons *reasons, uint32_t id);

/* Write the counts. */
int reasons_settle(struct reasons *reasons);

/* The text is lent until the transaction ends. */
int reasons_text(MDB_txn *txn, MDB_dbi texts, uint32_t id,
		 const char **ret_text);
