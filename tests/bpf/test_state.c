// SPDX-License-Identifier: GPL-2.0-or-later
/* What a packet is to its flow, and what is remembered of it: TCP, times, and
 * what a flood does. Both gates are run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/state_bench.h"

#define NEW	    FLOW_NEW
#define ESTABLISHED FLOW_ESTABLISHED
#define RELATED	    FLOW_RELATED
#define INVALID	    FLOW_INVALID

#define CLIENT_SEQ 1000u
#define SERVER_SEQ 70000u

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

/* What the client sends; the server is 2. */
static struct segment ask(uint8_t family, uint8_t flags)
{
	return (struct segment){
		.family = family,
		.protocol = SEG_TCP,
		.from = segment_end(family, 1, 40000),
		.to = segment_end(family, 2, 443),
		.flags = flags,
		.seq = CLIENT_SEQ,
		.ack = SERVER_SEQ + 1,
	};
}

static struct segment answer(uint8_t family, uint8_t flags)
{
	struct segment segment = ask(family, flags);

	segment = segment_back(&segment);
	segment.seq = SERVER_SEQ;
	segment.ack = CLIENT_SEQ + 1;
	return segment;
}

static enum flow_state asks(uint8_t flags)
{
	struct segment segment = ask(4, flags);

	return state_bench_see(&bench, &segment);
}

static enum flow_state answers(uint8_t flags)
{
	struct segment segment = answer(4, flags);

	return state_bench_see_out(&bench, &segment);
}

static void shake_hands(void)
{
	assert_int_equal(asks(SEG_SYN), NEW);
	assert_int_equal(answers(SEG_SYN | SEG_ACK), ESTABLISHED);
	assert_int_equal(asks(SEG_ACK), ESTABLISHED);
}

static void a_flow_is_new_until_it_is_answered(void **state)
{
	(void)state;
	assert_int_equal(asks(SEG_SYN), NEW);
	assert_int_equal(asks(SEG_SYN), NEW);
	assert_int_equal(answers(SEG_SYN | SEG_ACK), ESTABLISHED);
	assert_int_equal(asks(SEG_SYN), ESTABLISHED);
}

static void a_handshake_moves_a_flow_to_those_that_were_answered(void **state)
{
	struct state_bench_numbers numbers;

	(void)state;
	assert_int_equal(asks(SEG_SYN), NEW);
	assert_int_equal(answers(SEG_SYN | SEG_ACK), ESTABLISHED);
	numbers = state_bench_numbers(&bench);
	assert_int_equal(numbers.open, 0);
	assert_int_equal(numbers.opening, 1);
	assert_int_equal(asks(SEG_ACK), ESTABLISHED);
	numbers = state_bench_numbers(&bench);
	assert_int_equal(numbers.open, 1);
	assert_int_equal(numbers.opening, 0);
	assert_int_equal(state_bench_counts(&bench).created, 1);
	assert_int_equal(state_bench_counts(&bench).promoted, 1);
}

static void a_handshake_of_ipv6_does_the_same(void **state)
{
	struct segment syn = ask(6, SEG_SYN), ack = ask(6, SEG_ACK);
	struct segment both = answer(6, SEG_SYN | SEG_ACK);

	(void)state;
	assert_int_equal(state_bench_see(&bench, &syn), NEW);
	assert_int_equal(state_bench_see_out(&bench, &both), ESTABLISHED);
	assert_int_equal(state_bench_see(&bench, &ack), ESTABLISHED);
	assert_int_equal(state_bench_numbers(&bench).open, 1);
}

static void a_flow_is_told_from_its_starter(void **state)
{
	struct segment syn = answer(6, SEG_SYN);
	struct flow flow;

	(void)state;
	assert_int_equal(state_bench_see(&bench, &syn), NEW);
	flow = state_bench_numbers(&bench).last;
	assert_int_equal(flow.family, 6);
	assert_int_equal(flow.protocol, SEG_TCP);
	assert_int_equal(flow.stage, FW_STAGE_SYN);
	assert_memory_equal(flow.starter.addr, syn.from.addr, 16);
	assert_memory_equal(flow.other.addr, syn.to.addr, 16);
	assert_int_equal(flow.starter_port, 443);
	assert_int_equal(flow.other_port, 40000);
	assert_true(flow.idle_ns < 3600 * UINT64_C(1000000000));
}

