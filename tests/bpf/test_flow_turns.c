// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A table of many flows: read in turns, and judged as far as the bound goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "daemon/cuts.h"
#include "tests/support/documents.h"
#include "tests/support/quiet_sink.h"

#define FLOWS	 10000u /* that are known: more than two turns tell */
#define ROOM	 131101u /* like no other map's, so that it is found */
#define RULES	 4096
#define NETWORKS 30000 /* of one rule */
#define GATES	 64

struct told {
	uint8_t times[FLOWS];
	unsigned int count;
};

/* The newest map of this name that has this room. */
static int open_map(const char *name)
{
	uint32_t id = 0;

	while (bpf_map_get_next_id(id, &id) == 0) {
		struct bpf_map_info info = {0};
		uint32_t len = sizeof(info);
		int fd = bpf_map_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
		    strcmp(info.name, name) == 0 && info.max_entries == ROOM)
			return fd;
		(void)close(fd);
	}
	return -1;
}

/* 10.0.x.y:1000 > 198.51.100.1:80, all seen now. */
static void fill(int fd, uint64_t now_ns)
{
	for (uint32_t i = 0; i < FLOWS; i++) {
		const struct fw_flow_key key = {
			.addr = {{0, 0x0a000000 + i}, {0, 0xc6336401}},
			.port = {1000, 80},
			.protocol = 6,
			.family = 4,
		};
		const struct fw_flow flow = {
			.seen_ns = now_ns,
			.stage = FW_STAGE_OPEN,
			.starter = FW_END_LOW,
		};

		assert_int_equal(bpf_map_update_elem(fd, &key, &flow, BPF_ANY),
				 0);
	}
}

static int setup(void **state)
{
	struct policy policy;
	char note[MAPS_NOTE_MAX];
	struct flows *flows;
	int fd;

	policy_init(&policy);
	policy.thresholds.flows = ROOM;
	policy.thresholds.half_open = ROOM + 1;
	if (flows_open(NULL, &policy.thresholds, &flows, note) < 0) {
		print_message("skipped: %s\n", note);
		exit(77);
	}
	fd = open_map("flows");
	assert_true(fd >= 0);
	fill(fd, 1);
	(void)close(fd);
	*state = flows;
	return 0;
}

static int teardown(void **state)
{
	flows_free(*state);
	return 0;
}

static int count_flow(void *arg, const struct flow *flow)
{
	struct told *told = arg;
	uint32_t at = prefix_addr_v4(&flow->starter) - 0x0a000000;

	assert_true(at < FLOWS);
	assert_int_equal(flow->starter_port, 1000);
	told->times[at]++;
	told->count++;
	return 0;
}

static void turns_tell_each_flow_once(void **state)
{
	struct flows_place place = {0};
	struct told told = {0};
	unsigned int turns = 0;
	int r = 1;

	while (r > 0) {
		unsigned int before = told.count;

		r = flows_each_turn(*state, 1, &place, count_flow, &told);
		assert_true(told.count - before <= FLOWS_TURN_MAX);
		turns++;
	}
	assert_int_equal(r, 0);
	assert_true(turns > FLOWS / FLOWS_TURN_MAX);
	assert_int_equal(told.count, FLOWS);
	for (size_t i = 0; i < FLOWS; i++)
		assert_int_equal(told.times[i], 1);
}

/* All turns of it, with `count` rules that no flow here meets before the one
 * that drops half of them. */
static struct cuts_result judge_all(const struct flows *flows, size_t count,
				    uint64_t now_ns)
{
	static char text[RULES * 64];
	CLEANUP(policy_done) struct policy before;
	CLEANUP(policy_done) struct policy after;
	CLEANUP(cuts_freep) struct cuts *cuts = NULL;
	CLEANUP(guard_freep) struct guard *guard = NULL;
	CLEANUP(ledger_freep) struct ledger *ledger = NULL;
	char gates[1][RULE_NAME_MAX] = {"wan0"};
	size_t used = (size_t)sprintf(text, "version: 1\nrules:\n");

	for (size_t i = 0; i < count; i++)
		used += (size_t)sprintf(text + used,
					" - {id: r%zu, action: drop, family: "
					"ipv6}\n",
					i);
	(void)sprintf(text + used, " - {id: x, action: drop, source: "
				   "10.0.0.0/20}\n");
	read_document("version: 1\n", &before);
	read_document(text, &after);
	assert_int_equal(guard_new(&guard), 0);
	assert_int_equal(ledger_new(&quiet_sink, NULL, &ledger), 0);
	assert_int_equal(cuts_new(&(struct cuts_policy){.policy = &before},
				  &(struct cuts_policy){.policy = &after},
				  &cuts),
			 0);
	assert_int_equal(cuts_look(cuts, &(struct cuts_machine){ledger, guard,
								gates, 1}),
			 0);
	while (cuts_turn(cuts, flows, now_ns) > 0)
		;
	return *cuts_result(cuts);
}

