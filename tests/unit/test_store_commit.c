// SPDX-License-Identifier: GPL-2.0-or-later
/* Commits whose changes are made one by one, and several commits at once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/store.h"
#include "tests/support/scratch.h"

#define FREE_SET  SET_ID_FIRST_FREE
#define MANY	  50000u
#define SMALL_MAP (4u << 20)

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

/* Changes to be given one by one, and how often that was asked for. */
struct source {
	const struct change *changes;
	size_t asked;
};

static void give(void *arg, size_t index, struct change *ret_change)
{
	struct source *source = arg;

	source->asked++;
	*ret_change = source->changes[index];
}

static void give_numbered(void *arg, size_t index, struct change *ret_change)
{
	(void)arg;
	*ret_change = scratch_numbered((uint32_t)index, "list");
}

static void take_numbered(void *arg, size_t index, struct change *ret_change)
{
	give_numbered(arg, index, ret_change);
	ret_change->kind = CHANGE_MEMBER_DEL;
}

static int commit_each(struct scratch *s, size_t count, store_change_fn *fn,
		       void *arg, uint64_t *ret_seq)
{
	const struct journal_entry entry = {.text = "each"};

	return store_commit_each(s->store, count, fn, arg, &entry, ret_seq);
}

static void one_by_one_makes_what_all_at_once_makes(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {
		scratch_put(SET_ID_BLOCK, "192.0.2.1", "a"),
		scratch_set_put(FREE_SET, "mine"),
		scratch_put(FREE_SET, "192.0.2.0/24", "b"),
		scratch_put(SET_ID_BLOCK, "192.0.2.1", "c"),
		scratch_attachment(CHANGE_ATTACHMENT_PUT, "eth0", 1),
		scratch_put(SET_ID_BLOCK, "192.0.2.2", "d"),
		scratch_del(SET_ID_BLOCK, "192.0.2.2"),
	};
	struct source source = {.changes = changes};
	struct scratch other;
	char *one, *all;
	uint64_t seq;

	scratch_init(&other, SCRATCH_MAP_BYTES);
	assert_int_equal(scratch_commit(&other, changes, ARRAY_LEN(changes)),
			 0);
	assert_int_equal(
		commit_each(s, ARRAY_LEN(changes), give, &source, &seq), 0);
	assert_int_equal(source.asked, ARRAY_LEN(changes));
	one = scratch_text(s->store);
	all = scratch_text(other.store);
	scratch_done(&other);
	assert_string_equal(one, all);
	free(one);
	free(all);
}

static void however_many_they_are_one_line_of_the_journal(void **state)
{
	struct scratch *s = *state;
	uint64_t seq = 0;

	assert_int_equal(commit_each(s, MANY, give_numbered, NULL, &seq), 0);
	assert_int_equal(seq, scratch_usage(s).journal_seq);
	assert_int_equal(scratch_usage(s).member_count, MANY);
	assert_int_equal(commit_each(s, 0, give_numbered, NULL, &seq), 0);
	assert_int_equal(seq, 2);
	assert_int_equal(scratch_usage(s).member_count, MANY);
}

static void a_refused_one_leaves_none_of_them(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {
		scratch_put(SET_ID_BLOCK, "192.0.2.1", ""),
		scratch_set_put(FREE_SET, "mine"),
		scratch_put(77, "192.0.2.2", ""),
	};
	struct source source = {.changes = changes};
	uint64_t seq = 99;

	assert_int_equal(commit_each(s, 3, give, &source, &seq), -ENOENT);
	assert_int_equal(seq, 99);
	assert_int_equal(scratch_usage(s).member_count, 0);
	assert_int_equal(scratch_usage(s).journal_seq, 0);
	assert_false(scratch_holds(s, " mine "));
}

/* With as many members as there is room for. */
static uint32_t fill_up(struct scratch *s)
{
	uint32_t count = 0;
	uint64_t seq;

	for (uint32_t step = 4096; step > 0; step /= 2)
		while (commit_each(s, count + step, give_numbered, NULL,
				   &seq) == 0)
			count += step;
	assert_true(count > 0);
	return count;
}

static void a_full_store_refuses_more_and_takes_less(void **state)
{
	struct scratch *s = *state;
	uint64_t seq;
	uint32_t count;

	scratch_done(s);
	scratch_init(s, SMALL_MAP);
	count = fill_up(s);
	assert_int_equal(scratch_usage(s).member_count, count);
	assert_int_equal(
		commit_each(s, (size_t)MANY * 4, give_numbered, NULL, &seq),
		-ENOSPC);
	assert_int_equal(scratch_usage(s).member_count, count);
	assert_int_equal(commit_each(s, count, take_numbered, NULL, &seq), 0);
	assert_int_equal(scratch_usage(s).member_count, 0);
	assert_int_equal(commit_each(s, count, give_numbered, NULL, &seq), 0);
}

static const struct journal_entry lines[] = {
	{.uid = 1, .text = "first"},
	{.uid = 2, .text = "second"},
	{.uid = 3, .text = "third"},
};

struct parts {
	struct change changes[3];
	struct store_part list[3];
};

/* Three commits of one change each. */
static void make_parts(struct parts *parts, struct change first,
		       struct change second, struct change third)
{
	parts->changes[0] = first;
	parts->changes[1] = second;
	parts->changes[2] = third;
	for (size_t i = 0; i < 3; i++)
		parts->list[i] = (struct store_part){
			.changes = &parts->changes[i],
			.count = 1,
			.entry = &lines[i],
			.r = -99,
		};
}

