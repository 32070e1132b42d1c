// SPDX-License-Identifier: GPL-2.0-or-later
/* What rules/pool.h says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/pool.h"

#define ITEM_BYTES 32u
#define MANY	   200000u /* more than a step holds */

static int setup(void **state)
{
	static struct pool pool;

	pool_init(&pool, ITEM_BYTES);
	*state = &pool;
	return 0;
}

static int teardown(void **state)
{
	pool_done(*state);
	return 0;
}

static uint32_t take(struct pool *pool)
{
	uint32_t id = 0;

	assert_int_equal(pool_take(pool, &id), 0);
	return id;
}

static uint32_t *number_in(const struct pool *pool, uint32_t id)
{
	return pool_at(pool, id, ITEM_BYTES);
}

static void items_are_numbered_from_one_and_all_zero(void **state)
{
	static const char zeros[ITEM_BYTES];
	struct pool *pool = *state;

	for (uint32_t i = 1; i <= MANY; i++) {
		assert_int_equal(take(pool), i);
		assert_memory_equal(number_in(pool, i), zeros, ITEM_BYTES);
		memset(number_in(pool, i), 0xff, ITEM_BYTES);
	}
}

static void what_is_given_back_is_given_out_first_and_zero_again(void **state)
{
	static const char zeros[ITEM_BYTES];
	struct pool *pool = *state;

	for (uint32_t i = 1; i <= 3; i++)
		memset(number_in(pool, take(pool)), 0xff, ITEM_BYTES);
	pool_give(pool, 2);
	assert_int_equal(take(pool), 2);
	assert_memory_equal(number_in(pool, 2), zeros, ITEM_BYTES);
	assert_int_equal(take(pool), 4);
}

static void preparing_changes_no_item(void **state)
{
	struct pool *pool = *state;

	for (uint32_t i = 1; i <= MANY; i++) {
		if (i % 1000 == 0)
			pool_prepare(pool, 0, &pool_touch_now);
		*number_in(pool, take(pool)) = i;
	}
	pool_prepare(pool, 0, &pool_touch_now);
	for (uint32_t i = 1; i <= MANY; i++)
		assert_int_equal(*number_in(pool, i), i);
}

static size_t resident_bytes(const struct pool *pool, uint32_t first,
			     uint32_t count)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *at = (char *)number_in(pool, first);
	size_t pages = (size_t)count * ITEM_BYTES / page;
	unsigned char *is_here = test_calloc(pages, 1);
	size_t sum = 0;

	at -= (uintptr_t)at & (page - 1);
	assert_int_equal(mincore(at, pages * page, is_here), 0);
	for (size_t i = 0; i < pages; i++)
		sum += is_here[i] & 1;
	test_free(is_here);
	return sum * page;
}

static void what_was_prepared_is_in_memory_before_it_is_taken(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t ready = 10000;
	struct pool *pool = *state;

	pool_prepare(pool, 0, &pool_touch_now);
	assert_int_equal(resident_bytes(pool, 1, (uint32_t)ready),
			 ready * ITEM_BYTES / page * page);
	assert_int_equal(pool_bytes(pool), 0);
	assert_int_equal(take(pool), 1);
}

static void add_bytes(void *arg, void *at, size_t bytes)
{
	size_t *sum = arg;

	assert_non_null(at);
	*sum += bytes;
}

static void what_is_expected_is_touched_once_and_reused(void **state)
{
	struct pool *pool = *state;
	size_t sum = 0;
	const struct pool_touch touch = {.fn = add_bytes, .arg = &sum};
	size_t first;

	pool_prepare(pool, MANY, &touch);
	first = sum;
	assert_true(first >= (size_t)MANY * ITEM_BYTES);
	pool_prepare(pool, MANY, &touch);
	assert_int_equal(sum, first);
	for (uint32_t i = 1; i <= MANY; i++)
		(void)take(pool);
	for (uint32_t i = 1; i <= MANY; i++)
		pool_give(pool, i);
	pool_prepare(pool, 0, &touch);
	first = sum;
	pool_prepare(pool, MANY, &touch);
	assert_int_equal(sum, first);
	pool_prepare(pool, (size_t)2 * MANY, &touch);
	assert_true(sum - first >= (size_t)MANY / 2 * ITEM_BYTES);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(items_are_numbered_from_one_and_all_zero),
		test(what_is_given_back_is_given_out_first_and_zero_again),
		test(preparing_changes_no_item),
		test(what_is_expected_is_touched_once_and_reused),
		test(what_was_prepared_is_in_memory_before_it_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
