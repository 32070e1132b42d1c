// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/pace.h"

#define SECOND_NS 1000000000u

/* All that is due in ten seconds, asked for every `step_ns`. */
static uint64_t in_ten_seconds(uint32_t per_second, uint64_t step_ns)
{
	struct pace pace = {.per_second = per_second, .paid_ns = SECOND_NS};
	uint64_t sum = 0;

	for (uint64_t at = 0; at <= 10ull * SECOND_NS; at += step_ns)
		sum += pace_take(&pace, SECOND_NS + at);
	return sum;
}

static void the_rate_is_kept_however_often_it_is_asked(void **state)
{
	static const uint32_t rates[] = {1, 3, 7, 1000, 4999, 5000};
	static const uint64_t steps[] = {1000000, 50000000, 500000000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
			uint64_t sum = in_ten_seconds(rates[i], steps[k]);
			uint64_t whole = 10 * (uint64_t)rates[i];

			assert_in_range(sum, whole - 1, whole);
		}
}

static void never_more_than_a_second_is_due(void **state)
{
	struct pace pace = {.per_second = 1000};

	(void)state;
	assert_int_equal(pace_take(&pace, 3600ull * SECOND_NS), 1000);
	assert_int_equal(pace_take(&pace, 3600ull * SECOND_NS), 0);
}

static void nothing_is_due_of_nothing_or_in_the_past(void **state)
{
	struct pace none = {.per_second = 0};
	struct pace pace = {.per_second = 5, .paid_ns = SECOND_NS};

	(void)state;
	assert_int_equal(pace_take(&none, SECOND_NS), 0);
	assert_int_equal(pace_take(&pace, 0), 0);
}

static void a_new_rate_holds_from_its_change_on(void **state)
{
	struct pace pace = {.per_second = 10};

	(void)state;
	assert_int_equal(pace_take(&pace, SECOND_NS), 10);
	pace.per_second = 1000;
	assert_int_equal(pace_take(&pace, SECOND_NS + SECOND_NS / 2), 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_is_kept_however_often_it_is_asked),
		cmocka_unit_test(never_more_than_a_second_is_due),
		cmocka_unit_test(nothing_is_due_of_nothing_or_in_the_past),
		cmocka_unit_test(a_new_rate_holds_from_its_change_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
