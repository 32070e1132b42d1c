// SPDX-License-Identifier: GPL-2.0-or-later
/* Members whose time is up leave the ledger, the guard and the store. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/clock.h"
#include "daemon/expire.h"
#include "daemon/members.h"
#include "tests/support/desk.h"

#define END_S	1000000u /* by the clock of these tests */
#define LATER_S 1001000u
#define MANY	20000u /* more than leave in one turn */

static int setup(void **state)
{
	static struct desk desk;

	desk_init(&desk);
	desk_open(&desk);
	*state = &desk;
	return 0;
}

static int teardown(void **state)
{
	struct desk *desk = *state;

	desk_commit(desk);
	expire_stop(&desk->daemon);
	desk_done(desk);
	return 0;
}

static void hold(struct desk *desk, uint8_t set_id, const char *text,
		 uint64_t until_s)
{
	const struct member member = {
		.prefix = desk_prefix(text),
		.evidence = {.expires_s = until_s, .reason = ""},
	};

	assert_int_equal(
		ledger_claim(desk->daemon.ledger, set_id, &member, until_s), 0);
}

static size_t block_count(const struct desk *desk)
{
	return ledger_set_count(desk->daemon.ledger, SET_ID_BLOCK);
}

/* `count` members of the block set, in ledger and store, that end. */
static void fill(struct desk *desk, uint32_t count)
{
	scratch_fill(&desk->scratch, count, "short");
	for (uint32_t n = 0; n < count; n++) {
		struct change change = scratch_numbered(n, "short");

		assert_int_equal(ledger_claim(desk->daemon.ledger, SET_ID_BLOCK,
					      &change.member, END_S),
				 0);
	}
}

static void members_past_their_end_leave_ledger_and_store(void **state)
{
	struct desk *desk = *state;

	fill(desk, 3);
	hold(desk, SET_ID_BLOCK, "192.0.2.1", 0);
	hold(desk, SET_ID_BLOCK, "192.0.2.2", LATER_S);
	expire_due(&desk->daemon, END_S);
	assert_int_equal(block_count(desk), 2);
	desk_commit(desk);
	assert_int_equal(scratch_usage(&desk->scratch).member_count, 0);
	assert_int_equal(desk->daemon.store_usage.member_count, 0);
}

static void an_expired_management_member_protects_no_longer(void **state)
{
	struct desk *desk = *state;

	hold(desk, SET_ID_MANAGEMENT, "192.0.2.1", END_S);
	members_guard(&desk->daemon);
	assert_true(desk_protects(desk, "192.0.2.1"));
	expire_due(&desk->daemon, END_S);
	assert_false(desk_protects(desk, "192.0.2.1"));
}

static void more_than_a_turn_takes_leave_one_turn_after_the_other(void **state)
{
	struct desk *desk = *state;
	size_t left;

	fill(desk, MANY);
	expire_due(&desk->daemon, END_S);
	left = block_count(desk);
	assert_true(left > 0 && left < MANY);
	while (block_count(desk) > 0)
		assert_int_equal(
			event_base_loop(desk->daemon.base, EVLOOP_ONCE), 0);
}

static void however_many_turns_they_are_one_line_of_the_journal(void **state)
{
	struct desk *desk = *state;
	uint64_t before;

	fill(desk, MANY);
	before = scratch_usage(&desk->scratch).journal_seq;
	expire_due(&desk->daemon, END_S);
	assert_int_equal(worker_pending(desk->daemon.worker), 0);
	while (worker_pending(desk->daemon.worker) == 0)
		assert_int_equal(
			event_base_loop(desk->daemon.base, EVLOOP_ONCE), 0);
	desk_commit(desk);
	assert_int_equal(scratch_usage(&desk->scratch).member_count, 0);
	assert_int_equal(scratch_usage(&desk->scratch).journal_seq, before + 1);
}

static void nobody_leaves_while_any_set_is_imported_into(void **state)
{
	struct desk *desk = *state;

	fill(desk, 3);
	desk->daemon.is_importing[SET_ID_MAX] = true;
	expire_due(&desk->daemon, END_S);
	assert_int_equal(block_count(desk), 3);
	assert_int_equal(worker_pending(desk->daemon.worker), 0);
	desk->daemon.is_importing[SET_ID_MAX] = false;
	expire_due(&desk->daemon, END_S);
	assert_int_equal(block_count(desk), 0);
}

