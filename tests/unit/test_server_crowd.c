// SPDX-License-Identifier: GPL-2.0-or-later
/* Many clients of the control socket, slow ones, and ones that never read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "tests/support/control.h"

#define STATUS	 "{\"do\": \"status\", \"v\": 1}"
#define SET_LIST "{\"do\": \"set-list\", \"v\": 1}"
#define LOG	 "{\"do\": \"log\", \"v\": 1}"

#define CROWD	 1000
#define CLIENTS	 SERVER_CLIENTS_PER_RIGHT /* who may change */
#define SHORT_MS 30

static void connect_all(struct control *c, int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fds[i] = control_connect(c);
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
}

static bool allow_files(rlim_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < count)
		return false;
	if (limit.rlim_cur < count)
		limit.rlim_cur = count;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static void a_thousand_idle_clients_keep_nobody_out(void **state)
{
	static int fds[CROWD];
	struct control *c = *state;

	if (!allow_files(CROWD + 200)) {
		print_message("the limit on open files is too low\n");
		skip();
	}
	connect_all(c, fds, CROWD);
	control_await_clients(c, CLIENTS);
	assert_serves(c);
	assert_refused(c, fds[0], EBUSY, "48 connections");
	assert_ended(c, fds[0]);
	assert_true(server_usage(c->server).refused >= CROWD - CLIENTS);
	close_all(fds, CROWD);
}

static void the_one_idle_longest_makes_room(void **state)
{
	int fds[CLIENTS];
	struct control *c = *state;

	connect_all(c, fds, CLIENTS);
	control_await_clients(c, CLIENTS);
	control_send_frame(c, fds[0], STATUS);
	assert_done(c, fds[0]);

	assert_serves(c);
	assert_refused(c, fds[1], EBUSY, "48 connections");
	control_send_frame(c, fds[0], STATUS);
	assert_done(c, fds[0]);
	close_all(fds, CLIENTS);
}

static void a_call_under_way_is_not_thrown_out(void **state)
{
	int fds[CLIENTS];
	struct control *c = *state;
	int late;

	connect_all(c, fds, CLIENTS);
	for (size_t i = 0; i < CLIENTS; i++)
		control_send_frame(c, fds[i], LOG);
	control_await_requests(c, CLIENTS);

	late = control_connect(c);
	assert_refused(c, late, EBUSY, "48 connections");
	assert_ended(c, late);
	while (c->held_count > 0)
		call_done(c->held[--c->held_count], NULL);
	for (size_t i = 0; i < CLIENTS; i++)
		assert_done(c, fds[i]);
	(void)close(late);
	close_all(fds, CLIENTS);
}

static void a_client_that_never_reads_costs_one_answer(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);

	for (int i = 0; i < 20; i++)
		control_send_frame(c, fd, SET_LIST);
	assert_serves(c);
	assert_serves(c);
	assert_int_equal(server_usage(c->server).requests, 3);
	assert_int_equal(server_usage(c->server).clients, 2);
	(void)close(fd);
}

static void an_answer_nobody_reads_is_given_up(void **state)
{
	struct control *c = *state;
	int fd;

	c->config.answer_timeout_ms = SHORT_MS;
	control_restart(c);
	fd = control_connect(c);
	control_send_frame(c, fd, SET_LIST);
	control_await_requests(c, 1);
	control_await_clients(c, 0);
	assert_serves(c);
	(void)close(fd);
}

static void an_idle_client_has_no_deadline(void **state)
{
	struct control *c = *state;
	int idle;
	int slow;

	c->config.frame_timeout_ms = SHORT_MS;
	c->config.answer_timeout_ms = SHORT_MS;
	control_restart(c);
	idle = control_connect(c);
	control_send_frame(c, idle, STATUS);
	assert_done(c, idle);

	/* Both begin to wait now; of the two, only this one runs out. */
	slow = control_connect(c);
	control_send(c, slow, "\0", 1);
	assert_refused(c, slow, ETIMEDOUT, "30 ms");
	control_send_frame(c, idle, STATUS);
	assert_done(c, idle);
	(void)close(idle);
	(void)close(slow);
}

static void a_call_under_way_has_no_deadline(void **state)
{
	struct control *c = *state;
	int asks;
	int slow;

	c->config.frame_timeout_ms = SHORT_MS;
	c->config.answer_timeout_ms = SHORT_MS;
	control_restart(c);
	asks = control_connect(c);
	control_send(c, asks, "\0", 1);
	control_turn(c);
	control_send(c, asks, "\0\0\x15" LOG, 3 + sizeof(LOG) - 1);
	control_await_requests(c, 1);

	slow = control_connect(c);
	control_send(c, slow, "\0", 1);
	assert_refused(c, slow, ETIMEDOUT, "30 ms");
	call_done(c->held[--c->held_count], NULL);
	assert_done(c, asks);
	(void)close(asks);
	(void)close(slow);
}

static void a_frame_that_drips_in_ends_the_connection(void **state)
{
	struct control *c = *state;
	uint8_t head[WIRE_HEAD_BYTES];
	int fd;

	c->config.frame_timeout_ms = SHORT_MS;
	control_restart(c);
	fd = control_connect(c);
	wire_head_put(head, WIRE_FRAME_MAX);
	control_send(c, fd, head, sizeof(head));
	while (send(fd, " ", 1, MSG_NOSIGNAL) == 1)
		control_turn(c);
	assert_refused(c, fd, ETIMEDOUT, "30 ms");
	assert_ended(c, fd);
	(void)close(fd);
}

static void half_a_frame_and_gone_leaves_nothing(void **state)
{
	struct control *c = *state;

	for (size_t len = 1; len < 4 + sizeof(STATUS) - 1; len++) {
		int fd = control_connect(c);

		control_send(c, fd, "\0\0\0\x18" STATUS, len);
		control_turn(c);
		(void)close(fd);
	}
	control_await_clients(c, 0);
	assert_int_equal(server_usage(c->server).requests, 0);
	assert_serves(c);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, control_setup, control_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_thousand_idle_clients_keep_nobody_out),
		TEST(the_one_idle_longest_makes_room),
		TEST(a_call_under_way_is_not_thrown_out),
		TEST(a_client_that_never_reads_costs_one_answer),
		TEST(an_answer_nobody_reads_is_given_up),
		TEST(an_idle_client_has_no_deadline),
		TEST(a_call_under_way_has_no_deadline),
		TEST(a_frame_that_drips_in_ends_the_connection),
		TEST(half_a_frame_and_gone_leaves_nothing),
	};

	return cmocka_run_group_tests_name("server_crowd", tests, NULL, NULL);
}
