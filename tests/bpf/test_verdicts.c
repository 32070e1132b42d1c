// SPDX-License-Identifier: GPL-2.0-or-later
/* What a class makes of a packet, and who passes whatever is listed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/bpf.h>

#include "tests/support/frames.h"
#include "tests/support/rig.h"

#define DROPPED4 "203.0.113.1"
#define ALLOWED4 "203.0.113.2"
#define SHADOW4	 "203.0.113.3"
#define NEW4	 "203.0.113.4"
#define DROPPED6 "2001:db8:bad::1"
#define ALLOWED6 "2001:db8:bad::2"
#define SHADOW6	 "2001:db8:bad::3"

#define JUMBO_BYTES 9000

static struct rig rig;

/* The one reason of a frame; its action is checked against it. */
static enum fw_reason reason_of_frame(const struct frame *frame)
{
	enum fw_reason reason;
	uint32_t verdict;

	rig_mark(&rig);
	verdict = rig_run(&rig, frame->data, frame->len);
	reason = rig_reason(&rig, frame->len);
	assert_int_equal(verdict, rig_verdict_of(reason));
	return reason;
}

static enum fw_reason reason_of(const struct frame_spec *spec)
{
	static struct frame frame;

	frame_build(spec, &frame);
	return reason_of_frame(&frame);
}

static enum fw_reason reason_of_source(uint8_t family, const char *source)
{
	return reason_of(&(struct frame_spec){
		.family = family, .proto = 6, .source = source});
}

static void the_class_of_the_source_decides(void **state)
{
	(void)state;
	assert_int_equal(reason_of_source(4, DROPPED4), FW_DROP_LISTED);
	assert_int_equal(reason_of_source(4, ALLOWED4), FW_PASS_ALLOWED);
	assert_int_equal(reason_of_source(4, SHADOW4), FW_PASS_SHADOW);
	assert_int_equal(reason_of_source(6, DROPPED6), FW_DROP_LISTED);
	assert_int_equal(reason_of_source(6, ALLOWED6), FW_PASS_ALLOWED);
	assert_int_equal(reason_of_source(6, SHADOW6), FW_PASS_SHADOW);
}

static void a_class_without_a_record_has_no_opinion(void **state)
{
	(void)state;
	assert_int_equal(reason_of_source(4, NEW4), FW_PASS_UNLISTED);
}

static void an_allowed_source_passes_even_if_the_rest_is_cut(void **state)
{
	static struct frame frame;

	(void)state;
	frame_build(&(struct frame_spec){.family = 4,
					 .proto = 6,
					 .source = ALLOWED4},
		    &frame);
	frame.len = frame.source_end + 1;
	assert_int_equal(reason_of_frame(&frame), FW_PASS_ALLOWED);
}

static void a_listed_destination_is_no_reason(void **state)
{
	static struct frame frame;

	(void)state;
	frame_build(&(struct frame_spec){.family = 4, .proto = 6}, &frame);
	memcpy(frame.data + frame.l3 + 16, "\xcb\x00\x71\x01", 4);
	assert_int_equal(reason_of_frame(&frame), FW_PASS_UNLISTED);
}

static void the_source_inside_a_tunnel_is_not_looked_at(void **state)
{
	const struct frame_spec inner = {
		.family = 4, .proto = 6, .source = DROPPED4};

	(void)state;
	assert_int_equal(reason_of(&(struct frame_spec){
				 .family = 4, .proto = 4, .inner = &inner}),
			 FW_PASS_UNLISTED);
	assert_int_equal(reason_of(&(struct frame_spec){
				 .family = 6, .proto = 17, .inner = &inner}),
			 FW_PASS_UNLISTED);
}

static struct frame_spec neighbour(uint8_t type)
{
	return (struct frame_spec){
		.family = 6,
		.proto = 58,
		.source = DROPPED6,
		.hop_limit = 255,
		.icmp_type = type,
		.payload_bytes = 24,
	};
}

