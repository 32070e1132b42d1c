// SPDX-License-Identifier: GPL-2.0-or-later
/* What explains: it says what judging would do, and leaves no trace of its own.
 * That both say the same of any packet is for tests/property/test_judges.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "daemon/packet/capture.h"
#include "rules/base.h"
#include "tests/support/explained.h"
#include "tests/support/flow_maps.h"
#include "tests/support/frames.h"
#include "tests/support/rig.h"

#define UDP 17
#define WAN 11 /* no interface of ours */
#define LAN 12

static int setup(void **state)
{
	static struct rig rig;

	rig_init(&rig);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_done(*state);
	return 0;
}

static void build(struct frame *frame, const char *source)
{
	frame_build(&(struct frame_spec){.family = 4,
					 .proto = UDP,
					 .source = source,
					 .payload_bytes = 58},
		    frame);
}

static int no_event(void *arg, const struct fw_event *event)
{
	(void)arg;
	fail_msg("an event of reason %d", event->reason);
	return 0;
}

/* Asked of an explainer made for it. */
static struct fw_trace ask(struct rig *rig, const struct frame *frame,
			   struct explainer_question question)
{
	CLEANUP(explainer_freep) struct explainer *explainer = NULL;
	struct fw_trace trace;

	assert_int_equal(explainer_open(rig->program, &explainer), 0);
	question.frame = frame->data;
	question.len = frame->len;
	explained_ask(explainer, &question, &trace);
	return trace;
}

static struct fw_trace explain(struct rig *rig, const char *source)
{
	struct frame frame;

	build(&frame, source);
	return ask(rig, &frame,
		   (struct explainer_question){.ifindex = WAN,
					       .flow = FW_TRACE_FLOW_LIVE});
}

static void nothing_is_counted_or_sampled(void **state)
{
	struct rig *rig = *state;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: seen, action: count}\n"
			"  - {id: none, action: drop}\n");
	rig_list(rig, "192.0.2.1", RIG_DROP);
	rig_mark(rig);
	maps_set_credit(rig->maps, 10);
	assert_int_equal(explain(rig, "192.0.2.1").reason, FW_DROP_LISTED);
	assert_int_equal(explain(rig, "192.0.2.2").reason, FW_DROP_RULE);
	assert_int_equal(rig_counted_all(rig), 0);
	assert_int_equal(rig_class_count(rig, RIG_DROP).packets, 0);
	assert_int_equal(rig_rule_count(rig, 0), 0);
	assert_int_equal(rig_rule_count(rig, 1), 0);
	assert_int_equal(maps_take_events(rig->maps, no_event, NULL, 1), 0);
}

static void no_copy(void *arg, const struct fw_captured *record)
{
	(void)arg;
	fail_msg("a copy of reason %d", record->reason);
}

static void nothing_is_captured(void **state)
{
	struct rig *rig = *state;
	struct capture *capture;
	const struct capture_filter filter = {
		.counter = CAPTURE_ANY_RULE,
		.snaplen_bytes = 64,
	};

	rig_list(rig, "192.0.2.1", RIG_DROP);
	assert_int_equal(capture_open(rig->maps, &capture), 0);
	capture_start(capture, &filter, UINT64_MAX);
	capture_renew(capture, 100, 100, UINT64_MAX);
	assert_int_equal(explain(rig, "192.0.2.1").reason, FW_DROP_LISTED);
	assert_int_equal(capture_take(capture, no_copy, NULL, 10), 0);
	capture_close(capture);
}

static void no_flow_is_remembered(void **state)
{
	struct rig *rig = *state;
	int fd;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: new, action: pass, state: new}\n");
	fd = program_gate(rig->program)->fd;
	assert_int_equal(explain(rig, "192.0.2.1").reason, FW_PASS_RULE);
	assert_int_equal(flow_maps_count(fd, "flows"), 0);
	assert_int_equal(flow_maps_count(fd, "opening"), 0);
}

static void each_step_says_what_was_done(void **state)
{
	struct rig *rig = *state;
	struct fw_trace trace;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: seen, action: count}\n"
			"  - {id: would, action: drop, shadow: true}\n"
			"  - {id: few, action: limit, limit: {rate: 1/day}}\n"
			"  - {id: tcp, action: drop, protocol: tcp}\n"
			"  - {id: udp, action: pass, protocol: udp}\n"
			"  - {id: rest, action: drop}\n");
	trace = explain(rig, "192.0.2.1");
	assert_int_equal(trace.reason, FW_PASS_RULE);
	assert_int_equal(trace.rule, 4);
	assert_int_equal(trace.step_count, 5);
	assert_int_equal(trace.steps[0].did, FW_DID_COUNTED);
	assert_int_equal(trace.steps[1].did, FW_DID_COUNTED);
	assert_int_equal(trace.steps[1].flags, FW_SLOT_SHADOW);
	assert_int_equal(trace.steps[2].did, FW_DID_WITHIN);
	assert_int_equal(trace.steps[3].rule, 4);
	assert_int_equal(trace.steps[3].did, FW_DID_ENDED);
	assert_int_equal(trace.steps[4].rule, 5);
	assert_int_equal(trace.steps[4].did, FW_DID_BEHIND);
}

