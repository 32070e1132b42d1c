// SPDX-License-Identifier: GPL-2.0-or-later
/* What is told of files, while much else waits to be told. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "daemon/clock.h"
#include "tests/support/host.h"

#define FORKS 300 /* each is two records, or more */
#define TURNS 100000

static struct host_bench bench;
static char path[64];

static pid_t begin_child(void)
{
	pid_t child = fork();

	assert_true(child >= 0);
	return child;
}

static void await(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void fork_often(void)
{
	for (int i = 0; i < FORKS; i++) {
		pid_t child = begin_child();

		if (child == 0)
			_exit(0);
		await(child);
	}
}

/* A child that makes a file, behind all that. */
static pid_t make_file(void)
{
	pid_t child = begin_child();

	if (child == 0)
		_exit(open(path, O_CREAT | O_WRONLY | O_EXCL, 0600) < 0);
	await(child);
	return child;
}

static void turn_until_created(pid_t child, int records)
{
	for (int i = 0; i < TURNS; i++) {
		(void)event_reader_turn(bench.reader, clock_boot_ns(), records);
		if (host_find(&bench, EVENT_CREATE, child, 0))
			return;
	}
	fail_msg("it is not told that a file was made");
}

static void who_made_a_file_is_known_when_that_is_told(void **state)
{
	const struct event *made;
	pid_t child;

	(void)state;
	fork_often();
	child = make_file();
	turn_until_created(child, 1);
	assert_true(host_place(&bench, EVENT_FORK, child) >= 0);
	made = host_find(&bench, EVENT_CREATE, child, 0);
	assert_true(text_is(&made->words[EVENT_PATH], path));
	assert_true(made->words[EVENT_IMAGE].len > 0);
}

static void a_file_that_had_to_wait_is_told_once(void **state)
{
	pid_t first, second;

	(void)state;
	first = make_file();
	assert_int_equal(unlink(path), 0);
	fork_often();
	second = make_file();
	turn_until_created(second, 3);
	host_settle(&bench);
	assert_int_equal(host_count(&bench, EVENT_CREATE, first), 1);
	assert_int_equal(host_count(&bench, EVENT_CREATE, second), 1);
}

static int setup(void **state)
{
	(void)state;
	(void)unlink(path);
	host_settle(&bench);
	host_clear(&bench);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

static int begin(void **state)
{
	const struct sensing_config config = {0};

	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/sensor-order.%d", getpid());
	host_begin(&bench, &config);
	return 0;
}

static int end(void **state)
{
	(void)state;
	(void)unlink(path);
	host_end(&bench);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_made_a_file_is_known_when_that_is_told),
		TEST(a_file_that_had_to_wait_is_told_once),
	};

	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("sensor_order", tests, begin, end);
}
