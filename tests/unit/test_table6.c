// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/merge/classes.h"
#include "daemon/packet/table6.h"
#include "tests/support/memview.h"

/* 2001:db8:1234:5678:9abc:def0:1234:5678 */
static const struct fw_key6 host = {
	.hi = 0x20010db812345678,
	.lo = 0x9abcdef012345678,
};

struct fixture {
	struct memview memview;
	struct table6 *table;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	memview_init(&fixture->memview, memview_smallest(0x5eed));
	assert_int_equal(table6_new(&fixture->memview.view6, &fixture->table),
			 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	table6_free(fixture->table);
	memview_done(&fixture->memview);
	free(fixture);
	return 0;
}

/* `host` with the bit after the first `len` turned over. */
static struct fw_key6 neighbour(unsigned int len)
{
	struct fw_key6 key = host;

	if (len < 64)
		key.hi ^= 1ull << (63 - len);
	else if (len < 128)
		key.lo ^= 1ull << (127 - len);
	return key;
}

/* The prefix of `len` around `host`. */
static int try_set(struct fixture *fixture, unsigned int len, uint16_t class_id)
{
	return table6_set(fixture->table, fw_cut6(host, len), len, class_id);
}

static void set(struct fixture *fixture, unsigned int len, uint16_t class_id)
{
	assert_int_equal(try_set(fixture, len, class_id), 0);
}

/* Clear what is covered by a prefix of `cover_len` and class `cover`. */
static void fall_back(struct fixture *fixture, unsigned int len,
		      unsigned int cover_len, uint16_t cover)
{
	table6_clear(fixture->table, fw_cut6(host, len), len, cover_len, cover);
}

static void clear(struct fixture *fixture, unsigned int len)
{
	fall_back(fixture, len, 0, CLASS_NONE);
}

static uint32_t found(const struct fixture *fixture, struct fw_key6 addr)
{
	return fw_lookup6(&fixture->memview.view6, addr);
}

static uint32_t levels(const struct fixture *fixture)
{
	return fixture->memview.view6.top[host.hi >> 44] & FW_TOP6_LEVELS;
}

/* Levels below the hub of `host`, as its entry names them. */
static uint32_t below_hub(const struct fixture *fixture)
{
	uint64_t hub = fw_probe6(&fixture->memview.view6,
				 fw_cut6(host, FW_HUB6_LEVEL), FW_HUB6_LEVEL);

	return (uint32_t)(hub >> 16);
}

static void an_empty_table_finds_nothing(void **state)
{
	assert_int_equal(found(*state, host), CLASS_NONE);
	assert_int_equal(
		memview_front6(&((struct fixture *)*state)->memview, host), 0);
}

static void each_length_alone_covers_just_what_it_should(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int len = 4; len <= 128; len++) {
		set(fixture, len, 7);
		assert_int_equal(found(fixture, host), 7);
		assert_int_equal(found(fixture, neighbour(len - 1)), 0);
		if (len < 128)
			assert_int_equal(found(fixture, neighbour(len)), 7);
		assert_int_equal(found(fixture, neighbour(127)),
				 len < 128 ? 7 : 0);
		clear(fixture, len);
		assert_int_equal(found(fixture, host), CLASS_NONE);
	}
	assert_null(memview_leftover(&fixture->memview));
}

/* In steps of four, so each is one entry and all fit. */
static void the_longest_prefix_wins_in_either_order(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int len = 8; len <= 128; len += 4)
		set(fixture, len, (uint16_t)len);
	for (unsigned int len = 128; len >= 8; len -= 4)
		set(fixture, len, (uint16_t)len);
	assert_int_equal(found(fixture, host), 128);
	for (unsigned int len = 8; len < 128; len += 4)
		assert_int_equal(found(fixture, neighbour(len)), len);
}

static void lengths_of_one_level_nest(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int len = 64; len >= 61; len--)
		set(fixture, len, (uint16_t)len);
	for (unsigned int len = 61; len < 64; len++)
		assert_int_equal(found(fixture, neighbour(len)), len);
	assert_int_equal(found(fixture, host), 64);
	assert_int_equal(table6_usage(fixture->table).entries, 8 + 1);
	for (unsigned int len = 64; len > 61; len--) {
		fall_back(fixture, len, len - 1, (uint16_t)(len - 1));
		assert_int_equal(found(fixture, host), len - 1);
	}
	assert_int_equal(table6_usage(fixture->table).entries, 8 + 1);
}

static void a_cleared_prefix_falls_back_to_its_cover(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int len = 8; len <= 128; len += 6)
		set(fixture, len, (uint16_t)len);
	for (unsigned int len = 128; len > 8; len -= 6) {
		fall_back(fixture, len, len - 6, (uint16_t)(len - 6));
		assert_int_equal(found(fixture, host), len - 6);
	}
	clear(fixture, 8);
	assert_null(memview_leftover(&fixture->memview));
}

static void front_tells_each_24_of_a_shorter_prefix(void **state)
{
	struct fixture *fixture = *state;
	const struct memview *memview = &fixture->memview;

	set(fixture, 22, 5);
	assert_int_equal(memview_front6(memview, host), 1);
	assert_int_equal(memview_front6(memview, neighbour(23)), 1);
	assert_int_equal(memview_front6(memview, neighbour(22)), 1);
	assert_int_equal(memview_front6(memview, neighbour(21)), 0);
	set(fixture, 128, 6);
	clear(fixture, 22);
	assert_int_equal(memview_front6(memview, host), 1);
	assert_int_equal(memview_front6(memview, neighbour(23)), 0);
}

