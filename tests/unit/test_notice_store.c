// SPDX-License-Identifier: GPL-2.0-or-later
/* Notices that are kept: their states, who goes first, and a sudden end. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/notice_store.h"
#include "tests/support/scratch.h"

#define NOW_S 1796011200ull
#define NS    1000000000ull

struct place {
	struct scratch scratch; /* for its directory, which is in memory */
	char path[SCRATCH_PATH_MAX + 8];
	struct notice_store *store;
};

static int setup(void **state)
{
	static struct place place;

	scratch_init(&place.scratch, SCRATCH_MAP_BYTES);
	(void)snprintf(place.path, sizeof(place.path), "%s/alerts",
		       place.scratch.directory);
	place.store = NULL;
	*state = &place;
	return notice_store_open(place.path, &place.store);
}

static int teardown(void **state)
{
	struct place *place = *state;

	notice_store_close(place->store);
	scratch_done(&place->scratch);
	return 0;
}

static void reopen(struct place *place, int expected)
{
	notice_store_close(TAKE(place->store));
	assert_int_equal(notice_store_open(place->path, &place->store),
			 expected);
}

/* With the number in its id and its line; some lines are long. */
static struct kept_notice numbered(uint32_t number)
{
	static char json[KEPT_JSON_MAX];
	struct kept_notice notice = {
		.pattern = number % 3,
		.wall_ns = NOW_S * NS + number,
		.count = number,
		.level = 3,
		.json = json,
	};

	memset(json, 'x', sizeof(json));
	(void)snprintf(json, 16, "%u", number);
	notice.json_len = number % 7 ? 900 : KEPT_JSON_MAX - 1;
	for (size_t i = 0; i < 4; i++)
		notice.id[i] = (uint8_t)(number >> (24 - 8 * i));
	return notice;
}

static void put(struct place *place, uint32_t from, uint32_t count)
{
	for (uint32_t i = from; i < from + count; i++) {
		struct kept_notice notice = numbered(i);

		assert_int_equal(
			notice_store_put(place->store, &notice, 1, NOW_S), 0);
	}
}

static struct kept_id id_of(uint32_t number)
{
	struct kept_id id;
	char text[16];

	(void)snprintf(text, sizeof(text), "%08x", number);
	assert_int_equal(kept_id_from_text(text, &id), 0);
	return id;
}

/* Remembers the last, and how many there were. */
struct seen {
	struct kept_notice last;
	uint32_t numbers[16];
	size_t count, most;
};

static int see(void *arg, const struct kept_notice *notice)
{
	struct seen *seen = arg;

	seen->last = *notice;
	if (seen->count < ARRAY_LEN(seen->numbers))
		seen->numbers[seen->count] = (uint32_t)notice->count;
	return ++seen->count == seen->most;
}

static int mark(struct place *place, uint32_t number, enum notice_state state,
		const char *note)
{
	const struct notice_mark said = {
		.state = state, .now_s = NOW_S + 5, .uid = 33, .note = note};
	struct kept_id id = id_of(number);
	struct seen seen = {.count = 0};

	return notice_store_mark(place->store, &id, &said, see, &seen);
}

static struct kept_notice found(struct place *place, uint32_t number)
{
	struct kept_id id = id_of(number);
	struct seen seen = {.count = 0};

	assert_int_equal(notice_store_find(place->store, &id, see, &seen), 0);
	assert_int_equal(seen.count, 1);
	return seen.last;
}

static uint64_t count_of(struct place *place)
{
	uint64_t count = 0;

	assert_int_equal(notice_store_count(place->store, &count), 0);
	return count;
}

static void the_newest_come_first_and_in_pages(void **state)
{
	struct place *place = *state;
	struct seen seen = {.most = 2};

	put(place, 1, 5);
	assert_int_equal(notice_store_each(place->store, 0, see, &seen), 0);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.numbers[0], 5);
	seen.most = 0;
	assert_int_equal(
		notice_store_each(place->store, seen.last.seq, see, &seen), 0);
	assert_int_equal(seen.count, 5);
	assert_int_equal(seen.numbers[4], 1);
}

