// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is no capture, and where one breaks off: what the reader says of it.
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
#include "tests/support/capture_file.h"

static void assert_refused(const struct capture_file *file, int expected,
			   size_t offset, const char *why)
{
	struct capture_seen seen = {0};

	assert_int_equal(capture_read(file->bytes, file->len, &seen), expected);
	assert_string_equal(seen.report.why, why);
	assert_int_equal(seen.report.offset, offset);
	assert_int_equal(seen.report.packets, seen.count);
}

#define CUT	   "the file ends in the middle"
#define NO_CAPTURE "neither pcap nor pcapng"

static void what_is_no_capture_is_refused(void **state)
{
	struct capture_file file = {0};

	(void)state;
	assert_refused(&file, -EBADMSG, 0, NO_CAPTURE);
	capture_put_padded(&file, "GIF89a, not a capture at all", 28);
	assert_refused(&file, -EBADMSG, 0, NO_CAPTURE);
	file.len = 3;
	assert_refused(&file, -EBADMSG, 0, NO_CAPTURE);
}

static void another_version_is_refused(void **state)
{
	struct capture_file file = {0};

	(void)state;
	capture_put_classic(&file, 0xa1b2c3d4);
	file.bytes[6] = 3;
	assert_refused(&file, -EBADMSG, 0, "a version that is not known");
	file = (struct capture_file){0};
	capture_put_section(&file);
	file.bytes[12] = 2;
	assert_refused(&file, -EBADMSG, 0, "a version that is not known");
}

/* Cut at every length, a file gives the packets that are whole, and says
 * where it broke off. */
static void assert_cuts(const struct capture_file *whole, const size_t *ends,
			size_t count)
{
	struct capture_file file = *whole;

	for (file.len = 4; file.len < whole->len; file.len++) {
		struct capture_seen seen = {0};
		int r = capture_read(file.bytes, file.len, &seen);
		size_t complete = 0;

		while (complete + 1 < count && ends[complete + 1] <= file.len)
			complete++;
		assert_int_equal(r, file.len == ends[complete] ? 0 : -ENODATA);
		assert_int_equal(seen.report.offset,
				 file.len < ends[0] ? 0 : ends[complete]);
		assert_string_equal(r < 0 ? seen.report.why : CUT, CUT);
	}
}

static void a_file_cut_anywhere_gives_what_is_whole(void **state)
{
	struct capture_file file = {0};
	size_t ends[8];

	(void)state;
	capture_put_classic(&file, 0xa1b2c3d4);
	ends[0] = file.len;
	capture_put_record(&file, 1, 2, "first");
	ends[1] = file.len;
	capture_put_record(&file, 1, 2, "second");
	ends[2] = file.len;
	assert_cuts(&file, ends, 3);
	file = (struct capture_file){.is_big_endian = true};
	capture_put_section(&file);
	ends[0] = file.len;
	capture_put_interface(&file, 1, 0, "eth0", 9);
	ends[1] = file.len;
	capture_put_enhanced(&file, 0, 1, "first", 1);
	ends[2] = file.len;
	capture_put_simple(&file, 5, "third");
	ends[3] = file.len;
	assert_cuts(&file, ends, 4);
}

