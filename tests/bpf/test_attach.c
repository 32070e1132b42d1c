// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of daemon/packet/attach.h, for exclusive gates, on a real kernel.*/
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cap-ng.h>
#include <cmocka.h>
#include <linux/if_link.h>

#include "daemon/packet/attach.h"
#include "tests/support/sandbox.h"
#include "verdict.skel.h"

#define PIN_DIR "/sys/fs/bpf/portcullis"

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

static uint32_t id_of(int program_fd)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(program_fd, &info, &size), 0);
	return info.id;
}

static uint32_t verdict_id(const struct verdict *object)
{
	return id_of(bpf_program__fd(object->progs.verdict));
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
	sandbox_run("ip link del gw0 2>/dev/null; true");
	return 0;
}

static int attach(struct stand *stand, const char *ifname,
		  enum attach_mode mode)
{
	struct gate_program program = program_of(stand->old);

	return gates_attach(stand->gates, ifname, mode, ATTACH_EXCLUSIVE,
			    &program, stand->note);
}

static int swap(struct stand *stand, const struct verdict *object)
{
	struct gate_program program = program_of(object);

	return gates_swap(stand->gates, &program, stand->note);
}

static void restart(struct stand *stand)
{
	gates_free(stand->gates);
	stand->gates = NULL;
	assert_int_equal(gates_new(PIN_DIR, &stand->gates), 0);
}

struct found {
	struct gate gate;
	int count;
};

static int keep_last(void *arg, const struct gate *gate)
{
	struct found *found = arg;

	found->gate = *gate;
	found->count++;
	return 0;
}

static int gate_count(struct stand *stand)
{
	struct found found = {0};

	assert_int_equal(gates_each(stand->gates, keep_last, &found), 0);
	return found.count;
}

static struct gate only_gate(struct stand *stand)
{
	struct found found = {0};

	assert_int_equal(gates_each(stand->gates, keep_last, &found), 0);
	assert_int_equal(found.count, 1);
	return found.gate;
}

static uint32_t attached_id(int ifindex, uint32_t flags)
{
	uint32_t id = 0;

	assert_int_equal(bpf_xdp_query_id(ifindex, (int)flags, &id), 0);
	return id;
}

static bool is_pinned(int ifindex)
{
	char path[64];

	(void)snprintf(path, sizeof(path), PIN_DIR "/links/%d", ifindex);
	return access(path, F_OK) == 0;
}

/* What is pinned, as somebody else would open it. */
static int pinned_link(int ifindex)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), PIN_DIR "/links/%d", ifindex);
	fd = bpf_obj_get(path);
	assert_true(fd >= 0);
	return fd;
}

static uint32_t pinned_link_id(int ifindex)
{
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);
	int fd = pinned_link(ifindex);

	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	(void)close(fd);
	return info.id;
}

static void a_native_gate_is_verified_and_pinned(void **state)
{
	struct stand *s = *state;
	struct gate gate;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	gate = only_gate(s);
	assert_true(gate.verified);
	assert_int_equal(gate.mode, ATTACH_NATIVE);
	assert_int_equal(gate.program_id, verdict_id(s->old));
	assert_string_equal(gate.ifname, "gw0");
	assert_string_equal(gate.note, "");
	assert_int_equal(attached_id(s->ifindex, XDP_FLAGS_DRV_MODE),
			 gate.program_id);
	assert_true(is_pinned(s->ifindex));
}

static void a_generic_gate_is_generic(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "gw0", ATTACH_GENERIC), 0);
	assert_int_equal(only_gate(s).mode, ATTACH_GENERIC);
	assert_true(only_gate(s).verified);
	assert_int_equal(attached_id(s->ifindex, XDP_FLAGS_SKB_MODE),
			 verdict_id(s->old));
}

static void auto_takes_native_where_it_can(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "gw0", ATTACH_AUTO), 0);
	assert_int_equal(only_gate(s).mode, ATTACH_NATIVE);
	assert_string_equal(s->note, "");
}

