// SPDX-License-Identifier: GPL-2.0-or-later
/* A store of schema 1, as fwd before it knew of policies has left it. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/store.h"
#include "tests/support/scratch.h"

#define TINY_BYTES (512u << 10)

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

static void populate(struct scratch *s)
{
	const struct change changes[] = {
		scratch_set_put(9, "mine"),
		scratch_attachment(CHANGE_ATTACHMENT_PUT, "wan0", 2),
		scratch_put(3, "192.0.2.0/24", "four"),
		scratch_put(9, "2001:db8::/32", "six"),
	};

	assert_int_equal(scratch_commit(s, changes, ARRAY_LEN(changes)), 0);
	scratch_fill(s, 3000, "list");
}

static struct stat stat_data(const struct scratch *s)
{
	char path[PATH_MAX];
	struct stat now;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", s->path);
	assert_int_equal(stat(path, &now), 0);
	return now;
}

static void an_older_store_keeps_all_it_holds(void **state)
{
	struct scratch *s = *state;
	char *before, *after;

	populate(s);
	before = scratch_text(s->store);
	scratch_downgrade(s);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	after = scratch_text(s->store);
	assert_string_equal(before, after);
	assert_int_equal(scratch_usage(s).journal_seq, 2);
	assert_int_equal(scratch_usage(s).member_count, 3002);
	free(before);
	free(after);
}

static void an_older_store_takes_revisions(void **state)
{
	struct scratch *s = *state;
	char *text;

	populate(s);
	scratch_downgrade(s);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	text = scratch_revisions(s->store);
	assert_string_equal(text, "current 0 pending 0 or 0 until 0 "
				  "00000000000000000000000000000000");
	free(text);
	assert_int_equal(scratch_put_revision(s, 1, "rules"), 0);
}

static void a_store_is_upgraded_once(void **state)
{
	struct scratch *s = *state;
	struct stat older, upgraded, again;

	populate(s);
	scratch_downgrade(s);
	older = stat_data(s);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	upgraded = stat_data(s);
	assert_memory_not_equal(&older.st_mtim, &upgraded.st_mtim,
				sizeof(older.st_mtim));
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	again = stat_data(s);
	assert_memory_equal(&upgraded.st_mtim, &again.st_mtim,
			    sizeof(again.st_mtim));
}

/* `count` values of one page each, in one commit that changes little else. */
static int put_below(MDB_env *env, unsigned int round, uint32_t count)
{
	char name[32], bytes[4000] = {0};
	MDB_val key = {.mv_data = name};
	MDB_val value = {.mv_size = sizeof(bytes), .mv_data = bytes};
	MDB_txn *txn;
	MDB_dbi tables;
	int r = 0;

	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, NULL, 0, &tables), 0);
	for (uint32_t n = 0; r == 0 && n < count; n++) {
		key.mv_size = (size_t)snprintf(name, sizeof(name), "z%u.%u",
					       round, n);
		r = mdb_put(txn, tables, &key, &value, 0);
	}
	if (r == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return r;
}

/* What a commit frees is not for the next one yet, but for the one after it;
 * so it takes several until there is less than an upgrade needs. */
static void fill_below(struct scratch *s)
{
	MDB_env *env;
	int r;

	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_mapsize(env, TINY_BYTES), 0);
	assert_int_equal(mdb_env_open(env, s->path, 0, 0600), 0);
	for (unsigned int round = 0; round < 4; round++) {
		uint32_t count = TINY_BYTES / 4096;

		while ((r = put_below(env, round, count)) == MDB_MAP_FULL &&
		       count > 0)
			count--;
		assert_true(r == 0 || r == MDB_MAP_FULL);
	}
	mdb_env_close(env);
}

static void a_full_older_store_is_upgraded_too(void **state)
{
	struct scratch *s = *state;
	char *before, *after;

	scratch_reopen(s, TINY_BYTES);
	assert_int_equal(
		scratch_commit_one(s, scratch_put(3, "192.0.2.1", "x")), 0);
	before = scratch_text(s->store);
	scratch_downgrade(s);
	fill_below(s);
	scratch_reopen(s, TINY_BYTES);
	after = scratch_text(s->store);
	assert_string_equal(before, after);
	assert_int_equal(scratch_commit_one(s, scratch_del(3, "192.0.2.1")), 0);
	assert_true(scratch_usage(s).map_bytes < 2ul * TINY_BYTES);
	free(before);
	free(after);
}

static void a_damaged_older_store_is_left_alone(void **state)
{
	struct scratch *s = *state;
	struct store *store = NULL;
	struct stat before, after;
	char path[PATH_MAX];

	populate(s);
	scratch_downgrade(s);
	(void)snprintf(path, sizeof(path), "%s/data.mdb", s->path);
	before = stat_data(s);
	assert_int_equal(truncate(path, before.st_size / 2), 0);
	before = stat_data(s);
	assert_int_equal(store_open(s->path, SCRATCH_MAP_BYTES, &store),
			 -EBADMSG);
	assert_null(store);
	after = stat_data(s);
	assert_memory_equal(&before.st_mtim, &after.st_mtim,
			    sizeof(after.st_mtim));
	assert_int_equal(before.st_size, after.st_size);
}

static void an_older_store_without_a_table_of_its_own_is_damaged(void **state)
{
	struct scratch *s = *state;
	char key[] = "schema", schema[] = "portcullis-store\0\0\0\1";
	char path[PATH_MAX];
	struct store *store = NULL;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", s->path);
	assert_int_equal(unlink(path), 0);
	scratch_plant(s, "meta", (MDB_val){sizeof(key) - 1, key},
		      (MDB_val){sizeof(schema) - 1, schema});
	assert_int_equal(store_open(s->path, SCRATCH_MAP_BYTES, &store),
			 -EBADMSG);
	assert_null(store);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(an_older_store_keeps_all_it_holds),
		test(an_older_store_takes_revisions),
		test(a_store_is_upgraded_once),
		test(a_full_older_store_is_upgraded_too),
		test(a_damaged_older_store_is_left_alone),
		test(an_older_store_without_a_table_of_its_own_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
