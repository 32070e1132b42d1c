// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of processes, what /proc says of them, groups and users. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/event/cgroup.h"
#include "daemon/event/proc.h"
#include "daemon/event/process.h"
#include "daemon/event/user.h"

#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct processes *table;

static int setup(void **state)
{
	(void)state;
	return processes_new(&table);
}

static int teardown(void **state)
{
	(void)state;
	processes_free(table);
	return 0;
}

static struct event_text text_of(const char *text)
{
	return (struct event_text){.bytes = text,
				   .len = (uint32_t)strlen(text)};
}

static void assert_text(const struct event_text *text, const char *expected)
{
	assert_int_equal(text->len, strlen(expected));
	assert_memory_equal(text->bytes, expected, text->len);
}

static struct process *put(uint32_t pid, uint64_t start_ns)
{
	const struct process_id id = {pid, start_ns}, parent = {1, 1};

	return processes_put(table, &id, &parent);
}

static struct process *find(uint32_t pid, uint64_t start_ns)
{
	const struct process_id id = {pid, start_ns};

	return processes_find(table, &id);
}

static void run(struct process *process, const char *image)
{
	const struct program_text text = {.image = text_of(image),
					  .command_line = text_of(image)};

	assert_int_equal(process_run(process, &text), 0);
}

static void assert_runs(const struct process *process, const char *image)
{
	const struct program_text text = process_program(process);

	assert_text(&text.image, image);
}

static void a_number_used_again_is_another_process(void **state)
{
	struct process *first = put(7, 100), *second;

	(void)state;
	run(first, "/first");
	(void)processes_end(table, first, 200);
	second = put(7, 300);
	run(second, "/second");
	assert_runs(find(7, 100), "/first");
	assert_runs(find(7, 300), "/second");
	assert_null(find(7, 200));
}

static void a_child_runs_what_its_parent_does_until_it_executes(void **state)
{
	struct process *parent = put(7, 100), *child = put(8, 200);

	(void)state;
	run(parent, "/sh");
	process_run_as(child, parent);
	assert_runs(child, "/sh");
	run(parent, "/other");
	assert_runs(child, "/sh");
	run(child, "/ls");
	assert_runs(parent, "/other");
	assert_runs(child, "/ls");
}

static void who_has_ended_lingers_and_is_then_forgotten(void **state)
{
	(void)state;
	(void)processes_end(table, put(7, 100), 1000);
	processes_forget(table, 1000 + PROCESS_LINGER_NS - 1, 10);
	assert_non_null(find(7, 100));
	processes_forget(table, 1000 + PROCESS_LINGER_NS, 10);
	assert_null(find(7, 100));
	assert_int_equal(processes_usage(table).count, 0);
}

static void no_more_are_forgotten_at_once_than_allowed(void **state)
{
	(void)state;
	for (uint32_t pid = 1; pid <= 5; pid++)
		(void)processes_end(table, put(pid, 1), 1);
	processes_forget(table, UINT64_MAX, 2);
	assert_int_equal(processes_usage(table).count, 3);
}

static void ending_twice_is_ending_once(void **state)
{
	struct process *process = put(7, 100);

	(void)state;
	assert_int_equal(processes_end(table, process, 1), 0);
	assert_int_equal(processes_end(table, process, 2), -EALREADY);
	processes_forget(table, UINT64_MAX, 10);
	assert_int_equal(processes_usage(table).count, 0);
}

static void a_number_given_again_ends_who_had_it(void **state)
{
	(void)state;
	(void)put(7, 100);
	(void)put(7, 300);
	processes_forget(table, 300 + PROCESS_LINGER_NS, 10);
	assert_null(find(7, 100));
	assert_non_null(find(7, 300));
}

static bool is_odd(void *arg, uint32_t pid)
{
	(*(size_t *)arg)++;
	return pid % 2;
}

static void a_sweep_finds_who_ended_unseen(void **state)
{
	size_t asked = 0;

	(void)state;
	for (uint32_t pid = 1; pid <= 10; pid++)
		(void)put(pid, 1);
	(void)processes_end(table, find(9, 1), 5);
	for (uint32_t i = 0; i < PROCESSES_MAX / 256; i++)
		processes_sweep(table, 5, is_odd, &asked);
	assert_int_equal(asked, 9);
	processes_forget(table, 5 + PROCESS_LINGER_NS, 100);
	assert_int_equal(processes_usage(table).count, 5);
	assert_non_null(find(10, 1));
	assert_null(find(1, 1));
}

