// SPDX-License-Identifier: GPL-2.0-or-later
/* Captures: which packets are copied and how much of them, and that what is
 * not copied is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/bpf.h>

#include "daemon/packet/capture.h"
#include "tests/support/frames.h"
#include "tests/support/rig.h"

#define DROPPED4  "203.0.113.1"
#define DROPPED6  "2001:db8:bad::1"
#define SHADOWED4 "203.0.113.2"
#define NEVER	  UINT64_MAX /* it ends */
#define PLENTY	  100000
#define LOOPBACK  1 /* where the kernel says that packets of a test came in */

static const char rules[] =
	"version: 1\n"
	"rules:\n"
	"  - {id: trial, action: drop, shadow: true, protocol: tcp}\n"
	"  - {id: later, action: drop, shadow: true, destination_port: 1111}\n"
	"  - {id: web, action: pass, protocol: tcp}\n"
	"  - {id: dns, action: drop, protocol: udp}\n";

enum rule_of_these {
	RULE_TRIAL,
	RULE_LATER,
	RULE_WEB,
	RULE_DNS,
};

static const struct frame_spec tcp = {.family = 4, .proto = 6};
static const struct frame_spec udp = {.family = 4, .proto = 17};
static const struct frame_spec listed4 = {
	.family = 4, .proto = 6, .source = DROPPED4};
static const struct frame_spec listed6 = {
	.family = 6, .proto = 6, .source = DROPPED6};
static const struct frame_spec shadowed = {
	.family = 4, .proto = 6, .source = SHADOWED4};

/* The packet path, a capture of it, and the record taken last. */
struct bench {
	struct rig rig;
	struct capture *capture;
	struct fw_captured record;
	struct fw_capture_loss loss; /* of the only interface there is */
};

static int setup(void **state)
{
	static struct bench bench;

	bench = (struct bench){0};
	rig_init(&bench.rig);
	rig_list(&bench.rig, DROPPED4, RIG_DROP);
	rig_list(&bench.rig, DROPPED6, RIG_DROP);
	rig_list(&bench.rig, SHADOWED4, RIG_SHADOW);
	assert_int_equal(capture_open(bench.rig.maps, &bench.capture), 0);
	*state = &bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	capture_close(bench->capture);
	rig_done(&bench->rig);
	return 0;
}

static struct capture_filter all(void)
{
	return (struct capture_filter){
		.counter = CAPTURE_ANY_RULE,
		.snaplen_bytes = FW_CAPTURE_BYTES,
	};
}

static void begin(struct bench *bench, const struct capture_filter *filter,
		  uint64_t credit)
{
	capture_start(bench->capture, filter, NEVER);
	capture_renew(bench->capture, credit, credit, NEVER);
}

static uint32_t run(struct bench *bench, const struct frame_spec *spec)
{
	static struct frame frame;

	frame_build(spec, &frame);
	return rig_run(&bench->rig, frame.data, frame.len);
}

static void judge_by(struct bench *bench, const char *policy)
{
	rig_skip_if_emulated();
	rig_policy(&bench->rig, policy);
}

static void keep(void *arg, const struct fw_captured *record)
{
	struct bench *bench = arg;

	memcpy(&bench->record, record,
	       offsetof(struct fw_captured, bytes) + record->kept);
}

static int take(struct bench *bench)
{
	return capture_take(bench->capture, keep, bench, PLENTY);
}

/* How many copies one such packet makes. */
static int copies(struct bench *bench, const struct frame_spec *spec)
{
	(void)run(bench, spec);
	return take(bench);
}

static int keep_loss(void *arg, uint32_t ifindex,
		     const struct fw_capture_loss *loss)
{
	struct bench *bench = arg;

	assert_int_equal(ifindex, LOOPBACK);
	bench->loss = *loss;
	return 0;
}

static const struct fw_capture_loss *lost(struct bench *bench)
{
	bench->loss = (struct fw_capture_loss){0};
	assert_int_equal(capture_each_loss(bench->capture, keep_loss, bench),
			 0);
	return &bench->loss;
}

static void nothing_is_copied_before_or_after(void **state)
{
	struct bench *bench = *state;
	const struct capture_filter filter = all();

	assert_int_equal(copies(bench, &listed4), 0);
	begin(bench, &filter, PLENTY);
	assert_int_equal(copies(bench, &listed4), 1);
	capture_stop(bench->capture);
	assert_int_equal(copies(bench, &listed4), 0);
	assert_int_equal(lost(bench)->above_rate, 0);
}

