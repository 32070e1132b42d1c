// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/buckets4.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/packet/cuckoo.h"
#include "daemon/packet/touch.h"

#define SECONDS_STUCK 255

static uint32_t slot_count(const struct buckets4 *buckets)
{
	return (1u << buckets->shape.bucket_bits) * FW_BUCKET4_SLOTS;
}

static uint32_t load(const struct buckets4 *buckets, uint32_t slot)
{
	return __atomic_load_n(&buckets->slots[slot], __ATOMIC_RELAXED);
}

/* The flag in slot 0 belongs to the bucket, not to the entry. */
static void store(struct buckets4 *buckets, uint32_t slot, uint32_t entry)
{
	entry &= ~FW_ENTRY4_MORE;
	entry |= load(buckets, slot) & FW_ENTRY4_MORE;
	__atomic_store_n(&buckets->slots[slot], entry, __ATOMIC_RELEASE);
}

static uint32_t other_of(const struct buckets4 *buckets, uint32_t bucket,
			 uint32_t entry)
{
	uint32_t tag = entry >> 16 & ((1u << FW_TAG4_BITS) - 1);

	return (bucket ^ fw_other4(tag, buckets->shape.bucket_bits)) &
	       ((1u << buckets->shape.bucket_bits) - 1);
}

/* The bucket that an entry in `slot` belongs to first. */
static uint32_t home_of(const struct buckets4 *buckets, uint32_t slot,
			uint32_t entry)
{
	uint32_t bucket = slot / FW_BUCKET4_SLOTS;

	return entry & FW_ENTRY4_SECOND ? other_of(buckets, bucket, entry)
					: bucket;
}

static void set_more(struct buckets4 *buckets, uint32_t bucket, uint32_t flag)
{
	uint32_t *slot = &buckets->slots[(size_t)bucket * FW_BUCKET4_SLOTS];
	uint32_t entry = __atomic_load_n(slot, __ATOMIC_RELAXED);

	__atomic_store_n(slot, (entry & ~FW_ENTRY4_MORE) | flag,
			 __ATOMIC_RELEASE);
}

static void second_comes(struct buckets4 *buckets, uint32_t home)
{
	if (buckets->seconds[home] < SECONDS_STUCK)
		buckets->seconds[home]++;
	set_more(buckets, home, FW_ENTRY4_MORE);
}

static void second_goes(struct buckets4 *buckets, uint32_t home)
{
	if (buckets->seconds[home] == SECONDS_STUCK)
		return;
	if (--buckets->seconds[home] == 0)
		set_more(buckets, home, 0);
}

static bool is_free(const void *table, uint32_t slot)
{
	return (load(table, slot) & FW_ENTRY4_CLASS) == 0;
}

static uint32_t other_bucket(const void *table, uint32_t slot)
{
	return other_of(table, slot / FW_BUCKET4_SLOTS, load(table, slot));
}

static void move(void *table, uint32_t from, uint32_t to)
{
	struct buckets4 *buckets = table;
	uint32_t entry = load(buckets, from) ^ FW_ENTRY4_SECOND;
	uint32_t home = home_of(buckets, to, entry);

	if (entry & FW_ENTRY4_SECOND)
		second_comes(buckets, home);
	buckets->owner_lens[to] = buckets->owner_lens[from];
	store(buckets, to, entry);
	view_count_move(buckets->moves);
	store(buckets, from, 0);
	if (!(entry & FW_ENTRY4_SECOND))
		second_goes(buckets, home);
}

static const struct cuckoo_ops ops = {
	.is_free = is_free,
	.other_bucket = other_bucket,
	.move = move,
};

