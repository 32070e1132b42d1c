// SPDX-License-Identifier: GPL-2.0-or-later
/* daemon/enforce/quarantine.h: a tree of processes talks to nobody but the allowed. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "daemon/enforce/cut.h"
#include "daemon/enforce/quarantine.h"
#include "daemon/enforce/subject.h"
#include "tests/support/enforce_bench.h"

static struct enforce_bench bench;

#define TREE_WIDE 8
#define FORKS_MAX 150 /* and nobody else would get to run */

struct tree {
	volatile int started; /* processes */
	volatile int asked; /* to try to talk */
	volatile int refused, let_through;
	volatile int forked, is_done; /* of who forks on */
};

static struct tree *tree;

/* A socket from before has another group than its process has later. */
static int try_when_asked(int before)
{
	int r;

	(void)__atomic_add_fetch(&tree->started, 1, __ATOMIC_SEQ_CST);
	while (!tree->asked)
		(void)usleep(5000);
	r = far_connect(FAR, before);
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
	for (int i = 0; i < FOR_PATIENCE && *value < wanted; i++)
		(void)usleep(1000);
	assert_true(*value >= wanted);
}

static void a_whole_tree_talks_to_nobody(void **state)
{
	pid_t child = enforce_start(&bench, grow, NULL);

	(void)state;
	await(&tree->started, TREE_ALL);
	assert_int_equal(act_on(&bench, child, ENFORCE_QUARANTINE).done,
			 ENFORCE_QUARANTINE);
	assert_int_equal(info_of(&bench).quarantined, TREE_ALL);
	tree->asked = 1;
	await(&tree->refused, TREE_ALL);
	assert_int_equal(tree->let_through, 0);
	assert_int_equal(
		info_of(&bench).refusing.gates[FW_GATE_CONNECT4].quarantined,
		TREE_ALL);
}

/* One after another, until they are asked. */
static int fork_on(void *arg)
{
	(void)arg;
	while (!tree->asked) {
		(void)usleep(500);
		if (tree->forked == FORKS_MAX)
			continue;
		if (fork() == 0)
			return try_when_asked(socket(AF_INET, SOCK_STREAM, 0));
		tree->forked++;
	}
	tree->is_done = 1;
	return sleep_on(NULL);
}

static void who_forks_while_it_is_moved_does_not_get_away(void **state)
{
	pid_t child = enforce_start(&bench, fork_on, NULL);

	(void)state;
	await(&tree->started, 20);
	assert_int_equal(act_on(&bench, child, ENFORCE_QUARANTINE).done,
			 ENFORCE_QUARANTINE);
	(void)usleep(20000);
	tree->asked = 1;
	await(&tree->is_done, 1);
	await(&tree->refused, tree->forked);
	assert_int_equal(tree->let_through, 0);
	assert_true(tree->forked >= 20);
}

static int try_everything(void *arg)
{
	int *errors = arg;
	union far_end end;
	socklen_t len = far_end("0.0.0.0", &end);
	int udp, tcp;

	(void)__atomic_add_fetch(&tree->started, 1, __ATOMIC_SEQ_CST);
	while (!tree->asked)
		(void)usleep(1000);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	end.v4.sin_port = 0;
	errors[0] = bind(tcp, &end.any, len) < 0 ? errno : 0;
	errors[1] = far_connect(FRIEND, tcp);
	(void)far_end(FAR, &end);
	errors[2] = sendto(udp, "x", 1, 0, &end.any, len) < 0 ? errno : 0;
	(void)far_end("127.0.0.1", &end);
	errors[3] = sendto(udp, "x", 1, 0, &end.any, len) < 0 ? errno : 0;
	/* raw ones are asked by no gate; their packets are */
	udp = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	(void)far_end(FAR, &end);
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
	pid_t child = enforce_start(&bench, try_everything, errors);

	(void)state;
	await(&tree->started, 1);
	assert_int_equal(act_on(&bench, child, ENFORCE_QUARANTINE).done,
			 ENFORCE_QUARANTINE);
	tree->asked = 1;
	await(&tree->refused, 1);
	assert_int_equal(errors[0], EPERM); /* bind */
	assert_int_equal(errors[1], 0); /* the friend */
	assert_int_equal(errors[2], EPERM); /* a datagram */
	assert_int_equal(errors[3], EPERM); /* loopback too */
	assert_int_equal(errors[4], EPERM); /* raw */
	assert_true(info_of(&bench).refusing.gates[FW_GATE_OUT].quarantined >
		    0);
	(void)munmap(errors, 4096);
}

