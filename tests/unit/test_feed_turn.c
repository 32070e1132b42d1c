// SPDX-License-Identifier: GPL-2.0-or-later
/* Versions of feeds, a few at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/feed_turn.h"

#define MANY ((size_t)3 * FEED_TURNS_MAX)

struct hall {
	struct feed_turns turns;
	struct feed_turn all[MANY];
	size_t ran; /* in the order of `all` */
	bool is_over_at_once;
	size_t bytes; /* of each */
};

static struct hall hall;

static int setup(void **state)
{
	hall = (struct hall){0};
	*state = &hall;
	return 0;
}

/* `arg` is the turn. */
static void run(void *arg)
{
	assert_ptr_equal(arg, &hall.all[hall.ran]);
	hall.ran++;
	if (hall.is_over_at_once)
		feed_turns_end(&hall.turns, arg);
}

static void take_all(void)
{
	for (size_t i = 0; i < MANY; i++) {
		hall.all[i] = (struct feed_turn){
			.run = run, .arg = &hall.all[i], .bytes = hall.bytes};
		feed_turns_take(&hall.turns, &hall.all[i]);
	}
}

static void the_first_run_at_once_and_the_others_wait(void **state)
{
	(void)state;
	take_all();
	assert_int_equal(hall.ran, FEED_TURNS_MAX);
}

static void one_that_is_over_lets_the_next_run(void **state)
{
	(void)state;
	take_all();
	for (size_t i = FEED_TURNS_MAX; i < MANY; i++) {
		feed_turns_end(&hall.turns, &hall.all[0]);
		assert_int_equal(hall.ran, i + 1);
	}
	for (size_t i = 0; i < FEED_TURNS_MAX; i++)
		feed_turns_end(&hall.turns, &hall.all[0]);
	assert_int_equal(hall.turns.running, 0);
}

static void long_ones_are_fewer(void **state)
{
	(void)state;
	hall.bytes = FEED_TURNS_BYTES_MAX / 2;
	take_all();
	assert_int_equal(hall.ran, 2);
	feed_turns_end(&hall.turns, &hall.all[0]);
	assert_int_equal(hall.ran, 3);
}

static void one_runs_however_long_it_is(void **state)
{
	(void)state;
	hall.bytes = FEED_TURNS_BYTES_MAX + 1;
	take_all();
	assert_int_equal(hall.ran, 1);
	feed_turns_end(&hall.turns, &hall.all[0]);
	assert_int_equal(hall.ran, 2);
}

static void what_is_over_at_once_holds_nobody_up(void **state)
{
	(void)state;
	hall.is_over_at_once = true;
	take_all();
	assert_int_equal(hall.ran, MANY);
	assert_int_equal(hall.turns.running, 0);
}

/* Each of those that waited is over while it is started. */
static void what_waited_may_be_over_at_once(void **state)
{
	(void)state;
	take_all();
	hall.is_over_at_once = true;
	feed_turns_end(&hall.turns, &hall.all[0]);
	assert_int_equal(hall.ran, MANY);
	assert_int_equal(hall.turns.running, FEED_TURNS_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			the_first_run_at_once_and_the_others_wait, setup),
		cmocka_unit_test_setup(one_that_is_over_lets_the_next_run,
				       setup),
		cmocka_unit_test_setup(long_ones_are_fewer, setup),
		cmocka_unit_test_setup(one_runs_however_long_it_is, setup),
		cmocka_unit_test_setup(what_is_over_at_once_holds_nobody_up,
				       setup),
		cmocka_unit_test_setup(what_waited_may_be_over_at_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
