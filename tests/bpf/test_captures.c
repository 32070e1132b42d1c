// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets as others met them: each file of captures below PORTCULLIS_DATA is
 * run through the program and read by a reader that shares nothing with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/captures.h"
#include "tests/support/rig.h"

#define SKIP	   77
#define PATH_BYTES 512

static struct rig rig;
static const char *root;
static size_t reasons[FW_REASON_COUNT];
static size_t too_short; /* frames that this kernel cannot be handed */

static const char *const folders[] = {"tcpdump-pcaps", "evasion-pcaps"};

static void each_capture(capture_fn *fn)
{
	struct captures captures = {0};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		char path[PATH_BYTES];
		size_t files = captures.files;

		(void)snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
		assert_int_equal(captures_each(path, fn, &captures), 0);
		assert_true(captures.files > files);
	}
	(void)printf("  %zu packets of %zu files, %zu of them too short to "
		     "run; files skipped: %zu of other links, %zu not opened\n"
		     "  by reason:",
		     captures.packets, captures.files, too_short,
		     captures.other_links, captures.unreadable);
	for (int i = 0; i < FW_REASON_COUNT; i++)
		(void)printf(" %d: %zu", i, reasons[i]);
	(void)printf("\n");
}

/* Run the frame, with an event or without. */
static void judge(const char *file, size_t number, const uint8_t *frame,
		  size_t len, const struct reading *reading, bool is_listed)
{
	enum fw_reason expected = rig_expected(reading, is_listed);
	enum fw_reason reason;
	uint32_t verdict;

	maps_set_credit(rig.maps, 0);
	rig_mark(&rig);
	verdict = rig_run(&rig, frame, len);
	reason = rig_reason(&rig, len);
	if (reason != expected)
		fail_msg("%s packet %zu: reason %d, expected %d", file, number,
			 (int)reason, (int)expected);
	if (verdict != rig_verdict_of(reason))
		fail_msg("%s packet %zu: action %u, reason %d", file, number,
			 verdict, (int)reason);
	reasons[reason]++;
}

/* The event says what the program acted on. */
static void compare(const char *file, size_t number, const uint8_t *frame,
		    size_t len, const struct reading *reading, bool is_listed)
{
	enum fw_reason expected = rig_expected(reading, is_listed);
	uint32_t verdict;
	struct fw_event event = rig_event(&rig, frame, len, &verdict);
	const char *field = rig_disagreement(&event, reading);

	if (event.reason != expected || verdict != rig_verdict_of(expected))
		fail_msg("%s packet %zu: reason %d with an event, expected %d",
			 file, number, event.reason, (int)expected);
	if (field)
		fail_msg("%s packet %zu: disagreement on %s", file, number,
			 field);
}

static void examine(const char *file, size_t number, const uint8_t *frame,
		    size_t len, bool is_listed)
{
	struct reading reading;

	if (!rig_takes(&rig, len)) {
		too_short++;
		return;
	}
	reader_read(frame, len, &reading);
	judge(file, number, frame, len, &reading, is_listed);
	compare(file, number, frame, len, &reading, is_listed);
}

static void examine_unlisted(const char *file, size_t number,
			     const uint8_t *frame, size_t len)
{
	examine(file, number, frame, len, false);
}

static void examine_listed(const char *file, size_t number,
			   const uint8_t *frame, size_t len)
{
	examine(file, number, frame, len, true);
}

static void every_packet_has_one_reason_and_is_read_alike(void **state)
{
	(void)state;
	each_capture(examine_unlisted);
}

static void every_packet_with_a_source_is_dropped_if_all_is_listed(void **state)
{
	(void)state;
	rig_list(&rig, "0.0.0.0/1", RIG_DROP);
	rig_list(&rig, "128.0.0.0/1", RIG_DROP);
	rig_list(&rig, "::/1", RIG_DROP);
	rig_list(&rig, "8000::/1", RIG_DROP);
	each_capture(examine_listed);
	assert_int_equal(reasons[FW_PASS_UNLISTED], 0);
	assert_int_equal(reasons[FW_PASS_UNREADABLE], 0);
}

static int setup(void **state)
{
	(void)state;
	rig_init(&rig);
	too_short = 0;
	for (int i = 0; i < FW_REASON_COUNT; i++)
		reasons[i] = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_done(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_packet_has_one_reason_and_is_read_alike, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			every_packet_with_a_source_is_dropped_if_all_is_listed,
			setup, teardown),
	};

	root = getenv("PORTCULLIS_DATA");
	if (!root || !*root) {
		(void)printf("skipped: PORTCULLIS_DATA does not name a folder "
			     "of captures\n");
		return SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
