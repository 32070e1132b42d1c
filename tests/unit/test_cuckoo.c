// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/packet/cuckoo.h"

#define BUCKETS 16u
#define SLOTS	(BUCKETS * CUCKOO_SLOTS)

/* What stands in a slot: an entry that may live in two buckets. */
struct entry {
	uint32_t name; /* 0: the slot is free */
	uint32_t buckets[2];
};

struct world {
	struct entry slots[SLOTS];
	uint32_t moves;
	uint64_t random;
};

static bool is_free(const void *table, uint32_t slot)
{
	const struct world *world = table;

	return world->slots[slot].name == 0;
}

static uint32_t other_bucket(const void *table, uint32_t slot)
{
	const struct world *world = table;
	const struct entry *entry = &world->slots[slot];

	return entry->buckets[entry->buckets[0] == slot / CUCKOO_SLOTS];
}

/* Every move goes from a full slot to a free one of the other bucket. */
static void move(void *table, uint32_t from, uint32_t to)
{
	struct world *world = table;

	assert_false(is_free(world, from));
	assert_true(is_free(world, to));
	assert_int_equal(to / CUCKOO_SLOTS, other_bucket(world, from));
	world->slots[to] = world->slots[from];
	world->slots[from].name = 0;
	world->moves++;
}

static const struct cuckoo_ops ops = {
	.is_free = is_free,
	.other_bucket = other_bucket,
	.move = move,
};

/* Fill a bucket with entries whose other bucket is `other`. */
static void fill(struct world *world, uint32_t bucket, uint32_t other)
{
	for (uint32_t i = 0; i < CUCKOO_SLOTS; i++)
		world->slots[bucket * CUCKOO_SLOTS + i] = (struct entry){
			.name = 1 + bucket * CUCKOO_SLOTS + i,
			.buckets = {bucket, other},
		};
}

/* Make room in buckets 0 and 1; the slot must then be free. */
static uint32_t bucket_with_room(struct world *world)
{
	const uint32_t buckets[2] = {0, 1};
	uint32_t slot = UINT32_MAX;

	assert_int_equal(cuckoo_make_room(&ops, world, buckets, &slot), 0);
	assert_true(slot < SLOTS);
	assert_true(is_free(world, slot));
	return slot / CUCKOO_SLOTS;
}

static void the_first_bucket_is_taken_if_it_has_room(void **state)
{
	struct world world = {.moves = 0};

	(void)state;
	assert_int_equal(bucket_with_room(&world), 0);
	assert_int_equal(world.moves, 0);
}

static void the_second_bucket_is_taken_before_anything_moves(void **state)
{
	struct world world = {.moves = 0};

	(void)state;
	fill(&world, 0, 2);
	assert_int_equal(bucket_with_room(&world), 1);
	assert_int_equal(world.moves, 0);
}

static void one_move_is_enough_beside_a_free_slot(void **state)
{
	struct world world = {.moves = 0};

	(void)state;
	fill(&world, 0, 1);
	fill(&world, 1, 2);
	assert_int_equal(bucket_with_room(&world), 1);
	assert_int_equal(world.moves, 1);
}

static void a_chain_is_the_shortest_there_is(void **state)
{
	struct world world = {.moves = 0};

	(void)state;
	fill(&world, 0, 2);
	fill(&world, 1, 3);
	fill(&world, 2, 4);
	fill(&world, 3, 5);
	fill(&world, 4, 6);
	world.slots[3 * CUCKOO_SLOTS + 7].buckets[1] = 7;
	fill(&world, 5, 6);
	assert_int_equal(bucket_with_room(&world), 1);
	assert_int_equal(world.moves, 2);
}

static void a_closed_circle_is_refused_and_nothing_moves(void **state)
{
	const uint32_t buckets[2] = {0, 1};
	struct world world = {.moves = 0};
	uint32_t slot = 77;

	(void)state;
	fill(&world, 0, 1);
	fill(&world, 1, 2);
	fill(&world, 2, 0);
	assert_int_equal(cuckoo_make_room(&ops, &world, buckets, &slot),
			 -ENOSPC);
	assert_int_equal(world.moves, 0);
	assert_int_equal(slot, 77);
}

static uint32_t draw(struct world *world, uint32_t below)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return (uint32_t)(world->random >> 32) % below;
}

static bool stands(const struct world *world, uint32_t name)
{
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		const struct entry *entry = &world->slots[slot];
		uint32_t bucket = slot / CUCKOO_SLOTS;

		if (entry->name == name)
			return entry->buckets[0] == bucket ||
			       entry->buckets[1] == bucket;
	}
	return false;
}

static void filling_to_nine_tenths_loses_nobody(void **state)
{
	struct world world = {.random = 4711};

	(void)state;
	for (uint32_t name = 1; name <= SLOTS / 10 * 9; name++) {
		struct entry entry = {.name = name};
		uint32_t slot;

		entry.buckets[0] = draw(&world, BUCKETS);
		entry.buckets[1] =
			entry.buckets[0] ^ (1 + draw(&world, BUCKETS - 1));
		assert_int_equal(
			cuckoo_make_room(&ops, &world, entry.buckets, &slot),
			0);
		world.slots[slot] = entry;
		for (uint32_t i = 1; i <= name; i++)
			assert_true(stands(&world, i));
	}
	assert_true(world.moves > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_bucket_is_taken_if_it_has_room),
		cmocka_unit_test(
			the_second_bucket_is_taken_before_anything_moves),
		cmocka_unit_test(one_move_is_enough_beside_a_free_slot),
		cmocka_unit_test(a_chain_is_the_shortest_there_is),
		cmocka_unit_test(a_closed_circle_is_refused_and_nothing_moves),
		cmocka_unit_test(filling_to_nine_tenths_loses_nobody),
	};

	return cmocka_run_group_tests_name("cuckoo", tests, NULL, NULL);
}
