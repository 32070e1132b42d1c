/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - what was acknowledged, durable: sets, members, attachments and a
 * journal of changes, and revisions of the policy, in one LMDB environment.
 *
 *	1. A commit is whole or absent, also after a power cut at any moment.
 *	2. A commit that returned 0 is on the disk.
 *	3. A store of an unknown schema, or a damaged one, is refused at open;
 *	   it is never rewritten or emptied. One of an older schema is upgraded
 *	   at open, as a commit is made.
 *	4. A full store refuses the commit (-ENOSPC) and stays readable.
 *	5. Members belong to a set that is there: dropping the set drops them.
 *
 * Owns		the environment. One process, one open at a time; not across
 *		fork() (lmdb.h, "Caveats")
 * Times	as in member.h; the store reads no clock
 * Errors	negative errno: -ENOSPC full or disk full, -EPROTO other schema,
 *		-EBADMSG damaged, -EBUSY another process has it, -ENOENT no
 *		such set, revision or parent directory, -EIO the disk
 * Threads	one at a time: the daemon opens it on the loop before the worker
 *		starts, and from then on only the worker calls it
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/feed_state.h"
#include "rules/member.h"
#include "rules/revision.h"
#include "rules/set.h"

#define STORE_SCHEMA	    3
#define STORE_JOURNAL_LINES 100000u /* kept; the oldest go first */
#define JOURNAL_TEXT_MAX    400 /* bytes with the NUL */
#define IFNAME_MAX	    16 /* IFNAMSIZ, without <net/if.h> here */

/* An interface the operator wants the program on, whether it is there or not.*/
#define ATTACHMENT_MODE_MAX  2
#define ATTACHMENT_SHARE_MAX 1

struct attachment {
	char ifname[IFNAME_MAX];
	uint8_t mode; /* enum attach_mode of daemon/packet/attach.h */
	uint8_t share; /* 0 exclusive, 1 shared */
};

enum change_kind {
	CHANGE_MEMBER_PUT, /* add, or replace the evidence */
	CHANGE_MEMBER_DEL, /* absent is no error */
	CHANGE_SET_PUT, /* add, or replace all but the id */
	CHANGE_SET_DEL, /* with its members; -EPERM for a built-in one */
	CHANGE_ATTACHMENT_PUT,
	CHANGE_ATTACHMENT_DEL, /* by name; absent is no error */
	CHANGE_REVISION_PUT, /* number store_revision_last() + 1, or -EEXIST */
	CHANGE_REVISION_CURRENT, /* confirmed, or gone back to, or 0: none;
				    nothing is pending then */
	CHANGE_REVISION_PENDING, /* whatever was pending before */
	CHANGE_FEED_PUT, /* add, or replace all but the name */
	CHANGE_FEED_DEL, /* by name; absent is no error */
	CHANGE_COUNT,
};

/* A feed; in a change only borrowed. */
struct feed_put {
	const char *name; /* as of a set */
	const struct feed_state *state;
	const char *text; /* its definition, < FEED_TEXT_MAX; no NUL needed */
	size_t len;
};

struct change {
	enum change_kind kind;
	uint8_t set_id; /* MEMBER_*, SET_DEL */
	union {
		struct member member;
		struct set set;
		struct attachment attachment;
		struct revision_put revision_put;
		uint64_t revision_number; /* REVISION_CURRENT */
		struct pending pending;
		struct feed_put feed_put; /* FEED_DEL: the name */
	};
};

/* One line of the journal, one commit. */
struct journal_entry {
	uint64_t seq; /* given by the store: 1, 2, 3, ... */
	uint64_t time_s;
	uint32_t uid;
	char text[JOURNAL_TEXT_MAX]; /* "block 192.0.2.1 for 1h: scan" */
};

struct store;

/*
 * Open or create the environment in directory `path` (created 0700 if its
 * parent is there) with room for `map_bytes`. The built-in sets are there
 * afterwards. The caller owns *ret_store.
 */