static void a_full_table_forgets_who_ended_first(void **state)
{
	(void)state;
	for (uint32_t pid = 1; pid <= PROCESSES_MAX; pid++)
		assert_non_null(put(pid, 1));
	assert_null(put(PROCESSES_MAX + 1, 1));
	assert_int_equal(processes_usage(table).refused, 1);
	(void)processes_end(table, find(5, 1), 1);
	(void)processes_end(table, find(4, 1), 2);
	assert_non_null(put(PROCESSES_MAX + 1, 1));
	assert_null(find(5, 1));
	assert_non_null(find(4, 1));
	assert_int_equal(processes_usage(table).count, PROCESSES_MAX);
}

static void a_rough_start_is_found_by_every_time_of_its_tick(void **state)
{
	const uint64_t tick = PROCESS_ROUGH_TICK_NS;
	const struct process_id id = {7, 3 * tick};

	(void)state;
	assert_non_null(processes_put_rough(table, &id, 1));
	assert_null(find(7, 2 * tick + 9));
	assert_null(find(7, 4 * tick));
	assert_non_null(find(7, 3 * tick + 9));
	/* and from then on by that one only */
	assert_null(find(7, 3 * tick + 8));
	assert_non_null(find(7, 3 * tick + 9));
}

static void proc_does_not_change_who_is_known(void **state)
{
	const struct process_id id = {7, 0};

	(void)state;
	run(put(7, 100), "/new");
	assert_null(processes_put_rough(table, &id, 1));
	assert_runs(find(7, 100), "/new");
}

static void a_long_command_line_is_kept_cut(void **state)
{
	static char line[PROCESS_LINE_BYTES + 10];
	struct process *process = put(7, 100);
	struct program_text text = {
		.command_line = {.bytes = line, .len = sizeof(line)}};

	(void)state;
	memset(line, 'x', sizeof(line));
	assert_int_equal(process_run(process, &text), 0);
	text = process_program(process);
	assert_int_equal(text.command_line.len, PROCESS_LINE_BYTES);
	assert_true(text.command_line.is_cut);
}

static void the_name_in_stat_cannot_shift_its_fields(void **state)
{
	uint32_t parent;
	uint64_t start_ns;

	(void)state;
	assert_int_equal(proc_read_stat("7 (a) 1 2 (b) ) S 42 7 7 0 -1 4194560 "
					"1 0 0 0 0 0 0 0 20 0 1 0 1234 5 6\n",
					&parent, &start_ns),
			 0);
	assert_int_equal(parent, 42);
	assert_int_equal(start_ns, 1234 * PROCESS_ROUGH_TICK_NS);
	assert_int_equal(proc_read_stat("7 (a) S 1", &parent, &start_ns),
			 -EBADMSG);
	assert_int_equal(proc_read_stat("", &parent, &start_ns), -EBADMSG);
}

static void this_process_is_found_in_proc(void **state)
{
	CLEANUP(cgroups_freep) struct cgroups *cgroups = NULL;
	const struct process_id absent = {(uint32_t)getpid(), 0};

	(void)state;
	assert_int_equal(cgroups_new(&cgroups), 0);
	assert_int_equal(proc_read("/proc", table, cgroups), 0);
	assert_true(processes_usage(table).count > 0);
	/* there already */
	assert_null(processes_put_rough(table, &absent, 1));
	assert_true(proc_read("/absent", table, cgroups) < 0);
}

struct group_case {
	const char *path;
	const char *container;
	const char *unit;
};

