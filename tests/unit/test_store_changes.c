// SPDX-License-Identifier: GPL-2.0-or-later
/* What rules/store.h says about changes, reasons, the journal and visits. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lmdb.h>

#include "rules/store.h"
#include "tests/support/scratch.h"

#define FREE_SET SET_ID_FIRST_FREE

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

static void dropping_a_set_drops_its_members(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {
		scratch_set_put(FREE_SET, "mine"),
		scratch_put(FREE_SET, "192.0.2.0/24", "a"),
		scratch_put(FREE_SET, "192.0.2.1", "b"),
		scratch_put(3, "192.0.2.0/24", "b"),
	};
	struct change drop = {.kind = CHANGE_SET_DEL, .set_id = FREE_SET};

	assert_int_equal(scratch_commit(s, changes, 4), 0);
	assert_int_equal(scratch_commit_one(s, drop), 0);
	assert_int_equal(scratch_usage(s).member_count, 1);
	assert_int_equal(scratch_commit_one(s, changes[0]), 0);
	assert_int_equal(scratch_usage(s).member_count, 1);
	assert_int_equal(scratch_count_records(s, "reasons"), 1);
}

static void a_member_of_no_set_is_refused(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(
		scratch_commit_one(s, scratch_put(77, "192.0.2.1", "")),
		-ENOENT);
	assert_int_equal(scratch_commit_one(s, scratch_put(0, "192.0.2.1", "")),
			 -ENOENT);
}

static void a_set_that_is_not_there_cannot_be_dropped(void **state)
{
	struct change drop = {.kind = CHANGE_SET_DEL, .set_id = 77};

	assert_int_equal(scratch_commit_one(*state, drop), -ENOENT);
}

static void a_built_in_set_cannot_be_dropped(void **state)
{
	struct change drop = {.kind = CHANGE_SET_DEL, .set_id = SET_ID_BLOCK};

	assert_int_equal(scratch_commit_one(*state, drop), -EPERM);
	assert_true(scratch_holds(*state, "\nset 3 block "));
}

static void taking_out_what_is_not_there_is_no_error(void **state)
{
	assert_int_equal(
		scratch_commit_one(*state, scratch_del(3, "192.0.2.1")), 0);
	assert_int_equal(
		scratch_commit_one(*state, scratch_del(77, "192.0.2.1")), 0);
	assert_int_equal(
		scratch_commit_one(
			*state,
			scratch_attachment(CHANGE_ATTACHMENT_DEL, "wan0", 0)),
		0);
}

static void a_member_put_again_has_the_new_evidence(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(
		scratch_commit_one(s, scratch_put(3, "192.0.2.1", "a")), 0);
	assert_int_equal(
		scratch_commit_one(s, scratch_put(3, "192.0.2.1", "b")), 0);
	assert_int_equal(scratch_usage(s).member_count, 1);
	assert_true(scratch_holds(s, " b\n"));
	assert_int_equal(scratch_count_records(s, "reasons"), 1);
}

static void a_set_put_again_keeps_its_members(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {
		scratch_set_put(FREE_SET, "mine"),
		scratch_put(FREE_SET, "192.0.2.1", ""),
		scratch_set_put(FREE_SET, "yours"),
	};

	assert_int_equal(scratch_commit(s, changes, 3), 0);
	assert_true(scratch_holds(s, "\nset 4 yours "));
	assert_int_equal(scratch_usage(s).member_count, 1);
}

static void changes_are_made_in_their_order(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {
		scratch_put(3, "192.0.2.9", "a"),
		scratch_put(3, "192.0.2.1", "b"),
		scratch_del(3, "192.0.2.9"),
		scratch_put(3, "192.0.2.5", "c"),
		scratch_del(3, "192.0.2.1"),
		scratch_put(3, "192.0.2.1", "d"),
	};

	assert_int_equal(scratch_commit(s, changes, 6), 0);
	assert_true(scratch_holds(
		s, "\nmember 3 192.0.2.1 operator 1000 0 1795629124 "
		   "0 d\nmember 3 192.0.2.5 operator 1000 0 "
		   "1795629124 0 c\nend "));
	assert_int_equal(scratch_count_records(s, "reasons"), 2);
	assert_int_equal(scratch_count_records(s, "reason-ids"), 2);
}

static void an_attachment_goes_by_its_name(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(
		scratch_commit_one(s, scratch_attachment(CHANGE_ATTACHMENT_PUT,
							 "wan0", 1)),
		0);
	assert_int_equal(
		scratch_commit_one(s, scratch_attachment(CHANGE_ATTACHMENT_PUT,
							 "wan0", 2)),
		0);
	assert_true(scratch_holds(s, "\nattachment wan0 2 0\nend "));
	assert_int_equal(
		scratch_commit_one(s, scratch_attachment(CHANGE_ATTACHMENT_DEL,
							 "wan0", 0)),
		0);
	assert_false(scratch_holds(s, "wan0"));
}

static void a_reason_that_nobody_has_is_forgotten(void **state)
{
	struct scratch *s = *state;
	char reason[16];

	for (uint32_t n = 0; n < 200; n++) {
		(void)snprintf(reason, sizeof(reason), "reason %u", n % 100);
		assert_int_equal(
			scratch_commit_one(s, scratch_numbered(n, reason)), 0);
	}
	assert_int_equal(scratch_count_records(s, "reasons"), 100);
	for (uint32_t n = 0; n < 200; n++) {
		struct change change = scratch_numbered(n, "");

		change.kind = CHANGE_MEMBER_DEL;
		assert_int_equal(scratch_commit_one(s, change), 0);
	}
	assert_int_equal(scratch_count_records(s, "reasons"), 0);
	assert_int_equal(scratch_count_records(s, "reason-ids"), 0);
}

static void
a_reason_that_comes_and_goes_in_one_commit_is_forgotten(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {
		scratch_put(3, "192.0.2.1", "a"),
		scratch_del(3, "192.0.2.1"),
	};

	assert_int_equal(scratch_commit(s, changes, 2), 0);
	assert_int_equal(scratch_count_records(s, "reasons"), 0);
}

static int list_seq(void *arg, const struct journal_entry *entry)
{
	char *list = arg;

	assert_true(strlen(list) < 64);
	(void)sprintf(list + strlen(list), "%u=%s;", (unsigned int)entry->seq,
		      entry->text);
	return 0;
}

static void a_set_that_is_filled_and_dropped_leaves_no_reason(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {
		scratch_set_put(FREE_SET, "mine"),
		scratch_put(FREE_SET, "192.0.2.1", "a"),
		scratch_put(FREE_SET, "192.0.2.2", "b"),
		{.kind = CHANGE_SET_DEL, .set_id = FREE_SET},
	};

	assert_int_equal(scratch_commit(s, changes, 4), 0);
	assert_int_equal(scratch_count_records(s, "reasons"), 0);
}

static void the_journal_is_read_newest_first(void **state)
{
	struct scratch *s = *state;
	struct journal_entry entry = {.uid = 7, .time_s = 8};
	char list[128] = "";
	uint64_t seq;

	for (unsigned int n = 1; n <= 5; n++) {
		entry.text[0] = (char)('a' + n - 1);
		assert_int_equal(store_commit(s->store, NULL, 0, &entry, &seq),
				 0);
		assert_int_equal(seq, n);
	}
	assert_int_equal(store_each_journal(s->store, 0, 2, list_seq, list), 0);
	assert_string_equal(list, "5=e;4=d;");
	list[0] = '\0';
	assert_int_equal(store_each_journal(s->store, 4, 9, list_seq, list), 0);
	assert_string_equal(list, "3=c;2=b;1=a;");
	list[0] = '\0';
	assert_int_equal(store_each_journal(s->store, 99, 1, list_seq, list),
			 0);
	assert_int_equal(store_each_journal(s->store, 1, 9, list_seq, list), 0);
	assert_string_equal(list, "5=e;");
}

static void removals_that_find_nothing_leave_no_line(void **state)
{
	struct scratch *s = *state;
	const struct journal_entry entry = {.text = "del"};
	const struct change dels[] = {
		scratch_del(SET_ID_BLOCK, "192.0.2.1"),
		scratch_del(SET_ID_BLOCK, "192.0.2.2"),
	};
	struct store_part parts[] = {
		{.changes = dels, .count = 1, .entry = &entry},
		{.changes = dels, .count = 2, .entry = &entry},
	};
	uint64_t seq = 99;

	assert_int_equal(store_commit(s->store, dels, 2, &entry, &seq), 0);
	assert_int_equal(seq, 0);
	assert_int_equal(scratch_usage(s).journal_seq, 0);
	assert_int_equal(scratch_commit_one(
				 s, scratch_put(SET_ID_BLOCK, "192.0.2.2", "")),
			 0);
	store_commit_many(s->store, parts, 2);
	assert_int_equal(parts[0].r, 0);
	assert_int_equal(parts[1].r, 0);
	assert_int_equal(scratch_usage(s).journal_seq, 2);
	assert_int_equal(scratch_usage(s).member_count, 0);
}

static void the_oldest_line_of_the_journal_goes_first(void **state)
{
	struct scratch *s = *state;
	char value[] = "12 bytes and text";
	uint8_t key[8] = {[5] = STORE_JOURNAL_LINES >> 16,
			  [6] = STORE_JOURNAL_LINES >> 8 & 0xff,
			  [7] = STORE_JOURNAL_LINES & 0xff};

	assert_int_equal(scratch_commit(s, NULL, 0), 0);
	assert_int_equal(scratch_commit(s, NULL, 0), 0);
	scratch_plant(s, "journal", (MDB_val){sizeof(key), key},
		      (MDB_val){sizeof(value) - 1, value});
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	assert_int_equal(scratch_count_records(s, "journal"), 3);
	assert_int_equal(scratch_commit(s, NULL, 0), 0);
	assert_int_equal(scratch_usage(s).journal_seq, STORE_JOURNAL_LINES + 1);
	assert_int_equal(scratch_count_records(s, "journal"), 3);
	assert_int_equal(scratch_commit(s, NULL, 0), 0);
	assert_int_equal(scratch_count_records(s, "journal"), 3);
}

static int stop_at_second(void *arg, uint8_t set_id,
			  const struct member *member)
{
	unsigned int *calls = arg;

	(void)set_id;
	(void)member;
	return ++*calls == 2 ? -ECANCELED : 1;
}

static void a_visit_stops_at_the_first_negative_answer(void **state)
{
	struct scratch *s = *state;
	unsigned int calls = 0;

	scratch_fill(s, 5, "");
	assert_int_equal(store_each_member(s->store, 3, stop_at_second, &calls),
			 -ECANCELED);
	assert_int_equal(calls, 2);
}

static void the_members_of_no_set_cannot_be_visited(void **state)
{
	struct scratch *s = *state;
	unsigned int calls = 0;

	assert_int_equal(
		store_each_member(s->store, 77, stop_at_second, &calls),
		-ENOENT);
}

/* Puts one more for each it sees, at most 50. */
struct grower {
	struct scratch *scratch;
	uint32_t seen;
};

