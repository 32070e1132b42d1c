// SPDX-License-Identifier: GPL-2.0-or-later
/* Notices on their way to those who asked for them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/alert/notice_ring.h"
#include "daemon/alert/outlet_file.h"
#include "rules/base.h"
#include "tests/support/notices.h"

#define PATH_BYTES 64

/* Remembers what it was told. */
struct taker {
	uint64_t seqs[8192];
	size_t count;
	int answer; /* of every call, if it is an error */
};

static int take(void *arg, const struct told *told)
{
	struct taker *taker = arg;

	if (taker->answer < 0)
		return taker->answer;
	assert_true(taker->count < ARRAY_LEN(taker->seqs));
	taker->seqs[taker->count++] = told->seq;
	return 0;
}

static void add(struct notices *notices, const char *name, struct taker *taker)
{
	const struct notice_outlet outlet = {
		.name = name, .fn = take, .arg = taker};

	notices_add_outlet(notices, &outlet);
}

static void put(struct notices *notices, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		notices_put_numbered(notices, i);
}

static struct notice_counts counts_of(const struct notices *notices, size_t at)
{
	struct notice_counts counts = {0};

	assert_true(notices_counts(notices, at, &counts));
	return counts;
}

static int setup(void **state)
{
	*state = notices_new_fixed();
	return 0;
}

static int teardown(void **state)
{
	notices_free(*state);
	return 0;
}

static void all_are_told_in_order(void **state)
{
	static struct taker taker;

	taker = (struct taker){0};
	add(*state, "taker", &taker);
	put(*state, 3);
	assert_false(notices_turn(*state));
	assert_int_equal(taker.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(taker.seqs[i], 2 + i);
	assert_false(notices_turn(*state));
	assert_int_equal(taker.count, 3);
	assert_int_equal(counts_of(*state, 0).told, 3);
}

static void a_turn_is_bounded(void **state)
{
	static struct taker taker;

	taker = (struct taker){0};
	add(*state, "taker", &taker);
	put(*state, NOTICES_PER_TURN + 1);
	assert_true(notices_turn(*state));
	assert_int_equal(taker.count, NOTICES_PER_TURN);
	assert_false(notices_turn(*state));
	assert_int_equal(taker.count, NOTICES_PER_TURN + 1);
}

static void one_that_does_not_take_is_asked_again(void **state)
{
	static struct taker slow, quick;

	slow = (struct taker){.answer = -EAGAIN};
	quick = (struct taker){0};
	add(*state, "slow", &slow);
	add(*state, "quick", &quick);
	put(*state, 2);
	assert_false(notices_turn(*state));
	assert_int_equal(quick.count, 2);
	slow.answer = 0;
	assert_false(notices_turn(*state));
	assert_int_equal(slow.count, 2);
	assert_int_equal(counts_of(*state, 0).lost, 0);
}

static void what_is_refused_is_counted_as_lost(void **state)
{
	static struct taker taker;

	taker = (struct taker){.answer = -ENOENT};
	add(*state, "taker", &taker);
	put(*state, 2);
	(void)notices_turn(*state);
	assert_int_equal(counts_of(*state, 0).lost, 2);
	assert_int_equal(counts_of(*state, 0).error, -ENOENT);
	assert_int_equal(counts_of(*state, 0).told, 0);
}

static void what_the_ring_has_overtaken_is_counted_as_lost(void **state)
{
	static struct taker taker;
	uint64_t all = NOTICE_RING_SIZE + 100;

	taker = (struct taker){0};
	add(*state, "taker", &taker);
	put(*state, all);
	while (notices_turn(*state))
		;
	assert_int_equal(counts_of(*state, 0).told + counts_of(*state, 0).lost,
			 all);
	assert_true(counts_of(*state, 0).lost >= 100);
	assert_int_equal(taker.seqs[taker.count - 1], 1 + all);
}

static void one_who_asks_himself_is_told_what_he_missed(void **state)
{
	uint64_t cursor = 0, lost = 0;

	put(*state, 1);
	assert_null(notices_next(*state, &cursor, &lost));
	put(*state, 1);
	assert_int_equal(notices_next(*state, &cursor, &lost)->seq, 3);
	assert_null(notices_next(*state, &cursor, &lost));
	put(*state, NOTICE_RING_SIZE + 7);
	assert_non_null(notices_next(*state, &cursor, &lost));
	assert_true(lost >= 7);
}

/* Of all lengths, so that the ring's end is met at all places. */
static void texts_are_whole_wherever_they_lie(void **state)
{
	static char text[4000];
	struct notice_ring ring;
	struct told told = {0};

	(void)state;
	assert_int_equal(notice_ring_init(&ring), 0);
	memset(text, 'x', sizeof(text));
	for (uint32_t i = 0; i < 20000; i++) {
		for (size_t which = 0; which < TOLD_TEXT_COUNT; which++) {
			told.texts[which] = text;
			told.lens[which] = 0;
		}
		told.lens[TOLD_JSON] = i * 37u % (uint32_t)sizeof(text);
		told.lens[TOLD_DONE] = i % 5;
		told.count = told.lens[TOLD_JSON];
		notice_ring_put(&ring, &told);
		if (i % 100)
			continue;
		for (uint64_t seq = ring.first_seq; seq < ring.next_seq;
		     seq++) {
			const struct told *kept = notice_ring_get(&ring, seq);

			assert_int_equal(kept->seq, seq);
			assert_int_equal(strlen(kept->texts[TOLD_JSON]),
					 kept->count);
		}
	}
	assert_true(ring.next_seq - ring.first_seq > 500);
	notice_ring_done(&ring);
}

static void a_file_gets_a_line_each_and_is_opened_anew(void **state)
{
	char path[PATH_BYTES] = "/tmp/notices.XXXXXX", moved[PATH_BYTES + 4];
	int fd = mkstemp(path);
	struct outlet_file outlet;
	char found[16] = "";

	(void)state;
	assert_true(fd >= 0);
	(void)snprintf(moved, sizeof(moved), "%s.1", path);
	assert_int_equal(outlet_file_open(path, &outlet), 0);
	assert_int_equal(outlet_file_tell(&outlet, "one", 3), 0);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(outlet_file_tell(&outlet, "two", 3), 0);
	assert_int_equal(outlet_file_reopen(&outlet), 0);
	assert_int_equal(outlet_file_tell(&outlet, "three", 5), 0);
	assert_int_equal(pread(fd, found, sizeof(found), 0), 8);
	assert_memory_equal(found, "one\ntwo\n", 8);
	(void)close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, found, sizeof(found)), 6);
	assert_memory_equal(found, "three\n", 6);
	(void)close(fd);
	outlet_file_close(&outlet);
	(void)unlink(path);
	(void)unlink(moved);
}

