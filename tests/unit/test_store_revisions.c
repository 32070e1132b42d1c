// SPDX-License-Identifier: GPL-2.0-or-later
/* What rules/store.h says about revisions of the policy. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/store.h"
#include "tests/support/scratch.h"

#define SMALL_BYTES (2u << 20)
#define FREE_SET    SET_ID_FIRST_FREE

static int setup(void **state)
{
	static struct scratch scratch;

	scratch_init(&scratch, SCRATCH_MAP_BYTES);
	*state = &scratch;
	return 0;
}

static int teardown(void **state)
{
	scratch_done(*state);
	return 0;
}

static struct change make_current(uint64_t number)
{
	return (struct change){.kind = CHANGE_REVISION_CURRENT,
			       .revision_number = number};
}

static struct change make_pending(uint64_t number, uint64_t fallback)
{
	return (struct change){
		.kind = CHANGE_REVISION_PENDING,
		.pending = {.number = number,
			    .fallback = fallback,
			    .deadline_ns = 60000000000,
			    .boot_id = {0xb0, 0x07, [15] = 0x1d}},
	};
}

/* Revisions `first` to `last`, whose texts are of one part each. */
static void put_many(struct scratch *s, uint64_t first, uint64_t last)
{
	char text[32];

	for (uint64_t number = first; number <= last; number++) {
		(void)snprintf(text, sizeof(text), "text of %ju",
			       (uintmax_t)number);
		assert_int_equal(scratch_put_revision(s, number, text), 0);
	}
}

static void assert_state(struct scratch *s, uint64_t current, uint64_t pending,
			 uint64_t fallback)
{
	struct pending now;
	uint64_t number;

	assert_int_equal(store_policy_state(s->store, &number, &now), 0);
	assert_int_equal(number, current);
	assert_int_equal(now.number, pending);
	assert_int_equal(now.fallback, fallback);
}

static int print_number(void *arg, const struct revision *revision)
{
	(void)fprintf(arg, " %ju", (uintmax_t)revision->number);
	return 0;
}

static void assert_numbers(struct scratch *s, const char *expected)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(store_each_revision(s->store, print_number, out), 0);
	(void)fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void assert_unchanged_by(struct scratch *s, struct change change, int r)
{
	char *before = scratch_revisions(s->store), *after;
	uint64_t seq = scratch_usage(s).journal_seq;

	assert_int_equal(scratch_commit_one(s, change), r);
	after = scratch_revisions(s->store);
	assert_string_equal(before, after);
	assert_int_equal(scratch_usage(s).journal_seq, seq);
	free(before);
	free(after);
}

static void a_new_store_has_no_revision(void **state)
{
	struct scratch *s = *state;
	uint64_t last = 99;
	char *text = NULL;
	size_t len;

	assert_numbers(s, "");
	assert_state(s, 0, 0, 0);
	assert_int_equal(store_revision_last(s->store, &last), 0);
	assert_int_equal(last, 0);
	assert_int_equal(store_revision_text(s->store, 1, &text, &len),
			 -ENOENT);
	assert_int_equal(store_revision_text(s->store, 0, &text, &len),
			 -ENOENT);
	assert_null(text);
}

static int keep_revision(void *arg, const struct revision *revision)
{
	*(struct revision *)arg = *revision;
	return 0;
}

static void a_revision_is_read_back_as_it_was(void **state)
{
	struct scratch *s = *state;
	static const char bytes[] = "rules:\n\0\xff not even text";
	struct revision put = {
		.number = 1,
		.time_s = UINT64_MAX,
		.uid = UINT32_MAX,
		.text_bytes = sizeof(bytes),
		.note = "gr\xc3\xbc\xc3\x9f: a note",
	};
	struct revision got = {0};
	char *text = NULL;
	size_t len = 0;

	memset(put.note + strlen(put.note), 'n',
	       sizeof(put.note) - 1 - strlen(put.note));
	assert_int_equal(
		scratch_commit_one(
			s, (struct change){.kind = CHANGE_REVISION_PUT,
					   .revision_put = {&put, bytes}}),
		0);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	assert_int_equal(store_each_revision(s->store, keep_revision, &got), 0);
	assert_memory_equal(&got, &put, sizeof(got));
	assert_int_equal(store_revision_text(s->store, 1, &text, &len), 0);
	assert_int_equal(len, sizeof(bytes));
	assert_memory_equal(text, bytes, sizeof(bytes));
	assert_int_equal(text[len], '\0');
	free(text);
}