/* More than a cut takes at once. */
static int hold_sockets(void *arg)
{
	int *errors = arg;
	int foe = far_talk(FAR, SOCK_STREAM);
	int ally = far_talk(FRIEND, SOCK_STREAM);
	int foes[CUT_SOCKETS_MAX + 50];

	for (size_t i = 0; i < ARRAY_LEN(foes); i++)
		foes[i] = far_talk(FAR, SOCK_DGRAM);
	(void)__atomic_add_fetch(&tree->started, 1, __ATOMIC_SEQ_CST);
	while (!tree->asked)
		(void)usleep(1000);
	errors[0] = far_error(foe);
	errors[1] = far_error(ally);
	for (size_t i = 0; i < ARRAY_LEN(foes); i++)
		errors[2] += is_cut(far_error(foes[i]));
	(void)__atomic_add_fetch(&tree->refused, 1, __ATOMIC_SEQ_CST);
	return sleep_on(NULL);
}

static void what_it_had_open_is_cut_but_for_the_allowed(void **state)
{
	int *errors = shared();
	pid_t child = enforce_start(&bench, hold_sockets, errors);
	struct enforce_answer answer;

	(void)state;
	await(&tree->started, 1);
	answer = act_on(&bench, child, ENFORCE_QUARANTINE);
	if (has_no_cut(&answer))
		skip();
	assert_int_equal(answer.done, ENFORCE_QUARANTINE);
	tree->asked = 1;
	await(&tree->refused, 1);
	assert_true(is_cut(errors[0]));
	assert_int_equal(errors[1], 0);
	assert_int_equal(errors[2], CUT_SOCKETS_MAX + 50);
	(void)munmap(errors, 4096);
}

