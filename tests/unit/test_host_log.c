// SPDX-License-Identifier: GPL-2.0-or-later
/* Events of the host on their way to watchers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/host_json.h"
#include "daemon/host_log.h"
#include "rules/base.h"

#define FIRST 2ull
#define NOW   1000ull

static int setup(void **state)
{
	static struct host_log log;

	log = (struct host_log){0};
	*state = &log;
	return host_log_init(&log);
}

static int teardown(void **state)
{
	host_log_done(*state);
	return 0;
}

/* Told apart by their pids: 0, 1, 2, ... */
static void put(struct host_log *log, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct event event = {.kind = EVENT_EXEC,
					    .process.pid = i};

		host_log_put(log, &event, NOW);
	}
}

static json_int_t number_in(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *text_in(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void nothing_is_kept_while_nobody_watches(void **state)
{
	struct host_log *log = *state;

	put(log, 3);
	assert_int_equal(log->next_seq, FIRST);
	host_log_watch(log, NOW - HOST_LOG_WATCH_NS);
	put(log, 3);
	assert_int_equal(log->next_seq, FIRST);
	host_log_watch(log, NOW - HOST_LOG_WATCH_NS + 1);
	put(log, 3);
	assert_int_equal(log->next_seq, FIRST + 3);
}

static void events_are_numbered_in_their_order(void **state)
{
	struct host_log *log = *state;

	host_log_watch(log, NOW);
	put(log, 3);
	for (uint32_t i = 0; i < 3; i++) {
		const json_t *json = host_log_get(log, FIRST + i)->json;

		assert_int_equal(number_in(json, "pid"), i);
		assert_int_equal(number_in(json, "seq"), FIRST + i);
	}
	assert_null(host_log_get(log, FIRST + 3));
	assert_null(host_log_get(log, 0));
}

static void one_more_than_there_is_room_for_takes_the_oldest(void **state)
{
	struct host_log *log = *state;

	host_log_watch(log, NOW);
	put(log, HOST_LOG_SIZE + 1);
	assert_int_equal(host_log_oldest(log), FIRST + 1);
	assert_null(host_log_get(log, FIRST));
	assert_int_equal(number_in(host_log_get(log, FIRST + 1)->json, "pid"),
			 1);
}

static void assert_shown(const char *bytes, size_t len, const char *expected)
{
	const struct event_text text = {.bytes = bytes, .len = (uint32_t)len};
	json_t *json = host_json_of_text(&text);

	assert_non_null(json);
	assert_string_equal(json_string_value(json), expected);
	assert_int_equal(json_string_length(json), strlen(expected));
	json_decref(json);
}

#define SHOWN(bytes, expected) assert_shown(bytes, sizeof(bytes) - 1, expected)

static void what_is_not_utf_8_is_shown_byte_by_byte(void **state)
{
	(void)state;
	SHOWN("plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\xa5",
	      "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\xa5");
	SHOWN("a\0b", "a\\x00b");
	SHOWN("\xff\xfe", "\\xff\\xfe");
	SHOWN("\xc3", "\\xc3"); /* ends amid a character */
	SHOWN("\xc0\xaf", "\\xc0\\xaf"); /* longer than it need be */
	SHOWN("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
	SHOWN("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* half of a pair */
	SHOWN("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* past the last */
	SHOWN("\x80", "\\x80");
}

static void a_long_text_is_shown_cut_and_says_so(void **state)
{
	static char line[2 * HOST_TEXT_MAX];
	struct event event = {.kind = EVENT_EXEC};
	json_t *json;

	(void)state;
	memset(line, '\xff', sizeof(line));
	event.words[EVENT_COMMAND_LINE] =
		(struct event_text){.bytes = line, .len = sizeof(line)};
	json = host_json_of_event(&event);
	assert_int_equal(strlen(text_in(json, "command_line")),
			 4 * HOST_TEXT_MAX);
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(json, "cut"), 0)),
			    "command_line");
	json_decref(json);
}

static void what_is_not_known_is_left_out(void **state)
{
	const struct event event = {.kind = EVENT_EXIT,
				    .login_uid = UINT32_MAX};
	json_t *json = host_json_of_event(&event);

	(void)state;
	assert_string_equal(text_in(json, "kind"), "exit");
	assert_null(json_object_get(json, "image"));
	assert_null(json_object_get(json, "peer"));
	assert_null(json_object_get(json, "login_uid"));
	assert_null(json_object_get(json, "cut"));
	assert_non_null(json_object_get(json, "uid"));
	json_decref(json);
}

static void a_loss_says_of_what_and_how_many(void **state)
{
	const struct event event = {
		.kind = EVENT_LOSS, .number = EVENT_FORK, .count = 12};
	json_t *json = host_json_of_event(&event);

	(void)state;
	assert_string_equal(text_in(json, "lost_kind"), "fork");
	assert_int_equal(number_in(json, "count"), 12);
	assert_null(json_object_get(json, "pid"));
	json_decref(json);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_kept_while_nobody_watches),
		TEST(events_are_numbered_in_their_order),
		TEST(one_more_than_there_is_room_for_takes_the_oldest),
		cmocka_unit_test(what_is_not_utf_8_is_shown_byte_by_byte),
		cmocka_unit_test(a_long_text_is_shown_cut_and_says_so),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(a_loss_says_of_what_and_how_many),
	};

	return cmocka_run_group_tests_name("host_log", tests, NULL, NULL);
}
