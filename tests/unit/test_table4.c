// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/merge/classes.h"
#include "daemon/packet/table4.h"
#include "tests/support/memview.h"

#define NET 0xc6336400u /* 198.51.100.0 */

struct fixture {
	struct memview memview;
	struct table4 *table;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	memview_init(&fixture->memview, memview_smallest(0x5eed));
	assert_int_equal(table4_new(&fixture->memview.view4, &fixture->table),
			 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	table4_free(fixture->table);
	memview_done(&fixture->memview);
	free(fixture);
	return 0;
}

/* The prefix of `len` around an address. */
static void set(struct fixture *fixture, uint32_t addr, unsigned int len,
		uint16_t class_id)
{
	addr &= ~0u << (32 - len);
	assert_int_equal(table4_set(fixture->table, addr, len, class_id), 0);
}

/* Clear what is covered by a prefix of `cover_len` and class `cover`. */
static void fall_back(struct fixture *fixture, uint32_t addr, unsigned int len,
		      unsigned int cover_len, uint16_t cover)
{
	addr &= ~0u << (32 - len);
	table4_clear(fixture->table, addr, len, cover_len, cover);
}

static void clear(struct fixture *fixture, uint32_t addr, unsigned int len)
{
	fall_back(fixture, addr, len, 0, CLASS_NONE);
}

static uint32_t found(const struct fixture *fixture, uint32_t addr)
{
	return fw_lookup4(&fixture->memview.view4, addr);
}

static unsigned int front(const struct fixture *fixture)
{
	return memview_front4(&fixture->memview, NET);
}

static void an_empty_table_finds_nothing(void **state)
{
	assert_int_equal(found(*state, NET), CLASS_NONE);
	assert_int_equal(found(*state, UINT32_MAX), CLASS_NONE);
	assert_int_equal(front(*state), FW_FRONT4_NONE);
}

static void the_direct_class_is_told_by_front_alone(void **state)
{
	set(*state, NET, 24, CLASS_DIRECT);
	assert_int_equal(front(*state), FW_FRONT4_DIRECT);
	assert_int_equal(found(*state, NET + 255), CLASS_DIRECT);
	assert_int_equal(found(*state, NET + 256), CLASS_NONE);
	assert_int_equal(found(*state, NET - 1), CLASS_NONE);
}

static void another_class_is_asked_of_top(void **state)
{
	set(*state, NET, 24, 9);
	assert_int_equal(front(*state), FW_FRONT4_TOP);
	assert_int_equal(found(*state, NET + 9), 9);
	set(*state, NET, 24, CLASS_DIRECT);
	assert_int_equal(front(*state), FW_FRONT4_DIRECT);
	assert_int_equal(found(*state, NET + 9), CLASS_DIRECT);
}

static void a_host_makes_front_ask_and_leaves_it_as_it_was(void **state)
{
	set(*state, NET, 24, CLASS_DIRECT);
	set(*state, NET + 7, 32, 5);
	assert_int_equal(front(*state), FW_FRONT4_HOSTS);
	assert_int_equal(found(*state, NET + 7), 5);
	assert_int_equal(found(*state, NET + 8), CLASS_DIRECT);
	fall_back(*state, NET + 7, 32, 24, CLASS_DIRECT);
	assert_int_equal(front(*state), FW_FRONT4_DIRECT);
	assert_int_equal(found(*state, NET + 7), CLASS_DIRECT);
}

static void a_block_alone_makes_front_ask(void **state)
{
	set(*state, NET + 32, 28, CLASS_DIRECT);
	assert_int_equal(front(*state), FW_FRONT4_HOSTS);
	assert_int_equal(found(*state, NET + 31), CLASS_NONE);
	assert_int_equal(found(*state, NET + 32), CLASS_DIRECT);
	assert_int_equal(found(*state, NET + 47), CLASS_DIRECT);
	assert_int_equal(found(*state, NET + 48), CLASS_NONE);
	clear(*state, NET + 32, 28);
	assert_int_equal(front(*state), FW_FRONT4_NONE);
}

/* One nest of every length, its class the length. */
static void each_length_covers_what_it_should(void **state)
{
	for (unsigned int len = 9; len <= 32; len++)
		set(*state, NET, len, (uint16_t)len);
	assert_int_equal(found(*state, NET), 32);
	for (unsigned int len = 10; len <= 32; len++)
		assert_int_equal(found(*state, NET ^ 1u << (32 - len)),
				 len - 1);
}

static void an_outer_prefix_leaves_inner_ones_alone(void **state)
{
	for (unsigned int len = 32; len >= 9; len--)
		set(*state, NET, len, (uint16_t)len);
	assert_int_equal(found(*state, NET), 32);
	for (unsigned int len = 10; len <= 32; len++)
		assert_int_equal(found(*state, NET ^ 1u << (32 - len)),
				 len - 1);
}

static void a_cleared_prefix_falls_back_to_its_cover(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int len = 9; len <= 32; len++)
		set(fixture, NET, len, (uint16_t)len);
	for (unsigned int len = 32; len >= 10; len--) {
		fall_back(fixture, NET, len, len - 1, (uint16_t)(len - 1));
		assert_int_equal(found(fixture, NET), len - 1);
	}
	clear(fixture, NET, 9);
	assert_int_equal(found(fixture, NET), CLASS_NONE);
	assert_null(memview_leftover(&fixture->memview));
}

