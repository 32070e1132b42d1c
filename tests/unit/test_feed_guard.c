// SPDX-License-Identifier: GPL-2.0-or-later
/* Each guard of rules/feed_guard.h, at both sides of its limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/feed_sweep.h"
#include "tests/support/feed_bench.h"

static void a_plain_first_version_is_accepted(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->entries, 1000);
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.entries, 1000);
	assert_int_equal(bench->judgement.added, 1000);
	assert_int_equal(bench->judgement.removed, 0);
	assert_int_equal(bench->judgement.addresses_v4, 1000);
}

static void an_empty_version_is_held_unless_it_may_be(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->before, 1);
	assert_feed_held(bench, FEED_GUARD_EMPTY, "it has no entries");
	bench->feed.may_be_empty = true;
	assert_feed_accepted(bench);
	feed_bench_fill(&bench->before, 5000);
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.removed, 5000);
}

static void a_version_of_nothing_but_protected_ones_is_empty(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_put(&bench->entries, "10.0.0.1");
	bench->feed.limits.protected_share = 100;
	feed_bench_fill(&bench->before, 1);
	assert_feed_held(bench, FEED_GUARD_EMPTY,
			 "no entries that could be listed");
}

static void a_list_that_is_no_longer_kept_is_dead(void **state)
{
	struct feed_bench *bench = *state;

	bench->reading.has_notice = true;
	bench->feed.may_be_empty = true;
	assert_int_equal(feed_bench_judge(bench)->outcome, FEED_OUTCOME_DEAD);
	assert_int_equal(bench->judgement.findings[0].guard, FEED_GUARD_DEAD);
	assert_string_equal(bench->judgement.findings[0].text,
			    "it says that it is no longer kept, and has no "
			    "entries");
	assert_false(bench->judgement.has_notice);
	bench->feed.may_be_empty = false;
	assert_int_equal(feed_bench_judge(bench)->outcome, FEED_OUTCOME_DEAD);
}

static void a_notice_beside_entries_is_told_and_kills_nobody(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->entries, 10);
	assert_feed_accepted(bench);
	assert_false(bench->judgement.has_notice);
	bench->reading.has_notice = true;
	assert_feed_accepted(bench);
	assert_true(bench->judgement.has_notice);
}

static void a_version_that_was_cut_short_is_held(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->entries, 10);
	bench->reading.is_cut = true;
	assert_feed_held(bench, FEED_GUARD_CUT, "cut short");
}

static void a_version_with_fewer_than_it_says_is_held(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->entries, 10);
	bench->reading.stated = 11;
	bench->reading.counted = 10;
	assert_feed_accepted(bench);
	bench->reading.has_stated = true;
	assert_feed_held(bench, FEED_GUARD_STATED,
			 "it says that it has 11 entries, and has 10");
	bench->reading.counted = 11;
	assert_feed_held(bench, FEED_GUARD_STATED,
			 "it has other bytes than it says");
	bench->reading.stated_matches = true;
	assert_feed_accepted(bench);
}

static void rejects_up_to_a_tenth_are_let_pass(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->entries, 90);
	bench->reading.accepted = 90;
	bench->reading.rejected = 10;
	assert_feed_accepted(bench);
	bench->reading.rejected = 11;
	assert_feed_held(
		bench, FEED_GUARD_REJECTS,
		"11 of 101 lines were not understood: 10.9 %, at most 10 %");
	bench->feed.limits.rejects = 11;
	assert_feed_accepted(bench);
}

static void a_wide_network_is_held(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_put(&bench->entries, "21.0.0.0/8 22.0.0.0/8 2600::/20");
	assert_feed_accepted(bench);
	feed_bench_put(&bench->entries, "24.0.0.0/7 26.0.0.0/7");
	bench->feed.limits.coverage = 100;
	assert_feed_held(
		bench, FEED_GUARD_FLOOR_V4,
		"2 entries are wider than /8, the widest is 24.0.0.0/7");
	assert_true(bench->judgement.findings[0].figure == 7);
	bench->feed.limits.floor_v4 = 7;
	assert_feed_accepted(bench);
	feed_bench_put(&bench->entries, "2a00::/19");
	assert_feed_held(
		bench, FEED_GUARD_FLOOR_V6,
		"1 entries are wider than /20, the widest is 2a00::/19");
	bench->feed.class = FEED_CLASS_GEO;
	assert_feed_accepted(bench);
}

static void every_address_is_never_accepted(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->entries, 3);
	feed_bench_put(&bench->entries, "0.0.0.0/0");
	bench->feed.limits.protected_share = 100;
	for (unsigned int class = 0; class < FEED_CLASS_COUNT; class ++) {
		bench->feed.class = (uint8_t) class;
		for (int i = 0; i < 5; i++)
			assert_feed_held(bench, FEED_GUARD_EVERYTHING,
					 "1 entries list every address");
		assert_int_equal(bench->judgement.left_out, 1);
	}
	feed_bench_fill(&bench->entries, 3);
	feed_bench_put(&bench->entries, "::/0");
	bench->feed.class = FEED_CLASS_BOGON;
	assert_feed_held(bench, FEED_GUARD_EVERYTHING, "every address");
}

static void of_bogons_what_has_all_of_ipv4_in_it_is_left_out(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_put(&bench->entries, "::/8 4000::/2");
	bench->feed.class = FEED_CLASS_BOGON;
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.left_out, 1);
	assert_int_equal(bench->marks[0] & FEED_MARK_LEFT_OUT,
			 FEED_MARK_LEFT_OUT);
	bench->feed.class = FEED_CLASS_REPUTATION;
	bench->feed.limits.protected_share = 100;
	bench->feed.limits.floor_v6 = 1;
	assert_int_equal(feed_bench_judge(bench)->outcome, FEED_OUTCOME_HELD);
	assert_int_equal(bench->judgement.findings[0].guard,
			 FEED_GUARD_EVERYTHING);
}

static void a_line_of_every_address_is_not_just_a_reject(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->before, 100);
	feed_bench_fill(&bench->entries, 100);
	bench->reading.accepted = 100;
	bench->reading.rejected = 2;
	assert_feed_accepted(bench);
	bench->reading.everything = 2;
	assert_feed_held(bench, FEED_GUARD_EVERYTHING,
			 "2 entries list every address");
}

static void more_than_a_fiftieth_of_ipv6_in_use_is_held(void **state)
{
	struct feed_bench *bench = *state;

	bench->feed.limits.floor_v6 = 10;
	feed_bench_put(&bench->entries, "2a00::/15");
	assert_feed_accepted(bench);
	feed_bench_put(&bench->entries, "2c00::/15");
	assert_feed_held(bench, FEED_GUARD_COVERAGE, "of the IPv6 networks");
}

static void more_than_a_fiftieth_of_ipv4_is_held(void **state)
{
	struct feed_bench *bench = *state;

	/* 2 % are 85899345 addresses: five /8 and 2013265 more */
	feed_bench_put(&bench->entries,
		       "21.0.0.0/8 22.0.0.0/8 23.0.0.0/8 24.0.0.0/8 "
		       "25.0.0.0/8 21.1.0.0/16");
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.addresses_v4, 5u << 24);
	feed_bench_put(&bench->entries,
		       "26.0.0.0/12 26.16.0.0/13 26.24.0.0/14 "
		       "26.28.0.0/15 26.30.0.0/17 26.30.128.0/19 "
		       "26.30.160.0/20 26.30.176.0/21");
	assert_feed_accepted(bench);
	feed_bench_put(&bench->entries, "26.30.184.0/25");
	assert_feed_held(bench, FEED_GUARD_COVERAGE,
			 "it lists 2.0 % of all IPv4 addresses, at most 2 %");
	bench->feed.class = FEED_CLASS_BOGON;
	assert_feed_accepted(bench);
}

