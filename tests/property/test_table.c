// SPDX-License-Identifier: GPL-2.0-or-later
/* The address table against a plain list, on prefixes that nest. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/packet/table.h"
#include "tests/support/memview.h"

#define ROUNDS	     8
#define STEPS	     400
#define ENTRY_MAX    48
#define CHECKS	     12
#define SHORT_BITS   10 /* shorter ones write much of the table */
#define SHORT_CHANCE 60 /* one in so many of these is let through */

struct entry {
	struct prefix prefix;
	uint16_t class_id;
};

struct world {
	struct memview memview;
	struct table *table;
	struct entry entries[ENTRY_MAX];
	uint32_t count;
	uint32_t refused;
	uint64_t random;
};

static uint32_t draw(struct world *world, uint32_t below)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return (uint32_t)(world->random >> 32) % below;
}

static const struct prefix *any_known(struct world *world)
{
	return &world->entries[draw(world, world->count)].prefix;
}

/* A single address: out of the blue, or near a known one. */
static struct prefix any_addr(struct world *world)
{
	struct prefix prefix = prefix_of_v4(draw(world, UINT32_MAX), 32);
	unsigned int bit;

	if (draw(world, 2))
		for (size_t i = 0; i < 16; i++)
			prefix.addr[i] = (uint8_t)draw(world, 256);
	prefix.bits = 128;
	if (world->count == 0 || draw(world, 16) == 0)
		return prefix;
	prefix = *any_known(world);
	bit = prefix_is_v4(&prefix) ? PREFIX_V4_BITS + draw(world, 32)
				    : draw(world, 128);
	prefix.bits = 128;
	prefix.addr[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	return prefix;
}

/* Not of length 0; in its family, a quarter of the time below /24. */
static struct prefix any_prefix(struct world *world)
{
	struct prefix prefix = any_addr(world);
	unsigned int whole = prefix_is_v4(&prefix) ? 32 : 128;
	unsigned int len = 1 + draw(world, whole);