static void both_gates_of_a_gateway_see_the_same(void **state)
{
	const struct segment talk[] = {
		ask(4, SEG_SYN),	   answer(4, SEG_SYN | SEG_ACK),
		ask(4, SEG_ACK),	   answer(4, SEG_FIN | SEG_ACK),
		ask(4, SEG_FIN | SEG_ACK), answer(4, SEG_ACK),
		ask(4, SEG_SYN),
	};
	const enum flow_state states[] = {
		NEW,	     ESTABLISHED, ESTABLISHED, ESTABLISHED,
		ESTABLISHED, ESTABLISHED, NEW,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(talk); i++) {
		assert_int_equal(state_bench_see(&bench, &talk[i]), states[i]);
		assert_int_equal(state_bench_see_out(&bench, &talk[i]),
				 states[i]);
	}
	assert_int_equal(state_bench_counts(&bench).created, 2);
	assert_int_equal(state_bench_counts(&bench).promoted, 1);
}

static void both_ends_may_open_at_once(void **state)
{
	(void)state;
	assert_int_equal(asks(SEG_SYN), NEW);
	assert_int_equal(answers(SEG_SYN), ESTABLISHED);
	assert_int_equal(asks(SEG_SYN | SEG_ACK), ESTABLISHED);
	assert_int_equal(answers(SEG_SYN | SEG_ACK), ESTABLISHED);
	assert_int_equal(answers(SEG_ACK), ESTABLISHED);
	assert_int_equal(asks(SEG_ACK), ESTABLISHED);
	assert_int_equal(state_bench_numbers(&bench).open, 1);
}

static void an_answer_that_was_not_seen_completes_nothing(void **state)
{
	struct segment blind = ask(4, SEG_ACK);

	(void)state;
	blind.ack = SERVER_SEQ + 1 + 65536;
	assert_int_equal(asks(SEG_SYN), NEW);
	assert_int_equal(answers(SEG_SYN | SEG_ACK), ESTABLISHED);
	assert_int_equal(state_bench_see(&bench, &blind), ESTABLISHED);
	blind.ack = SERVER_SEQ;
	assert_int_equal(state_bench_see(&bench, &blind), ESTABLISHED);
	assert_int_equal(state_bench_numbers(&bench).open, 0);
	blind.ack = SERVER_SEQ + 65536; /* the last that may */
	assert_int_equal(state_bench_see(&bench, &blind), ESTABLISHED);
	assert_int_equal(state_bench_numbers(&bench).open, 1);
}

static void a_syn_that_comes_again_changes_no_number(void **state)
{
	(void)state;
	assert_int_equal(asks(SEG_SYN), NEW);
	assert_int_equal(answers(SEG_SYN | SEG_ACK), ESTABLISHED);
	assert_int_equal(asks(SEG_SYN), ESTABLISHED);
	assert_int_equal(asks(SEG_ACK), ESTABLISHED);
	assert_int_equal(state_bench_numbers(&bench).open, 1);
}

static void what_opens_no_flow_is_invalid_without_one(void **state)
{
	(void)state;
	assert_int_equal(asks(SEG_SYN | SEG_ACK), INVALID);
	assert_int_equal(asks(SEG_FIN | SEG_ACK), INVALID);
	assert_int_equal(asks(SEG_RST), INVALID);
	assert_int_equal(asks(SEG_RST | SEG_ACK), INVALID);
	assert_int_equal(state_bench_numbers(&bench).opening, 0);
}

/* nf_conntrack's tcp_valid_flags, of FIN, SYN, RST, ACK and URG. */
static bool makes_sense(uint8_t flags)
{
	static const uint8_t right[] = {
		SEG_SYN, SEG_SYN | SEG_URG,	      SEG_SYN | SEG_ACK,
		SEG_RST, SEG_RST | SEG_ACK,	      SEG_FIN | SEG_ACK,
		SEG_ACK, SEG_FIN | SEG_ACK | SEG_URG, SEG_ACK | SEG_URG,
	};

	for (size_t i = 0; i < ARRAY_LEN(right); i++)
		if ((flags & 0x37) == right[i])
			return true;
	return false;
}

