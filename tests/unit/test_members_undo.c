// SPDX-License-Identifier: GPL-2.0-or-later
/* Several commits of the same members under way, and some of them fail. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/clock.h"
#include "daemon/members.h"
#include "tests/support/desk.h"

#define CROWD	   63 /* requests under way */
#define CROWD_PAGE 4096 /* members each */

/* The prefixes here are not within each other, so each has an entry. */
static int setup(void **state)
{
	static struct desk desk;

	desk_init(&desk);
	*state = &desk;
	return 0;
}

static int teardown(void **state)
{
	desk_done(*state);
	return 0;
}

/* Prefixes parted by blanks: applied, and their commit is under way. */
static struct edits *await(struct daemon *daemon, const char *prefixes,
			   const char *reason, bool is_removal)
{
	struct edits *edits = calloc(1, sizeof(*edits));
	char *words = strdup(prefixes);
	char *rest = NULL;
	uint64_t worst_ns;
	size_t failed;

	assert_true(edits && words);
	edits->set_id = SET_ID_BLOCK;
	edits->is_removal = is_removal;
	edits->evidence.reason = strdup(reason);
	for (char *word = strtok_r(words, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		struct prefix prefix;

		assert_int_equal(prefix_from_text(word, strlen(word), &prefix),
				 0);
		assert_int_equal(edits_add(edits, &prefix), 0);
	}
	free(words);
	assert_int_equal(members_apply(daemon, edits, clock_mono_ns(),
				       &worst_ns, &failed),
			 0);
	members_await(daemon, edits);
	return edits;
}

static struct edits *put(struct daemon *daemon, const char *prefixes,
			 const char *reason)
{
	return await(daemon, prefixes, reason, false);
}

static struct edits *take(struct daemon *daemon, const char *prefixes)
{
	return await(daemon, prefixes, "", true);
}

static void end(struct daemon *daemon, struct edits *edits, bool is_stored)
{
	if (!is_stored)
		members_undo(daemon, edits);
	members_settle(daemon, edits);
	edits_done(edits);
	free(edits);
}

static int print_member(void *arg, const struct set *set,
			const struct member *member)
{
	char text[PREFIX_TEXT_MAX];
	char *out = arg;
	size_t used = strlen(out);

	(void)set;
	(void)snprintf(out + used, 256 - used, "%s%s %s", used ? ", " : "",
		       prefix_to_text(&member->prefix, text),
		       member->evidence.reason);
	return 0;
}

static void assert_held(const struct daemon *daemon, const char *expected)
{
	char text[256] = "";

	assert_true(ledger_each_after(daemon->ledger, SET_ID_BLOCK, NULL, 100,
				      print_member, text) >= 0);
	assert_string_equal(text, expected);
}

static void what_others_made_of_it_since_stays(void **state)
{
	struct daemon *daemon = *state;
	struct edits *first = put(daemon, "192.0.2.1 192.0.2.2", "first");
	struct edits *second = put(daemon, "192.0.2.2 192.0.2.3", "second");

	end(daemon, first, false);
	assert_held(daemon, "192.0.2.2 second, 192.0.2.3 second");
	end(daemon, second, true);
	assert_held(daemon, "192.0.2.2 second, 192.0.2.3 second");
}

static void what_others_took_out_since_stays_out(void **state)
{
	struct daemon *daemon = *state;
	struct edits *first, *second;

	end(daemon, put(daemon, "192.0.2.1", "old"), true);
	first = put(daemon, "192.0.2.1", "first");
	second = take(daemon, "192.0.2.1");
	end(daemon, first, false);
	assert_held(daemon, "");
	end(daemon, second, true);
	assert_held(daemon, "");
}

static void all_undone_in_a_row_are_as_before_the_first(void **state)
{
	struct daemon *daemon = *state;
	struct edits *edits[4];

	end(daemon, put(daemon, "192.0.2.2", "old"), true);
	edits[0] = put(daemon, "192.0.2.1 192.0.2.2", "new");
	edits[1] = take(daemon, "192.0.2.2 192.0.2.2");
	edits[2] = take(daemon, "192.0.2.1 192.0.2.1");
	edits[3] = put(daemon, "192.0.2.2 192.0.2.1 192.0.2.1", "newer");
	for (size_t i = 0; i < ARRAY_LEN(edits); i++)
		end(daemon, edits[i], false);
	assert_held(daemon, "192.0.2.2 old");
}

static void what_was_stored_is_what_a_later_failure_puts_back(void **state)
{
	struct daemon *daemon = *state;
	struct edits *first = put(daemon, "192.0.2.1", "first");
	struct edits *second = put(daemon, "192.0.2.1", "second");
	struct edits *third = take(daemon, "192.0.2.1");

	end(daemon, first, true);
	end(daemon, second, false);
	end(daemon, third, false);
	assert_held(daemon, "192.0.2.1 first");
}

static void a_set_is_awaited_until_all_its_commits_have_ended(void **state)
{
	struct daemon *daemon = *state;
	struct edits *first = put(daemon, "192.0.2.1", "first");
	struct edits *second = put(daemon, "192.0.2.2", "second");

	end(daemon, first, true);
	assert_true(members_are_awaited(daemon, SET_ID_BLOCK));
	assert_false(members_are_awaited(daemon, SET_ID_ALLOW));
	end(daemon, second, true);
	assert_false(members_are_awaited(daemon, SET_ID_BLOCK));
}

/* As many addresses as a request may have, `step` apart. */
static struct edits *await_row(struct daemon *daemon, uint32_t first,
			       uint32_t step)
{
	struct edits *edits = calloc(1, sizeof(*edits));
	uint64_t worst_ns;
	size_t failed;

	assert_non_null(edits);
	edits->set_id = SET_ID_BLOCK;
	edits->evidence.reason = strdup("row");
	for (uint32_t n = 0; n < CROWD_PAGE; n++) {
		const struct prefix prefix = prefix_of_v4(first + n * step, 32);

		assert_int_equal(edits_add(edits, &prefix), 0);
	}
	assert_int_equal(members_apply(daemon, edits, clock_mono_ns(),
				       &worst_ns, &failed),
			 0);
	members_await(daemon, edits);
	return edits;
}

/* The most members that one look for the newest edit of one passes. */
static size_t longest_look(const struct awaited *awaited)
{
	size_t longest = 0;

	for (size_t i = 0; i < AWAITED_BUCKETS; i++) {
		const struct edit *edit = awaited->newest[i];
		size_t length = 0;

		for (; edit; edit = edit->beside)
			length++;
		longest = length > longest ? length : longest;
	}
	return longest;
}

static void undo_crowd(struct desk *desk, uint32_t step, size_t look_max)
{
	struct edits *edits[CROWD];

	for (uint32_t i = 0; i < CROWD; i++)
		edits[i] = await_row(&desk->daemon,
				     0x0a000000 + i * step * (CROWD_PAGE / 2),
				     step);
	assert_in_range(longest_look(&desk->daemon.awaited), 1, look_max);
	for (uint32_t i = 0; i < CROWD; i++)
		end(&desk->daemon, edits[i], false);
	assert_int_equal(longest_look(&desk->daemon.awaited), 0);
	assert_held(&desk->daemon, "");
}

static void a_crowd_is_undone_in_short_looks(void **state)
{
	undo_crowd(*state, 1, 32);
}

static void a_crowd_at_one_member_is_undone_in_one_look(void **state)
{
	undo_crowd(*state, 0, 1);
}

static void set_capacity(struct daemon *daemon, uint32_t capacity)
{
	struct set set = *ledger_set(daemon->ledger, SET_ID_BLOCK);

	set.capacity = capacity;
	assert_int_equal(ledger_put_set(daemon->ledger, &set), 0);
}

static void
what_was_taken_out_comes_back_though_its_place_is_taken(void **state)
{
	struct daemon *daemon = *state;
	struct edits *first, *second;

	set_capacity(daemon, 1);
	end(daemon, put(daemon, "192.0.2.1", "old"), true);
	first = take(daemon, "192.0.2.1");
	second = put(daemon, "192.0.2.2", "new");
	end(daemon, first, false);
	assert_held(daemon, "192.0.2.1 old, 192.0.2.2 new");
	end(daemon, second, false);
	assert_held(daemon, "192.0.2.1 old");
	assert_int_equal(ledger_set(daemon->ledger, SET_ID_BLOCK)->capacity, 1);
	assert_int_equal(daemon->alerts.count, 0);
}

/* 192.0.2.1 is stored and owed, and 192.0.2.2 has its place in the table. */
static struct edits *owe_one(struct desk *desk)
{
	struct daemon *daemon = &desk->daemon;
	struct edits *first, *second;

	desk->room = 1;
	end(daemon, put(daemon, "192.0.2.1", "old"), true);
	first = take(daemon, "192.0.2.1");
	second = put(daemon, "192.0.2.2", "new");
	end(daemon, first, false);
	assert_held(daemon, "192.0.2.2 new");
	assert_int_equal(daemon->alerts.count, 0);
	return second;
}

static void what_finds_no_room_comes_back_when_there_is_some(void **state)
{
	struct daemon *daemon = *state;

	end(daemon, owe_one(*state), false);
	assert_held(daemon, "192.0.2.1 old");
	assert_int_equal(daemon->alerts.count, 0);
}

static void what_finds_no_room_for_good_is_an_alert_until_it_does(void **state)
{
	struct daemon *daemon = *state;

	end(daemon, owe_one(*state), true);
	assert_held(daemon, "192.0.2.2 new");
	assert_int_equal(daemon->alerts.count, 1);
	end(daemon, take(daemon, "192.0.2.2"), true);
	assert_held(daemon, "192.0.2.1 old");
	assert_int_equal(daemon->alerts.count, 0);
}

static void what_is_taken_out_is_owed_no_longer(void **state)
{
	struct daemon *daemon = *state;
	struct edits *again;

	end(daemon, owe_one(*state), true);
	again = take(daemon, "192.0.2.1");
	assert_true(again->list[0].had);
	end(daemon, again, true);
	assert_int_equal(daemon->alerts.count, 0);
	end(daemon, take(daemon, "192.0.2.2"), true);
	assert_held(daemon, "");
}

static void a_removal_of_what_is_owed_that_fails_leaves_it_owed(void **state)
{
	struct daemon *daemon = *state;

	end(daemon, owe_one(*state), true);
	end(daemon, take(daemon, "192.0.2.1"), false);
	assert_int_equal(daemon->alerts.count, 1);
	end(daemon, take(daemon, "192.0.2.2"), true);
	assert_held(daemon, "192.0.2.1 old");
}

static void a_refused_renewal_of_what_is_owed_leaves_it_owed(void **state)
{
	struct daemon *daemon = *state;
	const struct prefix prefix = prefix_of_v4(0xc0000201, 32);
	struct edits edits = {.set_id = SET_ID_BLOCK};
	uint64_t worst_ns;
	size_t failed;

	end(daemon, owe_one(*state), true);
	assert_int_equal(edits_add(&edits, &prefix), 0);
	assert_int_equal(members_apply(daemon, &edits, clock_mono_ns(),
				       &worst_ns, &failed),
			 -ENOSPC);
	edits_done(&edits);
	end(daemon, take(daemon, "192.0.2.2"), true);
	assert_held(daemon, "192.0.2.1 old");
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_others_made_of_it_since_stays),
		test(what_others_took_out_since_stays_out),
		test(all_undone_in_a_row_are_as_before_the_first),
		test(what_was_stored_is_what_a_later_failure_puts_back),
		test(a_crowd_is_undone_in_short_looks),
		test(a_crowd_at_one_member_is_undone_in_one_look),
		test(what_was_taken_out_comes_back_though_its_place_is_taken),
		test(what_finds_no_room_comes_back_when_there_is_some),
		test(what_finds_no_room_for_good_is_an_alert_until_it_does),
		test(what_is_taken_out_is_owed_no_longer),
		test(a_removal_of_what_is_owed_that_fails_leaves_it_owed),
		test(a_refused_renewal_of_what_is_owed_leaves_it_owed),
		test(a_set_is_awaited_until_all_its_commits_have_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