#define BOGONS                                                           \
	"0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 " \
	"172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.168.0.0/16 "        \
	"198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 "      \
	"240.0.0.0/4"

static void of_bogons_half_of_ipv4_is_the_most(void **state)
{
	struct feed_bench *bench = *state;

	bench->feed.class = FEED_CLASS_BOGON;
	feed_bench_put(&bench->entries, "0.0.0.0/1");
	assert_feed_accepted(bench);
	feed_bench_put(&bench->entries, "128.0.0.0/32");
	assert_feed_held(bench, FEED_GUARD_COVERAGE, "50.0 % of all IPv4");
	bench->entries.count = 0;
	feed_bench_put(&bench->entries, "0.0.0.0/1 128.0.0.0/1");
	feed_bench_put(&bench->before, BOGONS);
	for (int i = 0; i < 5; i++)
		assert_feed_held(bench, FEED_GUARD_COVERAGE,
				 "100.0 % of all IPv4");
}

static void bogons_are_measured_by_their_addresses(void **state)
{
	struct feed_bench *bench = *state;

	bench->feed.class = FEED_CLASS_BOGON;
	feed_bench_put(&bench->before, BOGONS);
	feed_bench_put(&bench->entries, BOGONS);
	assert_feed_accepted(bench);
	/* a small network more is no change, nor is 1/5 more */
	feed_bench_put(&bench->entries, "41.0.0.0/24 44.0.0.0/6");
	assert_feed_accepted(bench);
	feed_bench_put(&bench->entries, "64.0.0.0/4");
	assert_feed_held(bench, FEED_GUARD_COVERAGE, "are new, at most 50 %");
	bench->feed.limits.grow = 100;
	assert_feed_accepted(bench);
	/* as many, but others */
	bench->entries.count = 0;
	feed_bench_put(&bench->entries, "16.0.0.0/4 32.0.0.0/4 0.0.0.0/8 "
					"10.0.0.0/8 127.0.0.0/8");
	assert_feed_held(bench, FEED_GUARD_COVERAGE, "are missing");
}

