// SPDX-License-Identifier: GPL-2.0-or-later
/* Prefixes as text, as ranges, and as networks that hold one another. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/prefix.h"

static struct prefix of(const char *text)
{
	struct prefix prefix = {0};

	if (prefix_from_text(text, strlen(text), &prefix) < 0)
		fail_msg("not read: %s", text);
	return prefix;
}

static void assert_reads_as(const char *text, const char *expected)
{
	struct prefix prefix = of(text);
	char buf[PREFIX_TEXT_MAX];

	assert_string_equal(prefix_to_text(&prefix, buf), expected);
}

static void assert_refused(const char *text)
{
	struct prefix untouched = {.bits = 77};

	if (prefix_from_text(text, strlen(text), &untouched) != -EINVAL)
		fail_msg("not refused: %s", text);
	assert_int_equal(untouched.bits, 77);
}

static void assert_all_refused(const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_refused(texts[i]);
}

static void ipv4_is_read_and_written_as_people_do(void **state)
{
	(void)state;
	assert_reads_as("192.0.2.1", "192.0.2.1");
	assert_reads_as("192.0.2.1/32", "192.0.2.1");
	assert_reads_as("192.0.2.0/24", "192.0.2.0/24");
	assert_reads_as("0.0.0.0/0", "0.0.0.0/0");
	assert_reads_as("255.255.255.255", "255.255.255.255");
}

static void ipv6_is_read_and_written_as_people_do(void **state)
{
	(void)state;
	assert_reads_as("2001:DB8::1", "2001:db8::1");
	assert_reads_as("2001:db8::/32", "2001:db8::/32");
	assert_reads_as("::/0", "::/0");
	assert_reads_as("::1/128", "::1");
	assert_reads_as("0001:0:0:0:0:0:0:1", "1::1");
	assert_reads_as("1111:2222:3333:4444:5555:6666:123.123.123.123/127",
			"1111:2222:3333:4444:5555:6666:7b7b:7b7a/127");
}

static void bits_below_the_length_are_cleared(void **state)
{
	(void)state;
	assert_reads_as("192.0.2.77/24", "192.0.2.0/24");
	assert_reads_as("192.0.2.255/31", "192.0.2.254/31");
	assert_reads_as("255.255.255.255/0", "0.0.0.0/0");
	assert_reads_as("2001:db8:ffff::1/33", "2001:db8:8000::/33");
	assert_reads_as("2001:db8::ffff/127", "2001:db8::fffe/127");
}

static void a_dotted_mask_is_a_length(void **state)
{
	(void)state;
	assert_reads_as("192.0.2.77/255.255.255.0", "192.0.2.0/24");
	assert_reads_as("192.0.2.77/255.255.255.255", "192.0.2.77");
	assert_reads_as("192.0.2.77/255.128.0.0", "192.0.0.0/9");
	assert_reads_as("192.0.2.77/0.0.0.0", "0.0.0.0/0");
}

static void a_mask_with_holes_is_refused(void **state)
{
	static const char *const texts[] = {
		"192.0.2.0/255.0.255.0",      "192.0.2.0/0.0.0.255",
		"192.0.2.0/255.255.255.1",    "192.0.2.0/127.0.0.0",
		"192.0.2.0/255.255.255",      "192.0.2.0/255.255.255.0.0",
		"192.0.2.0/255.255.255.0/24", "2001:db8::/255.255.0.0",
	};

	(void)state;
	assert_all_refused(texts, ARRAY_LEN(texts));
}

static void a_mapped_address_is_the_ipv4_it_is(void **state)
{
	(void)state;
	assert_reads_as("::ffff:192.0.2.13", "192.0.2.13");
	assert_reads_as("::ffff:c000:20d", "192.0.2.13");
	assert_reads_as("::ffff:192.0.2.13/120", "192.0.2.0/24");
	assert_reads_as("::ffff:192.0.2.13/96", "0.0.0.0/0");
	assert_reads_as("::ffff:192.0.2.13/95", "::fffe:0:0/95");
	assert_reads_as("::192.0.2.13", "::192.0.2.13");
}

static void short_or_octal_ipv4_is_refused(void **state)
{
	static const char *const texts[] = {
		"10.1",
		"10",
		"10.1.1",
		"10.1.1.",
		".10.1.1",
		"10..1.1",
		"010.1.1.1",
		"10.01.1.1",
		"10.1.1.00",
		"0x0a.1.1.1",
		"0xC0000201",
		"3221225985",
		"10.1.1.1.1",
		"10.1.1.256",
		"10.1.1.1000",
		"10.1.1.4294967297",
		"::ffff:010.1.1.1",
	};

	(void)state;
	assert_all_refused(texts, ARRAY_LEN(texts));
}

static void a_bad_length_is_refused(void **state)
{
	static const char *const texts[] = {
		"10.1.1.1/",	"10.1.1.1/33",	"10.1.1.1/-1",
		"10.1.1.1/+1",	"10.1.1.1/024", "10.1.1.1/24/24",
		"10.1.1.1/24x", "10.1.1.1//24", "10.1.1.1/4294967304",
		"::1/",		"::1/129",	"::1/-1",
		"::1/064",	"::1/64/64",	"::1/64 ",
	};

	(void)state;
	assert_all_refused(texts, ARRAY_LEN(texts));
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"/",
		"/24",
		":",
		"::1::",
		"1:2:3:4:5:6:7:8:9",
		"12345::",
		"fe80::1%eth0",
		"fe80::1%eth0/64",
		"[::1]",
		"host.example.com",
		" 10.1.1.1",
		"10.1.1.1 ",
		"10.1.1.1\n",
		"10.1.1.1:80",
		"10.1.1.1-10.1.1.2",
		"1.1.1.1,",
		"\xff",
		"1.2.3.\xb1",
		"0000:0000:0000:0000:0000:ffff:255.255.255.2550",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
	};

	(void)state;
	assert_all_refused(texts, ARRAY_LEN(texts));
}

static void exactly_the_given_bytes_are_read(void **state)
{
	struct prefix prefix;
	char buf[PREFIX_TEXT_MAX];

	(void)state;
	assert_int_equal(prefix_from_text("10.1.1.123/24", 9, &prefix), 0);
	assert_string_equal(prefix_to_text(&prefix, buf), "10.1.1.12");
	assert_int_equal(prefix_from_text("::1234", 4, &prefix), 0);
	assert_string_equal(prefix_to_text(&prefix, buf), "::12");
	assert_int_equal(prefix_from_text("::1", 0, &prefix), -EINVAL);
}

static void a_nul_inside_is_refused(void **state)
{
	struct prefix prefix;

	(void)state;
	assert_int_equal(prefix_from_text("10.1.1.1\0x", 10, &prefix), -EINVAL);
	assert_int_equal(prefix_from_text("10.1.1.1\0", 9, &prefix), -EINVAL);
	assert_int_equal(prefix_from_text("::1\0:2", 6, &prefix), -EINVAL);
	assert_int_equal(prefix_from_text("::1\0/64", 7, &prefix), -EINVAL);
	assert_int_equal(prefix_from_text("::1/6\0", 6, &prefix), -EINVAL);
}

static void a_network_sorts_before_what_lies_in_it(void **state)
{
	static const char *const sorted[] = {
		"::/0",	      "::1",	     "0.0.0.0/0",
		"10.0.0.0/8", "10.0.0.0/24", "10.0.0.0",
		"10.0.0.1",   "11.0.0.0/8",  "2001:db8::/32",
	};

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_LEN(sorted); i++) {
		struct prefix low = of(sorted[i]);
		struct prefix high = of(sorted[i + 1]);

		assert_true(prefix_cmp(&low, &high) < 0);
		assert_true(prefix_cmp(&high, &low) > 0);
		assert_int_equal(prefix_cmp(&low, &low), 0);
	}
}

static void a_network_covers_itself_and_what_is_in_it(void **state)
{
	struct prefix net = of("192.0.2.0/24");
	struct prefix half = of("192.0.2.128/25");
	struct prefix next = of("192.0.3.0/24");

	(void)state;
	assert_true(prefix_covers(&net, &net));
	assert_true(prefix_covers(&net, &half));
	assert_false(prefix_covers(&half, &net));
	assert_false(prefix_covers(&net, &next));
	assert_true(prefix_overlaps(&half, &net));
	assert_false(prefix_overlaps(&next, &half));
}

static void everything_covers_every_address_of_its_family(void **state)
{
	struct prefix all4 = of("0.0.0.0/0");
	struct prefix all6 = of("::/0");
	struct prefix one4 = of("255.255.255.255");
	struct prefix one6 = of("ffff::1");

	(void)state;
	assert_true(prefix_covers(&all4, &one4));
	assert_false(prefix_covers(&all4, &one6));
	assert_true(prefix_covers(&all6, &one6));
}

static void an_ipv4_address_goes_in_and_comes_out(void **state)
{
	struct prefix one = prefix_of_v4(0xc0000201, 32);
	struct prefix net = prefix_of_v4(0xc00002ff, 24);
	struct prefix all = prefix_of_v4(0xc0000201, 0);

	(void)state;
	assert_int_equal(prefix_addr_v4(&one), 0xc0000201);
	assert_int_equal(prefix_addr_v4(&net), 0xc0000200);
	assert_int_equal(prefix_len(&net), 24);
	assert_true(prefix_is_v4(&all));
	assert_int_equal(prefix_addr_v4(&all), 0);
	assert_int_equal(prefix_len(&all), 0);
}

static void a_shorter_prefix_around_all_of_ipv4_is_ipv6(void **state)
{
	struct prefix around = of("::ffff:0:0/95");
	struct prefix zeros = of("::/96");

	(void)state;
	assert_false(prefix_is_v4(&around));
	assert_int_equal(prefix_len(&around), 95);
	assert_false(prefix_is_v4(&zeros));
}

static void a_network_around_the_mapped_addresses_has_all_of_ipv4(void **state)
{
	const char *const has[] = {"0.0.0.0/0", "::/0",	 "::/1",
				   "::/64",	"::/80", "::fffe:0:0/95"};
	const char *const has_not[] = {"0.0.0.0/1", "128.0.0.0/1", "::/96",
				       "::/81",	    "1::/16",	   "8000::/1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(has); i++) {
		struct prefix prefix = of(has[i]);

		assert_true(prefix_has_all_v4(&prefix));
	}
	for (size_t i = 0; i < ARRAY_LEN(has_not); i++) {
		struct prefix prefix = of(has_not[i]);

		assert_false(prefix_has_all_v4(&prefix));
	}
}

static void widening_keeps_the_family_and_cuts_bits(void **state)
{
	struct prefix one4 = of("192.0.2.77");
	struct prefix one6 = of("2001:db8:1:2::3");
	struct prefix net4 = prefix_widen(&one4, 24);
	struct prefix net6 = prefix_widen(&one6, 48);
	struct prefix all4 = prefix_widen(&one4, 0);
	struct prefix expected4 = of("192.0.2.0/24");
	struct prefix expected6 = of("2001:db8:1::/48");
	struct prefix expected_all = of("0.0.0.0/0");

	(void)state;
	assert_int_equal(prefix_cmp(&net4, &expected4), 0);
	assert_int_equal(prefix_cmp(&net6, &expected6), 0);
	assert_int_equal(prefix_cmp(&all4, &expected_all), 0);
}

/* Remembers what a range was split into, and stops it on demand. */
struct parts {
	char text[512];
	int calls;
	int stop_at; /* 0: never */
};

