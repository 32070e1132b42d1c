// SPDX-License-Identifier: GPL-2.0-or-later
/* Outlets of alerts that cannot be opened at the start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/notice_keep.h"
#include "tests/support/desk.h"

#define NOWHERE "/nonexistent-of-the-test"

static int setup(void **state)
{
	static struct desk desk;
	struct config *config = &desk.daemon.config;

	memset(&desk, 0, sizeof(desk));
	desk_init(&desk);
	desk_open(&desk);
	memcpy(config->state_dir, NOWHERE, sizeof(NOWHERE));
	memcpy(config->alert_file, NOWHERE "/x", sizeof(NOWHERE "/x"));
	assert_int_equal(notice_keep_start(&desk.daemon), 0);
	*state = &desk;
	return 0;
}

static int teardown(void **state)
{
	struct desk *desk = *state;

	notice_keep_stop(&desk->daemon);
	desk_commit(desk);
	desk_done(desk);
	return 0;
}

static void each_outlet_that_is_missing_is_an_alert_of_its_own(void **state)
{
	struct desk *desk = *state;
	const struct alerts *alerts = &desk->daemon.alerts;

	assert_int_equal(alerts->count, 2);
	assert_non_null(
		strstr(alerts->list[0].text, NOWHERE "/alerts: No such file"));
	assert_non_null(strstr(alerts->list[1].text,
			       "alert_file " NOWHERE "/x: No such file"));
}

static void outlets_that_are_missing_are_listed_as_off(void **state)
{
	struct desk *desk = *state;
	json_t *outlets = notice_keep_outlets(&desk->daemon);
	const json_t *outlet;
	size_t i;

	assert_int_equal(json_array_size(outlets), 2);
	json_array_foreach(outlets, i, outlet)
	{
		assert_true(json_is_true(json_object_get(outlet, "off")));
		assert_string_equal(
			json_string_value(json_object_get(outlet, "error")),
			"No such file or directory");
	}
	json_decref(outlets);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(each_outlet_that_is_missing_is_an_alert_of_its_own),
		test(outlets_that_are_missing_are_listed_as_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