static void a_cover_goes_and_the_inner_ones_stay(void **state)
{
	set(*state, NET, 29, 4);
	set(*state, NET + 3, 32, 6);
	set(*state, NET, 27, 8);
	clear(*state, NET, 27);
	clear(*state, NET, 29);
	assert_int_equal(found(*state, NET + 3), 6);
	assert_int_equal(found(*state, NET + 2), CLASS_NONE);
	assert_int_equal(found(*state, NET + 20), CLASS_NONE);
}

static void a_prefix_told_twice_has_its_second_class(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int len = 20; len <= 32; len++) {
		set(fixture, NET, len, 70);
		set(fixture, NET, len, 71);
		assert_int_equal(found(fixture, NET), 71);
		clear(fixture, NET, len);
	}
	assert_null(memview_leftover(&fixture->memview));
}

static void a_net_full_of_hosts_and_emptied_tells_its_cover(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, NET, 24, 3);
	for (uint32_t i = 0; i < 256; i += 4)
		set(fixture, NET + i, 30, 5);
	for (uint32_t i = 0; i < 256; i += 4)
		fall_back(fixture, NET + i, 30, 24, 3);
	for (uint32_t i = 0; i < 256; i++)
		assert_int_equal(found(fixture, NET + i), 3);
	assert_int_equal(table4_usage(fixture->table).hosts, 0);
}

static void the_last_of_more_hosts_than_are_counted_is_found(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t i = 0; i < 256; i++)
		set(fixture, NET + i, 32, 5);
	for (uint32_t i = 0; i < 255; i++)
		clear(fixture, NET + i, 32);
	assert_int_equal(found(fixture, NET + 255), 5);
}

static void a_prefix_takes_as_many_entries_as_told(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int len = 16; len <= 32; len++) {
		struct table4_usage usage;

		set(fixture, NET, len, 2);
		usage = table4_usage(fixture->table);
		assert_int_equal(usage.hosts, table4_hosts_of(len));
		assert_int_equal(usage.blocks, table4_blocks_of(len));
		assert_true(usage.hosts <= 8 && usage.blocks <= 8);
		clear(fixture, NET, len);
	}
}

/* Set prefixes of `len` from 10.0.0.0 on until they do not fit; but leave
 * room for `spare` entries. */
static void fill(struct fixture *fixture, unsigned int len, uint32_t spare)
{
	struct table4_usage usage = table4_usage(fixture->table);
	uint32_t left = usage.hosts_capacity;

	if (len <= 28)
		left = usage.blocks_capacity;
	for (uint32_t i = 0; i < left - spare; i++)
		set(fixture, 0x0a000000 + (i << (32 - len)), len, 2);
}

