// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Indicators of STIX: which patterns are one of addresses, and when an
 * indicator holds. And the moments and spans that feeds write.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/feedfile/instant.h"
#include "tests/support/feeds.h"

#define BUNDLE(objects) "{\"type\":\"bundle\",\"objects\":[" objects "]}"
#define INDICATOR(pattern, more)                         \
	"{\"type\":\"indicator\",\"pattern\":\"" pattern \
	"\",\"pattern_type\":\"stix\"" more "}"
#define ONE "[ipv4-addr:value = '192.0.2.1']"

static struct feed_seen read_pattern(const char *pattern)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), BUNDLE(INDICATOR("%s", "")),
		       pattern);
	return feed_parsed(FEED_STIX, text);
}

static void a_pattern_of_addresses_gives_them_all(void **state)
{
	static const struct {
		const char *pattern;
		const char *expected;
	} patterns[] = {
		{ONE, "1:192.0.2.1"},
		{"[ipv4-addr:value='192.0.2.1']", "1:192.0.2.1"},
		{" [ ipv4-addr:value = '192.0.2.1' OR ipv6-addr:value = "
		 "'2001:db8::/32' ] ",
		 "1:192.0.2.1 1:2001:db8::/32"},
		{ONE " OR [ipv4-addr:value = '192.0.2.2']",
		 "1:192.0.2.1 1:192.0.2.2"},
		{"[ipv4-addr:value ISSUBSET '192.0.2.0/24']", "1:192.0.2.0/24"},
		{"[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]",
		 "1:192.0.2.1 1:192.0.2.2"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct feed_seen seen = read_pattern(patterns[i].pattern);

		assert_string_equal(seen.text, patterns[i].expected);
		assert_int_equal(seen.report.accepted, 1);
	}
}

static void any_other_pattern_is_skipped_whole(void **state)
{
	static const char *const patterns[] = {
		"[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port "
		"= 443]",
		"[network-traffic:dst_ref.value = '192.0.2.1']",
		"[ipv4-addr:value != '192.0.2.1']",
		"[NOT ipv4-addr:value = '192.0.2.1']",
		"[ipv4-addr:value NOT = '192.0.2.1']",
		"[ipv4-addr:value LIKE '192.0.2.%']",
		"[ipv4-addr:value = '192.0.2.1' OR url:value = 'http://x/']",
		ONE " AND [ipv4-addr:value = '192.0.2.2']",
		ONE " FOLLOWEDBY [ipv4-addr:value = '192.0.2.2']",
		ONE " WITHIN 5 SECONDS",
		ONE " OR",
		ONE "]",
		"[ipv4-addr:value = '192.0.2.1'",
		"[ipv4-addr:value = '192.0.2.1",
		"[ipv4-addr:value IN ('192.0.2.1'",
		"[ipv4-addr:value IN ()]",
		"[]",
		"",
		"[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
		"[(ipv4-addr:value = '192.0.2.1')]",
		"[ipv4-addr:value = '192.0.2.1\\\\'']",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct feed_seen seen = read_pattern(patterns[i]);

		if (seen.r != 0 || seen.calls > 0 ||
		    seen.report.skipped[FEED_SKIP_TYPE] != 1)
			fail_msg("not skipped: %s", patterns[i]);
	}
}

static void a_pattern_with_one_bad_address_gives_none(void **state)
{
	static const char text[] = BUNDLE(INDICATOR(ONE, "") ",\n" INDICATOR(
		"[ipv4-addr:value = '192.0.2.2' OR ipv4-addr:value = "
		"'192.0.2']",
		""));

	(void)state;
	assert_feed_reject(FEED_STIX, text, 2, "not an address or network");
	assert_string_equal(feed_parsed(FEED_STIX, text).text, "1:192.0.2.1");
}

static void an_indicator_holds_until_it_ends_or_is_revoked(void **state)
{
	static const char text[] = BUNDLE(
		INDICATOR(ONE, ",\"valid_until\":\"2026-09-01T00:00:00Z\"") ",\n" INDICATOR(ONE, ",\"valid_until\":\"2026-08-01T00:00:00Z\"") ",\n" INDICATOR(
			ONE,
			",\"revoked\":true") ",\n" INDICATOR(ONE,
							     ",\"indicator_types\":[\"benign\",\"x\"]") ",\n" INDICATOR(ONE,
															",\"indicator_types\":[\"x\"],"
															"\"revoked\":false") ",\n"
																	     "{\"type\":\"malware\",\"pattern\":\"" ONE
																	     "\"},\n"
																	     "{\"type\":\"indicator\",\"pattern_type\":\"yara\","
																	     "\"pattern\":\"" ONE
																	     "\"}");
	struct feed_seen seen = feed_parsed(FEED_STIX, text);

	(void)state;
	assert_feed(FEED_STIX, text, "1:192.0.2.1<1788220800 5:192.0.2.1");
	assert_int_equal(seen.report.skipped[FEED_SKIP_EXPIRED], 1);
	assert_int_equal(seen.report.skipped[FEED_SKIP_REVOKED], 2);
	assert_int_equal(seen.report.skipped[FEED_SKIP_TYPE], 2);
	assert_feed_reject(FEED_STIX,
			   BUNDLE(INDICATOR(ONE, "") ",\n" INDICATOR(
				   ONE, ",\"valid_until\":\"soon\"")),
			   2, "not a time");
}

static void confidence_is_a_score_where_there_is_one(void **state)
{
	static const char text[] = BUNDLE(INDICATOR(ONE, "") ",\n" INDICATOR(
		ONE,
		",\"confidence\":85") ",\n" INDICATOR(ONE,
						      ",\"confidence\":15"));
	const struct feed_options options = {
		.format = FEED_STIX,
		.min_score = 50,
	};
	struct feed_seen seen = {0};

	(void)state;
	feed_read_bytes(&options, text, strlen(text), &seen);
	assert_string_equal(seen.text, "1:192.0.2.1 2:192.0.2.1@85");
	assert_int_equal(seen.report.skipped[FEED_SKIP_SCORE], 1);
}

static void an_envelope_of_taxii_has_objects_and_maybe_more(void **state)
{
	static const char text[] =
		"{\"more\":true,\"next\":\"2\",\"objects\":[" INDICATOR(
			ONE, "") "]}";
	struct feed_seen seen = feed_parsed(FEED_TAXII, text);

	(void)state;
	assert_feed(FEED_TAXII, text, "1:192.0.2.1");
	assert_true(seen.report.has_more);
	assert_feed(FEED_TAXII, "{}", "");
	assert_false(
		feed_parsed(FEED_TAXII, "{\"more\":false}").report.has_more);
	assert_feed_refused(FEED_TAXII, "[]", FEED_INSTEAD_JSON_OTHER);
	assert_feed_refused(FEED_TAXII, "{\"title\":\"no\"}",
			    FEED_INSTEAD_JSON_ERROR);
	assert_feed(FEED_TAXII, BUNDLE(INDICATOR(ONE, "")), "1:192.0.2.1");
	assert_feed_refused(FEED_STIX, text, FEED_INSTEAD_JSON_OTHER);
}

static void assert_instant(const char *text, int r, uint64_t expected)
{
	uint64_t s = 7;

	if (instant_from_text(span_of(text), &s) != r)
		fail_msg("%s", text);
	assert_int_equal(s, r < 0 ? 7 : expected);
}

static void a_moment_is_one_of_the_calendar(void **state)
{
	(void)state;
	assert_instant("1970-01-01T00:00:00Z", 0, 0);
	assert_instant("2000-02-29T23:59:59Z", 0, 951868799);
	assert_instant("2000-03-01T00:00:00Z", 0, 951868800);
	assert_instant("2026-09-01T00:00:00.000Z", 0, 1788220800);
	assert_instant("2026-09-01T00:00:00.001Z", 0, 1788220801);
	assert_instant("9999-12-31T23:59:59Z", 0, 253402300799);
	assert_instant("1969-12-31T23:59:59Z", -ERANGE, 0);
	assert_instant("2026-02-29T00:00:00Z", -EINVAL, 0);
	assert_instant("2026-04-31T00:00:00Z", -EINVAL, 0);
	assert_instant("2026-13-01T00:00:00Z", -EINVAL, 0);
	assert_instant("2026-00-01T00:00:00Z", -EINVAL, 0);
	assert_instant("2026-01-00T00:00:00Z", -EINVAL, 0);
	assert_instant("2026-01-01T24:00:00Z", -EINVAL, 0);
	assert_instant("2026-01-01T00:00:00", -EINVAL, 0);
	assert_instant("2026-01-01T00:00:00+01:00", -EINVAL, 0);
	assert_instant("2026-01-01T00:00:00.Z", -EINVAL, 0);
	assert_instant("2026-01-01T00:00:00Zx", -EINVAL, 0);
	assert_instant("2026-1-01T00:00:00Z", -EINVAL, 0);
	assert_instant("", -EINVAL, 0);
}

static void assert_span(const char *text, int r, uint64_t expected)
{
	uint64_t s = 7;

	if (instant_span_from_text(span_of(text), &s) != r)
		fail_msg("%s", text);
	assert_int_equal(s, r < 0 ? 7 : expected);
}

static void a_span_is_what_go_prints(void **state)
{
	(void)state;
	assert_span("59m58.561277483s", 0, 3599);
	assert_span("3h", 0, 10800);
	assert_span("1h0m0s", 0, 3600);
	assert_span("1.5h", 0, 5400);
	assert_span("1ns", 0, 1);
	assert_span("250ms", 0, 1);
	assert_span("1001ms", 0, 2);
	assert_span("5\xc2\xb5s", 0, 1);
	assert_span("0s", 0, 0);
	assert_span("-1.211071194s", 0, 0);
	assert_span("99999999999h", 0, 100ull * 365 * 86400);
	assert_span("99999999h99999999h99999999h", 0, 100ull * 365 * 86400);
	assert_span("3", -EINVAL, 0);
	assert_span("s", -EINVAL, 0);
	assert_span("3d", -EINVAL, 0);
	assert_span("-", -EINVAL, 0);
	assert_span("", -EINVAL, 0);
	assert_span("1h ", -EINVAL, 0);
	assert_span("99999999999999999999h", -EINVAL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_of_addresses_gives_them_all),
		cmocka_unit_test(any_other_pattern_is_skipped_whole),
		cmocka_unit_test(a_pattern_with_one_bad_address_gives_none),
		cmocka_unit_test(
			an_indicator_holds_until_it_ends_or_is_revoked),
		cmocka_unit_test(confidence_is_a_score_where_there_is_one),
		cmocka_unit_test(
			an_envelope_of_taxii_has_objects_and_maybe_more),
		cmocka_unit_test(a_moment_is_one_of_the_calendar),
		cmocka_unit_test(a_span_is_what_go_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
