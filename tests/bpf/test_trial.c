// SPDX-License-Identifier: GPL-2.0-or-later
/* A policy on trial, and rules that are asleep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include "rules/document.h"
#include "tests/support/frames.h"
#include "tests/support/rig.h"

#define DROP_ALL                       \
	"version: 1\n"                 \
	"rules:\n"                     \
	"  - {id: no, action: drop}\n" \
	"  - {id: out, action: drop, out: any}\n"
#define PAST  1u /* ns after the boot */
#define NEVER UINT64_MAX

/* Before: all passes, and nothing judges on the way out. On trial: nothing. */
struct stand {
	struct rig rig;
	struct policy policy;
	struct compiled *compiled;
	struct program *trial;
};

static void load_trial(struct stand *stand)
{
	static const uint16_t counters[2] = {0, 1};
	struct program_config config = {.counters = counters, .is_trial = true};
	struct document_note where;
	char note[MAPS_NOTE_MAX];

	assert_int_equal(document_read(DROP_ALL, strlen(DROP_ALL),
				       &stand->policy, &where),
			 0);
	assert_int_equal(compile(&stand->policy, &stand->compiled, note), 0);
	config.policy = &stand->policy;
	config.compiled = stand->compiled;
	assert_int_equal(
		program_load(stand->rig.maps, &config, &stand->trial, note), 0);
}

static int setup(void **state)
{
	static struct stand stand;

	memset(&stand, 0, sizeof(stand));
	rig_init(&stand.rig);
	load_trial(&stand);
	*state = &stand;
	return 0;
}

static int teardown(void **state)
{
	struct stand *stand = *state;

	program_free(stand->trial);
	compiled_free(stand->compiled);
	policy_done(&stand->policy);
	rig_done(&stand->rig);
	return 0;
}

static uint32_t run(int fd)
{
	struct frame frame;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .repeat = 1);

	frame_build(&(struct frame_spec){.family = 4, .proto = 17}, &frame);
	opts.data_in = frame.data;
	opts.data_size_in = (uint32_t)frame.len;
	assert_int_equal(bpf_prog_test_run_opts(fd, &opts), 0);
	return opts.retval;
}

static uint32_t run_in(struct stand *stand)
{
	return run(program_gate(stand->trial)->fd);
}

static uint32_t run_out(struct stand *stand)
{
	return run(program_egress_fd(stand->trial));
}

static void begin(struct stand *stand, uint64_t deadline_ns)
{
	assert_int_equal(program_begin_trial(stand->trial, stand->rig.program,
					     deadline_ns),
			 0);
}

static void before_its_deadline_it_judges(void **state)
{
	struct stand *stand = *state;

	begin(stand, NEVER);
	assert_int_equal(run_in(stand), XDP_DROP);
	assert_int_equal(run_out(stand), TC_ACT_SHOT);
}

static void past_its_deadline_the_one_before_judges(void **state)
{
	struct stand *stand = *state;

	begin(stand, PAST);
	rig_mark(&stand->rig);
	assert_int_equal(run_in(stand), XDP_PASS);
	assert_int_equal(rig_counted(&stand->rig, FW_PASS_UNLISTED).packets, 1);
	assert_int_equal(rig_counted(&stand->rig, FW_DROP_RULE).packets, 0);
}

static void what_had_no_gate_out_has_none_again(void **state)
{
	struct stand *stand = *state;

	begin(stand, PAST);
	rig_mark(&stand->rig);
	assert_int_equal(run_out(stand), (uint32_t)TC_ACT_UNSPEC);
	assert_int_equal(rig_counted_all(&stand->rig), 0);
}

static void what_had_a_gate_out_judges_there_again(void **state)
{
	struct stand *stand = *state;

	rig_policy(&stand->rig, "version: 1\n"
				"defaults: {out: drop}\n");
	begin(stand, PAST);
	rig_mark(&stand->rig);
	assert_int_equal(run_out(stand), TC_ACT_SHOT);
	assert_int_equal(rig_counted(&stand->rig, FW_DROP_DEFAULT).packets, 1);
}

static void confirmed_it_judges_for_good(void **state)
{
	struct stand *stand = *state;

	begin(stand, PAST);
	program_end_trial(stand->trial);
	assert_int_equal(run_in(stand), XDP_DROP);
	assert_int_equal(run_out(stand), TC_ACT_SHOT);
}

static void a_rule_that_is_asleep_is_not_there(void **state)
{
	struct stand *stand = *state;
	struct rig *rig = &stand->rig;
	struct frame frame;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: night, action: drop, time: "
			"[{from: \"22:00\", to: \"06:00\"}]}\n"
			"  - {id: day, action: pass}\n");
	frame_build(&(struct frame_spec){.family = 4, .proto = 17}, &frame);
	assert_int_equal(rig_run(rig, frame.data, frame.len), XDP_DROP);
	program_set_awake(rig->program, 0, false);
	assert_int_equal(rig_run(rig, frame.data, frame.len), XDP_PASS);
	assert_int_equal(rig_rule_count(rig, 0), 1);
	assert_int_equal(rig_rule_count(rig, 1), 1);
	program_set_awake(rig->program, 0, true);
	assert_int_equal(rig_run(rig, frame.data, frame.len), XDP_DROP);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(before_its_deadline_it_judges),
		test(past_its_deadline_the_one_before_judges),
		test(what_had_no_gate_out_has_none_again),
		test(what_had_a_gate_out_judges_there_again),
		test(confirmed_it_judges_for_good),
		test(a_rule_that_is_asleep_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
