// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds of one entry a line: plain with something in its comments or behind
 * its entries, p2p, DShield, Tor, RPZ and bogons.
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

#define NO_ADDRESS "not an address, network or range"

static void plain_lists_are_those_of_plain_read(void **state)
{
	struct feed_seen seen;

	(void)state;
	assert_feed(FEED_PLAIN,
		    "\xef\xbb\xbf# head\r\n192.0.2.1\r\n\n2001:db8::/32 # x\n"
		    "192.0.2.4-192.0.2.6\n",
		    "2:192.0.2.1 4:2001:db8::/32 5:192.0.2.4/31 5:192.0.2.6");
	seen = feed_parsed(FEED_PLAIN, "# a\n;b\n192.0.2.7/24\n192.0.2.1\nx\n");
	assert_int_equal(seen.report.lines, 5);
	assert_int_equal(seen.report.comments, 2);
	assert_int_equal(seen.report.accepted, 2);
	assert_int_equal(seen.report.rejected, 1);
	assert_int_equal(seen.report.host_bits, 1);
	assert_int_equal(seen.report.notes[0].line, 5);
}

static void bits_past_the_length_are_counted(void **state)
{
	static const char *const masked[] = {
		"192.0.2.1/24",
		"192.0.2.1/31",
		"192.0.2.0/22",
		"192.1.0.0/8",
		"128.0.0.0/0",
		"1.0.0.0/7",
		"192.0.2.4/255.255.255.0",
		"2001:db8::1/32",
		"::ffff:192.0.2.1/120",
		"::ffff:c000:201/120",
		"192.0.2.129/25",
	};
	static const char *const clean[] = {
		"192.0.2.0/24",
		"192.0.2.2/31",
		"192.0.4.0/22",
		"192.0.0.0/8",
		"2.0.0.0/7",
		"192.0.2.1/32",
		"192.0.2.0/255.255.255.0",
		"2001:db8::/32",
		"192.0.2.1",
		"::ffff:192.0.2.0/120",
		"192.0.2.128/25",
	};
	struct plain_item item;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(masked); i++) {
		(void)plain_item_read(masked[i], strlen(masked[i]), &item);
		if (!item.has_host_bits)
			fail_msg("%s", masked[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(clean); i++) {
		(void)plain_item_read(clean[i], strlen(clean[i]), &item);
		if (item.has_host_bits)
			fail_msg("%s", clean[i]);
	}
}

static void
a_list_without_end_mark_is_whole_when_its_last_line_ends(void **state)
{
	struct feed_seen seen =
		feed_parsed(FEED_PLAIN, "192.0.2.1\n192.0.2.22\n");

	(void)state;
	assert_true(seen.report.is_whole);
	assert_false(seen.report.has_end_mark);
	seen = feed_parsed(FEED_PLAIN, "192.0.2.1\n192.0.2.2");
	assert_false(seen.report.is_whole);
	assert_int_equal(seen.report.accepted, 2);
	seen = feed_parsed(FEED_P2P, "a:192.0.2.1-192.0.2.2");
	assert_false(seen.report.is_whole);
}

static void a_score_stands_behind_the_entry(void **state)
{
	struct feed_options options = {
		.format = FEED_PLAIN_SCORE,
		.min_score = 3,
	};
	static const char text[] =
		"192.0.2.1\t4\n192.0.2.2\t2\n192.0.2.3\n192.0.2.4 , 3\n";
	struct feed_seen seen = {0};

	(void)state;
	assert_feed(FEED_PLAIN_SCORE,
		    "# x\n192.0.2.1\t11\n2001:db8::/32 2\n192.0.2.2\n",
		    "2:192.0.2.1@11 3:2001:db8::/32@2 4:192.0.2.2");
	assert_feed(FEED_PLAIN_SCORE, "192.0.2.0-192.0.2.3 99999999999\n",
		    "1:192.0.2.0/30@4294967295");
	feed_read_bytes(&options, text, strlen(text), &seen);
	assert_string_equal(seen.text, "1:192.0.2.1@4 4:192.0.2.4@3");
	assert_int_equal(seen.report.skipped[FEED_SKIP_SCORE], 2);
	assert_feed_reject(FEED_PLAIN_SCORE, "192.0.2.1\t1\nx\t5\n", 2,
			   NO_ADDRESS);
}

static void a_range_of_p2p_stands_behind_the_last_colon(void **state)
{
	(void)state;
	assert_feed(
		FEED_P2P,
		"# list\nCIDR 10: x:192.0.2.0-192.0.2.255\n"
		"Some Org, Inc:198.51.100.3-198.51.100.4\r\nb: 192.0.2.1 \n",
		"2:192.0.2.0/24 3:198.51.100.3 3:198.51.100.4 4:192.0.2.1");
	assert_feed_reject(FEED_P2P, "a:192.0.2.1-192.0.2.1\n192.0.2.1\n", 2,
			   "no name and colon before the range");
	assert_feed_reject(FEED_P2P, "a:192.0.2.1\na:192.0.2.9-192.0.2.1\n", 2,
			   "range ends before it starts");
	assert_feed_reject(FEED_P2P, "a:192.0.2.1\na:192.0.2.1 x\n", 2,
			   "more behind the address");
}

#define BLOCK_HEAD "# x\nStart\tEnd\tNetmask\tAttacks\tName\n"

static void a_block_of_dshield_is_a_network_not_an_address(void **state)
{
	(void)state;
	assert_feed(FEED_DSHIELD,
		    BLOCK_HEAD "192.0.2.0\t192.0.2.255\t24\t9424\tA, 1.1.1.1\n"
			       "198.51.100.0\t198.51.101.255\t23\t6\tB\n",
		    "3:192.0.2.0/24@9424 4:198.51.100.0/23@6");
	assert_feed_reject(FEED_DSHIELD,
			   "192.0.2.0\t192.0.2.255\t24\t1\n"
			   "192.0.2.0\t192.0.2.127\t24\t9\n",
			   2, "not first, last and length of a network");
	assert_feed_reject(FEED_DSHIELD, "192.0.2.0\n", 1, "");
	assert_feed_reject(FEED_DSHIELD,
			   "192.0.2.9\t192.0.2.9\t32\t1\n"
			   "0.0.0.0\t255.255.255.255\t0\t1\n",
			   2, "covers every address");
}

static void only_dshields_sources_may_have_leading_zeros(void **state)
{
	(void)state;
	assert_feed(FEED_DSHIELD_API,
		    "# x\n001.002.003.004\t17\t3\n192.000.002.010\n",
		    "2:1.2.3.4@17 3:192.0.2.10");
	assert_feed_reject(FEED_DSHIELD_API, "1.2.3.4\n192.0.2.256\n", 2,
			   "not an IPv4 address");
	assert_feed_reject(FEED_DSHIELD_API, "1.2.3.4\n0192.0.2.1\n", 2,
			   "not an IPv4 address");
	assert_feed_reject(FEED_DSHIELD_API, "1.2.3.4\n1.2.3\n", 2,
			   "not an IPv4 address");
	assert_feed_reject(FEED_DSHIELD_API, "1.2.3.4\n1.2.3.4.5\n", 2,
			   "not an IPv4 address");
	for (int format = 0; format < FEED_FORMAT_COUNT; format++) {
		if (format != FEED_DSHIELD_API)
			assert_int_equal(feed_parsed((enum feed_format)format,
						     "001.002.003.004\n")
						 .calls,
					 0);
	}
}

#define DROP                                \
	"; Spamhaus DROP List 2026/08/22\n" \
	"192.0.2.0/24 ; SBL000001\n"        \
	"198.51.100.0/25 ; SBL000002\n; EOF\n"

static void spamhaus_text_is_whole_with_its_eof(void **state)
{
	struct feed_seen seen;

	(void)state;
	assert_feed(FEED_SPAMHAUS_TEXT, DROP,
		    "2:192.0.2.0/24 3:198.51.100.0/25");
	assert_feed_cuts(FEED_SPAMHAUS_TEXT, DROP, strlen(DROP) - 1);
	seen = feed_parsed(FEED_SPAMHAUS_TEXT, DROP "192.0.2.1\n");
	assert_true(seen.report.has_end_mark);
	assert_false(seen.report.is_whole);
}

#define NETSET                                               \
	"#\n# Category        : attacks\n"                   \
	"# Entries         : 2 subnets, 512 unique IPs\n#\n" \
	"192.0.2.0/24\n198.51.100.0/24\n"

static void a_netset_has_as_many_entries_as_its_head_says(void **state)
{
	struct feed_seen seen = feed_parsed(FEED_FIREHOL_NETSET, NETSET);

	(void)state;
	assert_int_equal(seen.report.stated_count, 2);
	assert_true(seen.report.stated_matches);
	assert_feed_cuts(FEED_FIREHOL_NETSET, NETSET, strlen(NETSET));
	seen = feed_parsed(FEED_FIREHOL_NETSET, NETSET "192.0.2.0/25\n");
	assert_false(seen.report.stated_matches);
	assert_false(seen.report.is_whole);
	assert_int_equal(seen.report.accepted, 3);
}

static void the_exits_of_tor_are_in_their_own_lines(void **state)
{
	static const char text[] =
		"ExitNode 0011BD2485AD45D984EC4159C88FC066E5E3300E\n"
		"Published 2026-08-22 01:34:15\n"
		"LastStatus 2026-08-22 03:00:00\n"
		"ExitAddress 192.0.2.201 2026-08-22 03:12:47\n"
		"ExitAddress 2001:db8::1 2026-08-22 03:12:47\n";

	(void)state;
	assert_feed(FEED_TOR_EXIT_ADDRESSES, text,
		    "4:192.0.2.201 5:2001:db8::1");
	assert_feed_reject(FEED_TOR_EXIT_ADDRESSES,
			   "ExitAddress 192.0.2.1 x\nyou may fetch this once\n",
			   2, "not a line of exit-addresses");
	assert_feed_reject(FEED_TOR_EXIT_ADDRESSES, "ExitAddress host x\n", 1,
			   "");
}

static void a_zone_lists_its_response_addresses(void **state)
{
	static const char text[] =
		"$TTL 60\n"
		"@ IN SOA localhost. root.localhost. (2026082200\n"
		"	3600 ; 32.1.1.1.1.rpz-ip CNAME .\n"
		"	600 )\n"
		"32.53.2.0.192.rpz-ip CNAME .\n"
		"24.0.100.51.198.rpz-ip.rpz.example. 60 IN CNAME rpz-drop.\n"
		"48.zz.8db.2001.rpz-ip CNAME *. ; why\n"
		"128.1.zz.8db.2001.rpz-ip CNAME .\n"
		"128.1.zz.rpz-ip CNAME .\n"
		"128.8.7.6.5.4.3.2.2001.rpz-ip CNAME .\n"
		"32.9.113.0.203.rpz-ip CNAME rpz-passthru.\n";

	(void)state;
	assert_feed(FEED_RPZ, text,
		    "5:192.0.2.53 6:198.51.100.0/24 7:2001:8db::/48 "
		    "8:2001:8db::1 9:::1 10:2001:2:3:4:5:6:7:8 "
		    "11:203.0.113.9+");
}

static void other_triggers_and_actions_of_a_zone_are_skipped(void **state)
{
	static const char text[] =
		"32.53.2.0.192.rpz-ip CNAME .\n"
		"24.0.100.51.198.rpz-client-ip CNAME rpz-drop.\n"
		"32.1.2.0.192.rpz-nsip CNAME .\n"
		"32.1.2.0.192.rpz-ip CNAME rpz-tcp-only.\n"
		"32.1.2.0.192.rpz-ip CNAME garden.example.\n"
		"32.1.2.0.192.rpz-ip A 192.0.2.2\n"
		"bad.example.com CNAME .\n"
		"a.b.c.d.e.f.g.h.i.j.rpz-ip CNAME .\n";
	struct feed_seen seen = feed_parsed(FEED_RPZ, text);

	(void)state;
	assert_string_equal(seen.text, "1:192.0.2.53");
	assert_int_equal(seen.report.skipped[FEED_SKIP_TYPE], 7);
	assert_int_equal(seen.report.rejected, 0);
}

static void names_of_a_zone_that_are_no_network_are_rejects(void **state)
{
	static const char *const names[] = {
		"33.53.2.0.192",
		"32.053.2.0.192",
		"0.0.0.0.0",
		"32.53.2.0",
		"128.1.zz.2.zz.2001",
		"x.zz.2001",
		"128.zz.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"32",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(text, sizeof(text),
			       "32.9.113.0.203.rpz-ip CNAME .\n"
			       "%s.rpz-ip CNAME .\n",
			       names[i]);
		assert_int_equal(feed_parsed(FEED_RPZ, text).calls, 1);
		assert_int_equal(feed_parsed(FEED_RPZ, text).report.rejected,
				 1);
	}
}