static void a_block_whose_lengths_cannot_be_is_refused(void **state)
{
	struct capture_file whole = {0};
	struct capture_file file;

	(void)state;
	capture_put_section(&whole);
	capture_put_interface(&whole, 1, 0, NULL, 0);
	file = whole;
	capture_put_enhanced(&file, 0, 1, "x", 0);
	file.bytes[whole.len + 4] = 37;
	assert_refused(&file, -EBADMSG, whole.len,
		       "a block whose length cannot be");
	file.bytes[whole.len + 4] = 8;
	assert_refused(&file, -EBADMSG, whole.len,
		       "a block whose length cannot be");
	file.bytes[whole.len + 4] = 36;
	file.bytes[file.len - 4] = 40;
	assert_refused(&file, -EBADMSG, whole.len,
		       "the two lengths of a block differ");
	file = whole;
	capture_begin(&file, 6);
	capture_put(&file, 8, 0);
	capture_put(&file, 8, 0);
	capture_end(&file);
	assert_refused(&file, -EBADMSG, whole.len,
		       "a block too short for its kind");
	file = whole;
	capture_put_enhanced(&file, 0, 1, "x", 0);
	file.bytes[whole.len + 20] = 5;
	assert_refused(&file, -EBADMSG, whole.len,
		       "a packet longer than its block");
	file = whole;
	capture_put_simple(&file, 5, "abc");
	assert_refused(&file, -EBADMSG, whole.len,
		       "a packet longer than its block");
}

static void a_section_needs_its_magic(void **state)
{
	struct capture_file file = {0};

	(void)state;
	capture_put_section(&file);
	file.bytes[8] = 0;
	assert_refused(&file, -EBADMSG, 0,
		       "a section without its byte-order magic");
}

static void an_option_of_an_interface_ends_in_its_block(void **state)
{
	struct capture_file file = {0};

	(void)state;
	capture_put_section(&file);
	capture_begin(&file, 1);
	capture_put(&file, 8, 1);
	capture_put(&file, 4, 2 | 5 << 16); /* a name of five bytes, in four */
	capture_put(&file, 4, 0);
	capture_end(&file);
	assert_refused(&file, -EBADMSG, 28, "an option longer than its block");
}

static void the_interfaces_of_a_section_are_bounded(void **state)
{
	static uint8_t bytes[28 + 20 * (PCAP_INTERFACES_MAX + 1)];
	struct capture_seen seen = {0};
	struct capture_file file = {0};
	size_t section;

	(void)state;
	capture_put_section(&file);
	section = file.len;
	capture_begin(&file, 1);
	capture_put(&file, 8, 1);
	capture_end(&file);
	memcpy(bytes, file.bytes, section);
	for (size_t i = 0; i <= PCAP_INTERFACES_MAX; i++)
		memcpy(bytes + section + i * 20, file.bytes + section, 20);
	assert_int_equal(capture_read(bytes, sizeof(bytes) - 20, &seen), 0);
	assert_int_equal(capture_read(bytes, sizeof(bytes), &seen), -EBADMSG);
	assert_string_equal(seen.report.why, "too many interfaces");
}

static void a_packet_too_long_to_be_one_is_refused(void **state)
{
	struct capture_file file = {0};

	(void)state;
	capture_put_classic(&file, 0xa1b2c3d4);
	capture_put_record(&file, 1, 2, "first");
	file.bytes[24 + 10] = 4; /* 262149 bytes */
	assert_refused(&file, -EBADMSG, 24, "a packet too long to be one");
}

static void an_interface_of_an_earlier_section_is_not_described(void **state)
{
	struct capture_file file = {0};
	size_t offset;

	(void)state;
	capture_put_section(&file);
	capture_put_interface(&file, 1, 0, "eth0", 9);
	capture_put_section(&file);
	offset = file.len;
	capture_put_enhanced(&file, 0, 5, "one", 0);
	assert_refused(&file, -EBADMSG, offset,
		       "a packet of an interface not described");
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_capture_is_refused),
		cmocka_unit_test(another_version_is_refused),
		cmocka_unit_test(a_file_cut_anywhere_gives_what_is_whole),
		cmocka_unit_test(a_block_whose_lengths_cannot_be_is_refused),
		cmocka_unit_test(a_section_needs_its_magic),
		cmocka_unit_test(an_option_of_an_interface_ends_in_its_block),
		cmocka_unit_test(the_interfaces_of_a_section_are_bounded),
		cmocka_unit_test(a_packet_too_long_to_be_one_is_refused),
		cmocka_unit_test(
			an_interface_of_an_earlier_section_is_not_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