static void top_tells_the_levels_in_use(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, 23, 5);
	assert_int_equal(levels(fixture), FW_TOP6_LEVEL24);
	set(fixture, 27, 5);
	assert_int_equal(levels(fixture), FW_TOP6_LEVEL24 | FW_TOP6_LEVEL28);
	set(fixture, 47, 5);
	assert_int_equal(levels(fixture), FW_TOP6_LEVELS);
	clear(fixture, 47);
	clear(fixture, 27);
	clear(fixture, 23);
	assert_int_equal(levels(fixture), 0);
}

static void a_hub_tells_the_levels_below_it(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, 128, 5);
	set(fixture, 47, 5);
	assert_int_equal(below_hub(fixture), 1u | 1u << 20);
	assert_int_equal(table6_usage(fixture->table).entries, 1 + 2 + 1);
	set(fixture, 31, 6);
	clear(fixture, 128);
	clear(fixture, 47);
	assert_int_equal(below_hub(fixture), 0);
	assert_int_equal(found(fixture, host), 6);
	clear(fixture, 31);
	assert_int_equal(table6_usage(fixture->table).entries, 0);
}

static void a_hub_outlives_the_prefix_of_its_length(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, 32, 6);
	set(fixture, 128, 5);
	clear(fixture, 32);
	assert_int_equal(found(fixture, host), 5);
	for (unsigned int len = 33; len < 128; len++)
		assert_int_equal(found(fixture, neighbour(len)), CLASS_NONE);
}

static void a_prefix_takes_as_many_entries_as_told(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int len = 16; len <= 128; len++) {
		set(fixture, len, 2);
		assert_int_equal(table6_usage(fixture->table).entries,
				 table6_entries_of(len) +
					 (len > FW_HUB6_LEVEL));
		assert_true(table6_entries_of(len) <= 8);
		clear(fixture, len);
	}
}

/* Single addresses far from `host`, as many as leave room for `spare`. */
static struct fw_key6 filler(uint32_t i)
{
	return (struct fw_key6){.hi = 0xfd00000000000000, .lo = i};
}

static uint32_t fill(struct fixture *fixture, uint32_t spare)
{
	struct table6_usage usage = table6_usage(fixture->table);
	uint32_t count = usage.entries_capacity - usage.entries - spare;

	count--; /* their hub */
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(table6_set(fixture->table, filler(i), 128, 2),
				 0);
	return count;
}

static void a_full_table_refuses_and_nothing_has_changed(void **state)
{
	struct fixture *fixture = *state;
	uint32_t count;

	set(fixture, 128, 3);
	count = fill(fixture, 6);
	assert_int_equal(try_set(fixture, 125, 5), -ENOSPC);
	assert_int_equal(table6_usage(fixture->table).entries, count + 1 + 2);
	assert_int_equal(found(fixture, host), 3);
	for (unsigned int len = 125; len < 128; len++)
		assert_int_equal(found(fixture, neighbour(len)), CLASS_NONE);
	assert_int_equal(try_set(fixture, 61, 5), -ENOSPC);
	assert_int_equal(found(fixture, neighbour(64)), CLASS_NONE);
	clear(fixture, 128);
	assert_int_equal(memview_front6(&fixture->memview, host), 0);
}

static void a_full_table_takes_another_class_for_what_it_has(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, 125, 3);
	(void)fill(fixture, 0);
	assert_int_equal(try_set(fixture, 124, 4), -ENOSPC);
	set(fixture, 125, 4);
	set(fixture, 128, 6);
	assert_int_equal(found(fixture, neighbour(127)), 4);
	assert_int_equal(found(fixture, host), 6);
}

static void a_filled_table_finds_all_and_empties_to_zero(void **state)
{
	struct fixture *fixture = *state;
	uint32_t count = fill(fixture, 0);

	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(found(fixture, filler(i)), 2);
	for (uint32_t i = 0; i < count; i++)
		table6_clear(fixture->table, filler(i), 128, 0, CLASS_NONE);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(found(fixture, filler(i)), CLASS_NONE);
	assert_null(memview_leftover(&fixture->memview));
}

static void a_prefix_taken_away_is_counted_for_readers(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, 20, 3);
	assert_int_equal(fixture->memview.moves.moves6, 0);
	clear(fixture, 20);
	assert_int_equal(fixture->memview.moves.moves6, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_table_finds_nothing),
		TEST(each_length_alone_covers_just_what_it_should),
		TEST(the_longest_prefix_wins_in_either_order),
		TEST(lengths_of_one_level_nest),
		TEST(a_cleared_prefix_falls_back_to_its_cover),
		TEST(front_tells_each_24_of_a_shorter_prefix),
		TEST(top_tells_the_levels_in_use),
		TEST(a_hub_tells_the_levels_below_it),
		TEST(a_hub_outlives_the_prefix_of_its_length),
		TEST(a_prefix_takes_as_many_entries_as_told),
		TEST(a_full_table_refuses_and_nothing_has_changed),
		TEST(a_full_table_takes_another_class_for_what_it_has),
		TEST(a_filled_table_finds_all_and_empties_to_zero),
		TEST(a_prefix_taken_away_is_counted_for_readers),
	};

	return cmocka_run_group_tests_name("table6", tests, NULL, NULL);
}
