/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notice_store.h - the notices of detections that are kept, in an LMDB
 * environment of their own: what they fill is not taken from sets and policy,
 * and a commit of theirs does not stand before one of a change.
 *
 *	1. A commit is whole or absent, and one that returned 0 is on the disk.
 *	2. What was before NOTICE_KEPT_S goes. Of more than NOTICES_KEPT the
 *	   oldest that are resolved go, and then the oldest.
 *	3. A store that is damaged is moved aside, not repaired, and an empty
 *	   one is in its place: nobody waits for a firewall because of what
 *	   it has noted.
 *
 * Owns		the environment; one process, one open at a time
 * Times	seconds since 1970, passed in
 * Errors	negative errno: -ENOSPC, -EBADMSG, -EIO, -ENOENT no such notice,
 *		-ENOTUNIQ more than one
 * Threads	one at a time: the daemon opens it on the loop before the worker
 *		starts, and from then on only the worker calls it
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/kept_notice.h"

#define NOTICES_KEPT  10000u
#define NOTICE_KEPT_S 2592000ull /* thirty days */

struct notice_store;

/* Open or create it in the directory, which is made (0700) if its parent is
 * there. 1: a damaged one was moved aside. */
int notice_store_open(const char *directory, struct notice_store **ret_store);

/* NULL is fine. */
void notice_store_close(struct notice_store *store);
DEFINE_CLEANUP(struct notice_store *, notice_store_close)

/* Keep them, in their order; their numbers are ignored. Forgets what rule 2
 * says. All or none. */
int notice_store_put(struct notice_store *store,
		     const struct kept_notice *notices, size_t count,
		     uint64_t now_s);

/* The notice and its line live for the call. 0: go on; 1: enough. */
typedef int notice_store_fn(void *arg, const struct kept_notice *notice);

/* Newest first, those with a number below `before` (0: from the end). */
int notice_store_each(struct notice_store *store, uint64_t before,
		      notice_store_fn *fn, void *arg);

/* The one whose id begins so. `fn` is called once. */
int notice_store_find(struct notice_store *store, const struct kept_id *id,
		      notice_store_fn *fn, void *arg);

/* What somebody says of a notice. */
struct notice_mark {
	enum notice_state state;
	uint64_t now_s;
	uint32_t uid;
	const char *note; /* NULL: what was noted stays */
};

/* -EALREADY: it is further on. `fn` is called once, with what it is now. */
int notice_store_mark(struct notice_store *store, const struct kept_id *id,
		      const struct notice_mark *mark, notice_store_fn *fn,
		      void *arg);

int notice_store_count(struct notice_store *store, uint64_t *ret_count);