static int remember(void *arg, const struct prefix *prefix)
{
	struct parts *parts = arg;
	size_t used = strlen(parts->text);
	char buf[PREFIX_TEXT_MAX];

	parts->calls++;
	if (parts->calls <= 16)
		(void)snprintf(parts->text + used, sizeof(parts->text) - used,
			       "%s%s", used ? " " : "",
			       prefix_to_text(prefix, buf));
	return parts->calls == parts->stop_at ? -ECANCELED : 0;
}

static void assert_range_is(const char *first, const char *last,
			    const char *expected)
{
	struct prefix low = of(first);
	struct prefix high = of(last);
	struct parts parts = {0};

	assert_int_equal(prefix_each_in_range(&low, &high, remember, &parts),
			 0);
	assert_string_equal(parts.text, expected);
}

static void a_range_is_the_fewest_prefixes_in_order(void **state)
{
	(void)state;
	assert_range_is("192.0.2.1", "192.0.2.1", "192.0.2.1");
	assert_range_is("192.0.2.0", "192.0.2.255", "192.0.2.0/24");
	assert_range_is("192.0.2.1", "192.0.2.4",
			"192.0.2.1 192.0.2.2/31 192.0.2.4");
	assert_range_is("0.0.0.0", "255.255.255.255", "0.0.0.0/0");
	assert_range_is("255.255.255.254", "255.255.255.255",
			"255.255.255.254/31");
	assert_range_is("2001:db8::", "2001:db8::ffff", "2001:db8::/112");
	assert_range_is("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"::/0");
}

static void the_worst_range_gives_as_many_parts_as_promised(void **state)
{
	struct prefix low4 = of("0.0.0.1");
	struct prefix high4 = of("255.255.255.254");
	struct prefix low6 = of("::1");
	struct prefix high6 = of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
	struct parts parts4 = {0};
	struct parts parts6 = {0};

	(void)state;
	assert_int_equal(prefix_each_in_range(&low4, &high4, remember, &parts4),
			 0);
	assert_int_equal(parts4.calls, 62);
	assert_int_equal(prefix_each_in_range(&low6, &high6, remember, &parts6),
			 0);
	assert_int_equal(parts6.calls, 254);
}

static void a_range_stops_at_the_first_negative_answer(void **state)
{
	struct prefix low = of("192.0.2.1");
	struct prefix high = of("192.0.2.254");
	struct parts parts = {.stop_at = 2};

	(void)state;
	assert_int_equal(prefix_each_in_range(&low, &high, remember, &parts),
			 -ECANCELED);
	assert_int_equal(parts.calls, 2);
}

static void what_is_no_range_is_refused(void **state)
{
	static const char *const pairs[][2] = {
		{"192.0.2.2", "192.0.2.1"},    {"192.0.2.0/24", "192.0.3.0"},
		{"192.0.2.0", "192.0.3.0/24"}, {"192.0.2.1", "2001:db8::1"},
		{"::1", "192.0.2.1"},
	};
	struct parts parts = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct prefix low = of(pairs[i][0]);
		struct prefix high = of(pairs[i][1]);

		assert_int_equal(
			prefix_each_in_range(&low, &high, remember, &parts),
			-EINVAL);
	}
	assert_int_equal(parts.calls, 0);
}

