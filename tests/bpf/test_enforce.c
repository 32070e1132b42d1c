// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * daemon/enforce/enforce.h: what an order does to processes and to sockets,
 * with real ones. Groups and network are the test's own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "daemon/clock.h"
#include "daemon/enforce/enforce.h"
#include "daemon/enforce/subject.h"
#include "tests/support/group_bench.h"
#include "tests/support/sandbox.h"

#define PEER	    "198.51.100.1" /* an address of the sandbox's own */
#define PEER6	    "2001:db8::1"
#define FRIEND	    "198.51.100.2"
#define PORT	    4444
#define TREE_WIDE   8
#define PATIENCE_MS 20000
#define SKIP	    77
#define FOR_EVER    UINT64_MAX
#define END_OR_HOLD (ENFORCE_END | ENFORCE_QUARANTINE)
#define EVERYTHING \
	(ENFORCE_REFUSE | ENFORCE_CUT | ENFORCE_END | ENFORCE_QUARANTINE)

struct bench {
	struct group_bench group;
	struct enforce *enforce;
	int listener, listener6;
};

static struct bench bench;
static struct prefix friend;

static struct prefix prefix(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	return prefix;
}

static struct process_id id_of(pid_t pid)
{
	struct subject subject;

	assert_int_equal(subject_open_pid((uint32_t)pid, &subject), 0);
	subject_close(&subject);
	return subject.id;
}

static struct enforce_answer act(const struct enforce_order *order)
{
	struct enforce_answer answer;

	enforce_act(bench.enforce, order, &answer);
	return answer;
}

static struct enforce_answer act_on(pid_t pid, uint32_t steps)
{
	const struct enforce_order order = {
		.process = id_of(pid),
		.steps = steps,
	};

	return act(&order);
}

static struct enforce_answer act_against(const char *peer, uint32_t steps)
{
	const struct enforce_order order = {
		.peer = prefix(peer),
		.steps = steps,
		.until_ns = FOR_EVER,
	};

	return act(&order);
}

static struct enforce_info info(void)
{
	struct enforce_info info;

	assert_int_equal(enforce_info(bench.enforce, &info), 0);
	return info;
}