static void a_text_may_have_any_length(void **state)
{
	struct scratch *s = *state;
	static const size_t lens[] = {1,
				      4079,
				      4080,
				      4081,
				      8160,
				      8161,
				      REVISION_TEXT_MAX - 1,
				      REVISION_TEXT_MAX};
	char *text = malloc(REVISION_TEXT_MAX + 1);
	char *got = NULL;
	size_t len = 0;

	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		for (size_t at = 0; at < lens[i]; at++)
			text[at] = (char)('a' + (at + at / 4080 + i) % 26);
		text[lens[i]] = '\0';
		assert_int_equal(scratch_put_revision(s, i + 1, text), 0);
		assert_int_equal(
			store_revision_text(s->store, i + 1, &got, &len), 0);
		assert_int_equal(len, lens[i]);
		assert_memory_equal(got, text, len + 1);
		free(got);
	}
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	assert_numbers(s, " 8 7 6 5 4 3 2 1");
	free(text);
}

static void a_number_that_is_not_the_next_is_refused(void **state)
{
	struct scratch *s = *state;
	static const uint64_t others[] = {0, 1, 2, 4, 1ull << 32, UINT64_MAX};
	struct revision revision = {.text_bytes = 1};
	uint64_t last = 0;

	put_many(s, 1, 2);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		revision.number = others[i];
		assert_unchanged_by(
			s,
			(struct change){.kind = CHANGE_REVISION_PUT,
					.revision_put = {&revision, "x"}},
			-EEXIST);
	}
	assert_int_equal(store_revision_last(s->store, &last), 0);
	assert_int_equal(last, 2);
	put_many(s, 3, 3);
}

static void the_newest_twenty_are_kept(void **state)
{
	struct scratch *s = *state;
	char *text = NULL;
	size_t len;

	put_many(s, 1, 20);
	assert_numbers(s, " 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 "
			  "1");
	put_many(s, 21, 45);
	assert_numbers(s, " 45 44 43 42 41 40 39 38 37 36 35 34 33 32 31 30 "
			  "29 28 27 26");
	assert_int_equal(store_revision_text(s->store, 25, &text, &len),
			 -ENOENT);
	assert_int_equal(scratch_count_records(s, "revision-texts"), 20);
	put_many(s, 46, 46);
}

static void all_parts_of_a_forgotten_text_go(void **state)
{
	struct scratch *s = *state;
	static char text[50000];

	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(scratch_put_revision(s, 1, text), 0);
	assert_int_equal(scratch_count_records(s, "revision-texts"), 13);
	put_many(s, 2, 21);
	assert_int_equal(scratch_count_records(s, "revision-texts"), 20);
}

static void what_is_current_pending_or_a_fallback_is_kept(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {make_current(2), make_pending(5, 3)};

	put_many(s, 1, 5);
	assert_int_equal(scratch_commit(s, changes, 2), 0);
	put_many(s, 6, 40);
	assert_numbers(s, " 40 39 38 37 36 35 34 33 32 31 30 29 28 27 26 25 24 "
			  "5 3 2");
	assert_state(s, 2, 5, 3);

	assert_int_equal(scratch_commit_one(s, make_current(5)), 0);
	put_many(s, 41, 42);
	assert_numbers(s, " 42 41 40 39 38 37 36 35 34 33 32 31 30 29 28 27 26 "
			  "25 24 5");
}

static void a_pending_revision_is_there_after_opening_again(void **state)
{
	struct scratch *s = *state;
	const struct change change = make_pending(2, 1);
	struct pending pending = {0};
	uint64_t current = 99;

	put_many(s, 1, 2);
	assert_int_equal(scratch_commit_one(s, change), 0);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	assert_int_equal(store_policy_state(s->store, &current, &pending), 0);
	assert_int_equal(current, 0);
	assert_memory_equal(&pending, &change.pending, sizeof(pending));
}

static void a_confirmed_revision_is_not_pending_any_more(void **state)
{
	struct scratch *s = *state;

	put_many(s, 1, 2);
	assert_int_equal(scratch_commit_one(s, make_current(1)), 0);
	assert_int_equal(scratch_commit_one(s, make_pending(2, 1)), 0);
	assert_state(s, 1, 2, 1);
	assert_int_equal(scratch_commit_one(s, make_current(2)), 0);
	assert_state(s, 2, 0, 0);
}

