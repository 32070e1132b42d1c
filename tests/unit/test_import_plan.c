// SPDX-License-Identifier: GPL-2.0-or-later
/* The difference between a list and a set, and how it gets into the store. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/import_plan.h"
#include "tests/support/scratch.h"

#define SET_ID	 SET_ID_BLOCK
#define LATER_S	 2000000000u
#define ROUNDS	 200
#define NUMBERS	 64 /* of different prefixes in a round */
#define TEXT_MAX 16384

struct desk {
	struct scratch scratch;
	struct import import;
	char text[TEXT_MAX]; /* the list, without a NUL behind it */
};

static void import_clean(struct import *import)
{
	listed_done(&import->listed);
	listed_done(&import->adds);
	listed_done(&import->leaves);
	listed_done(&import->removes);
	guard_free(import->guard);
}

/* An import into the set "block", by root, of members without an end. */
static void import_begin(struct desk *desk)
{
	import_clean(&desk->import);
	desk->import = (struct import){
		.store = desk->scratch.store,
		.set = set_builtins[SET_ID - 1],
		.evidence = {.origin = ORIGIN_IMPORT, .reason = "list"},
		.entry = {.text = "import"},
	};
}

static int setup(void **state)
{
	static struct desk desk;

	memset(&desk.import, 0, sizeof(desk.import));
	scratch_init(&desk.scratch, SCRATCH_MAP_BYTES);
	import_begin(&desk);
	*state = &desk;
	return 0;
}

static int teardown(void **state)
{
	struct desk *desk = *state;

	import_clean(&desk->import);
	scratch_done(&desk->scratch);
	return 0;
}

static struct import *plan_of(struct desk *desk, const char *text)
{
	assert_true(strlen(text) < sizeof(desk->text));
	memcpy(desk->text, text, strlen(text));
	desk->import.text = desk->text;
	desk->import.text_bytes = strlen(text);
	return &desk->import;
}

static int commit(struct desk *desk)
{
	struct store_part part = import_part(&desk->import);

	store_commit_many(desk->import.store, &part, 1);
	return part.r;
}

static void plan(struct desk *desk, const char *text)
{
	assert_int_equal(import_plan(plan_of(desk, text)), 0);
}

static void guard(struct desk *desk, const char *prefix, const char *name)
{
	struct guard_entry entry = {.source = GUARD_OWN};

	if (!desk->import.guard)
		assert_int_equal(guard_new(&desk->import.guard), 0);
	assert_int_equal(
		prefix_from_text(prefix, strlen(prefix), &entry.prefix), 0);
	(void)snprintf(entry.name, sizeof(entry.name), "%s", name);
	assert_int_equal(guard_add(desk->import.guard, &entry), 0);
}

static void store_members(struct desk *desk, const char *const *prefixes,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(
			scratch_commit_one(
				&desk->scratch,
				scratch_put(SET_ID, prefixes[i], "before")),
			0);
}

/* "PREFIX:LINE PREFIX:LINE ..." */
static const char *text_of(const struct listed_array *array)
{
	static char text[TEXT_MAX];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < array->count; i++) {
		char prefix[PREFIX_TEXT_MAX];

		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%s%s:%u", i ? " " : "",
			prefix_to_text(&array->list[i].prefix, prefix),
			array->list[i].line);
		assert_true(len < sizeof(text));
	}
	return text;
}

static void assert_plan(const struct import *import, const char *adds,
			const char *removes)
{
	assert_string_equal(text_of(&import->adds), adds);
	assert_string_equal(text_of(&import->removes), removes);
}

static void assert_numbers(const struct import *import, size_t added,
			   size_t renewed, size_t kept)
{
	assert_int_equal(import->added, added);
	assert_int_equal(import->renewed, renewed);
	assert_int_equal(import->kept, kept);
}

static void a_list_for_an_empty_set_is_all_new(void **state)
{
	struct desk *desk = *state;

	plan(desk, "192.0.2.1\n# comment\n192.0.2.2/31\n2001:db8::/32\n");
	assert_plan(&desk->import, "192.0.2.1:1 192.0.2.2/31:3 2001:db8::/32:4",
		    "");
	assert_numbers(&desk->import, 3, 0, 0);
	assert_int_equal(desk->import.report.entries, 3);
}