static void a_peer_of_ipv6_counts_as_its_network(void **state)
{
	static const char *const pairs[][2] = {
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::/65", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::/64", "2001:db8:1:2::/64"},
		{"2001:db8:1::/48", "2001:db8:1::/48"},
		{"192.0.2.1", "192.0.2.1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"192.0.2.0/25", "192.0.2.0/25"},
		{"64:ff9b::192.0.2.1", "64:ff9b::192.0.2.1"},
		{"64:ff9b:1::192.0.2.1", "64:ff9b:1::192.0.2.1"},
		{"64:ff9a::1", "64:ff9a::/64"},
		{"::192.0.2.1", "::192.0.2.1"},
		{"::ffff:0:192.0.2.1", "::ffff:0:192.0.2.1"},
		{"0:0:0:1::1", "0:0:0:1::/64"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		const struct prefix peer = of(pairs[i][0]);
		const struct prefix expected = of(pairs[i][1]);
		const struct prefix counted = prefix_counted(&peer);

		assert_int_equal(prefix_cmp(&counted, &expected), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_is_read_and_written_as_people_do),
		cmocka_unit_test(ipv6_is_read_and_written_as_people_do),
		cmocka_unit_test(bits_below_the_length_are_cleared),
		cmocka_unit_test(a_dotted_mask_is_a_length),
		cmocka_unit_test(a_mask_with_holes_is_refused),
		cmocka_unit_test(a_mapped_address_is_the_ipv4_it_is),
		cmocka_unit_test(short_or_octal_ipv4_is_refused),
		cmocka_unit_test(a_bad_length_is_refused),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(exactly_the_given_bytes_are_read),
		cmocka_unit_test(a_nul_inside_is_refused),
		cmocka_unit_test(a_network_sorts_before_what_lies_in_it),
		cmocka_unit_test(a_network_covers_itself_and_what_is_in_it),
		cmocka_unit_test(everything_covers_every_address_of_its_family),
		cmocka_unit_test(an_ipv4_address_goes_in_and_comes_out),
		cmocka_unit_test(a_shorter_prefix_around_all_of_ipv4_is_ipv6),
		cmocka_unit_test(
			a_network_around_the_mapped_addresses_has_all_of_ipv4),
		cmocka_unit_test(widening_keeps_the_family_and_cuts_bits),
		cmocka_unit_test(a_peer_of_ipv6_counts_as_its_network),
		cmocka_unit_test(a_range_is_the_fewest_prefixes_in_order),
		cmocka_unit_test(
			the_worst_range_gives_as_many_parts_as_promised),
		cmocka_unit_test(a_range_stops_at_the_first_negative_answer),
		cmocka_unit_test(what_is_no_range_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
