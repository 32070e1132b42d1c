// SPDX-License-Identifier: GPL-2.0-or-later
/* Who may do what on the control socket, files beside requests, its path. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "tests/support/control.h"

#define STATUS "{\"do\": \"status\", \"v\": 1}"
#define LOG    "{\"do\": \"log\", \"v\": 1}"
#define BLOCK  "{\"do\": \"add\", \"v\": 1}"
#define IMPORT "{\"do\": \"set-import\", \"v\": 1}"

static gid_t gid_of(const char *name)
{
	const struct group *group = getgrnam(name);

	assert_non_null(group);
	return group->gr_gid;
}

static uid_t other_uid = NOBODY_ID; /* whom the next others are */

/* In a process of its own: be another user and connect `count` times. */
static void connect_as(const struct control *c, gid_t gid, gid_t also,
		       const int *fds, size_t count)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	memcpy(addr.sun_path, c->path, sizeof(c->path));
	if (setgid(gid) < 0 || setgroups(1, &also) < 0 || setuid(other_uid) < 0)
		_exit(2);
	for (size_t i = 0; i < count; i++) {
		if (connect(fds[i], (struct sockaddr *)&addr, sizeof(addr)) < 0)
			_exit(3);
	}
	_exit(0);
}

/*
 * Connect sockets as a user in two groups. What counts are the credentials at
 * connect(), so the sockets, which are shared, are used from here on.
 */
