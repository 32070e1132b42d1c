// SPDX-License-Identifier: GPL-2.0-or-later
/* What the sensor tells of processes: who they are, and how they begin and
 * end. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>
#include <linux/sched.h>

#include "daemon/enforce/group.h"
#include "rules/base.h"
#include "tests/support/group_bench.h"
#include "tests/support/host.h"

/* As which this program does nothing and ends. */
#define STUB	  "sensor-stub"
#define ARG_BYTES (120 << 10)
#define THREADS	  8
#define DEEP	  16 /* groups below one another, whose names are read */

static struct host_bench bench;
static char self[PATH_MAX]; /* this program */

static int setup(void **state)
{
	(void)state;
	host_settle(&bench);
	host_clear(&bench);
	return 0;
}

/* execv() changes nothing of what it is given. */
static int execute(const char *path, const char *const *args)
{
	char *const *list;

	memcpy(&list, &args, sizeof(list));
	(void)execv(path, list);
	return 1;
}

struct command {
	const char *args[5]; /* NULL behind the last */
};

static int run_stub(void *arg)
{
	const struct command *command = arg;

	return execute("/proc/self/exe", command->args);
}

static pid_t stub(struct command command)
{
	return host_child(&bench, run_stub, &command);
}

static const struct event *exec_of(pid_t child)
{
	const struct event *event = host_find(&bench, EVENT_EXEC, child, 0);

	assert_non_null(event);
	return event;
}

static void an_execution_is_told_once_between_fork_and_exit(void **state)
{
	pid_t child = stub((struct command){{STUB, "a", "b c", ""}});

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_FORK, child), 1);
	assert_int_equal(host_count(&bench, EVENT_EXEC, child), 1);
	assert_int_equal(host_count(&bench, EVENT_EXIT, child), 1);
	assert_true(host_place(&bench, EVENT_FORK, child) <
		    host_place(&bench, EVENT_EXEC, child));
	assert_true(host_place(&bench, EVENT_EXEC, child) <
		    host_place(&bench, EVENT_EXIT, child));
}

static void an_execution_says_what_runs_and_how_it_was_called(void **state)
{
	pid_t child = stub((struct command){{STUB, "a", "b c", ""}});
	const struct event *event = exec_of(child);
	char cwd[PATH_MAX];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_true(text_is(&event->words[EVENT_IMAGE], self));
	assert_true(
		text_is(&event->words[EVENT_IMAGE_ASKED], "/proc/self/exe"));
	assert_true(text_is(&event->words[EVENT_COMMAND_LINE], STUB " a b c "));
	assert_true(text_is(&event->words[EVENT_DIRECTORY], cwd));
	assert_int_equal(event->arg_count, 4);
	assert_true(text_is(&event->args[2], "b c"));
	assert_true(text_is(&event->args[3], ""));
	assert_false(event->words[EVENT_COMMAND_LINE].is_cut);
}

static void an_execution_says_who_did_it(void **state)
{
	pid_t child = stub((struct command){{STUB}});
	const struct event *event = exec_of(child);

	(void)state;
	assert_int_equal(event->parent.pid, getpid());
	assert_int_equal(event->uid, getuid());
	assert_int_equal(event->euid, geteuid());
	assert_true(event->process.start_ns > 0);
	assert_true(event->process.start_ns <= event->time_ns);
	/* known from /proc: it was there before the sensor */
	assert_true(text_is(&event->words[EVENT_PARENT_IMAGE], self));
}

static int run_relative(void *arg)
{
	const struct command *command = arg;
	const char *slash = strrchr(self, '/');
	char dir[PATH_MAX];

	memcpy(dir, self, (size_t)(slash - self));
	dir[slash - self] = '\0';
	if (chdir(dir) < 0)
		return 1;
	return execute(slash + 1, command->args);
}

static void a_relative_path_is_told_below_the_working_directory(void **state)
{
	struct command command = {{STUB}};
	pid_t child = host_child(&bench, run_relative, &command);

	(void)state;
	assert_true(text_is(&exec_of(child)->words[EVENT_IMAGE_ASKED], self));
}

/* What the child has as its input, output and errors. */
struct stdio {
	int domain, type; /* of a socket; 0: none */
	int fds[3]; /* which of them are the socket */
};

static int run_with_socket(void *arg)
{
	const struct stdio *stdio = arg;
	const char *const args[] = {STUB, "stdio", NULL};
	int sock = socket(stdio->domain, stdio->type, 0);

	if (sock < 0)
		return 1;
	for (int fd = 0; fd < 3; fd++) {
		if (stdio->fds[fd] && dup2(sock, fd) < 0)
			return 1;
	}
	return execute("/proc/self/exe", args);
}