static void neighbour_discovery_of_a_listed_source_passes(void **state)
{
	(void)state;
	for (uint8_t type = 1; type != 0; type++) {
		struct frame_spec spec = neighbour(type);
		bool is_nd = type >= 133 && type <= 137;

		assert_int_equal(reason_of(&spec),
				 is_nd ? FW_PASS_NEIGHBOUR : FW_DROP_LISTED);
	}
}

static void neighbour_discovery_passes_with_hop_limit_255_only(void **state)
{
	struct frame_spec spec = neighbour(135);

	(void)state;
	for (unsigned int limit = 1; limit < 255; limit++) {
		spec.hop_limit = (uint8_t)limit;
		assert_int_equal(reason_of(&spec), FW_DROP_LISTED);
	}
}

static void neighbour_discovery_passes_with_code_0_only(void **state)
{
	struct frame_spec spec = neighbour(135);

	(void)state;
	spec.icmp_code = 1;
	assert_int_equal(reason_of(&spec), FW_DROP_LISTED);
}

static void neighbour_discovery_behind_a_header_is_dropped(void **state)
{
	static const uint8_t kinds[] = {0, 43, 44, 51, 60};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct frame_spec spec = neighbour(135);

		spec.chain[0] = kinds[i];
		spec.chain_count = 1;
		assert_int_equal(reason_of(&spec), FW_DROP_LISTED);
	}
}

static void neighbour_discovery_in_a_tagged_frame_passes(void **state)
{
	struct frame_spec spec = neighbour(136);

	(void)state;
	spec.tags[0] = FRAME_8021AD;
	spec.tags[1] = FRAME_8021Q;
	assert_int_equal(reason_of(&spec), FW_PASS_NEIGHBOUR);
}

static void neighbour_discovery_cut_before_its_end_is_dropped(void **state)
{
	static struct frame frame;
	struct frame_spec spec = neighbour(135);

	(void)state;
	frame_build(&spec, &frame);
	frame.len = frame.source_end + 7;
	assert_int_equal(reason_of_frame(&frame), FW_DROP_LISTED);
}

static void neighbour_discovery_that_is_padding_is_dropped(void **state)
{
	static struct frame frame;
	struct frame_spec spec = neighbour(135);

	(void)state;
	frame_build(&spec, &frame);
	for (uint8_t bytes = 0; bytes <= 8; bytes++) {
		frame.data[frame.l3 + 4] = 0;
		frame.data[frame.l3 + 5] = bytes;
		assert_int_equal(reason_of_frame(&frame),
				 bytes < 8 ? FW_DROP_LISTED
					   : FW_PASS_NEIGHBOUR);
	}
	frame.data[frame.l3 + 4] = 1;
	frame.data[frame.l3 + 5] = 0;
	assert_int_equal(reason_of_frame(&frame), FW_PASS_NEIGHBOUR);
}

static void neighbour_discovery_in_ipv4_is_dropped(void **state)
{
	struct frame_spec spec = neighbour(135);

	(void)state;
	spec.family = 4;
	spec.source = DROPPED4;
	assert_int_equal(reason_of(&spec), FW_DROP_LISTED);
}

static void what_is_not_ip_passes(void **state)
{
	static const uint16_t types[] = {
		0x0806, /* ARP */
		0x88cc, /* LLDP */
		0x0026, /* a length: 802.2, spanning tree */
		0x8864, /* PPPoE */
		0x8847, /* MPLS */
		0x9100, /* a tag that Linux does not know either */
		0x0000, 0x07ff, 0x0801, 0x86dc, 0x86de, 0xffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct frame_spec spec = {.ethertype = types[i]};

		for (spec.payload_bytes = 0; spec.payload_bytes < 64;
		     spec.payload_bytes += 28)
			assert_int_equal(reason_of(&spec), FW_PASS_NOT_IP);
		spec.tags[0] = FRAME_8021Q;
		assert_int_equal(reason_of(&spec), FW_PASS_NOT_IP);
		spec.tags[1] = FRAME_8021AD;
		assert_int_equal(reason_of(&spec), FW_PASS_NOT_IP);
	}
}

