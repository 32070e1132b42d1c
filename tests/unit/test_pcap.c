// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Captures of both formats in both byte orders, and what is read of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/pcap.h"
#include "rules/rule.h"
#include "tests/support/capture_file.h"

static struct capture_seen read_whole(const struct capture_file *file)
{
	struct capture_seen seen = {0};
	int r = capture_read(file->bytes, file->len, &seen);

	if (r < 0)
		fail_msg("%d at %zu: %s", r, seen.report.offset,
			 seen.report.why);
	assert_null(seen.report.why);
	assert_int_equal(seen.report.offset, file->len);
	assert_int_equal(seen.report.packets, seen.count);
	return seen;
}

static void a_classic_file_is_read_in_both_orders_and_both_units(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct capture_file file = {.is_big_endian = i & 1};
		struct capture_seen seen;

		capture_put_classic(&file, i & 2 ? 0xa1b23c4d : 0xa1b2c3d4);
		capture_put_record(&file, 1700000000, 123456, "first");
		capture_put_record(&file, 4294967295u, 999999, "");
		seen = read_whole(&file);
		assert_int_equal(seen.count, 2);
		assert_string_equal(seen.text[0], "first");
		assert_true(seen.packets[0].has_time);
		assert_int_equal(seen.packets[0].time_ns,
				 1700000000000000000ull +
					 (i & 2 ? 123456 : 123456000));
		assert_int_equal(seen.packets[0].original_bytes, 1000);
		assert_int_equal(seen.packets[0].link, PCAP_LINK_ETHERNET);
		assert_int_equal(seen.packets[0].offset, 24);
		assert_string_equal(seen.ifname[0], "");
		assert_int_equal(seen.packets[1].number, 2);
		assert_int_equal(seen.packets[1].captured_bytes, 0);
	}
}

static void a_classic_file_may_say_how_long_its_frame_checks_are(void **state)
{
	struct capture_file file = {0};

	(void)state;
	capture_put_classic(&file, 0xa1b2c3d4);
	capture_put_record(&file, 1, 0, "x");
	file.bytes[23] = 0x48; /* 4 bytes, and that they are told */
	assert_int_equal(read_whole(&file).packets[0].link, 1);
}

static void
sections_may_differ_in_order_and_have_their_own_interfaces(void **state)
{
	struct capture_file file = {0};
	struct capture_seen seen;

	(void)state;
	capture_put_section(&file);
	capture_put_interface(&file, PCAP_LINK_ETHERNET, 0, "eth0", 9);
	capture_put_enhanced(&file, 0, 5, "one", 0);
	file.is_big_endian = true;
	capture_put_section(&file);
	capture_put_interface(&file, PCAP_LINK_RAW, 0, NULL, 9);
	capture_put_interface(&file, PCAP_LINK_ETHERNET, 0, "wan\n1", 9);
	capture_put_enhanced(&file, 1, 1ull << 40 | 7, "two", 0);
	capture_put_enhanced(&file, 0, 8, "three", 0);
	seen = read_whole(&file);
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.text[0], "one");
	assert_string_equal(seen.ifname[0], "eth0");
	assert_int_equal(seen.packets[0].time_ns, 5);
	assert_string_equal(seen.text[1], "two");
	assert_string_equal(seen.ifname[1], "wan?1");
	assert_int_equal(seen.packets[1].interface, 1);
	assert_int_equal(seen.packets[1].time_ns, (1ull << 40) + 7);
	assert_int_equal(seen.packets[2].link, PCAP_LINK_RAW);
	assert_string_equal(seen.ifname[2], "");
}

static void the_unit_of_time_is_the_interfaces(void **state)
{
	static const struct {
		uint8_t tsresol;
		uint64_t time, ns;
	} cases[] = {
		{0, 1700000000000001, 1700000000000001000}, /* not given */
		{3, 1700000000001, 1700000000001000000},
		{9, 77, 77},
		{12, 1999, 1},
		{29, UINT64_MAX, 0},
		{127, UINT64_MAX, 0},
		{0x80 | 10, 1536, 1500000000},
		{0x80 | 32, 1ull << 31, 500000000},
		{0x80 | 127, UINT64_MAX, 0},
		{0x80, 3, 3000000000},
		{1, UINT64_MAX, UINT64_MAX}, /* what does not fit */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct capture_file file = {0};

		capture_put_section(&file);
		capture_put_interface(&file, 1, 0, NULL, cases[i].tsresol);
		capture_put_enhanced(&file, 0, cases[i].time, "x", 0);
		assert_int_equal(read_whole(&file).packets[0].time_ns,
				 cases[i].ns);
	}
}

