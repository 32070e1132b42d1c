// SPDX-License-Identifier: GPL-2.0-or-later
/* Which matches are told, and that none is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/alarm.h"

#define S DETECT_SECOND_NS

static const uint64_t seed[2] = {1, 2};

struct summary {
	int calls;
	uint64_t count;
};

static void sum_up(void *arg, const struct detect_rule *rule,
		   struct alarm_key key, uint64_t count)
{
	struct summary *summary = arg;

	assert_non_null(rule);
	assert_true(key.low != 0);
	summary->calls++;
	summary->count += count;
}

static struct alarms *alarms_of(uint32_t capacity)
{
	struct alarms *alarms = NULL;

	assert_int_equal(alarms_new(capacity, seed, &alarms), 0);
	return alarms;
}

static struct detect_rule rule_of(uint32_t threshold)
{
	return (struct detect_rule){
		.category = DETECT_NATIVE,
		.limits = {.window_ns = 60 * S,
			   .cooldown_ns = 100 * S,
			   .renotify_ns = 1000 * S,
			   .threshold = threshold},
	};
}

static struct event event_of(uint32_t uid, const char *image)
{
	struct event event = {.kind = EVENT_EXEC, .uid = uid};

	event.words[EVENT_IMAGE].bytes = image;
	event.words[EVENT_IMAGE].len = (uint32_t)strlen(image);
	return event;
}

static struct alarm_answer hear(struct alarms *alarms,
				const struct detect_rule *rule,
				const struct event *event, uint64_t now_s)
{
	return alarms_hear(alarms, alarms_key(alarms, rule, event), rule,
			   now_s * S);
}

static void the_same_is_told_once_and_counted(void **state)
{
	struct alarms *alarms = alarms_of(64);
	struct detect_rule rule = rule_of(1);
	struct event event = event_of(1, "/bin/x");
	struct summary summary = {0};

	(void)state;
	assert_int_equal(hear(alarms, &rule, &event, 1).verdict, ALARM_RAISE);
	assert_int_equal(hear(alarms, &rule, &event, 2).verdict, ALARM_HUSH);
	assert_int_equal(hear(alarms, &rule, &event, 90).verdict, ALARM_HUSH);
	alarms_tick(alarms, 189 * S, UINT32_MAX, sum_up, &summary);
	assert_int_equal(summary.calls, 0);
	alarms_tick(alarms, 190 * S, UINT32_MAX, sum_up, &summary);
	assert_int_equal(summary.calls, 1);
	assert_int_equal(summary.count, 2);
	assert_int_equal(alarms_count(alarms), 0);
	assert_int_equal(hear(alarms, &rule, &event, 200).verdict, ALARM_RAISE);
	alarms_free(alarms);
}

static void what_goes_on_is_told_again_with_its_count(void **state)
{
	struct alarms *alarms = alarms_of(64);
	struct detect_rule rule = rule_of(1);
	struct event event = event_of(1, "/bin/x");
	struct alarm_answer answer = {0};

	(void)state;
	(void)hear(alarms, &rule, &event, 0);
	for (uint64_t now_s = 50; now_s <= 1000; now_s += 50)
		answer = hear(alarms, &rule, &event, now_s);
	assert_int_equal(answer.verdict, ALARM_AGAIN);
	assert_int_equal(answer.count, 20);
	alarms_free(alarms);
}

static void a_hushed_match_may_be_told_with_those_before_it(void **state)
{
	struct alarms *alarms = alarms_of(64);
	struct detect_rule rule = rule_of(1);
	struct event event = event_of(1, "/bin/x");
	struct alarm_key key = alarms_key(alarms, &rule, &event);

	(void)state;
	for (uint64_t now_s = 1; now_s <= 4; now_s++)
		(void)hear(alarms, &rule, &event, now_s);
	assert_int_equal(alarms_say(alarms, key, 4 * S), 3);
	assert_int_equal(hear(alarms, &rule, &event, 5).count, 1);
	assert_int_equal(hear(alarms, &rule, &event, 1003).verdict,
			 ALARM_RAISE);
	alarms_free(alarms);
}

/* An event may be heard while a tick is under way. */
static void a_look_from_before_forgets_nothing(void **state)
{
	struct alarms *alarms = alarms_of(64);
	struct detect_rule rule = rule_of(3);
	struct event event = event_of(1, "/bin/x");
	struct summary summary = {0};

	(void)state;
	(void)hear(alarms, &rule, &event, 10);
	(void)hear(alarms, &rule, &event, 11);
	alarms_tick(alarms, 9 * S, UINT32_MAX, sum_up, &summary);
	assert_int_equal(hear(alarms, &rule, &event, 12).verdict, ALARM_RAISE);
	alarms_tick(alarms, 11 * S, UINT32_MAX, sum_up, &summary);
	assert_true(hear(alarms, &rule, &event, 13).is_raised);
	assert_int_equal(hear(alarms, &rule, &event, 11).verdict, ALARM_HUSH);
	assert_int_equal(summary.calls, 0);
	alarms_free(alarms);
}

