// SPDX-License-Identifier: GPL-2.0-or-later
/* Spans and moments, read and written. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/duration.h"

#define MINUTE 60ull
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* 2026-11-25T12:00:00Z */
#define NOON UINT64_C(1795608000)

static void assert_span(const char *text, uint64_t expected_s)
{
	uint64_t span_s = 0;

	assert_int_equal(duration_from_text(text, &span_s), 0);
	assert_int_equal(span_s, expected_s);
}

static void assert_no_span(const char *text, int error)
{
	uint64_t span_s = 77;

	if (duration_from_text(text, &span_s) != error)
		fail_msg("not refused as it should be: %s", text);
	assert_int_equal(span_s, 77);
}

static void assert_moment(const char *text, uint64_t expected_s)
{
	uint64_t moment_s = 0;

	assert_int_equal(moment_from_text(text, NOON, &moment_s), 0);
	assert_int_equal(moment_s, expected_s);
}

static void assert_no_moment(const char *text, int error)
{
	uint64_t moment_s = 77;

	if (moment_from_text(text, NOON, &moment_s) != error)
		fail_msg("not refused as it should be: %s", text);
	assert_int_equal(moment_s, 77);
}

static void a_span_is_read_in_every_unit(void **state)
{
	(void)state;
	assert_span("90s", 90);
	assert_span("15m", 15 * MINUTE);
	assert_span("1h", HOUR);
	assert_span("7d", 7 * DAY);
	assert_span("2w", 14 * DAY);
}

static void units_add_up(void **state)
{
	(void)state;
	assert_span("1h30m", 90 * MINUTE);
	assert_span("1w1d1h1m1s", 8 * DAY + HOUR + MINUTE + 1);
	assert_span("0h5s", 5);
}

static void what_is_no_span_is_refused(void **state)
{
	static const char *const texts[] = {
		"",	   "60",   "h",
		"1x",	   "1h30", "1h 30m",
		" 1h",	   "1h ",  "-1h",
		"+1h",	   "1.5h", "1H",
		"30m1h",   "1h1h", "1hm",
		"forever", "0x1h", "99999999999999999999999x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_no_span(texts[i], -EINVAL);
}

static void no_time_at_all_is_out_of_range(void **state)
{
	(void)state;
	assert_no_span("0s", -ERANGE);
	assert_no_span("0w0d0h0m0s", -ERANGE);
}

static void ten_years_are_the_most(void **state)
{
	(void)state;
	assert_span("3650d", DURATION_MAX_S);
	assert_no_span("3650d1s", -ERANGE);
	assert_no_span("522w", -ERANGE);
	assert_no_span("18446744073709551617s", -ERANGE);
	assert_no_span("99999999999999999999999999w", -ERANGE);
}

static void a_moment_is_read_in_every_form(void **state)
{
	(void)state;
	assert_moment("2026-11-25T18:00:00Z", NOON + 6 * HOUR);
	assert_moment("2026-11-25T18:00:07", NOON + 6 * HOUR + 7);
	assert_moment("2026-11-25 18:00", NOON + 6 * HOUR);
	assert_moment("2026-11-25 18:00Z", NOON + 6 * HOUR);
	assert_moment("2026-11-26", NOON + 12 * HOUR);
	assert_moment("2028-02-29", 1835395200);
}

static void a_moment_is_utc_wherever_we_are(void **state)
{
	(void)state;
	assert_int_equal(setenv("TZ", "XXX-5", 1), 0);
	tzset();
	assert_moment("2026-11-25 18:00", NOON + 6 * HOUR);
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
}

static void what_is_no_moment_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"tomorrow",
		"2026",
		"2026-11",
		"2026-11-2",
		"26-11-25",
		"2026/11/26",
		"2026-11-26T",
		"2026-11-26T18",
		"2026-11-26Z",
		"2026-11-26T18:00:00+01:00",
		"2026-11-26T18:00:00.5Z",
		"2026-11-26T18:00:00Zx",
		" 2026-11-26",
		"2026-11-26  18:00",
		"12026-11-26",
		"-026-11-26",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_no_moment(texts[i], -EINVAL);
}