static void flags_that_make_no_sense_are_invalid(void **state)
{
	(void)state;
	for (unsigned int flags = 0; flags < 256; flags++) {
		enum flow_state seen;

		shake_hands();
		seen = asks((uint8_t)flags);
		/* SYN with ACK is right, but not from who started */
		if (makes_sense((uint8_t)flags) &&
		    (flags & 0x16) != (SEG_SYN | SEG_ACK))
			assert_int_equal(seen, ESTABLISHED);
		else
			assert_int_equal(seen, INVALID);
		state_bench_age(&bench, 86400);
	}
}

static void what_is_under_way_already_is_picked_up(void **state)
{
	(void)state;
	assert_int_equal(asks(SEG_ACK | SEG_PSH), NEW);
	assert_int_equal(asks(SEG_ACK), NEW);
	assert_int_equal(state_bench_numbers(&bench).opening, 1);
	assert_int_equal(answers(SEG_ACK), ESTABLISHED);
	assert_int_equal(asks(SEG_ACK), ESTABLISHED);
	assert_int_equal(state_bench_numbers(&bench).open, 1);
}

static void a_refusal_moves_nothing_to_those_that_were_answered(void **state)
{
	(void)state;
	assert_int_equal(asks(SEG_ACK), NEW);
	assert_int_equal(answers(SEG_RST), ESTABLISHED);
	assert_int_equal(state_bench_numbers(&bench).open, 0);
	assert_int_equal(asks(SEG_SYN), NEW);
	assert_int_equal(answers(SEG_RST | SEG_ACK), ESTABLISHED);
	assert_int_equal(state_bench_numbers(&bench).open, 0);
}

static struct thresholds quick_closing(void)
{
	struct thresholds thresholds = state_bench_thresholds();

	thresholds.tcp_closing_s = 10;
	return thresholds;
}

static void both_ends_finish_a_flow(void **state)
{
	struct thresholds thresholds = quick_closing();

	(void)state;
	state_bench_reload(&bench, &thresholds, 0);
	shake_hands();
	assert_int_equal(asks(SEG_FIN | SEG_ACK), ESTABLISHED);
	state_bench_age(&bench, 11);
	assert_int_equal(answers(SEG_FIN | SEG_ACK), ESTABLISHED);
	assert_int_equal(asks(SEG_ACK), ESTABLISHED);
	state_bench_age(&bench, 11);
	assert_int_equal(asks(SEG_FIN | SEG_ACK), INVALID);
}

static void a_reset_ends_a_flow(void **state)
{
	struct thresholds thresholds = quick_closing();

	(void)state;
	state_bench_reload(&bench, &thresholds, 0);
	shake_hands();
	assert_int_equal(answers(SEG_RST), ESTABLISHED);
	assert_int_equal(asks(SEG_ACK), ESTABLISHED);
	state_bench_age(&bench, 11);
	assert_int_equal(answers(SEG_RST), INVALID);
}

static void a_forged_reset_ends_nothing_that_goes_on(void **state)
{
	struct thresholds thresholds = quick_closing();

	(void)state;
	state_bench_reload(&bench, &thresholds, 0);
	shake_hands();
	assert_int_equal(answers(SEG_RST), ESTABLISHED);
	assert_int_equal(answers(SEG_ACK), ESTABLISHED);
	state_bench_age(&bench, 11);
	assert_int_equal(asks(SEG_FIN | SEG_ACK), ESTABLISHED);
}

static void ports_are_used_again_after_the_end(void **state)
{
	(void)state;
	shake_hands();
	assert_int_equal(asks(SEG_RST), ESTABLISHED);
	shake_hands();
	assert_int_equal(answers(SEG_RST), ESTABLISHED);
	assert_int_equal(answers(SEG_SYN), NEW);
	assert_int_equal(asks(SEG_SYN | SEG_ACK), ESTABLISHED);
}

static void a_packet_that_is_dropped_teaches_nothing(void **state)
{
	struct thresholds thresholds = state_bench_thresholds();

	(void)state;
	state_bench_reload(&bench, &thresholds, 1 << NEW);
	assert_int_equal(asks(SEG_SYN), NEW);
	assert_int_equal(answers(SEG_SYN | SEG_ACK), INVALID);
	assert_int_equal(state_bench_numbers(&bench).opening, 0);

	state_bench_reload(&bench, &thresholds, 1 << ESTABLISHED);
	assert_int_equal(asks(SEG_SYN), NEW);
	assert_int_equal(answers(SEG_SYN | SEG_ACK), ESTABLISHED);
	assert_int_equal(asks(SEG_SYN), NEW);
	assert_int_equal(asks(SEG_ACK), INVALID);
}