static void a_copy_says_what_became_of_the_packet(void **state)
{
	struct bench *bench = *state;
	const struct capture_filter filter = all();
	const struct fw_captured *record = &bench->record;
	static struct frame frame;

	begin(bench, &filter, PLENTY);
	frame_build(&listed6, &frame);
	assert_int_equal(rig_run(&bench->rig, frame.data, frame.len), XDP_DROP);
	assert_int_equal(take(bench), 1);
	assert_int_equal(record->reason, FW_DROP_LISTED);
	assert_int_equal(record->set_id, RIG_SET);
	assert_int_equal(record->counter, FW_RULE_NONE);
	assert_int_equal(record->shadow, FW_RULE_NONE);
	assert_int_equal(record->direction, FW_IN);
	assert_int_equal(record->ifindex, LOOPBACK);
	assert_int_equal(record->len, frame.len);
	assert_int_equal(record->kept, frame.len);
	assert_memory_equal(record->bytes, frame.data, frame.len);
}

static void a_copy_is_no_longer_than_asked(void **state)
{
	struct bench *bench = *state;
	const struct fw_captured *record = &bench->record;
	const struct frame_spec jumbo = {.family = 4,
					 .proto = 17,
					 .source = DROPPED4,
					 .payload_bytes = 3000};
	static const uint32_t lengths[] = {1, 60, 64, 1500, 3000};
	static struct frame frame;

	frame_build(&jumbo, &frame);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct capture_filter filter = all();

		filter.snaplen_bytes = lengths[i];
		begin(bench, &filter, PLENTY);
		assert_int_equal(copies(bench, &jumbo), 1);
		assert_int_equal(record->kept, lengths[i]);
		assert_int_equal(record->len, frame.len);
		assert_memory_equal(record->bytes, frame.data, lengths[i]);
	}
}

/* Of more than one buffer: the kernel cuts a test's frame where it is told. */
static void a_frame_in_pieces_is_copied_whole(void **state)
{
	struct bench *bench = *state;
	const struct capture_filter filter = all();
	const struct frame_spec jumbo = {.family = 4,
					 .proto = 17,
					 .source = DROPPED4,
					 .payload_bytes = FRAME_MAX - 42};
	static struct frame frame;

	begin(bench, &filter, PLENTY);
	frame_build(&jumbo, &frame);
	(void)rig_run(&bench->rig, frame.data, frame.len);
	assert_int_equal(take(bench), 1);
	assert_int_equal(bench->record.kept, FRAME_MAX);
	assert_memory_equal(bench->record.bytes, frame.data, FRAME_MAX);
}

static void what_passes_is_not_copied(void **state)
{
	struct bench *bench = *state;
	const struct capture_filter filter = all();

	begin(bench, &filter, PLENTY);
	assert_int_equal(run(bench, &tcp), XDP_PASS);
	assert_int_equal(take(bench), 0);
}

static void what_a_set_in_shadow_lets_through_is_copied(void **state)
{
	struct bench *bench = *state;
	struct capture_filter filter = all();

	begin(bench, &filter, PLENTY);
	assert_int_equal(run(bench, &shadowed), XDP_PASS);
	assert_int_equal(take(bench), 1);
	assert_int_equal(bench->record.reason, FW_PASS_SHADOW);
	filter.reason = FW_PASS_SHADOW;
	begin(bench, &filter, PLENTY);
	assert_int_equal(copies(bench, &shadowed), 1);
	assert_int_equal(copies(bench, &listed4), 0);
}

static void what_a_rule_in_shadow_lets_through_is_copied(void **state)
{
	struct bench *bench = *state;
	struct capture_filter filter = all();

	judge_by(bench, rules);
	begin(bench, &filter, PLENTY);
	assert_int_equal(run(bench, &tcp), XDP_PASS);
	assert_int_equal(take(bench), 1);
	assert_int_equal(bench->record.reason, FW_PASS_RULE);
	assert_int_equal(bench->record.counter, RULE_WEB);
	assert_int_equal(bench->record.shadow, RULE_TRIAL);
	/* by its own id, also when it is not the first; by no other's */
	filter.counter = RULE_LATER;
	begin(bench, &filter, PLENTY);
	assert_int_equal(copies(bench, &tcp), 1);
	assert_int_equal(bench->record.shadow, RULE_LATER);
	filter.counter = RULE_WEB;
	begin(bench, &filter, PLENTY);
	assert_int_equal(copies(bench, &tcp), 0);
	filter = all();
	filter.reason = FW_PASS_SHADOW;
	begin(bench, &filter, PLENTY);
	assert_int_equal(copies(bench, &tcp), 1);
}