static void what_is_new_is_in_order_each_once_with_its_first_line(void **state)
{
	struct desk *desk = *state;

	plan(desk, "192.0.2.9\n192.0.2.1\n192.0.2.9\n192.0.2.0/24\n"
		   "192.0.2.1/32\n192.0.2.77/24\n");
	assert_plan(&desk->import, "192.0.2.0/24:4 192.0.2.1:2 192.0.2.9:1",
		    "");
	assert_numbers(&desk->import, 3, 0, 0);
}

static void a_sorted_list_with_one_line_twice_has_it_once(void **state)
{
	struct desk *desk = *state;

	plan(desk, "192.0.2.1\n192.0.2.2\n192.0.2.2\n192.0.2.3\n");
	assert_plan(&desk->import, "192.0.2.1:1 192.0.2.2:2 192.0.2.3:4", "");
}

static void a_range_is_as_many_as_it_takes(void **state)
{
	struct desk *desk = *state;

	plan(desk, "192.0.2.1-192.0.2.4\n");
	assert_plan(&desk->import, "192.0.2.1:1 192.0.2.2/31:1 192.0.2.4:1",
		    "");
}

static const char *const three[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};

static void replacing_takes_out_what_is_not_in_the_list(void **state)
{
	struct desk *desk = *state;

	store_members(desk, three, 3);
	desk->import.is_replacing = true;
	plan(desk, "192.0.2.4\n192.0.2.2\n192.0.2.0\n");
	assert_plan(&desk->import, "192.0.2.0:3 192.0.2.4:1",
		    "192.0.2.1:0 192.0.2.3:0");
	assert_numbers(&desk->import, 2, 0, 1);
}

/* What left the list stays for a while, but not what it may not have. */
static void what_may_not_be_there_does_not_stay(void **state)
{
	struct desk *desk = *state;
	const struct prefix never = prefix_of_v4(0xc0000200, 31);
	struct change change = scratch_put(SET_ID, "192.0.2.0", "leaving");

	change.member.evidence.expires_s = LATER_S - 1;
	store_members(desk, three, 3);
	assert_int_equal(scratch_commit_one(&desk->scratch, change), 0);
	desk->import.is_replacing = true;
	desk->import.leave_s = LATER_S;
	desk->import.never = &never;
	desk->import.never_count = 1;
	plan(desk, "192.0.2.2\n");
	assert_plan(&desk->import, "", "192.0.2.0:0 192.0.2.1:0");
	assert_string_equal(text_of(&desk->import.leaves), "192.0.2.3:0");
	assert_numbers(&desk->import, 0, 0, 1);
}

/* What ends of itself leaves as all else does, but not later than it ends. */
static void what_leaves_has_no_line_and_never_a_later_end(void **state)
{
	struct desk *desk = *state;
	struct change late = scratch_put(SET_ID, "192.0.2.1", "of June");
	struct change soon = scratch_put(SET_ID, "192.0.2.2", "of May");
	struct member member;

	late.member.evidence.expires_s = LATER_S + 1;
	late.member.evidence.line = 7;
	soon.member.evidence.expires_s = LATER_S - 1;
	soon.member.evidence.line = 8;
	assert_int_equal(scratch_commit_one(&desk->scratch, late), 0);
	assert_int_equal(scratch_commit_one(&desk->scratch, soon), 0);
	desk->import.is_replacing = true;
	desk->import.leave_s = LATER_S;
	plan(desk, "192.0.2.3\n");
	assert_plan(&desk->import, "192.0.2.3:1", "");
	assert_string_equal(text_of(&desk->import.leaves), "192.0.2.1:7");
	import_put_at(&desk->import, 1, &member);
	assert_int_equal(member.evidence.expires_s, LATER_S);
	assert_int_equal(member.evidence.line, 0);
}

static void adding_takes_nothing_out(void **state)
{
	struct desk *desk = *state;

	store_members(desk, three, 3);
	plan(desk, "192.0.2.4\n192.0.2.2\n");
	assert_plan(&desk->import, "192.0.2.4:1", "");
	assert_numbers(&desk->import, 1, 0, 3);
}

