// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What packet_read() finds in a frame, row by row of docs/parsing.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/packet.h"
#include "tests/support/frames.h"

#define TCP	 6
#define UDP	 17
#define SCTP	 132
#define HOP	 0
#define ROUTING	 43
#define FRAGMENT 44
#define ESP	 50
#define AH	 51
#define NO_NEXT	 59
#define OPTIONS	 60

static const struct frame_spec tcp4 = {.family = 4, .proto = TCP};
static const struct frame_spec tcp6 = {.family = 6, .proto = TCP};

/* Read a copy that ends where the frame does, so a byte too far is found. */
static enum packet_reading read_bytes(const uint8_t *bytes, size_t len,
				      struct packet *ret_packet)
{
	uint8_t *copy = malloc(len + !len);
	enum packet_reading reading;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	reading = packet_read(copy, len, ret_packet);
	free(copy);
	return reading;
}

static enum packet_reading read_frame(const struct frame *frame,
				      struct packet *ret_packet)
{
	return read_bytes(frame->data, frame->len, ret_packet);
}

static struct packet read_spec(const struct frame_spec *spec,
			       enum packet_reading expected)
{
	struct packet packet;
	struct frame frame;

	frame_build(spec, &frame);
	assert_int_equal(read_frame(&frame, &packet), expected);
	return packet;
}

static void assert_address(const struct prefix *address, const char *expected)
{
	char text[PREFIX_TEXT_MAX];

	assert_int_equal(address->bits, 128);
	assert_string_equal(prefix_to_text(address, text), expected);
}

static void assert_ports(const struct packet *packet)
{
	assert_true(packet->has_ports);
	assert_int_equal(packet->source_port, FRAME_SPORT);
	assert_int_equal(packet->destination_port, FRAME_DPORT);
}

static void assert_nothing_of_layer_4(const struct packet *packet)
{
	assert_false(packet->has_ports);
	assert_false(packet->has_flags);
	assert_false(packet->has_icmp);
	assert_int_equal(packet->source_port, 0);
	assert_int_equal(packet->destination_port, 0);
	assert_int_equal(packet->flags, 0);
	assert_int_equal(packet->icmp, 0);
}

static void a_segment_of_tcp_has_all_its_facts(void **state)
{
	struct packet packet = read_spec(&tcp4, PACKET_READ);

	(void)state;
	assert_int_equal(packet.family, 4);
	assert_address(&packet.source, "192.0.2.1");
	assert_address(&packet.destination, "198.51.100.9");
	assert_true(packet.has_protocol);
	assert_int_equal(packet.protocol, TCP);
	assert_ports(&packet);
	assert_true(packet.has_flags);
	assert_int_equal(packet.flags, FRAME_FLAGS);
	assert_false(packet.has_icmp);
	assert_int_equal(packet.length, 40);
	assert_int_equal(packet.hop_limit, 64);
	assert_int_equal(packet.frag, FRAG_NONE);
	assert_int_equal(packet.vlan, RANGE_VLAN_NONE);
	assert_memory_equal(packet.mac.addr, "\2\0\0\0\0\2", 6);
}

static void ipv6_is_read_like_ipv4(void **state)
{
	struct packet packet = read_spec(&tcp6, PACKET_READ);

	(void)state;
	assert_int_equal(packet.family, 6);
	assert_address(&packet.source, "2001:db8::1");
	assert_address(&packet.destination, "2001:db8:9::9");
	assert_int_equal(packet.protocol, TCP);
	assert_ports(&packet);
	assert_int_equal(packet.flags, FRAME_FLAGS);
	assert_int_equal(packet.length, 60);
	assert_int_equal(packet.hop_limit, 64);
}

static void what_the_caller_adds_is_empty(void **state)
{
	struct packet packet = read_spec(&tcp4, PACKET_READ);

	(void)state;
	assert_int_equal(packet.direction, 0);
	assert_int_equal(packet.state, FLOW_NEW);
	assert_string_equal(packet.ifname, "");
}

static void udp_and_sctp_have_ports_and_no_flags(void **state)
{
	static const uint8_t protocols[] = {UDP, SCTP};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(protocols); i++) {
		struct packet packet = read_spec(
			&(struct frame_spec){.family = i % 2 ? 4 : 6,
					     .proto = protocols[i / 2]},
			PACKET_READ);

		assert_ports(&packet);
		assert_false(packet.has_flags);
		assert_false(packet.has_icmp);
	}
}

