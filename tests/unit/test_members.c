// SPDX-License-Identifier: GPL-2.0-or-later
/* A few changes of members: whole or not at all. */
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

#define OLD_S	1795629124u
#define LATER_S 4000000000u

struct stand {
	struct desk desk;
	struct edits edits;
};

static int setup(void **state)
{
	static struct stand stand;

	desk_init(&stand.desk);
	desk_open(&stand.desk);
	*state = &stand;
	return 0;
}

static int teardown(void **state)
{
	struct stand *stand = *state;

	desk_commit(&stand->desk);
	edits_done(&stand->edits);
	desk_done(&stand->desk);
	return 0;
}

static void hold(struct stand *stand, uint8_t set_id, const char *text,
		 const char *reason, uint64_t until_s)
{
	const struct member member = {
		.prefix = desk_prefix(text),
		.evidence = {.uid = 7,
			     .line = 9,
			     .created_s = OLD_S,
			     .expires_s = until_s ? LATER_S : 0,
			     .reason = reason},
	};

	assert_int_equal(ledger_claim(stand->desk.daemon.ledger, set_id,
				      &member, until_s),
			 0);
}

/* Edits of these prefixes, parted by blanks, with the reason "new". */
static struct edits *begin(struct stand *stand, uint8_t set_id,
			   const char *prefixes)
{
	char words[256];
	char *rest = NULL;

	stand->edits.set_id = set_id;
	stand->edits.evidence = (struct evidence){
		.uid = 1000,
		.created_s = OLD_S + 5,
		.reason = strdup("new"),
	};
	(void)snprintf(words, sizeof(words), "%s", prefixes);
	for (char *word = strtok_r(words, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		const struct prefix prefix = desk_prefix(word);

		assert_int_equal(edits_add(&stand->edits, &prefix), 0);
	}
	return &stand->edits;
}

static int apply(struct stand *stand, size_t *ret_failed)
{
	uint64_t worst_ns;

	return members_apply(&stand->desk.daemon, &stand->edits,
			     clock_mono_ns(), &worst_ns, ret_failed);
}

static void assert_applied(struct stand *stand)
{
	size_t failed;

	assert_int_equal(apply(stand, &failed), 0);
	assert_int_equal(stand->edits.applied, stand->edits.count);
}

static int print_member(void *arg, const struct set *set,
			const struct member *member)
{
	const struct evidence *evidence = &member->evidence;
	char text[PREFIX_TEXT_MAX];

	(void)set;
	(void)fprintf(arg, "%s %u %u %u %ju %ju %s\n",
		      prefix_to_text(&member->prefix, text), evidence->origin,
		      evidence->uid, evidence->line,
		      (uintmax_t)evidence->created_s,
		      (uintmax_t)evidence->expires_s, evidence->reason);
	return 0;
}

/* All that is held, with its evidence, and all that is protected. */
static char *picture(const struct stand *stand)
{
	const struct daemon *daemon = &stand->desk.daemon;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (unsigned int id = 1; id < SET_ID_FIRST_FREE; id++) {
		(void)fprintf(out, "set %u\n", id);
		assert_true(ledger_each_after(daemon->ledger, (uint8_t)id, NULL,
					      1000, print_member, out) >= 0);
	}
	for (size_t i = 0; i < guard_count(daemon->guard); i++) {
		const struct guard_entry *entry = guard_entry(daemon->guard, i);
		char prefix[PREFIX_TEXT_MAX];

		(void)fprintf(out, "guard %d %s %s\n", entry->source,
			      prefix_to_text(&entry->prefix, prefix),
			      entry->name);
	}
	(void)fprintf(out, "known %d\n", stand->desk.known);
	(void)fclose(out);
	return text;
}

static void assert_pictured(const struct stand *stand, char *before)
{
	char *after = picture(stand);

	assert_string_equal(after, before);
	free(after);
	free(before);
}

static void all_edits_are_made(void **state)
{
	struct stand *stand = *state;
	const struct prefix prefix = desk_prefix("192.0.2.2");
	struct evidence evidence;

	(void)begin(stand, SET_ID_BLOCK, "192.0.2.1 192.0.2.2 2001:db8::/32");
	assert_applied(stand);
	assert_int_equal(stand->desk.known, 3);
	assert_int_equal(ledger_get(stand->desk.daemon.ledger, SET_ID_BLOCK,
				    &prefix, &evidence),
			 0);
	assert_string_equal(evidence.reason, "new");
	assert_int_equal(evidence.uid, 1000);
	assert_int_equal(evidence.created_s, OLD_S + 5);
	assert_int_equal(ledger_next_due_s(stand->desk.daemon.ledger), 0);
}

static void each_edit_is_a_sample_of_the_latency(void **state)
{
	struct stand *stand = *state;

	(void)begin(stand, SET_ID_BLOCK, "192.0.2.1 192.0.2.2 192.0.2.3");
	assert_applied(stand);
	assert_int_equal(stand->desk.daemon.latency.count, 3);
}

static void the_first_span_counts_from_the_decoding(void **state)
{
	struct stand *stand = *state;
	uint64_t worst_ns = 0;
	size_t failed;

	(void)begin(stand, SET_ID_BLOCK, "192.0.2.1 192.0.2.2");
	assert_int_equal(members_apply(&stand->desk.daemon, &stand->edits,
				       clock_mono_ns() - 5000000000u, &worst_ns,
				       &failed),
			 0);
	assert_true(worst_ns >= 5000000000u);
	assert_true(stand->desk.daemon.latency.max_ns == worst_ns);
	assert_true(latency_quantile_ns(&stand->desk.daemon.latency, 500000) <
		    5000000000u);
}

static void a_refused_edit_leaves_everything_as_before(void **state)
{
	struct stand *stand = *state;
	size_t failed = 99;
	char *before;

	hold(stand, SET_ID_BLOCK, "192.0.2.2", "old", 0);
	before = picture(stand);
	(void)begin(stand, SET_ID_BLOCK,
		    "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4");
	stand->desk.room = 1;
	assert_int_equal(apply(stand, &failed), -ENOSPC);
	assert_int_equal(failed, 2);
	assert_int_equal(stand->edits.applied, 0);
	assert_pictured(stand, before);
}

static void a_full_set_refuses_all_of_them(void **state)
{
	struct stand *stand = *state;
	struct set small = set_builtins[SET_ID_BLOCK - 1];
	size_t failed = 99;
	char *before;

	small.capacity = 2;
	assert_int_equal(ledger_put_set(stand->desk.daemon.ledger, &small), 0);
	hold(stand, SET_ID_BLOCK, "192.0.2.9", "old", 0);
	before = picture(stand);
	(void)begin(stand, SET_ID_BLOCK, "192.0.2.1 192.0.2.2");
	assert_int_equal(apply(stand, &failed), -ENOSPC);
	assert_int_equal(failed, 1);
	assert_pictured(stand, before);
}

static void undoing_restores_the_evidence_of_what_was_there(void **state)
{
	struct stand *stand = *state;
	char *before;

	hold(stand, SET_ID_BLOCK, "192.0.2.1", "old", 0);
	hold(stand, SET_ID_BLOCK, "192.0.2.2", "older", LATER_S);
	before = picture(stand);
	(void)begin(stand, SET_ID_BLOCK, "192.0.2.1 192.0.2.2 192.0.2.3");
	assert_applied(stand);
	assert_int_equal(ledger_next_due_s(stand->desk.daemon.ledger), 0);
	members_undo(&stand->desk.daemon, &stand->edits);
	assert_int_equal(ledger_next_due_s(stand->desk.daemon.ledger), LATER_S);
	assert_pictured(stand, before);
}

static void undoing_a_removal_puts_all_back(void **state)
{
	struct stand *stand = *state;
	char *before;

	hold(stand, SET_ID_BLOCK, "192.0.2.1", "old", 0);
	hold(stand, SET_ID_ALLOW, "192.0.2.2", "of another set", 0);
	before = picture(stand);
	begin(stand, SET_ID_BLOCK, "192.0.2.1 192.0.2.2")->is_removal = true;
	assert_applied(stand);
	assert_false(desk_holds(&stand->desk, SET_ID_BLOCK, "192.0.2.1"));
	assert_true(desk_holds(&stand->desk, SET_ID_ALLOW, "192.0.2.2"));
	members_undo(&stand->desk.daemon, &stand->edits);
	assert_pictured(stand, before);
}

static void a_prefix_given_twice_ends_as_it_began(void **state)
{
	struct stand *stand = *state;
	char *before;

	hold(stand, SET_ID_BLOCK, "192.0.2.1", "old", 0);
	before = picture(stand);
	(void)begin(stand, SET_ID_BLOCK,
		    "192.0.2.1 192.0.2.2 192.0.2.1 192.0.2.2");
	assert_applied(stand);
	members_undo(&stand->desk.daemon, &stand->edits);
	assert_pictured(stand, before);
}

static void undoing_twice_changes_nothing_more(void **state)
{
	struct stand *stand = *state;
	char *before = picture(stand);

	(void)begin(stand, SET_ID_BLOCK, "192.0.2.1");
	assert_applied(stand);
	members_undo(&stand->desk.daemon, &stand->edits);
	members_undo(&stand->desk.daemon, &stand->edits);
	assert_pictured(stand, before);
}

static void the_protected_set_follows_management(void **state)
{
	struct stand *stand = *state;

	(void)begin(stand, SET_ID_MANAGEMENT, "192.0.2.0/24");
	assert_applied(stand);
	assert_true(desk_protects(&stand->desk, "192.0.2.77"));
	edits_done(&stand->edits);
	begin(stand, SET_ID_MANAGEMENT, "192.0.2.0/24")->is_removal = true;
	assert_applied(stand);
	assert_false(desk_protects(&stand->desk, "192.0.2.77"));
}

static void no_other_set_protects(void **state)
{
	struct stand *stand = *state;

	(void)begin(stand, SET_ID_ALLOW, "192.0.2.0/24");
	assert_applied(stand);
	assert_false(desk_protects(&stand->desk, "192.0.2.77"));
}

static void a_refused_edit_leaves_the_protected_set(void **state)
{
	struct stand *stand = *state;
	size_t failed;
	char *before;

	(void)begin(stand, SET_ID_MANAGEMENT, "192.0.2.1");
	assert_applied(stand);
	edits_done(&stand->edits);
	before = picture(stand);
	(void)begin(stand, SET_ID_MANAGEMENT, "192.0.2.1 192.0.2.2 192.0.2.3");
	stand->desk.room = 1;
	assert_int_equal(apply(stand, &failed), -ENOSPC);
	assert_true(desk_protects(&stand->desk, "192.0.2.1"));
	assert_false(desk_protects(&stand->desk, "192.0.2.2"));
	assert_pictured(stand, before);
}

static void the_protected_set_takes_all_of_management_at_once(void **state)
{
	struct stand *stand = *state;
	struct guard_entry stale = {
		.prefix = desk_prefix("203.0.113.1"),
		.source = GUARD_MANAGEMENT,
	};

	assert_int_equal(guard_add(stand->desk.daemon.guard, &stale), 0);
	hold(stand, SET_ID_MANAGEMENT, "192.0.2.1", "", 0);
	hold(stand, SET_ID_MANAGEMENT, "2001:db8::/32", "", 0);
	hold(stand, SET_ID_BLOCK, "198.51.100.1", "", 0);
	members_guard(&stand->desk.daemon);
	assert_true(desk_protects(&stand->desk, "192.0.2.1"));
	assert_true(desk_protects(&stand->desk, "2001:db8::5"));
	assert_true(desk_protects(&stand->desk, "127.0.0.1"));
	assert_false(desk_protects(&stand->desk, "198.51.100.1"));
	assert_false(desk_protects(&stand->desk, "203.0.113.1"));
}

static void edits_have_a_bound(void **state)
{
	struct stand *stand = *state;
	const struct prefix prefix = desk_prefix("192.0.2.1");

	for (int i = 0; i < EDITS_MAX; i++)
		assert_int_equal(edits_add(&stand->edits, &prefix), 0);
	assert_int_equal(edits_add(&stand->edits, &prefix), -E2BIG);
	assert_int_equal(stand->edits.count, EDITS_MAX);
}

static void the_store_is_told_what_the_ledger_was(void **state)
{
	struct stand *stand = *state;
	struct change *changes;

	(void)begin(stand, SET_ID_BLOCK, "192.0.2.1 192.0.2.2");
	changes = members_changes(&stand->edits);
	assert_non_null(changes);
	assert_int_equal(scratch_commit(&stand->desk.scratch, changes, 2), 0);
	free(changes);
	assert_true(scratch_holds(&stand->desk.scratch,
				  "member 3 192.0.2.2 operator"
				  " 1000 0 1795629129 0 new"));
	stand->edits.is_removal = true;
	changes = members_changes(&stand->edits);
	assert_non_null(changes);
	assert_int_equal(scratch_commit(&stand->desk.scratch, changes, 2), 0);
	free(changes);
	assert_int_equal(scratch_usage(&stand->desk.scratch).member_count, 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(all_edits_are_made),
		test(each_edit_is_a_sample_of_the_latency),
		test(the_first_span_counts_from_the_decoding),
		test(a_refused_edit_leaves_everything_as_before),
		test(a_full_set_refuses_all_of_them),
		test(undoing_restores_the_evidence_of_what_was_there),
		test(undoing_a_removal_puts_all_back),
		test(a_prefix_given_twice_ends_as_it_began),
		test(undoing_twice_changes_nothing_more),
		test(the_protected_set_follows_management),
		test(no_other_set_protects),
		test(a_refused_edit_leaves_the_protected_set),
		test(the_protected_set_takes_all_of_management_at_once),
		test(edits_have_a_bound),
		test(the_store_is_told_what_the_ledger_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
