// SPDX-License-Identifier: GPL-2.0-or-later
/* What daemon/prepared.h says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/clock.h"
#include "daemon/prepared.h"
#include "tests/support/scratch.h"

#define UID	 7
#define DOCUMENT "version: 1\nsets: {friends: {members: [192.0.2.1]}}\n"

struct bench {
	struct scratch scratch;
	struct daemon daemon;
};

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	scratch_init(&bench->scratch, SCRATCH_MAP_BYTES);
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	prepared_free(bench->daemon.prepared);
	scratch_done(&bench->scratch);
	free(bench);
	return 0;
}

static struct apply apply_of(const struct bench *bench, const char *text)
{
	return (struct apply){
		.store = bench->scratch.store,
		.text = strdup(text),
		.len = strlen(text),
		.uid = UID,
	};
}

static void done(struct apply *apply)
{
	judge_free(apply->judge);
	free(apply->sets);
	free(apply->text);
}

/* The number of one that is prepared and kept. */
static uint64_t keep(struct bench *bench)
{
	struct apply apply = apply_of(bench, DOCUMENT);
	uint64_t number;

	assert_int_equal(apply_prepare(&apply), 0);
	number = prepared_keep(&bench->daemon, &apply);
	assert_null(apply.judge);
	done(&apply);
	return number;
}

static bool takes(struct bench *bench, uint64_t number, const char *text)
{
	struct prepared *prepared = prepared_claim(&bench->daemon, number, UID);
	struct apply apply = apply_of(bench, text);
	bool is_taken;

	assert_non_null(prepared);
	is_taken = prepared_take(prepared, &apply);
	assert_int_equal(apply.judge != NULL, is_taken);
	assert_int_equal(apply.set_count, is_taken ? 1 : 0);
	prepared_free(prepared);
	done(&apply);
	return is_taken;
}

static void it_is_given_once_and_by_its_number(void **state)
{
	struct bench *bench = *state;
	uint64_t number = keep(bench);

	assert_null(prepared_claim(&bench->daemon, number + 1, UID));
	assert_null(prepared_claim(&bench->daemon, number, UID + 1));
	assert_true(takes(bench, number, DOCUMENT));
	assert_null(prepared_claim(&bench->daemon, number, UID));
}

static void another_takes_its_place(void **state)
{
	struct bench *bench = *state;
	uint64_t first = keep(bench), second = keep(bench);

	assert_int_not_equal(first, second);
	assert_null(prepared_claim(&bench->daemon, first, UID));
	assert_true(takes(bench, second, DOCUMENT));
}

static void another_document_gets_nothing_of_it(void **state)
{
	struct bench *bench = *state;

	assert_false(takes(bench, keep(bench), DOCUMENT "#\n"));
}

static void a_commit_since_makes_it_void(void **state)
{
	struct bench *bench = *state;
	uint64_t number = keep(bench);

	assert_int_equal(scratch_put_revision(&bench->scratch, 1, "text"), 0);
	assert_false(takes(bench, number, DOCUMENT));
}

static void it_stays_for_the_moment(void **state)
{
	struct bench *bench = *state;
	uint64_t number = keep(bench);

	prepared_tick(&bench->daemon, clock_boot_s());
	assert_true(takes(bench, number, DOCUMENT));
}

static void what_nobody_asks_for_goes(void **state)
{
	struct bench *bench = *state;
	uint64_t number = keep(bench);

	prepared_tick(&bench->daemon, clock_boot_s() + 60);
	assert_null(prepared_claim(&bench->daemon, number, UID));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_given_once_and_by_its_number),
		TEST(another_takes_its_place),
		TEST(another_document_gets_nothing_of_it),
		TEST(a_commit_since_makes_it_void),
		TEST(it_stays_for_the_moment),
		TEST(what_nobody_asks_for_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
