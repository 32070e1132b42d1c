// SPDX-License-Identifier: GPL-2.0-or-later
/* Alerts that wait to be posted: when, how many, and in which words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "images/send-alerts/backoff.h"
#include "images/send-alerts/body.h"
#include "images/send-alerts/queue.h"
#include "rules/base.h"

static int setup(void **state)
{
	static struct queue queue;

	queue = (struct queue){.first = 0};
	*state = &queue;
	return 0;
}

static int teardown(void **state)
{
	queue_done(*state);
	return 0;
}

static void put(struct queue *queue, unsigned int number)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "{\"n\":%u}", number);

	assert_int_equal(queue_put(queue, text, (size_t)len), 0);
}

static void waits_double_up_to_a_bound(void **state)
{
	uint32_t bound = BACKOFF_FIRST_MS;

	(void)state;
	for (uint32_t failures = 1; failures < 100; failures++) {
		uint32_t most = backoff_ms(failures, UINT32_MAX, 0);

		assert_int_equal(backoff_ms(failures, 0, 0), BACKOFF_LEAST_MS);
		assert_true(most < bound && most >= bound - 2);
		bound = 2 * bound < BACKOFF_MAX_MS ? 2 * bound : BACKOFF_MAX_MS;
	}
}

static void a_server_is_not_asked_before_it_said(void **state)
{
	(void)state;
	assert_in_range(backoff_ms(1, UINT32_MAX / 2, 7), 7000, 7999);
	assert_in_range(backoff_ms(20, UINT32_MAX, 7), 299000, 300000);
	assert_in_range(backoff_ms(1, 0, UINT64_MAX), 3600000, 3601000);
}

static void the_oldest_makes_room_and_is_counted(void **state)
{
	struct queue *queue = *state;

	for (unsigned int i = 0; i < QUEUE_LINES_MAX + 3; i++)
		put(queue, i);
	assert_int_equal(queue->count, QUEUE_LINES_MAX);
	assert_int_equal(queue->dropped, 3);
	assert_string_equal(queue_get(queue, 0)->text, "{\"n\":3}");
	assert_null(queue_get(queue, QUEUE_LINES_MAX));
}

static void bytes_are_bounded_as_well(void **state)
{
	static char text[QUEUE_LINE_MAX + 1];
	struct queue *queue = *state;
	unsigned int most = QUEUE_BYTES_MAX / QUEUE_LINE_MAX;

	memset(text, 'x', sizeof(text));
	for (unsigned int i = 0; i < most + 5; i++)
		assert_int_equal(queue_put(queue, text, QUEUE_LINE_MAX), 0);
	assert_int_equal(queue->count, most);
	assert_int_equal(queue->dropped, 5);
	assert_int_equal(queue_put(queue, text, sizeof(text)), -EMSGSIZE);
	assert_int_equal(queue->dropped, 6);
}

static void what_was_told_is_not_dropped_though_it_made_room(void **state)
{
	struct queue *queue = *state;
	uint64_t first;

	for (unsigned int i = 0; i < QUEUE_LINES_MAX; i++)
		put(queue, i);
	first = queue->gone;
	/* ten are on their way; meanwhile four of them, then all, make room */
	for (unsigned int i = 0; i < 4; i++)
		put(queue, QUEUE_LINES_MAX + i);
	queue_told(queue, first, 10);
	assert_int_equal(queue->dropped, 0);
	assert_string_equal(queue_get(queue, 0)->text, "{\"n\":10}");
	first = queue->gone;
	for (unsigned int i = 0; i < 20; i++)
		put(queue, 2000 + i);
	assert_int_equal(queue->dropped, 14);
	queue_told(queue, first, 10);
	assert_int_equal(queue->dropped, 4);
	assert_int_equal(queue->count, QUEUE_LINES_MAX);
}

static void assert_body(const struct queue *queue, const char *template,
			size_t alerts, const char *expected)
{
	struct body_text body;

	assert_int_equal(body_make(queue, template, &body), 0);
	assert_string_equal(body.text, expected);
	assert_int_equal(body.len, strlen(expected));
	assert_int_equal(body.alerts, alerts);
	free(body.text);
}

static void a_body_has_what_waits_and_what_was_dropped(void **state)
{
	struct queue *queue = *state;

	put(queue, 1);
	put(queue, 2);
	queue->dropped = 7;
	assert_body(queue, NULL, 2,
		    "{\"dropped\":7,\"alerts\":[{\"n\":1},{\"n\":2}]}");
}

static void a_template_is_filled_as_json_has_it(void **state)
{
	static const char alert[] =
		"{\"a\":{\"b\":\"q\\\"\\u000a\\\\\"},\"list\":[\"x\",\"y\"],"
		"\"n\":5,\"t\":true}";
	struct queue *queue = *state;

	assert_int_equal(queue_put(queue, alert, sizeof(alert) - 1), 0);
	queue->dropped = 2;
	assert_body(queue, "[{{a.b}}|{{list}}|{{n}}|{{t}}|{{no.such}}|{{a}}]",
		    1,
		    "[q\\\"\\n\\\\|x,y|5|true||"
		    "{\\\"b\\\":\\\"q\\\\\\\"\\\\n\\\\\\\\\\\"}]");
	assert_body(queue, "{{dropped}} {{json}}", 1,
		    "2 {\"a\":{\"b\":\"q\\\"\\u000a\\\\\"},"
		    "\"list\":[\"x\",\"y\"],\"n\":5,\"t\":true}");
	assert_body(queue, "no place", 1, "no place");
}

static void a_template_that_is_none_is_refused(void **state)
{
	static const char *const wrong[] = {"{{",      "{{}}",	"{{a",
					    "{{a b}}", "{{A}}", "x {{a}} {{b}"};
	static const char *const good[] = {"", "{{a}}", "{{@timestamp}}",
					   "{ {a} }", "{{a_1.b}}}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(body_check_template(wrong[i]), -EINVAL);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(body_check_template(good[i]), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_double_up_to_a_bound),
		cmocka_unit_test(a_server_is_not_asked_before_it_said),
		TEST(the_oldest_makes_room_and_is_counted),
		TEST(bytes_are_bounded_as_well),
		TEST(what_was_told_is_not_dropped_though_it_made_room),
		TEST(a_body_has_what_waits_and_what_was_dropped),
		TEST(a_template_is_filled_as_json_has_it),
		cmocka_unit_test(a_template_that_is_none_is_refused),
	};

	return cmocka_run_group_tests_name("send_alerts", tests, NULL, NULL);
}
