// SPDX-License-Identifier: GPL-2.0-or-later
/* A version of a feed from bytes to what is to be listed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/feed_intake.h"
#include "rules/base.h"

#define TEXT_MAX 8192

struct desk {
	struct feed feed;
	struct feed_intake intake;
	struct prefix_list before; /* that the set holds */
	char text[TEXT_MAX];
};

static int setup(void **state)
{
	static struct desk desk;

	desk = (struct desk){.intake.feed = &desk.feed};
	feed_init(&desk.feed);
	desk.feed.class = FEED_CLASS_REPUTATION;
	desk.feed.bytes_max = TEXT_MAX;
	desk.feed.expected_max = 1000;
	desk.feed.limits.protected_share = 100;
	*state = &desk;
	return 0;
}

static int teardown(void **state)
{
	struct desk *desk = *state;

	feed_intake_done(&desk->intake);
	prefix_list_done(&desk->before);
	return 0;
}

static void put(struct prefix_list *list, const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	assert_int_equal(prefix_list_add(list, &prefix), 0);
}

static void run(struct desk *desk, const char *text)
{
	desk->intake.bytes = text;
	desk->intake.len = text ? strlen(text) : 0;
	desk->intake.before = (struct feed_prefixes){
		.prefixes = desk->before.list,
		.count = desk->before.count,
	};
	assert_int_equal(feed_intake_run(&desk->intake), 0);
}

/* "PREFIX PREFIX ..." */
static void assert_listed(struct desk *desk, const char *expected)
{
	const struct listed_array *listed = &desk->intake.listed;
	char text[PREFIX_TEXT_MAX];
	size_t len = 0;

	desk->text[0] = '\0';
	for (size_t i = 0; i < listed->count; i++)
		len += (size_t)snprintf(
			desk->text + len, TEXT_MAX - len, "%s%s", i ? " " : "",
			prefix_to_text(&listed->list[i].prefix, text));
	assert_string_equal(desk->text, expected);
}

/* Once more, as the next version, with what was listed before it. */
static void again(struct desk *desk, const char *text)
{
	struct feed_intake *intake = &desk->intake;
	uint32_t entries = intake->judgement.entries;

	prefix_list_done(&desk->before);
	for (size_t i = 0; i < intake->listed.count; i++)
		assert_int_equal(
			prefix_list_add(&desk->before,
					&intake->listed.list[i].prefix),
			0);
	listed_done(&intake->listed);
	prefix_list_done(&intake->never);
	intake->before_entries = entries;
	intake->excepted = 0;
	run(desk, text);
}

static void a_resolver_is_cut_out_of_a_network_around_it(void **state)
{
	struct desk *desk = *state;

	put(&desk->intake.resolvers, "9.9.9.9");
	put(&desk->intake.protected, "45.83.0.1");
	run(desk, "9.9.9.8/30\n45.83.0.0/31\n45.83.0.1\n9.9.9.9\n10.0.0.0/9\n"
		  "8.0.0.0/6\n");
	assert_listed(desk, "8.0.0.0/8 9.0.0.0/13 9.8.0.0/16 9.9.0.0/21 "
			    "9.9.8.0/24 9.9.9.0/29 9.9.9.8 9.9.9.10/31 "
			    "9.9.9.12/30 9.9.9.16/28 9.9.9.32/27 9.9.9.64/26 "
			    "9.9.9.128/25 9.9.10.0/23 9.9.12.0/22 9.9.16.0/20 "
			    "9.9.32.0/19 9.9.64.0/18 9.9.128.0/17 9.10.0.0/15 "
			    "9.12.0.0/14 9.16.0.0/12 9.32.0.0/11 9.64.0.0/10 "
			    "9.128.0.0/9 11.0.0.0/8 45.83.0.0");
	assert_int_equal(desk->intake.judgement.left_out, 3);
	assert_int_equal(desk->intake.judgement.around, 3);
	assert_int_equal(desk->intake.excepted, 0);
}

static void what_was_cut_is_no_change(void **state)
{
	static const char text[] = "9.9.9.0/28\n45.83.0.0/24\n45.83.0.77\n";
	struct desk *desk = *state;

	put(&desk->intake.resolvers, "9.9.9.9");
	put(&desk->intake.exceptions, "45.83.0.77");
	run(desk, text);
	assert_int_equal(desk->intake.excepted, 2);
	assert_int_equal(desk->intake.judgement.added, 4 + 8);
	again(desk, text);
	assert_int_equal(desk->intake.excepted, 2);
	assert_int_equal(desk->intake.judgement.added, 0);
	assert_int_equal(desk->intake.judgement.removed, 0);
}

/* Pieces are not entries: a few exceptions would make any version after them
 * look like one that has lost most. */
static void exceptions_do_not_make_a_list_shrink(void **state)
{
	static const char text[] = "45.0.0.0/8\n46.0.0.0/8\n47.0.0.0/8\n";
	struct desk *desk = *state;

	desk->feed.limits.coverage = 100;
	put(&desk->intake.exceptions, "45.1.2.3");
	put(&desk->intake.exceptions, "46.1.2.3");
	put(&desk->intake.exceptions, "47.1.2.3");
	run(desk, text);
	assert_int_equal(desk->intake.listed.count, 72);
	again(desk, text);
	assert_int_equal(desk->intake.judgement.outcome, FEED_OUTCOME_ACCEPTED);
	assert_int_equal(desk->intake.judgement.entries, 3);
}

