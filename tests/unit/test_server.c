// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests and answers on the control socket, good and bad, one at a time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <seccomp.h>

#include "tests/support/control.h"

#define STATUS	 "{\"do\": \"status\", \"v\": 1}"
#define SET_LIST "{\"do\": \"set-list\", \"v\": 1}"
#define LOG	 "{\"do\": \"log\", \"v\": 1, \"max\": 7}"

static void serve_without_files(struct control *c)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	(void)seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(open),
			       0);
	(void)seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(openat),
			       0);
	if (seccomp_load(filter) < 0)
		_exit(2);
	assert_serves(c);
	_exit(0);
}

/* First of all tests: what is done once in a process must not be done yet. */
static void once_it_listens_it_opens_no_file(void **state)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		serve_without_files(*state);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_request_is_answered(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);

	control_send_frame(c, fd, STATUS);
	assert_done(c, fd);
	assert_int_equal(server_usage(c->server).requests, 1);
	assert_int_equal(server_usage(c->server).refused, 0);
	(void)close(fd);
}

static void the_handler_gets_what_was_sent_and_by_whom(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);
	const struct call *call;

	control_send_frame(c, fd, LOG);
	control_await_requests(c, 1);
	assert_int_equal(c->held_count, 1);
	call = c->held[0];
	assert_int_equal(call->request, REQ_LOG);
	assert_int_equal(json_integer_value(json_object_get(call->args, "max")),
			 7);
	assert_int_equal(call->uid, getuid());
	assert_int_equal(call->fd, -1);
	assert_true(call->decoded_ns > 0);
	(void)close(fd);
}

static void a_request_may_come_byte_by_byte(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);
	uint8_t frame[WIRE_HEAD_BYTES + sizeof(STATUS) - 1];

	wire_head_put(frame, sizeof(STATUS) - 1);
	memcpy(frame + WIRE_HEAD_BYTES, STATUS, sizeof(STATUS) - 1);
	for (size_t i = 0; i < sizeof(frame); i++) {
		control_send(c, fd, &frame[i], 1);
		control_turn(c);
	}
	assert_done(c, fd);
	(void)close(fd);
}

static void requests_sent_ahead_are_answered_in_turn(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);
	json_t *answer;

	control_send_frame(c, fd, SET_LIST);
	control_send_frame(c, fd, STATUS);
	answer = control_answer(c, fd);
	assert_int_equal(json_string_length(json_object_get(answer, "text")),
			 CONTROL_BIG_BYTES);
	json_decref(answer);
	assert_done(c, fd);
	(void)close(fd);
}

static void the_next_request_waits_for_the_last_answer(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);

	control_send_frame(c, fd, LOG);
	control_send_frame(c, fd, STATUS);
	assert_serves(c);
	assert_int_equal(server_usage(c->server).requests, 2);

	call_done(c->held[--c->held_count], NULL);
	assert_done(c, fd);
	assert_done(c, fd);
	assert_int_equal(server_usage(c->server).requests, 3);
	(void)close(fd);
}

static void set_true(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

static void a_client_that_sends_ahead_does_not_keep_the_loop_busy(void **state)
{
	const struct timeval soon = {.tv_usec = 20000};
	struct control *c = *state;
	int fd = control_connect(c);
	bool is_over = false;
	int turns = 0;

	control_send_frame(c, fd, LOG);
	control_send_frame(c, fd, STATUS);
	control_await_requests(c, 1);
	assert_int_equal(event_base_once(c->base, -1, EV_TIMEOUT, set_true,
					 &is_over, &soon),
			 0);
	while (!is_over) {
		assert_true(event_base_loop(c->base, EVLOOP_ONCE) >= 0);
		turns++;
	}
	assert_true(turns < 10);
	(void)close(fd);
}

static void a_turn_serves_one_request_of_a_client(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);

	for (int i = 0; i < 3; i++)
		control_send_frame(c, fd, STATUS);
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(server_usage(c->server).requests, i);
		control_turn(c);
	}
	assert_int_equal(server_usage(c->server).requests, 3);
	(void)close(fd);
}

