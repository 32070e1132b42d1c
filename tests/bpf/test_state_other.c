// SPDX-License-Identifier: GPL-2.0-or-later
/* What a packet is to its flow where that is not TCP: datagrams, echoes,
 * errors about flows, fragments, other protocols. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/state_bench.h"

#define NEW	    FLOW_NEW
#define ESTABLISHED FLOW_ESTABLISHED
#define RELATED	    FLOW_RELATED
#define INVALID	    FLOW_INVALID
#define UNTRACKED   FLOW_STATE_COUNT

static struct state_bench bench;

static int set_up(void **state)
{
	struct thresholds thresholds = state_bench_thresholds();

	(void)state;
	state_bench_begin(&bench, &thresholds, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	state_bench_end(&bench);
	return 0;
}

static struct segment ask(uint8_t family, uint8_t protocol)
{
	return (struct segment){
		.family = family,
		.protocol = protocol,
		.from = segment_end(family, 1, 40000),
		.to = segment_end(family, 2, 53),
		.flags = SEG_SYN,
		.type = family == 4 ? 8 : 128,
	};
}

static struct segment answer(uint8_t family, uint8_t protocol)
{
	struct segment segment = ask(family, protocol);

	segment = segment_back(&segment);
	if (protocol == SEG_ICMP || protocol == SEG_ICMP6)
		segment.from.port = 40000;
	segment.flags = SEG_SYN | SEG_ACK;
	segment.type = family == 4 ? 0 : 129;
	return segment;
}

static enum flow_state see(struct segment segment)
{
	return state_bench_see(&bench, &segment);
}

/* An error about a packet, to who sent it, from a router that is 9. */
static struct segment error_about(const struct segment *quoted, uint8_t type)
{
	return (struct segment){
		.family = quoted->family,
		.protocol = quoted->family == 4 ? SEG_ICMP : SEG_ICMP6,
		.from = segment_end(quoted->family, 9, 0),
		.to = quoted->from,
		.type = type,
		.quoted = quoted,
	};
}

static void datagrams_are_new_until_one_comes_back(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		assert_int_equal(see(ask(family, SEG_UDP)), NEW);
		assert_int_equal(see(ask(family, SEG_UDP)), NEW);
		assert_int_equal(see(answer(family, SEG_UDP)), ESTABLISHED);
		assert_int_equal(see(ask(family, SEG_UDP)), ESTABLISHED);
	}
	assert_int_equal(state_bench_numbers(&bench).open, 2);
	assert_int_equal(state_bench_numbers(&bench).opening, 0);
}

static void other_ports_are_another_flow(void **state)
{
	struct segment other = answer(4, SEG_UDP);

	(void)state;
	assert_int_equal(see(ask(4, SEG_UDP)), NEW);
	other.to.port++;
	assert_int_equal(see(other), NEW);
	other = answer(4, SEG_UDP);
	other.from.port++;
	assert_int_equal(see(other), NEW);
	other = answer(4, SEG_UDP);
	other.from.addr[3]++;
	assert_int_equal(see(other), NEW);
	assert_int_equal(see(answer(4, SEG_TCP)), INVALID);
}

static void other_protocols_go_by_addresses(void **state)
{
	(void)state;
	assert_int_equal(see(ask(4, SEG_GRE)), NEW);
	assert_int_equal(see(answer(4, SEG_GRE)), ESTABLISHED);
	assert_int_equal(see(ask(4, SEG_GRE + 1)), NEW);
}