static void flows_go_on_under_the_next_policy(void **state)
{
	struct thresholds thresholds = state_bench_thresholds();

	(void)state;
	shake_hands();
	thresholds.flows = 100000;
	state_bench_reload(&bench, &thresholds, 0);
	assert_int_equal(asks(SEG_ACK), ESTABLISHED);
	assert_int_equal(flows_info(maps_flows(bench.maps)).flows, 4096);
}

static void each_stage_of_tcp_has_its_time(void **state)
{
	struct thresholds thresholds = state_bench_thresholds();

	(void)state;
	thresholds.tcp_opening_s = 10;
	thresholds.tcp_established_s = 100;
	state_bench_reload(&bench, &thresholds, 0);
	assert_int_equal(asks(SEG_SYN), NEW);
	state_bench_age(&bench, 11);
	assert_int_equal(answers(SEG_SYN | SEG_ACK), INVALID);

	shake_hands();
	state_bench_age(&bench, 90);
	assert_int_equal(asks(SEG_ACK), ESTABLISHED);
	state_bench_age(&bench, 90);
	assert_int_equal(answers(SEG_ACK), ESTABLISHED);
	state_bench_age(&bench, 101);
	assert_int_equal(answers(SEG_FIN | SEG_ACK), INVALID);
	assert_int_equal(state_bench_counts(&bench).expired, 1);
}

#define FORGED 1000000u

/* Each with another source address. */
static void flood(uint32_t count, int repeat)
{
	for (uint32_t i = 0; i < count; i++) {
		struct segment syn = ask(4, SEG_SYN);

		syn.from.addr[0] = 172;
		syn.from.addr[1] = (uint8_t)(i >> 16);
		syn.from.addr[2] = (uint8_t)(i >> 8);
		syn.from.addr[3] = (uint8_t)i;
		(void)state_bench_repeat(&bench, &syn, repeat);
	}
}

static void a_flood_displaces_no_answered_flow(void **state)
{
	struct state_bench_numbers numbers;

	(void)state;
	shake_hands();
	flood(FORGED, 1);
	assert_int_equal(asks(SEG_ACK), ESTABLISHED);
	numbers = state_bench_numbers(&bench);
	assert_int_equal(numbers.open, 1);
	assert_in_range(numbers.opening, 1000, 4096);
	assert_int_equal(state_bench_counts(&bench).created, FORGED + 1);
}

static void
above_the_budget_nothing_is_learned_and_that_is_counted(void **state)
{
	struct thresholds thresholds = state_bench_thresholds();
	struct fw_flow_counts counts;

	(void)state;
	shake_hands();
	thresholds.new_flows_per_second = 1;
	state_bench_reload(&bench, &thresholds, 0);
	flood(1000, 20);
	counts = state_bench_counts(&bench);
	/* however long it took: a minute would be 60 */
	assert_in_range(counts.created, 1, 1000);
	assert_true(counts.refused > 1000);
	assert_int_equal(counts.no_room, 0);
	assert_int_equal(asks(SEG_ACK), ESTABLISHED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_flow_is_new_until_it_is_answered),
		TEST(a_handshake_moves_a_flow_to_those_that_were_answered),
		TEST(a_handshake_of_ipv6_does_the_same),
		TEST(a_flow_is_told_from_its_starter),
		TEST(both_gates_of_a_gateway_see_the_same),
		TEST(both_ends_may_open_at_once),
		TEST(an_answer_that_was_not_seen_completes_nothing),
		TEST(a_syn_that_comes_again_changes_no_number),
		TEST(what_opens_no_flow_is_invalid_without_one),
		TEST(flags_that_make_no_sense_are_invalid),
		TEST(what_is_under_way_already_is_picked_up),
		TEST(a_refusal_moves_nothing_to_those_that_were_answered),
		TEST(both_ends_finish_a_flow),
		TEST(a_reset_ends_a_flow),
		TEST(a_forged_reset_ends_nothing_that_goes_on),
		TEST(ports_are_used_again_after_the_end),
		TEST(a_packet_that_is_dropped_teaches_nothing),
		TEST(flows_go_on_under_the_next_policy),
		TEST(each_stage_of_tcp_has_its_time),
		TEST(a_flood_displaces_no_answered_flow),
		TEST(above_the_budget_nothing_is_learned_and_that_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
