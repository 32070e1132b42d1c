// SPDX-License-Identifier: GPL-2.0-or-later
/* Limits: who is charged what, and what is above. How fast they fill again is
 * for perf/limits; here a burst is all there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/bpf.h>

#include "rules/base.h"
#include "tests/support/frames.h"
#include "tests/support/rig.h"

#define MANY		100000 /* sources at once */
#define SOME		1000 /* where the processor is emulated */
#define UDP		17
#define SOURCE_AT	26 /* of IPv4 behind an Ethernet header */
#define DESTINATION4_AT 30 /* the same */
#define DESTINATION6_AT 38 /* of IPv6 */

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
	frame_build(&(struct frame_spec){.family = strchr(source, ':') ? 6 : 4,
					 .proto = UDP,
					 .source = source,
					 .payload_bytes = 58},
		    frame);
}

/* Of `count` packets from there, how many pass. */
static int passed(struct rig *rig, const char *source, int count)
{
	struct frame frame;
	int passes = 0;

	build(&frame, source);
	for (int i = 0; i < count; i++)
		passes += rig_run(rig, frame.data, frame.len) == XDP_PASS;
	return passes;
}

static void a_burst_passes_and_no_more(void **state)
{
	struct rig *rig = *state;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: few, action: limit, limit: {rate: 1/day, "
			"burst: 3}}\n");
	assert_int_equal(passed(rig, "192.0.2.1", 10), 3);
	assert_int_equal(rig_rule_count(rig, 0), 7);
}

static void a_drop_says_that_it_was_the_limit(void **state)
{
	struct rig *rig = *state;
	struct frame frame;
	uint32_t verdict;
	struct fw_event event;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: other, action: count}\n"
			"  - {id: few, action: limit, limit: {rate: 1/day}}\n");
	build(&frame, "192.0.2.1");
	(void)rig_event(rig, frame.data, frame.len, &verdict);
	event = rig_event(rig, frame.data, frame.len, &verdict);
	assert_int_equal(verdict, XDP_DROP);
	assert_int_equal(event.reason, FW_DROP_LIMIT);
	assert_int_equal(event.counter, 1);
}

static void what_is_within_goes_on_to_the_next_rule(void **state)
{
	struct rig *rig = *state;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: few, action: limit, limit: {rate: 1/day, "
			"burst: 2}}\n"
			"  - {id: none, action: drop}\n");
	assert_int_equal(passed(rig, "192.0.2.1", 5), 0);
	assert_int_equal(rig_rule_count(rig, 0), 3);
	assert_int_equal(rig_rule_count(rig, 1), 2);
}

static void a_limit_in_shadow_counts_and_drops_nothing(void **state)
{
	struct rig *rig = *state;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: few, action: limit, shadow: true, "
			"limit: {rate: 1/day, burst: 2}}\n");
	assert_int_equal(passed(rig, "192.0.2.1", 5), 5);
	assert_int_equal(rig_rule_count(rig, 0), 3);
}

static void each_source_has_its_own(void **state)
{
	struct rig *rig = *state;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: few, action: limit, limit: {rate: 1/day, "
			"burst: 2, per: source}}\n");
	assert_int_equal(passed(rig, "192.0.2.1", 3), 2);
	assert_int_equal(passed(rig, "192.0.2.2", 3), 2);
	assert_int_equal(passed(rig, "2001:db8::1", 3), 2);
	assert_int_equal(passed(rig, "::192.0.2.1", 3), 2);
}

static void a_network_shares_one(void **state)
{
	struct rig *rig = *state;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: few, action: limit, limit: {rate: 1/day, "
			"burst: 2, per: source-net}}\n");
	assert_int_equal(passed(rig, "192.0.2.1", 1), 1);
	assert_int_equal(passed(rig, "192.0.2.255", 2), 1);
	assert_int_equal(passed(rig, "192.0.3.1", 1), 1);
	assert_int_equal(passed(rig, "2001:db8::1", 1), 1);
	assert_int_equal(passed(rig, "2001:db8::ffff:1", 2), 1);
	assert_int_equal(passed(rig, "2001:db8:0:1::1", 1), 1);
}

/* Of `count` packets to there, each from another source, how many pass. */
static int passed_to(struct rig *rig, const char *destination, int count)
{
	bool is_v6 = strchr(destination, ':') != NULL;
	struct frame frame;
	int passes = 0;

	for (int i = 0; i < count; i++) {
		char source[INET6_ADDRSTRLEN];

		(void)snprintf(source, sizeof(source), "%s%d",
			       is_v6 ? "2001:db8:5::" : "192.0.2.", i + 1);
		build(&frame, source);
		assert_int_equal(
			inet_pton(is_v6 ? AF_INET6 : AF_INET, destination,
				  frame.data + (is_v6 ? DESTINATION6_AT
						      : DESTINATION4_AT)),
			1);
		passes += rig_run(rig, frame.data, frame.len) == XDP_PASS;
	}
	return passes;
}