static void a_rate_is_asked_and_not_charged(void **state)
{
	struct rig *rig = *state;
	struct frame frame;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: few, action: limit, limit: {rate: 1/day}}\n");
	for (int i = 0; i < 3; i++)
		assert_int_equal(explain(rig, "192.0.2.1").reason,
				 FW_PASS_DEFAULT);
	build(&frame, "192.0.2.1");
	assert_int_equal(rig_run(rig, frame.data, frame.len), XDP_PASS);
	for (int i = 0; i < 3; i++)
		assert_int_equal(explain(rig, "192.0.2.1").reason,
				 FW_DROP_LIMIT);
	assert_int_equal(explain(rig, "192.0.2.2").reason, FW_PASS_DEFAULT);
}

static void the_interface_is_the_one_asked_about(void **state)
{
	struct rig *rig = *state;
	struct explainer_question question = {.flow = FW_TRACE_FLOW_LIVE};
	struct frame frame;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: wan, action: drop, interface: wan0}\n");
	assert_int_equal(program_put_gate(rig->program, WAN, "wan0"), 0);
	assert_int_equal(program_put_gate(rig->program, LAN, "lan0"), 0);
	build(&frame, "192.0.2.1");
	question.ifindex = WAN;
	assert_int_equal(ask(rig, &frame, question).reason, FW_DROP_RULE);
	question.ifindex = LAN;
	assert_int_equal(ask(rig, &frame, question).reason, FW_PASS_DEFAULT);
}

static void members_of_this_moment_are_asked(void **state)
{
	struct rig *rig = *state;
	CLEANUP(explainer_freep) struct explainer *explainer = NULL;
	struct fw_trace trace;
	struct frame frame;
	struct explainer_question question = {.flow = FW_TRACE_FLOW_LIVE};

	assert_int_equal(explainer_open(rig->program, &explainer), 0);
	build(&frame, "203.0.113.9");
	question.frame = frame.data;
	question.len = frame.len;
	explained_ask(explainer, &question, &trace);
	assert_int_equal(trace.reason, FW_PASS_UNLISTED);
	assert_int_equal(trace.source_class, 0);
	rig_list(rig, "203.0.113.0/24", RIG_DROP);
	explained_ask(explainer, &question, &trace);
	assert_int_equal(trace.reason, FW_DROP_LISTED);
	assert_int_equal(trace.source_class, RIG_DROP);
	assert_int_equal(trace.saddr[1], 0xcb007109);
}

static void without_a_policy_there_is_no_way_out_to_explain(void **state)
{
	struct rig *rig = *state;
	CLEANUP(explainer_freep) struct explainer *explainer = NULL;
	struct explainer_question question = {.is_out = true};
	struct fw_trace trace;
	struct frame frame;

	build(&frame, "192.0.2.1");
	question.frame = frame.data;
	question.len = frame.len;
	assert_int_equal(explainer_open(rig->program, &explainer), 0);
	assert_int_equal(explainer_run(explainer, &question, &trace),
			 -EOPNOTSUPP);
}

static void a_frame_the_kernel_does_not_run_is_told_of(void **state)
{
	struct rig *rig = *state;
	CLEANUP(explainer_freep) struct explainer *explainer = NULL;
	static const uint8_t zeros[4];
	struct explainer_question question = {.frame = zeros,
					      .len = sizeof(zeros)};
	struct fw_trace trace;

	if (rig_takes(rig, sizeof(zeros)))
		skip();
	assert_int_equal(explainer_open(rig->program, &explainer), 0);
	assert_int_equal(explainer_run(explainer, &question, &trace),
			 -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_counted_or_sampled,
						setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_captured, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_flow_is_remembered, setup,
						teardown),
		cmocka_unit_test_setup_teardown(each_step_says_what_was_done,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_rate_is_asked_and_not_charged,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_interface_is_the_one_asked_about, setup, teardown),
		cmocka_unit_test_setup_teardown(
			members_of_this_moment_are_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(
			without_a_policy_there_is_no_way_out_to_explain, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_frame_the_kernel_does_not_run_is_told_of, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
