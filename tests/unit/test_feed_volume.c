// SPDX-License-Identifier: GPL-2.0-or-later
/* How much a feed may grow and shrink, and when more of it is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/feed_bench.h"

static void a_first_version_is_as_large_as_expected(void **state)
{
	struct feed_bench *bench = *state;

	bench->feed.expected_min = 100;
	bench->feed.expected_max = 200;
	feed_bench_fill(&bench->entries, 99);
	assert_feed_held(bench, FEED_GUARD_EXPECTED,
			 "99 entries, from 100 to 200 are expected");
	feed_bench_fill(&bench->entries, 100);
	assert_feed_accepted(bench);
	feed_bench_fill(&bench->entries, 200);
	assert_feed_accepted(bench);
	feed_bench_fill(&bench->entries, 201);
	assert_feed_held(bench, FEED_GUARD_EXPECTED, "201 entries");
	feed_bench_fill(&bench->before, 201);
	assert_feed_accepted(bench);
}

static void it_may_lose_three_tenths(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->before, 1000);
	feed_bench_fill(&bench->entries, 700);
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.removed, 300);
	feed_bench_fill(&bench->entries, 699);
	assert_feed_held(bench, FEED_GUARD_SHRINK,
			 "699 entries after 1000: 30.1 % fewer, at most 30 %");
	bench->feed.limits.shrink = 31;
	assert_feed_accepted(bench);
}

/* Of a thousand entries three hundred are left when the next version comes. */
static void what_has_ended_by_itself_is_not_missing(void **state)
{
	struct feed_bench *bench = *state;

	bench->before_entries = 1000;
	feed_bench_fill(&bench->before, 300);
	feed_bench_fill(&bench->entries, 300);
	assert_feed_held(bench, FEED_GUARD_SHRINK, "300 entries after 1000");
	bench->can_end = true;
	assert_feed_accepted(bench);
	feed_bench_fill(&bench->entries, 200);
	assert_feed_held(bench, FEED_GUARD_SHRINK, "200 entries after 300");
	/* and those that come in their place are no growth */
	feed_bench_fill(&bench->entries, 1500);
	assert_feed_accepted(bench);
	feed_bench_fill(&bench->entries, 1501);
	assert_feed_held(bench, FEED_GUARD_GROW, "1501 entries after 1000");
	/* nor is it a first version once all have ended */
	feed_bench_fill(&bench->before, 0);
	feed_bench_fill(&bench->entries, 1);
	bench->feed.expected_min = 100;
	assert_feed_accepted(bench);
}

static void it_may_grow_by_half(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->before, 1000);
	feed_bench_fill(&bench->entries, 1500);
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.added, 500);
	feed_bench_fill(&bench->entries, 1501);
	assert_feed_held(bench, FEED_GUARD_GROW,
			 "1501 entries after 1000: 50.1 % more, at most 50 %");
	bench->feed.limits.grow = 51;
	assert_feed_accepted(bench);
}

static void assert_finding(const struct feed_bench *bench, double figure,
			   double limit)
{
	const struct feed_finding *finding = &bench->judgement.findings[0];

	assert_true(finding->figure == figure);
	assert_true(finding->limit == limit);
}

static void a_finding_has_figure_and_limit(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->before, 1000);
	feed_bench_fill(&bench->entries, 500);
	assert_feed_held(bench, FEED_GUARD_SHRINK, "500 entries");
	assert_finding(bench, 50, 30);
	feed_bench_fill(&bench->entries, 1750);
	assert_feed_held(bench, FEED_GUARD_GROW, "1750 entries");
	assert_finding(bench, 75, 50);
	feed_bench_fill(&bench->before, 0);
	bench->feed.expected_max = 1000;
	assert_feed_held(bench, FEED_GUARD_EXPECTED, "1750 entries");
	assert_finding(bench, 1750, 1000);
	bench->feed.expected_min = 2000;
	bench->feed.expected_max = 3000;
	bench->memory.agreed = 0;
	assert_feed_held(bench, FEED_GUARD_EXPECTED, "1750 entries");
	assert_finding(bench, 1750, 2000);
}

