// SPDX-License-Identifier: GPL-2.0-or-later
/* Which denials are told, and that each is counted once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/enforce/hush.h"
#include "perf/support/dice.h"

#define START_NS (7 * HUSH_NS)

static struct hush_answer hear(struct hush *hush, uint32_t file,
			       uint64_t now_ns)
{
	struct file_digest digest = {{0}};

	memcpy(digest.bytes, &file, sizeof(file));
	return hush_hear(hush, &digest, now_ns);
}

static void one_file_is_told_once_and_then_counted(void **state)
{
	struct hush hush = {0};

	(void)state;
	assert_int_equal(hear(&hush, 1, START_NS).count, 1);
	assert_int_equal(hear(&hush, 1, START_NS + 1).count, 0);
	assert_int_equal(hear(&hush, 1, START_NS + HUSH_NS - 1).count, 0);
	assert_int_equal(hear(&hush, 2, START_NS + 2).count, 1);
	assert_int_equal(hear(&hush, 1, START_NS + HUSH_NS).count, 3);
	assert_int_equal(hear(&hush, 1, START_NS + 2 * HUSH_NS).count, 1);
}

static void more_files_than_are_known_are_told_together(void **state)
{
	struct hush hush = {0};
	struct hush_answer answer;

	(void)state;
	for (uint32_t file = 0; file < HUSH_FILES; file++)
		assert_int_equal(hear(&hush, file, START_NS).count, 1);
	answer = hear(&hush, 1000, START_NS + 1);
	assert_int_equal(answer.count, 0);
	assert_int_equal(answer.others, 1);
	for (uint32_t file = 1001; file < 1500; file++) {
		answer = hear(&hush, file, START_NS + 2);
		assert_int_equal(answer.count + answer.others, 0);
	}
	assert_int_equal(hear(&hush, 0, START_NS + 3).count, 0);
	/* the first ones are over, and so are the others */
	answer = hear(&hush, 2000, START_NS + HUSH_NS);
	assert_int_equal(answer.count, 1);
	for (uint32_t file = 2001; file < 2000 + HUSH_FILES - 1; file++)
		assert_int_equal(hear(&hush, file, START_NS + HUSH_NS).count,
				 1);
	answer = hear(&hush, 3000, START_NS + HUSH_NS + 1);
	assert_int_equal(answer.count, 0);
	assert_int_equal(answer.others, 499 + 1 + 1);
}

/* Whatever comes, no more are told than may be, and each is in one count. */
static void each_is_counted_once(void **state)
{
	struct hush hush = {0};
	struct dice dice = {.state = 5};
	uint64_t now_ns = START_NS, period_ns = START_NS;
	uint64_t told = 0, heard = 0, waiting, tellings = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		const struct hush_answer answer =
			hear(&hush, (uint32_t)dice_below(&dice, 200), now_ns);

		heard++;
		told += answer.count + answer.others;
		tellings += answer.count > 0;
		tellings += answer.others > 0;
		waiting = hush.others;
		for (size_t file = 0; file < hush.count; file++)
			waiting += hush.files[file].waiting;
		assert_int_equal(told + waiting, heard);
		now_ns += dice_below(&dice, HUSH_NS / 200);
		if (now_ns < period_ns + HUSH_NS)
			continue;
		assert_true(tellings <= 2ul * (HUSH_FILES + 1));
		tellings = 0;
		period_ns = now_ns;
	}
	assert_true(told > heard / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_file_is_told_once_and_then_counted),
		cmocka_unit_test(more_files_than_are_known_are_told_together),
		cmocka_unit_test(each_is_counted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
