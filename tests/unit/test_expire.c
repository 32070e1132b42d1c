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
#include <event2/event.h>

#include "daemon/clock.h"
#include "daemon/expire.h"
#include "daemon/members.h"
#include "tests/support/scratch.h"

#define END_S	1000000u /* by the clock of these tests */
#define LATER_S 1001000u
#define MANY	20000u /* more than leave in one turn */

/* A daemon of what expire.h touches. */
struct stand {
	struct daemon daemon;
	struct scratch scratch;
};

static int sink_set(void *arg, const struct prefix *prefix, uint16_t class_id)
{
	(void)arg;
	(void)prefix;
	(void)class_id;
	return 0;
}

static void sink_clear(void *arg, const struct prefix *prefix,
		       const struct prefix *cover, uint16_t class_id)
{
	(void)arg;
	(void)prefix;
	(void)cover;
	(void)class_id;
}

static void sink_define(void *arg, uint16_t class_id,
			const struct class_info *info)
{
	(void)arg;
	(void)class_id;
	(void)info;
}

static int setup(void **state)
{
	static const struct ledger_sink sink = {
		.set = sink_set,
		.clear = sink_clear,
		.define = sink_define,
	};
	static struct stand stand;
	struct daemon *daemon = &stand.daemon;

	memset(&stand, 0, sizeof(stand));
	scratch_init(&stand.scratch, SCRATCH_MAP_BYTES);
	daemon->store = stand.scratch.store;
	daemon->base = event_base_new();
	assert_non_null(daemon->base);
	assert_int_equal(worker_new(daemon->base, &daemon->worker), 0);
	assert_int_equal(guard_new(&daemon->guard), 0);
	assert_int_equal(ledger_new(&sink, &stand, &daemon->ledger), 0);
	for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++)
		assert_int_equal(
			ledger_put_set(daemon->ledger, &set_builtins[i]), 0);
	*state = &stand;
	return 0;
}

/* What was submitted is committed now. */
static void finish_commits(struct stand *stand)
{
	worker_free(stand->daemon.worker);
	stand->daemon.worker = NULL;
}

static int teardown(void **state)
{
	struct stand *stand = *state;

	finish_commits(stand);
	expire_stop(&stand->daemon);
	ledger_free(stand->daemon.ledger);
	guard_free(stand->daemon.guard);
	event_base_free(stand->daemon.base);
	scratch_done(&stand->scratch);
	return 0;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	return prefix;
}

static void hold(struct stand *stand, uint8_t set_id, const char *text,
		 uint64_t until_s)
{
	const struct member member = {
		.prefix = prefix_of(text),
		.evidence = {.expires_s = until_s, .reason = ""},
	};

	assert_int_equal(
		ledger_claim(stand->daemon.ledger, set_id, &member, until_s),
		0);
}

static bool is_held(const struct stand *stand, uint8_t set_id, const char *text)
{
	const struct prefix prefix = prefix_of(text);
	struct evidence evidence;

	return ledger_get(stand->daemon.ledger, set_id, &prefix, &evidence) ==
	       0;
}

static bool is_protected(const struct stand *stand, const char *text)
{
	const struct prefix prefix = prefix_of(text);

	return guard_find(stand->daemon.guard, &prefix) != NULL;
}

static size_t block_count(const struct stand *stand)
{
	return ledger_set_count(stand->daemon.ledger, SET_ID_BLOCK);
}

/* `count` members of the block set, in ledger and store, that end. */
static void fill(struct stand *stand, uint32_t count)
{
	scratch_fill(&stand->scratch, count, "short");
	for (uint32_t n = 0; n < count; n++) {
		struct change change = scratch_numbered(n, "short");

		assert_int_equal(ledger_claim(stand->daemon.ledger,
					      SET_ID_BLOCK, &change.member,
					      END_S),
				 0);
	}
}

static void members_past_their_end_leave_ledger_and_store(void **state)
{
	struct stand *stand = *state;

	fill(stand, 3);
	hold(stand, SET_ID_BLOCK, "192.0.2.1", 0);
	hold(stand, SET_ID_BLOCK, "192.0.2.2", LATER_S);
	expire_due(&stand->daemon, END_S);
	assert_int_equal(block_count(stand), 2);
	finish_commits(stand);
	assert_int_equal(scratch_usage(&stand->scratch).member_count, 0);
	assert_int_equal(stand->daemon.store_usage.member_count, 0);
}

static void an_expired_management_member_protects_no_longer(void **state)
{
	struct stand *stand = *state;

	hold(stand, SET_ID_MANAGEMENT, "192.0.2.1", END_S);
	members_guard(&stand->daemon);
	assert_true(is_protected(stand, "192.0.2.1"));
	expire_due(&stand->daemon, END_S);
	assert_false(is_protected(stand, "192.0.2.1"));
}

static void more_than_a_turn_takes_leave_one_turn_after_the_other(void **state)
{
	struct stand *stand = *state;
	size_t left;

	fill(stand, MANY);
	expire_due(&stand->daemon, END_S);
	left = block_count(stand);
	assert_true(left > 0 && left < MANY);
	while (block_count(stand) > 0)
		assert_int_equal(
			event_base_loop(stand->daemon.base, EVLOOP_ONCE), 0);
}