static void icmp_is_read_in_its_own_family_only(void **state)
{
	struct frame_spec spec = {
		.family = 4, .proto = 1, .icmp_type = 3, .icmp_code = 4};
	struct packet packet = read_spec(&spec, PACKET_READ);

	(void)state;
	assert_true(packet.has_icmp);
	assert_int_equal(packet.icmp, 0x0304);
	assert_false(packet.has_ports);
	spec.family = 6;
	packet = read_spec(&spec, PACKET_READ);
	assert_int_equal(packet.protocol, 1);
	assert_nothing_of_layer_4(&packet);
	spec.proto = 58;
	packet = read_spec(&spec, PACKET_READ);
	assert_true(packet.has_icmp);
	spec.family = 4;
	packet = read_spec(&spec, PACKET_READ);
	assert_int_equal(packet.protocol, 58);
	assert_nothing_of_layer_4(&packet);
}

static void other_protocols_have_a_number_and_nothing_more(void **state)
{
	struct packet packet = read_spec(
		&(struct frame_spec){.family = 6, .proto = ESP}, PACKET_READ);

	(void)state;
	assert_true(packet.has_protocol);
	assert_int_equal(packet.protocol, ESP);
	assert_nothing_of_layer_4(&packet);
	packet = read_spec(&(struct frame_spec){.family = 6, .proto = NO_NEXT},
			   PACKET_READ);
	assert_int_equal(packet.protocol, NO_NEXT);
}

static void up_to_two_tags_are_taken_off_and_the_outer_is_the_vlan(void **state)
{
	struct frame_spec spec = tcp4;
	struct packet packet;

	(void)state;
	spec.tags[0] = FRAME_8021AD;
	packet = read_spec(&spec, PACKET_READ);
	assert_int_equal(packet.tag_count, 1);
	assert_int_equal(packet.vlan, 100);
	spec.tags[1] = FRAME_8021Q;
	packet = read_spec(&spec, PACKET_READ);
	assert_int_equal(packet.tag_count, 2);
	assert_int_equal(packet.vlan, 100);
	assert_int_equal(packet.tags[0], 0x6064);
	assert_int_equal(packet.tags[1], 0x6065);
	assert_int_equal(packet.ethertype, 0x0800);
	assert_ports(&packet);
	assert_int_equal(packet.length, 40);
}

static void a_tag_of_priority_alone_is_vlan_0(void **state)
{
	struct frame_spec spec = tcp4;
	struct packet packet;
	struct frame frame;

	(void)state;
	spec.tags[0] = FRAME_8021Q;
	frame_build(&spec, &frame);
	frame.data[14] = 0xe0;
	frame.data[15] = 0;
	assert_int_equal(read_frame(&frame, &packet), PACKET_READ);
	assert_int_equal(packet.vlan, 0);
}

static void a_third_tag_is_malformed(void **state)
{
	struct frame_spec spec = tcp4;
	struct packet packet;
	struct frame frame;

	(void)state;
	spec.tags[0] = spec.tags[1] = spec.tags[2] = FRAME_8021Q;
	packet = read_spec(&spec, PACKET_MALFORMED);
	assert_int_equal(packet.fault, PACKET_THIRD_TAG);
	assert_int_equal(packet.family, 0);
	assert_int_equal(packet.vlan, 100);
	/* and no byte of it has to be there */
	frame_build(&spec, &frame);
	frame.len = 22;
	assert_int_equal(read_frame(&frame, &packet), PACKET_MALFORMED);
	assert_int_equal(packet.fault, PACKET_THIRD_TAG);
}

static void other_types_are_not_ip_also_behind_tags(void **state)
{
	struct frame_spec spec = {.ethertype = 0x0806, .payload_bytes = 28};
	struct packet packet = read_spec(&spec, PACKET_NOT_IP);

	(void)state;
	assert_int_equal(packet.ethertype, 0x0806);
	assert_int_equal(packet.family, 0);
	spec.tags[0] = FRAME_8021Q;
	packet = read_spec(&spec, PACKET_NOT_IP);
	assert_int_equal(packet.ethertype, 0x0806);
	assert_int_equal(packet.vlan, 100);
	spec.ethertype = 0x0026; /* a length */
	(void)read_spec(&spec, PACKET_NOT_IP);
}

