// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/buckets6.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/packet/cuckoo.h"

#define SECONDS_STUCK 255

static uint32_t bucket_mask(const struct buckets6 *buckets)
{
	return (1u << buckets->bucket_bits) - 1;
}

static __u64 *word_at(const struct buckets6 *buckets, uint32_t slot)
{
	return &buckets->buckets[slot / FW_BUCKET6_SLOTS]
			.words[slot % FW_BUCKET6_SLOTS];
}

static struct fw_key6 *key_at(const struct buckets6 *buckets, uint32_t slot)
{
	return &buckets->buckets[slot / FW_BUCKET6_SLOTS]
			.keys[slot % FW_BUCKET6_SLOTS];
}

static uint64_t load(const struct buckets6 *buckets, uint32_t slot)
{
	return __atomic_load_n(word_at(buckets, slot), __ATOMIC_RELAXED);
}

/* The flag in slot 0 belongs to the bucket, not to the entry. */
static void store(struct buckets6 *buckets, uint32_t slot, uint64_t word)
{
	word &= ~FW_ENTRY6_MORE;
	word |= load(buckets, slot) & FW_ENTRY6_MORE;
	__atomic_store_n(word_at(buckets, slot), word, __ATOMIC_RELEASE);
}

static uint32_t other_of(const struct buckets6 *buckets, uint32_t bucket,
			 uint64_t word)
{
	uint64_t want = word & FW_ENTRY6_MATCH & ~FW_ENTRY6_SECOND;

	return (bucket ^ fw_other6(want, buckets->bucket_bits)) &
	       bucket_mask(buckets);
}

/* The bucket that an entry in `slot` belongs to first. */
static uint32_t home_of(const struct buckets6 *buckets, uint32_t slot,
			uint64_t word)
{
	uint32_t bucket = slot / FW_BUCKET6_SLOTS;

	return word & FW_ENTRY6_SECOND ? other_of(buckets, bucket, word)
				       : bucket;
}

static void set_more(struct buckets6 *buckets, uint32_t bucket, uint64_t flag)
{
	__u64 *slot = &buckets->buckets[bucket].words[0];
	uint64_t word = __atomic_load_n(slot, __ATOMIC_RELAXED);

	__atomic_store_n(slot, (word & ~FW_ENTRY6_MORE) | flag,
			 __ATOMIC_RELEASE);
}

static void second_comes(struct buckets6 *buckets, uint32_t home)
{
	if (buckets->seconds[home] < SECONDS_STUCK)
		buckets->seconds[home]++;
	set_more(buckets, home, FW_ENTRY6_MORE);
}

static void second_goes(struct buckets6 *buckets, uint32_t home)
{
	if (buckets->seconds[home] == SECONDS_STUCK)
		return;
	if (--buckets->seconds[home] == 0)
		set_more(buckets, home, 0);
}

/* The slot is free: no reader looks at its key. */
static void put(struct buckets6 *buckets, uint32_t slot, struct fw_key6 key,
		uint64_t word)
{
	struct fw_key6 *place = key_at(buckets, slot);

	__atomic_store_n(&place->hi, key.hi, __ATOMIC_RELAXED);
	__atomic_store_n(&place->lo, key.lo, __ATOMIC_RELAXED);
	store(buckets, slot, word);
}

static bool is_free(const void *table, uint32_t slot)
{
	return (load(table, slot) & FW_ENTRY6_LEVEL) == 0;
}

static uint32_t other_bucket(const void *table, uint32_t slot)
{
	return other_of(table, slot / FW_BUCKET6_SLOTS, load(table, slot));
}

static void move(void *table, uint32_t from, uint32_t to)
{
	struct buckets6 *buckets = table;
	uint64_t word = load(buckets, from) ^ FW_ENTRY6_SECOND;
	uint32_t home = home_of(buckets, to, word);

	if (word & FW_ENTRY6_SECOND)
		second_comes(buckets, home);
	buckets->owner_lens[to] = buckets->owner_lens[from];
	buckets->deeper[to] = buckets->deeper[from];
	put(buckets, to, *key_at(buckets, from), word);
	view_count_move(buckets->moves);
	store(buckets, from, 0);
	if (!(word & FW_ENTRY6_SECOND))
		second_goes(buckets, home);
}

static const struct cuckoo_ops ops = {
	.is_free = is_free,
	.other_bucket = other_bucket,
	.move = move,
};