static void connect_others(struct control *c, gid_t gid, gid_t also, int *fds,
			   size_t count)
{
	int status = -1;
	pid_t pid;

	if (getuid() != 0) {
		print_message("needs root to be somebody else\n");
		skip();
	}
	for (size_t i = 0; i < count; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_true(fds[i] >= 0);
	}
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		connect_as(c, gid, also, fds, count);
	while (waitpid(pid, &status, WNOHANG) == 0)
		control_turn(c);
	assert_int_equal(status, 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
}

static void connect_viewers(struct control *c, uid_t uid, int *fds,
			    size_t count)
{
	other_uid = uid;
	connect_others(c, gid_of(VIEW_GROUP), NOBODY_ID, fds, count);
	other_uid = NOBODY_ID;
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
}

static int connect_other(struct control *c, gid_t gid, gid_t also)
{
	int fd = -1;

	connect_others(c, gid, also, &fd, 1);
	return fd;
}

static void assert_may_change(struct control *c, int fd)
{
	uint64_t before = server_usage(c->server).requests;
	size_t held_before = c->held_count;

	control_send_frame(c, fd, BLOCK);
	control_await_requests(c, before + 1);
	assert_int_equal(c->held_count, held_before + 1);
	(void)close(fd);
}

static void root_may_change(void **state)
{
	struct control *c = *state;

	if (getuid() != 0) {
		print_message("needs to be root\n");
		skip();
	}
	assert_may_change(c, control_connect(c));
}

static void the_change_group_may_change(void **state)
{
	struct control *c = *state;

	assert_may_change(c, connect_other(c, gid_of(CHANGE_GROUP), NOBODY_ID));
}

static void a_second_group_counts_as_much(void **state)
{
	struct control *c = *state;

	assert_may_change(c, connect_other(c, NOBODY_ID, gid_of(CHANGE_GROUP)));
}

static void the_change_group_may_view(void **state)
{
	struct control *c = *state;
	int fd = connect_other(c, NOBODY_ID, gid_of(CHANGE_GROUP));

	control_send_frame(c, fd, STATUS);
	assert_done(c, fd);
	(void)close(fd);
}

static void a_viewer_may_look(void **state)
{
	struct control *c = *state;
	int fd = connect_other(c, NOBODY_ID, gid_of(VIEW_GROUP));

	control_send_frame(c, fd, STATUS);
	assert_done(c, fd);
	(void)close(fd);
}

static void a_viewer_who_writes_is_told_which_group_may(void **state)
{
	struct control *c = *state;
	int fd = connect_other(c, gid_of(VIEW_GROUP), NOBODY_ID);

	control_send_frame(c, fd, BLOCK);
	assert_refused(c, fd, EPERM, "\"add\" is for root and group daemon");
	assert_int_equal(c->held_count, 0);
	control_send_frame(c, fd, STATUS);
	assert_done(c, fd);
	(void)close(fd);
}

static void a_stranger_is_told_and_closed(void **state)
{
	struct control *c = *state;
	int fd = connect_other(c, NOBODY_ID, NOBODY_ID);

	assert_refused(c, fd, EACCES, "uid 4210987");
	assert_ended(c, fd);
	assert_int_equal(server_usage(c->server).clients, 0);
	assert_int_equal(server_usage(c->server).refused, 1);
	(void)close(fd);
}

static void a_group_that_is_not_there_lets_nobody_in(void **state)
{
	struct control *c = *state;
	int fd;

	c->config.change_group = "no-such-group-here";
	c->config.view_group = NULL;
	control_restart(c);
	fd = connect_other(c, gid_of(CHANGE_GROUP), gid_of(VIEW_GROUP));
	assert_refused(c, fd, EACCES, "no-such-group-here");
	(void)close(fd);
}

static void one_users_crowd_throws_out_only_its_own(void **state)
{
	int fds[SERVER_CLIENTS_PER_VIEWER + 10];
	struct control *c = *state;
	int first = control_connect(c);

	connect_viewers(c, NOBODY_ID, fds, ARRAY_LEN(fds));
	control_await_clients(c, SERVER_CLIENTS_PER_VIEWER + 1);
	control_send_frame(c, first, STATUS);
	assert_done(c, first);
	assert_refused(c, fds[0], EBUSY, "16 connections of one user");
	close_all(fds, ARRAY_LEN(fds));
	(void)close(first);
}

/* With all their requests under way none of the viewers makes room. */
static void viewers_leave_places_for_those_who_may_change(void **state)
{
	int fds[SERVER_CLIENTS_PER_RIGHT];
	int own[SERVER_CLIENTS - SERVER_CLIENTS_PER_RIGHT];
	struct control *c = *state;
	int late;

	for (size_t i = 0; i < ARRAY_LEN(fds); i += SERVER_CLIENTS_PER_VIEWER)
		connect_viewers(c, NOBODY_ID + (uid_t)i, fds + i,
				SERVER_CLIENTS_PER_VIEWER);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		control_send_frame(c, fds[i], LOG);
	control_await_requests(c, ARRAY_LEN(fds));

	connect_viewers(c, NOBODY_ID - 1, &late, 1);
	assert_refused(c, late, EBUSY, "48 connections of users");
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		own[i] = control_connect(c);
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		control_send_frame(c, own[i], STATUS);
		assert_done(c, own[i]);
	}
	(void)close(late);
	close_all(fds, ARRAY_LEN(fds));
	close_all(own, ARRAY_LEN(own));
}

static void who_may_change_leaves_places_for_viewers(void **state)
{
	int fds[SERVER_CLIENTS_PER_RIGHT];
	struct control *c = *state;
	int viewer;

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = control_connect(c);
		control_send_frame(c, fds[i], LOG);
	}
	control_await_requests(c, ARRAY_LEN(fds));
	connect_viewers(c, NOBODY_ID, &viewer, 1);
	control_send_frame(c, viewer, STATUS);
	assert_done(c, viewer);
	(void)close(viewer);
	close_all(fds, ARRAY_LEN(fds));
}

static void who_may_change_is_served_before_viewers(void **state)
{
	int fds[SERVER_CLIENTS_PER_VIEWER];
	struct control *c = *state;
	int own = control_connect(c);

	connect_viewers(c, NOBODY_ID, fds, ARRAY_LEN(fds));
	control_await_clients(c, ARRAY_LEN(fds) + 1);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		control_send_frame(c, fds[i], LOG);
	control_send_frame(c, own, LOG);
	control_await_requests(c, ARRAY_LEN(fds) + 1);
	assert_int_equal(c->held[0]->uid, getuid());
	close_all(fds, ARRAY_LEN(fds));
	(void)close(own);
}