static void replacing_by_no_list_takes_all_out(void **state)
{
	struct desk *desk = *state;

	store_members(desk, three, 3);
	desk->import.is_replacing = true;
	assert_int_equal(import_plan(&desk->import), 0);
	assert_plan(&desk->import, "", "192.0.2.1:0 192.0.2.2:0 192.0.2.3:0");
	assert_numbers(&desk->import, 0, 0, 0);
}

static void a_member_with_another_end_is_renewed(void **state)
{
	struct desk *desk = *state;
	struct change change = scratch_put(SET_ID, "192.0.2.1", "before");

	store_members(desk, three, 3);
	change.member.evidence.expires_s = LATER_S;
	assert_int_equal(scratch_commit_one(&desk->scratch, change), 0);
	desk->import.is_replacing = true;
	desk->import.evidence.expires_s = LATER_S;
	plan(desk, "192.0.2.1\n192.0.2.2\n192.0.2.3\n");
	assert_plan(&desk->import, "192.0.2.2:2 192.0.2.3:3", "");
	assert_numbers(&desk->import, 0, 2, 1);
}

static void other_sets_are_no_matter(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(scratch_commit_one(&desk->scratch,
					    scratch_put(SET_ID_ALLOW,
							"192.0.2.1", "before")),
			 0);
	desk->import.is_replacing = true;
	plan(desk, "192.0.2.1\n");
	assert_plan(&desk->import, "192.0.2.1:1", "");
}

static void a_list_for_an_empty_set_needs_room_for_all(void **state)
{
	struct desk *desk = *state;

	plan(desk, "192.0.2.1\n192.0.2.2/31\n192.0.3.0/28\n");
	assert_int_equal(desk->import.need.hosts4, 3);
	assert_int_equal(desk->import.need.blocks4, 1);
	assert_int_equal(desk->import.need.entries6, 0);
}

static void only_what_is_new_needs_room(void **state)
{
	struct desk *desk = *state;
	struct table_need need = {0};
	struct change first = scratch_put(SET_ID, "192.0.2.7", "");
	struct change second = scratch_put(SET_ID, "192.0.3.0/26", "");
	struct change third = scratch_put(SET_ID, "2001:db8::1", "");

	table_need_add(&need, &third.member.prefix);
	table_need_add(&need, &first.member.prefix);
	table_need_add(&need, &second.member.prefix);
	store_members(desk, three, 3);
	desk->import.evidence.expires_s = LATER_S;
	plan(desk, "192.0.2.1\n192.0.2.7\n192.0.3.0/26\n2001:db8::1\n");
	assert_int_equal(desk->import.renewed, 1);
	assert_memory_equal(&desk->import.need, &need, sizeof(need));
	assert_true(need.hosts4 && need.blocks4 && need.entries6);
}

static void what_is_protected_is_left_out_and_named(void **state)
{
	struct desk *desk = *state;

	guard(desk, "192.0.2.1", "address of eth1");
	guard(desk, "198.51.100.0/24", "somewhere");
	plan(desk, "192.0.2.0/24\n192.0.2.2\n198.51.100.7\n");
	assert_plan(&desk->import, "192.0.2.2:2", "");
	assert_int_equal(desk->import.guarded.count, 2);
	assert_string_equal(desk->import.guarded.notes[0],
			    "line 1: 192.0.2.0/24 would cover 192.0.2.1, "
			    "which is protected (address of eth1)");
	assert_string_equal(desk->import.guarded.notes[1],
			    "line 3: 198.51.100.7 is inside "
			    "198.51.100.0/24, which is protected "
			    "(somewhere)");
}

static void all_that_is_protected_is_counted_and_five_named(void **state)
{
	struct desk *desk = *state;
	const struct import *import = &desk->import;

	guard(desk, "192.0.2.1", "address of eth1");
	plan(desk, "127.0.0.1\n127.0.0.2\n127.0.0.3\n::1\nfe80::1\n"
		   "127.0.0.6\n192.0.2.1\n192.0.2.2\n");
	assert_plan(import, "192.0.2.2:8", "");
	assert_int_equal(import->guarded.count, 7);
	assert_non_null(strstr(import->guarded.notes[4], "line 5: "));
}