static void what_was_said_survives(void **state)
{
	struct place *place = *state;
	struct kept_notice notice;

	put(place, 1, 20);
	assert_int_equal(mark(place, 7, NOTICE_ACKNOWLEDGED, "mine"), 0);
	assert_int_equal(mark(place, 8, NOTICE_RESOLVED, NULL), 0);
	reopen(place, 0);
	notice = found(place, 7);
	assert_int_equal(notice.state, NOTICE_ACKNOWLEDGED);
	assert_string_equal(notice.note, "mine");
	assert_int_equal(notice.changed_uid, 33);
	assert_int_equal(notice.changed_s, NOW_S + 5);
	assert_int_equal(notice.json_len, KEPT_JSON_MAX - 1);
	assert_int_equal(found(place, 8).state, NOTICE_RESOLVED);
	assert_int_equal(found(place, 9).state, NOTICE_NEW);
	put(place, 21, 1);
	assert_int_equal(found(place, 21).seq, 21);
}

static void nothing_goes_back(void **state)
{
	struct place *place = *state;

	put(place, 1, 1);
	assert_int_equal(mark(place, 1, NOTICE_RESOLVED, "done"), 0);
	assert_int_equal(mark(place, 1, NOTICE_ACKNOWLEDGED, "no"), -EALREADY);
	assert_string_equal(found(place, 1).note, "done");
	assert_int_equal(mark(place, 1, NOTICE_RESOLVED, NULL), 0);
	assert_string_equal(found(place, 1).note, "done");
}

static void the_beginning_of_an_id_is_enough_if_it_is_the_only_one(void **state)
{
	struct place *place = *state;
	struct seen seen = {.count = 0};
	struct kept_id id;

	put(place, 0x10, 2);
	put(place, 0x20, 1);
	assert_int_equal(kept_id_from_text("000000-1", &id), 0);
	assert_int_equal(notice_store_find(place->store, &id, see, &seen),
			 -ENOTUNIQ);
	assert_int_equal(seen.count, 0);
	assert_int_equal(kept_id_from_text("0000002", &id), 0);
	assert_int_equal(notice_store_find(place->store, &id, see, &seen), 0);
	assert_int_equal(seen.last.count, 0x20);
	assert_int_equal(kept_id_from_text("0000003", &id), 0);
	assert_int_equal(notice_store_find(place->store, &id, see, &seen),
			 -ENOENT);
	assert_int_equal(kept_id_from_text("", &id), -EINVAL);
	assert_int_equal(kept_id_from_text("xyz", &id), -EINVAL);
	assert_int_equal(
		kept_id_from_text("886313e1-3b8a-5372-9b90-0c9aee199e5d0", &id),
		-EINVAL);
}

/* In one commit, as the daemon does it. */
static void fill(struct place *place, uint32_t from, uint32_t count)
{
	CLEANUP(freep) struct kept_notice *list = calloc(count, sizeof(*list));

	assert_non_null(list);
	for (uint32_t i = 0; i < count; i++) {
		list[i] = numbered(from + i);
		list[i].json_len = 900;
	}
	assert_int_equal(notice_store_put(place->store, list, count, NOW_S), 0);
}

static void resolved_ones_go_first_and_then_the_oldest(void **state)
{
	struct place *place = *state;
	struct seen seen = {.count = 0};
	struct kept_id id = id_of(1);

	fill(place, 1, NOTICES_KEPT);
	assert_int_equal(mark(place, 17, NOTICE_RESOLVED, NULL), 0);
	assert_int_equal(mark(place, 4711, NOTICE_RESOLVED, NULL), 0);
	fill(place, NOTICES_KEPT + 1, 3);
	assert_int_equal(count_of(place), NOTICES_KEPT);
	assert_int_equal(notice_store_find(place->store, &id, see, &seen),
			 -ENOENT);
	id = id_of(17);
	assert_int_equal(notice_store_find(place->store, &id, see, &seen),
			 -ENOENT);
	id = id_of(4711);
	assert_int_equal(notice_store_find(place->store, &id, see, &seen),
			 -ENOENT);
	assert_int_equal(found(place, 2).count, 2);
}