static void auto_says_why_it_fell_back(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "lo", ATTACH_AUTO), 0);
	assert_int_equal(only_gate(s).mode, ATTACH_GENERIC);
	assert_non_null(strstr(s->note, "generic, as native was refused"));
	assert_non_null(strstr(s->note, "no XDP in this mode"));
	assert_int_equal(gates_detach(s->gates, 1, s->note), 0);
}

static void native_never_falls_back(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "lo", ATTACH_NATIVE), -EOPNOTSUPP);
	assert_non_null(strstr(s->note, "lo, native"));
	assert_int_equal(gate_count(s), 0);
	assert_int_equal(attached_id(1, 0), 0);
	assert_false(is_pinned(1));
}

static void a_refusal_for_the_mtu_says_so(void **state)
{
	struct stand *s = *state;
	struct gate_program plain = {
		.fd = bpf_program__fd(s->old->progs.plain),
		.name = "plain",
	};

	sandbox_run("ip link set gw0 mtu 9000 && ip link set peer0 mtu 9000");
	assert_true(gates_attach(s->gates, "gw0", ATTACH_NATIVE,
				 ATTACH_EXCLUSIVE, &plain, s->note) < 0);
	assert_non_null(strstr(s->note, "MTU"));
}

static void an_interface_that_is_not_there_is_refused(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "gw9", ATTACH_AUTO), -ENODEV);
	assert_non_null(strstr(s->note, "gw9"));
}

static void attaching_again_changes_nothing(void **state)
{
	struct stand *s = *state;
	uint32_t link_id;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	link_id = pinned_link_id(s->ifindex);
	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	assert_int_equal(attach(s, "gw0", ATTACH_AUTO), 0);
	assert_int_equal(pinned_link_id(s->ifindex), link_id);
	assert_int_equal(gate_count(s), 1);
}

static void another_mode_is_refused_rather_than_taken_off(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	assert_int_equal(attach(s, "gw0", ATTACH_GENERIC), -EEXIST);
	assert_non_null(strstr(s->note, "detach it first"));
	assert_true(only_gate(s).verified);
	assert_int_equal(only_gate(s).mode, ATTACH_NATIVE);
}

static void a_foreign_program_is_named_and_left_alone(void **state)
{
	struct stand *s = *state;
	int foreign = bpf_program__fd(s->new->progs.plain);
	char id[16];

	assert_int_equal(
		bpf_xdp_attach(s->ifindex, foreign, XDP_FLAGS_SKB_MODE, NULL),
		0);
	(void)snprintf(id, sizeof(id), "id %u", id_of(foreign));
	assert_int_equal(attach(s, "gw0", ATTACH_AUTO), -EBUSY);
	assert_non_null(strstr(s->note, "'plain'"));
	assert_non_null(strstr(s->note, id));
	assert_non_null(strstr(s->note, "shared"));
	assert_int_equal(attached_id(s->ifindex, XDP_FLAGS_SKB_MODE),
			 id_of(foreign));
	assert_int_equal(gate_count(s), 0);
}

static void nobody_replaces_ours_by_accident(void **state)
{
	struct stand *s = *state;
	int foreign = bpf_program__fd(s->new->progs.plain);

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	assert_int_equal(
		bpf_xdp_attach(s->ifindex, foreign, XDP_FLAGS_DRV_MODE, NULL),
		-EBUSY);
	assert_true(only_gate(s).verified);
}

static void a_gate_outlives_us_and_is_adopted(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	gates_free(s->gates);
	s->gates = NULL;
	assert_int_equal(attached_id(s->ifindex, XDP_FLAGS_DRV_MODE),
			 verdict_id(s->old));

	assert_int_equal(gates_new(PIN_DIR, &s->gates), 0);
	assert_true(only_gate(s).verified);
	assert_int_equal(only_gate(s).mode, ATTACH_NATIVE);
	assert_int_equal(swap(s, s->new), 0);
	assert_int_equal(only_gate(s).program_id, verdict_id(s->new));
}

static void attaching_an_adopted_gate_brings_the_new_program(void **state)
{
	struct stand *s = *state;
	struct gate_program program = program_of(s->new);
	uint32_t link_id;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	link_id = pinned_link_id(s->ifindex);
	restart(s);
	assert_int_equal(gates_attach(s->gates, "gw0", ATTACH_NATIVE,
				      ATTACH_EXCLUSIVE, &program, s->note),
			 0);
	assert_int_equal(only_gate(s).program_id, verdict_id(s->new));
	assert_true(only_gate(s).verified);
	assert_int_equal(pinned_link_id(s->ifindex), link_id);
}

