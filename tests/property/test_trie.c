// SPDX-License-Identifier: GPL-2.0-or-later
/* The trie against a plain array, on prefixes that nest in all lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rules/trie.h"

#define ROUNDS	  60
#define STEPS	  600
#define ENTRY_MAX 64
#define TRAIL_MAX (ENTRY_MAX + 1)

struct entry {
	struct prefix prefix;
	uint32_t value;
};

struct list {
	struct entry entries[TRAIL_MAX];
	size_t count;
};

struct world {
	struct trie *trie;
	struct list model; /* in order of prefix */
	uint64_t random;
};

static uint32_t draw(struct world *world, uint32_t below)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return (uint32_t)(world->random >> 32) % below;
}

static struct prefix cut(struct prefix prefix, unsigned int bits)
{
	for (unsigned int i = bits; i < 128; i++)
		prefix.addr[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	prefix.bits = (uint8_t)bits;
	return prefix;
}

/* One out of the blue, or a known one with a bit flipped and another length:
 * IPv4 as often as IPv6. */
static struct prefix any_prefix(struct world *world)
{
	struct prefix prefix = prefix_of_v4(draw(world, UINT32_MAX), 32);
	unsigned int low = 0;

	if (draw(world, 2)) {
		for (size_t i = 0; i < 16; i++)
			prefix.addr[i] = (uint8_t)draw(world, 256);
		prefix.bits = 128;
	}
	if (world->model.count && draw(world, 10)) {
		unsigned int bit = draw(world, 128);

		prefix = world->model
				 .entries[draw(world,
					       (uint32_t)world->model.count)]
				 .prefix;
		prefix.addr[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	if (prefix_is_v4(&prefix) && draw(world, 4))
		low = PREFIX_V4_BITS;
	return cut(prefix, low + draw(world, 129 - low));
}

static size_t find(const struct list *model, const struct prefix *prefix)
{
	size_t i = 0;

	while (i < model->count &&
	       prefix_cmp(&model->entries[i].prefix, prefix) < 0)
		i++;
	return i;
}

static bool holds(const struct list *model, size_t i,
		  const struct prefix *prefix)
{
	return i < model->count &&
	       prefix_cmp(&model->entries[i].prefix, prefix) == 0;
}

static void put(struct world *world, const struct prefix *prefix,
		uint32_t value)
{
	struct list *model = &world->model;
	size_t i = find(model, prefix);
	uint32_t *slot;

	assert_int_equal(trie_put(world->trie, prefix, &slot), 0);
	if (!holds(model, i, prefix)) {
		assert_int_equal(*slot, 0);
		memmove(model->entries + i + 1, model->entries + i,
			(model->count - i) * sizeof(struct entry));
		model->count++;
		model->entries[i].prefix = *prefix;
	} else {
		assert_int_equal(*slot, model->entries[i].value);
	}
	model->entries[i].value = value;
	*slot = value;
}

static void del(struct world *world, const struct prefix *prefix)
{
	struct list *model = &world->model;
	size_t i = find(model, prefix);

	trie_del(world->trie, prefix);
	if (!holds(model, i, prefix))
		return;
	model->count--;
	memmove(model->entries + i, model->entries + i + 1,
		(model->count - i) * sizeof(struct entry));
}

static int note(void *arg, const struct prefix *prefix, uint32_t value)
{
	struct list *trail = arg;

	assert_true(trail->count < TRAIL_MAX);
	trail->entries[trail->count].prefix = *prefix;
	trail->entries[trail->count++].value = value;
	return 0;
}

enum walk {
	COVERING,
	INSIDE,
	AFTER
};

static bool belongs(enum walk walk, const struct prefix *at,
		    const struct prefix *prefix)
{
	switch (walk) {
	case COVERING:
		return prefix_covers(prefix, at);
	case INSIDE:
		return prefix_covers(at, prefix) && prefix_cmp(at, prefix);
	default:
		return prefix_cmp(prefix, at) > 0;
	}
}

/* A walk visits what the model says, in the model's order. */
static void check_walk(const struct world *world, enum walk walk,
		       const struct prefix *at)
{
	struct list trail = {.count = 0};
	size_t seen = 0;

	if (walk == COVERING)
		(void)trie_each_covering(world->trie, at, note, &trail);
	else if (walk == INSIDE)
		(void)trie_each_inside(world->trie, at, note, &trail);
	else
		(void)trie_each_after(world->trie, at, note, &trail);

	for (size_t i = 0; i < world->model.count; i++) {
		const struct entry *entry = &world->model.entries[i];

		if (!belongs(walk, at, &entry->prefix))
			continue;
		assert_true(seen < trail.count);
		assert_int_equal(
			prefix_cmp(&entry->prefix, &trail.entries[seen].prefix),
			0);
		assert_int_equal(entry->value, trail.entries[seen++].value);
	}
	assert_int_equal(seen, trail.count);
}

/* Outer ones sort first, so the last that covers is the nearest. */
static void check_cover(const struct world *world, const struct prefix *at)
{
	const struct entry *wanted = NULL;
	struct prefix cover;
	uint32_t value;

	for (size_t i = 0; i < world->model.count; i++) {
		const struct entry *entry = &world->model.entries[i];

		if (prefix_covers(&entry->prefix, at) &&
		    prefix_cmp(&entry->prefix, at))
			wanted = entry;
	}
	value = trie_cover(world->trie, at, &cover);
	assert_int_equal(value, wanted ? wanted->value : 0);
	if (wanted)
		assert_int_equal(prefix_cmp(&cover, &wanted->prefix), 0);
}

static void check_spot(struct world *world, const struct prefix *at)
{
	size_t i = find(&world->model, at);
	struct list inside = {.count = 0};
	struct trie_spot spot;
	struct prefix cover;

	if (!holds(&world->model, i, at))
		return;
	(void)trie_each_inside(world->trie, at, note, &inside);
	assert_int_equal(trie_place(world->trie, at, &spot), 0);
	assert_int_equal(*spot.value, world->model.entries[i].value);
	assert_int_equal(spot.cover, trie_cover(world->trie, at, &cover));
	assert_int_equal(spot.has_inside, inside.count > 0);
}

static void check(struct world *world)
{
	struct prefix at = any_prefix(world);
	size_t i;

	if (world->model.count && draw(world, 2))
		at = world->model
			     .entries[draw(world, (uint32_t)world->model.count)]
			     .prefix;
	i = find(&world->model, &at);
	assert_int_equal(trie_get(world->trie, &at),
			 holds(&world->model, i, &at)
				 ? world->model.entries[i].value
				 : 0);
	check_cover(world, &at);
	check_walk(world, COVERING, &at);
	check_walk(world, INSIDE, &at);
	check_walk(world, AFTER, &at);
	check_spot(world, &at);
	assert_int_equal(trie_count(world->trie), world->model.count);
}

static void step(struct world *world, uint32_t value)
{
	struct prefix prefix = any_prefix(world);
	bool is_full = world->model.count == ENTRY_MAX;

	if (is_full || (world->model.count && draw(world, 3) == 0)) {
		if (is_full || draw(world, 4))
			prefix = world->model
					 .entries[draw(
						 world,
						 (uint32_t)world->model.count)]
					 .prefix;
		del(world, &prefix);
	} else {
		put(world, &prefix, value);
	}
	check(world);
}

static void the_trie_says_what_a_plain_list_says(void **state)
{
	const char *given = getenv("PORTCULLIS_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0)
			      : (uint64_t)time(NULL) * 2654435761u;

	(void)state;
	print_message("PORTCULLIS_SEED=%llu\n", (unsigned long long)seed);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		struct world world = {.random = (seed + round) | 1};

		assert_int_equal(trie_new(&world.trie), 0);
		for (uint32_t i = 1; i <= STEPS; i++)
			step(&world, i);
		while (world.model.count) {
			struct prefix last = world.model.entries[0].prefix;

			del(&world, &last);
			check(&world);
		}
		trie_free(world.trie);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_trie_says_what_a_plain_list_says),
	};

	return cmocka_run_group_tests_name("trie", tests, NULL, NULL);
}
