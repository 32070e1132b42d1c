// SPDX-License-Identifier: GPL-2.0-or-later
/* The accuracy that daemon/merge/latency.h promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/merge/latency.h"

static int setup(void **state)
{
	static struct latency latency;

	latency_clear(&latency);
	*state = &latency;
	return 0;
}

static void without_samples_every_quantile_is_zero(void **state)
{
	assert_int_equal(latency_quantile_ns(*state, 500000), 0);
	assert_int_equal(latency_quantile_ns(*state, 1000000), 0);
}

static void short_spans_are_exact(void **state)
{
	for (uint64_t i = 1; i <= 60; i++)
		latency_add(*state, i);
	assert_int_equal(latency_quantile_ns(*state, 500000), 30);
	assert_int_equal(latency_quantile_ns(*state, 900000), 54);
}

static void the_last_quantile_is_the_exact_maximum(void **state)
{
	latency_add(*state, 5);
	latency_add(*state, 123456789);
	assert_int_equal(latency_quantile_ns(*state, 1000000), 123456789);
	assert_int_equal(latency_quantile_ns(*state, 999999), 123456789);
}

static void a_quantile_is_at_most_a_thirtieth_too_long(void **state)
{
	for (uint64_t span_ns = 1; span_ns < 1ull << 62;
	     span_ns += span_ns / 3 + 1) {
		uint64_t told_ns;

		latency_clear(*state);
		latency_add(*state, span_ns);
		latency_add(*state, UINT64_MAX);
		told_ns = latency_quantile_ns(*state, 500000);
		assert_in_range(told_ns, span_ns, span_ns + span_ns / 31);
	}
}

static void one_outlier_in_a_million_shows_only_at_the_top(void **state)
{
	for (int i = 0; i < 999999; i++)
		latency_add(*state, 10);
	latency_add(*state, 5000);
	assert_int_equal(latency_quantile_ns(*state, 999999), 10);
	assert_int_equal(latency_quantile_ns(*state, 1000000), 5000);
}

static void the_longest_span_has_a_bucket(void **state)
{
	latency_add(*state, UINT64_MAX);
	latency_add(*state, UINT64_MAX - 1);
	assert_int_equal(latency_quantile_ns(*state, 500000), UINT64_MAX);
}

static void a_cleared_histogram_is_empty(void **state)
{
	struct latency *latency = *state;

	latency_add(latency, 99);
	latency_clear(latency);
	assert_int_equal(latency->count, 0);
	assert_int_equal(latency_quantile_ns(latency, 1000000), 0);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_samples_every_quantile_is_zero),
		TEST(short_spans_are_exact),
		TEST(the_last_quantile_is_the_exact_maximum),
		TEST(a_quantile_is_at_most_a_thirtieth_too_long),
		TEST(one_outlier_in_a_million_shows_only_at_the_top),
		TEST(the_longest_span_has_a_bucket),
		TEST(a_cleared_histogram_is_empty),
	};

	return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