static void a_third_tag_is_dropped_whatever_follows(void **state)
{
	struct frame_spec spec = {
		.tags = {FRAME_8021Q, FRAME_8021Q, FRAME_8021AD},
		.ethertype = 0x0806,
		.payload_bytes = 28,
	};

	(void)state;
	assert_int_equal(reason_of(&spec), FW_DROP_TAGS);
}

static void jumbo_frames_are_judged_and_counted_in_full(void **state)
{
	struct frame_spec spec = {
		.family = 4, .proto = 17, .payload_bytes = JUMBO_BYTES - 42};

	(void)state;
	assert_int_equal(reason_of(&spec), FW_PASS_UNLISTED);
	spec.source = DROPPED4;
	assert_int_equal(reason_of(&spec), FW_DROP_LISTED);
	spec.family = 6;
	spec.payload_bytes = JUMBO_BYTES - 62;
	spec.source = DROPPED6;
	assert_int_equal(reason_of(&spec), FW_DROP_LISTED);
	assert_int_equal(rig_counted(&rig, FW_DROP_LISTED).bytes, JUMBO_BYTES);
}

/* What is not in the first buffer is not read, so the source is not known. */
static void a_header_split_over_buffers_is_dropped(void **state)
{
	static struct frame frame;
	uint32_t verdict;

	(void)state;
	frame_build(&(struct frame_spec){.family = 6, .proto = 6}, &frame);
	rig_mark(&rig);
	if (!rig_run_split(&rig, frame.data, frame.len, frame.source_end - 1,
			   &verdict))
		skip();
	assert_int_equal(verdict, XDP_DROP);
	assert_int_equal(rig_reason(&rig, frame.len), FW_DROP_TRUNCATED);

	rig_mark(&rig);
	assert_true(rig_run_split(&rig, frame.data, frame.len, frame.source_end,
				  &verdict));
	assert_int_equal(verdict, XDP_PASS);
	assert_int_equal(rig_reason(&rig, frame.len), FW_PASS_UNREADABLE);
}

static int setup(void **state)
{
	(void)state;
	rig_init(&rig);
	rig_list(&rig, DROPPED4, RIG_DROP);
	rig_list(&rig, ALLOWED4, RIG_ALLOW);
	rig_list(&rig, SHADOW4, RIG_SHADOW);
	rig_list(&rig, NEW4, RIG_UNKNOWN);
	rig_list(&rig, DROPPED6, RIG_DROP);
	rig_list(&rig, ALLOWED6, RIG_ALLOW);
	rig_list(&rig, SHADOW6, RIG_SHADOW);
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
		cmocka_unit_test(the_class_of_the_source_decides),
		cmocka_unit_test(a_class_without_a_record_has_no_opinion),
		cmocka_unit_test(
			an_allowed_source_passes_even_if_the_rest_is_cut),
		cmocka_unit_test(a_listed_destination_is_no_reason),
		cmocka_unit_test(the_source_inside_a_tunnel_is_not_looked_at),
		cmocka_unit_test(neighbour_discovery_of_a_listed_source_passes),
		cmocka_unit_test(
			neighbour_discovery_passes_with_hop_limit_255_only),
		cmocka_unit_test(neighbour_discovery_passes_with_code_0_only),
		cmocka_unit_test(
			neighbour_discovery_behind_a_header_is_dropped),
		cmocka_unit_test(neighbour_discovery_in_a_tagged_frame_passes),
		cmocka_unit_test(
			neighbour_discovery_cut_before_its_end_is_dropped),
		cmocka_unit_test(
			neighbour_discovery_that_is_padding_is_dropped),
		cmocka_unit_test(neighbour_discovery_in_ipv4_is_dropped),
		cmocka_unit_test(what_is_not_ip_passes),
		cmocka_unit_test(a_third_tag_is_dropped_whatever_follows),
		cmocka_unit_test(jumbo_frames_are_judged_and_counted_in_full),
		cmocka_unit_test(a_header_split_over_buffers_is_dropped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
