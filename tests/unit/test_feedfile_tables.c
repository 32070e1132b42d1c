// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds that are tables: any CSV by its columns, and those of abuse.ch.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "tests/support/feeds.h"

static struct feed_seen read_columns(const struct feed_options *options,
				     const char *text)
{
	struct feed_seen seen = {0};

	feed_read_bytes(options, text, strlen(text), &seen);
	return seen;
}

static void a_column_of_a_table_has_the_entries(void **state)
{
	const struct feed_options second = {.format = FEED_CSV, .column = 2};
	const struct feed_options tabs = {
		.format = FEED_CSV,
		.column = 2,
		.separator = '\t',
	};
	struct feed_seen seen;

	(void)state;
	assert_feed(FEED_CSV, "192.0.2.1,a\n\"192.0.2.2\",b\r\n",
		    "1:192.0.2.1 2:192.0.2.2");
	seen = read_columns(&second, "# x\nname,ip\n"
				     "\"a, \"\"b\"\"\", \"192.0.2.1:443\" ,x\n"
				     ",[2001:db8::1]:80\n"
				     "a,192.0.2.0/24\n"
				     "a,192.0.2.8-192.0.2.9\n");
	assert_string_equal(seen.text, "3:192.0.2.1 4:2001:db8::1 "
				       "5:192.0.2.0/24 6:192.0.2.8/31");
	assert_int_equal(seen.report.comments, 2);
	seen = read_columns(&tabs, "a b,c\t192.0.2.1\tx\n\t192.0.2.2\n");
	assert_string_equal(seen.text, "1:192.0.2.1 2:192.0.2.2");
}

static void two_columns_may_be_the_ends_of_a_range(void **state)
{
	const struct feed_options options = {
		.format = FEED_CSV,
		.last_column = 2,
	};
	struct feed_seen seen =
		read_columns(&options, "192.0.2.0,192.0.2.255,64500\n"
				       "2001:db8::,2001:db8::ffff,64501\n"
				       "192.0.2.9,192.0.2.1,1\n"
				       "192.0.2.9,,1\n192.0.2.1,192.0.2.x,1\n");

	(void)state;
	assert_string_equal(seen.text, "1:192.0.2.0/24 2:2001:db8::/112");
	assert_int_equal(seen.report.rejected, 3);
	assert_int_equal(seen.report.notes[0].line, 3);
}

static void a_row_that_is_broken_or_short_is_a_reject(void **state)
{
	const struct feed_options third = {.format = FEED_CSV, .column = 3};
	struct feed_seen seen;

	(void)state;
	assert_feed_reject(FEED_CSV, "192.0.2.1\n\"192.0.2.2\n", 2,
			   "a quoted field does not end in its line");
	assert_feed_reject(FEED_CSV, "192.0.2.1\n\"192.0.2.2\"3,a\n", 2,
			   "text behind a quoted field");
	assert_feed_reject(FEED_CSV, "192.0.2.1\n192.0.2.2 x,a\n", 2,
			   "more behind the address");
	assert_feed_reject(FEED_CSV, "192.0.2.1\nname\n", 2,
			   "not an address, network or range");
	assert_feed_reject(FEED_CSV, "192.0.2.1\n192.0.2.2:99999,a\n", 2,
			   "not an address, network or range");
	seen = read_columns(&third, "a,b,192.0.2.1\na,192.0.2.2\n");
	assert_int_equal(seen.report.rejected, 1);
	assert_int_equal(seen.calls, 1);
}

static void a_column_beyond_all_is_not_read(void **state)
{
	const struct feed_options options = {
		.format = FEED_CSV,
		.column = FEED_COLUMNS_MAX + 1,
	};

	(void)state;
	assert_int_equal(read_columns(&options, "192.0.2.1\n").r, -EINVAL);
}

#define FEODO                                                            \
	"# abuse.ch Feodo Tracker\r\n#\r\n"                              \
	"\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\"\r\n"   \
	"\"2026-01-17 07:30:05\",\"192.0.2.75\",\"443\",\"offline\"\r\n" \
	"\"2026-01-17 07:44:46\",\"::ffff:198.51.100.32\",\"1\",\"\"\r\n"
#define FEODO_END FEODO "# END 2 entries\r\n"

static void feodo_is_whole_with_its_end_and_its_count(void **state)
{
	struct feed_seen seen = feed_parsed(FEED_FEODO_CSV, FEODO_END);

	(void)state;
	assert_feed(FEED_FEODO_CSV, FEODO_END, "4:192.0.2.75 5:198.51.100.32");
	assert_int_equal(seen.report.stated_count, 2);
	assert_true(seen.report.stated_matches);
	assert_feed_cuts(FEED_FEODO_CSV, FEODO_END, strlen(FEODO_END) - 2);
	seen = feed_parsed(FEED_FEODO_CSV, FEODO "# END 3 entries\n");
	assert_false(seen.report.is_whole);
	assert_int_equal(seen.report.stated_count, 3);
	seen = feed_parsed(FEED_FEODO_CSV, "# x\n# END 0 entries\n");
	assert_int_equal(seen.r, 0);
	assert_true(seen.report.is_whole);
}

static void columns_are_found_by_their_names(void **state)
{
	(void)state;
	assert_feed(FEED_FEODO_CSV,
		    "\"first_seen_utc\",\"x\",\"dst_ip\"\n"
		    "\"a\",\"198.51.100.1\",\"192.0.2.1\"\n",
		    "2:192.0.2.1");
	assert_feed(FEED_THREATFOX_CSV,
		    "# \"ioc_type\",\"ioc_value\",\"confidence_level\"\n"
		    "\"ip:port\", \"192.0.2.1:1\", \"60\"\n",
		    "2:192.0.2.1@60");
	assert_feed(FEED_URLHAUS_CSV, "# id,url\n\"1\",\"http://192.0.2.1/\"\n",
		    "2:192.0.2.1");
}