static void a_protocol_has_its_time(void **state)
{
	struct thresholds thresholds = state_bench_thresholds();

	(void)state;
	thresholds.udp_s = 10;
	thresholds.udp_answered_s = 20;
	thresholds.icmp_s = 30;
	thresholds.other_s = 40;
	state_bench_reload(&bench, &thresholds, 0);
	assert_int_equal(see(ask(4, SEG_UDP)), NEW);
	assert_int_equal(see(ask(6, SEG_UDP)), NEW);
	assert_int_equal(see(answer(6, SEG_UDP)), ESTABLISHED);
	assert_int_equal(see(ask(4, SEG_ICMP)), NEW);
	assert_int_equal(see(ask(4, SEG_GRE)), NEW);
	state_bench_age(&bench, 15);
	assert_int_equal(see(answer(4, SEG_UDP)), NEW);
	assert_int_equal(see(ask(6, SEG_UDP)), ESTABLISHED);
	assert_int_equal(see(answer(4, SEG_ICMP)), ESTABLISHED);
	assert_int_equal(see(ask(4, SEG_GRE)), NEW);
	state_bench_age(&bench, 25);
	assert_int_equal(see(ask(6, SEG_UDP)), NEW);
	assert_int_equal(see(ask(4, SEG_ICMP)), ESTABLISHED);
	assert_int_equal(see(answer(4, SEG_GRE)), ESTABLISHED);
}

static void an_echo_is_answered(void **state)
{
	(void)state;
	assert_int_equal(see(answer(4, SEG_ICMP)), INVALID);
	assert_int_equal(see(answer(6, SEG_ICMP6)), INVALID);
	assert_int_equal(see(ask(4, SEG_ICMP)), NEW);
	assert_int_equal(see(answer(4, SEG_ICMP)), ESTABLISHED);
	assert_int_equal(see(ask(6, SEG_ICMP6)), NEW);
	assert_int_equal(see(answer(6, SEG_ICMP6)), ESTABLISHED);
}

static void
an_answer_has_the_identifier_and_the_kind_of_the_request(void **state)
{
	struct segment other = answer(4, SEG_ICMP);

	(void)state;
	assert_int_equal(see(ask(4, SEG_ICMP)), NEW);
	other.from.port++;
	assert_int_equal(see(other), INVALID);
	other.from.port--;
	other.type = 14; /* of a timestamp */
	assert_int_equal(see(other), INVALID);
}

static void ends_that_ping_each_other_have_two_flows(void **state)
{
	struct segment other = ask(4, SEG_ICMP);

	(void)state;
	other = segment_back(&other);
	other.from.port = 40000;
	assert_int_equal(see(ask(4, SEG_ICMP)), NEW);
	assert_int_equal(see(other), NEW);
	assert_int_equal(see(answer(4, SEG_ICMP)), ESTABLISHED);
	assert_int_equal(see(other), NEW);
}

static void discovery_is_not_tracked_and_the_rest_is_invalid(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		struct segment segment = ask(6, SEG_ICMP6);
		bool discovers = (type >= 130 && type <= 136) || type == 143;

		segment.type = (uint8_t)type;
		assert_int_equal(see(segment), discovers ? UNTRACKED
					       : type == 128 || type == 139
						       ? NEW
						       : INVALID);
	}
	for (unsigned int type = 0; type < 256; type++) {
		struct segment segment = ask(4, SEG_ICMP);

		segment.type = (uint8_t)type;
		assert_int_equal(see(segment), type == 8 || type == 13 ||
							       type == 15 ||
							       type == 17
						       ? NEW
						       : INVALID);
	}
}

static void errors_about_a_flow_are_related(void **state)
{
	static const uint8_t types4[] = {3, 11, 12}, types6[] = {1, 2, 3, 4};
	static const uint8_t protocols[] = {SEG_TCP, SEG_UDP, SEG_GRE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		struct segment sent4 = ask(4, protocols[i]);
		struct segment sent6 = ask(6, protocols[i]);

		assert_int_equal(see(error_about(&sent4, 3)), INVALID);
		assert_int_equal(see(error_about(&sent6, 1)), INVALID);
		assert_int_equal(see(sent4), NEW);
		assert_int_equal(see(sent6), NEW);
		for (size_t k = 0; k < ARRAY_LEN(types4); k++)
			assert_int_equal(see(error_about(&sent4, types4[k])),
					 RELATED);
		for (size_t k = 0; k < ARRAY_LEN(types6); k++)
			assert_int_equal(see(error_about(&sent6, types6[k])),
					 RELATED);
		assert_int_equal(see(error_about(&sent4, 5)), INVALID);
		assert_int_equal(see(error_about(&sent4, 4)), INVALID);
	}
}

