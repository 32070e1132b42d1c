// SPDX-License-Identifier: GPL-2.0-or-later
/* The ring of drop events, as a watcher sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/event_log.h"

#define FIRST 2ull

static const struct owner nobody;

static int setup(void **state)
{
	static struct event_log log;

	*state = &log;
	return event_log_init(&log);
}

static int teardown(void **state)
{
	event_log_done(*state);
	return 0;
}

/* Events are told apart by their length: 0, 1, 2, ... */
static void put(struct event_log *log, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct fw_event event = {.len = i};

		event_log_put(log, &event, "", nobody);
	}
}

static void before_the_first_event_there_is_none(void **state)
{
	assert_null(event_log_get(*state, 0));
	assert_null(event_log_get(*state, 1));
	assert_null(event_log_get(*state, FIRST));
	assert_int_equal(event_log_oldest(*state), FIRST);
}

static void events_are_numbered_in_their_order(void **state)
{
	put(*state, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(event_log_get(*state, FIRST + i)->event.len,
				 i);
	assert_null(event_log_get(*state, FIRST + 3));
	assert_null(event_log_get(*state, FIRST - 1));
	assert_int_equal(event_log_oldest(*state), FIRST);
}

static void a_full_log_still_has_its_first(void **state)
{
	put(*state, EVENT_LOG_SIZE);
	assert_int_equal(event_log_oldest(*state), FIRST);
	assert_int_equal(event_log_get(*state, FIRST)->event.len, 0);
}

static void one_more_than_there_is_room_for_takes_the_oldest(void **state)
{
	put(*state, EVENT_LOG_SIZE + 1);
	assert_int_equal(event_log_oldest(*state), FIRST + 1);
	assert_null(event_log_get(*state, FIRST));
	assert_int_equal(event_log_get(*state, FIRST + 1)->event.len, 1);
	assert_int_equal(
		event_log_get(*state, FIRST + EVENT_LOG_SIZE)->event.len,
		EVENT_LOG_SIZE);
}

static void the_last_are_there_however_often_it_has_turned(void **state)
{
	const struct event_log *log = *state;
	uint32_t count = 5 * EVENT_LOG_SIZE + 77;
	uint64_t oldest;

	put(*state, count);
	oldest = event_log_oldest(log);
	assert_int_equal(oldest, FIRST + count - EVENT_LOG_SIZE);
	for (uint64_t seq = oldest; seq < log->next_seq; seq++)
		assert_int_equal(event_log_get(log, seq)->event.len,
				 seq - FIRST);
	assert_null(event_log_get(log, log->next_seq));
}

/* So many may be sent, and read, in a second of turns that all find some. */
static uint64_t most_per_second(uint32_t per_second)
{
	struct event_pace pace = event_log_pace(per_second, 1);

	assert_true(pace.credit < EVENTS_PER_TURN);
	return (uint64_t)pace.credit * 1000000 / pace.pause_us;
}

static void what_is_asked_for_can_be_had(void **state)
{
	(void)state;
	for (uint32_t asked = 0; asked <= 100000; asked++) {
		uint64_t most = most_per_second(asked);

		assert_true(most >= asked);
		assert_true(most <= asked + asked / 100 + 10);
	}
}

static void without_events_there_are_ten_turns_a_second(void **state)
{
	(void)state;
	assert_int_equal(event_log_pace(0, 0).pause_us, 100000);
	assert_int_equal(event_log_pace(100000, 0).pause_us, 100000);
	assert_int_equal(event_log_pace(100000, -1).pause_us, 100000);
	assert_int_equal(event_log_pace(10240, 1000).pause_us, 100000);
	assert_true(event_log_pace(100000, 1).pause_us >= 10000);
}

static void for_no_events_there_is_no_credit(void **state)
{
	(void)state;
	assert_int_equal(event_log_pace(0, 0).credit, 0);
	assert_int_equal(event_log_pace(0, 7).credit, 0);
	assert_int_equal(event_log_pace(1, 0).credit, 1);
}

static void an_event_keeps_the_id_of_its_rule(void **state)
{
	struct event_log *log = *state;
	const struct fw_event event = {.counter = 7};

	event_log_put(log, &event, "web", nobody);
	event_log_put(log, &event, "", nobody);
	assert_string_equal(event_log_get(log, FIRST)->rule, "web");
	assert_string_equal(event_log_get(log, FIRST + 1)->rule, "");
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(an_event_keeps_the_id_of_its_rule),
		test(before_the_first_event_there_is_none),
		test(events_are_numbered_in_their_order),
		test(a_full_log_still_has_its_first),
		test(one_more_than_there_is_room_for_takes_the_oldest),
		test(the_last_are_there_however_often_it_has_turned),
		test(what_is_asked_for_can_be_had),
		test(without_events_there_are_ten_turns_a_second),
		test(for_no_events_there_is_no_credit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
