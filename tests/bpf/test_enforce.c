// SPDX-License-Identifier: GPL-2.0-or-later
/* daemon/enforce/enforce.h: an order does what it says to the process that is
 * meant, and to no other one. */
#include <errno.h>
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "daemon/enforce/subject.h"
#include "tests/support/enforce_bench.h"

static struct enforce_bench bench;

static struct enforce_answer act(const struct enforce_order *order)
{
	struct enforce_answer answer;

	enforce_act(bench.enforce, order, &answer);
	return answer;
}

static bool is_alive(pid_t child)
{
	return waitpid(child, NULL, WNOHANG) == 0;
}

static void stop(pid_t child)
{
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
}

static void a_process_is_ended(void **state)
{
	pid_t child = enforce_start(&bench, sleep_on, NULL);
	struct enforce_answer answer = act_on(&bench, child, ENFORCE_END);

	(void)state;
	assert_int_equal(answer.done, ENFORCE_END);
	assert_int_equal(answer.failed | answer.withheld, 0);
	assert_int_equal(group_wait(child), -SIGKILL);
	assert_int_equal(info_of(&bench).ended, 1);
}

static void a_number_that_is_anothers_by_now_is_left_alone(void **state)
{
	pid_t child = enforce_start(&bench, sleep_on, NULL);
	struct enforce_order order = {
		.process = process_named(child),
		.steps = END_OR_HOLD,
	};
	struct enforce_answer answer;

	(void)state;
	order.process.start_ns -= PROCESS_ROUGH_TICK_NS;
	answer = act(&order);
	assert_int_equal(answer.withheld, END_OR_HOLD);
	assert_int_equal(answer.done | answer.failed, 0);
	assert_non_null(strstr(answer.note, "gone"));
	assert_true(is_alive(child));
	stop(child);
}

/* Events have it to the nanosecond, /proc to a tick. */
static void a_start_is_compared_to_the_tick(void **state)
{
	pid_t child = enforce_start(&bench, sleep_on, NULL);
	struct enforce_order order = {
		.process = process_named(child),
		.steps = ENFORCE_END,
	};

	(void)state;
	order.process.start_ns += PROCESS_ROUGH_TICK_NS - 1;
	assert_int_equal(act(&order).done, ENFORCE_END);
	assert_int_equal(group_wait(child), -SIGKILL);
}

static void who_has_ended_is_withheld(void **state)
{
	pid_t child = enforce_start(&bench, sleep_on, NULL);
	struct enforce_order order = {
		.process = process_named(child),
		.steps = ENFORCE_END,
	};
	siginfo_t ended;

	(void)state;
	(void)kill(child, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT),
			 0);
	assert_int_equal(act(&order).withheld, ENFORCE_END);
	(void)waitpid(child, NULL, 0);
	assert_int_equal(act(&order).withheld, ENFORCE_END);
}

static void *sleep_aside(void *arg)
{
	(void)sleep_on(arg);
	return NULL;
}

static int lose_first_thread(void *arg)
{
	pthread_t second;

	if (pthread_create(&second, NULL, sleep_aside, arg) != 0)
		return 1;
	return (int)syscall(SYS_exit, 0); /* of this thread alone */
}

/* It looks like one that has ended. */
static void a_process_without_its_first_thread_is_ended_too(void **state)
{
	pid_t child = enforce_start(&bench, lose_first_thread, NULL);
	struct process_id id = process_named(child);
	const struct enforce_order order = {.process = id,
					    .steps = ENFORCE_END};
	char path[64], line[512] = "";

	(void)state;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", child);
	for (int i = 0; i < FOR_PATIENCE && !strstr(line, ") Z "); i++) {
		FILE *file = fopen(path, "re");

		assert_non_null(file);
		(void)!fgets(line, sizeof(line), file);
		(void)fclose(file);
		(void)usleep(1000);
	}
	assert_non_null(strstr(line, ") Z "));
	assert_int_equal(act(&order).done, ENFORCE_END);
	assert_int_equal(group_wait(child), -SIGKILL);
}

static void check_withheld(pid_t pid, const char *why)
{
	struct enforce_answer answer = act_on(&bench, pid, END_OR_HOLD);

	assert_int_equal(answer.withheld, END_OR_HOLD);
	assert_int_equal(answer.done | answer.failed, 0);
	assert_non_null(strstr(answer.note, why));
}

static void
process_one_the_daemon_and_whom_it_comes_from_are_protected(void **state)
{
	(void)state;
	check_withheld(1, "process 1");
	check_withheld(getpid(), "this daemon");
	check_withheld(getppid(), getppid() == 1 ? "process 1" : "descends");
}

static void threads_of_the_kernel_are_protected(void **state)
{
	(void)state;
	check_withheld(2, "kernel");
}

static char own_exe[PATH_MAX];

static struct enforce *with_protected(const char *exe, const char *cgroup)
{
	static struct enforce_protected row;
	const struct enforce_config config = {
		.steps = ENFORCE_END,
		.protected_rows = &row,
		.protected_count = 1,
	};
	char note[ENFORCE_NOTE_MAX];
	struct enforce *enforce;