static void assert_answers(const struct parts *parts, int first, int second,
			   int third)
{
	assert_int_equal(parts->list[0].r, first);
	assert_int_equal(parts->list[1].r, second);
	assert_int_equal(parts->list[2].r, third);
}

static int print_line(void *arg, const struct journal_entry *entry)
{
	(void)fprintf(arg, "%ju %u %s\n", (uintmax_t)entry->seq, entry->uid,
		      entry->text);
	return 0;
}

/* Newest first. */
static void assert_journal(struct scratch *s, const char *expected)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(store_each_journal(s->store, 0, 10, print_line, out),
			 0);
	(void)fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void commits_made_together_have_a_line_each(void **state)
{
	struct scratch *s = *state;
	struct parts parts;

	make_parts(&parts, scratch_put(SET_ID_BLOCK, "192.0.2.1", "a"),
		   scratch_put(SET_ID_ALLOW, "192.0.2.2", "b"),
		   scratch_put(SET_ID_BLOCK, "192.0.2.3", "a"));
	store_commit_many(s->store, parts.list, 3);
	assert_answers(&parts, 0, 0, 0);
	assert_journal(s, "3 3 third\n2 2 second\n1 1 first\n");
	assert_int_equal(scratch_usage(s).member_count, 3);
}

static void a_later_commit_builds_on_an_earlier_one(void **state)
{
	struct scratch *s = *state;
	struct parts parts;

	make_parts(&parts, scratch_set_put(FREE_SET, "mine"),
		   scratch_put(FREE_SET, "192.0.2.1", "old"),
		   scratch_put(FREE_SET, "192.0.2.1", "new"));
	store_commit_many(s->store, parts.list, 3);
	assert_answers(&parts, 0, 0, 0);
	assert_true(scratch_holds(s, " new\n"));
	assert_false(scratch_holds(s, " old\n"));
}

static void a_refused_commit_leaves_the_others(void **state)
{
	struct scratch *s = *state;
	struct parts parts;

	make_parts(&parts, scratch_put(SET_ID_BLOCK, "192.0.2.1", "a"),
		   scratch_put(77, "192.0.2.2", "b"),
		   scratch_put(SET_ID_BLOCK, "192.0.2.3", "c"));
	store_commit_many(s->store, parts.list, 3);
	assert_answers(&parts, 0, -ENOENT, 0);
	assert_journal(s, "2 3 third\n1 1 first\n");
	assert_true(scratch_holds(s, "member 3 192.0.2.1 "));
	assert_true(scratch_holds(s, "member 3 192.0.2.3 "));
	assert_int_equal(scratch_usage(s).member_count, 2);
}

static void a_refused_commit_is_whole_in_its_refusal(void **state)
{
	struct scratch *s = *state;
	const struct change two[] = {
		scratch_put(SET_ID_BLOCK, "192.0.2.8", ""),
		scratch_put(77, "192.0.2.9", ""),
	};
	struct parts parts;

	make_parts(&parts, scratch_put(SET_ID_BLOCK, "192.0.2.1", ""), two[0],
		   scratch_put(SET_ID_BLOCK, "192.0.2.3", ""));
	parts.list[1].changes = two;
	parts.list[1].count = 2;
	store_commit_many(s->store, parts.list, 3);
	assert_answers(&parts, 0, -ENOENT, 0);
	assert_false(scratch_holds(s, " 192.0.2.8 "));
}

static void all_of_them_may_be_refused(void **state)
{
	struct scratch *s = *state;
	struct parts parts;

	make_parts(&parts, scratch_put(77, "192.0.2.1", ""),
		   (struct change){.kind = CHANGE_SET_DEL, .set_id = 1},
		   scratch_put(78, "192.0.2.3", ""));
	store_commit_many(s->store, parts.list, 3);
	assert_answers(&parts, -ENOENT, -EPERM, -ENOENT);
	assert_journal(s, "");
}

static void one_commit_and_none_are_fine_too(void **state)
{
	struct scratch *s = *state;
	struct parts parts;

	make_parts(&parts, scratch_put(SET_ID_BLOCK, "192.0.2.1", ""),
		   scratch_put(SET_ID_BLOCK, "192.0.2.2", ""),
		   scratch_put(SET_ID_BLOCK, "192.0.2.3", ""));
	store_commit_many(s->store, parts.list, 0);
	assert_answers(&parts, -99, -99, -99);
	store_commit_many(s->store, parts.list, 1);
	assert_answers(&parts, 0, -99, -99);
	assert_journal(s, "1 1 first\n");
}

static void what_was_made_together_is_there_after_a_restart(void **state)
{
	struct scratch *s = *state;
	struct parts parts;

	make_parts(&parts, scratch_put(SET_ID_BLOCK, "192.0.2.1", "a"),
		   scratch_put(77, "192.0.2.2", "b"),
		   scratch_put(SET_ID_BLOCK, "192.0.2.3", "a"));
	store_commit_many(s->store, parts.list, 3);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	assert_int_equal(scratch_usage(s).member_count, 2);
	assert_journal(s, "2 3 third\n1 1 first\n");
	assert_int_equal(scratch_count_records(s, "reasons"), 1);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(one_by_one_makes_what_all_at_once_makes),
		test(however_many_they_are_one_line_of_the_journal),
		test(a_refused_one_leaves_none_of_them),
		test(a_full_store_refuses_more_and_takes_less),
		test(commits_made_together_have_a_line_each),
		test(a_later_commit_builds_on_an_earlier_one),
		test(a_refused_commit_leaves_the_others),
		test(a_refused_commit_is_whole_in_its_refusal),
		test(all_of_them_may_be_refused),
		test(one_commit_and_none_are_fine_too),
		test(what_was_made_together_is_there_after_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
