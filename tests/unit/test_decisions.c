// SPDX-License-Identifier: GPL-2.0-or-later
/* Decisions of a stream: who is held, until when, and by which of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/decisions.h"

#define NOW 1000000000ull
#define MAX 4

static struct decisions *table;

static int set_up(void **state)
{
	(void)state;
	return decisions_new(MAX, &table);
}

static int tear_down(void **state)
{
	(void)state;
	decisions_free(table);
	return 0;
}

static void note(uint64_t id, const char *text, uint64_t lasts_s,
		 const char *reason)
{
	struct decision decision = {
		.id = id,
		.until_s = NOW + lasts_s,
		.reason = reason,
	};

	assert_int_equal(prefix_from_text(text, strlen(text), &decision.prefix),
			 0);
	assert_int_equal(decisions_note(table, &decision), 0);
}

static void forget(uint64_t id)
{
	assert_int_equal(decisions_note_deleted(table, id), 0);
}

static void settle(void)
{
	assert_int_equal(decisions_settle(table, NOW), 0);
}

/* The id of what holds it; 0: nothing does. */
static uint64_t holder(const char *text)
{
	CLEANUP(freep) struct decision *list = NULL;
	struct prefix prefix;
	uint64_t id = 0;
	size_t count;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	assert_int_equal(decisions_held(table, &list, &count), 0);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || prefix_cmp(&list[i - 1].prefix,
						 &list[i].prefix) < 0);
		if (prefix_cmp(&list[i].prefix, &prefix) == 0)
			id = list[i].id;
	}
	return id;
}

static void the_decision_that_ends_last_holds_an_address(void **state)
{
	(void)state;
	note(7, "203.0.113.9", 60, "short");
	note(8, "203.0.113.9", 3600, "long");
	note(9, "203.0.113.9", 600, "later");
	settle();
	assert_int_equal(decisions_count(table), 3);
	assert_int_equal(holder("203.0.113.9"), 8);
}

static void the_next_one_holds_it_once_that_is_deleted(void **state)
{
	(void)state;
	note(7, "203.0.113.9", 60, "short");
	note(8, "203.0.113.9", 3600, "long");
	settle();
	forget(8);
	settle();
	assert_int_equal(holder("203.0.113.9"), 7);
	forget(7);
	settle();
	assert_int_equal(holder("203.0.113.9"), 0);
}

static void deleting_again_or_what_is_not_there_is_nothing(void **state)
{
	(void)state;
	note(7, "203.0.113.9", 60, "a");
	note(8, "198.51.100.0/24", 60, "b");
	settle();
	for (int i = 0; i < 2; i++) {
		forget(8);
		forget(8);
		forget(99);
		settle();
		assert_int_equal(decisions_count(table), 1);
		assert_int_equal(holder("203.0.113.9"), 7);
	}
}

static void what_is_deleted_in_the_same_reply_is_not_held(void **state)
{
	(void)state;
	forget(7);
	note(7, "203.0.113.9", 60, "a");
	note(8, "203.0.113.8", 60, "a");
	forget(8);
	settle();
	assert_int_equal(decisions_count(table), 0);
}

static void the_same_id_again_takes_the_place_of_the_first(void **state)
{
	(void)state;
	note(7, "203.0.113.9", 60, "a");
	note(8, "203.0.113.9", 100, "b");
	settle();
	note(7, "203.0.113.9", 200, "c");
	settle();
	assert_int_equal(decisions_count(table), 2);
	assert_int_equal(holder("203.0.113.9"), 7);
	note(7, "203.0.113.9", 300, "d");
	note(7, "203.0.113.9", 50, "e");
	settle();
	assert_int_equal(holder("203.0.113.9"), 8);
}

static void an_id_on_several_networks_goes_from_all(void **state)
{
	(void)state;
	note(7, "203.0.113.8/31", 60, "a");
	note(7, "203.0.113.10", 60, "a");
	settle();
	assert_int_equal(decisions_count(table), 2);
	forget(7);
	settle();
	assert_int_equal(decisions_count(table), 0);
}

static void what_has_ended_is_forgotten(void **state)
{
	(void)state;
	note(7, "203.0.113.9", 60, "a");
	note(8, "203.0.113.9", 61, "b");
	settle();
	assert_int_equal(decisions_settle(table, NOW + 60), 0);
	assert_int_equal(decisions_count(table), 1);
	assert_int_equal(decisions_settle(table, NOW + 61), 0);
	assert_int_equal(decisions_count(table), 0);
}

static void more_than_there_may_be_are_refused(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= MAX; i++)
		note(i, "203.0.113.9", 60, "a");
	settle();
	assert_int_equal(decisions_count(table), MAX);
	note(1, "203.0.113.9", 90, "again");
	settle();
	note(MAX + 1, "203.0.113.9", 60, "a");
	assert_int_equal(decisions_settle(table, NOW), -E2BIG);
}

static void notes_without_end_are_refused_before_they_are_settled(void **state)
{
	struct decision decision = {.id = 1, .until_s = NOW + 1, .reason = ""};
	int r = 0;

	(void)state;
	for (unsigned int i = 0; i < 4 * MAX && r == 0; i++)
		r = decisions_note(table, &decision);
	assert_int_equal(r, -E2BIG);
}

static void a_reason_is_kept_with_its_decision(void **state)
{
	CLEANUP(freep) struct decision *list = NULL;
	char reason[] = "crowdsecurity/ssh-bf (CAPI)";
	size_t count;

	(void)state;
	note(7, "203.0.113.9", 60, reason);
	note(8, "203.0.113.10", 60, "other");
	reason[0] = '?';
	settle();
	assert_int_equal(decisions_held(table, &list, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(list[0].reason, "crowdsecurity/ssh-bf (CAPI)");
	assert_string_equal(list[1].reason, "other");
}

static void a_text_that_no_decision_gives_is_dropped(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 100; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "scenario %llu",
			       (unsigned long long)i);
		note(i, "203.0.113.9", 60, text);
		note(1000 + i, "203.0.113.10", 60, "the same");
		settle();
		assert_int_equal(decisions_reasons(table), 2);
		forget(i);
		forget(1000 + i);
	}
	settle();
	assert_int_equal(decisions_reasons(table), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_decision_that_ends_last_holds_an_address),
		TEST(the_next_one_holds_it_once_that_is_deleted),
		TEST(deleting_again_or_what_is_not_there_is_nothing),
		TEST(what_is_deleted_in_the_same_reply_is_not_held),
		TEST(the_same_id_again_takes_the_place_of_the_first),
		TEST(an_id_on_several_networks_goes_from_all),
		TEST(what_has_ended_is_forgotten),
		TEST(more_than_there_may_be_are_refused),
		TEST(notes_without_end_are_refused_before_they_are_settled),
		TEST(a_reason_is_kept_with_its_decision),
		TEST(a_text_that_no_decision_gives_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