static void three_first_versions_of_a_size_are_believed(void **state)
{
	struct feed_bench *bench = *state;

	bench->feed.expected_min = 100;
	feed_bench_fill(&bench->entries, 60);
	assert_feed_held(bench, FEED_GUARD_EXPECTED, "60 entries");
	assert_feed_held(bench, FEED_GUARD_EXPECTED, "60 entries");
	assert_int_equal(feed_bench_judge(bench)->outcome,
			 FEED_OUTCOME_ACCEPTED);
	assert_true(bench->judgement.is_forgiven);
}

static void a_small_list_may_change_by_a_few(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->before, 5);
	feed_bench_fill(&bench->entries, 5 + FEED_SLACK);
	assert_feed_accepted(bench);
	feed_bench_fill(&bench->entries, 6 + FEED_SLACK);
	assert_feed_held(bench, FEED_GUARD_GROW, "38 entries after 5");
	feed_bench_fill(&bench->before, 1 + FEED_SLACK);
	feed_bench_fill(&bench->entries, 1);
	assert_feed_accepted(bench);
	feed_bench_fill(&bench->before, 2 + FEED_SLACK);
	assert_feed_held(bench, FEED_GUARD_SHRINK, "1 entries after 34");
}

static void three_versions_of_a_size_are_believed(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->before, 1000);
	feed_bench_fill(&bench->entries, 2000);
	assert_feed_held(bench, FEED_GUARD_GROW, "2000 entries");
	feed_bench_fill(&bench->entries, 2100);
	assert_feed_held(bench, FEED_GUARD_GROW, "2100 entries");
	feed_bench_fill(&bench->entries, 1900);
	assert_int_equal(feed_bench_judge(bench)->outcome,
			 FEED_OUTCOME_ACCEPTED);
	assert_true(bench->judgement.is_forgiven);
	assert_int_equal(bench->judgement.finding_count, 1);
	assert_int_equal(bench->memory.agreed, 0);
}

static void versions_of_other_sizes_start_the_row_again(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->before, 1000);
	feed_bench_fill(&bench->entries, 2000);
	assert_feed_held(bench, FEED_GUARD_GROW, "2000 entries");
	assert_feed_held(bench, FEED_GUARD_GROW, "2000 entries");
	feed_bench_fill(&bench->entries, 2101);
	assert_feed_held(bench, FEED_GUARD_GROW, "2101 entries");
	assert_feed_held(bench, FEED_GUARD_GROW, "2101 entries");
	feed_bench_fill(&bench->entries, 1000);
	assert_feed_accepted(bench);
	feed_bench_fill(&bench->entries, 2101);
	assert_feed_held(bench, FEED_GUARD_GROW, "2101 entries");
}

static void only_the_size_is_forgiven(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->before, 1000);
	feed_bench_fill(&bench->entries, 2000);
	bench->reading.is_cut = true;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(feed_bench_judge(bench)->outcome,
				 FEED_OUTCOME_HELD);
		assert_int_equal(bench->judgement.finding_count, 2);
	}
	bench->reading.is_cut = false;
	assert_feed_held(bench, FEED_GUARD_GROW, "2000 entries");
}

#define TEST(name)                                              \
	cmocka_unit_test_setup_teardown(name, feed_bench_setup, \
					feed_bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_first_version_is_as_large_as_expected),
		TEST(it_may_lose_three_tenths),
		TEST(what_has_ended_by_itself_is_not_missing),
		TEST(it_may_grow_by_half),
		TEST(a_finding_has_figure_and_limit),
		TEST(three_first_versions_of_a_size_are_believed),
		TEST(a_small_list_may_change_by_a_few),
		TEST(three_versions_of_a_size_are_believed),
		TEST(versions_of_other_sizes_start_the_row_again),
		TEST(only_the_size_is_forgiven),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