static void a_pin_whose_interface_is_gone_is_removed_at_start(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	gates_free(s->gates);
	s->gates = NULL;
	sandbox_run("ip link del gw0");
	assert_true(is_pinned(s->ifindex));
	assert_int_equal(gates_new(PIN_DIR, &s->gates), 0);
	assert_int_equal(gate_count(s), 0);
	assert_false(is_pinned(s->ifindex));
}

static void a_file_that_is_no_link_of_ours_is_left_alone(void **state)
{
	struct stand *s = *state;

	assert_int_equal(bpf_obj_pin(bpf_program__fd(s->old->progs.plain),
				     PIN_DIR "/links/notes"),
			 0);
	restart(s);
	assert_int_equal(gate_count(s), 0);
	assert_int_equal(access(PIN_DIR "/links/notes", F_OK), 0);
}

static void forgetting_removes_the_pin(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	sandbox_run("ip link del gw0");
	assert_false(only_gate(s).verified);
	gates_forget(s->gates, s->ifindex);
	assert_int_equal(gate_count(s), 0);
	assert_false(is_pinned(s->ifindex));
}

static void a_swap_drops_the_gate_of_a_vanished_interface(void **state)
{
	struct stand *s = *state;
	int lo = 1;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	assert_int_equal(attach(s, "lo", ATTACH_GENERIC), 0);
	sandbox_run("ip link del gw0");
	assert_int_equal(swap(s, s->new), 0);
	assert_string_equal(only_gate(s).ifname, "lo");
	assert_int_equal(only_gate(s).program_id, verdict_id(s->new));
	assert_false(is_pinned(s->ifindex));
	assert_int_equal(gates_detach(s->gates, lo, s->note), 0);
}

static void cut(int ifindex)
{
	int fd = pinned_link(ifindex);

	assert_int_equal(bpf_link_detach(fd), 0);
	(void)close(fd);
}

static void a_link_somebody_cut_is_not_called_protection(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	cut(s->ifindex);
	assert_false(only_gate(s).verified);
	assert_non_null(strstr(only_gate(s).note, "link was cut"));
	assert_int_equal(swap(s, s->new), -ENOLINK);
	assert_non_null(strstr(s->note, "gw0"));
	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	assert_true(only_gate(s).verified);
}

static void a_program_put_in_by_somebody_is_not_called_ours(void **state)
{
	struct stand *s = *state;
	int fd;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	fd = pinned_link(s->ifindex);
	assert_int_equal(bpf_link_update(fd,
					 bpf_program__fd(s->new->progs.verdict),
					 NULL),
			 0);
	(void)close(fd);
	assert_false(only_gate(s).verified);
	assert_non_null(strstr(only_gate(s).note, "not as we left it"));

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	assert_true(only_gate(s).verified);
	assert_int_equal(only_gate(s).program_id, verdict_id(s->old));
}

static void a_failed_swap_still_reaches_the_other_gates(void **state)
{
	struct stand *s = *state;
	struct found found = {0};

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	assert_int_equal(attach(s, "lo", ATTACH_GENERIC), 0);
	cut(s->ifindex);
	assert_int_equal(swap(s, s->new), -ENOLINK);
	assert_int_equal(attached_id(1, XDP_FLAGS_SKB_MODE),
			 verdict_id(s->new));
	assert_int_equal(gates_detach(s->gates, 1, s->note), 0);
	assert_int_equal(gates_each(s->gates, keep_last, &found), 0);
}

static void detaching_leaves_nothing(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	assert_int_equal(gates_detach(s->gates, s->ifindex, s->note), 0);
	assert_int_equal(attached_id(s->ifindex, 0), 0);
	assert_false(is_pinned(s->ifindex));
	assert_int_equal(gate_count(s), 0);
	assert_int_equal(gates_detach(s->gates, s->ifindex, s->note), -ENOENT);
}

