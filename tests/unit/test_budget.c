// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/budget.h"

#define MINUTE_NS 60000000000ull
#define START_NS  (5 * MINUTE_NS)
#define USER	  1000u

static int spend_many(struct budget *budget, uint32_t uid, uint32_t count)
{
	int r = 0;

	for (uint32_t i = 0; i < count && r == 0; i++)
		r = budget_spend(budget, 60, uid, START_NS + i);
	return r;
}

static void a_user_leaves_half_to_the_others(void **state)
{
	struct budget budget = {0};

	(void)state;
	assert_int_equal(spend_many(&budget, USER, 30), 0);
	assert_int_equal(spend_many(&budget, USER, 1), -EUSERS);
	assert_int_equal(spend_many(&budget, USER + 1, 30), 0);
	assert_int_equal(spend_many(&budget, USER + 2, 1), -EDQUOT);
}

static void root_may_spend_all(void **state)
{
	struct budget budget = {0};

	(void)state;
	assert_int_equal(spend_many(&budget, 0, 60), 0);
	assert_int_equal(spend_many(&budget, 0, 1), -EDQUOT);
}

static void of_one_a_user_may_spend_it(void **state)
{
	struct budget budget = {0};

	(void)state;
	assert_int_equal(budget_spend(&budget, 1, USER, START_NS), 0);
	assert_int_equal(budget_spend(&budget, 0, USER, START_NS), -EDQUOT);
}

static void a_minute_later_all_is_there_again(void **state)
{
	struct budget budget = {0};

	(void)state;
	assert_int_equal(spend_many(&budget, USER, 31), -EUSERS);
	assert_int_equal(
		budget_spend(&budget, 60, USER, START_NS + MINUTE_NS - 1),
		-EUSERS);
	assert_int_equal(budget_spend(&budget, 60, USER, START_NS + MINUTE_NS),
			 0);
}

static void more_users_than_there_is_room_for_share(void **state)
{
	struct budget budget = {0};

	(void)state;
	for (uint32_t i = 0; i < BUDGET_USERS_MAX; i++)
		assert_int_equal(
			budget_spend(&budget, 1000, USER + i, START_NS), 0);
	for (uint32_t i = 0; i < 500; i++)
		assert_int_equal(
			budget_spend(&budget, 1000, 5000 + i, START_NS), 0);
	assert_int_equal(budget_spend(&budget, 1000, 9000, START_NS), -EUSERS);
	assert_int_equal(budget_spend(&budget, 1000, USER, START_NS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_leaves_half_to_the_others),
		cmocka_unit_test(root_may_spend_all),
		cmocka_unit_test(of_one_a_user_may_spend_it),
		cmocka_unit_test(a_minute_later_all_is_there_again),
		cmocka_unit_test(more_users_than_there_is_room_for_share),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