static void errors_about_an_echo_are_related(void **state)
{
	struct segment sent4 = ask(4, SEG_ICMP), sent6 = ask(6, SEG_ICMP6);

	(void)state;
	assert_int_equal(see(sent4), NEW);
	assert_int_equal(see(sent6), NEW);
	assert_int_equal(see(error_about(&sent4, 11)), RELATED);
	assert_int_equal(see(error_about(&sent6, 3)), RELATED);
}

static void errors_about_answers_are_related(void **state)
{
	struct segment back = answer(4, SEG_UDP);

	(void)state;
	assert_int_equal(see(ask(4, SEG_UDP)), NEW);
	assert_int_equal(see(back), ESTABLISHED);
	assert_int_equal(see(error_about(&back, 3)), RELATED);
}

static void an_error_teaches_nothing(void **state)
{
	struct segment sent = ask(4, SEG_UDP);

	(void)state;
	assert_int_equal(see(sent), NEW);
	assert_int_equal(see(error_about(&sent, 3)), RELATED);
	assert_int_equal(see(sent), NEW);
	assert_int_equal(state_bench_counts(&bench).created, 1);
}

static void an_error_for_who_did_not_send_is_invalid(void **state)
{
	struct segment sent = ask(4, SEG_UDP);
	struct segment error = error_about(&sent, 3);

	(void)state;
	assert_int_equal(see(sent), NEW);
	error.to = sent.to;
	assert_int_equal(see(error), INVALID);
	error.to = segment_end(4, 77, 0);
	assert_int_equal(see(error), INVALID);
}

static void an_error_about_an_error_is_invalid(void **state)
{
	struct segment sent = ask(4, SEG_UDP);
	struct segment first = error_about(&sent, 3);
	struct segment second = error_about(&first, 3);

	(void)state;
	assert_int_equal(see(sent), NEW);
	assert_int_equal(see(first), RELATED);
	assert_int_equal(see(second), INVALID);
}

static void an_error_that_quotes_too_little_is_invalid(void **state)
{
	struct segment sent4 = ask(4, SEG_TCP), sent6 = ask(6, SEG_TCP);
	struct segment error4 = error_about(&sent4, 3);
	struct segment error6 = error_about(&sent6, 1);

	(void)state;
	assert_int_equal(see(sent4), NEW);
	assert_int_equal(see(sent6), NEW);
	for (size_t bytes = 1; bytes < 48; bytes++) {
		error4.quoted_bytes = bytes;
		error6.quoted_bytes = bytes;
		assert_int_equal(see(error4), bytes < 28 ? INVALID : RELATED);
		assert_int_equal(see(error6), INVALID);
	}
	error6.quoted_bytes = 48;
	assert_int_equal(see(error6), RELATED);
}

/* `offset` bytes behind the start of the quoted packet is another byte. */
static enum flow_state lie(const struct segment *sent, size_t offset,
			   uint8_t byte)
{
	struct segment error = error_about(sent, sent->family == 4 ? 3 : 1);
	struct segment_frame frame;

	segment_build(&error, &frame);
	frame.data[frame.l4 + 8 + offset] = byte;
	return state_bench_frame(&bench, FW_IN, frame.data, frame.len);
}

