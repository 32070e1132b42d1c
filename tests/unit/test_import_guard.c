// SPDX-License-Identifier: GPL-2.0-or-later
/* What is protected stays out of a list that was read elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/import_plan.h"
#include "tests/support/scratch.h"

#define ROUNDS	200
#define NUMBERS 64

static struct prefix random_net(void)
{
	/* few bits differ, so that many lie in each other */
	uint32_t addr = 0xc0000000u | (uint32_t)rand() % 16 << 20 |
			(uint32_t)rand() % 16;

	return prefix_of_v4(addr, (unsigned int)rand() % 33);
}

static void protect_some(struct guard *guard)
{
	for (int i = rand() % 8; i > 0; i--) {
		struct guard_entry entry = {.source = GUARD_OWN,
					    .prefix = random_net()};

		assert_int_equal(guard_add(guard, &entry), 0);
	}
}

static void list_some(struct listed_array *listed)
{
	for (uint32_t i = 0; i < NUMBERS; i++) {
		const struct prefix net = random_net();

		assert_int_equal(listed_add(listed, &net, i + 1), 0);
	}
	assert_int_equal(listed_sort(listed), 0);
}

static void copy(const struct listed_array *from, struct listed_array *to)
{
	for (size_t i = 0; i < from->count; i++)
		assert_int_equal(listed_add(to, &from->list[i].prefix,
					    from->list[i].line),
				 0);
}

/* A search for each entry. */
static void assert_left_out(const struct import *import,
			    const struct listed_array *listed)
{
	size_t expected = 0;

	for (size_t i = 0; i < listed->count; i++) {
		const struct listed *entry = &listed->list[i];

		if (guard_find(import->guard, &entry->prefix))
			continue;
		assert_true(expected < import->adds.count);
		assert_int_equal(import->adds.list[expected++].line,
				 entry->line);
	}
	assert_int_equal(import->adds.count, expected);
}

static void the_walk_along_both_finds_what_a_search_finds(void **state)
{
	unsigned int seed = (unsigned int)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int round = 0; round < ROUNDS; round++) {
		struct import import = {
			.set = set_builtins[SET_ID_BLOCK - 1],
			.is_listed = true,
			.is_set_read = true,
			.is_replacing = true,
		};
		struct listed_array listed = {0};

		assert_int_equal(guard_new(&import.guard), 0);
		protect_some(import.guard);
		list_some(&listed);
		copy(&listed, &import.listed);
		assert_int_equal(import_plan(&import), 0);
		assert_left_out(&import, &listed);
		listed_done(&listed);
		listed_done(&import.listed);
		listed_done(&import.adds);
		guard_free(import.guard);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_walk_along_both_finds_what_a_search_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