static void without_an_expired_member_nothing_is_committed(void **state)
{
	struct desk *desk = *state;

	hold(desk, SET_ID_BLOCK, "192.0.2.1", 0);
	expire_due(&desk->daemon, END_S);
	hold(desk, SET_ID_BLOCK, "192.0.2.2", LATER_S);
	expire_due(&desk->daemon, END_S);
	assert_int_equal(worker_pending(desk->daemon.worker), 0);
}

static void nobody_leaves_while_the_clock_is_in_doubt(void **state)
{
	struct desk *desk = *state;

	if (clock_is_synchronised())
		skip();
	hold(desk, SET_ID_BLOCK, "192.0.2.1", END_S);
	desk->daemon.doubts_clock = true;
	desk->daemon.started_s = clock_boot_s();
	expire_due(&desk->daemon, LATER_S);
	assert_int_equal(block_count(desk), 1);
	/* set back, and then the time is up */
	expire_due(&desk->daemon, END_S - 1);
	desk->daemon.started_s = 0;
	expire_due(&desk->daemon, END_S - 1);
	assert_int_equal(block_count(desk), 1);
	expire_due(&desk->daemon, END_S);
	assert_int_equal(block_count(desk), 0);
}

/* Should that fail, it is there again, and without an end. */
static void nobody_leaves_whose_change_is_not_stored_yet(void **state)
{
	struct desk *desk = *state;
	struct daemon *daemon = &desk->daemon;
	const struct prefix prefix = desk_prefix("192.0.2.1");
	struct edits edits = {
		.set_id = SET_ID_BLOCK,
		.evidence = {.expires_s = END_S, .reason = strdup("")},
	};
	uint64_t worst_ns;
	size_t failed;

	hold(desk, SET_ID_BLOCK, "192.0.2.1", 0);
	assert_int_equal(edits_add(&edits, &prefix), 0);
	assert_int_equal(members_apply(daemon, &edits, 0, &worst_ns, &failed),
			 0);
	members_await(daemon, &edits);
	expire_due(daemon, END_S);
	assert_int_equal(worker_pending(daemon->worker), 0);
	assert_int_equal(block_count(desk), 1);
	members_settle(daemon, &edits);
	edits_done(&edits);
	expire_due(daemon, END_S + 1);
	assert_int_equal(block_count(desk), 0);
}

/* Leave no number for a class that is not there yet. */
static void use_up_classes(struct desk *desk)
{
	struct classes *classes = ledger_classes(desk->daemon.ledger);

	for (uint32_t id = classes_last(classes) + 1; id <= CLASS_MAX; id++) {
		struct set_mask mask = {0};

		set_mask_add(&mask, SET_ID_MAX);
		for (unsigned int bit = 0; bit < 16; bit++)
			if (id >> bit & 1)
				set_mask_add(&mask, (uint8_t)(100 + bit));
		assert_int_equal(classes_seed(classes, (uint16_t)id, &mask), 0);
	}
}

/* Without the network, the host in it would need a class of its own. */
static void one_that_cannot_leave_does_not_keep_the_others(void **state)
{
	struct desk *desk = *state;
	struct daemon *daemon = &desk->daemon;
	const struct prefix host = desk_prefix("10.0.0.1");

	hold(desk, SET_ID_BLOCK, "10.0.0.0/8", END_S);
	hold(desk, SET_ID_ALLOW, "10.0.0.1", 0);
	hold(desk, SET_ID_BLOCK, "192.0.2.1", END_S + 1);
	use_up_classes(desk);
	expire_due(daemon, END_S + 1);
	assert_true(desk_holds(desk, SET_ID_BLOCK, "10.0.0.0/8"));
	assert_false(desk_holds(desk, SET_ID_BLOCK, "192.0.2.1"));
	assert_int_equal(daemon->alerts.count, 1);

	expire_due(daemon, END_S + 2);
	assert_int_equal(daemon->alerts.count, 1);
	assert_int_equal(ledger_withdraw(daemon->ledger, SET_ID_ALLOW, &host),
			 0);
	expire_due(daemon, END_S + 100);
	assert_false(desk_holds(desk, SET_ID_BLOCK, "10.0.0.0/8"));
	assert_int_equal(daemon->alerts.count, 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(members_past_their_end_leave_ledger_and_store),
		test(an_expired_management_member_protects_no_longer),
		test(more_than_a_turn_takes_leave_one_turn_after_the_other),
		test(however_many_turns_they_are_one_line_of_the_journal),
		test(nobody_leaves_while_any_set_is_imported_into),
		test(without_an_expired_member_nothing_is_committed),
		test(nobody_leaves_while_the_clock_is_in_doubt),
		test(nobody_leaves_whose_change_is_not_stored_yet),
		test(one_that_cannot_leave_does_not_keep_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
