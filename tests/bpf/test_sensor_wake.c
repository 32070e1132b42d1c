// SPDX-License-Identifier: GPL-2.0-or-later
/* Whoever waits at the sensor is called for what may need a verdict. Other
 * processes of the machine may call as well, which hides a call that is
 * missing, but never makes one. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "daemon/clock.h"
#include "daemon/event/reader.h"
#include "rules/base.h"

#define SKIP	     77
#define PATIENCE_MS  5000
#define TURN_RECORDS 64

struct bench {
	struct event_reader *reader;
	int answers; /* events to be made while the ring is read */
	uint64_t seen; /* events of this process that are memfds */
};

static struct bench bench;

static void happen(void)
{
	int fd = memfd_create("portcullis-wake", MFD_CLOEXEC);

	assert_true(fd >= 0);
	(void)close(fd);
}

static void on_event(void *arg, const struct event *event)
{
	(void)arg;
	if (event->kind != EVENT_MEMFD ||
	    event->process.pid != (uint32_t)getpid())
		return;
	bench.seen++;
	if (bench.answers > 0) {
		bench.answers--;
		happen();
	}
}

static bool is_called(int patience_ms)
{
	struct pollfd wait = {
		.fd = event_reader_security_fd(bench.reader),
		.events = POLLIN,
	};

	return poll(&wait, 1, patience_ms) == 1;
}

/* A turn for each call and no more, as fwd does. */
static void read_while_called(void)
{
	do
		assert_true(event_reader_turn(bench.reader, clock_boot_ns(),
					      TURN_RECORDS) >= 0);
	while (is_called(0));
}

static void each_event_calls_who_waits(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		bench.seen = 0;
		happen();
		assert_true(is_called(PATIENCE_MS));
		read_while_called();
		assert_int_equal(bench.seen, 1);
	}
}

/* The call for it came before the reader had come to its end, and finds
 * nothing: it must not count as one that is still to be answered. */
static void what_happens_while_the_ring_is_read_hides_no_call(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		bench.seen = 0;
		bench.answers = (int)(i % 3) + 1;
		happen();
		assert_true(is_called(PATIENCE_MS));
		read_while_called();
		assert_int_equal(bench.seen, i % 3 + 2);
	}
}

/* The turn ends with what happened while the ring was read, so nothing is left
 * there to be polled for: what comes next must call anew. */
static void what_happens_behind_the_last_of_a_turn_calls(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		bench.answers = 1;
		happen();
		assert_true(is_called(PATIENCE_MS));
		do
			assert_true(event_reader_turn(bench.reader,
						      clock_boot_ns(), 2) >= 0);
		while (is_called(0));
		bench.seen = 0;
		happen();
		assert_true(is_called(PATIENCE_MS));
		read_while_called();
		assert_int_equal(bench.seen, 1);
	}
}

/* Nobody calls for begins and ends of processes alone. */
static void what_a_turn_has_left_is_readable(void **state)
{
	int r;

	(void)state;
	for (int i = 0; i < 2 * TURN_RECORDS; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			_exit(0);
		assert_int_equal(waitpid(child, NULL, 0), child);
	}
	for (int left = 2 * 2 * TURN_RECORDS; left > 0; left -= r) {
		r = event_reader_turn(bench.reader, clock_boot_ns(),
				      TURN_RECORDS);
		assert_true(r > 0);
		assert_true(left - r <= 0 || is_called(0));
	}
}

static int begin(void **state)
{
	const struct sensing_config config = {0};
	char note[SENSING_NOTE_MAX];
	int r = event_reader_start(&config, on_event, NULL, &bench.reader,
				   note);

	(void)state;
	if (r == -EPERM) {
		(void)printf("skipped: %s\n", note);
		exit(SKIP);
	}
	if (r < 0)
		fail_msg("%s", note);
	read_while_called();
	return 0;
}

static int end(void **state)
{
	(void)state;
	event_reader_stop(bench.reader);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_calls_who_waits),
		cmocka_unit_test(
			what_happens_while_the_ring_is_read_hides_no_call),
		cmocka_unit_test(what_happens_behind_the_last_of_a_turn_calls),
		cmocka_unit_test(what_a_turn_has_left_is_readable),
	};

	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("sensor_wake", tests, begin, end);
}
