// SPDX-License-Identifier: GPL-2.0-or-later
/* What rules/store.h says about opening, damage and room. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <lmdb.h>

#include "rules/store.h"
#include "tests/support/scratch.h"

#define TINY_BYTES (512u << 10)
#define FREE_SET   SET_ID_FIRST_FREE

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

static void data_path(const struct scratch *s, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s/data.mdb", s->path);
}

static void a_new_store_has_the_built_in_sets(void **state)
{
	struct scratch *s = *state;

	assert_true(scratch_holds(s, "\nset 1 management static allow 2000000\n"
				     "set 2 allow dynamic allow 2000000\n"
				     "set 3 block dynamic drop 2000000\nend "));
	assert_int_equal(scratch_usage(s).member_count, 0);
	assert_int_equal(scratch_usage(s).journal_seq, 0);
}

static void a_new_store_is_for_its_owner_only(void **state)
{
	struct scratch *s = *state;
	char path[PATH_MAX];
	struct stat st;

	data_path(s, path);
	assert_int_equal(stat(s->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_store_without_a_parent_is_not_made(void **state)
{
	struct store *store = NULL;

	(void)state;
	assert_int_equal(
		store_open("/dev/shm/fw-none/none", SCRATCH_MAP_BYTES, &store),
		-ENOENT);
	assert_null(store);
}

static void a_failed_commit_changes_nothing(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {
		scratch_set_put(FREE_SET, "mine"),
		scratch_put(FREE_SET, "192.0.2.0/24", "new"),
		scratch_attachment(CHANGE_ATTACHMENT_PUT, "wan0", 1),
		scratch_put(FREE_SET + 1, "192.0.2.0/24", "no such set"),
	};
	char *before = scratch_text(s->store);
	char *after;

	assert_int_equal(scratch_commit(s, changes, 4), -ENOENT);
	after = scratch_text(s->store);
	assert_string_equal(before, after);
	assert_int_equal(scratch_usage(s).journal_seq, 0);
	free(before);
	free(after);
	assert_int_equal(scratch_commit(s, changes, 3), 0);
	assert_true(scratch_holds(s, "192.0.2.0/24"));
}

static void what_was_committed_is_there_after_opening_again(void **state)
{
	struct scratch *s = *state;
	const struct change changes[] = {
		scratch_set_put(255, "last"),
		scratch_attachment(CHANGE_ATTACHMENT_PUT, "wan0", 2),
		scratch_put(3, "2001:db8::/32", "six"),
		scratch_put(3, "192.0.2.0/24", "four"),
		scratch_put(255, "::/0", ""),
	};
	char *before, *after;

	assert_int_equal(scratch_commit(s, changes, 5), 0);
	before = scratch_text(s->store);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	after = scratch_text(s->store);
	assert_string_equal(before, after);
	assert_non_null(strstr(after, "\nattachment wan0 2 0\n"
				      "member 3 192.0.2.0/24 operator 1000 0 "
				      "1795629124 0 four\n"
				      "member 3 2001:db8::/32 operator 1000 0 "
				      "1795629124 0 six\n"
				      "member 255 ::/0 operator 1000 0 "
				      "1795629124 0\nend "));
	assert_int_equal(scratch_usage(s).member_count, 3);
	free(before);
	free(after);
}

static void another_owner_is_told_that_it_is_busy(void **state)
{
	struct scratch *s = *state;
	struct store *second = NULL;

	assert_int_equal(store_open(s->path, SCRATCH_MAP_BYTES, &second),
			 -EBUSY);
	assert_null(second);
	assert_int_equal(scratch_commit_one(s, scratch_put(3, "192.0.2.1", "")),
			 0);
}

static void a_creation_that_was_cut_short_starts_over(void **state)
{
	struct scratch *s = *state;
	char path[PATH_MAX], made[PATH_MAX];
	int fd;

	store_close(s->store);
	s->store = NULL;
	data_path(s, path);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(made, sizeof(made), "%s/new", s->path);
	assert_int_equal(mkdir(made, 0700), 0);
	(void)snprintf(made, sizeof(made), "%s/new/data.mdb", s->path);
	fd = open(made, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "torn", 4), 4);
	closep(&fd);

	scratch_reopen(s, SCRATCH_MAP_BYTES);
	assert_true(scratch_holds(s, "\nset 3 block "));
	assert_int_equal(access(made, F_OK), -1);
}

/* Opening must say `error` and leave the bytes of data.mdb alone. */
static void assert_refused(struct scratch *s, int error)
{
	char path[PATH_MAX];
	struct store *store = NULL;
	struct stat before, after;

	store_close(s->store);
	s->store = NULL;
	data_path(s, path);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(store_open(s->path, SCRATCH_MAP_BYTES, &store), error);
	assert_null(store);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_memory_equal(&before.st_mtim, &after.st_mtim,
			    sizeof(before.st_mtim));
	assert_int_equal(before.st_ino, after.st_ino);
}