static void detaching_takes_it_off_though_others_hold_the_link(void **state)
{
	struct stand *s = *state;
	int fd;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	fd = pinned_link(s->ifindex);
	assert_int_equal(gates_detach(s->gates, s->ifindex, s->note), 0);
	assert_int_equal(attached_id(s->ifindex, 0), 0);
	(void)close(fd);
}

static void a_renamed_interface_is_called_by_its_new_name(void **state)
{
	struct stand *s = *state;

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	sandbox_run("ip link set gw0 down && ip link set gw0 name wan0");
	assert_string_equal(only_gate(s).ifname, "wan0");
	assert_true(only_gate(s).verified);
	sandbox_run("ip link del wan0");
}

static void gates_come_in_order_of_ifindex(void **state)
{
	struct stand *s = *state;
	struct found found = {0};

	assert_int_equal(attach(s, "gw0", ATTACH_NATIVE), 0);
	assert_int_equal(attach(s, "lo", ATTACH_GENERIC), 0);
	assert_int_equal(gates_each(s->gates, keep_last, &found), 0);
	assert_int_equal(found.count, 2);
	assert_string_equal(found.gate.ifname, "gw0");
	assert_int_equal(gates_detach(s->gates, 1, s->note), 0);
}

static int life_without_sys_admin(struct stand *s)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_updatev(CAPNG_ADD,
			  (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
			  CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON, -1) < 0 ||
	    capng_apply(CAPNG_SELECT_CAPS) < 0)
		return 1;
	if (bpf_prog_get_fd_by_id(verdict_id(s->old)) != -EPERM)
		return 2;
	gates_free(s->gates);
	if (gates_new(PIN_DIR, &s->gates) < 0)
		return 3;
	if (attach(s, "gw0", ATTACH_NATIVE) < 0)
		return 4;
	if (!only_gate(s).verified)
		return 5;
	if (swap(s, s->new) < 0 || !only_gate(s).verified)
		return 6;
	if (gates_detach(s->gates, s->ifindex, s->note) < 0)
		return 7;
	if (bpf_xdp_attach(s->ifindex, bpf_program__fd(s->new->progs.plain),
			   XDP_FLAGS_SKB_MODE, NULL) < 0)
		return 8;
	if (attach(s, "gw0", ATTACH_NATIVE) != -EBUSY || !strstr(s->note, "id"))
		return 9;
	return 0;
}

static void exclusive_gates_need_three_capabilities_only(void **state)
{
	struct stand *s = *state;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(life_without_sys_admin(s));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_native_gate_is_verified_and_pinned),
		TEST(a_generic_gate_is_generic),
		TEST(auto_takes_native_where_it_can),
		TEST(auto_says_why_it_fell_back),
		TEST(native_never_falls_back),
		TEST(a_refusal_for_the_mtu_says_so),
		TEST(an_interface_that_is_not_there_is_refused),
		TEST(attaching_again_changes_nothing),
		TEST(another_mode_is_refused_rather_than_taken_off),
		TEST(a_foreign_program_is_named_and_left_alone),
		TEST(nobody_replaces_ours_by_accident),
		TEST(a_gate_outlives_us_and_is_adopted),
		TEST(attaching_an_adopted_gate_brings_the_new_program),
		TEST(a_pin_whose_interface_is_gone_is_removed_at_start),
		TEST(a_file_that_is_no_link_of_ours_is_left_alone),
		TEST(forgetting_removes_the_pin),
		TEST(a_swap_drops_the_gate_of_a_vanished_interface),
		TEST(a_link_somebody_cut_is_not_called_protection),
		TEST(a_program_put_in_by_somebody_is_not_called_ours),
		TEST(a_failed_swap_still_reaches_the_other_gates),
		TEST(detaching_leaves_nothing),
		TEST(detaching_takes_it_off_though_others_hold_the_link),
		TEST(a_renamed_interface_is_called_by_its_new_name),
		TEST(gates_come_in_order_of_ifindex),
		TEST(exclusive_gates_need_three_capabilities_only),
	};

	(void)libbpf_set_print(NULL);
	sandbox_enter();
	return cmocka_run_group_tests_name("attach", tests, NULL, NULL);
}
