// SPDX-License-Identifier: GPL-2.0-or-later
/* Events: what they say of a packet, and that telling, or failing to, changes
 * no verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "tests/support/frames.h"
#include "tests/support/rig.h"

#define DROPPED4 "203.0.113.1"

#define JUMBO_BYTES 9000
#define FLOOD	    5000 /* packets; the ring holds less than half */

static struct rig rig;

/* The one reason of a frame without an event. */
static enum fw_reason reason_of_frame(const struct frame *frame)
{
	maps_set_credit(rig.maps, 0);
	rig_mark(&rig);
	(void)rig_run(&rig, frame->data, frame->len);
	return rig_reason(&rig, frame->len);
}

static struct fw_event event_of(const struct frame_spec *spec)
{
	static struct frame frame;
	uint32_t verdict;

	frame_build(spec, &frame);
	return rig_event(&rig, frame.data, frame.len, &verdict);
}

static void an_event_says_who_and_why(void **state)
{
	struct fw_event event = event_of(&(struct frame_spec){
		.family = 4, .proto = 6, .source = DROPPED4});

	(void)state;
	assert_int_equal(event.reason, FW_DROP_LISTED);
	assert_int_equal(event.class_id, RIG_DROP);
	assert_int_equal(event.set_id, RIG_SET);
	assert_int_equal(event.len, 54);
	assert_memory_equal(event.saddr, "\xcb\x00\x71\x01\0\0\0\0", 8);
	assert_int_equal(event.sport, FRAME_SPORT);
	assert_int_equal(event.dport, FRAME_DPORT);
	assert_int_equal(event.tcp_flags, FRAME_FLAGS);
}

static void an_event_holds_the_head_of_the_frame(void **state)
{
	static struct frame frame;
	uint32_t verdict;
	struct fw_event event;

	(void)state;
	frame_build(&(struct frame_spec){.family = 6,
					 .proto = 17,
					 .payload_bytes = JUMBO_BYTES - 62},
		    &frame);
	event = rig_event(&rig, frame.data, frame.len, &verdict);
	assert_int_equal(event.len, JUMBO_BYTES);
	assert_int_equal(event.head_len, FW_EVENT_HEAD);
	assert_memory_equal(event.head, frame.data, FW_EVENT_HEAD);

	event = rig_event(&rig, frame.data, 20, &verdict);
	assert_int_equal(event.head_len, 20);
	assert_memory_equal(event.head, frame.data, 20);
}

static void ports_are_not_read_from_the_padding(void **state)
{
	static struct frame frame;
	struct fw_event event;
	uint32_t verdict;

	(void)state;
	frame_build(&(struct frame_spec){.family = 4, .proto = 6}, &frame);
	frame.data[frame.l3 + 3] = 20; /* the packet ends with its header */
	event = rig_event(&rig, frame.data, frame.len, &verdict);
	assert_int_equal(event.reason, FW_PASS_UNREADABLE);
	assert_false(event.l4_read);
	/* and it is no other reason when there is no event */
	assert_int_equal(reason_of_frame(&frame), FW_PASS_UNREADABLE);
}

/* A length of 0 is what segmentation offload leaves. */
static void a_packet_of_length_0_is_as_long_as_its_frame(void **state)
{
	static struct frame frame;
	struct fw_event event;
	uint32_t verdict;

	(void)state;
	frame_build(&(struct frame_spec){.family = 4, .proto = 6}, &frame);
	frame.data[frame.l3 + 3] = 0;
	event = rig_event(&rig, frame.data, frame.len, &verdict);
	assert_int_equal(event.reason, FW_PASS_UNLISTED);
	assert_true(event.l4_read);

	frame_build(&(struct frame_spec){.family = 6, .proto = 6}, &frame);
	frame.data[frame.l3 + 5] = 0;
	event = rig_event(&rig, frame.data, frame.len, &verdict);
	assert_int_equal(event.reason, FW_PASS_UNLISTED);
	assert_true(event.l4_read);
}

static void a_header_past_the_packet_is_not_read(void **state)
{
	static struct frame frame;

	(void)state;
	frame_build(&(struct frame_spec){.family = 6,
					 .proto = 253,
					 .chain = {60},
					 .chain_count = 1,
					 .extension_units = 1},
		    &frame);
	frame.data[frame.l3 + 5] = 8; /* the header has 16 */
	assert_int_equal(reason_of_frame(&frame), FW_PASS_UNREADABLE);

	frame_build(&(struct frame_spec){.family = 4,
					 .proto = 6,
					 .option_bytes = 20},
		    &frame);
	frame.data[frame.l3 + 3] = 39; /* the header has 40 */
	assert_int_equal(reason_of_frame(&frame), FW_PASS_UNREADABLE);
}

static void a_header_of_layer_4_is_read_in_full_or_not_at_all(void **state)
{
	static const struct {
		uint8_t family, proto;
	} headers[] = {{4, 6}, {4, 17}, {4, 132}, {4, 1},
		       {6, 6}, {6, 17}, {6, 132}, {6, 58}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		static struct frame frame;
		struct fw_event event;
		uint32_t verdict;

		frame_build(&(struct frame_spec){.family = headers[i].family,
						 .proto = headers[i].proto},
			    &frame);
		assert_int_equal(reason_of_frame(&frame), FW_PASS_UNLISTED);
		frame.len--;
		assert_int_equal(reason_of_frame(&frame), FW_PASS_UNREADABLE);
		event = rig_event(&rig, frame.data, frame.len, &verdict);
		assert_false(event.l4_read);
		assert_int_equal(event.sport, 0);
		assert_int_equal(event.tcp_flags, 0);
	}
}