static void going_back_to_none_leaves_none(void **state)
{
	struct scratch *s = *state;

	put_many(s, 1, 1);
	assert_int_equal(scratch_commit_one(s, make_pending(1, 0)), 0);
	assert_int_equal(scratch_commit_one(s, make_current(0)), 0);
	assert_state(s, 0, 0, 0);
	assert_int_equal(scratch_commit_one(s, make_current(1)), 0);
	assert_int_equal(scratch_commit_one(s, make_current(0)), 0);
	assert_state(s, 0, 0, 0);
	assert_numbers(s, " 1");
}

static void a_later_pending_revision_takes_the_place(void **state)
{
	struct scratch *s = *state;

	put_many(s, 1, 3);
	assert_int_equal(scratch_commit_one(s, make_pending(2, 1)), 0);
	assert_int_equal(scratch_commit_one(s, make_pending(3, 1)), 0);
	assert_state(s, 0, 3, 1);
}

static void a_revision_that_is_not_there_cannot_judge(void **state)
{
	struct scratch *s = *state;

	put_many(s, 1, 2);
	assert_int_equal(scratch_commit_one(s, make_current(1)), 0);
	assert_unchanged_by(s, make_current(3), -ENOENT);
	assert_unchanged_by(s, make_pending(3, 1), -ENOENT);
	assert_unchanged_by(s, make_pending(2, 3), -ENOENT);
}

static const struct revision first = {
	.number = 1,
	.text_bytes = 5,
	.note = "the first",
};

static void a_policy_and_its_sets_are_one_commit(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {
		scratch_set_put(FREE_SET, "office.1"),
		scratch_put(FREE_SET, "192.0.2.0/24", "policy"),
		{.kind = CHANGE_REVISION_PUT,
		 .revision_put = {&first, "rules"}},
		make_pending(1, 0),
		scratch_put(FREE_SET + 1, "192.0.2.0/24", "no such set"),
	};

	assert_int_equal(scratch_commit(s, changes, 5), -ENOENT);
	assert_numbers(s, "");
	assert_state(s, 0, 0, 0);
	assert_false(scratch_holds(s, "office.1"));

	assert_int_equal(scratch_commit(s, changes, 4), 0);
	assert_numbers(s, " 1");
	assert_state(s, 0, 1, 0);
	assert_true(scratch_holds(s, "set 4 office.1 static drop 10\n"));
	assert_int_equal(scratch_usage(s).member_count, 1);
	assert_int_equal(scratch_usage(s).journal_seq, 1);
}

static int stop_at_second(void *arg, const struct revision *revision)
{
	(void)revision;
	return ++*(int *)arg == 2 ? -ECANCELED : 1;
}

static void a_visit_stops_when_it_is_told_to(void **state)
{
	struct scratch *s = *state;
	int count = 0;

	put_many(s, 1, 3);
	assert_int_equal(store_each_revision(s->store, stop_at_second, &count),
			 -ECANCELED);
	assert_int_equal(count, 2);
}

