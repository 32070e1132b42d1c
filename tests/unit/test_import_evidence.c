// SPDX-License-Identifier: GPL-2.0-or-later
/* An import whose entries have evidence of their own: what is another's stays,
 * and what is as it was is not written again. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/import_plan.h"
#include "rules/base.h"
#include "tests/support/scratch.h"

#define SET_ID SET_ID_BLOCK
#define END_S  2000000000u
#define SLACK  10u

struct entry {
	const char *prefix;
	uint32_t id;
	uint32_t end_s;
	const char *reason;
};

struct desk {
	struct scratch scratch;
	struct import import;
	const struct entry *entries;
};

static void evidence_of(const struct import *import, uint32_t line,
			struct evidence *evidence)
{
	const struct desk *desk = import->arg;
	const struct entry *entry = &desk->entries[line - 1];

	*evidence = (struct evidence){
		.origin = ORIGIN_CROWDSEC,
		.line = entry->id,
		.expires_s = entry->end_s,
		.reason = entry->reason,
	};
}

static void import_clean(struct import *import)
{
	listed_done(&import->listed);
	listed_done(&import->adds);
	listed_done(&import->removes);
}

static int setup(void **state)
{
	static struct desk desk;

	memset(&desk.import, 0, sizeof(desk.import));
	scratch_init(&desk.scratch, SCRATCH_MAP_BYTES);
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

static int commit(struct import *import)
{
	struct store_part part = import_part(import);

	store_commit_many(import->store, &part, 1);
	return part.r;
}

/* Plan and commit an import of these, which are in order. */
static void take(struct desk *desk, const struct entry *entries, size_t count)
{
	struct import *import = &desk->import;

	import_clean(import);
	*import = (struct import){
		.store = desk->scratch.store,
		.set = set_builtins[SET_ID - 1],
		.is_listed = true,
		.is_replacing = true,
		.evidence.origin = ORIGIN_CROWDSEC,
		.evidence_of = evidence_of,
		.is_shared = true,
		.slack_s = SLACK,
		.entry = {.text = "import"},
		.arg = desk,
	};
	desk->entries = entries;
	for (uint32_t i = 0; i < count; i++) {
		struct prefix prefix;

		assert_int_equal(prefix_from_text(entries[i].prefix,
						  strlen(entries[i].prefix),
						  &prefix),
				 0);
		assert_int_equal(listed_add(&import->listed, &prefix, i + 1),
				 0);
	}
	assert_int_equal(import_plan(import), 0);
	assert_int_equal(commit(import), 0);
}

static void assert_took(const struct desk *desk, size_t added, size_t renewed,
			size_t removed)
{
	assert_int_equal(desk->import.added, added);
	assert_int_equal(desk->import.renewed, renewed);
	assert_int_equal(desk->import.removes.count, removed);
}

static const struct entry two[] = {
	{"192.0.2.0/25", 8, END_S + 5, "manual (cscli)"},
	{"192.0.2.1", 7, END_S, "ssh-bf (CAPI)"},
};

static void each_entry_has_its_own_evidence(void **state)
{
	struct desk *desk = *state;

	take(desk, two, 2);
	assert_took(desk, 2, 0, 0);
	assert_true(scratch_holds(&desk->scratch,
				  "member 3 192.0.2.1 crowdsec 0 7 0 "
				  "2000000000 ssh-bf (CAPI)\n"));
	assert_true(scratch_holds(&desk->scratch,
				  "member 3 192.0.2.0/25 crowdsec 0 8 0 "
				  "2000000005 manual (cscli)\n"));
}

static void an_end_that_is_nearly_the_same_is_not_written_again(void **state)
{
	static const struct entry later[] = {
		{"192.0.2.0/25", 8, END_S + 5 - SLACK, "manual (cscli)"},
		{"192.0.2.1", 7, END_S + SLACK, "ssh-bf (CAPI)"},
	};
	static const struct entry late[] = {
		{"192.0.2.0/25", 8, END_S + 4 - SLACK, "manual (cscli)"},
		{"192.0.2.1", 7, END_S + SLACK + 1, "ssh-bf (CAPI)"},
	};
	struct desk *desk = *state;

	take(desk, two, 2);
	take(desk, later, 2);
	assert_took(desk, 0, 0, 0);
	assert_int_equal(desk->import.kept, 2);
	take(desk, late, 2);
	assert_took(desk, 0, 2, 0);
}

static void another_decision_or_reason_is_written(void **state)
{
	static const struct entry others[] = {
		{"192.0.2.0/25", 8, END_S + 5, "other (cscli)"},
		{"192.0.2.1", 9, END_S, "ssh-bf (CAPI)"},
	};
	struct desk *desk = *state;

	take(desk, two, 2);
	take(desk, others, 2);
	assert_took(desk, 0, 2, 0);
}

static void members_of_others_are_left_alone(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(
		scratch_commit_one(&desk->scratch,
				   scratch_put(SET_ID, "192.0.2.1", "mine")),
		0);
	assert_int_equal(
		scratch_commit_one(&desk->scratch,
				   scratch_put(SET_ID, "192.0.2.2", "mine")),
		0);
	take(desk, two, 2);
	assert_took(desk, 1, 0, 0);
	take(desk, NULL, 0);
	assert_took(desk, 0, 0, 1);
	assert_int_equal(scratch_usage(&desk->scratch).member_count, 2);
	assert_true(
		scratch_holds(&desk->scratch, "member 3 192.0.2.1 operator "));
}

static void a_guard_names_the_decision(void **state)
{
	struct guard_entry entry = {.source = GUARD_OWN, .name = "own"};
	struct desk *desk = *state;
	struct import *import = &desk->import;

	desk->entries = two;
	*import = (struct import){
		.store = desk->scratch.store,
		.set = set_builtins[SET_ID - 1],
		.is_listed = true,
		.evidence_of = evidence_of,
		.is_shared = true,
		.arg = desk,
	};
	assert_int_equal(guard_new(&import->guard), 0);
	assert_int_equal(prefix_from_text("192.0.2.1", 9, &entry.prefix), 0);
	assert_int_equal(guard_add(import->guard, &entry), 0);
	assert_int_equal(listed_add(&import->listed, &entry.prefix, 2), 0);
	assert_int_equal(import_plan(import), 0);
	guard_free(TAKE(import->guard));
	assert_int_equal(import->guarded.count, 1);
	assert_int_equal(import->added, 0);
	assert_non_null(strstr(import->guarded.notes[0], "decision 7"));
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(each_entry_has_its_own_evidence),
		test(an_end_that_is_nearly_the_same_is_not_written_again),
		test(another_decision_or_reason_is_written),
		test(members_of_others_are_left_alone),
		test(a_guard_names_the_decision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