static uint8_t frag_with_bit(uint8_t family, unsigned int bit)
{
	static struct frame frame;
	uint32_t verdict;
	size_t at;

	frame_build(&(struct frame_spec){.family = family,
					 .proto = 17,
					 .chain = {44},
					 .chain_count = family == 6},
		    &frame);
	at = frame.l3 + (family == 4 ? 6 : 42);
	frame.data[at] = (uint8_t)(1u << bit >> 8);
	frame.data[at + 1] = (uint8_t)(1u << bit);
	return rig_event(&rig, frame.data, frame.len, &verdict).frag;
}

static void each_bit_of_the_fragment_field_has_its_meaning(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 16; bit++) {
		assert_int_equal(frag_with_bit(4, bit), bit < 13 ? FW_FRAG_LATER
							: bit == 13
								? FW_FRAG_FIRST
								: FW_FRAG_NONE);
		assert_int_equal(frag_with_bit(6, bit), bit >= 3 ? FW_FRAG_LATER
							: bit == 0
								? FW_FRAG_FIRST
								: FW_FRAG_NONE);
	}
}

/* Judge by the same policy with rules counted elsewhere. */
static void recount(const uint16_t *counters)
{
	const struct program_config config = {
		.policy = &rig.policy,
		.compiled = rig.compiled,
		.counters = counters,
	};
	char note[MAPS_NOTE_MAX];

	program_free(TAKE(rig.program));
	assert_int_equal(program_load(rig.maps, &config, &rig.program, note),
			 0);
}

/* Its number is another one when the next policy has a rule before it. */
static void an_event_names_its_rule_by_where_it_is_counted(void **state)
{
	static const uint16_t counters[] = {40, 7};
	const struct frame_spec tcp = {.family = 4, .proto = 6};

	(void)state;
	rig_skip_if_emulated();
	rig_policy(&rig, "version: 1\n"
			 "rules:\n"
			 "  - {id: dns, action: drop, protocol: udp}\n"
			 "  - {id: web, action: drop, protocol: tcp}\n");
	recount(counters);
	assert_int_equal(event_of(&tcp).counter, 7);
	assert_int_equal(event_of(&tcp).reason, FW_DROP_RULE);
	recount((const uint16_t[]){7, 40});
	assert_int_equal(event_of(&tcp).counter, 40);
}

static int forget(void *arg, const struct fw_event *event)
{
	(void)arg;
	(void)event;
	return 0;
}

static void drain(void)
{
	while (maps_take_events(rig.maps, forget, NULL, FLOOD) > 0)
		;
}

/* The same dropped frame, FLOOD times; what became of events. */
static struct maps_events flood(uint32_t credit)
{
	const struct frame_spec spec = {
		.family = 4, .proto = 6, .source = DROPPED4};
	static struct frame frame;
	struct maps_events before, after;

	frame_build(&spec, &frame);
	drain();
	maps_set_credit(rig.maps, credit);
	rig_mark(&rig);
	assert_int_equal(maps_event_counts(rig.maps, &before), 0);
	assert_int_equal(rig_repeat(&rig, frame.data, frame.len, FLOOD),
			 XDP_DROP);
	assert_int_equal(maps_event_counts(rig.maps, &after), 0);
	drain();
	return (struct maps_events){
		.sent = after.sent - before.sent,
		.suppressed = after.suppressed - before.suppressed,
		.lost = after.lost - before.lost,
	};
}

static void without_credit_events_are_suppressed_and_counted(void **state)
{
	struct maps_events count = flood(0);

	(void)state;
	assert_int_equal(count.sent, 0);
	assert_int_equal(count.suppressed, FLOOD);
	assert_int_equal(rig_counted(&rig, FW_DROP_LISTED).packets, FLOOD);
}

static void credit_bounds_the_number_of_events(void **state)
{
	struct maps_events count = flood(10);

	(void)state;
	assert_int_equal(count.sent, 10);
	assert_int_equal(count.suppressed, FLOOD - 10);
	assert_int_equal(count.lost, 0);
}

static void with_the_ring_full_events_are_lost_and_counted(void **state)
{
	struct maps_events count = flood(2 * FLOOD);

	(void)state;
	assert_true(count.sent > 1000);
	assert_true(count.lost > 1000);
	assert_int_equal(count.sent + count.lost, FLOOD);
	assert_int_equal(rig_counted(&rig, FW_DROP_LISTED).packets, FLOOD);
}

static int setup(void **state)
{
	(void)state;
	rig_init(&rig);
	rig_list(&rig, DROPPED4, RIG_DROP);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_done(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_says_who_and_why),
		cmocka_unit_test(an_event_holds_the_head_of_the_frame),
		cmocka_unit_test(ports_are_not_read_from_the_padding),
		cmocka_unit_test(a_packet_of_length_0_is_as_long_as_its_frame),
		cmocka_unit_test(
			without_credit_events_are_suppressed_and_counted),
		cmocka_unit_test(credit_bounds_the_number_of_events),
		cmocka_unit_test(
			with_the_ring_full_events_are_lost_and_counted),
		cmocka_unit_test(a_header_past_the_packet_is_not_read),
		cmocka_unit_test(
			a_header_of_layer_4_is_read_in_full_or_not_at_all),
		cmocka_unit_test(
			each_bit_of_the_fragment_field_has_its_meaning),
		cmocka_unit_test(
			an_event_names_its_rule_by_where_it_is_counted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