	if (draw(world, 4) == 0)
		len = whole - draw(world, 8);
	if (len < SHORT_BITS && draw(world, SHORT_CHANCE))
		len += SHORT_BITS;
	return prefix_widen(&prefix, len);
}

static bool is_same_family(const struct prefix *a, const struct prefix *b)
{
	return prefix_is_v4(a) == prefix_is_v4(b);
}

/* The entry of exactly this prefix, or ENTRY_MAX. */
static uint32_t find(const struct world *world, const struct prefix *prefix)
{
	for (uint32_t i = 0; i < world->count; i++)
		if (prefix_cmp(&world->entries[i].prefix, prefix) == 0)
			return i;
	return ENTRY_MAX;
}

/* The longest that covers it and is not it, as the ledger would say: of
 * either family; NULL if there is none. */
static const struct entry *cover_of(const struct world *world,
				    const struct prefix *prefix)
{
	const struct entry *cover = NULL;

	for (uint32_t i = 0; i < world->count; i++) {
		const struct entry *entry = &world->entries[i];

		if (!prefix_covers(&entry->prefix, prefix) ||
		    entry->prefix.bits == prefix->bits)
			continue;
		if (!cover || entry->prefix.bits > cover->prefix.bits)
			cover = entry;
	}
	return cover;
}

static uint16_t class_wanted(const struct world *world,
			     const struct prefix *addr)
{
	const struct entry *best = NULL;

	for (uint32_t i = 0; i < world->count; i++) {
		const struct entry *entry = &world->entries[i];

		if (!prefix_covers(&entry->prefix, addr) ||
		    !is_same_family(&entry->prefix, addr))
			continue;
		if (!best || entry->prefix.bits > best->prefix.bits)
			best = entry;
	}
	return best ? best->class_id : 0;
}

static void put(struct world *world, const struct prefix *prefix)
{
	uint16_t class_id = (uint16_t)(1 + draw(world, 6));
	uint32_t i = find(world, prefix);
	int r = table_set(world->table, prefix, class_id);

	if (i < world->count) {
		assert_int_equal(r, 0);
	} else if (r < 0) {
		assert_int_equal(r, -ENOSPC);
		world->refused++;
		return;
	} else {
		i = world->count++;
	}
	world->entries[i] = (struct entry){*prefix, class_id};
}

static void take(struct world *world, uint32_t i)
{
	struct prefix prefix = world->entries[i].prefix;
	const struct entry *cover = cover_of(world, &prefix);

	table_clear(world->table, &prefix, cover ? &cover->prefix : NULL,
		    cover ? cover->class_id : 0);
	world->entries[i] = world->entries[--world->count];
}

static void check_addr(const struct world *world, const struct prefix *addr)
{
	assert_int_equal(table_lookup(world->table, addr),
			 class_wanted(world, addr));
}

/* The first and last address of a prefix, and one beyond either. */
static void check_edges(const struct world *world, const struct prefix *prefix)
{
	struct prefix first = *prefix;
	struct prefix last = *prefix;
	struct prefix before, after;

	first.bits = 128;
	last.bits = 128;
	for (unsigned int bit = prefix->bits; bit < 128; bit++)
		last.addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	before = first;
	after = last;
	for (int i = 15; i >= 0 && before.addr[i]-- == 0; i--)
		;
	for (int i = 15; i >= 0 && ++after.addr[i] == 0; i--)
		;
	check_addr(world, &first);
	check_addr(world, &last);
	check_addr(world, &before);
	check_addr(world, &after);
}

static void check(struct world *world, const struct prefix *touched)
{
	check_edges(world, touched);
	for (int i = 0; i < CHECKS; i++) {
		struct prefix addr = any_addr(world);

		check_addr(world, &addr);
	}
	if (world->count)
		check_edges(world, any_known(world));
}

static void step(struct world *world)
{
	struct prefix prefix = any_prefix(world);
	bool is_full = world->count == ENTRY_MAX;

	if (is_full || (world->count && draw(world, 3) == 0)) {
		uint32_t i = draw(world, world->count);

		prefix = world->entries[i].prefix;
		take(world, i);
	} else {
		if (world->count && draw(world, 6) == 0)
			prefix = *any_known(world);
		put(world, &prefix);
	}
	check(world, &prefix);
}

static void check_empty(const struct world *world)
{
	struct table_usage usage = table_usage(world->table);
	const char *leftover = memview_leftover(&world->memview);

	if (leftover)
		fail_msg("%s is not all zero", leftover);
	assert_int_equal(usage.v4.hosts, 0);
	assert_int_equal(usage.v4.blocks, 0);
	assert_int_equal(usage.v6.entries, 0);
}

static uint32_t play(uint64_t seed)
{
	struct world world = {.random = seed | 1};

	memview_init(&world.memview, memview_smallest(seed));
	assert_int_equal(table_new(&world.memview.view4, &world.memview.view6,
				   &world.table),
			 0);
	for (int i = 0; i < STEPS; i++)
		step(&world);
	while (world.count) {
		struct prefix last = world.entries[world.count - 1].prefix;

		take(&world, world.count - 1);
		check(&world, &last);
	}
	check_empty(&world);
	table_free(world.table);
	memview_done(&world.memview);
	return world.refused;
}

static void the_table_says_what_a_plain_list_says(void **state)
{
	const char *given = getenv("PORTCULLIS_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0)
			      : (uint64_t)time(NULL) * 2654435761u;
	uint32_t refused = 0;

	(void)state;
	print_message("PORTCULLIS_SEED=%llu\n", (unsigned long long)seed);
	for (uint64_t round = 0; round < ROUNDS; round++)
		refused += play(seed + round * 0x9e3779b97f4a7c15ull);
	print_message("refused=%u\n", refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_says_what_a_plain_list_says),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
