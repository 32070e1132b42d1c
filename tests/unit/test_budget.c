// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/budget.h"

#define MINUTE_NS 60000000000ull
#define START_NS  (5 * MINUTE_NS)
#define USER	  1000u

static const uint64_t seed[2] = {1, 2};

static int spend(struct budget *budget, uint32_t per_minute, uint32_t uid,
		 uint64_t now_ns)
{
	const struct budget_payer payer = {.uid = uid};

	return budget_spend(budget, per_minute, &payer, seed, now_ns);
}

static int spend_many(struct budget *budget, uint32_t uid, uint32_t count)
{
	int r = 0;

	for (uint32_t i = 0; i < count && r == 0; i++)
		r = spend(budget, 60, uid, START_NS + i);
	return r;
}

/* By who is in this control group, and in this container, or "". */
static int spend_in(struct budget *budget, const char *cgroup,
		    const char *container, uint32_t uid, uint32_t count)
{
	struct event event = {.uid = uid};
	struct budget_payer payer;
	int r = 0;

	event.words[EVENT_CGROUP].bytes = cgroup;
	event.words[EVENT_CGROUP].len = (uint32_t)strlen(cgroup);
	event.words[EVENT_CONTAINER].bytes = container;
	event.words[EVENT_CONTAINER].len = (uint32_t)strlen(container);
	payer = budget_payer(&event);
	for (uint32_t i = 0; i < count && r == 0; i++)
		r = budget_spend(budget, 60, &payer, seed, START_NS + i);
	return r;
}

static void root_of_a_container_leaves_half_to_the_others(void **state)
{
	struct budget budget = {0};

	(void)state;
	assert_int_equal(spend_in(&budget, "/docker/aa", "aa", 0, 30), 0);
	assert_int_equal(spend_in(&budget, "/docker/aa", "aa", 0, 1), -EXFULL);
	assert_int_equal(spend_in(&budget, "/docker/aa/b", "aa", 7, 1),
			 -EXFULL);
	assert_int_equal(spend_in(&budget, "/docker/bb", "bb", 0, 29), 0);
	assert_int_equal(spend_in(&budget, "/", "", 0, 1), 0);
	assert_int_equal(spend_in(&budget, "/", "", 0, 1), -EDQUOT);
}

static void groups_below_one_another_are_one(void **state)
{
	struct budget budget = {0};

	(void)state;
	assert_int_equal(spend_in(&budget, "/lxc.payload.web", "", 0, 20), 0);
	assert_int_equal(spend_in(&budget, "/lxc.payload.web/a.slice/b.service",
				  "", 0, 11),
			 -EXFULL);
	assert_int_equal(spend_in(&budget, "/system.slice/a.service", "", 0, 1),
			 0);
	assert_int_equal(
		spend_in(&budget, "/system.slice/b.service", "", 0, 28), 0);
	assert_int_equal(spend_in(&budget, "/", "", 0, 2), -EDQUOT);
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
	assert_int_equal(spend(&budget, 1, USER, START_NS), 0);
	assert_int_equal(spend(&budget, 0, USER, START_NS), -EDQUOT);
}

static void a_minute_later_all_is_there_again(void **state)
{
	struct budget budget = {0};

	(void)state;
	assert_int_equal(spend_many(&budget, USER, 31), -EUSERS);
	assert_int_equal(spend(&budget, 60, USER, START_NS + MINUTE_NS - 1),
			 -EUSERS);
	assert_int_equal(spend(&budget, 60, USER, START_NS + MINUTE_NS), 0);
}

static void more_users_than_there_is_room_for_share(void **state)
{
	struct budget budget = {0};

	(void)state;
	for (uint32_t i = 0; i < BUDGET_SHARES_MAX; i++)
		assert_int_equal(spend(&budget, 1000, USER + i, START_NS), 0);
	for (uint32_t i = 0; i < 500; i++)
		assert_int_equal(spend(&budget, 1000, 5000 + i, START_NS), 0);
	assert_int_equal(spend(&budget, 1000, 9000, START_NS), -EUSERS);
	assert_int_equal(spend(&budget, 1000, USER, START_NS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_leaves_half_to_the_others),
		cmocka_unit_test(root_may_spend_all),
		cmocka_unit_test(root_of_a_container_leaves_half_to_the_others),
		cmocka_unit_test(groups_below_one_another_are_one),
		cmocka_unit_test(of_one_a_user_may_spend_it),
		cmocka_unit_test(a_minute_later_all_is_there_again),
		cmocka_unit_test(more_users_than_there_is_room_for_share),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