static void a_date_the_calendar_lacks_is_refused(void **state)
{
	static const char *const texts[] = {
		"2027-02-29",	    "2027-13-01",	   "2027-00-01",
		"2027-04-31",	    "2027-04-00",	   "2027-01-01 24:00",
		"2027-01-01 12:60", "2027-01-01 12:00:60",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_no_moment(texts[i], -EINVAL);
}

static void a_moment_must_be_ahead_but_not_ten_years(void **state)
{
	(void)state;
	assert_no_moment("2026-11-25T12:00:00Z", -ERANGE);
	assert_moment("2026-11-25T12:00:01Z", NOON + 1);
	assert_no_moment("2020-01-01", -ERANGE);
	assert_no_moment("1969-12-31", -ERANGE);
	assert_no_moment("0000-01-01", -ERANGE);
	assert_moment("2036-11-22T12:00:00Z", NOON + DURATION_MAX_S);
	assert_no_moment("2036-11-22T12:00:01Z", -ERANGE);
}

static void assert_since(const char *text, uint64_t expected_s)
{
	uint64_t since_s = 77;

	assert_int_equal(since_from_text(text, NOON, &since_s), 0);
	assert_int_equal(since_s, expected_s);
}

static void assert_no_since(const char *text, int error)
{
	uint64_t since_s = 77;

	if (since_from_text(text, NOON, &since_s) != error)
		fail_msg("not refused as it should be: %s", text);
	assert_int_equal(since_s, 77);
}

static void since_a_span_is_so_long_ago(void **state)
{
	(void)state;
	assert_since("10m", NOON - 10 * MINUTE);
	assert_since("1d2h", NOON - 26 * HOUR);
	assert_no_since("0s", -ERANGE);
	assert_no_since("3651d", -ERANGE);
}

static void since_a_moment_is_from_then_on_up_to_now(void **state)
{
	(void)state;
	assert_since("2026-11-25", NOON - 12 * HOUR);
	assert_since("2026-11-25 11:59", NOON - MINUTE);
	assert_since("2026-11-25T12:00:00Z", NOON);
	assert_since("1970-01-02", DAY);
	assert_no_since("2026-11-25T12:00:01Z", -ERANGE);
	assert_no_since("1969-12-31", -ERANGE);
	assert_no_since("2026-02-29", -EINVAL);
	assert_no_since("yesterday", -EINVAL);
	assert_no_since("", -EINVAL);
}

static void a_span_before_all_time_is_since_ever(void **state)
{
	uint64_t since_s = 77;

	(void)state;
	assert_int_equal(since_from_text("1h", HOUR - 1, &since_s), 0);
	assert_int_equal(since_s, 0);
}

static void a_moment_is_written_as_it_is_read(void **state)
{
	char buf[MOMENT_TEXT_MAX];

	(void)state;
	assert_string_equal(moment_to_text(NOON, buf), "2026-11-25T12:00:00Z");
	assert_moment(moment_to_text(NOON + 86399, buf), NOON + 86399);
	assert_string_equal(moment_to_text(1, buf), "1970-01-01T00:00:01Z");
}

static void no_moment_is_never(void **state)
{
	char buf[MOMENT_TEXT_MAX];

	(void)state;
	assert_string_equal(moment_to_text(0, buf), "never");
	assert_string_equal(moment_to_text(UINT64_MAX, buf), "never");
	assert_string_equal(moment_to_text(INT64_MAX, buf), "never");
}

static void a_span_is_written_in_two_units_rounded_down(void **state)
{
	static const struct {
		uint64_t span_s;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{59, "59s"},
		{60, "1m"},
		{90, "1m30s"},
		{HOUR - 1, "59m59s"},
		{90 * MINUTE, "1h30m"},
		{90 * MINUTE + 59, "1h30m"},
		{DAY + 59 * MINUTE, "1d"},
		{14 * DAY + HOUR, "14d1h"},
		{DURATION_MAX_S, "3650d"},
		{UINT64_MAX, "213503982334601d7h"},
	};
	char buf[MOMENT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(duration_to_text(cases[i].span_s, buf),
				    cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_is_read_in_every_unit),
		cmocka_unit_test(units_add_up),
		cmocka_unit_test(what_is_no_span_is_refused),
		cmocka_unit_test(no_time_at_all_is_out_of_range),
		cmocka_unit_test(ten_years_are_the_most),
		cmocka_unit_test(a_moment_is_read_in_every_form),
		cmocka_unit_test(a_moment_is_utc_wherever_we_are),
		cmocka_unit_test(what_is_no_moment_is_refused),
		cmocka_unit_test(a_date_the_calendar_lacks_is_refused),
		cmocka_unit_test(a_moment_must_be_ahead_but_not_ten_years),
		cmocka_unit_test(since_a_span_is_so_long_ago),
		cmocka_unit_test(since_a_moment_is_from_then_on_up_to_now),
		cmocka_unit_test(a_span_before_all_time_is_since_ever),
		cmocka_unit_test(a_moment_is_written_as_it_is_read),
		cmocka_unit_test(no_moment_is_never),
		cmocka_unit_test(a_span_is_written_in_two_units_rounded_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
