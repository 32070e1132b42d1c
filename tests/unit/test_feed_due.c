// SPDX-License-Identifier: GPL-2.0-or-later
/* When feeds are due, and how old what we have of them is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/feed_due.h"

#define HOUR 3600ull
#define DAY  (24 * HOUR)
#define NOW  1000000000ull

static const struct feed hourly = {
	.name = "hourly",
	.interval_s = HOUR,
	.min_interval_s = 60,
	.expires_after_s = 7 * DAY,
};

/* The wait after a try at NOW. */
static uint64_t wait_after(const struct feed *feed, uint32_t failures)
{
	const struct feed_times times = {.tried_s = NOW, .failures = failures};

	return feed_due_s(feed, &times, NOW) - NOW;
}

static void a_feed_that_was_never_tried_is_due(void **state)
{
	const struct feed_times times = {0};

	(void)state;
	assert_int_equal(feed_due_s(&hourly, &times, NOW), 0);
}

static void it_is_due_after_its_interval_and_a_tenth_at_most(void **state)
{
	(void)state;
	assert_in_range(wait_after(&hourly, 0), HOUR, HOUR + HOUR / 10);
}

static void names_spread_the_feeds_of_one_interval(void **state)
{
	unsigned int of_tenth[10] = {0};

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		struct feed feed = hourly;
		uint64_t wait;

		(void)snprintf(feed.name, sizeof(feed.name), "feed-%u", i);
		wait = wait_after(&feed, 0);
		assert_int_equal(wait, wait_after(&feed, 0));
		assert_in_range(wait, HOUR, HOUR + HOUR / 10);
		of_tenth[(wait - HOUR) * 10 / (HOUR / 10 + 1)]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(of_tenth); i++)
		assert_in_range(of_tenth[i], 60, 140);
}

static void a_failure_is_tried_again_in_half_the_interval(void **state)
{
	uint64_t spread = wait_after(&hourly, 0) - HOUR;

	(void)state;
	assert_int_equal(wait_after(&hourly, 1), HOUR / 2 + spread);
	assert_int_equal(wait_after(&hourly, FEED_FAILURES_SOON),
			 HOUR / 2 + spread);
}

static void after_ten_failures_it_is_tried_less_and_less(void **state)
{
	uint64_t spread = wait_after(&hourly, 0) - HOUR;
	struct feed monthly = hourly;

	(void)state;
	assert_int_equal(wait_after(&hourly, 11), HOUR + spread);
	assert_int_equal(wait_after(&hourly, 13), 3 * HOUR + spread);
	assert_int_equal(wait_after(&hourly, UINT32_MAX),
			 FEED_BACKOFF_MAX_S + spread);
	monthly.interval_s = 30 * DAY;
	assert_in_range(wait_after(&monthly, 12), 30 * DAY, 33 * DAY);
}

static void the_provider_s_minimum_is_kept_whatever_happens(void **state)
{
	struct feed feed = hourly;

	(void)state;
	feed.min_interval_s = HOUR;
	for (uint32_t failures = 0; failures < 20; failures++)
		assert_true(wait_after(&feed, failures) >= HOUR);
}

static void a_person_may_ask_as_soon_as_the_provider_lets(void **state)
{
	struct feed_times times = {.failures = 3};
	struct feed feed = hourly;

	(void)state;
	feed.min_interval_s = 600;
	assert_int_equal(feed_soonest_s(&feed, &times, NOW), 0);
	times.tried_s = NOW - 100;
	assert_int_equal(feed_soonest_s(&feed, &times, NOW), NOW + 500);
	times.retry_after_s = NOW + 499;
	assert_int_equal(feed_soonest_s(&feed, &times, NOW), NOW + 500);
	times.retry_after_s = NOW + 501;
	assert_int_equal(feed_soonest_s(&feed, &times, NOW), NOW + 501);
	times.retry_after_s = UINT64_MAX;
	assert_int_equal(feed_soonest_s(&feed, &times, NOW),
			 NOW - 100 + FEED_RETRY_MAX_S);
	/* a try of the future is one of now */
	times = (struct feed_times){.tried_s = NOW + DAY};
	assert_int_equal(feed_soonest_s(&feed, &times, NOW), NOW + 600);
}