static void however_many_turns_they_are_one_line_of_the_journal(void **state)
{
	struct stand *stand = *state;
	uint64_t before;

	fill(stand, MANY);
	before = scratch_usage(&stand->scratch).journal_seq;
	expire_due(&stand->daemon, END_S);
	assert_int_equal(worker_pending(stand->daemon.worker), 0);
	while (worker_pending(stand->daemon.worker) == 0)
		assert_int_equal(
			event_base_loop(stand->daemon.base, EVLOOP_ONCE), 0);
	finish_commits(stand);
	assert_int_equal(scratch_usage(&stand->scratch).member_count, 0);
	assert_int_equal(scratch_usage(&stand->scratch).journal_seq,
			 before + 1);
}

static void nobody_leaves_while_any_set_is_imported_into(void **state)
{
	struct stand *stand = *state;

	fill(stand, 3);
	stand->daemon.is_importing[SET_ID_MAX] = true;
	expire_due(&stand->daemon, END_S);
	assert_int_equal(block_count(stand), 3);
	assert_int_equal(worker_pending(stand->daemon.worker), 0);
	stand->daemon.is_importing[SET_ID_MAX] = false;
	expire_due(&stand->daemon, END_S);
	assert_int_equal(block_count(stand), 0);
}

static void without_an_expired_member_nothing_is_committed(void **state)
{
	struct stand *stand = *state;

	hold(stand, SET_ID_BLOCK, "192.0.2.1", 0);
	expire_due(&stand->daemon, END_S);
	hold(stand, SET_ID_BLOCK, "192.0.2.2", LATER_S);
	expire_due(&stand->daemon, END_S);
	assert_int_equal(worker_pending(stand->daemon.worker), 0);
}

static void nobody_leaves_while_the_clock_is_in_doubt(void **state)
{
	struct stand *stand = *state;

	if (clock_is_synchronised())
		skip();
	hold(stand, SET_ID_BLOCK, "192.0.2.1", END_S);
	stand->daemon.doubts_clock = true;
	stand->daemon.started_s = clock_boot_s();
	expire_due(&stand->daemon, LATER_S);
	assert_int_equal(block_count(stand), 1);
	/* set back, and then the time is up */
	expire_due(&stand->daemon, END_S - 1);
	stand->daemon.started_s = 0;
	expire_due(&stand->daemon, END_S - 1);
	assert_int_equal(block_count(stand), 1);
	expire_due(&stand->daemon, END_S);
	assert_int_equal(block_count(stand), 0);
}

/* Should that fail, it is there again, and without an end. */
static void nobody_leaves_whose_change_is_not_stored_yet(void **state)
{
	struct stand *stand = *state;
	struct daemon *daemon = &stand->daemon;
	const struct prefix prefix = prefix_of("192.0.2.1");
	struct edits edits = {
		.set_id = SET_ID_BLOCK,
		.evidence = {.expires_s = END_S, .reason = strdup("")},
	};
	uint64_t worst_ns;
	size_t failed;

	hold(stand, SET_ID_BLOCK, "192.0.2.1", 0);
	assert_int_equal(edits_add(&edits, &prefix), 0);
	assert_int_equal(members_apply(daemon, &edits, 0, &worst_ns, &failed),
			 0);
	members_await(daemon, &edits);
	expire_due(daemon, END_S);
	assert_int_equal(worker_pending(daemon->worker), 0);
	assert_int_equal(block_count(stand), 1);
	members_settle(daemon, &edits);
	edits_done(&edits);
	expire_due(daemon, END_S + 1);
	assert_int_equal(block_count(stand), 0);
}

/* Leave no number for a class that is not there yet. */
static void use_up_classes(struct stand *stand)
{
	struct classes *classes = ledger_classes(stand->daemon.ledger);

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
	struct stand *stand = *state;
	struct daemon *daemon = &stand->daemon;
	const struct prefix host = prefix_of("10.0.0.1");

	hold(stand, SET_ID_BLOCK, "10.0.0.0/8", END_S);
	hold(stand, SET_ID_ALLOW, "10.0.0.1", 0);
	hold(stand, SET_ID_BLOCK, "192.0.2.1", END_S + 1);
	use_up_classes(stand);
	expire_due(daemon, END_S + 1);
	assert_true(is_held(stand, SET_ID_BLOCK, "10.0.0.0/8"));
	assert_false(is_held(stand, SET_ID_BLOCK, "192.0.2.1"));
	assert_int_equal(daemon->alerts.count, 1);

	expire_due(daemon, END_S + 2);
	assert_int_equal(daemon->alerts.count, 1);
	assert_int_equal(ledger_withdraw(daemon->ledger, SET_ID_ALLOW, &host),
			 0);
	expire_due(daemon, END_S + 100);
	assert_false(is_held(stand, SET_ID_BLOCK, "10.0.0.0/8"));
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