static int grow(void *arg, uint8_t set_id, const struct member *member)
{
	struct grower *grower = arg;

	(void)set_id;
	assert_string_equal(member->evidence.reason, "list");
	store_trim(grower->scratch->store);
	grower->seen++;
	if (grower->seen > 50)
		return -EOVERFLOW;
	return scratch_commit_one(grower->scratch,
				  scratch_numbered(1000 + grower->seen, "x"));
}

static void a_visit_sees_one_snapshot(void **state)
{
	struct grower grower = {.scratch = *state};

	scratch_fill(*state, 10, "list");
	assert_int_equal(
		store_each_member(grower.scratch->store, 3, grow, &grower), 0);
	assert_int_equal(grower.seen, 10);
	assert_int_equal(scratch_usage(*state).member_count, 20);
}

/* Pages of files that this process has mapped. */
static size_t mapped_pages(void)
{
	FILE *statm = fopen("/proc/self/statm", "re");
	char line[128], *second, *third;

	assert_non_null(statm);
	assert_non_null(fgets(line, sizeof(line), statm));
	(void)fclose(statm);
	second = strchr(line, ' ');
	assert_non_null(second);
	third = strchr(second + 1, ' ');
	assert_non_null(third);
	return strtoul(third, NULL, 10);
}

static int ignore(void *arg, uint8_t set_id, const struct member *member)
{
	(void)arg;
	(void)set_id;
	(void)member;
	return 0;
}