static void a_turn_of_the_loop_is_one_request_of_viewers(void **state)
{
	int fds[SERVER_CLIENTS_PER_VIEWER];
	struct control *c = *state;

	connect_viewers(c, NOBODY_ID, fds, ARRAY_LEN(fds));
	control_await_clients(c, ARRAY_LEN(fds));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		control_send_frame(c, fds[i], LOG);
	while (c->held_count < ARRAY_LEN(fds)) {
		size_t before = c->held_count;

		assert_true(event_base_loop(c->base, EVLOOP_ONCE) >= 0);
		assert_in_range(c->held_count, before, before + 1);
	}
	close_all(fds, ARRAY_LEN(fds));
}

static void viewers_take_turns(void **state)
{
	int fds[8];
	struct control *c = *state;

	connect_viewers(c, NOBODY_ID, fds, 4);
	connect_viewers(c, NOBODY_ID + 1, fds + 4, 4);
	control_await_clients(c, ARRAY_LEN(fds));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		control_send_frame(c, fds[i], LOG);
	control_await_requests(c, ARRAY_LEN(fds));
	for (size_t i = 1; i < ARRAY_LEN(fds); i++)
		assert_int_not_equal(c->held[i]->uid, c->held[i - 1]->uid);
	close_all(fds, ARRAY_LEN(fds));
}

static void a_viewer_who_leaves_the_queue_is_forgotten(void **state)
{
	int fds[SERVER_CLIENTS_PER_VIEWER];
	struct control *c = *state;

	connect_viewers(c, NOBODY_ID, fds, ARRAY_LEN(fds));
	control_await_clients(c, ARRAY_LEN(fds));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		control_send_frame(c, fds[i], STATUS);
	close_all(fds, ARRAY_LEN(fds));
	control_await_clients(c, 0);
	assert_serves(c);
}

static int make_memfd(size_t size_bytes)
{
	int fd = memfd_create("list", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size_bytes), 0);
	return fd;
}

static size_t count_open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	assert_int_equal(closedir(dir), 0);
	return count;
}

static void a_file_goes_with_the_request_that_takes_one(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);
	int file = make_memfd(12345);
	size_t before = count_open_files();
	json_t *answer;

	for (int i = 0; i < 3; i++) {
		control_send_files(c, fd, IMPORT, 0, &file, 1);
		answer = control_answer(c, fd);
		assert_int_equal(
			json_integer_value(json_object_get(answer, "bytes")),
			12345);
		json_decref(answer);
	}
	assert_int_equal(count_open_files(), before);
	(void)close(file);
	(void)close(fd);
}

static void a_request_that_needs_a_file_says_so(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);

	control_send_frame(c, fd, IMPORT);
	assert_refused(c, fd, EINVAL, "\"set-import\" needs a memfd");
	(void)close(fd);
}

/* Refused, closed, and the next request is as good as ever. */
static void assert_file_refused(struct control *c, const char *text, size_t at,
				size_t count, const char *words)
{
	int fd = control_connect(c);
	int files[8];
	size_t before;

	files[0] = make_memfd(1);
	for (size_t i = 1; i < count; i++)
		files[i] = files[0];
	before = count_open_files();
	control_send_files(c, fd, text, at, files, count);
	assert_refused(c, fd, EINVAL, words);
	assert_int_equal(count_open_files(), before);
	control_send_frame(c, fd, STATUS);
	assert_done(c, fd);
	(void)close(files[0]);
	(void)close(fd);
}

static void a_file_nobody_takes_is_closed(void **state)
{
	assert_file_refused(*state, STATUS, 0, 1, "\"status\" takes no file");
}

static void more_than_one_file_is_refused(void **state)
{
	assert_file_refused(*state, IMPORT, 0, 2, "one file");
	assert_file_refused(*state, IMPORT, 0, 3, "one file");
	assert_file_refused(*state, IMPORT, 0, 8, "one file");
}