/* What is read of a frame that is cut anywhere. */
static void assert_cuts(const struct frame_spec *spec)
{
	struct packet packet;
	struct frame frame;
	size_t whole;

	frame_build(spec, &frame);
	whole = frame.len;
	for (frame.len = 0; frame.len <= whole; frame.len++) {
		enum packet_reading reading = read_frame(&frame, &packet);

		if (frame.len < frame.source_end) {
			assert_int_equal(reading, PACKET_MALFORMED);
			assert_int_equal(packet.fault, PACKET_TRUNCATED);
			assert_int_equal(packet.family, 0);
		} else {
			assert_int_equal(reading, frame.len < frame.read_end
							  ? PACKET_UNREADABLE
							  : PACKET_READ);
			assert_int_equal(packet.family, spec->family);
			assert_int_equal(packet.fault, PACKET_FAULT_NONE);
		}
		if (reading != PACKET_READ)
			assert_nothing_of_layer_4(&packet);
	}
}

static void a_frame_cut_anywhere_is_read_as_far_as_it_goes(void **state)
{
	static const uint8_t protocols[] = {TCP, UDP, SCTP, 1, 58, ESP};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		struct frame_spec spec = {
			.family = 4,
			.proto = protocols[i],
			.tags = {FRAME_8021AD, FRAME_8021Q},
			.option_bytes = 8,
			.payload_bytes = 4,
		};

		assert_cuts(&spec);
		spec.family = 6;
		spec.chain_count = 3;
		spec.chain[0] = HOP;
		spec.chain[1] = AH;
		spec.chain[2] = ROUTING;
		spec.extension_units = 1;
		assert_cuts(&spec);
		spec.frag = FRAME_LATER;
		assert_cuts(&spec);
	}
}

static void a_version_or_header_length_that_cannot_be_is_malformed(void **state)
{
	static const uint8_t wrong4[] = {0x65, 0x55, 0x05, 0x44, 0x40};
	static const uint8_t wrong6[] = {0x40, 0x70, 0x00};
	struct packet packet;
	struct frame frame;

	(void)state;
	frame_build(&tcp4, &frame);
	for (size_t i = 0; i < ARRAY_LEN(wrong4); i++) {
		frame.data[frame.l3] = wrong4[i];
		assert_int_equal(read_frame(&frame, &packet), PACKET_MALFORMED);
		assert_int_equal(packet.fault, PACKET_BAD_HEADER);
		assert_int_equal(packet.family, 0);
	}
	frame_build(&tcp6, &frame);
	for (size_t i = 0; i < ARRAY_LEN(wrong6); i++) {
		frame.data[frame.l3] = wrong6[i];
		assert_int_equal(read_frame(&frame, &packet), PACKET_MALFORMED);
		assert_int_equal(packet.fault, PACKET_BAD_HEADER);
	}
}

static void options_are_skipped_by_the_header_length(void **state)
{
	struct frame_spec spec = tcp4;
	struct packet packet;
	struct frame frame;

	(void)state;
	spec.option_bytes = 40;
	packet = read_spec(&spec, PACKET_READ);
	assert_ports(&packet);
	frame_build(&tcp4, &frame);
	frame.data[frame.l3] = 0x4f; /* sixty bytes, of forty */
	assert_int_equal(read_frame(&frame, &packet), PACKET_UNREADABLE);
	assert_false(packet.has_protocol);
	assert_address(&packet.source, "192.0.2.1");
}

/* The frame with another total length or payload length. */
static enum packet_reading read_with_length(const struct frame_spec *spec,
					    unsigned int stated,
					    struct packet *ret_packet)
{
	uint8_t *field;
	struct frame frame;

	frame_build(spec, &frame);
	field = frame.data + frame.l3 + (spec->family == 4 ? 2 : 4);
	field[0] = (uint8_t)(stated >> 8);
	field[1] = (uint8_t)stated;
	return read_frame(&frame, ret_packet);
}

static void the_total_length_of_ipv4_ends_the_reading(void **state)
{
	struct packet packet;

	(void)state;
	assert_int_equal(read_with_length(&tcp4, 19, &packet),
			 PACKET_UNREADABLE);
	assert_false(packet.has_protocol);
	assert_int_equal(read_with_length(&tcp4, 39, &packet),
			 PACKET_UNREADABLE);
	assert_true(packet.has_protocol);
	assert_nothing_of_layer_4(&packet);
	assert_int_equal(read_with_length(&tcp4, 40, &packet), PACKET_READ);
	/* above what is there, and 0 of segmentation offload, end nothing */
	assert_int_equal(read_with_length(&tcp4, 41, &packet), PACKET_READ);
	assert_int_equal(read_with_length(&tcp4, 65535, &packet), PACKET_READ);
	assert_int_equal(read_with_length(&tcp4, 0, &packet), PACKET_READ);
	assert_ports(&packet);
}