static void all_flows_are_judged_under_few_rules(void **state)
{
	struct cuts_result result = judge_all(*state, 3, 1);

	assert_true(result.is_whole);
	assert_int_equal(result.seen, FLOWS);
	assert_int_equal(result.cut, 4096);
	assert_int_equal(result.told_count, CUTS_TOLD_MAX);
}

static void under_many_rules_it_says_that_it_is_a_part(void **state)
{
	struct cuts_result result = judge_all(*state, RULES - 1, 1);

	assert_false(result.is_whole);
	assert_true(result.seen > 0);
	assert_true(result.seen < FLOWS);
}

static void flows_past_their_time_are_not_live(void **state)
{
	const uint64_t days_ns = UINT64_C(30) * 86400 * 1000000000;
	struct cuts_result result = judge_all(*state, 3, days_ns);

	assert_true(result.is_whole);
	assert_int_equal(result.seen, 0);
}

/* One rule at all gates, with many networks that no flow is in. */
static void read_networks(struct policy *ret_policy)
{
	static char text[NETWORKS * 16 + 200];
	size_t used =
		(size_t)sprintf(text, "version: 1\nrules:\n"
				      " - {id: many, action: drop, interface: "
				      "'g*', source: [172.16.0.0/16");

	for (unsigned int i = 0; i < NETWORKS; i++)
		used += (size_t)sprintf(text + used, ",11.%u.%u.1", i >> 8,
					i & 255);
	(void)sprintf(text + used, "]}\n");
	read_document(text, ret_policy);
}

/* How many were judged after so many turns; the first one only reads. */
static uint64_t count_judged(const struct flows *flows, size_t gate_count,
			     unsigned int turns)
{
	CLEANUP(policy_done) struct policy before;
	CLEANUP(policy_done) struct policy after;
	CLEANUP(cuts_freep) struct cuts *cuts = NULL;
	CLEANUP(guard_freep) struct guard *guard = NULL;
	CLEANUP(ledger_freep) struct ledger *ledger = NULL;
	char gates[GATES][RULE_NAME_MAX];

	for (int i = 0; i < GATES; i++)
		(void)sprintf(gates[i], "g%d", i);
	read_document("version: 1\n", &before);
	read_networks(&after);
	assert_int_equal(guard_new(&guard), 0);
	assert_int_equal(ledger_new(&quiet_sink, NULL, &ledger), 0);
	assert_int_equal(cuts_new(&(struct cuts_policy){.policy = &before},
				  &(struct cuts_policy){.policy = &after},
				  &cuts),
			 0);
	assert_int_equal(
		cuts_look(cuts, &(struct cuts_machine){ledger, guard, gates,
						       gate_count}),
		0);
	for (unsigned int i = 0; i < turns; i++)
		assert_int_equal(cuts_turn(cuts, flows, 1), 1);
	return cuts_result(cuts)->seen;
}

static void a_turn_is_short_with_many_networks_in_a_rule(void **state)
{
	assert_in_range(count_judged(*state, 1, 11), 10, 100);
}

static void a_turn_may_end_between_the_gates_of_a_flow(void **state)
{
	assert_int_equal(count_judged(*state, GATES, 6), 0);
	assert_in_range(count_judged(*state, GATES, 101), 1, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turns_tell_each_flow_once),
		cmocka_unit_test(all_flows_are_judged_under_few_rules),
		cmocka_unit_test(under_many_rules_it_says_that_it_is_a_part),
		cmocka_unit_test(flows_past_their_time_are_not_live),
		cmocka_unit_test(a_turn_is_short_with_many_networks_in_a_rule),
		cmocka_unit_test(a_turn_may_end_between_the_gates_of_a_flow),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
