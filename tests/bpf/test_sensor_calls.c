// SPDX-License-Identifier: GPL-2.0-or-later
/* What the sensor tells of files, and of calls that few programs make. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>
#include <linux/bpf.h>

#include "rules/base.h"
#include "tests/support/host.h"

#define RACES 200

static struct host_bench bench;
static char dir[] = "/tmp/sensor-XXXXXX"; /* the tests' own */
static char watched_dir[64], watched_file[64];

static int setup(void **state)
{
	(void)state;
	host_settle(&bench);
	host_clear(&bench);
	return 0;
}

static char *below(const char *name, char path[64])
{
	(void)snprintf(path, 64, "%s/%s", dir, name);
	return path;
}

static void make(const char *name)
{
	char path[64];
	int fd = open(below(name, path), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
}

static void assert_path(enum event_kind kind, pid_t pid, const char *name)
{
	const struct event *event = host_find(&bench, kind, pid, 0);
	char path[64];

	assert_non_null(event);
	assert_true(text_is(&event->words[EVENT_PATH], below(name, path)));
}

static int read_some(void *arg)
{
	char path[64];

	(void)arg;
	(void)open(below("watched", path), O_RDONLY);
	(void)open(below("private/key", path), O_RDONLY);
	(void)open(below("watched-not", path), O_RDONLY);
	(void)open(below("plain", path), O_RDONLY);
	return 0;
}

static void reading_is_told_of_watched_paths_only(void **state)
{
	char path[64];
	pid_t child;
	const struct event *event;

	(void)state;
	assert_int_equal(mkdir(below("private", path), 0700), 0);
	make("watched");
	make("private/key");
	make("watched-not");
	make("plain");
	child = host_child(&bench, read_some, NULL);
	assert_int_equal(host_count(&bench, EVENT_OPEN, child), 2);
	assert_path(EVENT_OPEN, child, "watched");
	event = host_find(&bench, EVENT_OPEN, child, 1);
	assert_true(
		text_is(&event->words[EVENT_PATH], below("private/key", path)));
	assert_false(event->is_asked);
}

/* A link, a relative path: the file is told that is read. */
static int read_by_a_link(void *arg)
{
	(void)arg;
	return chdir(dir) < 0 || symlink("watched", "link") < 0 ||
	       open("./private/../link", O_RDONLY) < 0;
}

static void a_link_does_not_hide_what_is_read(void **state)
{
	pid_t child = host_child(&bench, read_by_a_link, NULL);

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_OPEN, child), 1);
	assert_path(EVENT_OPEN, child, "watched");
}

static int change_files(void *arg)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY);
	int fd;

	(void)arg;
	fd = openat(at, "fresh", O_CREAT | O_RDWR, 0600);
	if (at < 0 || fd < 0 || fchmod(fd, 0640) < 0)
		return 1;
	(void)close(open("/proc/self/cwd", O_RDONLY));
	if (chdir(dir) < 0 || open("plain", O_WRONLY) < 0)
		return 1;
	return chmod("plain", 0604) < 0 || renameat(at, "plain", at, "moved") ||
	       unlink("moved") < 0;
}

static void every_change_of_a_file_is_told(void **state)
{
	pid_t child = host_child(&bench, change_files, NULL);
	const struct event *event;
	char path[64];

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_CREATE, child), 1);
	assert_path(EVENT_CREATE, child, "fresh");
	assert_int_equal(host_count(&bench, EVENT_WRITE, child), 1);
	assert_path(EVENT_WRITE, child, "plain");
	assert_path(EVENT_CHMOD, child, "fresh");
	event = host_find(&bench, EVENT_CHMOD, child, 1);
	assert_int_equal(event->flags, 0604);
	assert_true(event->is_asked);
	assert_false(host_find(&bench, EVENT_CHMOD, child, 0)->is_asked);
	assert_path(EVENT_RENAME, child, "plain");
	event = host_find(&bench, EVENT_RENAME, child, 0);
	assert_true(
		text_is(&event->words[EVENT_PATH_NEW], below("moved", path)));
	assert_path(EVENT_UNLINK, child, "moved");
}

/* The rewriting of a path while it is being opened. */

struct race {
	char path[64];
	volatile bool is_over;
	int told; /* pipe: what was opened, by the kernel's word */
};

static void *rewrite(void *arg)
{
	struct race *race = arg;
	char *last = race->path + strlen(race->path) - 1;

	while (!race->is_over)
		*last = *last == 'a' ? 'b' : 'a';
	return NULL;
}

static int open_while_rewritten(void *arg)
{
	struct race *race = arg;
	pthread_t thread;

	if (pthread_create(&thread, NULL, rewrite, race))
		return 1;
	for (int i = 0; i < RACES; i++) {
		char entry[32], target[64];
		int fd = open(race->path, O_WRONLY | O_CLOEXEC);
		ssize_t len;

		(void)snprintf(entry, sizeof(entry), "/proc/self/fd/%d", fd);
		len = fd < 0 ? -1 : readlink(entry, target, sizeof(target));
		if (len <= 0 || write(race->told, &target[len - 1], 1) != 1)
			return 1;
		(void)close(fd);
	}
	race->is_over = true;
	return pthread_join(thread, NULL);
}