/* Addresses of a refused prefix are found as before, by front as well. */
static void check_refusal(struct fixture *fixture, unsigned int len)
{
	struct table4_usage before = table4_usage(fixture->table);
	struct table4_usage after;
	uint32_t inner = NET + (1u << (32 - len)) - 1;

	assert_int_equal(table4_set(fixture->table, NET, len, 5), -ENOSPC);
	after = table4_usage(fixture->table);
	assert_int_equal(after.hosts, before.hosts);
	assert_int_equal(after.blocks, before.blocks);
	assert_int_equal(front(fixture), FW_FRONT4_HOSTS);
	for (uint32_t addr = NET; addr < inner; addr++)
		assert_int_equal(found(fixture, addr), CLASS_NONE);
	assert_int_equal(found(fixture, inner), 3);
	clear(fixture, inner, 32);
	assert_int_equal(front(fixture), FW_FRONT4_NONE);
}

static void full_blocks_refuse_and_nothing_has_changed(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, NET + 127, 32, 3);
	fill(fixture, 28, 5);
	check_refusal(fixture, 25);
	set(fixture, NET, 26, 5);
	assert_int_equal(found(fixture, NET + 63), 5);
	assert_int_equal(found(fixture, 0x0a000000), 2);
}

/* The inner host is there already: seven more would be needed. */
static void full_hosts_refuse_and_nothing_has_changed(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, NET + 7, 32, 3);
	fill(fixture, 32, 1 + 6);
	check_refusal(fixture, 29);
	set(fixture, NET, 30, 5);
	assert_int_equal(found(fixture, NET + 3), 5);
	assert_int_equal(found(fixture, 0x0a000000), 2);
}

static void a_full_table_takes_another_class_for_what_it_has(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, NET, 25, 3);
	fill(fixture, 28, 8);
	assert_int_equal(table4_set(fixture->table, NET + 128, 28, 3), -ENOSPC);
	set(fixture, NET, 25, 4);
	set(fixture, NET, 28, 6);
	assert_int_equal(found(fixture, NET + 127), 4);
	assert_int_equal(found(fixture, NET), 6);
}

static void a_filled_table_finds_all_and_empties_to_zero(void **state)
{
	struct fixture *fixture = *state;
	uint32_t count = table4_usage(fixture->table).blocks_capacity;

	fill(fixture, 28, 0);
	assert_true(fixture->memview.moves.moves4 > 0);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(found(fixture, 0x0a000000 + (i << 4) + i % 16),
				 2);
	for (uint32_t i = 0; i < count; i++)
		clear(fixture, 0x0a000000 + (i << 4), 28);
	assert_null(memview_leftover(&fixture->memview));
}

static void a_prefix_taken_away_is_counted_for_readers(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, NET, 24, 3);
	assert_int_equal(fixture->memview.moves.moves4, 0);
	clear(fixture, NET, 24);
	assert_int_equal(fixture->memview.moves.moves4, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_table_finds_nothing),
		TEST(the_direct_class_is_told_by_front_alone),
		TEST(another_class_is_asked_of_top),
		TEST(a_host_makes_front_ask_and_leaves_it_as_it_was),
		TEST(a_block_alone_makes_front_ask),
		TEST(each_length_covers_what_it_should),
		TEST(an_outer_prefix_leaves_inner_ones_alone),
		TEST(a_cleared_prefix_falls_back_to_its_cover),
		TEST(a_cover_goes_and_the_inner_ones_stay),
		TEST(a_prefix_told_twice_has_its_second_class),
		TEST(a_net_full_of_hosts_and_emptied_tells_its_cover),
		TEST(the_last_of_more_hosts_than_are_counted_is_found),
		TEST(a_prefix_takes_as_many_entries_as_told),
		TEST(full_blocks_refuse_and_nothing_has_changed),
		TEST(full_hosts_refuse_and_nothing_has_changed),
		TEST(a_full_table_takes_another_class_for_what_it_has),
		TEST(a_filled_table_finds_all_and_empties_to_zero),
		TEST(a_prefix_taken_away_is_counted_for_readers),
	};

	return cmocka_run_group_tests_name("table4", tests, NULL, NULL);
}
