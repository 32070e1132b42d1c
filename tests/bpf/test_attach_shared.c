// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of daemon/packet/attach.h, for shared gates: libxdp's dispatcher,
 * with somebody else's program beside ours. */
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/if_link.h>
#include <xdp/libxdp.h>

#include "daemon/packet/attach.h"
#include "tests/support/sandbox.h"
#include "verdict.skel.h"

#define PIN_DIR	   "/sys/fs/bpf/portcullis"
#define PATIENCE_S 30
#define SKIP	   77

struct stand {
	struct gates *gates;
	struct bpf_object *foreign_object;
	struct xdp_program *foreign;
	struct gate_program program;
	int ifindex;
	int sender;
	int receiver;
	char note[GATE_NOTE_MAX];
};

/* A fresh object with only `keep` to be loaded. */
static struct bpf_object *object_open(const char *keep)
{
	size_t size;
	const void *bytes = verdict__elf_bytes(&size);
	struct bpf_object *object = bpf_object__open_mem(bytes, size, NULL);
	struct bpf_program *program;

	if (!object)
		return NULL;
	bpf_object__for_each_program(program, object)(void)
		bpf_program__set_autoload(
			program, strcmp(bpf_program__name(program), keep) == 0);
	return object;
}

static int open_ours(void *arg, struct bpf_object **ret_object)
{
	(void)arg;
	*ret_object = object_open("verdict");
	return *ret_object ? 0 : -ENOMEM;
}

static struct xdp_program *foreign_new(struct bpf_object **ret_object)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, 0);

	*ret_object = object_open("plain");
	opts.obj = *ret_object;
	opts.prog_name = "plain";
	return xdp_program__create(&opts);
}

static int setup(void **state)
{
	static struct stand stand;

	stand = (struct stand){
		.program = {.fd = -1,
			    .name = "verdict",
			    .open_object = open_ours},
	};
	*state = &stand;
	sandbox_veth("gw0", "peer0");
	stand.ifindex = (int)if_nametoindex("gw0");
	stand.sender = sandbox_frame_socket("peer0");
	stand.receiver = sandbox_frame_socket("gw0");
	stand.foreign = foreign_new(&stand.foreign_object);
	(void)mkdir(PIN_DIR, 0700);
	return gates_new(PIN_DIR, &stand.gates);
}

static int teardown(void **state)
{
	struct stand *stand = *state;

	gates_free(stand->gates);
	xdp_program__close(stand->foreign);
	bpf_object__close(stand->foreign_object);
	(void)close(stand->sender);
	(void)close(stand->receiver);
	sandbox_run("ip link del gw0 2>/dev/null; true");
	sandbox_run("rm -rf " PIN_DIR " /sys/fs/bpf/xdp/dispatch-*");
	return 0;
}

static int attach(struct stand *stand, enum attach_mode mode)
{
	return gates_attach(stand->gates, "gw0", mode, ATTACH_SHARED,
			    &stand->program, stand->note);
}

static int foreign_attach(struct stand *stand)
{
	return xdp_program__attach(stand->foreign, stand->ifindex,
				   XDP_MODE_NATIVE, 0);
}

static int keep_gate(void *arg, const struct gate *gate)
{
	*(struct gate *)arg = *gate;
	return 0;
}

static struct gate only_gate(struct stand *stand)
{
	struct gate gate = {0};

	assert_int_equal(gates_each(stand->gates, keep_gate, &gate), 0);
	return gate;
}

/* How many programs the dispatcher runs; 0 when there is none. */
static int slot_count(struct stand *stand)
{
	struct xdp_multiprog *dispatcher =
		xdp_multiprog__get_from_ifindex(stand->ifindex);
	int count = 0;

	if (libxdp_get_error(dispatcher))
		return 0;
	if (!xdp_multiprog__is_legacy(dispatcher))
		count = xdp_multiprog__program_count(dispatcher);
	xdp_multiprog__close(dispatcher);
	return count;
}