	row = (struct enforce_protected){.exe = exe, .cgroup = cgroup};
	assert_int_equal(enforce_new(&config, &enforce, note), 0);
	return enforce;
}

static uint32_t withheld_with(const char *exe, const char *cgroup)
{
	pid_t child = enforce_start(&bench, sleep_on, NULL);
	struct enforce *enforce = with_protected(exe, cgroup);
	const struct enforce_order order = {
		.process = process_named(child),
		.steps = ENFORCE_END,
	};
	struct enforce_answer answer;
	struct subject subject;

	/* it has come to its group */
	for (int i = 0; i < FOR_PATIENCE; i++) {
		assert_int_equal(subject_open(&order.process, &subject), 0);
		subject_close(&subject);
		if (strstr(subject.cgroup, "fw-test"))
			break;
		(void)usleep(1000);
	}
	enforce_act(enforce, &order, &answer);
	enforce_free(enforce);
	stop(child);
	return answer.withheld;
}

static void the_list_is_of_files_and_groups_as_a_whole(void **state)
{
	const char *group = strstr(bench.group.path, "/fw-test");
	char part[PATH_MAX];

	(void)state;
	assert_int_equal(withheld_with(own_exe, group), ENFORCE_END);
	assert_int_equal(withheld_with("/usr/bin/true", group), 0);
	assert_int_equal(withheld_with(own_exe, "/system.slice"), 0);
	/* a part of a name is another name */
	(void)snprintf(part, sizeof(part), "%s", group);
	part[strlen(part) - 1] = '\0';
	assert_int_equal(withheld_with(own_exe, part), 0);
	(void)snprintf(part, sizeof(part), "%s", own_exe);
	part[strlen(part) - 1] = '\0';
	assert_int_equal(withheld_with(part, group), 0);
}

static void an_order_without_a_peer_refuses_nobody(void **state)
{
	const struct enforce_order order = {
		.steps = ENFORCE_TABLE | ENFORCE_REFUSE | ENFORCE_CUT,
		.until_ns = FOR_EVER,
	};

	(void)state;
	assert_int_equal(act(&order).withheld, ENFORCE_REFUSE | ENFORCE_CUT);
}

static int connect_out(void *arg)
{
	(void)arg;
	return far_connect(FAR, socket(AF_INET, SOCK_STREAM, 0));
}

static void a_peer_is_refused_until_it_is_forgiven(void **state)
{
	struct prefix peer = prefix_named(FAR);

	(void)state;
	assert_int_equal(act_against(&bench, FAR, ENFORCE_REFUSE).done,
			 ENFORCE_REFUSE);
	assert_int_equal(group_run(&bench.group, connect_out, NULL), EPERM);
	assert_int_equal(enforce_forgive(bench.enforce, &peer, NULL, NULL), 0);
	assert_int_equal(group_run(&bench.group, connect_out, NULL), 0);
}

static void a_peer_is_forgiven_with_a_network_around_it(void **state)
{
	struct prefix network = prefix_named("198.51.100.0/24");

	(void)state;
	(void)act_against(&bench, FAR, ENFORCE_REFUSE);
	assert_int_equal(group_run(&bench.group, connect_out, NULL), EPERM);
	assert_int_equal(enforce_forgive(bench.enforce, &network, NULL, NULL),
			 0);
	assert_int_equal(group_run(&bench.group, connect_out, NULL), 0);
}

static void a_step_that_was_not_prepared_fails(void **state)
{
	struct enforce *enforce =
		with_protected("/none", "/none"); /* has END alone */
	const struct enforce_order order = {
		.peer = prefix_named(FAR),
		.steps = ENFORCE_REFUSE | ENFORCE_QUARANTINE,
	};
	struct enforce_answer answer;

	(void)state;
	enforce_act(enforce, &order, &answer);
	assert_int_equal(answer.failed, ENFORCE_REFUSE | ENFORCE_QUARANTINE);
	enforce_free(enforce);
}

static int setup(void **state)
{
	(void)state;
	enforce_bench_setup(&bench);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	enforce_bench_teardown(&bench);
	return 0;
}

static int begin(void **state)
{
	ssize_t len;

	(void)state;
	enforce_bench_begin(&bench);
	len = readlink("/proc/self/exe", own_exe, sizeof(own_exe) - 1);
	assert_true(len > 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	enforce_bench_end(&bench);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_process_is_ended),
		TEST(a_number_that_is_anothers_by_now_is_left_alone),
		TEST(a_start_is_compared_to_the_tick),
		TEST(who_has_ended_is_withheld),
		TEST(a_process_without_its_first_thread_is_ended_too),
		TEST(process_one_the_daemon_and_whom_it_comes_from_are_protected),
		TEST(threads_of_the_kernel_are_protected),
		TEST(the_list_is_of_files_and_groups_as_a_whole),
		TEST(an_order_without_a_peer_refuses_nobody),
		TEST(a_peer_is_refused_until_it_is_forgiven),
		TEST(a_peer_is_forgiven_with_a_network_around_it),
		TEST(a_step_that_was_not_prepared_fails),
	};

	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("enforce", tests, begin, end);
}
