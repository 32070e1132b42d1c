// SPDX-License-Identifier: GPL-2.0-or-later
/* Alerts: raised, told once, cleared, and never lost silently. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/alert/alerts.h"

static int setup(void **state)
{
	static struct alerts alerts;

	alerts = (struct alerts){0};
	*state = &alerts;
	return 0;
}

/* As many as there is room for, "cause 0" first. */
static void fill(struct alerts *alerts)
{
	for (uint64_t i = 0; i < ALERTS_MAX; i++) {
		char key[ALERT_KEY_MAX];

		(void)snprintf(key, sizeof(key), "cause %d", (int)i);
		assert_true(alerts_raise(alerts, i, key, "text %d", (int)i));
	}
}

static void an_alert_is_new_once(void **state)
{
	assert_true(alerts_raise(*state, 5, "gate eth0", "gone"));
	assert_false(alerts_raise(*state, 6, "gate eth0", "gone"));
	assert_true(alerts_raise(*state, 7, "gate eth1", "gone"));
}

static void
an_alert_raised_again_keeps_its_time_and_has_the_new_text(void **state)
{
	struct alerts *alerts = *state;

	(void)alerts_raise(alerts, 5, "gate eth0", "gone for %d s", 1);
	(void)alerts_raise(alerts, 9, "gate eth0", "gone for %d s", 4);
	assert_int_equal(alerts->count, 1);
	assert_int_equal(alerts->list[0].since_s, 5);
	assert_string_equal(alerts->list[0].key, "gate eth0");
	assert_string_equal(alerts->list[0].text, "gone for 4 s");
}

static void a_cleared_alert_is_gone_and_can_be_new_again(void **state)
{
	struct alerts *alerts = *state;

	(void)alerts_raise(alerts, 5, "store", "full");
	assert_true(alerts_clear(alerts, "store"));
	assert_false(alerts_clear(alerts, "store"));
	assert_int_equal(alerts->count, 0);
	assert_true(alerts_raise(alerts, 9, "store", "full"));
	assert_int_equal(alerts->list[0].since_s, 9);
}

static void clearing_one_leaves_the_others_in_their_order(void **state)
{
	struct alerts *alerts = *state;

	fill(alerts);
	assert_true(alerts_clear(alerts, "cause 1"));
	assert_true(alerts_clear(alerts, "cause 31"));
	assert_int_equal(alerts->count, ALERTS_MAX - 2);
	assert_string_equal(alerts->list[0].text, "text 0");
	for (size_t i = 1; i < alerts->count; i++)
		assert_int_equal(alerts->list[i].since_s, i + 1);
}

static void more_than_there_is_room_for_are_counted(void **state)
{
	struct alerts *alerts = *state;

	fill(alerts);
	assert_true(alerts_raise(alerts, 50, "one more", "text"));
	assert_int_equal(alerts->count, ALERTS_MAX);
	assert_int_equal(alerts->overflow, 1);
	assert_false(alerts_raise(alerts, 51, "cause 7", "still"));
	assert_int_equal(alerts->overflow, 1);
	assert_false(alerts_clear(alerts, "one more"));
}

static void where_one_was_cleared_there_is_room(void **state)
{
	struct alerts *alerts = *state;

	fill(alerts);
	(void)alerts_clear(alerts, "cause 3");
	assert_true(alerts_raise(alerts, 50, "one more", "text"));
	assert_int_equal(alerts->overflow, 0);
	assert_true(alerts_clear(alerts, "one more"));
}

static void a_text_that_is_too_long_is_cut(void **state)
{
	struct alerts *alerts = *state;

	(void)alerts_raise(alerts, 1, "k", "%0*d", ALERT_TEXT_MAX + 50, 0);
	assert_int_equal(strlen(alerts->list[0].text), ALERT_TEXT_MAX - 1);
}

/* Names of sets and interfaces are short enough; nothing else is. */
static void a_key_that_is_too_long_is_still_one_cause(void **state)
{
	char key[ALERT_KEY_MAX + 20];

	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	assert_true(alerts_raise(*state, 1, key, "text"));
	assert_false(alerts_raise(*state, 2, key, "text"));
	assert_true(alerts_clear(*state, key));
}

#define test(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(an_alert_is_new_once),
		test(an_alert_raised_again_keeps_its_time_and_has_the_new_text),
		test(a_cleared_alert_is_gone_and_can_be_new_again),
		test(clearing_one_leaves_the_others_in_their_order),
		test(more_than_there_is_room_for_are_counted),
		test(where_one_was_cleared_there_is_room),
		test(a_text_that_is_too_long_is_cut),
		test(a_key_that_is_too_long_is_still_one_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