static void a_rule_is_asked_for_by_where_it_is_counted(void **state)
{
	struct bench *bench = *state;
	struct capture_filter filter = all();

	judge_by(bench, rules);
	filter.counter = RULE_DNS;
	begin(bench, &filter, PLENTY);
	assert_int_equal(copies(bench, &udp), 1);
	assert_int_equal(bench->record.counter, RULE_DNS);
	assert_int_equal(bench->record.reason, FW_DROP_RULE);
	assert_int_equal(copies(bench, &listed4), 0);
}

static void a_reason_is_asked_for(void **state)
{
	struct bench *bench = *state;
	struct capture_filter filter = all();

	judge_by(bench, rules);
	filter.reason = FW_DROP_LISTED;
	begin(bench, &filter, PLENTY);
	assert_int_equal(copies(bench, &listed4), 1);
	assert_int_equal(copies(bench, &udp), 0);
}

static void a_source_is_asked_for_by_its_network(void **state)
{
	static const struct {
		const char *prefix;
		int copies4, copies6; /* of the listed ones */
	} cases[] = {
		{"203.0.113.1", 1, 0},
		{"203.0.113.0/24", 1, 0},
		{"203.0.113.0/32", 0, 0},
		{"203.0.112.0/24", 0, 0},
		{"0.0.0.0/0", 1, 0},
		{"::/0", 0, 1},
		{"2001:db8:bad::1", 0, 1},
		{"2001:db8:bad::2", 0, 0},
		{"2001:db8:ba0::/44", 0, 1},
		{"2001:db8:bad::/64", 0, 1},
		{"2001:db8:bad:0:8000::/65", 0, 0},
		{"2001:db8:bad::/65", 0, 1},
		{"2001:db9::/32", 0, 0},
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct capture_filter filter = all();
		struct prefix source;

		assert_int_equal(prefix_from_text(cases[i].prefix,
						  strlen(cases[i].prefix),
						  &source),
				 0);
		filter.source = &source;
		begin(bench, &filter, PLENTY);
		if (copies(bench, &listed4) != cases[i].copies4 ||
		    copies(bench, &listed6) != cases[i].copies6)
			fail_msg("%s", cases[i].prefix);
	}
}

static void credit_bounds_the_copies_and_the_rest_is_counted(void **state)
{
	struct bench *bench = *state;
	const struct capture_filter filter = all();
	static struct frame frame;

	begin(bench, &filter, 10);
	frame_build(&listed4, &frame);
	rig_mark(&bench->rig);
	assert_int_equal(rig_repeat(&bench->rig, frame.data, frame.len, 1000),
			 XDP_DROP);
	assert_int_equal(take(bench), 10);
	assert_int_equal(lost(bench)->above_rate, 990);
	assert_int_equal(lost(bench)->ring_full, 0);
	assert_int_equal(rig_counted(&bench->rig, FW_DROP_LISTED).packets,
			 1000);
	/* what is granted is on top, but for what there is room */
	capture_renew(bench->capture, 7, 100, NEVER);
	capture_renew(bench->capture, 7, 10, NEVER);
	(void)rig_repeat(&bench->rig, frame.data, frame.len, 1000);
	assert_int_equal(take(bench), 10);
}

static void with_the_ring_full_copies_are_lost_and_counted(void **state)
{
	struct bench *bench = *state;
	const struct capture_filter filter = all();
	static struct frame frame;
	int taken;

	begin(bench, &filter, PLENTY);
	frame_build(&listed4, &frame);
	assert_int_equal(rig_repeat(&bench->rig, frame.data, frame.len, 20000),
			 XDP_DROP);
	taken = take(bench);
	assert_true(taken > 1000);
	assert_true(taken < 19000);
	assert_int_equal(lost(bench)->ring_full, 20000 - taken);
	assert_int_equal(lost(bench)->above_rate, 0);
	begin(bench, &filter, PLENTY);
	assert_int_equal(lost(bench)->ring_full, 0);
}

