// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ten thousand processes, each begun by the one before, through the kernel to
 * rules that ask where they come from. What the last one does is judged as of
 * the first one's tree, whether those between have ended or wait; and where a
 * table is too small for them, that is counted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "rules/base.h"
#include "rules/detect/detection.h"
#include "rules/detect/language.h"
#include "tests/support/host.h"

#define GENERATIONS 10000
#define SOME	    100
#define PORT_FIRST  21401
#define PORT_LAST   21402
#define SKIP	    77
#define TOLD_MAX    256

/* Of the last two the first that is met decides. */
static const char text[] = "version: 1\n"
			   "rules:\n"
			   "  - name: first\n"
			   "    event: connect\n"
			   "    action: log\n"
			   "    weight: 100\n"
			   "    taint: {name: deep, for: 10m}\n"
			   "    match: {port: 21401}\n"
			   "  - {name: sum, action: alert, score: 120}\n"
			   "  - name: marked\n"
			   "    event: connect\n"
			   "    action: alert\n"
			   "    weight: 40\n"
			   "    match: {port: 21402, tainted: deep}\n"
			   "  - name: anybody\n"
			   "    event: connect\n"
			   "    action: log\n"
			   "    weight: 40\n"
			   "    match: {port: 21402}\n";

static const uint64_t seed[2] = {1, 2};

static struct host_bench bench;
static struct detect_rule **rules;
static const struct detect_rule *lent[8];
static size_t rule_count;
static struct detection *detection;
static char told[TOLD_MAX]; /* titles, a comma behind each */
static uint64_t forks, losses; /* heard of since the last setup */
static char deep_path[PATH_MAX];

static void remember(void *arg, const struct detect_rule *rule, size_t index,
		     const struct event *event)
{
	size_t len = strlen(told);

	(void)arg;
	(void)index;
	(void)event;
	(void)snprintf(told + len, sizeof(told) - len, "%s,", rule->title);
}

static void hear_all(void)
{
	host_settle(&bench);
	assert_int_equal(bench.overflow, 0);
	for (size_t i = 0; i < bench.count; i++) {
		const struct event *event = &bench.seen[i].event;

		forks += event->kind == EVENT_FORK;
		losses += event->kind == EVENT_LOSS;
		if (event->kind != EVENT_LOSS)
			detection_hear(detection, event, remember, NULL);
	}
	host_clear(&bench);
}

static pid_t begin_line(const char *how, unsigned int length, int out)
{
	char count[16], first[16], last[16];
	pid_t child = fork();

	if (child != 0)
		return child;
	(void)snprintf(count, sizeof(count), "%u", length);
	(void)snprintf(first, sizeof(first), "%d", PORT_FIRST);
	(void)snprintf(last, sizeof(last), "%d", PORT_LAST);
	(void)dup2(out, STDOUT_FILENO);
	(void)execl(deep_path, "deep", how, count, first, last, NULL);
	_exit(1);
}

/* Those whose parent has ended are this process's then. */
static int reap(void)
{
	int status, worst = 0;

	while (waitpid(-1, &status, WNOHANG) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status) > worst)
			worst = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	return worst;
}

/* All of the line, heard while it runs: the ring has no room for all. */
static void run_line(const char *how, unsigned int length)
{
	char byte;
	size_t bytes = 0;
	ssize_t len = -1;
	int ends[2], worst = 0;

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(begin_line(how, length, ends[1]) > 0);
	(void)close(ends[1]);
	while (len != 0) { /* 0: none of them has the pipe any more */
		int status;

		hear_all();
		status = reap();
		if (status > worst)
			worst = status;
		len = read(ends[0], &byte, 1);
		bytes += len > 0;
		if (len < 0)
			(void)usleep(1000);
	}
	(void)close(ends[0]);
	while (waitpid(-1, NULL, 0) > 0)
		;
	hear_all();
	if (worst == SKIP) {
		print_message("skipped: this machine does not allow %u "
			      "processes\n",
			      length);
		skip();
	}
	assert_int_equal(worst, 0);
	assert_int_equal(bytes, 1);
	assert_true(forks >= length);
	assert_int_equal(losses, 0);
}

static void the_last_of_those_that_ended_is_of_the_first_ones_tree(void **state)
{
	(void)state;
	run_line("ends", GENERATIONS);
	assert_string_equal(told, "first,marked,sum,");
	assert_int_equal(detection_usage(detection).tainted_crowded, 0);
	assert_int_equal(detection_usage(detection).processes_displaced, 0);
}

/* More than may be marked at once: the tree is known, and the mark that is
 * missing is counted. */
static void the_last_of_those_that_wait_is_of_the_first_ones_tree(void **state)
{
	(void)state;
	run_line("waits", GENERATIONS);
	if (detection_usage(detection).tainted_crowded)
		assert_string_equal(told, "first,anybody,sum,");
	else
		assert_string_equal(told, "first,marked,sum,");
	assert_int_equal(detection_usage(detection).processes_displaced, 0);
}

/* As a child of its own parent, as whoever wants to be nobody's does it. */
static void who_is_begun_beside_its_beginner_is_of_its_tree(void **state)
{
	(void)state;
	run_line("aside", SOME);
	assert_string_equal(told, "first,marked,sum,");
}

static int connect_last(void *arg)
{
	const struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(PORT_LAST),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)arg;
	return fd < 0 ||
	       connect(fd, (const struct sockaddr *)&peer, sizeof(peer)) < 0;
}

/* It is of their tree, for this process began both. */
static void who_does_not_come_from_them_is_not_taken_for_one(void **state)
{
	(void)state;
	run_line("ends", SOME);
	told[0] = '\0';
	(void)host_child(&bench, connect_last, NULL);
	hear_all();
	assert_non_null(strstr(told, "anybody,"));
	assert_null(strstr(told, "marked,"));
}

static int setup(void **state)
{
	(void)state;
	host_settle(&bench);
	host_clear(&bench);
	told[0] = '\0';
	forks = losses = 0;
	return detection_new(lent, rule_count, seed, &detection);
}

static int teardown(void **state)
{
	(void)state;
	detection_free(detection);
	detection = NULL;
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static int begin(void **state)
{
	const struct sensing_config config = {0};
	struct detect_note note;

	(void)state;
	if (detect_read(text, strlen(text), 0, &rules, &rule_count, &note) < 0)
		fail_msg("%u: %s", note.at.line, note.at.text);
	assert_in_range(rule_count, 1, ARRAY_LEN(lent));
	for (size_t i = 0; i < rule_count; i++)
		lent[i] = rules[i];
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	host_begin(&bench, &config);
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end(&bench);
	for (size_t i = 0; i < rule_count; i++)
		detect_rule_free(rules[i]);
	free(rules);
	return 0;
}

/* Beside this program, in bpf/. */
static bool has_deep(void)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len < 0)
		return false;
	self[len] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	(void)snprintf(deep_path, sizeof(deep_path), "%.4000s/bpf/deep", self);
	return access(deep_path, X_OK) == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_last_of_those_that_ended_is_of_the_first_ones_tree),
		TEST(the_last_of_those_that_wait_is_of_the_first_ones_tree),
		TEST(who_is_begun_beside_its_beginner_is_of_its_tree),
		TEST(who_does_not_come_from_them_is_not_taken_for_one),
	};

	(void)libbpf_set_print(NULL);
	if (!has_deep()) {
		(void)printf("skipped: %s is not there\n", deep_path);
		return SKIP;
	}
	return cmocka_run_group_tests_name("sensor_deep", tests, begin, end);
}
