// SPDX-License-Identifier: GPL-2.0-or-later
/* When a rule with time windows holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/rule.h"

#define MON 0
#define FRI 4
#define SAT 5
#define SUN 6

static bool is_awake(const struct window *window, unsigned int day,
		     unsigned int minute)
{
	struct window copy = *window;
	const struct rule rule = {.windows = &copy, .window_count = 1};

	return rule_is_awake(&rule, day, minute);
}

static void a_window_holds_from_its_start_up_to_its_end(void **state)
{
	const struct window window = {
		.days = 1 << FRI, .from_min = 480, .to_min = 1080};

	(void)state;
	assert_false(is_awake(&window, FRI, 479));
	assert_true(is_awake(&window, FRI, 480));
	assert_true(is_awake(&window, FRI, 1079));
	assert_false(is_awake(&window, FRI, 1080));
	assert_false(is_awake(&window, SAT, 500));
}

static void a_window_past_midnight_is_of_the_day_it_starts(void **state)
{
	const struct window window = {
		.days = 1 << SUN, .from_min = 1320, .to_min = 360};

	(void)state;
	assert_false(is_awake(&window, SUN, 359));
	assert_true(is_awake(&window, SUN, 1320));
	assert_true(is_awake(&window, MON, 359));
	assert_false(is_awake(&window, MON, 360));
	assert_false(is_awake(&window, MON, 1320));
}

static void a_whole_day_is_whole(void **state)
{
	const struct window window = {
		.days = 1 << SAT, .from_min = 0, .to_min = 1440};

	(void)state;
	assert_false(is_awake(&window, FRI, 1439));
	assert_true(is_awake(&window, SAT, 0));
	assert_true(is_awake(&window, SAT, 1439));
	assert_false(is_awake(&window, SUN, 0));
}

static void one_of_several_windows_is_enough(void **state)
{
	struct window windows[] = {
		{.days = 1 << MON, .from_min = 0, .to_min = 60},
		{.days = 1 << FRI, .from_min = 0, .to_min = 60},
	};
	const struct rule rule = {.windows = windows,
				  .window_count = ARRAY_LEN(windows)};

	(void)state;
	assert_true(rule_is_awake(&rule, FRI, 30));
	assert_false(rule_is_awake(&rule, SAT, 30));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_holds_from_its_start_up_to_its_end),
		cmocka_unit_test(
			a_window_past_midnight_is_of_the_day_it_starts),
		cmocka_unit_test(a_whole_day_is_whole),
		cmocka_unit_test(one_of_several_windows_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