int buckets6_init(struct buckets6 *buckets, const struct fw_view6 *view)
{
	uint32_t slots = FW_BUCKET6_SLOTS << view->exact_bits;

	assert(buckets);
	assert(view->exact_bits >= FW_EXACT6_BITS_MIN);
	assert(view->exact_bits <= FW_EXACT6_BITS_MAX);

	*buckets = (struct buckets6){
		.buckets = view->buckets,
		.bucket_bits = view->exact_bits,
		.seed = view->seed,
		.moves = view->moves,
		.capacity = slots / 10 * 9,
	};
	buckets->owner_lens = calloc(slots, 1);
	buckets->deeper = calloc(slots, sizeof(*buckets->deeper));
	buckets->seconds = calloc(1u << view->exact_bits, 1);
	if (!buckets->owner_lens || !buckets->deeper || !buckets->seconds) {
		buckets6_done(buckets);
		return -ENOMEM;
	}
	return 0;
}

void buckets6_done(struct buckets6 *buckets)
{
	free(buckets->owner_lens);
	free(buckets->deeper);
	free(buckets->seconds);
	*buckets = (struct buckets6){0};
}

struct place {
	uint32_t buckets[2];
	uint64_t want; /* level and tag, in their bits of an entry */
};

static struct place place_of(const struct buckets6 *buckets, struct fw_key6 key,
			     uint32_t level)
{
	uint64_t mixed = fw_mix6(key, level, buckets->seed);
	struct place place;

	place.want = fw_want6(mixed, level);
	place.buckets[0] = (uint32_t)(mixed >> 40) & bucket_mask(buckets);
	place.buckets[1] = other_of(buckets, place.buckets[0], place.want);
	return place;
}

static bool holds(const struct buckets6 *buckets, uint32_t slot,
		  struct fw_key6 key, uint64_t want)
{
	const struct fw_key6 *stored = key_at(buckets, slot);
	bool is_hub = (want & FW_ENTRY6_LEVEL) == (uint64_t)FW_HUB6_LEVEL << 16;

	return ((load(buckets, slot) ^ want) & FW_ENTRY6_MATCH) == 0 &&
	       stored->hi == key.hi && (is_hub || stored->lo == key.lo);
}

uint32_t buckets6_find(const struct buckets6 *buckets, struct fw_key6 key,
		       uint32_t level)
{
	struct place place = place_of(buckets, key, level);

	for (uint32_t side = 0; side < 2; side++) {
		uint64_t want = place.want | (side ? FW_ENTRY6_SECOND : 0);
		uint32_t slot = place.buckets[side] * FW_BUCKET6_SLOTS;

		for (uint32_t end = slot + FW_BUCKET6_SLOTS; slot < end; slot++)
			if (holds(buckets, slot, key, want))
				return slot;
		if (buckets->seconds[place.buckets[0]] == 0)
			break;
	}
	return BUCKETS6_NONE;
}

int buckets6_add(struct buckets6 *buckets, struct fw_key6 key, uint32_t level,
		 uint16_t class_id, unsigned int owner_len)
{
	struct place place = place_of(buckets, key, level);
	uint64_t word = place.want | class_id;
	uint32_t slot;
	int r;

	assert(class_id != 0 || level == FW_HUB6_LEVEL);

	if (buckets->count >= buckets->capacity)
		return -ENOSPC;
	r = cuckoo_make_room(&ops, buckets, place.buckets, &slot);
	if (r < 0)
		return r;

	if (slot / FW_BUCKET6_SLOTS != place.buckets[0]) {
		word |= FW_ENTRY6_SECOND;
		second_comes(buckets, place.buckets[0]);
	}
	buckets->owner_lens[slot] = (uint8_t)owner_len;
	buckets->deeper[slot] = 0;
	put(buckets, slot, key, word);
	buckets->count++;
	return 0;
}

void buckets6_change(struct buckets6 *buckets, uint32_t slot, uint16_t class_id,
		     unsigned int owner_len)
{
	buckets->owner_lens[slot] = (uint8_t)owner_len;
	store(buckets, slot,
	      (load(buckets, slot) & ~FW_ENTRY6_CLASS) | class_id);
}

void buckets6_del(struct buckets6 *buckets, uint32_t slot)
{
	uint64_t word = load(buckets, slot);

	store(buckets, slot, 0);
	if (word & FW_ENTRY6_SECOND)
		second_goes(buckets, home_of(buckets, slot, word));
	buckets->count--;
}

void buckets6_hub_up(struct buckets6 *buckets, uint32_t slot, uint32_t level)
{
	__u64 *levels = &key_at(buckets, slot)->lo;
	uint64_t bit = 1ull << ((FW_DEEP6_BITS(0) - level) / FW_LEVEL6_STEP);

	buckets->deeper[slot]++;
	__atomic_store_n(levels, *levels | bit, __ATOMIC_RELEASE);
}

void buckets6_hub_down(struct buckets6 *buckets, uint32_t slot)
{
	assert(buckets->deeper[slot] > 0);

	if (--buckets->deeper[slot] == 0)
		__atomic_store_n(&key_at(buckets, slot)->lo, 0,
				 __ATOMIC_RELEASE);
}