static uint64_t flags_with(struct stdio stdio)
{
	return exec_of(host_child(&bench, run_with_socket, &stdio))->flags;
}

static void an_execution_says_which_standard_files_are_sockets(void **state)
{
	(void)state;
	assert_int_equal(
		flags_with((struct stdio){AF_INET, SOCK_STREAM, {1, 1, 1}}),
		EVENT_STDIN_SOCKET | EVENT_STDOUT_SOCKET | EVENT_STDERR_SOCKET);
	assert_int_equal(
		flags_with((struct stdio){AF_INET6, SOCK_DGRAM, {0, 1, 0}}),
		EVENT_STDOUT_SOCKET);
	assert_int_equal(
		flags_with((struct stdio){AF_UNIX, SOCK_STREAM, {1, 1, 1}}), 0);
	assert_int_equal(exec_of(stub((struct command){{STUB}}))->flags, 0);
}

static void bytes_that_are_no_text_stay_as_they_are(void **state)
{
	pid_t child = stub((struct command){{STUB, "\xff\x80\n\x1b["}});

	(void)state;
	assert_true(text_is(&exec_of(child)->words[EVENT_COMMAND_LINE],
			    STUB " \xff\x80\n\x1b["));
}

static void arguments_of_128_kib_are_told_whole(void **state)
{
	char *big = malloc(ARG_BYTES + 1);
	const struct event_text *line;
	pid_t child;

	(void)state;
	assert_non_null(big);
	for (size_t i = 0; i < ARG_BYTES; i++)
		big[i] = (char)('a' + i % 23);
	big[ARG_BYTES] = '\0';
	child = stub((struct command){{STUB, big, "the end"}});
	line = &exec_of(child)->words[EVENT_COMMAND_LINE];
	assert_int_equal(line->len, strlen(STUB) + 1 + ARG_BYTES + 8);
	assert_false(line->is_cut);
	assert_memory_equal(line->bytes + strlen(STUB) + 1, big, ARG_BYTES);
	assert_memory_equal(line->bytes + line->len - 7, "the end", 7);
	free(big);
}

static void more_than_that_is_cut_and_says_so(void **state)
{
	char *big = malloc(ARG_BYTES + 1);
	const struct event_text *line;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', ARG_BYTES);
	big[ARG_BYTES] = '\0';
	line = &exec_of(stub((struct command){{STUB, big, big}}))
			->words[EVENT_COMMAND_LINE];
	assert_true(line->is_cut);
	assert_true(line->len >= FW_ARGS_BYTES);
	free(big);
}

static int fail_with_3(void *arg)
{
	(void)arg;
	if (fork() == 0)
		_exit(3);
	return 0;
}

static void an_exit_says_with_what(void **state)
{
	pid_t child = host_child(&bench, fail_with_3, NULL);
	bool found = false;

	(void)state;
	usleep(50000);
	host_settle(&bench);
	for (size_t i = 0; i < bench.count; i++) {
		const struct event *event = &bench.seen[i].event;

		if (event->kind == EVENT_EXIT && event->result == 3 << 8)
			found = true;
	}
	assert_true(found);
	assert_int_equal(host_find(&bench, EVENT_EXIT, child, 0)->result, 0);
}

static void *return_at_once(void *arg)
{
	return arg;
}

/* Whichever is the last, several may look like it. */
static int end_many_threads(void *arg)
{
	pthread_t threads[THREADS];

	(void)arg;
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, return_at_once, NULL))
			return 1;
	return 0;
}

static void threads_that_end_together_are_one_exit_and_no_fork(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++) {
		pid_t child = host_child(&bench, end_many_threads, NULL);

		assert_int_equal(host_count(&bench, EVENT_EXIT, child), 1);
		assert_int_equal(host_count(&bench, EVENT_FORK, child), 1);
	}
}

/* By then it is long gone, and its number may be another's. */
static void who_has_ended_is_known_when_its_events_are_read(void **state)
{
	pid_t child = stub((struct command){{STUB, "gone"}});
	const struct event *event = host_find(&bench, EVENT_EXIT, child, 0);

	(void)state;
	assert_non_null(event);
	assert_true(text_is(&event->words[EVENT_IMAGE], self));
	assert_true(text_is(&event->words[EVENT_COMMAND_LINE], STUB " gone"));
}