static void who_is_released_is_back_and_talks_again(void **state)
{
	pid_t child = enforce_start(&bench, grow, NULL);
	struct process_id id;
	struct subject subject;

	(void)state;
	await(&tree->started, TREE_ALL);
	id = process_named(child);
	assert_int_equal(enforce_release(bench.enforce, &id), -ENOENT);
	assert_int_equal(act_on(&bench, child, ENFORCE_QUARANTINE).done,
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
	pid_t child = enforce_start(&bench, grow, NULL);

	(void)state;
	await(&tree->started, TREE_ALL);
	assert_int_equal(act_on(&bench, child, END_OR_HOLD).done, END_OR_HOLD);
	assert_int_equal(group_wait(child), -SIGKILL);
	tree->asked = 1;
	await(&tree->refused, TREE_ALL - 1);
	assert_int_equal(tree->let_through, 0);
}

#define CROWD (QUARANTINE_MOVES_MAX + 20)

static int gather(void *arg)
{
	(void)arg;
	for (int i = 1; i < CROWD; i++)
		if (fork() == 0)
			break;
	return try_when_asked(socket(AF_INET, SOCK_STREAM, 0));
}

static pid_t start_crowd(void)
{
	pid_t child;

	if (getenv("PORTCULLIS_EMULATED"))
		skip();
	child = enforce_start(&bench, gather, NULL);
	await(&tree->started, CROWD);
	return child;
}

static void more_than_a_call_moves_are_moved_by_and_by(void **state)
{
	pid_t child = start_crowd();
	struct enforce_followed followed;

	(void)state;
	assert_int_equal(act_on(&bench, child, ENFORCE_QUARANTINE).done,
			 ENFORCE_QUARANTINE);
	assert_int_equal(info_of(&bench).quarantined, QUARANTINE_MOVES_MAX);
	for (int i = 0; i < 10 && info_of(&bench).unfinished; i++)
		enforce_follow(bench.enforce, &followed);
	assert_int_equal(info_of(&bench).quarantined, CROWD);
	assert_int_equal(info_of(&bench).forgone, 0);
	tree->asked = 1;
	await(&tree->refused, CROWD);
	assert_int_equal(tree->let_through, 0);
}

static void all_of_them_are_moved_before_the_first_ends(void **state)
{
	pid_t child = start_crowd();

	(void)state;
	assert_int_equal(act_on(&bench, child, END_OR_HOLD).done, END_OR_HOLD);
	assert_int_equal(group_wait(child), -SIGKILL);
	tree->asked = 1;
	await(&tree->refused, CROWD - 1);
	assert_int_equal(tree->let_through, 0);
}

/* Of tests before some may still be inside. */
static size_t count_trees(void)
{
	struct quarantine_tree trees[QUARANTINE_LIST_MAX];
	struct enforce_followed followed;

	for (int i = 0; i < QUARANTINE_LIST_MAX; i++)
		enforce_follow(bench.enforce, &followed);
	return enforce_trees(bench.enforce, trees);
}

static const struct quarantine_tree *
tree_named(pid_t pid, struct quarantine_tree trees[QUARANTINE_LIST_MAX])
{
	size_t count = enforce_trees(bench.enforce, trees);

	for (size_t i = 0; i < count; i++)
		if (trees[i].id.pid == (uint32_t)pid)
			return &trees[i];
	return NULL;
}

static int begin_one(void *arg)
{
	(void)arg;
	if (fork() == 0)
		return try_when_asked(socket(AF_INET, SOCK_STREAM, 0));
	return try_when_asked(socket(AF_INET, SOCK_STREAM, 0));
}

static pid_t child_of(pid_t pid)
{
	char path[64], text[32] = "";
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid,
		       pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	(void)fclose(file);
	return (pid_t)strtol(text, NULL, 10);
}

static void a_tree_is_released_by_any_process_in_it(void **state)
{
	struct quarantine_tree trees[QUARANTINE_LIST_MAX];
	pid_t child = enforce_start(&bench, begin_one, NULL);
	pid_t inner;

	(void)state;
	await(&tree->started, 2);
	inner = child_of(child);
	assert_int_equal(act_on(&bench, child, ENFORCE_QUARANTINE).done,
			 ENFORCE_QUARANTINE);
	assert_non_null(tree_named(child, trees));
	assert_non_null(strstr(tree_named(child, trees)->image, "quarantine"));
	assert_int_equal(enforce_release_pid(bench.enforce, (uint32_t)getpid()),
			 -ENOENT);
	assert_int_equal(enforce_release_pid(bench.enforce, (uint32_t)inner),
			 0);
	assert_null(tree_named(child, trees));
	tree->asked = 1;
	await(&tree->let_through, 2);
	assert_int_equal(tree->refused, 0);
}

#define FURTHER 3

/* However many are inside already, and what was one tree stays together. */
static void nobody_stays_outside_because_others_are_in(void **state)
{
	const struct process_id further = {0};
	struct quarantine_tree trees[QUARANTINE_LIST_MAX];
	const int own = QUARANTINE_TREES_MAX - (int)count_trees();
	const int all = own + FURTHER;

	(void)state;
	if (getenv("PORTCULLIS_EMULATED"))
		skip(); /* so many are moved one by one */
	for (int i = 0; i < all; i++) {
		pid_t child = enforce_start(&bench, begin_one, NULL);

		await(&tree->started, 2 * (i + 1));
		assert_int_equal(act_on(&bench, child, ENFORCE_QUARANTINE).done,
				 ENFORCE_QUARANTINE);
	}
	assert_int_equal(enforce_trees(bench.enforce, trees),
			 QUARANTINE_LIST_MAX);
	assert_int_equal(info_of(&bench).quarantined, 2 * all);
	assert_int_equal(enforce_release(bench.enforce, &further), 0);
	assert_int_equal(enforce_trees(bench.enforce, trees),
			 QUARANTINE_TREES_MAX);
	tree->asked = 1;
	await(&tree->let_through, 2 * FURTHER);
	await(&tree->refused, 2 * own);
	assert_int_equal(tree->let_through, 2 * FURTHER);
}

static void who_is_inside_stays_for_the_next_owner(void **state)
{
	pid_t child = enforce_start(&bench, grow, NULL);
	struct process_id id;

	(void)state;
	await(&tree->started, TREE_ALL);
	id = process_named(child);
	assert_int_equal(act_on(&bench, child, ENFORCE_QUARANTINE).done,
			 ENFORCE_QUARANTINE);
	enforce_free(TAKE(bench.enforce));
	enforce_bench_setup(&bench);
	tree->asked = 1;
	await(&tree->refused, TREE_ALL);
	assert_int_equal(enforce_release(bench.enforce, &id), 0);
	assert_int_equal(enforce_release(bench.enforce, &id), -ENOENT);
}

static int setup(void **state)
{
	(void)state;
	enforce_bench_setup(&bench);
	*tree = (struct tree){0};
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
	(void)state;
	enforce_bench_begin(&bench);
	tree = (struct tree *)shared();
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
		TEST(a_whole_tree_talks_to_nobody),
		TEST(who_forks_while_it_is_moved_does_not_get_away),
		TEST(only_the_allowed_are_left_in_quarantine),
		TEST(what_it_had_open_is_cut_but_for_the_allowed),
		TEST(who_is_released_is_back_and_talks_again),
		TEST(quarantine_comes_before_the_end),
		TEST(more_than_a_call_moves_are_moved_by_and_by),
		TEST(all_of_them_are_moved_before_the_first_ends),
		TEST(a_tree_is_released_by_any_process_in_it),
		TEST(nobody_stays_outside_because_others_are_in),
		TEST(who_is_inside_stays_for_the_next_owner),
	};

	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("quarantine", tests, begin, end);
}