static void trimming_lets_go_of_what_a_visit_has_mapped(void **state)
{
	struct scratch *s = *state;
	size_t before, visited, after;

	scratch_fill(s, 200000, "list");
	store_trim(s->store);
	before = mapped_pages();
	assert_int_equal(store_each_member(s->store, 0, ignore, NULL), 0);
	visited = mapped_pages();
	store_trim(s->store);
	after = mapped_pages();
	assert_true(visited > before + 1000);
	assert_true(after < before + 50);
	assert_int_equal(scratch_usage(s).member_count, 200000);
}

static void
a_sorted_list_fills_its_pages_whatever_its_neighbours_are(void **state)
{
	struct scratch *s = *state;
	const struct change neighbour[] = {
		scratch_set_put(200, "neighbour"),
		scratch_put(200, "192.0.2.1", ""),
	};

	assert_int_equal(scratch_commit(s, neighbour, 2), 0);
	scratch_fill(s, 100000, "list");
	/* 6 of key, 12 of value, 10 of LMDB's: 28 a member */
	assert_true(scratch_usage(s).used_bytes < 3200000);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(dropping_a_set_drops_its_members),
		test(a_member_of_no_set_is_refused),
		test(a_set_that_is_not_there_cannot_be_dropped),
		test(a_built_in_set_cannot_be_dropped),
		test(taking_out_what_is_not_there_is_no_error),
		test(a_member_put_again_has_the_new_evidence),
		test(a_set_put_again_keeps_its_members),
		test(changes_are_made_in_their_order),
		test(an_attachment_goes_by_its_name),
		test(a_reason_that_nobody_has_is_forgotten),
		test(a_reason_that_comes_and_goes_in_one_commit_is_forgotten),
		test(a_set_that_is_filled_and_dropped_leaves_no_reason),
		test(the_journal_is_read_newest_first),
		test(removals_that_find_nothing_leave_no_line),
		test(the_oldest_line_of_the_journal_goes_first),
		test(a_visit_stops_at_the_first_negative_answer),
		test(the_members_of_no_set_cannot_be_visited),
		test(a_visit_sees_one_snapshot),
		test(trimming_lets_go_of_what_a_visit_has_mapped),
		test(a_sorted_list_fills_its_pages_whatever_its_neighbours_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
