// SPDX-License-Identifier: GPL-2.0-or-later
/* What the sensor cannot tell it counts, and says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "daemon/clock.h"
#include "tests/support/host.h"

#define RING_BYTES 8192 /* some 45 records */
#define FORKS	   200

static struct host_bench bench;

static int fork_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();

		if (child < 0)
			return 1;
		if (child == 0)
			_exit(0);
		if (waitpid(child, NULL, 0) != child)
			return 1;
	}
	return 0;
}

static uint64_t lost_of(enum event_kind kind)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < bench.count; i++)
		if (bench.seen[i].event.kind == EVENT_LOSS &&
		    bench.seen[i].event.number == kind)
			lost += bench.seen[i].event.count;
	return lost;
}

static size_t told_of(enum event_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < bench.count; i++)
		count += bench.seen[i].event.kind == kind;
	return count;
}

static void what_the_ring_has_no_room_for_is_told_as_lost(void **state)
{
	struct event_reader_info info;

	(void)state;
	(void)host_child(&bench, fork_often, NULL);
	assert_int_equal(event_reader_info(bench.reader, &info), 0);
	assert_true(lost_of(EVENT_FORK) > FORKS / 2);
	assert_true(lost_of(EVENT_FORK) <=
		    info.counts.kinds[FW_SENSE_FORK].lost);
	/* told or lost: none is neither */
	assert_true(told_of(EVENT_FORK) + lost_of(EVENT_FORK) >= FORKS + 1);
	assert_int_equal(info.malformed, 0);
}

static void a_loss_is_told_once(void **state)
{
	uint64_t before;

	(void)state;
	(void)host_child(&bench, fork_often, NULL);
	before = lost_of(EVENT_FORK);
	host_clear(&bench);
	event_reader_tick(bench.reader, clock_boot_ns());
	event_reader_tick(bench.reader, clock_boot_ns());
	assert_true(before > 0);
	assert_true(lost_of(EVENT_FORK) < FORKS / 2);
}

static void after_a_loss_all_is_told_again(void **state)
{
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	host_settle(&bench);
	assert_int_equal(host_count(&bench, EVENT_FORK, child), 1);
	assert_int_equal(host_count(&bench, EVENT_EXIT, child), 1);
}

static void a_turn_takes_no_more_than_it_may(void **state)
{
	(void)state;
	(void)fork_often(NULL);
	assert_true(event_reader_turn(bench.reader, clock_boot_ns(), 3) <= 6);
	assert_true(event_reader_turn(bench.reader, clock_boot_ns(), 3) >= 3);
}

static int setup(void **state)
{
	(void)state;
	host_settle(&bench);
	host_clear(&bench);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

static int begin(void **state)
{
	const struct sensing_config config = {.security_bytes = RING_BYTES};

	(void)state;
	host_begin(&bench, &config);
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end(&bench);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_ring_has_no_room_for_is_told_as_lost),
		TEST(a_loss_is_told_once),
		TEST(after_a_loss_all_is_told_again),
		TEST(a_turn_takes_no_more_than_it_may),
	};

	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("sensor_loss", tests, begin, end);
}
