// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/notices.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WALL_NS 1796011200000000000ull /* 2026-11-30T04:00:00Z */

void notices_put_numbered(struct notices *notices, uint64_t number)
{
	static const struct detect_rule rule = {
		.id = "shell", .title = "A shell", .level = DETECT_HIGH};
	char command_line[64];
	struct event event = {
		.kind = EVENT_EXEC,
		.number = number,
		.process.pid = 4711,
	};
	const struct notice notice = {
		.rule = &rule,
		.event = &event,
		.count = 1,
		.done = DETECT_STEP_TABLE | DETECT_STEP_CUT,
		.wall_ns = WALL_NS + number * 1000,
	};

	event.words[EVENT_COMMAND_LINE] = (struct event_text){
		.bytes = command_line,
		.len = (uint32_t)snprintf(command_line, sizeof(command_line),
					  "run %" PRIu64, number),
	};
	event.words[EVENT_IMAGE] =
		(struct event_text){.bytes = "/bin/a\"]\\b\xff", .len = 11};
	assert_int_equal(prefix_from_text("192.0.2.7", 9, &event.peer), 0);
	assert_int_equal(notices_put(notices, &notice), 0);
}

struct notices *notices_new_fixed(void)
{
	const struct notice_origin origin = {.host = "gateway"};
	struct notices *notices = NULL;

	assert_int_equal(notices_new(&origin, &notices), 0);
	return notices;
}