static void lies_inside_an_error_are_found_out(void **state)
{
	struct segment sent4 = ask(4, SEG_UDP), sent6 = ask(6, SEG_UDP);

	(void)state;
	assert_int_equal(see(sent4), NEW);
	assert_int_equal(see(sent6), NEW);
	assert_int_equal(lie(&sent4, 8, 1), RELATED); /* time to live */
	assert_int_equal(lie(&sent4, 0, 0x65), INVALID); /* version */
	assert_int_equal(lie(&sent4, 0, 0x44), INVALID); /* header length */
	assert_int_equal(lie(&sent4, 0, 0x4f), INVALID); /* past the end */
	assert_int_equal(lie(&sent4, 7, 1), INVALID); /* later fragment */
	assert_int_equal(lie(&sent4, 9, SEG_TCP), INVALID); /* protocol */
	assert_int_equal(lie(&sent4, 20, 1), INVALID); /* port */
	assert_int_equal(lie(&sent6, 7, 1), RELATED);
	assert_int_equal(lie(&sent6, 0, 0x40), INVALID);
	assert_int_equal(lie(&sent6, 6, SEG_TCP), INVALID);
	assert_int_equal(lie(&sent6, 6, 44), INVALID); /* no such header */
	assert_int_equal(lie(&sent6, 40, 1), INVALID);
}

static void a_quoted_header_has_to_be_there_to_its_end(void **state)
{
	struct segment sent = ask(4, SEG_GRE);
	struct segment error = error_about(&sent, 3);

	(void)state;
	assert_int_equal(see(sent), NEW);
	error.quoted_bytes = 20;
	assert_int_equal(see(error), RELATED);
	assert_int_equal(lie(&sent, 0, 0x46), RELATED);
	assert_int_equal(lie(&sent, 0, 0x4f), INVALID);
}

static void what_is_quoted_in_the_padding_is_not_read(void **state)
{
	struct segment sent = ask(4, SEG_UDP);
	struct segment error = error_about(&sent, 3);
	struct segment_frame frame;

	(void)state;
	assert_int_equal(see(sent), NEW);
	segment_build(&error, &frame);
	frame.data[17] = 20 + 8 + 27; /* total length: all but a byte */
	assert_int_equal(
		state_bench_frame(&bench, FW_IN, frame.data, frame.len),
		INVALID);
}

static struct segment piece(uint8_t family, enum segment_frag frag, uint32_t id)
{
	struct segment segment = ask(family, SEG_UDP);

	segment.frag = frag;
	segment.frag_id = id;
	return segment;
}

static void later_fragments_are_what_the_first_was(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		assert_int_equal(see(piece(family, SEGMENT_FIRST, 7)), NEW);
		assert_int_equal(see(piece(family, SEGMENT_LATER, 7)), NEW);
		assert_int_equal(see(answer(family, SEG_UDP)), ESTABLISHED);
		assert_int_equal(see(piece(family, SEGMENT_FIRST, 7)),
				 ESTABLISHED);
		assert_int_equal(see(piece(family, SEGMENT_LATER, 7)),
				 ESTABLISHED);
		assert_int_equal(see(piece(family, SEGMENT_LATER, 7)),
				 ESTABLISHED);
		assert_int_equal(see(piece(family, SEGMENT_LATER, 8)), NEW);
	}
}

static void all_bits_of_an_identification_count(void **state)
{
	(void)state;
	assert_int_equal(see(piece(6, SEGMENT_FIRST, 0x10007)), NEW);
	assert_int_equal(see(answer(6, SEG_UDP)), ESTABLISHED);
	assert_int_equal(see(piece(6, SEGMENT_FIRST, 0x10007)), ESTABLISHED);
	assert_int_equal(see(piece(6, SEGMENT_LATER, 0x7)), NEW);
	assert_int_equal(see(piece(6, SEGMENT_LATER, 0x10007)), ESTABLISHED);
}

static void fragments_of_another_are_new(void **state)
{
	struct segment other = piece(4, SEGMENT_LATER, 7);

	(void)state;
	assert_int_equal(see(ask(4, SEG_UDP)), NEW);
	assert_int_equal(see(answer(4, SEG_UDP)), ESTABLISHED);
	assert_int_equal(see(piece(4, SEGMENT_FIRST, 7)), ESTABLISHED);
	other.from.addr[3]++;
	assert_int_equal(see(other), NEW);
	other = piece(4, SEGMENT_LATER, 7);
	other.protocol = SEG_TCP;
	assert_int_equal(see(other), NEW);
}