int buckets4_init(struct buckets4 *buckets, struct fw_cuckoo4 shape,
		  uint32_t *slots, uint32_t *moves)
{
	assert(buckets);
	assert(shape.bucket_bits + FW_TAG4_BITS >= shape.width);
	assert(shape.bucket_bits <= FW_CUCKOO4_BITS_MAX);

	*buckets = (struct buckets4){.shape = shape};
	buckets->slots = slots;
	buckets->moves = moves;
	buckets->capacity = slot_count(buckets) / 10 * 9;
	buckets->owner_lens = calloc(slot_count(buckets), 1);
	buckets->seconds = calloc(1u << shape.bucket_bits, 1);
	if (!buckets->owner_lens || !buckets->seconds) {
		buckets4_done(buckets);
		return -ENOMEM;
	}
	touch(buckets->owner_lens, slot_count(buckets));
	touch(buckets->seconds, 1u << shape.bucket_bits);
	return 0;
}

void buckets4_done(struct buckets4 *buckets)
{
	free(buckets->owner_lens);
	free(buckets->seconds);
	*buckets = (struct buckets4){0};
}

struct place {
	uint32_t buckets[2];
	uint32_t tag; /* in its bits of an entry */
};

static struct place place_of(const struct buckets4 *buckets, uint32_t key)
{
	const struct fw_cuckoo4 *shape = &buckets->shape;
	uint32_t mixed = fw_mix4(key, shape->seed, shape->width);
	struct place place;

	place.tag = (mixed & ((1u << FW_TAG4_BITS) - 1)) << 16;
	place.buckets[0] = mixed >> (shape->width - shape->bucket_bits);
	place.buckets[1] = other_of(buckets, place.buckets[0], place.tag);
	return place;
}

void buckets4_expect(const struct buckets4 *buckets, uint32_t key)
{
	uint32_t bucket = place_of(buckets, key).buckets[0];
	size_t slot = (size_t)bucket * FW_BUCKET4_SLOTS;

	__builtin_prefetch(&buckets->slots[slot], 1);
	__builtin_prefetch(&buckets->owner_lens[slot], 1);
	__builtin_prefetch(&buckets->seconds[bucket]);
}

uint32_t buckets4_find(const struct buckets4 *buckets, uint32_t key)
{
	struct place place = place_of(buckets, key);

	for (uint32_t side = 0; side < 2; side++) {
		uint32_t want = place.tag | (side ? FW_ENTRY4_SECOND : 0);
		uint32_t slot = place.buckets[side] * FW_BUCKET4_SLOTS;

		for (uint32_t end = slot + FW_BUCKET4_SLOTS; slot < end; slot++)
			if (((load(buckets, slot) ^ want) & FW_ENTRY4_MATCH) ==
				    0 &&
			    !is_free(buckets, slot))
				return slot;
		if (buckets->seconds[place.buckets[0]] == 0)
			break;
	}
	return BUCKETS4_NONE;
}

int buckets4_add(struct buckets4 *buckets, uint32_t key, uint16_t class_id,
		 unsigned int owner_len)
{
	struct place place = place_of(buckets, key);
	uint32_t entry = place.tag | class_id;
	uint32_t slot;
	int r;

	assert(class_id != 0);

	if (buckets->count >= buckets->capacity)
		return -ENOSPC;
	r = cuckoo_make_room(&ops, buckets, place.buckets, &slot);
	if (r < 0)
		return r;

	if (slot / FW_BUCKET4_SLOTS != place.buckets[0]) {
		entry |= FW_ENTRY4_SECOND;
		second_comes(buckets, place.buckets[0]);
	}
	buckets->owner_lens[slot] = (uint8_t)owner_len;
	store(buckets, slot, entry);
	buckets->count++;
	return 0;
}

void buckets4_change(struct buckets4 *buckets, uint32_t slot, uint16_t class_id,
		     unsigned int owner_len)
{
	assert(class_id != 0);

	buckets->owner_lens[slot] = (uint8_t)owner_len;
	store(buckets, slot,
	      (load(buckets, slot) & ~FW_ENTRY4_CLASS) | class_id);
}

void buckets4_del(struct buckets4 *buckets, uint32_t slot)
{
	uint32_t entry = load(buckets, slot);

	store(buckets, slot, 0);
	if (entry & FW_ENTRY4_SECOND)
		second_goes(buckets, home_of(buckets, slot, entry));
	buckets->count--;
}