static void what_is_old_goes(void **state)
{
	struct place *place = *state;
	struct kept_notice notice = numbered(9);

	put(place, 1, 3);
	assert_int_equal(
		notice_store_put(place->store, NULL, 0, NOW_S + NOTICE_KEPT_S),
		0);
	assert_int_equal(count_of(place), 3);
	notice.wall_ns += (NOTICE_KEPT_S + 1) * NS;
	assert_int_equal(notice_store_put(place->store, &notice, 1,
					  NOW_S + NOTICE_KEPT_S + 1),
			 0);
	assert_int_equal(count_of(place), 1);
}

/* Of a long flood the pages must be used again. */
static void a_flood_does_not_fill_it(void **state)
{
	struct place *place = *state;

	for (uint32_t i = 0; i < 60; i++) {
		CLEANUP(freep)
		struct kept_notice *list = calloc(1000, sizeof(*list));

		assert_non_null(list);
		for (uint32_t j = 0; j < 1000; j++) {
			list[j] = numbered(i * 1000 + j + 1);
			list[j].json_len = KEPT_JSON_MAX - 1;
		}
		assert_int_equal(
			notice_store_put(place->store, list, 1000, NOW_S), 0);
	}
	assert_int_equal(count_of(place), NOTICES_KEPT);
}

/* A child puts and says so, until it is killed; all that it said is there. */
static void a_kill_between_loses_nothing_that_was_kept(void **state)
{
	struct place *place = *state;

	notice_store_close(TAKE(place->store));
	for (uint32_t round = 0; round < 10; round++) {
		uint32_t last = 0, told;
		int pipe_fds[2], status;
		pid_t pid;

		assert_int_equal(pipe(pipe_fds), 0);
		pid = fork();
		if (pid == 0) {
			struct kept_notice notice;

			if (notice_store_open(place->path, &place->store) < 0)
				_exit(1);
			for (uint32_t i = 1;; i++) {
				notice = numbered(round * 100000 + i);
				if (notice_store_put(place->store, &notice, 1,
						     NOW_S) < 0)
					_exit(1);
				(void)!write(pipe_fds[1], &i, sizeof(i));
			}
		}
		(void)close(pipe_fds[1]);
		while (last < 20 + round &&
		       read(pipe_fds[0], &told, sizeof(told)) > 0)
			last = told;
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		while (read(pipe_fds[0], &told, sizeof(told)) > 0)
			last = told;
		(void)close(pipe_fds[0]);
		assert_int_equal(notice_store_open(place->path, &place->store),
				 0);
		for (uint32_t i = 1; i <= last; i++)
			assert_int_equal(found(place, round * 100000 + i).count,
					 round * 100000 + i);
		notice_store_close(TAKE(place->store));
	}
}

static void a_damaged_one_is_moved_aside(void **state)
{
	struct place *place = *state;
	char path[SCRATCH_PATH_MAX + 32];
	int fd;

	put(place, 1, 3);
	notice_store_close(TAKE(place->store));
	(void)snprintf(path, sizeof(path), "%s/data.mdb", place->path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 5000), 0);
	(void)close(fd);
	reopen(place, 1);
	assert_int_equal(count_of(place), 0);
	(void)snprintf(path, sizeof(path), "%s/data.mdb.damaged", place->path);
	assert_int_equal(access(path, F_OK), 0);
	put(place, 1, 1);
	reopen(place, 0);
	assert_int_equal(count_of(place), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_newest_come_first_and_in_pages),
		TEST(what_was_said_survives),
		TEST(nothing_goes_back),
		TEST(the_beginning_of_an_id_is_enough_if_it_is_the_only_one),
		TEST(resolved_ones_go_first_and_then_the_oldest),
		TEST(what_is_old_goes),
		TEST(a_flood_does_not_fill_it),
		TEST(a_kill_between_loses_nothing_that_was_kept),
		TEST(a_damaged_one_is_moved_aside),
	};

	return cmocka_run_group_tests_name("notice_store", tests, NULL, NULL);
}
