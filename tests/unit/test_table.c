// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/packet/table.h"
#include "tests/support/memview.h"

struct fixture {
	struct memview memview;
	struct table *table;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	memview_init(&fixture->memview, memview_smallest(0x5eed));
	assert_int_equal(table_new(&fixture->memview.view4,
				   &fixture->memview.view6, &fixture->table),
			 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	table_free(fixture->table);
	memview_done(&fixture->memview);
	free(fixture);
	return 0;
}

static struct prefix prefix(const char *text)
{
	struct prefix parsed;

	assert_int_equal(prefix_from_text(text, strlen(text), &parsed), 0);
	return parsed;
}

static void set(struct fixture *fixture, const char *text, uint16_t class_id)
{
	struct prefix parsed = prefix(text);

	assert_int_equal(table_set(fixture->table, &parsed, class_id), 0);
}

static void clear(struct fixture *fixture, const char *text, const char *around,
		  uint16_t cover_class)
{
	struct prefix parsed = prefix(text);
	struct prefix cover;

	if (around)
		cover = prefix(around);
	table_clear(fixture->table, &parsed, around ? &cover : NULL,
		    cover_class);
}

static uint16_t found(const struct fixture *fixture, const char *text)
{
	struct prefix parsed = prefix(text);

	return table_lookup(fixture->table, &parsed);
}

static void each_family_goes_to_its_own_part(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, "192.0.2.1", 3);
	set(fixture, "2001:db8::1", 4);
	assert_int_equal(table_usage(fixture->table).v4.hosts, 1);
	/* the host and its hub */
	assert_int_equal(table_usage(fixture->table).v6.entries, 2);
	assert_int_equal(found(fixture, "192.0.2.1"), 3);
	assert_int_equal(found(fixture, "2001:db8::1"), 4);
	assert_int_equal(found(fixture, "::c000:201"), 0);
}

static void a_mapped_address_is_the_ipv4_it_is(void **state)
{
	set(*state, "::ffff:192.0.2.0/124", 3);
	assert_int_equal(found(*state, "192.0.2.15"), 3);
	assert_int_equal(found(*state, "192.0.2.16"), 0);
}

static void a_cleared_prefix_falls_back_to_its_cover(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, "2001:db8::/32", 3);
	set(fixture, "2001:db8::/31", 4);
	set(fixture, "192.0.2.0/25", 5);
	set(fixture, "192.0.2.0/26", 6);
	clear(fixture, "2001:db8::/32", "2001:db8::/31", 4);
	clear(fixture, "192.0.2.0/26", "192.0.2.0/25", 5);
	assert_int_equal(found(fixture, "2001:db8::"), 4);
	assert_int_equal(found(fixture, "192.0.2.0"), 5);
}

static void a_prefix_around_all_of_ipv4_is_no_cover_of_its_parts(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, "::/64", 3);
	set(fixture, "192.0.2.0/24", 5);
	clear(fixture, "192.0.2.0/24", "::/64", 3);
	assert_int_equal(found(fixture, "192.0.2.1"), 0);
	assert_int_equal(found(fixture, "::1"), 3);
}

static void nothing_is_left_when_all_is_cleared(void **state)
{
	struct fixture *fixture = *state;

	set(fixture, "192.0.2.0/29", 3);
	set(fixture, "2001:db8::/61", 4);
	clear(fixture, "192.0.2.0/29", NULL, 0);
	clear(fixture, "2001:db8::/61", NULL, 0);
	assert_null(memview_leftover(&fixture->memview));
}

static void what_a_list_needs_is_what_it_takes(void **state)
{
	static const char *const list[] = {
		"192.0.2.0/25",	 "192.0.2.128/28", "198.51.100.0/29",
		"203.0.113.1",	 "10.0.0.0/8",	   "2001:db8::/32",
		"2001:db9::/29", "2001:dba::1",	   "2400::/12",
	};
	struct fixture *fixture = *state;
	struct table_need need = {0};
	struct table_usage usage;

	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		struct prefix parsed = prefix(list[i]);

		table_need_add(&need, &parsed);
		set(fixture, list[i], 3);
	}
	usage = table_usage(fixture->table);
	assert_int_equal(need.hosts4, 8 + 1);
	assert_int_equal(need.blocks4, 8 + 1);
	assert_int_equal(need.entries6, 1 + 8 + 2);
	assert_int_equal(usage.v4.hosts, need.hosts4);
	assert_int_equal(usage.v4.blocks, need.blocks4);
	/* 2001:db8::/32, and the host's hub, are of the eight of the /29 */
	assert_int_equal(usage.v6.entries, need.entries6 - 2);
}

static void a_full_part_refuses_and_the_other_goes_on(void **state)
{
	struct fixture *fixture = *state;
	struct prefix one = prefix("2001:db8::");
	uint32_t capacity = table_usage(fixture->table).v6.entries_capacity;

	one.bits = 128;
	for (uint32_t i = 0; i < capacity - 1; i++) { /* and one hub */
		one.addr[15] = (uint8_t)i;
		assert_int_equal(table_set(fixture->table, &one, 3), 0);
	}
	one.addr[15] = 255;
	assert_int_equal(table_set(fixture->table, &one, 3), -ENOSPC);
	assert_int_equal(table_lookup(fixture->table, &one), 0);
	set(fixture, "192.0.2.1", 4);
	assert_int_equal(found(fixture, "192.0.2.1"), 4);
	clear(fixture, "2001:db8::1", NULL, 0);
	assert_int_equal(table_set(fixture->table, &one, 3), 0);
	assert_int_equal(table_lookup(fixture->table, &one), 3);
}

static void count_bytes(void *arg, void *at, size_t bytes)
{
	size_t *sum = arg;

	assert_non_null(at);
	*sum += bytes;
}

/* A table of few members has few pages; what is brought in for many keeps what
 * is written there. */
static void many_are_prepared_for_once(void **state)
{
	struct fixture *fixture = *state;
	size_t bytes = 0;
	const struct pool_touch touch = {.fn = count_bytes, .arg = &bytes};

	set(fixture, "198.51.100.7/32", 1);
	set(fixture, "192.0.2.0/24", 2);
	table_prepare(fixture->table, TABLE_MANY - 1, &touch);
	assert_int_equal(bytes, 0);
	table_prepare(fixture->table, TABLE_MANY, &touch);
	assert_int_equal(bytes, 2 * FW_TOP4_COUNT);
	table_prepare(fixture->table, TABLE_MANY, &touch);
	assert_int_equal(bytes, 2 * FW_TOP4_COUNT);
	clear(fixture, "192.0.2.0/24", NULL, 0);
	assert_int_equal(found(fixture, "192.0.2.1/32"), 0);
	assert_int_equal(found(fixture, "198.51.100.7/32"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_family_goes_to_its_own_part),
		TEST(a_mapped_address_is_the_ipv4_it_is),
		TEST(a_cleared_prefix_falls_back_to_its_cover),
		TEST(a_prefix_around_all_of_ipv4_is_no_cover_of_its_parts),
		TEST(nothing_is_left_when_all_is_cleared),
		TEST(what_a_list_needs_is_what_it_takes),
		TEST(a_full_part_refuses_and_the_other_goes_on),
		TEST(many_are_prepared_for_once),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