static void a_threshold_is_of_one_window(void **state)
{
	struct alarms *alarms = alarms_of(64);
	struct detect_rule rule = rule_of(3);
	struct event event = event_of(1, "/bin/x");
	struct alarm_answer answer;

	(void)state;
	assert_int_equal(hear(alarms, &rule, &event, 0).verdict, ALARM_HUSH);
	assert_int_equal(hear(alarms, &rule, &event, 59).verdict, ALARM_HUSH);
	assert_int_equal(hear(alarms, &rule, &event, 60).verdict, ALARM_HUSH);
	assert_int_equal(hear(alarms, &rule, &event, 61).verdict, ALARM_HUSH);
	answer = hear(alarms, &rule, &event, 62);
	assert_int_equal(answer.verdict, ALARM_RAISE);
	assert_int_equal(answer.count, 3);
	alarms_free(alarms);
}

static void what_was_not_said_comes_with_the_next_alarm(void **state)
{
	struct alarms *alarms = alarms_of(64);
	struct detect_rule rule = rule_of(1);
	struct event event = event_of(1, "/bin/x");
	struct alarm_answer answer;

	(void)state;
	(void)hear(alarms, &rule, &event, 0);
	(void)hear(alarms, &rule, &event, 1);
	answer = hear(alarms, &rule, &event, 101);
	assert_int_equal(answer.verdict, ALARM_RAISE);
	assert_int_equal(answer.count, 2);
	alarms_free(alarms);
}

static void keys_are_what_the_rule_groups_by(void **state)
{
	static const char *const by_uid[] = {"uid"};
	struct alarms *alarms = alarms_of(64);
	struct detect_rule rule = rule_of(1), other = rule_of(1);
	struct detect_rule third = rule_of(1);
	struct event x = event_of(1, "/bin/x"), y = event_of(1, "/bin/y");
	struct event root = event_of(0, "/bin/x");

	(void)state;
	assert_int_equal(hear(alarms, &rule, &x, 0).verdict, ALARM_RAISE);
	assert_int_equal(hear(alarms, &rule, &y, 0).verdict, ALARM_RAISE);
	x.process.pid = 77;
	assert_int_equal(hear(alarms, &rule, &x, 0).verdict, ALARM_HUSH);
	assert_int_equal(hear(alarms, &third, &x, 0).verdict, ALARM_RAISE);
	other.group_by = by_uid;
	other.group_count = 1;
	assert_int_equal(hear(alarms, &other, &x, 0).verdict, ALARM_RAISE);
	assert_int_equal(hear(alarms, &other, &y, 0).verdict, ALARM_HUSH);
	assert_int_equal(hear(alarms, &other, &root, 0).verdict, ALARM_RAISE);
	alarms_free(alarms);
}