static void a_frame_too_long_is_refused_by_its_head_and_ends(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);
	uint8_t head[WIRE_HEAD_BYTES];

	wire_head_put(head, WIRE_FRAME_MAX + 1);
	control_send(c, fd, head, sizeof(head));
	assert_refused(c, fd, EMSGSIZE, "1048577 bytes");
	assert_ended(c, fd);
	assert_serves(c);
	(void)close(fd);
}

static void two_hundred_megabytes_are_not_swallowed(void **state)
{
	static uint8_t junk[1 << 16];
	struct control *c = *state;
	int fd = control_connect(c);
	size_t sent_bytes = 0;
	ssize_t n = 0;

	wire_head_put(junk, 200u << 20);
	while (n >= 0 || errno == EAGAIN) {
		n = send(fd, junk, sizeof(junk), MSG_NOSIGNAL);
		sent_bytes += n > 0 ? (size_t)n : 0;
		control_turn(c);
	}
	assert_true(sent_bytes < 4u << 20);
	assert_refused(c, fd, EMSGSIZE, "209715200 bytes");
	assert_ended(c, fd);
	assert_serves(c);
	(void)close(fd);
}

static void a_frame_as_long_as_allowed_is_read(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);
	char *text = malloc(WIRE_FRAME_MAX + 1);

	assert_non_null(text);
	memset(text, ' ', WIRE_FRAME_MAX);
	text[WIRE_FRAME_MAX] = '\0';
	memcpy(text, STATUS, sizeof(STATUS) - 1);
	control_send_frame(c, fd, text);
	assert_done(c, fd);
	free(text);
	(void)close(fd);
}

/* Refused, and the connection is as good as before. */
static void assert_bad(struct control *c, const char *text, int error,
		       const char *words)
{
	int fd = control_connect(c);

	control_send_frame(c, fd, text);
	assert_refused(c, fd, error, words);
	control_send_frame(c, fd, STATUS);
	assert_done(c, fd);
	(void)close(fd);
}

static void what_is_no_object_is_refused(void **state)
{
	assert_bad(*state, "", EINVAL, "not JSON");
	assert_bad(*state, "GET / HTTP/1.1\r\n\r\n", EINVAL, "not JSON");
	assert_bad(*state, "{\"do\": \"status\", \"v\": 1", EINVAL, "not JSON");
	assert_bad(*state, STATUS STATUS, EINVAL, "not JSON");
	assert_bad(*state, "{\"do\": \"\xff\", \"v\": 1}", EINVAL, "not JSON");
	assert_bad(*state, "[" STATUS "]", EINVAL, "not a JSON object");
	assert_bad(*state, "\"status\"", EINVAL, "not JSON");
}

static void another_version_is_refused(void **state)
{
	assert_bad(*state, "{\"do\": \"status\"}", EPROTONOSUPPORT, "\"v\"");
	assert_bad(*state, "{\"do\": \"status\", \"v\": \"1\"}",
		   EPROTONOSUPPORT, "\"v\"");
	assert_bad(*state, "{\"do\": \"status\", \"v\": 2}", EPROTONOSUPPORT,
		   "version 2");
}

static void an_unknown_name_is_refused_by_name(void **state)
{
	assert_bad(*state, "{\"v\": 1}", EINVAL, "\"do\"");
	assert_bad(*state, "{\"v\": 1, \"do\": 4}", EINVAL, "\"do\"");
	assert_bad(*state, "{\"v\": 1, \"do\": \"flush\"}", EOPNOTSUPP,
		   "\"flush\"");
}

static void a_name_cut_within_a_letter_is_still_told(void **state)
{
	char text[256];
	char name[64];

	/* 63 bytes and then a letter of two: the cut goes through it. */
	memset(name, 'n', sizeof(name));
	(void)snprintf(text, sizeof(text),
		       "{\"v\": 1, \"do\": \"%.63s\xc3\xa9\"}", name);
	assert_bad(*state, text, EOPNOTSUPP, "nnn?");
}