static void what_the_set_holds_can_be_read_anew(void **state)
{
	struct desk *desk = *state;

	put(&desk->before, "45.83.0.0/30");
	put(&desk->before, "46.0.0.1");
	put(&desk->intake.exceptions, "45.83.0.2");
	run(desk, NULL);
	assert_listed(desk, "45.83.0.0/31 45.83.0.3 46.0.0.1");
}

static void a_list_of_what_is_good_may_have_a_resolver(void **state)
{
	struct desk *desk = *state;

	desk->feed.class = FEED_CLASS_ALLOW;
	put(&desk->intake.resolvers, "9.9.9.9");
	put(&desk->intake.exceptions, "9.9.9.1");
	put(&desk->before, "9.9.9.0/31");
	put(&desk->before, "9.9.9.9");
	run(desk, NULL);
	assert_listed(desk, "9.9.9.0 9.9.9.9");
}

/* A megabyte of ranges, of 46 networks each. */
static void a_list_of_more_than_its_set_holds_is_not_read(void **state)
{
	static const char range[] = "20.0.0.1-20.255.255.254\n";
	const size_t lines = SET_CAPACITY_DEFAULT / 46 + 1;
	const size_t len = strlen(range);
	struct desk *desk = *state;
	char *text = malloc(lines * len + 1);

	assert_non_null(text);
	for (size_t i = 0; i < lines; i++)
		memcpy(text + i * len, range, len + 1);
	desk->feed.bytes_max = (uint32_t)(lines * len);
	desk->intake.bytes = text;
	desk->intake.len = (lines - 1) * len;
	assert_int_equal(feed_intake_run(&desk->intake), 0);
	assert_int_equal(desk->intake.listed.count, 46);
	listed_done(&desk->intake.listed);
	prefix_list_done(&desk->intake.never);
	desk->intake.len = lines * len;
	assert_int_equal(feed_intake_run(&desk->intake), -EFBIG);
	assert_string_equal(desk->intake.why,
			    "more than 2000000 entries: its set has no room "
			    "for so many (expected: max)");
	free(text);
}

#define INDICATOR(address, more)               \
	"{\"type\":\"indicator\",\"pattern\":" \
	"\"[ipv4-addr:value = '" address "']\"" more "}"
#define UNTIL(year)  ",\"valid_until\":\"" year "-01-01T00:00:00Z\""
#define BUNDLE(list) "{\"type\":\"bundle\",\"objects\":[" list "]}"
#define YEAR_2030_S  1893456000u
#define YEAR_2031_S  1924992000u

static void read_as(struct desk *desk, enum feed_format format)
{
	desk->feed.format = (uint8_t)format;
	assert_string_equal(feed_format_word(desk->feed.format),
			    feedfile_format_name(format));
}

/* "END ..." of what is listed, in order. */
static void assert_ends(struct desk *desk, const char *expected)
{
	const struct listed_array *listed = &desk->intake.listed;
	size_t len = 0;

	for (size_t i = 0; i < listed->count; i++)
		len += (size_t)snprintf(
			desk->text + len, TEXT_MAX - len, "%s%llu",
			i ? " " : "",
			(unsigned long long)feed_intake_end(
				&desk->intake, listed->list[i].line)
				.until_s);
	assert_string_equal(desk->text, expected);
}

static void an_entry_ends_when_the_last_indicator_of_it_does(void **state)
{
	struct desk *desk = *state;

	read_as(desk, FEED_STIX);
	put(&desk->intake.exceptions, "45.83.0.3");
	run(desk,
	    BUNDLE(INDICATOR("45.84.0.1", UNTIL("2031")) "," INDICATOR("45.83.0.1", UNTIL("2030")) "," INDICATOR(
		    "45.83.0.1",
		    UNTIL("2031")) "," INDICATOR("45.83.0.9",
						 UNTIL("9999")) "," INDICATOR("45.84.0.1",
									      "") "," INDICATOR("45.83.0.2/31",
												UNTIL("2030"))));
	assert_listed(desk, "45.83.0.1 45.83.0.2 45.83.0.9 45.84.0.1");
	assert_ends(desk, "1924992000 1893456000 0 0");
}

static void what_is_read_anew_keeps_its_ends(void **state)
{
	struct desk *desk = *state;

	put(&desk->before, "45.83.0.0/31");
	put(&desk->before, "46.0.0.1");
	assert_int_equal(feed_ends_add(&desk->intake.ends, YEAR_2030_S, 7), 0);
	assert_int_equal(feed_ends_add(&desk->intake.ends, YEAR_2031_S, 8), 0);
	put(&desk->intake.exceptions, "45.83.0.1");
	run(desk, NULL);
	assert_listed(desk, "45.83.0.0 46.0.0.1");
	assert_ends(desk, "1893456000 1924992000");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_resolver_is_cut_out_of_a_network_around_it),
		TEST(what_was_cut_is_no_change),
		TEST(exceptions_do_not_make_a_list_shrink),
		TEST(what_the_set_holds_can_be_read_anew),
		TEST(a_list_of_what_is_good_may_have_a_resolver),
		TEST(a_list_of_more_than_its_set_holds_is_not_read),
		TEST(an_entry_ends_when_the_last_indicator_of_it_does),
		TEST(what_is_read_anew_keeps_its_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