static void another_schema_is_refused(void **state)
{
	struct scratch *s = *state;
	char key[] = "schema", value[] = "portcullis-store\0\0\0\0";
	static const char others[] = {0, STORE_SCHEMA + 1, 127};

	for (size_t i = 0; i < sizeof(others); i++) {
		value[sizeof(value) - 2] = others[i];
		scratch_plant(s, "meta", (MDB_val){sizeof(key) - 1, key},
			      (MDB_val){sizeof(value) - 1, value});
		assert_refused(s, -EPROTO);
	}
}

static void the_environment_of_something_else_is_refused(void **state)
{
	struct scratch *s = *state;
	char path[PATH_MAX], key[] = "x";

	data_path(s, path);
	assert_int_equal(unlink(path), 0);
	scratch_plant(s, "other", (MDB_val){1, key}, (MDB_val){1, key});
	assert_refused(s, -EPROTO);
}

static void an_empty_file_is_refused(void **state)
{
	struct scratch *s = *state;
	char path[PATH_MAX];

	store_close(s->store);
	s->store = NULL;
	data_path(s, path);
	assert_int_equal(truncate(path, 0), 0);
	assert_refused(s, -EBADMSG);
}

static void a_file_that_was_cut_is_refused(void **state)
{
	struct scratch *s = *state;
	char path[PATH_MAX];
	struct stat st;

	scratch_fill(s, 10000, "list");
	store_close(s->store);
	s->store = NULL;
	data_path(s, path);
	assert_int_equal(stat(path, &st), 0);
	while (st.st_size > 4096) {
		st.st_size -= 4096 * (1 + st.st_size / 4096 / 8);
		assert_int_equal(truncate(path, st.st_size), 0);
		assert_refused(s, -EBADMSG);
	}
}

static int ignore_set(void *arg, const struct set *set)
{
	(void)arg;
	(void)set;
	return 0;
}

static void a_record_that_makes_no_sense_is_said_to_be_damaged(void **state)
{
	struct scratch *s = *state;
	char key[] = "\7", value[] = "?";

	scratch_plant(s, "sets", (MDB_val){1, key}, (MDB_val){1, value});
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	assert_int_equal(store_each_set(s->store, ignore_set, NULL), -EBADMSG);
}

/* Commit members one by one until the store is full. */
static uint32_t fill_up(struct scratch *s)
{
	char reason[REASON_MAX];
	uint32_t n = 0;
	int r;

	memset(reason, 'r', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	do {
		(void)snprintf(reason, 12, "%011u", n);
		reason[11] = 'r';
		r = scratch_commit_one(s, scratch_numbered(n++, reason));
	} while (r == 0);
	assert_int_equal(r, -ENOSPC);
	return n - 1;
}

static void a_full_store_refuses_and_stays_readable(void **state)
{
	struct scratch *s = *state;
	uint32_t count;
	char *before, *after;

	scratch_reopen(s, TINY_BYTES);
	count = fill_up(s);
	assert_true(count > 100);
	assert_int_equal(scratch_usage(s).member_count, count);
	assert_int_equal(scratch_usage(s).journal_seq, count);
	assert_true(scratch_usage(s).used_bytes <= scratch_usage(s).map_bytes);

	before = scratch_text(s->store);
	scratch_reopen(s, TINY_BYTES);
	after = scratch_text(s->store);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void a_full_store_can_be_emptied_and_used_again(void **state)
{
	struct scratch *s = *state;
	uint32_t count;

	scratch_reopen(s, TINY_BYTES);
	count = fill_up(s);
	for (uint32_t n = 0; n < count; n++) {
		struct change change = scratch_numbered(n, "");

		change.kind = CHANGE_MEMBER_DEL;
		assert_int_equal(scratch_commit_one(s, change), 0);
	}
	assert_int_equal(scratch_usage(s).member_count, 0);
	assert_int_equal(
		scratch_commit_one(s, scratch_put(3, "192.0.2.1", "x")), 0);
	assert_true(scratch_usage(s).map_bytes < 2ul * TINY_BYTES);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_new_store_has_the_built_in_sets),
		test(a_new_store_is_for_its_owner_only),
		test(a_store_without_a_parent_is_not_made),
		test(a_failed_commit_changes_nothing),
		test(what_was_committed_is_there_after_opening_again),
		test(another_owner_is_told_that_it_is_busy),
		test(a_creation_that_was_cut_short_starts_over),
		test(another_schema_is_refused),
		test(the_environment_of_something_else_is_refused),
		test(an_empty_file_is_refused),
		test(a_file_that_was_cut_is_refused),
		test(a_record_that_makes_no_sense_is_said_to_be_damaged),
		test(a_full_store_refuses_and_stays_readable),
		test(a_full_store_can_be_emptied_and_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
