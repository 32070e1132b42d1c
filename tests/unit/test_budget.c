// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/budget.h"
#include "daemon/event/cgroup.h"

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

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static int spend_by(struct budget *budget, const struct event *event,
		    uint32_t count)
{
	const struct budget_payer payer = budget_payer(event);
	int r = 0;

	for (uint32_t i = 0; i < count && r == 0; i++)
		r = budget_spend(budget, 60, &payer, seed, START_NS + i);
	return r;
}

/* By who is in this control group. */
static struct event event_in(const char *cgroup, uint32_t uid)
{
	struct event event = {.uid = uid};
	struct event_text *path = &event.words[EVENT_CGROUP];

	path->bytes = cgroup;
	path->len = (uint32_t)strlen(cgroup);
	event.words[EVENT_CONTAINER] = cgroup_names(path).container;
	return event;
}

static int spend_in(struct budget *budget, const char *cgroup, uint32_t uid,
		    uint32_t count)
{
	const struct event event = event_in(cgroup, uid);

	return spend_by(budget, &event, count);
}

static void root_of_a_container_leaves_half_to_the_others(void **state)
{
	struct budget budget = {0};

	(void)state;
	assert_int_equal(spend_in(&budget, "/docker/" ID_A, 0, 30), 0);
	assert_int_equal(spend_in(&budget, "/docker/" ID_A, 0, 1), -EXFULL);
	assert_int_equal(spend_in(&budget, "/docker/" ID_A "/b", 7, 1),
			 -EXFULL);
	assert_int_equal(spend_in(&budget, "/docker/" ID_B, 0, 29), 0);
	assert_int_equal(spend_in(&budget, "/", 0, 1), 0);
	assert_int_equal(spend_in(&budget, "/", 0, 1), -EDQUOT);
}

/* Groups that it made itself, and has called as containers are. */
static void check_is_one(const char *outer, const char *inner)
{
	struct budget budget = {0};

	assert_int_equal(spend_in(&budget, outer, 0, 30), 0);
	assert_int_equal(spend_in(&budget, inner, 0, 1), -EXFULL);
}

static void what_is_called_a_container_within_one_is_none(void **state)
{
	(void)state;
	check_is_one("/docker/" ID_A, "/docker/" ID_A "/" ID_B);
	check_is_one("/kubepods/burstable/pod1/" ID_A,
		     "/kubepods/burstable/pod1/" ID_A "/docker/" ID_B);
	check_is_one("/machine.slice/libpod-" ID_A ".scope",
		     "/machine.slice/libpod-" ID_A ".scope/docker-" ID_B
		     ".scope");
	check_is_one("/system.slice/web.service",
		     "/system.slice/web.service/docker-" ID_B ".scope");
	check_is_one("/lxc.payload.web", "/lxc.payload.web/" ID_B);
}

/* It has gone to a group that no execution has told of. */
static void who_is_in_groups_that_are_not_known_leaves_half(void **state)
{
	struct budget budget = {0};
	struct event event = {.cgroup = 77};

	(void)state;
	assert_int_equal(spend_by(&budget, &event, 20), 0);
	event.cgroup = 78;
	assert_int_equal(spend_by(&budget, &event, 10), 0);
	assert_int_equal(spend_by(&budget, &event, 1), -EXFULL);
	event = event_in("/one/of/very/many", 0);
	event.words[EVENT_CGROUP].is_cut = true;
	assert_int_equal(spend_by(&budget, &event, 1), -EXFULL);
	event = (struct event){.cgroup = 1};
	assert_int_equal(spend_by(&budget, &event, 30), 0);
}

static void groups_below_one_another_are_one(void **state)
{
	struct budget budget = {0};

	(void)state;
	assert_int_equal(spend_in(&budget, "/lxc.payload.web", 0, 20), 0);
	assert_int_equal(
		spend_in(&budget, "/lxc.payload.web/a.slice/b.service", 0, 11),
		-EXFULL);
	assert_int_equal(spend_in(&budget, "/system.slice/a.service", 0, 1), 0);
	assert_int_equal(spend_in(&budget, "/system.slice/b.service", 0, 28),
			 0);
	assert_int_equal(spend_in(&budget, "/", 0, 2), -EDQUOT);
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
		cmocka_unit_test(what_is_called_a_container_within_one_is_none),
		cmocka_unit_test(
			who_is_in_groups_that_are_not_known_leaves_half),
		cmocka_unit_test(groups_below_one_another_are_one),
		cmocka_unit_test(of_one_a_user_may_spend_it),
		cmocka_unit_test(a_minute_later_all_is_there_again),
		cmocka_unit_test(more_users_than_there_is_room_for_share),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