static void a_set_that_allows_takes_what_is_protected(void **state)
{
	struct desk *desk = *state;

	plan(desk, "127.0.0.1\n");
	assert_plan(&desk->import, "127.0.0.1:1", "");
	assert_int_equal(desk->import.guarded.count, 0);
}

static void lines_that_are_no_entry_are_counted(void **state)
{
	struct desk *desk = *state;

	plan(desk, "192.0.2.1\nwords\n0.0.0.0/0\n");
	assert_plan(&desk->import, "192.0.2.1:1", "");
	assert_int_equal(desk->import.report.rejects, 2);
	assert_int_equal(desk->import.report.notes[0].line, 2);
}

static void what_is_no_list_is_refused_with_a_note(void **state)
{
	struct desk *desk = *state;

	store_members(desk, three, 3);
	desk->import.is_replacing = true;
	assert_int_equal(import_plan(plan_of(desk, "<html>192.0.2.1</html>\n")),
			 -EBADMSG);
	assert_int_equal(desk->import.report.note_count, 1);
	assert_plan(&desk->import, "", "");
}

static struct prefix numbered(uint32_t n)
{
	return prefix_of_v4(0xc6336400u + n, 32);
}

static bool has_number(const struct listed_array *array, uint32_t n)
{
	const struct prefix wanted = numbered(n);
	size_t count = 0;

	for (size_t i = 0; i < array->count; i++)
		count += prefix_cmp(&array->list[i].prefix, &wanted) == 0;
	assert_true(count <= 1);
	return count == 1;
}

/* Any order, with repetitions; `is_listed` says what was in it. */
static void random_list(struct desk *desk, bool is_listed[NUMBERS])
{
	char text[NUMBERS * 20] = "";
	size_t len = 0;

	memset(is_listed, 0, NUMBERS * sizeof(*is_listed));
	for (int i = 0; i < NUMBERS; i++) {
		uint32_t n = (uint32_t)rand() % NUMBERS;
		char prefix[PREFIX_TEXT_MAX];
		const struct prefix member = numbered(n);

		is_listed[n] = true;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n",
					prefix_to_text(&member, prefix));
	}
	plan(desk, text);
}

/* After each round the set is what the list was. */
static void a_plan_makes_any_set_any_list(void **state)
{
	struct desk *desk = *state;
	bool is_member[NUMBERS] = {false};
	unsigned int seed = (unsigned int)time(NULL);

	print_message("seed %u\n", seed);
	srand(seed);
	for (int round = 0; round < ROUNDS; round++) {
		const struct import *import = &desk->import;
		bool is_listed[NUMBERS];

		import_begin(desk);
		desk->import.is_replacing = true;
		random_list(desk, is_listed);
		for (uint32_t n = 0; n < NUMBERS; n++) {
			assert_int_equal(has_number(&import->adds, n),
					 is_listed[n] && !is_member[n]);
			assert_int_equal(has_number(&import->removes, n),
					 is_member[n] && !is_listed[n]);
			is_member[n] = is_listed[n];
		}
		assert_int_equal(commit(desk), 0);
	}
}

static void a_commit_makes_the_set_what_was_planned(void **state)
{
	struct desk *desk = *state;
	struct scratch *scratch = &desk->scratch;
	uint64_t seq;

	store_members(desk, three, 3);
	seq = scratch_usage(scratch).journal_seq;
	desk->import.is_replacing = true;
	plan(desk, "# two\n192.0.2.9\n192.0.2.2\n");
	assert_int_equal(commit(desk), 0);
	assert_int_equal(scratch_usage(scratch).member_count, 2);
	assert_int_equal(scratch_usage(scratch).journal_seq, seq + 1);
	assert_true(scratch_holds(scratch, "member 3 192.0.2.2 operator 1000 "
					   "0 1795629124 0 before\n"));
	assert_true(scratch_holds(scratch,
				  "member 3 192.0.2.9 import 0 2 0 0 list\n"));
}

static void a_commit_may_end_the_set_too(void **state)
{
	struct desk *desk = *state;
	struct scratch *scratch = &desk->scratch;
	const struct change changes[] = {
		scratch_set_put(SET_ID_FIRST_FREE, "mine"),
		scratch_put(SET_ID_FIRST_FREE, "192.0.2.1", ""),
	};

	assert_int_equal(scratch_commit(scratch, changes, 2), 0);
	desk->import.set = changes[0].set;
	desk->import.is_replacing = true;
	desk->import.drops_set = true;
	assert_int_equal(import_plan(&desk->import), 0);
	assert_int_equal(commit(desk), 0);
	assert_false(scratch_holds(scratch, "\nset 4 "));
	assert_int_equal(scratch_usage(scratch).member_count, 0);
}