int store_open(const char *path, size_t map_bytes, struct store **ret_store);

/* NULL is fine. */
void store_close(struct store *store);
DEFINE_CLEANUP(struct store *, store_close)

/*
 * Make `count` changes and one journal line (its seq is ignored) durable
 * together, in order. On failure nothing has changed. Removals of members none
 * of which is there leave no line, and *ret_seq is 0. A run of MEMBER_PUTs
 * in the order of prefix_cmp() of one set is the fast path: a million take
 * well under a second.
 */
int store_commit(struct store *store, const struct change *changes,
		 size_t count, const struct journal_entry *entry,
		 uint64_t *ret_seq);

/* Gives change number `index`, the same whenever asked. */
typedef void store_change_fn(void *arg, size_t index,
			     struct change *ret_change);

/* The same for changes that are made one by one: a million of them need not
 * stand in memory side by side. */
int store_commit_each(struct store *store, size_t count, store_change_fn *fn,
		      void *arg, const struct journal_entry *entry,
		      uint64_t *ret_seq);

/* One of several commits. */
struct store_part {
	const struct change *changes;
	store_change_fn *at; /* in place of them; or NULL */
	void *arg;
	size_t count;
	const struct journal_entry *entry;
	int r; /* what store_commit() would answer: filled in */
};

/* Each as by store_commit(), in order, and each whole or absent on its own;
 * but if nothing fails all together wait for the disk once. */
void store_commit_many(struct store *store, struct store_part *parts,
		       size_t count);

typedef int store_set_fn(void *arg, const struct set *set);
typedef int store_member_fn(void *arg, uint8_t set_id,
			    const struct member *member);
typedef int store_attachment_fn(void *arg, const struct attachment *wish);
typedef int store_feed_fn(void *arg, const struct feed_put *feed);
typedef int store_journal_fn(void *arg, const struct journal_entry *entry);

/* Each visits one consistent snapshot; stops at the first negative answer and
 * returns it. What is passed is lent for the call. */
int store_each_set(struct store *store, store_set_fn *fn, void *arg);
int store_each_feed(struct store *store, store_feed_fn *fn, void *arg);

/* Members of one set, or of all for set_id 0, in order of set and prefix. */
int store_each_member(struct store *store, uint8_t set_id, store_member_fn *fn,
		      void *arg);
int store_each_attachment(struct store *store, store_attachment_fn *fn,
			  void *arg);

/* Newest first, entries with seq < `before` (0: from the end), at most `max`.*/
int store_each_journal(struct store *store, uint64_t before, size_t max,
		       store_journal_fn *fn, void *arg);

/*
 * Of revisions the newest REVISIONS_KEPT are kept: a put takes the oldest away,
 * but never the current one, the pending one or its fallback.
 */
typedef int store_revision_fn(void *arg, const struct revision *revision);

/* Newest first. */
int store_each_revision(struct store *store, store_revision_fn *fn, void *arg);

/* The number of the newest, 0 if there is none. */
int store_revision_last(struct store *store, uint64_t *ret_number);

/* The caller frees *ret_text, which has a NUL behind its *ret_len bytes. */
int store_revision_text(struct store *store, uint64_t number, char **ret_text,
			size_t *ret_len);

/* Numbers are 0 for none. */
int store_policy_state(struct store *store, uint64_t *ret_current,
		       struct pending *ret_pending);

struct store_usage {
	size_t used_bytes;
	size_t map_bytes;
	uint64_t member_count;
	uint64_t journal_seq; /* of the newest line, 0 if none */
};

int store_usage(struct store *store, struct store_usage *ret_usage);

/* Another after each commit; the same number means the same contents. */
int store_version(struct store *store, uint64_t *ret_version);

/* Let go of the pages a scan has mapped and a commit has used; they come back
 * when needed. Does nothing within a visit. */
void store_trim(struct store *store);