/* With members, each of a reason of its own. */
static uint32_t fill_up(struct scratch *s)
{
	char reason[REASON_MAX];
	uint32_t count = 0;
	int r;

	memset(reason, 'r', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	do {
		(void)snprintf(reason, 12, "%011u", count);
		reason[11] = 'r';
		r = scratch_commit_one(s, scratch_numbered(count, reason));
	} while (r == 0 && ++count);
	assert_int_equal(r, -ENOSPC);
	return count;
}

static void assert_text_refused(struct scratch *s, size_t len)
{
	char *text = calloc(1, len);
	const struct revision revision = {.number = 4,
					  .text_bytes = (uint32_t)len};

	assert_non_null(text);
	assert_unchanged_by(s,
			    (struct change){.kind = CHANGE_REVISION_PUT,
					    .revision_put = {&revision, text}},
			    -ENOSPC);
	free(text);
}

static void a_full_store_refuses_a_revision_and_loses_nothing(void **state)
{
	struct scratch *s = *state;
	char *before, *after;

	scratch_reopen(s, SMALL_BYTES);
	put_many(s, 1, 3);
	assert_int_equal(scratch_commit_one(s, make_pending(3, 2)), 0);
	assert_text_refused(s, SMALL_BYTES);
	(void)fill_up(s);
	before = scratch_text(s->store);
	assert_text_refused(s, 100000);
	assert_text_refused(s, REVISION_TEXT_MAX);
	scratch_reopen(s, SMALL_BYTES);
	assert_state(s, 0, 3, 2);
	assert_numbers(s, " 3 2 1");
	after = scratch_text(s->store);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void a_full_store_goes_back_to_the_fallback(void **state)
{
	struct scratch *s = *state;
	const struct change back[] = {
		make_current(2),
		{.kind = CHANGE_SET_DEL, .set_id = FREE_SET},
	};

	scratch_reopen(s, SMALL_BYTES);
	put_many(s, 1, 3);
	assert_int_equal(
		scratch_commit_one(s, scratch_set_put(FREE_SET, "office.3")),
		0);
	assert_int_equal(scratch_commit_one(s, make_pending(3, 2)), 0);
	(void)fill_up(s);
	assert_int_equal(scratch_commit(s, back, 2), 0);
	assert_state(s, 2, 0, 0);
	assert_false(scratch_holds(s, "office.3"));
	assert_true(scratch_usage(s).map_bytes < 2ul * SMALL_BYTES);
}

/* Members are taken out here and there, so few free pages are in a row. */
static void a_text_needs_no_free_pages_in_a_row(void **state)
{
	struct scratch *s = *state;
	static char text[300000];
	uint32_t count;

	scratch_reopen(s, SMALL_BYTES);
	count = fill_up(s);
	for (uint32_t n = 0; n < count; n++) {
		struct change change = scratch_numbered(n, "");

		change.kind = CHANGE_MEMBER_DEL;
		if (n / 64 % 2)
			assert_int_equal(scratch_commit_one(s, change), 0);
	}
	scratch_reopen(s, SMALL_BYTES);
	memset(text, 't', sizeof(text) - 1);
	assert_int_equal(scratch_put_revision(s, 1, text), 0);
}

static void a_state_without_its_revision_is_said_to_be_damaged(void **state)
{
	struct scratch *s = *state;
	char key[] = "policy-current", number[] = {0, 0, 0, 0, 0, 0, 0, 7};
	struct pending pending;
	uint64_t current;

	put_many(s, 1, 2);
	scratch_plant(s, "meta", (MDB_val){sizeof(key) - 1, key},
		      (MDB_val){sizeof(number), number});
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	assert_int_equal(store_policy_state(s->store, &current, &pending),
			 -EBADMSG);
}

static void a_text_with_a_wrong_part_is_said_to_be_damaged(void **state)
{
	struct scratch *s = *state;
	char key[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}, part[] = "short";
	char *text = NULL;
	size_t len;

	put_many(s, 1, 1);
	scratch_plant(s, "revision-texts", (MDB_val){sizeof(key), key},
		      (MDB_val){sizeof(part), part});
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	assert_int_equal(store_revision_text(s->store, 1, &text, &len),
			 -EBADMSG);
	assert_null(text);
}

static void a_revision_has_one_state(void **state)
{
	const struct pending pending = {.number = 3, .fallback = 2};

	(void)state;
	assert_int_equal(revision_state_of(1, 2, &pending), REVISION_KEPT);
	assert_int_equal(revision_state_of(2, 2, &pending), REVISION_CURRENT);
	assert_int_equal(revision_state_of(3, 2, &pending), REVISION_PENDING);
	assert_int_equal(revision_state_of(3, 3, &pending), REVISION_PENDING);
	assert_string_equal(revision_state_name(REVISION_PENDING), "pending");
	assert_string_equal(revision_state_name(REVISION_CURRENT), "current");
	assert_string_equal(revision_state_name(REVISION_KEPT), "kept");
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_new_store_has_no_revision),
		test(a_revision_is_read_back_as_it_was),
		test(a_text_may_have_any_length),
		test(a_number_that_is_not_the_next_is_refused),
		test(the_newest_twenty_are_kept),
		test(all_parts_of_a_forgotten_text_go),
		test(what_is_current_pending_or_a_fallback_is_kept),
		test(a_pending_revision_is_there_after_opening_again),
		test(a_confirmed_revision_is_not_pending_any_more),
		test(going_back_to_none_leaves_none),
		test(a_later_pending_revision_takes_the_place),
		test(a_revision_that_is_not_there_cannot_judge),
		test(a_policy_and_its_sets_are_one_commit),
		test(a_visit_stops_when_it_is_told_to),
		test(a_full_store_refuses_a_revision_and_loses_nothing),
		test(a_full_store_goes_back_to_the_fallback),
		test(a_text_needs_no_free_pages_in_a_row),
		test(a_state_without_its_revision_is_said_to_be_damaged),
		test(a_text_with_a_wrong_part_is_said_to_be_damaged),
		cmocka_unit_test(a_revision_has_one_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
