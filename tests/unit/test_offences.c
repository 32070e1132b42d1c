// SPDX-License-Identifier: GPL-2.0-or-later
/* Who was banned before is banned for longer, until it is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/growth.h"
#include "rules/detect/offences.h"

#define NOW_S 1796011200ull
#define HOUR  3600ull
#define DAY   86400ull

static const uint64_t seed[2] = {1, 2};

static struct offences *offences_of(uint32_t capacity)
{
	struct offences *offences = NULL;

	assert_int_equal(offences_new(capacity, seed, &offences), 0);
	return offences;
}

static struct prefix peer_of(uint32_t number)
{
	return prefix_of_v4(0xcb007100 + number, 32);
}

/* `number` is the peer, and how many hours until it is forgotten. */
static struct offence offence_of(uint32_t number)
{
	return (struct offence){
		.peer = peer_of(number),
		.bans = number,
		.until_s = NOW_S,
		.forgotten_s = NOW_S + number * HOUR,
	};
}

static struct offence put(struct offences *offences, uint32_t number)
{
	const struct offence offence = offence_of(number);

	return offences_put(offences, &offence);
}

static uint32_t bans_of(const struct offences *offences, uint32_t number,
			uint64_t now_s)
{
	const struct prefix peer = peer_of(number);

	return offences_get(offences, &peer, now_s).bans;
}

static void sum_up(void *arg, const struct offence *offence)
{
	*(uint32_t *)arg += offence->bans;
}

static uint32_t sum_of(const struct offences *offences, uint64_t now_s)
{
	uint32_t sum = 0, next = 0;

	do {
		next = offences_page(offences, next, 3, now_s, sum_up, &sum);
	} while (next > 0);
	return sum;
}

static void each_ban_lasts_longer_up_to_a_limit(void **state)
{
	const struct detect_growth growth = {
		.by = 4, .until_s = DAY, .forget_s = 30 * DAY};

	(void)state;
	assert_int_equal(growth_ttl_s(&growth, HOUR, 0), HOUR);
	assert_int_equal(growth_ttl_s(&growth, HOUR, 1), 4 * HOUR);
	assert_int_equal(growth_ttl_s(&growth, HOUR, 2), 16 * HOUR);
	assert_int_equal(growth_ttl_s(&growth, HOUR, 3), DAY);
	assert_int_equal(growth_ttl_s(&growth, HOUR, UINT32_MAX), DAY);
}

static void a_ban_that_does_not_grow_stays(void **state)
{
	const struct detect_growth none = {.by = 0};

	(void)state;
	assert_int_equal(growth_ttl_s(&none, HOUR, 9), HOUR);
}

static void a_limit_does_not_make_a_ban_shorter(void **state)
{
	const struct detect_growth growth = {.by = 2, .until_s = HOUR};

	(void)state;
	assert_int_equal(growth_ttl_s(&growth, DAY, 0), DAY);
	assert_int_equal(growth_ttl_s(&growth, DAY, 5), DAY);
}

static void a_long_ttl_does_not_overflow(void **state)
{
	const struct detect_growth growth = {.by = 100, .until_s = UINT64_MAX};

	(void)state;
	assert_true(growth_ttl_s(&growth, HOUR, 100) == UINT64_MAX);
}

static void what_was_put_is_found(void **state)
{
	CLEANUP(offences_freep) struct offences *offences = offences_of(8);

	(void)state;
	assert_int_equal(put(offences, 3).bans, 0);
	assert_int_equal(put(offences, 4).bans, 0);
	assert_int_equal(bans_of(offences, 3, NOW_S), 3);
	assert_int_equal(bans_of(offences, 4, NOW_S), 4);
	assert_int_equal(bans_of(offences, 5, NOW_S), 0);
	assert_int_equal(offences_count(offences), 2);
}