static void a_key_given_twice_is_refused(void **state)
{
	assert_bad(*state, "{\"v\": 1, \"do\": \"status\", \"do\": \"log\"}",
		   EINVAL, "duplicate");
}

static char *repeat(const char *head, const char *part, size_t count)
{
	size_t len = strlen(part);
	char *text = malloc(strlen(head) + count * len + 1);
	char *at = text;

	assert_non_null(text);
	at = stpcpy(at, head);
	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, part);
	return text;
}

static void deep_nesting_is_refused(void **state)
{
	char *text = repeat("{\"v\":1,\"a\":", "[", 500000);

	assert_bad(*state, text, EINVAL, "nested 500001 deep");
	free(text);
}

static void a_swarm_of_values_is_refused(void **state)
{
	char *text = repeat("{\"v\":1,\"a\":[", "{},", 300000);

	assert_bad(*state, text, E2BIG, "values");
	free(text);
}

static void a_full_page_of_members_is_no_swarm(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);
	char *text =
		repeat("{\"v\":1,\"do\":\"add\",\"members\":[\"\\\"[[[[[[[[[\"",
		       ",\"192.0.2.1/32\"", WIRE_PAGE_MAX - 1);
	char *frame = repeat(text, "]}", 1);

	control_send_frame(c, fd, frame);
	control_await_requests(c, 1);
	assert_int_equal(c->held_count, 1);
	free(frame);
	free(text);
	(void)close(fd);
}

static void an_answer_too_long_becomes_a_refusal(void **state)
{
	assert_bad(*state, "{\"v\": 1, \"do\": \"counters\"}", EMSGSIZE,
		   "too long");
}

static void a_refusal_that_is_no_text_is_still_told(void **state)
{
	assert_bad(*state, "{\"v\": 1, \"do\": \"events\"}", EIO, "no ? here");
	assert_int_equal(
		server_usage(((struct control *)*state)->server).refused, 1);
}

static void a_client_may_go_while_its_call_is_under_way(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);

	control_send_frame(c, fd, LOG);
	control_await_requests(c, 1);
	(void)close(fd);
	control_turn(c);
	call_done(c->held[--c->held_count], json_object());
	control_await_clients(c, 0);
	assert_serves(c);
}

static void an_answer_after_the_server_goes_nowhere(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);

	control_send_frame(c, fd, LOG);
	control_await_requests(c, 1);
	server_free(TAKE(c->server));
	call_done(c->held[--c->held_count], json_object());
	assert_ended(c, fd);
	(void)close(fd);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, control_setup, control_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(once_it_listens_it_opens_no_file),
		TEST(a_request_is_answered),
		TEST(the_handler_gets_what_was_sent_and_by_whom),
		TEST(a_request_may_come_byte_by_byte),
		TEST(requests_sent_ahead_are_answered_in_turn),
		TEST(the_next_request_waits_for_the_last_answer),
		TEST(a_client_that_sends_ahead_does_not_keep_the_loop_busy),
		TEST(a_turn_serves_one_request_of_a_client),
		TEST(a_frame_too_long_is_refused_by_its_head_and_ends),
		TEST(two_hundred_megabytes_are_not_swallowed),
		TEST(a_frame_as_long_as_allowed_is_read),
		TEST(what_is_no_object_is_refused),
		TEST(another_version_is_refused),
		TEST(an_unknown_name_is_refused_by_name),
		TEST(a_name_cut_within_a_letter_is_still_told),
		TEST(a_key_given_twice_is_refused),
		TEST(deep_nesting_is_refused),
		TEST(a_swarm_of_values_is_refused),
		TEST(a_full_page_of_members_is_no_swarm),
		TEST(an_answer_too_long_becomes_a_refusal),
		TEST(a_refusal_that_is_no_text_is_still_told),
		TEST(a_client_may_go_while_its_call_is_under_way),
		TEST(an_answer_after_the_server_goes_nowhere),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