static int execute_twice(void *arg)
{
	(void)setenv("SENSOR_TWICE", "1", 1);
	return run_stub(arg);
}

static void a_second_execution_is_the_same_process(void **state)
{
	struct command command = {{STUB, "again"}};
	pid_t child = host_child(&bench, execute_twice, &command);

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_EXEC, child), 2);
	assert_int_equal(
		host_find(&bench, EVENT_EXEC, child, 0)->process.start_ns,
		host_find(&bench, EVENT_EXEC, child, 1)->process.start_ns);
}

/* A child of a number that was another's; -1 where that cannot be had. */
static pid_t child_of_number(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};
	const char *const stub_args[] = {STUB, "second", NULL};
	pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (child == 0)
		_exit(execute("/proc/self/exe", stub_args));
	if (child > 0)
		assert_int_equal(waitpid(child, NULL, 0), child);
	host_settle(&bench);
	return child;
}

static void a_number_used_again_is_told_as_another_process(void **state)
{
	pid_t first = stub((struct command){{STUB, "first"}});
	const struct event *before, *after;

	(void)state;
	if (child_of_number(first) != first)
		skip();
	assert_int_equal(host_count(&bench, EVENT_EXIT, first), 2);
	before = host_find(&bench, EVENT_EXIT, first, 0);
	after = host_find(&bench, EVENT_EXIT, first, 1);
	assert_true(before->process.start_ns < after->process.start_ns);
	assert_true(text_is(&before->words[EVENT_COMMAND_LINE], STUB " first"));
	assert_true(text_is(&after->words[EVENT_COMMAND_LINE], STUB " second"));
}

/* Executed in the group, and told. */
static const struct event *exec_in(const struct group_bench *group)
{
	struct command command = {{STUB}};
	pid_t child = group_start(group, run_stub, &command);

	assert_int_equal(group_wait(child), 0);
	host_settle(&bench);
	return exec_of(child);
}

/* Or who is in a group could have made groups until no name around it is
 * left. */
static void a_group_too_deep_to_be_named_whole_says_so(void **state)
{
	struct group_bench group, inner;
	char root[PATH_MAX];
	size_t len;

	(void)state;
	if (group_root(root) < 0)
		skip();
	group_begin(&group);
	inner = group;
	assert_false(exec_in(&inner)->words[EVENT_CGROUP].is_cut);
	for (int i = 0; i < DEEP; i++) {
		len = strlen(inner.path);
		(void)snprintf(inner.path + len, sizeof(inner.path) - len,
			       "/deep");
		assert_int_equal(mkdir(inner.path, 0700), 0);
	}
	assert_true(exec_in(&inner)->words[EVENT_CGROUP].is_cut);
	group_end(&group);
}

static void it_is_attached_where_it_says(void **state)
{
	struct event_reader_info info;

	(void)state;
	assert_int_equal(event_reader_info(bench.reader, &info), 0);
	assert_string_equal(info.places[0], "sched_process_exec");
	assert_non_null(info.places[4]);
	assert_null(info.places[5]);
	assert_int_equal(info.malformed, 0);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

static int begin(void **state)
{
	const struct sensing_config config = {0};

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

/* Executed by a test. */
static int be_stub(char **argv)
{
	if (!getenv("SENSOR_TWICE"))
		return 0;
	(void)unsetenv("SENSOR_TWICE");
	(void)execv("/proc/self/exe", argv);
	return 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(an_execution_is_told_once_between_fork_and_exit),
		TEST(an_execution_says_what_runs_and_how_it_was_called),
		TEST(an_execution_says_who_did_it),
		TEST(a_relative_path_is_told_below_the_working_directory),
		TEST(an_execution_says_which_standard_files_are_sockets),
		TEST(bytes_that_are_no_text_stay_as_they_are),
		TEST(arguments_of_128_kib_are_told_whole),
		TEST(more_than_that_is_cut_and_says_so),
		TEST(an_exit_says_with_what),
		TEST(threads_that_end_together_are_one_exit_and_no_fork),
		TEST(who_has_ended_is_known_when_its_events_are_read),
		TEST(a_second_execution_is_the_same_process),
		TEST(a_number_used_again_is_told_as_another_process),
		TEST(a_group_too_deep_to_be_named_whole_says_so),
		TEST(it_is_attached_where_it_says),
	};
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc > 0 && strcmp(argv[0], STUB) == 0)
		return be_stub(argv);
	if (len < 0)
		return 1;
	self[len] = '\0';
	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("sensor", tests, begin, end);
}