static void a_peer_has_one_place(void **state)
{
	CLEANUP(offences_freep) struct offences *offences = offences_of(8);
	struct offence again = offence_of(3);

	(void)state;
	(void)put(offences, 3);
	again.bans = 7;
	(void)offences_put(offences, &again);
	assert_int_equal(bans_of(offences, 3, NOW_S), 7);
	assert_int_equal(offences_count(offences), 1);
}

static void it_is_forgotten_from_its_second_on(void **state)
{
	CLEANUP(offences_freep) struct offences *offences = offences_of(8);
	uint32_t gone = 0;

	(void)state;
	(void)put(offences, 2);
	(void)put(offences, 5);
	assert_int_equal(bans_of(offences, 2, NOW_S + 2 * HOUR - 1), 2);
	assert_int_equal(bans_of(offences, 2, NOW_S + 2 * HOUR), 0);
	assert_int_equal(sum_of(offences, NOW_S + 2 * HOUR), 5);
	offences_tick(offences, NOW_S + 2 * HOUR, 100, sum_up, &gone);
	assert_int_equal(gone, 2);
	assert_int_equal(offences_count(offences), 1);
}

static void ticks_go_round_the_table(void **state)
{
	CLEANUP(offences_freep) struct offences *offences = offences_of(8);
	uint32_t gone = 0;

	(void)state;
	for (uint32_t i = 1; i <= 8; i++)
		(void)put(offences, i);
	for (int i = 0; i < 8; i++)
		offences_tick(offences, NOW_S + 9 * HOUR, 1, sum_up, &gone);
	assert_int_equal(gone, 36);
	assert_int_equal(offences_count(offences), 0);
}

static void a_peer_that_is_forgiven_is_not_known(void **state)
{
	CLEANUP(offences_freep) struct offences *offences = offences_of(8);
	const struct prefix peer = peer_of(3);

	(void)state;
	(void)put(offences, 3);
	assert_true(offences_forgive(offences, &peer));
	assert_false(offences_forgive(offences, &peer));
	assert_int_equal(bans_of(offences, 3, NOW_S), 0);
}

static void who_is_forgotten_soonest_makes_room(void **state)
{
	CLEANUP(offences_freep) struct offences *offences = offences_of(3);

	(void)state;
	(void)put(offences, 7);
	(void)put(offences, 2);
	(void)put(offences, 5);
	assert_int_equal(offences_displaced(offences), 0);
	assert_int_equal(put(offences, 9).bans, 2);
	assert_int_equal(bans_of(offences, 2, NOW_S), 0);
	assert_int_equal(sum_of(offences, NOW_S), 7 + 5 + 9);
	assert_int_equal(offences_displaced(offences), 1);
	assert_int_equal(offences_count(offences), 3);
}

/* Places that come free are used again, and nobody is lost in a chain. */
static void many_come_and_go(void **state)
{
	CLEANUP(offences_freep) struct offences *offences = offences_of(100);

	(void)state;
	for (uint32_t i = 1; i <= 1000; i++) {
		const struct prefix old = peer_of(i - 50);

		(void)put(offences, i);
		if (i > 50)
			assert_true(offences_forgive(offences, &old));
	}
	for (uint32_t i = 951; i <= 1000; i++)
		assert_int_equal(bans_of(offences, i, NOW_S), i);
	assert_int_equal(offences_count(offences), 50);
	assert_int_equal(offences_displaced(offences), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_ban_lasts_longer_up_to_a_limit),
		cmocka_unit_test(a_ban_that_does_not_grow_stays),
		cmocka_unit_test(a_limit_does_not_make_a_ban_shorter),
		cmocka_unit_test(a_long_ttl_does_not_overflow),
		cmocka_unit_test(what_was_put_is_found),
		cmocka_unit_test(a_peer_has_one_place),
		cmocka_unit_test(it_is_forgotten_from_its_second_on),
		cmocka_unit_test(ticks_go_round_the_table),
		cmocka_unit_test(a_peer_that_is_forgiven_is_not_known),
		cmocka_unit_test(who_is_forgotten_soonest_makes_room),
		cmocka_unit_test(many_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