static void without_room_no_threshold_is_reached(void **state)
{
	struct alarms *alarms = alarms_of(1);
	struct detect_rule one = rule_of(1), many = rule_of(2);

	(void)state;
	for (uint32_t uid = 0; alarms_crowded(alarms) == 0; uid++) {
		struct event event = event_of(uid, "/bin/x");

		assert_true(hear(alarms, &one, &event, 0).is_raised);
	}
	for (uint32_t uid = 0; uid < 100; uid++) {
		struct event event = event_of(uid, "/bin/y");
		struct alarm_answer answer = hear(alarms, &many, &event, 0);

		assert_int_equal(answer.verdict, ALARM_RAISE);
		assert_false(answer.is_raised);
	}
	alarms_free(alarms);
}

static void it_is_raised_from_the_threshold_on(void **state)
{
	struct alarms *alarms = alarms_of(64);
	struct detect_rule rule = rule_of(3);
	struct event event = event_of(1, "/bin/x");

	(void)state;
	for (uint64_t now_s = 0; now_s < 6; now_s++)
		assert_int_equal(hear(alarms, &rule, &event, now_s).is_raised,
				 now_s >= 2);
	alarms_free(alarms);
}

static void without_room_everything_is_told(void **state)
{
	struct alarms *alarms = alarms_of(1);
	struct detect_rule rule = rule_of(1);
	uint32_t capacity = 0;

	(void)state;
	for (uint32_t uid = 0; uid < 100; uid++) {
		struct event event = event_of(uid, "/bin/x");

		assert_int_equal(hear(alarms, &rule, &event, 0).verdict,
				 ALARM_RAISE);
		capacity = alarms_count(alarms);
	}
	assert_true(capacity < 100);
	assert_int_equal(alarms_crowded(alarms), 100 - capacity);
	for (uint32_t uid = 0; uid < 100; uid++) {
		struct event event = event_of(uid, "/bin/x");

		assert_int_equal(hear(alarms, &rule, &event, 0).verdict,
				 uid < capacity ? ALARM_HUSH : ALARM_RAISE);
	}
	alarms_free(alarms);
}

/* Over random times: what was heard is what was told, once it is over. */
static void no_match_is_lost(void **state)
{
	struct alarms *alarms = alarms_of(64);
	struct detect_rule rule = rule_of(1);
	struct summary summary = {0};
	uint64_t random = 88172645463325252u, now_s = 0, heard = 0, told = 0;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct event event = event_of((uint32_t)(random >> 60), "/x");
		struct alarm_answer answer;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		now_s += random % 37;
		answer = hear(alarms, &rule, &event, now_s);
		heard++;
		if (answer.verdict != ALARM_HUSH)
			told += answer.count;
		if (i % 7 == 0)
			alarms_tick(alarms, now_s * S, 5, sum_up, &summary);
	}
	now_s += 1000;
	alarms_tick(alarms, now_s * S, UINT32_MAX, sum_up, &summary);
	assert_true(summary.calls > 100);
	assert_int_equal(told + summary.count, heard);
	assert_int_equal(alarms_count(alarms), 0);
	alarms_free(alarms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_told_once_and_counted),
		cmocka_unit_test(what_goes_on_is_told_again_with_its_count),
		cmocka_unit_test(
			a_hushed_match_may_be_told_with_those_before_it),
		cmocka_unit_test(a_look_from_before_forgets_nothing),
		cmocka_unit_test(a_threshold_is_of_one_window),
		cmocka_unit_test(what_was_not_said_comes_with_the_next_alarm),
		cmocka_unit_test(keys_are_what_the_rule_groups_by),
		cmocka_unit_test(without_room_everything_is_told),
		cmocka_unit_test(without_room_no_threshold_is_reached),
		cmocka_unit_test(it_is_raised_from_the_threshold_on),
		cmocka_unit_test(no_match_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