static void bogons_may_be_wide_but_not_everything(void **state)
{
	struct feed_seen seen;

	(void)state;
	assert_feed(FEED_BOGON,
		    "# last updated 1 (x)\n224.0.0.0/4\n8000::/1 # x\n",
		    "2:224.0.0.0/4 3:8000::/1");
	seen = feed_parsed(FEED_BOGON, "0.0.0.0/0\n::/0\n::ffff:0:0/96\n"
				       "::-ffff::\n10.0.0.0/8\n");
	assert_string_equal(seen.text, "5:10.0.0.0/8");
	assert_int_equal(seen.report.rejected, 4);
}

static int check_around(void *arg, const struct feed_entry *entry)
{
	const struct prefix v4 = prefix_of_v4(0, 0);
	unsigned __int128 *covered = arg;

	assert_false(prefix_overlaps(&entry->prefix, &v4));
	assert_int_equal(entry->prefix.addr[0], 0);
	if (entry->prefix.bits <= 8)
		return -EINVAL;
	*covered += (unsigned __int128)1 << (128 - entry->prefix.bits);
	return 0;
}

static void a_bogon_around_all_of_ipv4_is_given_around_it(void **state)
{
	const struct feed_options options = {.format = FEED_BOGON};
	unsigned __int128 covered = 0;
	struct feed_report report;

	(void)state;
	assert_int_equal(feedfile_read(&options, "::/8\n", 5, check_around,
				       &covered, &report),
			 0);
	/* the parts do not overlap, for together they are exactly the rest */
	assert_true(covered == ((unsigned __int128)1 << 120) -
				       ((unsigned __int128)1 << 32));
	assert_int_equal(report.entries, 88);
	assert_int_equal(report.accepted, 1);
	assert_feed(FEED_BOGON, "::fffe:0:0/95\n", "1:::fffe:0:0/96");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_lists_are_those_of_plain_read),
		cmocka_unit_test(bits_past_the_length_are_counted),
		cmocka_unit_test(
			a_list_without_end_mark_is_whole_when_its_last_line_ends),
		cmocka_unit_test(a_score_stands_behind_the_entry),
		cmocka_unit_test(a_range_of_p2p_stands_behind_the_last_colon),
		cmocka_unit_test(
			a_block_of_dshield_is_a_network_not_an_address),
		cmocka_unit_test(only_dshields_sources_may_have_leading_zeros),
		cmocka_unit_test(spamhaus_text_is_whole_with_its_eof),
		cmocka_unit_test(a_netset_has_as_many_entries_as_its_head_says),
		cmocka_unit_test(the_exits_of_tor_are_in_their_own_lines),
		cmocka_unit_test(a_zone_lists_its_response_addresses),
		cmocka_unit_test(
			other_triggers_and_actions_of_a_zone_are_skipped),
		cmocka_unit_test(
			names_of_a_zone_that_are_no_network_are_rejects),
		cmocka_unit_test(bogons_may_be_wide_but_not_everything),
		cmocka_unit_test(a_bogon_around_all_of_ipv4_is_given_around_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
