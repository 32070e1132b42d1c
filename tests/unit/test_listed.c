// SPDX-License-Identifier: GPL-2.0-or-later
/* Prefixes of a list: kept, and in order each once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/listed.h"

#define MANY 20000u

static int setup(void **state)
{
	static struct listed_array array;

	array = (struct listed_array){0};
	*state = &array;
	return 0;
}

static int teardown(void **state)
{
	listed_done(*state);
	return 0;
}

static void add(struct listed_array *array, struct prefix prefix)
{
	uint32_t line = (uint32_t)array->count + 1;

	assert_int_equal(listed_add(array, &prefix, line), 0);
}

/* By prefix, then by line. */
static int by_line(const void *a, const void *b)
{
	const struct listed *one = a, *other = b;
	int order = prefix_cmp(&one->prefix, &other->prefix);

	return order ? order : (int)one->line - (int)other->line;
}

/* Sort it, and hold it against what qsort() makes of the same. */
static void assert_sorts(struct listed_array *array)
{
	size_t count = array->count, kept = 0;
	struct listed *model = calloc(count + 1, sizeof(*model));

	assert_non_null(model);
	for (size_t i = 0; i < count; i++)
		model[i] = array->list[i];
	qsort(model, count, sizeof(*model), by_line);
	assert_int_equal(listed_sort(array), 0);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 &&
		    prefix_cmp(&model[i - 1].prefix, &model[i].prefix) == 0)
			continue;
		assert_true(kept < array->count);
		assert_int_equal(by_line(&array->list[kept], &model[i]), 0);
		kept++;
	}
	assert_int_equal(array->count, kept);
	free(model);
}

static struct prefix random_prefix(void)
{
	struct prefix prefix = {.bits = 128};

	if (rand() % 2)
		return prefix_of_v4((uint32_t)rand() << 1,
				    (unsigned int)rand() % 33);
	for (size_t i = 0; i < sizeof(prefix.addr); i++)
		prefix.addr[i] = (uint8_t)(rand() >> 8);
	return prefix_widen(&prefix, (unsigned int)rand() % 129);
}

static void what_is_added_is_kept_in_its_order(void **state)
{
	struct listed_array *array = *state;

	for (uint32_t i = 0; i < MANY; i++)
		add(array, prefix_of_v4(MANY - i, 32));
	assert_int_equal(array->count, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		assert_int_equal(prefix_addr_v4(&array->list[i].prefix),
				 MANY - i);
		assert_int_equal(array->list[i].line, i + 1);
	}
}

static void nothing_and_one_are_in_order(void **state)
{
	struct listed_array *array = *state;

	assert_sorts(array);
	add(array, prefix_of_v4(1, 32));
	assert_sorts(array);
	assert_int_equal(array->count, 1);
}

static void what_is_in_order_stays(void **state)
{
	for (uint32_t i = 0; i < MANY; i++)
		add(*state, prefix_of_v4(i, 32));
	assert_sorts(*state);
}

static void the_reverse_is_put_in_order(void **state)
{
	for (uint32_t i = 0; i < MANY; i++)
		add(*state, prefix_of_v4(MANY - i, 32));
	assert_sorts(*state);
}

static void of_equal_ones_the_first_line_stays(void **state)
{
	struct listed_array *array = *state;

	add(array, prefix_of_v4(9, 32));
	for (uint32_t i = 0; i < MANY; i++)
		add(array, prefix_of_v4(7, 32));
	assert_sorts(array);
	assert_int_equal(array->count, 2);
	assert_int_equal(array->list[0].line, 2);
	assert_int_equal(array->list[1].line, 1);
}

static void what_is_in_order_but_for_a_twin_has_it_once(void **state)
{
	add(*state, prefix_of_v4(7, 32));
	add(*state, prefix_of_v4(8, 32));
	add(*state, prefix_of_v4(8, 32));
	add(*state, prefix_of_v4(9, 32));
	assert_sorts(*state);
}

static void lengths_of_one_address_are_in_order(void **state)
{
	for (unsigned int len = 0; len <= 32; len++)
		add(*state, prefix_of_v4(0, 32 - len));
	assert_sorts(*state);
}

static void all_families_and_lengths_are_put_in_order(void **state)
{
	unsigned int seed = (unsigned int)time(NULL);

	print_message("seed %u\n", seed);
	srand(seed);
	for (uint32_t i = 0; i < MANY; i++)
		add(*state, random_prefix());
	assert_sorts(*state);
}

/* Lists are of few networks more often than of any. */
static void near_ones_are_put_in_order(void **state)
{
	unsigned int seed = (unsigned int)time(NULL);

	print_message("seed %u\n", seed);
	srand(seed);
	for (uint32_t i = 0; i < MANY; i++)
		add(*state, prefix_of_v4((uint32_t)rand() % 2000,
					 28 + (unsigned int)rand() % 5));
	assert_sorts(*state);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_is_added_is_kept_in_its_order),
		test(nothing_and_one_are_in_order),
		test(what_is_in_order_stays),
		test(the_reverse_is_put_in_order),
		test(of_equal_ones_the_first_line_stays),
		test(what_is_in_order_but_for_a_twin_has_it_once),
		test(lengths_of_one_address_are_in_order),
		test(all_families_and_lengths_are_put_in_order),
		test(near_ones_are_put_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