static void an_offset_of_the_interface_is_added_to_the_time(void **state)
{
	static const struct {
		int64_t offset_s;
		uint64_t ns;
	} cases[] = {
		{1700000000, 1700000000000000042},
		{-1, 0},
		{INT64_MAX, UINT64_MAX},
		{INT64_MIN, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct capture_file file = {0};

		capture_put_section(&file);
		capture_begin(&file, 1);
		capture_put(&file, 4, 1);
		capture_put(&file, 4, 0);
		capture_put(&file, 4, 14 | 8 << 16);
		capture_put(&file, 8, (uint64_t)cases[i].offset_s);
		capture_put_option(&file, 9, "\x09", 1);
		capture_end(&file);
		capture_put_enhanced(&file, 0, 42, "x", 0);
		assert_int_equal(read_whole(&file).packets[0].time_ns,
				 cases[i].ns);
	}
}

static void the_direction_is_read_of_the_flags(void **state)
{
	static const uint8_t expected[] = {0, DIRECTION_IN, DIRECTION_OUT, 0};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(expected); i++) {
		struct capture_file file = {.is_big_endian = true};
		struct capture_seen seen;

		capture_put_section(&file);
		capture_put_interface(&file, 1, 0, NULL, 0);
		capture_put_enhanced(&file, 0, 1, "abcde", 0xfffffff0 | i);
		seen = read_whole(&file);
		assert_int_equal(seen.packets[0].direction, expected[i]);
		assert_string_equal(seen.text[0], "abcde");
	}
}

static void options_that_cannot_be_read_cost_the_direction_only(void **state)
{
	struct capture_file file = {0};
	struct capture_seen seen;

	(void)state;
	capture_put_section(&file);
	capture_put_interface(&file, 1, 0, NULL, 0);
	capture_put_enhanced(&file, 0, 1, "abcd", 1);
	file.bytes[file.len - 4 - 4 - 8 - 8 + 2] = 0xff;
	seen = read_whole(&file);
	assert_int_equal(seen.packets[0].direction, 0);
	assert_string_equal(seen.text[0], "abcd");
}

static void simple_and_obsolete_blocks_have_packets_too(void **state)
{
	struct capture_file file = {0};
	struct capture_seen seen;

	(void)state;
	capture_put_section(&file);
	capture_put_interface(&file, 1, 4, "eth0", 9);
	capture_put_simple(&file, 3, "abc");
	capture_put_simple(&file, 99, "abcd"); /* cut to what is kept */
	capture_begin(&file, 2);
	capture_put(&file, 2, 0);
	capture_put(&file, 2, 65535); /* drops */
	capture_put(&file, 4, 0);
	capture_put(&file, 4, 9);
	capture_put(&file, 4, 3);
	capture_put(&file, 4, 5);
	capture_put_padded(&file, "xyz", 3);
	capture_end(&file);
	seen = read_whole(&file);
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.text[0], "abc");
	assert_false(seen.packets[0].has_time);
	assert_string_equal(seen.text[1], "abcd");
	assert_int_equal(seen.packets[1].original_bytes, 99);
	assert_string_equal(seen.text[2], "xyz");
	assert_int_equal(seen.packets[2].time_ns, 9);
	assert_int_equal(seen.packets[2].original_bytes, 5);
}

static void blocks_of_other_kinds_are_skipped(void **state)
{
	struct capture_file file = {0};

	(void)state;
	capture_put_section(&file);
	capture_begin(&file, 0x80000bad);
	capture_put_padded(&file, "whatever", 8);
	capture_end(&file);
	capture_put_interface(&file, 1, 0, NULL, 0);
	capture_begin(&file, 5);
	capture_end(&file);
	capture_put_enhanced(&file, 0, 1, "x", 0);
	assert_int_equal(read_whole(&file).count, 1);
}

static void a_long_name_is_cut(void **state)
{
	char name[PCAP_IFNAME_MAX + 10];
	struct capture_file file = {0};

	(void)state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	capture_put_section(&file);
	capture_put_interface(&file, 1, 0, name, 0);
	capture_put_enhanced(&file, 0, 1, "x", 0);
	assert_int_equal(strlen(read_whole(&file).ifname[0]),
			 PCAP_IFNAME_MAX - 1);
}

static void the_packet_function_can_stop_the_reading(void **state)
{
	struct capture_seen seen = {.stop_at = 2};
	struct capture_file file = {0};

	(void)state;
	capture_put_classic(&file, 0xa1b2c3d4);
	for (int i = 0; i < 3; i++)
		capture_put_record(&file, 1, 2, "x");
	assert_int_equal(capture_read(file.bytes, file.len, &seen), -ECANCELED);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.report.packets, 1);
	assert_int_equal(seen.report.offset, 24 + 17);
	assert_null(seen.report.why);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_classic_file_is_read_in_both_orders_and_both_units),
		cmocka_unit_test(
			a_classic_file_may_say_how_long_its_frame_checks_are),
		cmocka_unit_test(
			sections_may_differ_in_order_and_have_their_own_interfaces),
		cmocka_unit_test(the_unit_of_time_is_the_interfaces),
		cmocka_unit_test(
			an_offset_of_the_interface_is_added_to_the_time),
		cmocka_unit_test(the_direction_is_read_of_the_flags),
		cmocka_unit_test(
			options_that_cannot_be_read_cost_the_direction_only),
		cmocka_unit_test(simple_and_obsolete_blocks_have_packets_too),
		cmocka_unit_test(blocks_of_other_kinds_are_skipped),
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(the_packet_function_can_stop_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