static void what_the_provider_asks_for_is_kept_for_a_day(void **state)
{
	struct feed_times times = {.tried_s = NOW, .failures = 1};

	(void)state;
	times.retry_after_s = NOW + 5 * HOUR;
	assert_int_equal(feed_due_s(&hourly, &times, NOW), NOW + 5 * HOUR);
	times.retry_after_s = NOW + 10;
	assert_int_equal(feed_due_s(&hourly, &times, NOW),
			 NOW + wait_after(&hourly, 1));
	times.retry_after_s = UINT64_MAX;
	assert_int_equal(feed_due_s(&hourly, &times, NOW),
			 NOW + FEED_RETRY_MAX_S);
}

static void a_clock_set_back_does_not_put_it_off(void **state)
{
	const struct feed_times times = {.tried_s = NOW + 365 * DAY};

	(void)state;
	assert_int_equal(feed_due_s(&hourly, &times, NOW),
			 NOW + wait_after(&hourly, 0));
}

static enum feed_age age_at(const struct feed *feed, uint64_t age_s)
{
	const struct feed_times times = {.good_s = NOW - age_s};

	return feed_age_of(feed, &times, NOW);
}

static void what_is_had_ages(void **state)
{
	(void)state;
	assert_int_equal(age_at(&hourly, 0), FEED_AGE_FRESH);
	assert_int_equal(age_at(&hourly, 2 * HOUR - 1), FEED_AGE_FRESH);
	assert_int_equal(age_at(&hourly, 2 * HOUR), FEED_AGE_LATE);
	assert_int_equal(age_at(&hourly, DAY - 1), FEED_AGE_LATE);
	assert_int_equal(age_at(&hourly, DAY), FEED_AGE_STALE);
	assert_int_equal(age_at(&hourly, 7 * DAY - 1), FEED_AGE_STALE);
	assert_int_equal(age_at(&hourly, 7 * DAY), FEED_AGE_EXPIRED);
	assert_string_equal(feed_age_name(FEED_AGE_STALE), "stale");
}

static void a_daily_feed_is_stale_after_three_days(void **state)
{
	struct feed daily = hourly;

	(void)state;
	daily.interval_s = DAY;
	assert_int_equal(age_at(&daily, 2 * DAY - 1), FEED_AGE_FRESH);
	assert_int_equal(age_at(&daily, 3 * DAY - 1), FEED_AGE_LATE);
	assert_int_equal(age_at(&daily, 3 * DAY), FEED_AGE_STALE);
}

static void what_never_was_good_has_no_age(void **state)
{
	const struct feed_times never = {0};
	const struct feed_times future = {.good_s = NOW + DAY};

	(void)state;
	assert_int_equal(feed_age_of(&hourly, &never, NOW), FEED_AGE_FRESH);
	assert_int_equal(feed_age_of(&hourly, &future, NOW), FEED_AGE_FRESH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_feed_that_was_never_tried_is_due),
		cmocka_unit_test(
			it_is_due_after_its_interval_and_a_tenth_at_most),
		cmocka_unit_test(names_spread_the_feeds_of_one_interval),
		cmocka_unit_test(a_failure_is_tried_again_in_half_the_interval),
		cmocka_unit_test(after_ten_failures_it_is_tried_less_and_less),
		cmocka_unit_test(
			the_provider_s_minimum_is_kept_whatever_happens),
		cmocka_unit_test(a_person_may_ask_as_soon_as_the_provider_lets),
		cmocka_unit_test(what_the_provider_asks_for_is_kept_for_a_day),
		cmocka_unit_test(a_clock_set_back_does_not_put_it_off),
		cmocka_unit_test(what_is_had_ages),
		cmocka_unit_test(a_daily_feed_is_stale_after_three_days),
		cmocka_unit_test(what_never_was_good_has_no_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