static void ranges_of_ipv6_are_measured_too(void **state)
{
	struct feed_bench *bench = *state;

	bench->feed.class = FEED_CLASS_GEO;
	feed_bench_put(&bench->before, "2a00::/24 2a01::/24");
	feed_bench_put(&bench->entries, "2a00::/24 2a01::/24 2a02::/28");
	assert_feed_accepted(bench);
	feed_bench_put(&bench->entries, "2600::/20");
	assert_feed_held(bench, FEED_GUARD_COVERAGE, "IPv6 networks");
	bench->feed.class = FEED_CLASS_REPUTATION;
	assert_feed_accepted(bench);
}

/* Most of IPv6 is nobody's: of that, a list of bogons has all. */
static void bogons_of_ipv6_are_measured_where_it_is_in_use(void **state)
{
	struct feed_bench *bench = *state;

	bench->feed.class = FEED_CLASS_BOGON;
	feed_bench_put(&bench->entries,
		       "4000::/2 8000::/1 2400::/12 2410::/12 2600::/12 "
		       "2630::/12 2800::/12 2a10::/12");
	assert_feed_accepted(bench);
	bench->before = bench->entries;
	feed_bench_put(&bench->entries, "2a00::/28");
	assert_feed_accepted(bench);
	feed_bench_put(&bench->entries, "2c00::/12");
	assert_feed_held(bench, FEED_GUARD_COVERAGE,
			 "it lists 86.6 % of the IPv6 networks in use, at most "
			 "80 %");
	feed_bench_put(&bench->entries, "2000::/4 2000::/5");
	assert_feed_held(bench, FEED_GUARD_COVERAGE,
			 "it lists 100.0 % of the IPv6 networks in use");
	bench->before.count = bench->entries.count = 0;
	feed_bench_put(&bench->before, "4000::/2 2400::/12");
	feed_bench_put(&bench->entries, "4000::/2 2400::/12 2a00::/12");
	assert_feed_held(bench, FEED_GUARD_COVERAGE,
			 "of IPv6 networks in use listed before, 100.0 % are "
			 "new, at most 50 %");
	bench->entries.count = 0;
	feed_bench_put(&bench->entries, "4000::/2 8000::/1");
	assert_feed_held(bench, FEED_GUARD_COVERAGE, "100.0 % are missing");
}

static void ranges_of_a_family_that_had_none_are_held(void **state)
{
	struct feed_bench *bench = *state;

	bench->feed.class = FEED_CLASS_BOGON;
	feed_bench_put(&bench->before, "4000::/2 2400::/12");
	feed_bench_put(&bench->entries, "4000::/2 2400::/12 64.0.0.0/12");
	assert_feed_accepted(bench);
	feed_bench_put(&bench->entries, "64.16.0.0/32");
	assert_feed_held(bench, FEED_GUARD_COVERAGE,
			 "it lists IPv4 addresses, and had none of them");
	bench->before.count = 0;
	assert_feed_accepted(bench);
	bench->entries.count = 0;
	feed_bench_put(&bench->before, BOGONS);
	feed_bench_put(&bench->entries, BOGONS " 4000::/2");
	assert_feed_accepted(bench);
	feed_bench_put(&bench->entries, "2a00::/12");
	assert_feed_held(bench, FEED_GUARD_COVERAGE,
			 "it lists IPv6 networks in use, and had none");
}

