/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buckets6.h - the writer of the cuckoo hash of xdp/table6.h: put and delete
 * entries under readers.
 *
 * Beside each slot stands the length of the prefix that owns the entry.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdint.h>

#include "daemon/packet/view.h"
#include "rules/base.h"

#define BUCKETS6_NONE UINT32_MAX /* no slot */

struct buckets6 {
	struct fw_bucket6 *buckets;
	uint32_t bucket_bits;
	uint64_t seed;
	uint32_t *moves;
	uint8_t *owner_lens; /* one for each slot; 0: no class, a hub only */
	uint32_t *deeper; /* for each slot: entries below it, if it is a hub */
	uint8_t *seconds; /* as in buckets4.h */
	uint32_t count;
	uint32_t capacity; /* refused above: nine tenths of the slots */
};

int buckets6_init(struct buckets6 *buckets, const struct fw_view6 *view);
void buckets6_done(struct buckets6 *buckets);

/* The slot of exactly `key`, cut to `level`, or BUCKETS6_NONE. Valid until
 * the next buckets6_add(), which may move entries. */
uint32_t buckets6_find(const struct buckets6 *buckets, struct fw_key6 key,
		       uint32_t level);

/* Add a key that is not there. Only a hub may have class and owner 0.
 * -ENOSPC when full. */
int buckets6_add(struct buckets6 *buckets, struct fw_key6 key, uint32_t level,
		 uint16_t class_id, unsigned int owner_len);

/* Give the entry in `slot` another class and owner. */
void buckets6_change(struct buckets6 *buckets, uint32_t slot, uint16_t class_id,
		     unsigned int owner_len);

void buckets6_del(struct buckets6 *buckets, uint32_t slot);

/* Note one entry more, or less, of a level below the hub in `slot`. A level
 * stays noted until nothing at all is below the hub. */
void buckets6_hub_up(struct buckets6 *buckets, uint32_t slot, uint32_t level);
void buckets6_hub_down(struct buckets6 *buckets, uint32_t slot);
