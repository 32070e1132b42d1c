// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of requests, and a frame's head. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/wire.h"

static void every_request_is_found_by_its_name(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < REQ_COUNT; i++) {
		assert_non_null(request_specs[i].name);
		assert_int_equal(request_from_name(request_specs[i].name), i);
	}
}

static void an_unknown_request_has_no_number(void **state)
{
	static const char *const names[] = {"", "Status", "statu", "statuses"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(request_from_name(names[i]), REQ_COUNT);
}

static void a_viewer_may_only_look(void **state)
{
	static const enum request views[] = {
		REQ_STATUS,	   REQ_DOCTOR,
		REQ_WHY,	   REQ_SET_LIST,
		REQ_SET_SHOW,	   REQ_COUNTERS,
		REQ_EVENTS,	   REQ_LOG,
		REQ_POLICY_LOG,	   REQ_POLICY_SHOW,
		REQ_EXPLAIN,	   REQ_FEED_LIST,
		REQ_FEED_HITS,	   REQ_CROWDSEC_STATUS,
		REQ_ALERT_STATUS,  REQ_DETECT_STATUS,
		REQ_DETECT_SCORES, REQ_DETECT_OFFENCES,
	};
	unsigned int count = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(views); i++)
		assert_int_equal(request_specs[views[i]].right, WIRE_VIEW);
	for (unsigned int i = 0; i < REQ_COUNT; i++)
		count += request_specs[i].right == WIRE_VIEW;
	assert_int_equal(count, ARRAY_LEN(views));
}

static void some_requests_take_a_descriptor(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < REQ_COUNT; i++) {
		bool takes = i == REQ_SET_IMPORT || i == REQ_BACKUP ||
			     i == REQ_RESTORE || i == REQ_POLICY_APPLY ||
			     i == REQ_POLICY_SHOW || i == REQ_POLICY_DIFF ||
			     i == REQ_CAPTURE || i == REQ_FEED_PUT ||
			     i == REQ_FEED_IMPORT || i == REQ_FEED_PROBE ||
			     i == REQ_CROWDSEC_TAKE;

		assert_int_equal(request_specs[i].takes_fd, takes);
	}
}

static void a_head_is_in_network_order(void **state)
{
	static const uint8_t expected[WIRE_HEAD_BYTES] = {1, 2, 3, 0xf4};
	uint8_t head[WIRE_HEAD_BYTES];

	(void)state;
	wire_head_put(head, 0x010203f4);
	assert_memory_equal(head, expected, sizeof(expected));
}

static void a_head_gives_back_the_length(void **state)
{
	static const uint32_t lens[] = {0, 1, WIRE_FRAME_MAX, UINT32_MAX};
	uint8_t head[WIRE_HEAD_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		wire_head_put(head, lens[i]);
		assert_int_equal(wire_head_get(head), lens[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_is_found_by_its_name),
		cmocka_unit_test(an_unknown_request_has_no_number),
		cmocka_unit_test(a_viewer_may_only_look),
		cmocka_unit_test(some_requests_take_a_descriptor),
		cmocka_unit_test(a_head_is_in_network_order),
		cmocka_unit_test(a_head_gives_back_the_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
