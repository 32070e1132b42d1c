// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that another thread changes while a system call reads it: told is what
 * the kernel took, or the event says that it is what was asked for. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "rules/base.h"
#include "tests/support/host.h"

/* As which this program says what it was called with. */
#define STUB	   "race-stub"
#define CALLS	   500
#define PROCESSES  60
#define PORT_FIRST 21000
#define TEXT_MAX   64

/* What both threads of a child see, and the test behind it. */
struct shared {
	atomic_bool is_over;
	struct sockaddr_in peer;
	char name[TEXT_MAX]; /* ends in a, or in b */
	uint32_t took_be[CALLS]; /* what the kernel took, by its own word */
};

static struct host_bench bench;
static struct shared *shared;
static char dir[] = "/tmp/portcullis-race-XXXXXX";

static char *name_end(void)
{
	return shared->name + strlen(shared->name) - 1;
}

/* From 127.0.0.1 to 127.0.0.2 and back, and from a to b. */
static void *rewrite(void *arg)
{
	volatile uint32_t *address = &shared->peer.sin_addr.s_addr;
	volatile char *letter = name_end();

	while (!atomic_load(&shared->is_over)) {
		*address = htonl(INADDR_LOOPBACK + 1);
		*letter = 'b';
		*address = htonl(INADDR_LOOPBACK);
		*letter = 'a';
	}
	return arg;
}

static bool begin_rewriting(pthread_t *ret_thread)
{
	atomic_store(&shared->is_over, false);
	return pthread_create(ret_thread, NULL, rewrite, NULL) == 0;
}

static int connect_one(int i)
{
	struct sockaddr_in took = {0};
	socklen_t len = sizeof(took);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	shared->peer.sin_family = AF_INET;
	shared->peer.sin_port = htons((uint16_t)(PORT_FIRST + i));
	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&shared->peer,
		    sizeof(shared->peer)) < 0 ||
	    getpeername(fd, (struct sockaddr *)&took, &len) < 0)
		return 1;
	shared->took_be[i] = took.sin_addr.s_addr;
	return close(fd);
}

static int connect_often(void *arg)
{
	pthread_t thread;
	int r = 0;

	(void)arg;
	shared->peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!begin_rewriting(&thread))
		return 1;
	for (int i = 0; i < CALLS && r == 0; i++)
		r = connect_one(i);
	atomic_store(&shared->is_over, true);
	(void)pthread_join(thread, NULL);
	return r;
}

static void a_peer_that_is_rewritten_is_told_as_it_was_taken(void **state)
{
	pid_t child = host_child(&bench, connect_often, NULL);
	size_t others = 0;

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_CONNECT, child), CALLS);
	for (size_t i = 0; i < CALLS; i++) {
		const struct event *event =
			host_find(&bench, EVENT_CONNECT, child, i);
		uint32_t told_be;

		memcpy(&told_be, event->peer.addr + 12, sizeof(told_be));
		assert_int_equal(event->peer_port, PORT_FIRST + i);
		assert_int_equal(told_be, shared->took_be[i]);
		assert_false(event->is_asked);
		others += told_be != htonl(INADDR_LOOPBACK);
	}
	(void)printf("%zu of %d took the other address\n", others, CALLS);
}

/* The new program writes what it was called with into what it has as 0. */
static int execute_one(void *arg)
{
	char stub[] = STUB;
	char *const args[] = {stub, shared->name, NULL};
	pthread_t thread;

	if (dup2(*(int *)arg, STDIN_FILENO) < 0 || !begin_rewriting(&thread))
		return 1;
	(void)execv("/proc/self/exe", args);
	return 1;
}

static void arguments_that_are_rewritten_are_told_as_they_were_had(void **state)
{
	int pipe_ends[2];

	(void)state;
	assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
	for (int i = 0; i < PROCESSES; i++) {
		char had[TEXT_MAX] = "";
		pid_t child;
		const struct event *event;

		(void)snprintf(shared->name, TEXT_MAX, "argument-a");
		child = host_child(&bench, execute_one, &pipe_ends[1]);
		assert_true(read(pipe_ends[0], had, sizeof(had) - 1) > 0);
		event = host_find(&bench, EVENT_EXEC, child, 0);
		assert_non_null(event);
		assert_int_equal(event->arg_count, 2);
		assert_true(text_is(&event->args[1], had));
		host_clear(&bench);
	}
	(void)close(pipe_ends[0]);
	(void)close(pipe_ends[1]);
}

static int remove_one(void *arg)
{
	return unlink(arg);
}

static void a_path_of_which_nothing_is_kept_is_told_as_asked(void **state)
{
	char path[TEXT_MAX];
	const struct event *event;
	pid_t child;
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/gone", dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	child = host_child(&bench, remove_one, path);
	event = host_find(&bench, EVENT_UNLINK, child, 0);
	assert_non_null(event);
	assert_true(event->is_asked);
}

static int setup(void **state)
{
	(void)state;
	host_settle(&bench);
	host_clear(&bench);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

static int begin(void **state)
{
	const struct sensing_config config = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	(void)strcpy(shared->name, "a");
	host_begin(&bench, &config);
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end(&bench);
	(void)munmap(shared, sizeof(*shared));
	return rmdir(dir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_peer_that_is_rewritten_is_told_as_it_was_taken),
		TEST(arguments_that_are_rewritten_are_told_as_they_were_had),
		TEST(a_path_of_which_nothing_is_kept_is_told_as_asked),
	};

	if (argc == 2 && strcmp(argv[0], STUB) == 0)
		return write(STDIN_FILENO, argv[1], strlen(argv[1])) < 0;
	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("sensor_race", tests, begin, end);
}