static void a_refused_commit_changes_nothing(void **state)
{
	struct desk *desk = *state;
	char *before, *after;

	store_members(desk, three, 3);
	before = scratch_text(desk->scratch.store);
	desk->import.is_replacing = true;
	desk->import.drops_set = true; /* a built-in one stays */
	plan(desk, "192.0.2.9\n");
	assert_int_equal(commit(desk), -EPERM);
	after = scratch_text(desk->scratch.store);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* It would go with the trial; the list makes it stay. */
static void a_member_on_trial_is_renewed(void **state)
{
	struct desk *desk = *state;
	struct change on_trial = scratch_put(SET_ID, "192.0.2.1", "policy");

	on_trial.member.evidence.origin = ORIGIN_TRIAL;
	assert_int_equal(scratch_commit_one(&desk->scratch, on_trial), 0);
	plan(desk, "192.0.2.1\n");
	assert_int_equal(desk->import.renewed, 1);
	assert_int_equal(desk->import.kept, 0);
}

static int add_standing(void *arg, uint8_t set_id, const struct member *member)
{
	(void)set_id;
	return standings_add(arg, member);
}

/* Read elsewhere, as a version of a feed is: the list in order, and the set. */
static void plan_listed(struct desk *desk, const struct listed_array *listed)
{
	struct import *import = &desk->import;

	import->is_listed = true;
	import->is_set_read = true;
	import->is_replacing = true;
	for (size_t i = 0; i < listed->count; i++)
		assert_int_equal(listed_add(&import->listed,
					    &listed->list[i].prefix,
					    listed->list[i].line),
				 0);
	assert_int_equal(listed_sort(&import->listed), 0);
	assert_int_equal(store_each_member(import->store, SET_ID, add_standing,
					   &import->standings),
			 0);
	assert_int_equal(import_plan(import), 0);
}

static void a_list_that_was_read_elsewhere_is_compared_too(void **state)
{
	struct desk *desk = *state;
	struct listed_array listed = {0};

	store_members(desk, three, 3);
	for (uint32_t line = 1; line <= 2; line++) {
		const struct prefix host =
			prefix_of_v4(0xc0000206 - 2 * line, 32);

		assert_int_equal(listed_add(&listed, &host, line), 0);
	}
	plan_listed(desk, &listed);
	listed_done(&listed);
	assert_plan(&desk->import, "192.0.2.4:1", "192.0.2.1:0 192.0.2.3:0");
	assert_numbers(&desk->import, 1, 0, 1);
	assert_int_equal(desk->import.stored, 3);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_list_for_an_empty_set_is_all_new),
		test(what_is_new_is_in_order_each_once_with_its_first_line),
		test(a_sorted_list_with_one_line_twice_has_it_once),
		test(a_range_is_as_many_as_it_takes),
		test(replacing_takes_out_what_is_not_in_the_list),
		test(what_may_not_be_there_does_not_stay),
		test(what_leaves_has_no_line_and_never_a_later_end),
		test(adding_takes_nothing_out),
		test(replacing_by_no_list_takes_all_out),
		test(a_member_with_another_end_is_renewed),
		test(a_member_on_trial_is_renewed),
		test(other_sets_are_no_matter),
		test(a_list_that_was_read_elsewhere_is_compared_too),
		test(a_list_for_an_empty_set_needs_room_for_all),
		test(only_what_is_new_needs_room),
		test(what_is_protected_is_left_out_and_named),
		test(all_that_is_protected_is_counted_and_five_named),
		test(a_set_that_allows_takes_what_is_protected),
		test(lines_that_are_no_entry_are_counted),
		test(what_is_no_list_is_refused_with_a_note),
		test(a_plan_makes_any_set_any_list),
		test(a_commit_makes_the_set_what_was_planned),
		test(a_commit_may_end_the_set_too),
		test(a_refused_commit_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
