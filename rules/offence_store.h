/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offence_store.h - the offences of peers (rules/detect/offences.h) that are
 * kept, in an LMDB environment of their own.
 *
 *	1. A commit is whole or absent, and one that returned 0 is on the disk.
 *	2. A store that is damaged is moved aside, and an empty one is in its
 *	   place. One that a newer version has made is not touched.
 *
 * Owns		the environment; one process, one open at a time
 * Errors	negative errno: -EPROTONOSUPPORT a newer version's, -ENOSPC,
 *		-EIO
 * Threads	one at a time: the daemon opens and reads it on the loop before
 *		the worker starts, and from then on only the worker calls it
 */
#pragma once

#include <stddef.h>

#include "rules/base.h"
#include "rules/detect/offences.h"

struct offence_store;

/* Open or create it in the directory, which is made (0700) if its parent is
 * there. 1: a damaged one was moved aside. */
int offence_store_open(const char *directory, struct offence_store **ret_store);

/* NULL is fine. */
void offence_store_close(struct offence_store *store);
DEFINE_CLEANUP(struct offence_store *, offence_store_close)

/* What is known of these peers from now on; bans 0: nothing. All or none. */
int offence_store_put(struct offence_store *store,
		      const struct offence *offences, size_t count);

/* All, in the order of their addresses. */
int offence_store_each(struct offence_store *store, offence_fn *fn, void *arg);