static void
a_path_rewritten_amid_the_call_is_told_as_it_was_opened(void **state)
{
	const struct sensing_config config = {.window_ns = 1};
	struct race race = {0};
	char opened[RACES];
	int ends[2];
	pid_t child;

	(void)state;
	host_end(&bench);
	host_begin(&bench, &config);
	make("race-a");
	make("race-b");
	(void)below("race-a", race.path);
	assert_int_equal(pipe(ends), 0);
	race.told = ends[1];
	child = host_child(&bench, open_while_rewritten, &race);
	assert_int_equal(read(ends[0], opened, RACES), RACES);
	assert_int_equal(host_count(&bench, EVENT_WRITE, child), RACES);
	for (size_t i = 0; i < RACES; i++) {
		const struct event_text *path =
			&host_find(&bench, EVENT_WRITE, child, i)
				 ->words[EVENT_PATH];

		assert_int_equal(path->bytes[path->len - 1], opened[i]);
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static int do_rare_things(void *arg)
{
	union bpf_attr attr = {0};
	char path[64];

	(void)arg;
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	if (syscall(SYS_memfd_create, "hidden", 0) < 0 ||
	    unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", below("private", path), "tmpfs", MS_NOSUID, NULL) < 0)
		return 1;
	(void)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	(void)syscall(SYS_io_uring_setup, 1, NULL);
	(void)syscall(SYS_init_module, NULL, 0ul, "");
	return setresuid((uid_t)-1, 12345, (uid_t)-1) < 0;
}

static const struct event *only(enum event_kind kind, pid_t child)
{
	assert_int_equal(host_count(&bench, kind, child), 1);
	return host_find(&bench, kind, child, 0);
}

static void calls_that_few_make_are_told_with_their_result(void **state)
{
	pid_t child = host_child(&bench, do_rare_things, NULL);
	const struct event *event;

	(void)state;
	assert_int_equal(only(EVENT_PTRACE, child)->flags, PTRACE_TRACEME);
	event = only(EVENT_MEMFD, child);
	assert_true(text_is(&event->words[EVENT_PATH], "/memfd:hidden"));
	assert_int_equal(only(EVENT_NAMESPACE, child)->flags, CLONE_NEWNS);
	assert_int_equal(host_count(&bench, EVENT_MOUNT, child), 2);
	event = host_find(&bench, EVENT_MOUNT, child, 1);
	assert_int_equal(event->flags, MS_NOSUID);
	assert_true(event->is_asked);
	event = only(EVENT_BPF, child);
	assert_int_equal(event->flags, BPF_PROG_LOAD);
	assert_true(event->result < 0);
	assert_true(only(EVENT_URING, child)->result < 0);
	assert_true(only(EVENT_MODULE, child)->result < 0);
	event = only(EVENT_SETUID, child);
	assert_int_equal(event->flags, 12345);
	assert_int_equal(event->euid, 12345);
	assert_int_equal(event->uid, 0);
}

static int do_what_is_asked_for_by_name(void *arg)
{
	char path[64];

	(void)arg;
	(void)personality(0xffffffff);
	(void)personality(ADDR_NO_RANDOMIZE);
	(void)syscall(SYS_sysinfo, NULL);
	(void)syscall(SYS_syslog, 4, NULL, -1); /* has no room: not done */
	return mknod(below("fifo", path), S_IFIFO | 0600, 0) < 0;
}

static void calls_that_rules_name_are_told(void **state)
{
	static const struct {
		const char *name;
		uint64_t args[2];
	} expected[] = {
		{"personality", {ADDR_NO_RANDOMIZE, 0}},
		{"sysinfo", {0, 0}},
		{"syslog", {4, 0}},
		{"mknod", {0, S_IFIFO | 0600}},
	};
	pid_t child = host_child(&bench, do_what_is_asked_for_by_name, NULL);

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_CALL, child),
			 ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const struct event *event =
			host_find(&bench, EVENT_CALL, child, i);

		assert_true(text_is(&event->words[EVENT_CALL_NAME],
				    expected[i].name));
		assert_int_equal(event->call_args[0], expected[i].args[0]);
		assert_int_equal(event->call_args[1], expected[i].args[1]);
	}
}

#if defined(__x86_64__)
/* As a program of 32 bits would: number 5 is open there, and fstat here. */
static int open_by_32_bits(void *arg)
{
	char *path = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long result = 5;

	(void)arg;
	if (path == MAP_FAILED)
		return 1;
	(void)below("fresh", path);
	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"(path), "c"(O_WRONLY), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return result < 0;
}

/* Kernels without these calls end who makes one. */
static bool has_calls_of_32_bits(void)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(SIGSEGV, SIG_DFL);
		_exit(open_by_32_bits(NULL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void calls_of_32_bits_are_seen_by_their_own_numbers(void **state)
{
	pid_t child;

	(void)state;
	if (!has_calls_of_32_bits())
		skip();
	host_clear(&bench);
	child = host_child(&bench, open_by_32_bits, NULL);
	assert_path(EVENT_WRITE, child, "fresh");
}
#endif

#define TEST(f) cmocka_unit_test_setup(f, setup)

static int begin(void **state)
{
	const char *paths[] = {watched_file, watched_dir};
	const struct sensing_config config = {.watched = paths,
					      .watched_count = 2};

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)below("watched", watched_file);
	(void)below("private/", watched_dir);
	host_begin(&bench, &config);
	return 0;
}

static int end(void **state)
{
	char command[64];

	(void)state;
	host_end(&bench);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command); /* NOLINT(cert-env33-c) */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reading_is_told_of_watched_paths_only),
		TEST(a_link_does_not_hide_what_is_read),
		TEST(every_change_of_a_file_is_told),
		TEST(a_path_rewritten_amid_the_call_is_told_as_it_was_opened),
		TEST(calls_that_few_make_are_told_with_their_result),
		TEST(calls_that_rules_name_are_told),
#if defined(__x86_64__)
		TEST(calls_of_32_bits_are_seen_by_their_own_numbers),
#endif
	};

	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("sensor_calls", tests, begin, end);
}
