// SPDX-License-Identifier: GPL-2.0-or-later
/* A program is replaced under a flood, and no packet gets past. */
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/packet/attach.h"
#include "tests/support/sandbox.h"
#include "verdict.skel.h"

#define PIN_DIR	   "/sys/fs/bpf/portcullis"
#define SWAPS	   100
#define PATIENCE_S 30 /* for what happens at once on an idle machine */

struct stand {
	struct gates *gates;
	struct verdict *old;
	struct verdict *new;
	int ifindex; /* of gw0, whose other end is peer0 */
	char note[GATE_NOTE_MAX];
};

static struct gate_program program_of(const struct verdict *object)
{
	return (struct gate_program){
		.fd = bpf_program__fd(object->progs.verdict),
		.name = "verdict",
	};
}

static int setup(void **state)
{
	static struct stand stand;

	stand = (struct stand){0};
	*state = &stand;
	sandbox_veth("gw0", "peer0");
	stand.ifindex = (int)if_nametoindex("gw0");
	(void)mkdir(PIN_DIR, 0700);
	stand.old = verdict__open_and_load();
	stand.new = verdict__open_and_load();
	assert_non_null(stand.old);
	assert_non_null(stand.new);
	return gates_new(PIN_DIR, &stand.gates);
}

static int teardown(void **state)
{
	struct stand *stand = *state;

	gates_free(stand->gates);
	verdict__destroy(stand->old);
	verdict__destroy(stand->new);
	sandbox_run("rm -rf " PIN_DIR);
	sandbox_run("ip link del gw0");
	return 0;
}

static int attach(struct stand *stand, enum attach_mode mode)
{
	struct gate_program program = program_of(stand->old);

	return gates_attach(stand->gates, "gw0", mode, ATTACH_EXCLUSIVE,
			    &program, stand->note);
}

static int swap(struct stand *stand, const struct verdict *object)
{
	struct gate_program program = program_of(object);

	return gates_swap(stand->gates, &program, stand->note);
}

static atomic_bool is_enough;

static void *flood(void *arg)
{
	int fd = *(const int *)arg;

	while (!atomic_load(&is_enough))
		sandbox_frame_send(fd);
	return NULL;
}

/* Wait until the program saw a packet more; false when it does not. */
static bool sees_traffic(const struct verdict *object)
{
	uint64_t before = __atomic_load_n(&object->bss->seen, __ATOMIC_RELAXED);
	time_t until_s = time(NULL) + PATIENCE_S;

	while (__atomic_load_n(&object->bss->seen, __ATOMIC_RELAXED) ==
	       before) {
		if (time(NULL) > until_s)
			return false;
		(void)sched_yield();
	}
	return true;
}

static bool arrives(int sender, int receiver)
{
	time_t until_s = time(NULL) + PATIENCE_S;

	while (time(NULL) <= until_s) {
		sandbox_frame_send(sender);
		if (sandbox_frames_received(receiver) > 0)
			return true;
	}
	return false;
}

static bool swap_under_flood(struct stand *s)
{
	struct verdict *programs[] = {s->old, s->new};

	for (int i = 1; i <= SWAPS; i++)
		if (swap(s, programs[i % 2]) < 0 ||
		    !sees_traffic(programs[i % 2]))
			return false;
	return true;
}

static void swaps_let_nothing_past(struct stand *s, enum attach_mode mode)
{
	int sender = sandbox_frame_socket("peer0");
	int receiver = sandbox_frame_socket("gw0");
	pthread_t thread;
	bool is_done;

	assert_true(arrives(sender, receiver));
	assert_int_equal(attach(s, mode), 0);
	(void)sandbox_frames_received(receiver);

	atomic_store(&is_enough, false);
	assert_int_equal(pthread_create(&thread, NULL, flood, &sender), 0);
	is_done = swap_under_flood(s);
	atomic_store(&is_enough, true);
	assert_int_equal(pthread_join(thread, NULL), 0);

	assert_true(is_done);
	assert_int_equal(sandbox_frames_received(receiver), 0);
	assert_int_equal(gates_detach(s->gates, s->ifindex, s->note), 0);
	assert_true(arrives(sender, receiver));
	(void)close(sender);
	(void)close(receiver);
}

static void a_hundred_native_swaps_let_nothing_past(void **state)
{
	swaps_let_nothing_past(*state, ATTACH_NATIVE);
}

static void a_hundred_generic_swaps_let_nothing_past(void **state)
{
	swaps_let_nothing_past(*state, ATTACH_GENERIC);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hundred_native_swaps_let_nothing_past),
		TEST(a_hundred_generic_swaps_let_nothing_past),
	};

	(void)libbpf_set_print(NULL);
	sandbox_enter();
	return cmocka_run_group_tests_name("attach_flood", tests, NULL, NULL);
}
