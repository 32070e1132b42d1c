// SPDX-License-Identifier: GPL-2.0-or-later
/* Offences are there after a restart, or the store says why not. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "rules/offence_store.h"
#include "tests/support/scratch.h"

#define NOW_S 1796011200ull
#define FULL  65536u

struct place {
	struct scratch scratch; /* for its directory, which is in memory */
	char path[SCRATCH_PATH_MAX + 16];
	struct offence_store *store;
};

static int setup(void **state)
{
	static struct place place;

	scratch_init(&place.scratch, SCRATCH_MAP_BYTES);
	(void)snprintf(place.path, sizeof(place.path), "%s/offences",
		       place.scratch.directory);
	place.store = NULL;
	*state = &place;
	return offence_store_open(place.path, &place.store);
}

static int teardown(void **state)
{
	struct place *place = *state;

	offence_store_close(place->store);
	scratch_done(&place->scratch);
	return 0;
}

static void reopen(struct place *place, int expected)
{
	offence_store_close(TAKE(place->store));
	assert_int_equal(offence_store_open(place->path, &place->store),
			 expected);
}

static struct offence offence_of(uint32_t number, uint32_t bans)
{
	return (struct offence){
		.peer = prefix_of_v4(0x0a000000 + number, 32),
		.bans = bans,
		.until_s = NOW_S + number,
		.forgotten_s = NOW_S + 2ull * number,
	};
}

static void put(struct place *place, uint32_t number, uint32_t bans)
{
	const struct offence offence = offence_of(number, bans);

	assert_int_equal(offence_store_put(place->store, &offence, 1), 0);
}

struct seen {
	struct offence last;
	uint32_t count;
};

static void see(void *arg, const struct offence *offence)
{
	struct seen *seen = arg;

	seen->last = *offence;
	seen->count++;
}

static struct seen all_of(const struct place *place)
{
	struct seen seen = {.count = 0};

	assert_int_equal(offence_store_each(place->store, see, &seen), 0);
	return seen;
}

static void what_was_put_survives(void **state)
{
	struct place *place = *state;
	struct seen seen;

	put(place, 1, 5);
	put(place, 2, 1);
	put(place, 2, 9);
	reopen(place, 0);
	seen = all_of(place);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.last.bans, 9);
	assert_int_equal(seen.last.until_s, NOW_S + 2);
	assert_int_equal(seen.last.forgotten_s, NOW_S + 4);
}

static void both_families_are_kept(void **state)
{
	struct place *place = *state;
	struct offence offence = offence_of(1, 3);
	struct seen seen;

	offence.peer = (struct prefix){.addr = {0x20, 1, 0xd}, .bits = 128};
	assert_int_equal(offence_store_put(place->store, &offence, 1), 0);
	put(place, 1, 5);
	reopen(place, 0);
	seen = all_of(place);
	assert_int_equal(seen.count, 2);
	assert_int_equal(prefix_cmp(&seen.last.peer, &offence.peer), 0);
}

static void what_is_forgotten_goes(void **state)
{
	struct place *place = *state;

	put(place, 1, 5);
	put(place, 1, 0);
	put(place, 2, 0); /* it was never there */
	reopen(place, 0);
	assert_int_equal(all_of(place).count, 0);
}

static void as_many_fit_as_a_full_table_has(void **state)
{
	static struct offence offences[FULL];
	struct place *place = *state;

	for (int round = 1; round <= 3; round++) {
		for (uint32_t i = 0; i < FULL; i++)
			offences[i] = offence_of(i * 2654435761u >> 8,
						 (uint32_t)round);
		assert_int_equal(
			offence_store_put(place->store, offences, FULL), 0);
	}
	reopen(place, 0);
	assert_int_equal(all_of(place).last.bans, 3);
	assert_true(all_of(place).count > FULL * 9 / 10);
}

static void a_torn_one_is_moved_aside(void **state)
{
	struct place *place = *state;
	char path[SCRATCH_PATH_MAX + 48];

	put(place, 1, 3);
	offence_store_close(TAKE(place->store));
	(void)snprintf(path, sizeof(path), "%s/data.mdb", place->path);
	assert_int_equal(truncate(path, 5000), 0);
	reopen(place, 1);
	assert_int_equal(all_of(place).count, 0);
	(void)snprintf(path, sizeof(path), "%s/data.mdb.damaged", place->path);
	assert_int_equal(access(path, F_OK), 0);
	put(place, 1, 1);
	reopen(place, 0);
	assert_int_equal(all_of(place).count, 1);
}

/* Past the store, as another version would. */
static void write_raw(struct place *place, MDB_val key, MDB_val value)
{
	MDB_env *env = NULL;
	MDB_txn *txn = NULL;
	MDB_dbi table;

	offence_store_close(TAKE(place->store));
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_open(env, place->path, MDB_NOTLS, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, NULL, 0, &table), 0);
	assert_int_equal(mdb_put(txn, table, &key, &value, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void what_is_not_as_it_was_written_is_moved_aside(void **state)
{
	struct place *place = *state;
	char odd[] = "odd";

	put(place, 1, 3);
	write_raw(place, (MDB_val){sizeof(odd), odd},
		  (MDB_val){sizeof(odd), odd});
	reopen(place, 1);
	assert_int_equal(all_of(place).count, 0);
}

static void a_newer_one_is_refused_and_stays(void **state)
{
	struct place *place = *state;
	char key[] = "v", version[4] = {[3] = 2};

	put(place, 1, 3);
	write_raw(place, (MDB_val){1, key}, (MDB_val){4, version});
	reopen(place, -EPROTONOSUPPORT);
	assert_null(place->store);
	version[3] = 1;
	write_raw(place, (MDB_val){1, key}, (MDB_val){4, version});
	reopen(place, 0);
	assert_int_equal(all_of(place).count, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_put_survives),
		TEST(both_families_are_kept),
		TEST(what_is_forgotten_goes),
		TEST(as_many_fit_as_a_full_table_has),
		TEST(a_torn_one_is_moved_aside),
		TEST(what_is_not_as_it_was_written_is_moved_aside),
		TEST(a_newer_one_is_refused_and_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