static void after_as_many_as_were_asked_for_nothing_is_lost(void **state)
{
	struct bench *bench = *state;
	struct capture_filter filter = all();

	filter.count = 2;
	begin(bench, &filter, PLENTY);
	assert_int_equal(copies(bench, &listed4), 1);
	assert_int_equal(copies(bench, &listed4), 1);
	assert_int_equal(copies(bench, &listed4), 0);
	capture_renew(bench->capture, 0, 0, NEVER);
	assert_int_equal(copies(bench, &listed4), 0);
	assert_int_equal(lost(bench)->above_rate, 0);
}

static void past_its_time_nothing_is_copied(void **state)
{
	struct bench *bench = *state;
	const struct capture_filter filter = all();

	begin(bench, &filter, PLENTY);
	capture_renew(bench->capture, 0, PLENTY, 1); /* ns after the boot */
	assert_int_equal(copies(bench, &listed4), 0);
	assert_int_equal(lost(bench)->above_rate, 0);
	capture_renew(bench->capture, 0, PLENTY, NEVER);
	assert_int_equal(copies(bench, &listed4), 1);
}

static void copies_for_the_capture_before_are_not_handed_out(void **state)
{
	struct bench *bench = *state;
	const struct capture_filter filter = all();

	begin(bench, &filter, PLENTY);
	(void)run(bench, &listed4);
	begin(bench, &filter, PLENTY);
	assert_int_equal(take(bench), 0);
	assert_int_equal(copies(bench, &listed4), 1);
}

static void a_bounded_number_is_taken_at_a_time(void **state)
{
	struct bench *bench = *state;
	const struct capture_filter filter = all();

	begin(bench, &filter, PLENTY);
	for (int i = 0; i < 5; i++)
		(void)run(bench, &listed4);
	assert_int_equal(capture_take(bench->capture, keep, bench, 3), 3);
	assert_int_equal(capture_take(bench->capture, keep, bench, 3), 2);
}

static void what_is_dropped_on_the_way_out_is_copied(void **state)
{
	struct bench *bench = *state;
	const struct capture_filter filter = all();
	const struct frame_spec spec = {
		.family = 4, .proto = 17, .payload_bytes = 3000};
	static struct frame frame;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame.data);

	judge_by(bench, "version: 1\n"
			"rules:\n"
			"  - {id: no-dns, action: drop, out: any, "
			"protocol: udp}\n");
	begin(bench, &filter, PLENTY);
	frame_build(&spec, &frame);
	opts.data_size_in = (uint32_t)frame.len;
	assert_int_equal(bpf_prog_test_run_opts(
				 program_egress_fd(bench->rig.program), &opts),
			 0);
	assert_int_equal(take(bench), 1);
	assert_int_equal(bench->record.direction, FW_OUT);
	assert_int_equal(bench->record.counter, 0);
	assert_int_equal(bench->record.kept, frame.len);
	assert_memory_equal(bench->record.bytes, frame.data, frame.len);
}

static void a_capture_goes_on_under_the_next_policy(void **state)
{
	struct bench *bench = *state;
	const struct capture_filter filter = all();

	judge_by(bench, rules);
	begin(bench, &filter, PLENTY);
	(void)run(bench, &udp);
	judge_by(bench, "version: 1\n"
			"rules:\n"
			"  - {id: dns, action: drop}\n");
	assert_int_equal(take(bench), 1);
	assert_int_equal(bench->record.counter, RULE_DNS);
	assert_int_equal(copies(bench, &tcp), 1);
	assert_int_equal(bench->record.counter, 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(nothing_is_copied_before_or_after),
		test(a_copy_says_what_became_of_the_packet),
		test(a_copy_is_no_longer_than_asked),
		test(a_frame_in_pieces_is_copied_whole),
		test(what_passes_is_not_copied),
		test(what_a_set_in_shadow_lets_through_is_copied),
		test(what_a_rule_in_shadow_lets_through_is_copied),
		test(a_rule_is_asked_for_by_where_it_is_counted),
		test(a_reason_is_asked_for),
		test(a_source_is_asked_for_by_its_network),
		test(credit_bounds_the_copies_and_the_rest_is_counted),
		test(with_the_ring_full_copies_are_lost_and_counted),
		test(after_as_many_as_were_asked_for_nothing_is_lost),
		test(past_its_time_nothing_is_copied),
		test(copies_for_the_capture_before_are_not_handed_out),
		test(a_bounded_number_is_taken_at_a_time),
		test(what_is_dropped_on_the_way_out_is_copied),
		test(a_capture_goes_on_under_the_next_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