static void each_destination_has_its_own(void **state)
{
	struct rig *rig = *state;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: few, action: limit, limit: {rate: 1/day, "
			"burst: 2, per: destination}}\n");
	assert_int_equal(passed_to(rig, "198.51.100.1", 3), 2);
	assert_int_equal(passed_to(rig, "198.51.100.2", 3), 2);
	assert_int_equal(passed_to(rig, "::198.51.100.1", 3), 2);
	assert_int_equal(passed_to(rig, "2001:db8::1", 3), 2);
	assert_int_equal(passed_to(rig, "2001:db8::2", 3), 2);
	assert_int_equal(passed_to(rig, "2001:db9::1", 3), 2);
}

/* The way back: addresses and ports change places. */
static void turn(struct frame *frame)
{
	uint8_t *ends = frame->data + SOURCE_AT;
	uint8_t from[4];

	memcpy(from, ends, 4);
	memcpy(ends, ends + 4, 4);
	memcpy(ends + 4, from, 4);
	memcpy(from, ends + 8, 2);
	memcpy(ends + 8, ends + 10, 2);
	memcpy(ends + 10, from, 2);
}

/* Any answer makes a flow one that is charged nothing. */
static void of_flows_only_those_that_are_new_are_charged(void **state)
{
	struct rig *rig = *state;
	struct frame frame, back;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: few, action: limit, source: 192.0.2.0/24, "
			"limit: {rate: 1/day, burst: 2, unit: flows}}\n");
	build(&frame, "192.0.2.1");
	back = frame;
	turn(&back);
	assert_int_equal(rig_run(rig, frame.data, frame.len), XDP_PASS);
	assert_int_equal(rig_run(rig, back.data, back.len), XDP_PASS);
	for (int i = 0; i < 5; i++)
		assert_int_equal(rig_run(rig, frame.data, frame.len), XDP_PASS);
	frame.data[SOURCE_AT + 9]++; /* port */
	assert_int_equal(rig_run(rig, frame.data, frame.len), XDP_PASS);
	frame.data[SOURCE_AT + 9]++;
	assert_int_equal(rig_run(rig, frame.data, frame.len), XDP_DROP);
	assert_int_equal(rig_rule_count(rig, 0), 1);
}

static void a_rule_shares_one_with_nobody(void **state)
{
	struct rig *rig = *state;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: a, action: limit, source: 192.0.2.0/24, "
			"limit: {rate: 1/day, burst: 2, per: rule}}\n"
			"  - {id: b, action: limit, source: 198.51.100.0/24, "
			"limit: {rate: 1/day, burst: 1, per: rule}}\n");
	assert_int_equal(passed(rig, "192.0.2.1", 1), 1);
	assert_int_equal(passed(rig, "192.0.2.2", 3), 1);
	assert_int_equal(passed(rig, "198.51.100.1", 3), 1);
}

static void bytes_are_those_of_the_frame(void **state)
{
	struct rig *rig = *state;
	struct frame frame;

	build(&frame, "192.0.2.1");
	assert_int_equal(frame.len, 100);
	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: few, action: limit, limit: {rate: 1/day, "
			"burst: 299, unit: bytes}}\n");
	assert_int_equal(passed(rig, "192.0.2.1", 5), 2);
}

static void what_was_charged_goes_on_through_a_policy(void **state)
{
	static const char document[] = "version: 1\n"
				       "rules:\n"
				       "  - {id: few, action: limit, limit: "
				       "{rate: 1/day, burst: 3}}\n";
	struct rig *rig = *state;

	rig_policy(rig, document);
	assert_int_equal(passed(rig, "192.0.2.1", 2), 2);
	rig_policy(rig, document);
	assert_int_equal(passed(rig, "192.0.2.1", 5), 1);
}

static void a_hundred_thousand_sources_do_not_share(void **state)
{
	struct rig *rig = *state;
	uint32_t count = getenv("PORTCULLIS_EMULATED") ? SOME : MANY;
	struct frame frame;
	uint32_t passes = 0;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: few, action: limit, limit: {rate: 1/day, "
			"burst: 2}}\n");
	build(&frame, "192.0.2.1");
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < count; i++) {
			uint32_t source_be = htonl(0x0b000000 + i);

			memcpy(frame.data + SOURCE_AT, &source_be,
			       sizeof(source_be));
			passes +=
				rig_run(rig, frame.data, frame.len) == XDP_PASS;
		}
	}
	assert_int_equal(passes, 2 * count);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_burst_passes_and_no_more),
		test(a_drop_says_that_it_was_the_limit),
		test(what_is_within_goes_on_to_the_next_rule),
		test(a_limit_in_shadow_counts_and_drops_nothing),
		test(each_source_has_its_own),
		test(a_network_shares_one),
		test(each_destination_has_its_own),
		test(of_flows_only_those_that_are_new_are_charged),
		test(a_rule_shares_one_with_nobody),
		test(bytes_are_those_of_the_frame),
		test(what_was_charged_goes_on_through_a_policy),
		test(a_hundred_thousand_sources_do_not_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