static void what_is_listed_of_ipv6_is_counted_in_networks_of_64(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_put(
		&bench->entries,
		"2600::1 2600::2 2600:0:0:1::/64 2600:0:0:1::9 2600:1::/48");
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.nets_v6, 2 + 65536);
	assert_int_equal(bench->judgement.addresses_v4, 0);
	bench->entries.count = 0;
	feed_bench_put(&bench->entries, "4000::/2 8000::/1");
	bench->feed.class = FEED_CLASS_BOGON;
	assert_feed_accepted(bench);
	assert_true(bench->judgement.nets_v6 == (uint64_t)3 << 62);
}

static void what_lies_in_the_protected_is_left_out(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->entries, 100);
	feed_bench_put(&bench->protected, "20.0.0.8/30 20.0.1.0");
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.left_out, 4);
	assert_int_equal(bench->judgement.hits_protected, 4);
	assert_int_equal(bench->judgement.entries, 96);
	assert_int_equal(bench->judgement.added, 96);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(bench->marks[i],
				 i >= 8 && i < 12 ? FEED_MARK_LEFT_OUT : 0);
}

static void what_lies_around_the_protected_is_kept_and_told(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->entries, 60);
	feed_bench_put(&bench->entries, "21.0.0.0/16 21.0.0.0/24 22.0.0.0/24");
	feed_bench_put(&bench->protected, "21.0.0.7 21.0.0.200");
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.left_out, 0);
	assert_int_equal(bench->judgement.around, 2);
	assert_int_equal(bench->marks[60], FEED_MARK_AROUND);
	assert_int_equal(bench->marks[61], FEED_MARK_AROUND);
	assert_int_equal(bench->marks[62], 0);
}

static void resolvers_and_special_addresses_are_left_out_too(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->entries, 200);
	feed_bench_put(&bench->entries,
		       "8.8.8.8 10.1.2.3 192.168.0.0/24 127.0.0.1 ::1 "
		       "fe80::1 100.64.0.1 198.51.100.1");
	feed_bench_put(&bench->resolvers, "8.8.8.8 8.8.4.4");
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.left_out, 7);
	assert_int_equal(bench->judgement.hits_resolvers, 1);
	assert_int_equal(bench->judgement.hits_special, 6);
	assert_int_equal(bench->judgement.hits_protected, 0);
	assert_int_equal(bench->judgement.entries, 201);
}

static void bogons_are_special_and_that_is_no_fault(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_put(&bench->entries,
		       "10.0.0.0/8 127.0.0.0/8 169.254.0.0/16");
	feed_bench_put(&bench->protected, "127.0.0.0/8 10.0.0.1");
	bench->feed.class = FEED_CLASS_BOGON;
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.left_out, 1);
	assert_int_equal(bench->judgement.around, 1);
	assert_int_equal(bench->judgement.entries, 2);
}

static void what_is_good_may_be_protected(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_put(&bench->entries, "8.8.8.8 10.0.0.1");
	feed_bench_put(&bench->protected, "10.0.0.1");
	feed_bench_put(&bench->resolvers, "8.8.8.8");
	bench->feed.class = FEED_CLASS_ALLOW;
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.entries, 2);
	assert_int_equal(bench->judgement.left_out, 0);
}

static void more_than_fifty_that_are_protected_are_held(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->entries, 2000);
	for (uint32_t i = 0; i < 50; i++)
		bench->protected.prefixes[i] =
			prefix_of_v4((20u << 24) + 2 * i, 32);
	bench->protected.count = 50;
	assert_feed_accepted(bench);
	feed_bench_put(&bench->protected, "20.0.7.0");
	assert_feed_held(bench, FEED_GUARD_PROTECTED_HITS,
			 "51 entries list what is protected, at most 50 may");
	assert_int_equal(bench->judgement.left_out, 51);
}

static void more_than_a_twentieth_that_is_protected_is_held(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->entries, 100);
	feed_bench_put(&bench->protected, "20.0.0.0/30 20.0.0.4");
	assert_feed_accepted(bench);
	feed_bench_put(&bench->resolvers, "20.0.0.4 20.0.0.9");
	assert_feed_held(
		bench, FEED_GUARD_PROTECTED_SHARE,
		"6.0 % of its entries list what is protected, at most 5 %");
}