static void the_payload_length_of_ipv6_ends_the_reading(void **state)
{
	struct frame_spec spec = tcp6;
	struct packet packet;

	(void)state;
	assert_int_equal(read_with_length(&tcp6, 19, &packet),
			 PACKET_UNREADABLE);
	assert_nothing_of_layer_4(&packet);
	assert_int_equal(read_with_length(&tcp6, 20, &packet), PACKET_READ);
	assert_int_equal(read_with_length(&tcp6, 21, &packet), PACKET_READ);
	assert_int_equal(read_with_length(&tcp6, 0, &packet), PACKET_READ);
	assert_ports(&packet);
	spec.chain_count = 1;
	spec.chain[0] = OPTIONS;
	assert_int_equal(read_with_length(&spec, 7, &packet),
			 PACKET_UNREADABLE);
	assert_false(packet.has_protocol);
}

static void padding_counts_in_the_length_and_is_not_read(void **state)
{
	struct frame_spec spec = {.family = 4, .proto = ESP};
	struct packet packet;
	struct frame frame;

	(void)state;
	frame_build(&spec, &frame);
	frame.data[frame.l3 + 9] = UDP;
	frame.len += 26;
	assert_int_equal(read_frame(&frame, &packet), PACKET_UNREADABLE);
	assert_int_equal(packet.protocol, UDP);
	assert_int_equal(packet.length, 46);
}

static void what_is_longer_than_65535_counts_as_such(void **state)
{
	static uint8_t bytes[70000];
	struct packet packet;
	struct frame frame;

	(void)state;
	frame_build(&tcp4, &frame);
	memcpy(bytes, frame.data, frame.len);
	assert_int_equal(read_bytes(bytes, 14 + 65534, &packet), PACKET_READ);
	assert_int_equal(packet.length, 65534);
	assert_int_equal(read_bytes(bytes, 14 + 65536, &packet), PACKET_READ);
	assert_int_equal(packet.length, 65535);
	assert_int_equal(read_bytes(bytes, sizeof(bytes), &packet),
			 PACKET_READ);
	assert_int_equal(packet.length, 65535);
}

static void a_first_fragment_has_ports_and_a_later_one_none(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct frame_spec spec = i ? tcp6 : tcp4;
		struct packet packet;

		spec.payload_bytes = 16;
		spec.frag = FRAME_FIRST;
		packet = read_spec(&spec, PACKET_READ);
		assert_int_equal(packet.frag, FRAG_FIRST);
		assert_ports(&packet);
		spec.frag = FRAME_LATER;
		packet = read_spec(&spec, PACKET_READ);
		assert_int_equal(packet.frag, FRAG_LATER);
		assert_true(packet.has_protocol);
		assert_int_equal(packet.protocol, TCP);
		assert_nothing_of_layer_4(&packet);
	}
}

static void the_last_fragment_is_a_later_one(void **state)
{
	struct packet packet;
	struct frame frame;

	(void)state;
	frame_build(&tcp4, &frame);
	frame.data[frame.l3 + 7] = 1; /* offset 8, none follow */
	assert_int_equal(read_frame(&frame, &packet), PACKET_READ);
	assert_int_equal(packet.frag, FRAG_LATER);
	frame.data[frame.l3 + 6] = 0x40; /* do not fragment */
	frame.data[frame.l3 + 7] = 0;
	assert_int_equal(read_frame(&frame, &packet), PACKET_READ);
	assert_int_equal(packet.frag, FRAG_NONE);
}

static void a_first_fragment_may_be_too_small_for_its_header(void **state)
{
	struct packet packet;
	struct frame frame;

	(void)state;
	frame_build(&tcp4, &frame);
	frame.data[frame.l3 + 3] = 20 + 8; /* RFC 1858 */
	frame.data[frame.l3 + 6] = 0x20;
	assert_int_equal(read_frame(&frame, &packet), PACKET_UNREADABLE);
	assert_int_equal(packet.frag, FRAG_FIRST);
	assert_nothing_of_layer_4(&packet);
}