static void a_file_in_the_middle_is_refused(void **state)
{
	assert_file_refused(*state, IMPORT, WIRE_HEAD_BYTES, 1, "first byte");
	assert_file_refused(*state, IMPORT, 17, 1, "first byte");
}

static void a_file_is_closed_when_its_sender_leaves_half_way(void **state)
{
	struct control *c = *state;
	int fd = control_connect(c);
	int file = make_memfd(1);
	size_t before = count_open_files();

	control_send_files(c, fd, IMPORT, 0, &file, 1);
	assert_done(c, fd);
	control_send_files(c, fd, " ", 0, &file, 1);
	assert_refused(c, fd, EINVAL, "not JSON");
	assert_int_equal(count_open_files(), before);
	(void)close(file);
	(void)close(fd);
}

static int listen_again(const struct control *c)
{
	struct server *second = NULL;
	int r = server_new(c->base, &c->config, &second);

	server_free(second);
	return r;
}

static void a_live_socket_is_not_replaced(void **state)
{
	struct control *c = *state;

	assert_int_equal(listen_again(c), -EADDRINUSE);
	assert_serves(c);
}

static void a_dead_socket_is_replaced(void **state)
{
	struct control *c = *state;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	server_free(TAKE(c->server));
	memcpy(addr.sun_path, c->path, sizeof(c->path));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	(void)close(fd);
	assert_int_equal(access(c->path, F_OK), 0);
	control_restart(c);
	assert_serves(c);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct control *c = *state;
	int fd;

	server_free(TAKE(c->server));
	fd = open(c->path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(listen_again(c), -EEXIST);
	assert_int_equal(access(c->path, F_OK), 0);
}

static void a_path_that_cannot_be_is_an_error(void **state)
{
	struct control *c = *state;
	char longer[200];

	memset(longer, 'p', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	c->config.path = longer;
	assert_int_equal(listen_again(c), -ENAMETOOLONG);
	c->config.path = "/no/such/directory/sock";
	assert_int_equal(listen_again(c), -ENOENT);
	c->config.path = c->path;
}

static void everybody_may_knock_whatever_the_umask(void **state)
{
	struct control *c = *state;
	mode_t before = umask(077);
	struct stat st;

	control_restart(c);
	(void)umask(before);
	assert_int_equal(stat(c->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0666);
}

static void the_socket_goes_with_the_server(void **state)
{
	struct control *c = *state;

	server_free(TAKE(c->server));
	assert_int_equal(access(c->path, F_OK), -1);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, control_setup, control_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(root_may_change),
		TEST(the_change_group_may_change),
		TEST(a_second_group_counts_as_much),
		TEST(the_change_group_may_view),
		TEST(a_viewer_may_look),
		TEST(a_viewer_who_writes_is_told_which_group_may),
		TEST(a_stranger_is_told_and_closed),
		TEST(a_group_that_is_not_there_lets_nobody_in),
		TEST(one_users_crowd_throws_out_only_its_own),
		TEST(viewers_leave_places_for_those_who_may_change),
		TEST(who_may_change_leaves_places_for_viewers),
		TEST(who_may_change_is_served_before_viewers),
		TEST(a_turn_of_the_loop_is_one_request_of_viewers),
		TEST(viewers_take_turns),
		TEST(a_viewer_who_leaves_the_queue_is_forgotten),
		TEST(a_file_goes_with_the_request_that_takes_one),
		TEST(a_request_that_needs_a_file_says_so),
		TEST(a_file_nobody_takes_is_closed),
		TEST(more_than_one_file_is_refused),
		TEST(a_file_in_the_middle_is_refused),
		TEST(a_file_is_closed_when_its_sender_leaves_half_way),
		TEST(a_live_socket_is_not_replaced),
		TEST(a_dead_socket_is_replaced),
		TEST(a_file_that_is_no_socket_is_left_alone),
		TEST(a_path_that_cannot_be_is_an_error),
		TEST(everybody_may_knock_whatever_the_umask),
		TEST(the_socket_goes_with_the_server),
	};

	return cmocka_run_group_tests_name("server_peer", tests, NULL, NULL);
}
