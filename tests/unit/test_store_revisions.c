// SPDX-License-Identifier: GPL-2.0-or-later
/* Revisions of the policy in the store, and which of them is in force. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scratch.h"

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

static int put(struct scratch *s, uint64_t number, const char *text)
{
	struct change change = {
		.kind = CHANGE_REVISION_PUT,
		.revision = {.number = number,
			     .time_s = 1000 + number,
			     .uid = 7,
			     .text_bytes = (uint32_t)strlen(text),
			     .note = "applied"},
		.text = text,
	};

	return scratch_commit_one(s, change);
}

static int put_state(struct scratch *s, uint64_t current, uint64_t pending)
{
	return scratch_commit_one(
		s, (struct change){
			   .kind = CHANGE_POLICY_STATE,
			   .policy_state = {.current = current,
					    .pending = pending,
					    .deadline_ns = 99,
					    .boot_id = {1, 2, 3}},
		   });
}

static void has_text(struct scratch *s, uint64_t number, const char *text)
{
	char *stored;
	size_t len;

	assert_int_equal(store_revision_text(s->store, number, &stored, &len),
			 0);
	assert_int_equal(len, strlen(text));
	assert_string_equal(stored, text);
	free(stored);
}

static void a_revision_is_kept_as_it_was_applied(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(put(s, 1, "version: 1\n"), 0);
	assert_int_equal(put(s, 2, "version: 1\nrules: []\n"), 0);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	has_text(s, 1, "version: 1\n");
	has_text(s, 2, "version: 1\nrules: []\n");
}

static void numbers_follow_each_other(void **state)
{
	struct scratch *s = *state;
	char *text;
	size_t len;

	assert_int_equal(put(s, 2, "a"), -EEXIST);
	assert_int_equal(put(s, 1, "a"), 0);
	assert_int_equal(put(s, 1, "b"), -EEXIST);
	has_text(s, 1, "a");
	assert_int_equal(store_revision_text(s->store, 2, &text, &len),
			 -ENOENT);
}

struct heard {
	uint64_t numbers[64];
	size_t count;
	struct revision last;
};

static int hear(void *arg, const struct revision *revision)
{
	struct heard *heard = arg;

	heard->numbers[heard->count++] = revision->number;
	heard->last = *revision;
	return 0;
}

static void the_newest_comes_first(void **state)
{
	struct scratch *s = *state;
	struct heard heard = {0};

	assert_int_equal(put(s, 1, "one"), 0);
	assert_int_equal(put(s, 2, "three"), 0);
	assert_int_equal(store_each_revision(s->store, hear, &heard), 0);
	assert_int_equal(heard.count, 2);
	assert_int_equal(heard.numbers[0], 2);
	assert_int_equal(heard.last.number, 1);
	assert_int_equal(heard.last.time_s, 1001);
	assert_int_equal(heard.last.uid, 7);
	assert_int_equal(heard.last.text_bytes, 3);
	assert_string_equal(heard.last.note, "applied");
}

static void the_oldest_go_but_not_those_in_force(void **state)
{
	struct scratch *s = *state;
	struct heard heard = {0};

	for (uint64_t i = 1; i <= 2; i++)
		assert_int_equal(put(s, i, "kept"), 0);
	assert_int_equal(put_state(s, 1, 2), 0);
	for (uint64_t i = 3; i <= REVISIONS_KEPT + 5; i++)
		assert_int_equal(put(s, i, "more"), 0);
	assert_int_equal(store_each_revision(s->store, hear, &heard), 0);
	assert_int_equal(heard.count, REVISIONS_KEPT);
	has_text(s, 1, "kept");
	has_text(s, 2, "kept");
	assert_int_equal(heard.numbers[REVISIONS_KEPT - 3], 8);
}

static void the_state_is_kept(void **state)
{
	struct scratch *s = *state;
	struct policy_state got;

	assert_int_equal(store_policy_state(s->store, &got), 0);
	assert_int_equal(got.current | got.pending, 0);
	assert_int_equal(put(s, 1, "a"), 0);
	assert_int_equal(put(s, 2, "b"), 0);
	assert_int_equal(put_state(s, 1, 2), 0);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	assert_int_equal(store_policy_state(s->store, &got), 0);
	assert_int_equal(got.current, 1);
	assert_int_equal(got.pending, 2);
	assert_int_equal(got.deadline_ns, 99);
	assert_int_equal(got.boot_id[2], 3);
}

static void a_state_of_no_revision_is_refused(void **state)
{
	struct scratch *s = *state;
	struct policy_state got;

	assert_int_equal(put(s, 1, "a"), 0);
	assert_int_equal(put_state(s, 2, 0), -ENOENT);
	assert_int_equal(put_state(s, 1, 3), -ENOENT);
	assert_int_equal(store_policy_state(s->store, &got), 0);
	assert_int_equal(got.current, 0);
}

static void a_revision_and_its_state_are_one_commit(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {
		{.kind = CHANGE_REVISION_PUT,
		 .revision = {.number = 1, .text_bytes = 1},
		 .text = "a"},
		{.kind = CHANGE_POLICY_STATE, .policy_state = {.current = 9}},
	};
	char *text;
	size_t len;

	assert_int_equal(scratch_commit(s, changes, 2), -ENOENT);
	assert_int_equal(store_revision_text(s->store, 1, &text, &len),
			 -ENOENT);
}

static void a_full_store_refuses_a_revision_and_keeps_the_others(void **state)
{
	struct scratch *s = *state;
	const size_t len = REVISION_TEXT_MAX - 1;
	char *big = malloc(len + 1);
	uint64_t number = 1;
	int r;

	assert_non_null(big);
	memset(big, 'x', len);
	big[len] = '\0';
	while ((r = put(s, number, big)) == 0)
		number++;
	assert_int_equal(r, -ENOSPC);
	has_text(s, number - 1, big);
	free(big);
}

/* As the store was before there were revisions. */
static void age(struct scratch *s)
{
	char key[] = "schema", value[] = "portcullis-store\0\0\0\1";
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi table;

	scratch_plant(s, "meta", (MDB_val){sizeof(key) - 1, key},
		      (MDB_val){sizeof(value) - 1, value});
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
	assert_int_equal(mdb_env_open(env, s->path, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "revisions", 0, &table), 0);
	assert_int_equal(mdb_drop(txn, table, 1), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void a_store_of_the_first_schema_is_taken_over(void **state)
{
	struct scratch *s = *state;

	scratch_fill(s, 100, "old");
	age(s);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	assert_int_equal(scratch_usage(s).member_count, 100);
	assert_int_equal(put(s, 1, "a"), 0);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	has_text(s, 1, "a");
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_revision_is_kept_as_it_was_applied),
		test(numbers_follow_each_other),
		test(the_newest_comes_first),
		test(the_oldest_go_but_not_those_in_force),
		test(the_state_is_kept),
		test(a_state_of_no_revision_is_refused),
		test(a_revision_and_its_state_are_one_commit),
		test(a_full_store_refuses_a_revision_and_keeps_the_others),
		test(a_store_of_the_first_schema_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