static bool arrives(struct stand *stand)
{
	time_t until_s = time(NULL) + PATIENCE_S;

	while (time(NULL) <= until_s) {
		sandbox_frame_send(stand->sender);
		if (sandbox_frames_received(stand->receiver) > 0)
			return true;
	}
	return false;
}

/* Nothing arrives of what was surely looked at. */
static bool all_is_dropped(struct stand *stand)
{
	for (int i = 0; i < 1000; i++)
		sandbox_frame_send(stand->sender);
	return sandbox_frames_received(stand->receiver) == 0;
}

static void ours_stands_alone_in_a_real_dispatcher(void **state)
{
	struct stand *s = *state;
	struct gate gate;

	assert_true(arrives(s));
	if (attach(s, ATTACH_NATIVE) < 0)
		fail_msg("%s", s->note);
	gate = only_gate(s);
	assert_true(gate.verified);
	assert_int_equal(gate.share, ATTACH_SHARED);
	assert_int_equal(gate.mode, ATTACH_NATIVE);
	assert_int_equal(slot_count(s), 1);
	assert_true(all_is_dropped(s));
}

static void ours_joins_a_foreign_program_and_leaves_it(void **state)
{
	struct stand *s = *state;

	assert_int_equal(foreign_attach(s), 0);
	assert_true(arrives(s));
	if (attach(s, ATTACH_AUTO) < 0)
		fail_msg("%s", s->note);
	assert_int_equal(slot_count(s), 2);
	assert_true(all_is_dropped(s));

	assert_int_equal(gates_detach(s->gates, s->ifindex, s->note), 0);
	assert_int_equal(slot_count(s), 1);
	assert_int_equal(xdp_program__is_attached(s->foreign, s->ifindex),
			 XDP_MODE_NATIVE);
	assert_true(arrives(s));
}

static void a_foreign_program_joins_ours_and_leaves_it(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, ATTACH_NATIVE), 0);
	assert_int_equal(foreign_attach(s), 0);
	assert_true(only_gate(s).verified);
	assert_true(all_is_dropped(s));
	assert_int_equal(
		xdp_program__detach(s->foreign, s->ifindex, XDP_MODE_NATIVE, 0),
		0);
	assert_true(only_gate(s).verified);
	assert_true(all_is_dropped(s));
}

static void a_swap_keeps_the_foreign_program(void **state)
{
	struct stand *s = *state;
	uint32_t before;

	assert_int_equal(foreign_attach(s), 0);
	assert_int_equal(attach(s, ATTACH_NATIVE), 0);
	before = only_gate(s).program_id;
	if (gates_swap(s->gates, &s->program, s->note) < 0)
		fail_msg("%s", s->note);
	assert_int_not_equal(only_gate(s).program_id, before);
	assert_true(only_gate(s).verified);
	assert_int_equal(slot_count(s), 2);
	assert_int_equal(xdp_program__is_attached(s->foreign, s->ifindex),
			 XDP_MODE_NATIVE);
	assert_true(all_is_dropped(s));
}

static void a_shared_gate_outlives_us_and_is_adopted(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, ATTACH_NATIVE), 0);
	gates_free(s->gates);
	s->gates = NULL;
	assert_true(all_is_dropped(s));
	assert_int_equal(gates_new(PIN_DIR, &s->gates), 0);
	assert_true(only_gate(s).verified);
	assert_int_equal(gates_detach(s->gates, s->ifindex, s->note), 0);
	assert_int_equal(slot_count(s), 0);
	assert_true(arrives(s));
}

static void a_second_attach_changes_nothing(void **state)
{
	struct stand *s = *state;
	uint32_t before;

	assert_int_equal(attach(s, ATTACH_NATIVE), 0);
	before = only_gate(s).program_id;
	assert_int_equal(attach(s, ATTACH_AUTO), 0);
	assert_int_equal(only_gate(s).program_id, before);
	assert_int_equal(slot_count(s), 1);
	assert_int_equal(attach(s, ATTACH_GENERIC), -EEXIST);
}

