/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buckets4.h - the writer of one cuckoo hash of xdp/table4.h (hosts or
 * blocks): put and delete entries under readers.
 *
 * Beside each slot stands the length of the prefix that owns the entry.
 *
 * Threads	event loop only
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/view.h"
#include "rules/base.h"

#define BUCKETS4_NONE UINT32_MAX /* no slot */

struct buckets4 {
	struct fw_cuckoo4 shape; /* where, how many, seed, width */
	uint32_t *slots; /* shape.slots, to write */
	uint32_t *moves;
	uint8_t *owner_lens; /* one for each slot */
	uint8_t *seconds; /* for each bucket: how many that belong to it lie in
			   * their second bucket; 255 stays */
	uint32_t count;
	uint32_t capacity; /* refused above: nine tenths of the slots */
};

int buckets4_init(struct buckets4 *buckets, struct fw_cuckoo4 shape,
		  uint32_t *slots, uint32_t *moves);
void buckets4_done(struct buckets4 *buckets);

/* See table_expect(). */
void buckets4_expect(const struct buckets4 *buckets, uint32_t key);

/* The slot of exactly `key`, or BUCKETS4_NONE. */
uint32_t buckets4_find(const struct buckets4 *buckets, uint32_t key);

/* Add a key that is not there. -ENOSPC when full. */
int buckets4_add(struct buckets4 *buckets, uint32_t key, uint16_t class_id,
		 unsigned int owner_len);

/* Give the entry in `slot` another class and owner. */
void buckets4_change(struct buckets4 *buckets, uint32_t slot, uint16_t class_id,
		     unsigned int owner_len);

void buckets4_del(struct buckets4 *buckets, uint32_t slot);