static void threatfox_gives_what_is_an_address_and_sure_enough(void **state)
{
	static const char text[] =
		"# x\n"
		"\"t\", \"1\", \"192.0.2.85:4369\", \"ip:port\", \"b\", \"w\", "
		"\"N\", \"X\", \"\", \"100\", \"False\"\n"
		"\"t\", \"2\", \"[2001:db8::7]:80\", \"ip:port\", \"b\", \"w\", "
		"\"N\", \"X\", \"\", \"50\", \"False\"\n"
		"\"t\", \"3\", \"a.example\", \"domain\", \"b\", \"w\", "
		"\"N\", \"X\", \"\", \"100\", \"False\"\n";
	const struct feed_options sure = {
		.format = FEED_THREATFOX_CSV,
		.min_score = 75,
	};
	struct feed_seen seen = read_columns(&sure, text);

	(void)state;
	assert_feed(FEED_THREATFOX_CSV, text,
		    "2:192.0.2.85@100 3:2001:db8::7@50");
	assert_string_equal(seen.text, "2:192.0.2.85@100");
	assert_int_equal(seen.report.skipped[FEED_SKIP_SCORE], 1);
	assert_int_equal(seen.report.skipped[FEED_SKIP_TYPE], 1);
}

static void urlhaus_gives_hosts_that_are_addresses(void **state)
{
	static const struct {
		const char *url;
		const char *expected;
	} urls[] = {
		{"http://192.0.2.9:51234/i", "1:192.0.2.9"},
		{"https://192.0.2.9", "1:192.0.2.9"},
		{"ftp://user:pw@192.0.2.9/", "1:192.0.2.9"},
		{"http://[2001:db8::1]:80/x", "1:2001:db8::1"},
		{"http://192.0.2.9?x=/", "1:192.0.2.9"},
		{"https://files.example/198.51.100.1.exe", ""},
		{"http://a.example/@192.0.2.1/", ""},
		{"http://192.0.2.1@a.example/", ""},
		{"http://3221225985/", ""},
		{"http://0xC0000201/", ""},
		{"http://192.0.2/", ""},
		{"http://192.0.2.0/24", "1:192.0.2.0"},
		{"http://192.0.2.1-192.0.2.9/", ""},
		{"http://2001:db8::1%eth0/", ""},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		(void)snprintf(text, sizeof(text), "\"1\",\"d\",\"%s\",\"x\"\n",
			       urls[i].url);
		assert_feed(FEED_URLHAUS_CSV, text, urls[i].expected);
	}
	assert_feed_reject(FEED_URLHAUS_CSV,
			   "1,d,http://192.0.2.1/\n1,d,192.0.2.1\n", 2,
			   "not an URL");
}

static void a_line_of_a_table_may_be_longer_than_one_of_a_list(void **state)
{
	char text[9000] = "192.0.2.1,";

	(void)state;
	memset(text + strlen(text), 'x', 8000);
	assert_feed(FEED_CSV, text, "1:192.0.2.1");
	assert_feed_refused(FEED_PLAIN, text, FEED_INSTEAD_LONG_LINES);
	memset(text + strlen(text), 'x', 500);
	assert_feed_refused(FEED_CSV, text, FEED_INSTEAD_LONG_LINES);
}

/* A line of so many bytes, with so many good ones before it. */
static int read_long(size_t bytes, size_t before, const char *end,
		     struct feed_report *ret_report)
{
	static const char good[] = "192.0.2.1\n";
	const struct feed_options options = {.format = FEED_PLAIN};
	struct feed_seen seen = {0};
	char text[4000];
	size_t len = 0;

	for (; before > 0; before--)
		len += (size_t)sprintf(text + len, "%s", good);
	memset(text + len, ' ', bytes);
	text[len + (size_t)sprintf(text + len, "192.0.2.2")] = ' ';
	len += bytes;
	len += (size_t)sprintf(text + len, "%s%s", end, good);
	feed_read_bytes(&options, text, len, &seen);
	*ret_report = seen.report;
	return seen.r;
}

static void the_longest_line_is_as_long_wherever_it_stands(void **state)
{
	struct feed_report report;

	(void)state;
	for (size_t before = 0; before < 210; before += 15) {
		const uint32_t lines = (uint32_t)before + 2;

		assert_int_equal(
			read_long(PLAIN_LINE_MAX, before, "\n", &report), 0);
		assert_int_equal(report.lines, lines);
		assert_int_equal(
			read_long(PLAIN_LINE_MAX, before, "\r\n", &report), 0);
		assert_int_equal(report.accepted, lines);
		assert_int_equal(
			read_long(PLAIN_LINE_MAX + 1, before, "\n", &report),
			-EBADMSG);
		assert_int_equal(report.instead, FEED_INSTEAD_LONG_LINES);
		assert_int_equal(report.notes[0].line, lines - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_column_of_a_table_has_the_entries),
		cmocka_unit_test(two_columns_may_be_the_ends_of_a_range),
		cmocka_unit_test(a_row_that_is_broken_or_short_is_a_reject),
		cmocka_unit_test(a_column_beyond_all_is_not_read),
		cmocka_unit_test(feodo_is_whole_with_its_end_and_its_count),
		cmocka_unit_test(columns_are_found_by_their_names),
		cmocka_unit_test(
			threatfox_gives_what_is_an_address_and_sure_enough),
		cmocka_unit_test(urlhaus_gives_hosts_that_are_addresses),
		cmocka_unit_test(
			a_line_of_a_table_may_be_longer_than_one_of_a_list),
		cmocka_unit_test(
			the_longest_line_is_as_long_wherever_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
