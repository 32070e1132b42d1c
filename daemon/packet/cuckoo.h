/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cuckoo.h - making room in a bucketed cuckoo hash that is being read.
 *
 * Breadth first over the buckets that entries of a full bucket could move to,
 * so the chain of moves is the shortest there is, and is known to end in a
 * free slot before the first entry moves. The moves then run from the free
 * slot backwards: at every instant each entry stands in one of its buckets.
 *
 * What a slot is and how one moves is the table's business.
 *
 * Threads	event loop only; readers are the kernel's and need no lock
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CUCKOO_SLOTS	  8 /* of a bucket */
#define CUCKOO_SEARCH_MAX 512 /* slots looked at before giving up */

struct cuckoo_ops {
	bool (*is_free)(const void *table, uint32_t slot);

	/* The bucket that the entry in `slot` does not stand in. */
	uint32_t (*other_bucket)(const void *table, uint32_t slot);

	/* Write it to `to`, count the move, clear `from`. */
	void (*move)(void *table, uint32_t from, uint32_t to);
};

/* A free slot of one of the two buckets, made free if need be. -ENOSPC when
 * no chain of moves was found; nothing has moved then. */
int cuckoo_make_room(const struct cuckoo_ops *ops, void *table,
		     const uint32_t buckets[2], uint32_t *ret_slot);