static void a_fragment_header_of_a_whole_packet_changes_nothing(void **state)
{
	struct frame_spec spec = tcp6;
	struct packet packet;

	(void)state;
	spec.chain_count = 1;
	spec.chain[0] = FRAGMENT; /* RFC 6946 */
	packet = read_spec(&spec, PACKET_READ);
	assert_int_equal(packet.frag, FRAG_NONE);
	assert_ports(&packet);
	assert_int_equal(packet.length, 68);
}

static void a_later_fragment_ends_the_walk_at_its_next_header(void **state)
{
	struct frame_spec spec = tcp6;
	struct packet packet;

	(void)state;
	spec.frag = FRAME_LATER;
	spec.chain_count = 2;
	spec.chain[0] = FRAGMENT;
	spec.chain[1] = OPTIONS;
	packet = read_spec(&spec, PACKET_READ);
	assert_int_equal(packet.protocol, OPTIONS);
	assert_int_equal(packet.extension_count, 1);
}

static void eight_extension_headers_are_walked_and_no_more(void **state)
{
	static const uint8_t chain[] = {HOP, OPTIONS, ROUTING, AH,     FRAGMENT,
					AH,  OPTIONS, HOP,     ROUTING};
	struct frame_spec spec = tcp6;
	struct packet packet;

	(void)state;
	memcpy(spec.chain, chain, sizeof(chain));
	spec.extension_units = 2;
	spec.chain_count = 8;
	packet = read_spec(&spec, PACKET_READ);
	assert_int_equal(packet.extension_count, 8);
	assert_ports(&packet);
	spec.chain_count = 9;
	packet = read_spec(&spec, PACKET_UNREADABLE);
	assert_int_equal(packet.extension_count, 8);
	assert_false(packet.has_protocol);
	assert_nothing_of_layer_4(&packet);
	assert_address(&packet.source, "2001:db8::1");
}

static void every_reading_and_fault_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(packet_reading_name(PACKET_READ), "read");
	assert_string_equal(packet_reading_name(PACKET_NOT_IP), "not-ip");
	assert_string_equal(packet_reading_name(PACKET_UNREADABLE),
			    "unreadable");
	assert_string_equal(packet_reading_name(PACKET_MALFORMED), "malformed");
	assert_string_equal(packet_fault_name(PACKET_FAULT_NONE), "none");
	assert_string_equal(packet_fault_name(PACKET_TRUNCATED), "truncated");
	assert_string_equal(packet_fault_name(PACKET_BAD_HEADER), "bad-header");
	assert_string_equal(packet_fault_name(PACKET_THIRD_TAG), "third-tag");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_segment_of_tcp_has_all_its_facts),
		cmocka_unit_test(ipv6_is_read_like_ipv4),
		cmocka_unit_test(what_the_caller_adds_is_empty),
		cmocka_unit_test(udp_and_sctp_have_ports_and_no_flags),
		cmocka_unit_test(icmp_is_read_in_its_own_family_only),
		cmocka_unit_test(
			other_protocols_have_a_number_and_nothing_more),
		cmocka_unit_test(
			up_to_two_tags_are_taken_off_and_the_outer_is_the_vlan),
		cmocka_unit_test(a_tag_of_priority_alone_is_vlan_0),
		cmocka_unit_test(a_third_tag_is_malformed),
		cmocka_unit_test(other_types_are_not_ip_also_behind_tags),
		cmocka_unit_test(
			a_frame_cut_anywhere_is_read_as_far_as_it_goes),
		cmocka_unit_test(
			a_version_or_header_length_that_cannot_be_is_malformed),
		cmocka_unit_test(options_are_skipped_by_the_header_length),
		cmocka_unit_test(the_total_length_of_ipv4_ends_the_reading),
		cmocka_unit_test(the_payload_length_of_ipv6_ends_the_reading),
		cmocka_unit_test(padding_counts_in_the_length_and_is_not_read),
		cmocka_unit_test(what_is_longer_than_65535_counts_as_such),
		cmocka_unit_test(
			a_first_fragment_has_ports_and_a_later_one_none),
		cmocka_unit_test(the_last_fragment_is_a_later_one),
		cmocka_unit_test(
			a_first_fragment_may_be_too_small_for_its_header),
		cmocka_unit_test(
			a_fragment_header_of_a_whole_packet_changes_nothing),
		cmocka_unit_test(
			a_later_fragment_ends_the_walk_at_its_next_header),
		cmocka_unit_test(
			eight_extension_headers_are_walked_and_no_more),
		cmocka_unit_test(every_reading_and_fault_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