static void a_pipe_that_is_full_is_not_waited_for(void **state)
{
	char line[1000];
	char path[PATH_BYTES];
	struct outlet_file outlet;
	int told = 0;
	int r, fd;

	(void)state;
	memset(line, 'x', sizeof(line));
	(void)snprintf(path, sizeof(path), "/tmp/notices-fifo.%d",
		       (int)getpid());
	assert_int_equal(mkfifo(path, 0600), 0);
	/* nobody reads: an error, and no waiting */
	assert_int_equal(outlet_file_open(path, &outlet), -ENXIO);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(outlet_file_open(path, &outlet), 0);
	while ((r = outlet_file_tell(&outlet, line, sizeof(line))) == 0)
		told++;
	assert_int_equal(r, -EAGAIN);
	assert_true(told > 10);
	(void)close(fd);
	outlet_file_close(&outlet);
	(void)unlink(path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_are_told_in_order),
		TEST(a_turn_is_bounded),
		TEST(one_that_does_not_take_is_asked_again),
		TEST(what_is_refused_is_counted_as_lost),
		TEST(what_the_ring_has_overtaken_is_counted_as_lost),
		TEST(one_who_asks_himself_is_told_what_he_missed),
		cmocka_unit_test(texts_are_whole_wherever_they_lie),
		cmocka_unit_test(a_file_gets_a_line_each_and_is_opened_anew),
		cmocka_unit_test(a_pipe_that_is_full_is_not_waited_for),
	};

	return cmocka_run_group_tests_name("notices", tests, NULL, NULL);
}