static void each_half_of_an_address_tells_fragments_apart(void **state)
{
	static const size_t parts[] = {0, 7, 8, 15}; /* of IPv6 */

	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		assert_int_equal(see(ask(family, SEG_UDP)), NEW);
		assert_int_equal(see(answer(family, SEG_UDP)), ESTABLISHED);
		assert_int_equal(see(piece(family, SEGMENT_FIRST, 7)),
				 ESTABLISHED);
		for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
			size_t at = family == 4 ? i : parts[i];
			struct segment other = piece(family, SEGMENT_LATER, 7);

			other.from.addr[at]++;
			assert_int_equal(see(other), NEW);
			other = piece(family, SEGMENT_LATER, 7);
			other.to.addr[at]++;
			assert_int_equal(see(other), NEW);
		}
	}
}

static void pieces_of_an_error_are_related_like_the_first(void **state)
{
	struct segment sent = ask(4, SEG_UDP);
	struct segment error = error_about(&sent, 3);

	(void)state;
	assert_int_equal(see(sent), NEW);
	error.frag = SEGMENT_FIRST;
	error.frag_id = 9;
	assert_int_equal(see(error), RELATED);
	error.frag = SEGMENT_LATER;
	assert_int_equal(see(error), RELATED);
}

static void a_packet_is_waited_for_half_a_minute(void **state)
{
	(void)state;
	assert_int_equal(see(ask(4, SEG_UDP)), NEW);
	assert_int_equal(see(answer(4, SEG_UDP)), ESTABLISHED);
	assert_int_equal(see(piece(4, SEGMENT_FIRST, 7)), ESTABLISHED);
	state_bench_age(&bench, 30);
	assert_int_equal(see(piece(4, SEGMENT_LATER, 7)), NEW);
}

static void fragments_that_are_dropped_leave_no_note(void **state)
{
	struct thresholds thresholds = state_bench_thresholds();

	(void)state;
	assert_int_equal(see(ask(4, SEG_UDP)), NEW);
	assert_int_equal(see(answer(4, SEG_UDP)), ESTABLISHED);
	state_bench_reload(&bench, &thresholds, 1 << ESTABLISHED);
	assert_int_equal(see(piece(4, SEGMENT_FIRST, 7)), ESTABLISHED);
	assert_int_equal(see(piece(4, SEGMENT_LATER, 7)), NEW);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(datagrams_are_new_until_one_comes_back),
		TEST(other_ports_are_another_flow),
		TEST(other_protocols_go_by_addresses),
		TEST(a_protocol_has_its_time),
		TEST(an_echo_is_answered),
		TEST(an_answer_has_the_identifier_and_the_kind_of_the_request),
		TEST(ends_that_ping_each_other_have_two_flows),
		TEST(discovery_is_not_tracked_and_the_rest_is_invalid),
		TEST(errors_about_a_flow_are_related),
		TEST(errors_about_an_echo_are_related),
		TEST(errors_about_answers_are_related),
		TEST(an_error_teaches_nothing),
		TEST(an_error_for_who_did_not_send_is_invalid),
		TEST(an_error_about_an_error_is_invalid),
		TEST(an_error_that_quotes_too_little_is_invalid),
		TEST(lies_inside_an_error_are_found_out),
		TEST(a_quoted_header_has_to_be_there_to_its_end),
		TEST(what_is_quoted_in_the_padding_is_not_read),
		TEST(later_fragments_are_what_the_first_was),
		TEST(all_bits_of_an_identification_count),
		TEST(fragments_of_another_are_new),
		TEST(each_half_of_an_address_tells_fragments_apart),
		TEST(pieces_of_an_error_are_related_like_the_first),
		TEST(a_packet_is_waited_for_half_a_minute),
		TEST(fragments_that_are_dropped_leave_no_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