static void a_program_without_dispatcher_is_left_alone(void **state)
{
	struct stand *s = *state;
	struct verdict *lone = verdict__open_and_load();

	assert_non_null(lone);
	assert_int_equal(bpf_xdp_attach(s->ifindex,
					bpf_program__fd(lone->progs.plain),
					XDP_FLAGS_DRV_MODE, NULL),
			 0);
	assert_int_equal(attach(s, ATTACH_NATIVE), -EBUSY);
	assert_non_null(strstr(s->note, "'plain'"));
	assert_true(arrives(s));
	verdict__destroy(lone);
}

static void ours_taken_out_by_somebody_is_not_called_protection(void **state)
{
	struct stand *s = *state;
	struct xdp_multiprog *dispatcher;

	assert_int_equal(attach(s, ATTACH_NATIVE), 0);
	dispatcher = xdp_multiprog__get_from_ifindex(s->ifindex);
	assert_int_equal(libxdp_get_error(dispatcher), 0);
	assert_int_equal(xdp_multiprog__detach(dispatcher), 0);
	xdp_multiprog__close(dispatcher);
	assert_false(only_gate(s).verified);
	assert_int_equal(attach(s, ATTACH_NATIVE), 0);
	assert_true(only_gate(s).verified);
}

static void a_vanished_interface_leaves_no_pins(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, ATTACH_NATIVE), 0);
	sandbox_run("ip link del gw0");
	gates_forget(s->gates, s->ifindex);
	sandbox_run("! ls " PIN_DIR "/shared | grep .");
	sandbox_run("! ls /sys/fs/bpf/xdp | grep dispatch-%d-", s->ifindex);
}

/* What must hold where the dispatcher cannot run. */
static void without_a_dispatcher_nothing_is_attached(void **state)
{
	struct stand *s = *state;
	uint32_t id = 0;

	assert_int_equal(attach(s, ATTACH_AUTO), -EPROTONOSUPPORT);
	assert_non_null(strstr(s->note, "attach exclusive"));
	assert_int_equal(bpf_xdp_query_id(s->ifindex, 0, &id), 0);
	assert_int_equal(id, 0);
	assert_true(arrives(s));
}

/* Does this kernel let an extension program in? Asked of libxdp itself. */
static bool has_dispatcher(void)
{
	struct stand probe = {0};
	bool is_real;

	sandbox_veth("gw0", "peer0");
	probe.ifindex = (int)if_nametoindex("gw0");
	probe.foreign = foreign_new(&probe.foreign_object);
	is_real = foreign_attach(&probe) == 0 && slot_count(&probe) == 1;
	xdp_program__close(probe.foreign);
	bpf_object__close(probe.foreign_object);
	sandbox_run("ip link del gw0");
	sandbox_run("rm -rf /sys/fs/bpf/xdp/dispatch-*");
	return is_real;
}

static int silence(enum libxdp_print_level level, const char *format,
		   va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest without[] = {
		TEST(without_a_dispatcher_nothing_is_attached),
		TEST(a_program_without_dispatcher_is_left_alone),
	};
	const struct CMUnitTest tests[] = {
		TEST(ours_stands_alone_in_a_real_dispatcher),
		TEST(ours_joins_a_foreign_program_and_leaves_it),
		TEST(a_foreign_program_joins_ours_and_leaves_it),
		TEST(a_swap_keeps_the_foreign_program),
		TEST(a_shared_gate_outlives_us_and_is_adopted),
		TEST(a_second_attach_changes_nothing),
		TEST(a_program_without_dispatcher_is_left_alone),
		TEST(ours_taken_out_by_somebody_is_not_called_protection),
		TEST(a_vanished_interface_leaves_no_pins),
	};

	(void)libbpf_set_print(NULL);
	(void)libxdp_set_print(silence);
	sandbox_enter();
	if (has_dispatcher())
		return cmocka_run_group_tests_name("attach_shared", tests, NULL,
						   NULL);
	if (cmocka_run_group_tests_name("attach_shared", without, NULL, NULL))
		return 1;
	(void)printf("skipped: this kernel does not take BPF extension "
		     "programs, so libxdp's dispatcher cannot run\n");
	return SKIP;
}