static void all_that_failed_is_told(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_fill(&bench->before, 1000);
	feed_bench_put(&bench->entries,
		       "0.0.0.0/0 24.0.0.0/5 10.0.0.1 2000::/4");
	bench->reading.is_cut = true;
	bench->reading.rejected = 1;
	bench->reading.has_stated = true;
	bench->reading.stated = 9;
	bench->feed.limits.protected_hits = 1;
	assert_int_equal(feed_bench_judge(bench)->outcome, FEED_OUTCOME_HELD);
	assert_int_equal(bench->judgement.finding_count, 11);
	assert_int_equal(bench->judgement.findings[10].guard,
			 FEED_GUARD_SHRINK);
}

static void the_widest_of_the_new_are_told_in_order(void **state)
{
	struct feed_bench *bench = *state;

	feed_bench_put(&bench->before, "21.0.0.0/9 22.0.0.0/24");
	feed_bench_put(
		&bench->entries,
		"21.0.0.0/9 22.0.0.0/24 23.0.0.0/16 24.0.0.0/12 25.0.0.1 "
		"2600::/32 26.0.0.0/20 27.0.0.0/22 28.0.0.0/23 29.0.0.0/24 "
		"30.0.0.0/25 31.0.0.0/26 32.0.0.0/10");
	assert_feed_accepted(bench);
	assert_int_equal(bench->judgement.added, 11);
	assert_int_equal(bench->judgement.widest_v4.count, FEED_WIDEST);
	for (size_t i = 0; i < FEED_WIDEST; i++)
		assert_int_equal(
			prefix_len(&bench->judgement.widest_v4.prefixes[i]),
			((unsigned int[]){10, 12, 16, 20, 22, 23, 24, 25})[i]);
	assert_int_equal(bench->judgement.widest_v6.count, 1);
}

static void the_special_ones_are_in_order(void **state)
{
	(void)state;
	for (size_t i = 1; i < feed_special.count; i++)
		assert_true(prefix_cmp(&feed_special.prefixes[i - 1],
				       &feed_special.prefixes[i]) < 0);
}

#define TEST(name)                                              \
	cmocka_unit_test_setup_teardown(name, feed_bench_setup, \
					feed_bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plain_first_version_is_accepted),
		TEST(an_empty_version_is_held_unless_it_may_be),
		TEST(a_version_of_nothing_but_protected_ones_is_empty),
		TEST(a_list_that_is_no_longer_kept_is_dead),
		TEST(a_notice_beside_entries_is_told_and_kills_nobody),
		TEST(a_version_that_was_cut_short_is_held),
		TEST(a_version_with_fewer_than_it_says_is_held),
		TEST(rejects_up_to_a_tenth_are_let_pass),
		TEST(a_wide_network_is_held),
		TEST(every_address_is_never_accepted),
		TEST(of_bogons_what_has_all_of_ipv4_in_it_is_left_out),
		TEST(a_line_of_every_address_is_not_just_a_reject),
		TEST(more_than_a_fiftieth_of_ipv6_in_use_is_held),
		TEST(more_than_a_fiftieth_of_ipv4_is_held),
		TEST(of_bogons_half_of_ipv4_is_the_most),
		TEST(bogons_are_measured_by_their_addresses),
		TEST(ranges_of_ipv6_are_measured_too),
		TEST(bogons_of_ipv6_are_measured_where_it_is_in_use),
		TEST(ranges_of_a_family_that_had_none_are_held),
		TEST(what_is_listed_of_ipv6_is_counted_in_networks_of_64),
		TEST(what_lies_in_the_protected_is_left_out),
		TEST(what_lies_around_the_protected_is_kept_and_told),
		TEST(resolvers_and_special_addresses_are_left_out_too),
		TEST(bogons_are_special_and_that_is_no_fault),
		TEST(what_is_good_may_be_protected),
		TEST(more_than_fifty_that_are_protected_are_held),
		TEST(more_than_a_twentieth_that_is_protected_is_held),
		TEST(all_that_failed_is_told),
		TEST(the_widest_of_the_new_are_told_in_order),
		TEST(the_special_ones_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