static void the_group_names_container_and_unit(void **state)
{
	static const struct group_case cases[] = {
		{"/", "", ""},
		{"", "", ""},
		{"/system.slice/ssh.service", "", "ssh.service"},
		{"/user.slice/user-0.slice/session-3.scope", "",
		 "session-3.scope"},
		{"/system.slice/docker-" ID64 ".scope", ID64,
		 "docker-" ID64 ".scope"},
		{"/docker/" ID64, ID64, ""},
		{"/machine.slice/libpod-" ID64 ".scope/container", ID64,
		 "libpod-" ID64 ".scope"},
		{"/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID64
		 ".scope",
		 ID64, "cri-containerd-" ID64 ".scope"},
		{"/kubepods/besteffort/pod1/" ID64, ID64, ""},
		{"/system.slice/containerd.service/kubepods-pod.slice:"
		 "cri-containerd:" ID64,
		 ID64, "containerd.service"},
		/* a digit too many, too few, or no digit */
		{"/docker/0" ID64, "", ""},
		{"/docker/" ID64 "0", "", ""},
		{"/docker/0123456789abcdef", "", ""},
		{"/docker/G" ID64, "", ""},
		{"//a.service//", "", "a.service"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct event_text path = text_of(cases[i].path);
		const struct cgroup_names names = cgroup_names(&path);

		assert_text(&names.container, cases[i].container);
		assert_text(&names.unit, cases[i].unit);
	}
}

static void a_group_is_known_by_its_number(void **state)
{
	CLEANUP(cgroups_freep) struct cgroups *cgroups = NULL;
	struct event_text path = text_of("/a.service"), found;

	(void)state;
	assert_int_equal(cgroups_new(&cgroups), 0);
	assert_int_equal(cgroups_path(cgroups, 9).len, 0);
	cgroups_put(cgroups, 9, &path);
	found = cgroups_path(cgroups, 9);
	assert_text(&found, "/a.service");
	/* another number in the same place */
	assert_int_equal(cgroups_path(cgroups, 9 + 4096).len, 0);
	cgroups_put(cgroups, 9 + 4096, &path);
	assert_int_equal(cgroups_path(cgroups, 9).len, 0);
	assert_false(cgroups_path(cgroups, 9 + 4096).is_cut);
	path.is_cut = true;
	cgroups_put(cgroups, 10, &path);
	assert_true(cgroups_path(cgroups, 10).is_cut);
	cgroups_put(cgroups, 0, &path);
	assert_int_equal(cgroups_path(cgroups, 0).len, 0);
}

static void write_passwd(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void users_have_the_names_of_the_file(void **state)
{
	char path[] = "/tmp/passwd-XXXXXX";
	CLEANUP(closep) int fd = mkstemp(path);
	CLEANUP(users_freep) struct users *users = NULL;
	struct event_text name;

	(void)state;
	assert_true(fd >= 0);
	write_passwd(path, "mail:x:8:8::/:/bin/sh\nroot:x:0:0::/:/bin/sh\n"
			   "broken\n:x:5:\nbad:x:-1:\nalso:x:7x:\n");
	assert_int_equal(users_new(path, &users), 0);
	name = users_name(users, 0, 1);
	assert_text(&name, "root");
	name = users_name(users, 8, 2);
	assert_text(&name, "mail");
	assert_int_equal(users_name(users, 5, 3).len, 0);
	assert_int_equal(users_name(users, 7, 4).len, 0);

	/* looked at again a second later */
	write_passwd(path, "other:x:8:8::/:/bin/sh\n");
	name = users_name(users, 8, 5);
	assert_text(&name, "mail");
	name = users_name(users, 8, 1000000001);
	assert_text(&name, "other");
	assert_int_equal(users_name(users, 0, 1000000002).len, 0);
	assert_int_equal(unlink(path), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_number_used_again_is_another_process),
		TEST(a_child_runs_what_its_parent_does_until_it_executes),
		TEST(who_has_ended_lingers_and_is_then_forgotten),
		TEST(no_more_are_forgotten_at_once_than_allowed),
		TEST(ending_twice_is_ending_once),
		TEST(a_number_given_again_ends_who_had_it),
		TEST(a_sweep_finds_who_ended_unseen),
		TEST(a_full_table_forgets_who_ended_first),
		TEST(a_rough_start_is_found_by_every_time_of_its_tick),
		TEST(proc_does_not_change_who_is_known),
		TEST(a_long_command_line_is_kept_cut),
		TEST(the_name_in_stat_cannot_shift_its_fields),
		TEST(this_process_is_found_in_proc),
		cmocka_unit_test(the_group_names_container_and_unit),
		cmocka_unit_test(a_group_is_known_by_its_number),
		cmocka_unit_test(users_have_the_names_of_the_file),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