static int sleep_on(void *arg)
{
	(void)arg;
	while (pause() < 0)
		;
	return 0;
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

struct job {
	int (*fn)(void *arg);
	void *arg;
};

/* Quarantine cuts what a process has open, with whomever it is shared. */
static int close_and_run(void *arg)
{
	const struct job *job = arg;

	(void)close(bench.listener);
	(void)close(bench.listener6);
	return job->fn(job->arg);
}

static pid_t start(int (*fn)(void *arg), void *arg)
{
	struct job job = {.fn = fn, .arg = arg};

	return group_start(&bench.group, close_and_run, &job);
}

/* ---- end ---- */

static void a_process_is_ended(void **state)
{
	pid_t child = start(sleep_on, NULL);
	struct enforce_answer answer = act_on(child, ENFORCE_END);

	(void)state;
	assert_int_equal(answer.done, ENFORCE_END);
	assert_int_equal(answer.failed | answer.withheld, 0);
	assert_int_equal(group_wait(child), -SIGKILL);
	assert_int_equal(info().ended, 1);
}

static void a_number_that_is_anothers_by_now_is_left_alone(void **state)
{
	pid_t child = start(sleep_on, NULL);
	struct enforce_order order = {
		.process = id_of(child),
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
	pid_t child = start(sleep_on, NULL);
	struct enforce_order order = {
		.process = id_of(child),
		.steps = ENFORCE_END,
	};

	(void)state;
	order.process.start_ns += PROCESS_ROUGH_TICK_NS - 1;
	assert_int_equal(act(&order).done, ENFORCE_END);
	assert_int_equal(group_wait(child), -SIGKILL);
}

static void who_has_ended_is_withheld(void **state)
{
	pid_t child = start(sleep_on, NULL);
	struct enforce_order order = {
		.process = id_of(child),
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

static void *end_first_thread(void *arg)
{
	(void)pthread_join(*(pthread_t *)arg, NULL);
	(void)sleep_on(NULL);
	return NULL;
}

static int lose_first_thread(void *arg)
{
	static pthread_t first, second;

	(void)arg;
	first = pthread_self();
	if (pthread_create(&second, NULL, end_first_thread, &first) != 0)
		return 1;
	pthread_exit(NULL);
}

/* It looks like one that has ended. */
static void a_process_without_its_first_thread_is_ended_too(void **state)
{
	pid_t child = start(lose_first_thread, NULL);
	struct process_id id = id_of(child);
	const struct enforce_order order = {.process = id,
					    .steps = ENFORCE_END};
	char path[64], line[512] = "";

	(void)state;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", child);
	for (int i = 0; i < PATIENCE_MS && !strstr(line, ") Z "); i++) {
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

/* ---- protected ---- */

static void check_withheld(pid_t pid, const char *why)
{
	struct enforce_answer answer = act_on(pid, END_OR_HOLD);

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
	pid_t child = start(sleep_on, NULL);
	struct enforce *enforce = with_protected(exe, cgroup);
	const struct enforce_order order = {
		.process = id_of(child),
		.steps = ENFORCE_END,
	};
	struct enforce_answer answer;
	struct subject subject;

	/* it has come to its group */
	for (int i = 0; i < PATIENCE_MS; i++) {
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

/* ---- cut ---- */

union end {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t end_of(const char *address, union end *ret_end)
{
	*ret_end = (union end){0};
	if (strchr(address, ':')) {
		ret_end->v6.sin6_family = AF_INET6;
		ret_end->v6.sin6_port = htons(PORT);
		(void)inet_pton(AF_INET6, address, &ret_end->v6.sin6_addr);
		return sizeof(ret_end->v6);
	}
	ret_end->v4.sin_family = AF_INET;
	ret_end->v4.sin_port = htons(PORT);
	(void)inet_pton(AF_INET, address, &ret_end->v4.sin_addr);
	return sizeof(ret_end->v4);
}

static int talk_to(const char *address, int type)
{
	union end end;
	socklen_t len = end_of(address, &end);
	int fd = socket(end.any.sa_family, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &end.any, len), 0);
	return fd;
}

static int error_of(int fd)
{
	int error = -1;
	socklen_t len = sizeof(error);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	return error;
}

/* Both ends are here: the one that is cut first resets the other. */
static bool is_cut(int error)
{
	return error == ECONNABORTED || error == ECONNRESET;
}

static void check_cut(const char *address, int type)
{
	int fd = talk_to(address, type);
	uint64_t before = info().cut;
	struct prefix peer = prefix(address);
	char text[PREFIX_TEXT_MAX];
	struct enforce_answer answer =
		act_against(prefix_to_text(&peer, text), ENFORCE_CUT);

	if (answer.failed && strstr(answer.note, "not supported"))
		skip();
	assert_int_equal(answer.done, ENFORCE_CUT);
	assert_true(info().cut > before);
	assert_true(is_cut(error_of(fd)));
	(void)close(fd);
}

static void sockets_of_every_kind_with_the_peer_are_cut(void **state)
{
	(void)state;
	check_cut(PEER, SOCK_STREAM);
	check_cut(PEER, SOCK_DGRAM);
	check_cut(PEER6, SOCK_STREAM);
	check_cut(PEER6, SOCK_DGRAM);
	check_cut("::ffff:" PEER, SOCK_STREAM);
	check_cut("::ffff:" PEER, SOCK_DGRAM);
}

static void sockets_with_others_stay(void **state)
{
	int to_friend = talk_to(FRIEND, SOCK_STREAM);
	int to_v6 = talk_to(PEER6, SOCK_STREAM);

	(void)state;
	assert_int_equal(act_against(PEER, ENFORCE_CUT).failed, 0);
	assert_int_equal(error_of(to_friend), 0);
	assert_int_equal(error_of(to_v6), 0);
	/* whoever listens has no peer */
	(void)close(talk_to(PEER, SOCK_STREAM));
	(void)close(to_friend);
	(void)close(to_v6);
}

static void a_whole_network_is_cut(void **state)
{
	int fd = talk_to(FRIEND, SOCK_STREAM);

	(void)state;
	assert_int_equal(act_against("198.51.100.0/24", ENFORCE_CUT).done,
			 ENFORCE_CUT);
	assert_true(is_cut(error_of(fd)));
	(void)close(fd);
}

static void loopback_is_not_cut(void **state)
{
	struct enforce_answer answer = act_against("127.0.0.1", ENFORCE_CUT);

	(void)state;
	assert_int_equal(answer.failed, ENFORCE_CUT);
}

/* More than a call takes: ticks go on. */
static void many_sockets_are_cut_by_and_by(void **state)
{
	int fds[300];
	uint64_t start_ns, spent_ns;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = talk_to(PEER, SOCK_DGRAM);
	start_ns = clock_mono_ns();
	assert_int_equal(act_against(PEER, ENFORCE_CUT).done, ENFORCE_CUT);
	spent_ns = clock_mono_ns() - start_ns;
	assert_int_equal(info().cut, 128);
	assert_int_equal(info().unfinished, 1);
	for (int i = 0; i < 10 && info().unfinished; i++)
		enforce_follow(bench.enforce);
	assert_int_equal(info().cut, ARRAY_LEN(fds));
	assert_int_equal(info().unfinished, 0);
	print_message("cut of 128 sockets: %llu us\n",
		      (unsigned long long)spent_ns / 1000);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
}

/* ---- quarantine ---- */

struct tree {
	volatile int started; /* processes */
	volatile int asked; /* to try to talk */
	volatile int refused, let_through;
};

static struct tree *tree;

static int error_of_connect(const char *address, int fd)
{
	union end end;
	socklen_t len = end_of(address, &end);

	return connect(fd, &end.any, len) < 0 ? errno : 0;
}

/* A socket from before has another group than its process has later. */
static int try_when_asked(int before)
{
	int r;

	(void)__atomic_add_fetch(&tree->started, 1, __ATOMIC_SEQ_CST);
	while (!tree->asked)
		(void)usleep(1000);
	r = error_of_connect(PEER, before);
	(void)__atomic_add_fetch(r == EPERM ? &tree->refused
					    : &tree->let_through,
				 1, __ATOMIC_SEQ_CST);
	return sleep_on(NULL);
}

/* Forks children that fork children. */
static int grow(void *arg)
{
	(void)arg;
	for (int i = 0; i < TREE_WIDE; i++) {
		if (fork() != 0)
			continue;
		if (fork() == 0)
			return try_when_asked(socket(AF_INET, SOCK_STREAM, 0));
		return try_when_asked(socket(AF_INET, SOCK_STREAM, 0));
	}
	return try_when_asked(socket(AF_INET, SOCK_STREAM, 0));
}

#define TREE_ALL (1 + 2 * TREE_WIDE)

static void await(const volatile int *value, int wanted)
{
	for (int i = 0; i < PATIENCE_MS && *value < wanted; i++)
		(void)usleep(1000);
	assert_int_equal(*value, wanted);
}

static void a_whole_tree_talks_to_nobody(void **state)
{
	pid_t child = start(grow, NULL);
	uint64_t start_ns, spent_ns;

	(void)state;
	await(&tree->started, TREE_ALL);
	start_ns = clock_mono_ns();
	assert_int_equal(act_on(child, ENFORCE_QUARANTINE).done,
			 ENFORCE_QUARANTINE);
	spent_ns = clock_mono_ns() - start_ns;
	assert_int_equal(info().quarantined, TREE_ALL);
	tree->asked = 1;
	await(&tree->refused, TREE_ALL);
	assert_int_equal(tree->let_through, 0);
	assert_int_equal(info().refusing.gates[FW_GATE_CONNECT4].quarantined,
			 TREE_ALL);
	print_message("quarantine of %d processes: %llu us\n", TREE_ALL,
		      (unsigned long long)spent_ns / 1000);
}

/* One after another, for as long as it lives. */
static int fork_on(void *arg)
{
	(void)arg;
	(void)__atomic_add_fetch(&tree->started, 1, __ATOMIC_SEQ_CST);
	while (!tree->asked) {
		if (fork() == 0)
			return try_when_asked(socket(AF_INET, SOCK_STREAM, 0));
		(void)usleep(500);
	}
	return sleep_on(NULL);
}

static void who_forks_while_it_is_moved_does_not_get_away(void **state)
{
	pid_t child = start(fork_on, NULL);

	(void)state;
	await(&tree->started, 20);
	assert_int_equal(act_on(child, ENFORCE_QUARANTINE).done,
			 ENFORCE_QUARANTINE);
	(void)usleep(20000);
	tree->asked = 1;
	(void)usleep(100000);
	await(&tree->refused, tree->started - 1);
	assert_int_equal(tree->let_through, 0);
	assert_true(tree->refused >= 19);
}

static int try_everything(void *arg)
{
	int *errors = arg;
	union end end;
	socklen_t len = end_of("0.0.0.0", &end);
	int udp, tcp;

	(void)__atomic_add_fetch(&tree->started, 1, __ATOMIC_SEQ_CST);
	while (!tree->asked)
		(void)usleep(1000);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	end.v4.sin_port = 0;
	errors[0] = bind(tcp, &end.any, len) < 0 ? errno : 0;
	errors[1] = error_of_connect(FRIEND, tcp);
	(void)end_of(PEER, &end);
	errors[2] = sendto(udp, "x", 1, 0, &end.any, len) < 0 ? errno : 0;
	(void)end_of("127.0.0.1", &end);
	errors[3] = sendto(udp, "x", 1, 0, &end.any, len) < 0 ? errno : 0;
	/* raw ones are asked by no gate; their packets are */
	udp = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	(void)end_of(PEER, &end);
	errors[4] =
		sendto(udp, "12345678", 8, 0, &end.any, len) < 0 ? errno : 0;
	(void)__atomic_add_fetch(&tree->refused, 1, __ATOMIC_SEQ_CST);
	return sleep_on(NULL);
}

static int *shared(void)
{
	int *errors = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(errors != MAP_FAILED);
	return errors;
}

static void only_the_allowed_are_left_in_quarantine(void **state)
{
	int *errors = shared();
	pid_t child = start(try_everything, errors);

	(void)state;
	await(&tree->started, 1);
	assert_int_equal(act_on(child, ENFORCE_QUARANTINE).done,
			 ENFORCE_QUARANTINE);
	tree->asked = 1;
	await(&tree->refused, 1);
	assert_int_equal(errors[0], EPERM); /* bind */
	assert_int_equal(errors[1], 0); /* the friend */
	assert_int_equal(errors[2], EPERM); /* a datagram */
	assert_int_equal(errors[3], EPERM); /* loopback too */
	assert_int_equal(errors[4], EPERM); /* raw */
	assert_true(info().refusing.gates[FW_GATE_OUT].quarantined > 0);
	(void)munmap(errors, 4096);
}

static int hold_sockets(void *arg)
{
	int *errors = arg;
	int foe = talk_to(PEER, SOCK_STREAM);
	int ally = talk_to(FRIEND, SOCK_STREAM);

	(void)__atomic_add_fetch(&tree->started, 1, __ATOMIC_SEQ_CST);
	while (!tree->asked)
		(void)usleep(1000);
	errors[0] = error_of(foe);
	errors[1] = error_of(ally);
	(void)__atomic_add_fetch(&tree->refused, 1, __ATOMIC_SEQ_CST);
	return sleep_on(NULL);
}

static void what_it_had_open_is_cut_but_for_the_allowed(void **state)
{
	int *errors = shared();
	pid_t child = start(hold_sockets, errors);
	struct enforce_answer answer;

	(void)state;
	await(&tree->started, 1);
	answer = act_on(child, ENFORCE_QUARANTINE);
	if (answer.failed && strstr(answer.note, "not supported"))
		skip();
	assert_int_equal(answer.done, ENFORCE_QUARANTINE);
	tree->asked = 1;
	await(&tree->refused, 1);
	assert_true(is_cut(errors[0]));
	assert_int_equal(errors[1], 0);
	(void)munmap(errors, 4096);
}

static void who_is_released_is_back_and_talks_again(void **state)
{
	pid_t child = start(grow, NULL);
	struct process_id id;
	struct subject subject;

	(void)state;
	await(&tree->started, TREE_ALL);
	id = id_of(child);
	assert_int_equal(enforce_release(bench.enforce, &id), -ENOENT);
	assert_int_equal(act_on(child, ENFORCE_QUARANTINE).done,
			 ENFORCE_QUARANTINE);
	assert_int_equal(subject_open(&id, &subject), 0);
	subject_close(&subject);
	assert_non_null(strstr(subject.cgroup, "/portcullis.quarantine/"));
	assert_int_equal(enforce_release(bench.enforce, &id), 0);
	assert_int_equal(subject_open(&id, &subject), 0);
	subject_close(&subject);
	assert_string_equal(subject.cgroup,
			    strstr(bench.group.path, "/fw-test"));
	tree->asked = 1;
	await(&tree->let_through, TREE_ALL);
	assert_int_equal(tree->refused, 0);
	assert_int_equal(enforce_release(bench.enforce, &id), -ENOENT);
}

static void quarantine_comes_before_the_end(void **state)
{
	pid_t child = start(grow, NULL);

	(void)state;
	await(&tree->started, TREE_ALL);
	assert_int_equal(act_on(child, END_OR_HOLD).done, END_OR_HOLD);
	assert_int_equal(group_wait(child), -SIGKILL);
	tree->asked = 1;
	await(&tree->refused, TREE_ALL - 1);
	assert_int_equal(tree->let_through, 0);
}

/* ---- all ---- */

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
	return error_of_connect(PEER, socket(AF_INET, SOCK_STREAM, 0));
}

static void a_peer_is_refused_until_it_is_forgiven(void **state)
{
	struct prefix peer = prefix(PEER);

	(void)state;
	assert_int_equal(act_against(PEER, ENFORCE_REFUSE).done,
			 ENFORCE_REFUSE);
	assert_int_equal(group_run(&bench.group, connect_out, NULL), EPERM);
	assert_int_equal(enforce_forgive(bench.enforce, &peer), 0);
	assert_int_equal(group_run(&bench.group, connect_out, NULL), 0);
}

static void a_step_that_was_not_prepared_fails(void **state)
{
	struct enforce *enforce =
		with_protected("/none", "/none"); /* has END alone */
	const struct enforce_order order = {
		.peer = prefix(PEER),
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
	const struct enforce_config config = {
		.steps = EVERYTHING,
		.cgroup_root = bench.group.path,
		.allowed = &friend,
		.allowed_count = 1,
	};
	char note[ENFORCE_NOTE_MAX];
	int r = enforce_new(&config, &bench.enforce, note);

	(void)state;
	if (r == -EPERM) {
		(void)printf("skipped: %s\n", note);
		exit(SKIP);
	}
	if (r < 0)
		fail_msg("%s", note);
	memset((void *)tree, 0, sizeof(*tree));
	return r;
}

static int teardown(void **state)
{
	(void)state;
	group_clear(&bench.group);
	enforce_free(TAKE(bench.enforce));
	return 0;
}

static int listen_on(const char *address)
{
	union end end;
	socklen_t len = end_of(address, &end);
	int fd = socket(end.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, &end.any, len), 0);
	assert_int_equal(listen(fd, 1024), 0);
	return fd;
}

static int begin(void **state)
{
	ssize_t len = readlink("/proc/self/exe", own_exe, sizeof(own_exe) - 1);

	(void)state;
	assert_true(len > 0);
	group_begin(&bench.group);
	sandbox_enter();
	sandbox_run("ip addr add " PEER "/32 dev lo && ip addr add " FRIEND
		    "/32 dev lo && ip addr add " PEER6 "/128 dev lo nodad");
	bench.listener = listen_on("0.0.0.0");
	bench.listener6 = listen_on(PEER6);
	friend = prefix(FRIEND);
	tree = (struct tree *)shared();
	return 0;
}

static int end(void **state)
{
	(void)state;
	(void)close(bench.listener);
	(void)close(bench.listener6);
	group_end(&bench.group);
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
		TEST(sockets_of_every_kind_with_the_peer_are_cut),
		TEST(sockets_with_others_stay),
		TEST(a_whole_network_is_cut),
		TEST(loopback_is_not_cut),
		TEST(many_sockets_are_cut_by_and_by),
		TEST(a_whole_tree_talks_to_nobody),
		TEST(who_forks_while_it_is_moved_does_not_get_away),
		TEST(only_the_allowed_are_left_in_quarantine),
		TEST(what_it_had_open_is_cut_but_for_the_allowed),
		TEST(who_is_released_is_back_and_talks_again),
		TEST(quarantine_comes_before_the_end),
		TEST(an_order_without_a_peer_refuses_nobody),
		TEST(a_peer_is_refused_until_it_is_forgiven),
		TEST(a_step_that_was_not_prepared_fails),
	};

	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("enforce", tests, begin, end);
}
