// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/state_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "rules/compile.h"
#include "tests/support/bench_maps.h"
#include "tests/support/flow_maps.h"
#include "tests/support/flow_model.h"

#define SECOND_NS UINT64_C(1000000000)

struct thresholds state_bench_thresholds(void)
{
	struct thresholds thresholds = flow_model_thresholds();

	thresholds.flows = 4096;
	thresholds.half_open = 4096;
	return thresholds;
}

static void make_policy(struct state_bench *bench,
			const struct thresholds *thresholds, uint8_t dropped)
{
	policy_init(&bench->policy);
	for (int i = 0; i < STATE_RULES; i++) {
		struct rule *rule = &bench->rules[i];

		*rule = (struct rule){
			.action = dropped >> i & 1 ? RULE_DROP : RULE_PASS,
			.directions = DIRECTION_IN | DIRECTION_OUT,
			.states = (uint8_t)(1 << i),
		};
		(void)snprintf(rule->id, sizeof(rule->id), "%s",
			       flow_state_name((enum flow_state)i));
	}
	bench->policy.rules = bench->rules;
	bench->policy.rule_count = STATE_RULES;
	bench->policy.thresholds = *thresholds;
	bench->policy.essentials = 0;
}

static void load(struct state_bench *bench, const struct thresholds *thresholds,
		 uint8_t dropped)
{
	static const uint16_t counters[] = {0, 1, 2, 3};
	char note[MAPS_NOTE_MAX];
	int r;

	_Static_assert(ARRAY_LEN(counters) == STATE_RULES, "");
	make_policy(bench, thresholds, dropped);
	r = compile(&bench->policy, &bench->compiled, note);
	if (r < 0)
		fail_msg("compile: %s: %s", strerror(-r), note);
	r = program_load(bench->maps,
			 &(struct program_config){
				 .policy = &bench->policy,
				 .compiled = bench->compiled,
				 .counters = counters,
			 },
			 &bench->program, note);
	if (r < 0)
		fail_msg("program_load: %s: %s", strerror(-r), note);
}

void state_bench_begin(struct state_bench *bench,
		       const struct thresholds *thresholds, uint8_t dropped)
{
	*bench = (struct state_bench){.maps = bench_maps_load()};
	load(bench, thresholds, dropped);
}

static void unload(struct state_bench *bench)
{
	program_free(TAKE(bench->program));
	compiled_free(TAKE(bench->compiled));
}

void state_bench_end(struct state_bench *bench)
{
	unload(bench);
	maps_free(bench->maps);
	*bench = (struct state_bench){0};
}

void state_bench_reload(struct state_bench *bench,
			const struct thresholds *thresholds, uint8_t dropped)
{
	unload(bench);
	load(bench, thresholds, dropped);
}

static int keep_event(void *arg, const struct fw_event *event)
{
	struct fw_event *kept = arg;

	*kept = *event;
	return 0;
}

static int gate_fd(const struct state_bench *bench, int gate)
{
	return gate == FW_OUT ? program_egress_fd(bench->program)
			      : program_gate(bench->program)->fd;
}

enum flow_state state_bench_frame(struct state_bench *bench, int gate,
				  const uint8_t *data, size_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data,
		    .data_size_in = (uint32_t)len, .repeat = 1);
	struct fw_event event = {.counter = FW_RULE_NONE};

	maps_set_credit(bench->maps, 1);
	if (bpf_prog_test_run_opts(gate_fd(bench, gate), &opts) < 0)
		fail_msg("a frame of %zu bytes was not run: %s", len,
			 strerror(errno));
	assert_int_equal(maps_take_events(bench->maps, keep_event, &event, 2),
			 1);
	return event.counter == FW_RULE_NONE ? FLOW_STATE_COUNT
					     : (enum flow_state)event.counter;
}

enum flow_state state_bench_see(struct state_bench *bench,
				const struct segment *segment)
{
	struct segment_frame frame;

	segment_build(segment, &frame);
	return state_bench_frame(bench, FW_IN, frame.data, frame.len);
}

enum flow_state state_bench_see_out(struct state_bench *bench,
				    const struct segment *segment)
{
	struct segment_frame frame;

	segment_build(segment, &frame);
	return state_bench_frame(bench, FW_OUT, frame.data, frame.len);
}

uint32_t state_bench_repeat(struct state_bench *bench,
			    const struct segment *segment, int count)
{
	struct segment_frame frame;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame.data,
		    .repeat = count);

	segment_build(segment, &frame);
	opts.data_size_in = (uint32_t)frame.len;
	maps_set_credit(bench->maps, 0);
	assert_int_equal(bpf_prog_test_run_opts(gate_fd(bench, FW_IN), &opts),
			 0);
	return opts.duration;
}

void state_bench_age(struct state_bench *bench, uint64_t seconds)
{
	flow_maps_age(gate_fd(bench, FW_IN), seconds);
}

static int add_flow(void *arg, const struct flow *flow)
{
	struct state_bench_numbers *numbers = arg;

	if (flow->stage == FW_STAGE_OPEN)
		numbers->open++;
	else
		numbers->opening++;
	numbers->last = *flow;
	return 0;
}

struct state_bench_numbers state_bench_numbers(struct state_bench *bench)
{
	struct state_bench_numbers numbers = {0};
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &now), 0);
	assert_int_equal(flows_each(maps_flows(bench->maps),
				    (uint64_t)now.tv_sec * SECOND_NS +
					    (uint64_t)now.tv_nsec,
				    add_flow, &numbers),
			 0);
	return numbers;
}

struct fw_flow_counts state_bench_counts(struct state_bench *bench)
{
	struct fw_flow_counts counts;

	assert_int_equal(flows_counts(maps_flows(bench->maps), &counts), 0);
	return counts;
}
