// SPDX-License-Identifier: GPL-2.0-or-later
/* A program, its tables and its ledger, made from what a store holds. */
#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/bpf.h>

#include "daemon/clock.h"
#include "daemon/generation.h"
#include "tests/support/frames.h"
#include "tests/support/sandbox.h"
#include "tests/support/scratch.h"

#define PIN_DIR	 "/sys/fs/bpf/portcullis"
#define MEMBERS	 3000
#define PROBES	 20000
#define TOO_MANY 20000u /* /25s: more than the smallest table has room for */
#define FREE_SET SET_ID_FIRST_FREE

#define COMBINED_SETS 15
#define COMBINATIONS  17000u /* with three quarters of the numbers: too many */

struct stand {
	struct scratch scratch;
	struct config config;
	struct generation *generation;
	struct generation *second;
	char note[MAPS_NOTE_MAX];
};

static int setup(void **state)
{
	static struct stand stand;

	memset(&stand, 0, sizeof(stand));
	stand.config = config_defaults;
	memcpy(stand.config.pin_dir, PIN_DIR, sizeof(PIN_DIR));
	stand.config.hosts4 = 1;
	stand.config.blocks4 = 1;
	stand.config.entries6 = 50000;
	scratch_init(&stand.scratch, SCRATCH_MAP_BYTES);
	*state = &stand;
	return 0;
}

static int teardown(void **state)
{
	struct stand *stand = *state;

	generation_free(stand->generation);
	generation_free(stand->second);
	scratch_done(&stand->scratch);
	return maps_unpin_all(PIN_DIR);
}

static void build(struct stand *stand, struct generation **ret_generation)
{
	int r = generation_build(&stand->config, stand->scratch.store,
				 ret_generation, stand->note);

	if (r < 0)
		fail_msg("%s (%s)", stand->note, strerror(-r));
	assert(*ret_generation);
}

static void put_set(struct stand *stand, uint8_t id, const char *name,
		    enum set_action action)
{
	struct change change = scratch_set_put(id, name);

	change.set.action = (uint8_t)action;
	assert_int_equal(scratch_commit_one(&stand->scratch, change), 0);
}

static void put(struct stand *stand, uint8_t set_id, const char *prefix)
{
	assert_int_equal(scratch_commit_one(&stand->scratch,
					    scratch_put(set_id, prefix, "")),
			 0);
}

static void take(struct stand *stand, uint8_t set_id, const char *prefix)
{
	assert_int_equal(scratch_commit_one(&stand->scratch,
					    scratch_del(set_id, prefix)),
			 0);
}

static uint16_t class_of(const struct generation *generation, const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	assert_int_equal(table_lookup(generation->table, &prefix),
			 ledger_class(generation->ledger, &prefix));
	return ledger_class(generation->ledger, &prefix);
}

/* What the program of a generation does with a packet from there. */
static uint32_t verdict(const struct generation *generation, const char *source)
{
	struct frame frame;
	LIBBPF_OPTS(bpf_test_run_opts, run);

	frame_build(&(struct frame_spec){.family = strchr(source, ':') ? 6 : 4,
					 .proto = 17,
					 .source = source,
					 .payload_bytes = 64},
		    &frame);
	run.data_in = frame.data;
	run.data_size_in = (uint32_t)frame.len;
	run.repeat = 1;
	assert_int_equal(
		bpf_prog_test_run_opts(
			program_gate(generation->judge->program)->fd, &run),
		0);
	return run.retval;
}

static uint64_t count_of(const struct generation *generation, uint16_t class_id)
{
	struct fw_count *counts = calloc(class_id + 1u, sizeof(*counts));
	uint64_t packets;

	assert_non_null(counts);
	assert_int_equal(
		maps_class_counts(generation->maps, counts, class_id + 1u), 0);
	packets = counts[class_id].packets;
	free(counts);
	return packets;
}

static void an_empty_store_makes_a_table_of_nothing(void **state)
{
	struct stand *stand = *state;

	build(stand, &stand->generation);
	assert_int_equal(ledger_usage(stand->generation->ledger).prefix_count,
			 0);
	assert_int_equal(verdict(stand->generation, "192.0.2.1"), XDP_PASS);
	assert_int_equal(stand->generation->ended.count, 0);
	assert_int_equal(stand->generation->refused, 0);
}

static void members_are_judged_by_the_action_of_their_set(void **state)
{
	struct stand *stand = *state;
	const struct generation *generation;

	put_set(stand, FREE_SET, "trial", SET_SHADOW);
	put(stand, SET_ID_BLOCK, "192.0.2.0/24");
	put(stand, SET_ID_ALLOW, "192.0.2.7");
	put(stand, FREE_SET, "198.51.100.1");
	put(stand, SET_ID_BLOCK, "2001:db8:bad::/48");
	build(stand, &stand->generation);
	generation = stand->generation;
	assert_int_equal(verdict(generation, "192.0.2.1"), XDP_DROP);
	assert_int_equal(verdict(generation, "192.0.2.7"), XDP_PASS);
	assert_int_equal(verdict(generation, "198.51.100.1"), XDP_PASS);
	assert_int_equal(verdict(generation, "198.51.100.2"), XDP_PASS);
	assert_int_equal(verdict(generation, "2001:db8:bad::1"), XDP_DROP);
	assert_int_equal(verdict(generation, "2001:db8::1"), XDP_PASS);
	assert_int_equal(
		count_of(generation, class_of(generation, "192.0.2.7")), 1);
	assert_int_equal(
		count_of(generation, class_of(generation, "198.51.100.1")), 1);
}

/* Of few networks, so they nest. */
static struct prefix random_prefix(void)
{
	uint32_t addr = (uint32_t)rand() & 0x000fffff;
	struct prefix prefix =
		prefix_of_v4(0x0a000000 | addr, 20 + (unsigned int)rand() % 13);

	if (rand() % 2)
		return prefix;
	prefix = (struct prefix){
		.addr = {0x20, 0x01, 0x0d, 0xb8, (uint8_t)(addr >> 16),
			 (uint8_t)(addr >> 8), (uint8_t)addr},
		.bits = 128,
	};
	return prefix_widen(&prefix, 44 + (unsigned int)rand() % 85);
}

static void fill_at_random(struct stand *stand)
{
	struct change *changes = calloc(MEMBERS, sizeof(*changes));

	assert_non_null(changes);
	for (int i = 0; i < MEMBERS; i++) {
		changes[i] =
			scratch_put((uint8_t)(2 + rand() % 3), "192.0.2.1", "");
		changes[i].member.prefix = random_prefix();
	}
	assert_int_equal(scratch_commit(&stand->scratch, changes, MEMBERS), 0);
	free(changes);
}

static void the_table_says_what_the_ledger_says(void **state)
{
	struct stand *stand = *state;
	unsigned int seed = (unsigned int)time(NULL);
	uint32_t listed = 0;

	print_message("seed %u\n", seed);
	srand(seed);
	put_set(stand, FREE_SET, "trial", SET_SHADOW);
	fill_at_random(stand);
	build(stand, &stand->generation);
	for (int i = 0; i < PROBES; i++) {
		const struct prefix any = random_prefix();
		struct prefix first = any;
		uint16_t class_id;

		first.bits = 128;
		class_id = ledger_class(stand->generation->ledger, &first);
		assert_int_equal(table_lookup(stand->generation->table, &first),
				 class_id);
		listed += class_id != 0;
	}
	assert_true(listed > PROBES / 10 && listed < PROBES);
}

static void a_member_past_its_end_is_left_out_and_counted(void **state)
{
	struct stand *stand = *state;
	struct change past = scratch_put(SET_ID_BLOCK, "192.0.2.1", "");
	struct change later = scratch_put(SET_ID_BLOCK, "192.0.2.2", "");

	past.member.evidence.created_s = clock_wall_s() - 2;
	past.member.evidence.expires_s = clock_wall_s() - 1;
	later.member.evidence.expires_s = clock_wall_s() + 10000;
	assert_int_equal(scratch_commit_one(&stand->scratch, past), 0);
	assert_int_equal(scratch_commit_one(&stand->scratch, later), 0);
	build(stand, &stand->generation);
	assert_int_equal(stand->generation->ended.count, 1);
	assert_int_equal(class_of(stand->generation, "192.0.2.1"), 0);
	assert_int_not_equal(class_of(stand->generation, "192.0.2.2"), 0);
	assert_true(ledger_next_due_s(stand->generation->ledger) >
		    clock_wall_s() + 5000);
}

static void what_a_clock_in_doubt_calls_past_is_held(void **state)
{
	struct stand *stand = *state;
	struct change past = scratch_put(SET_ID_BLOCK, "192.0.2.1", "");

	if (clock_is_synchronised())
		skip();
	past.member.evidence.created_s = 1; /* long before this boot */
	past.member.evidence.expires_s = clock_wall_s() - 1;
	assert_int_equal(scratch_commit_one(&stand->scratch, past), 0);
	build(stand, &stand->generation);
	assert_true(stand->generation->doubts_clock);
	assert_int_equal(stand->generation->ended.count, 0);
	assert_int_not_equal(class_of(stand->generation, "192.0.2.1"), 0);
}

/* Numbers go to combinations as they come up: in another order, here. */
static void classes_keep_their_numbers_and_counts(void **state)
{
	struct stand *stand = *state;
	uint16_t blocked, both, shadowed;

	put_set(stand, FREE_SET, "trial", SET_SHADOW);
	put(stand, FREE_SET, "192.0.2.1");
	put(stand, FREE_SET, "192.0.2.2");
	put(stand, SET_ID_BLOCK, "192.0.2.2");
	put(stand, SET_ID_BLOCK, "192.0.2.3");
	build(stand, &stand->generation);
	shadowed = class_of(stand->generation, "192.0.2.1");
	both = class_of(stand->generation, "192.0.2.2");
	blocked = class_of(stand->generation, "192.0.2.3");
	assert_true(shadowed != both && both != blocked && shadowed != blocked);
	(void)verdict(stand->generation, "192.0.2.3");
	(void)verdict(stand->generation, "192.0.2.3");
	generation_free(TAKE(stand->generation));

	put(stand, SET_ID_BLOCK, "10.0.0.1");
	put(stand, FREE_SET, "10.0.0.2");
	put(stand, SET_ID_ALLOW, "10.0.0.0/8");
	take(stand, FREE_SET, "192.0.2.1");
	build(stand, &stand->generation);
	assert_int_equal(class_of(stand->generation, "192.0.2.1"), 0);
	assert_int_equal(class_of(stand->generation, "192.0.2.2"), both);
	assert_int_equal(class_of(stand->generation, "192.0.2.3"), blocked);
	put(stand, FREE_SET, "192.0.2.1");
	build(stand, &stand->second);
	assert_int_equal(class_of(stand->second, "192.0.2.1"), shadowed);
	assert_int_equal(count_of(stand->second, blocked), 2);
}

static void what_the_table_has_no_room_for_is_counted(void **state)
{
	struct stand *stand = *state;
	struct change *changes = calloc(TOO_MANY, sizeof(*changes));
	size_t missing = 0;

	assert_non_null(changes);
	for (uint32_t n = 0; n < TOO_MANY; n++) {
		changes[n] = scratch_numbered(n, "");
		changes[n].member.prefix = prefix_of_v4(n << 7, 25);
	}
	assert_int_equal(scratch_commit(&stand->scratch, changes, TOO_MANY), 0);
	build(stand, &stand->generation);
	for (uint32_t n = 0; n < TOO_MANY; n++)
		missing += table_lookup(stand->generation->table,
					&changes[n].member.prefix) == 0;
	free(changes);
	assert_true(missing > 0 && missing < TOO_MANY / 2);
	assert_int_equal(stand->generation->refused, missing);
	assert_int_equal(
		ledger_set_count(stand->generation->ledger, SET_ID_BLOCK),
		TOO_MANY - missing);
}

/* Numbers as lives before left them, for combinations nobody needs now. */
static void leave_classes(const struct generation *generation, uint16_t count)
{
	for (uint16_t id = 1; id <= count; id++) {
		const struct fw_class_sets sets = {.words[3] = id};

		maps_put_class_sets(generation->maps, id, &sets);
	}
}

/* Address number n is in those sets whose bits are set in n. */
static void put_combinations(struct stand *stand, uint32_t count)
{
	struct change *changes =
		calloc((size_t)count * COMBINED_SETS, sizeof(*changes));
	char name[16];
	size_t at = 0;

	assert_non_null(changes);
	for (unsigned int bit = 0; bit < COMBINED_SETS; bit++) {
		(void)snprintf(name, sizeof(name), "part-%u", bit);
		put_set(stand, (uint8_t)(FREE_SET + bit), name, SET_DROP);
	}
	for (uint32_t n = 1; n <= count; n++)
		for (unsigned int bit = 0; bit < COMBINED_SETS; bit++) {
			if (!(n >> bit & 1))
				continue;
			changes[at] = scratch_numbered(n, "");
			changes[at++].set_id = (uint8_t)(FREE_SET + bit);
		}
	assert_int_equal(scratch_commit(&stand->scratch, changes, at), 0);
	free(changes);
}

/* More combinations than numbers are left: members are refused, not the
 * start; and the next start has the numbers that were for nothing. */
static void numbers_of_classes_are_given_anew_before_they_run_out(void **state)
{
	struct stand *stand = *state;

	build(stand, &stand->generation);
	leave_classes(stand->generation, CLASS_MAX / 4 * 3);
	generation_free(TAKE(stand->generation));
	put_combinations(stand, COMBINATIONS);
	build(stand, &stand->generation);
	assert_false(stand->generation->is_renumbered);
	assert_true(stand->generation->unclassed > 0);
	assert_int_equal(stand->generation->refused, 0);
	(void)verdict(stand->generation, "192.0.2.1");
	generation_free(TAKE(stand->generation));

	build(stand, &stand->generation);
	assert_true(stand->generation->is_renumbered);
	assert_int_equal(stand->generation->unclassed, 0);
	assert_int_equal(
		classes_last(ledger_classes(stand->generation->ledger)),
		COMBINATIONS);
	assert_int_equal(count_of(stand->generation, CLASS_DIRECT), 0);
}

/* The store took them once; only what comes new is refused. */
static void a_capacity_below_the_members_takes_none_away(void **state)
{
	struct stand *stand = *state;
	struct change set = scratch_set_put(FREE_SET, "small");
	struct change third = scratch_put(FREE_SET, "192.0.2.3", "");

	set.set.capacity = 1;
	assert_int_equal(scratch_commit_one(&stand->scratch, set), 0);
	put(stand, FREE_SET, "192.0.2.1");
	put(stand, FREE_SET, "192.0.2.2");
	build(stand, &stand->generation);
	assert_int_equal(stand->generation->refused, 0);
	assert_int_equal(ledger_set_count(stand->generation->ledger, FREE_SET),
			 2);
	assert_int_equal(ledger_claim(stand->generation->ledger, FREE_SET,
				      &third.member, 0),
			 -ENOSPC);
}

static void two_generations_judge_side_by_side(void **state)
{
	struct stand *stand = *state;

	put(stand, SET_ID_BLOCK, "192.0.2.1");
	build(stand, &stand->generation);
	take(stand, SET_ID_BLOCK, "192.0.2.1");
	put(stand, SET_ID_BLOCK, "192.0.2.2");
	build(stand, &stand->second);
	assert_int_equal(verdict(stand->generation, "192.0.2.1"), XDP_DROP);
	assert_int_equal(verdict(stand->generation, "192.0.2.2"), XDP_PASS);
	assert_int_equal(verdict(stand->second, "192.0.2.1"), XDP_PASS);
	assert_int_equal(verdict(stand->second, "192.0.2.2"), XDP_DROP);
}

static void the_ledger_goes_on_writing_the_table(void **state)
{
	struct stand *stand = *state;
	struct change net = scratch_put(SET_ID_BLOCK, "192.0.2.0/24", "");
	struct change host = scratch_put(SET_ID_BLOCK, "192.0.2.1", "");
	struct ledger *ledger;

	put(stand, SET_ID_ALLOW, "192.0.2.1");
	build(stand, &stand->generation);
	ledger = stand->generation->ledger;
	assert_int_equal(ledger_claim(ledger, SET_ID_BLOCK, &net.member, 0), 0);
	assert_int_equal(verdict(stand->generation, "192.0.2.2"), XDP_DROP);
	assert_int_equal(verdict(stand->generation, "192.0.2.1"), XDP_PASS);
	assert_int_equal(
		ledger_withdraw(ledger, SET_ID_ALLOW, &host.member.prefix), 0);
	assert_int_equal(verdict(stand->generation, "192.0.2.1"), XDP_DROP);
	assert_int_equal(
		ledger_withdraw(ledger, SET_ID_BLOCK, &net.member.prefix), 0);
	assert_int_equal(verdict(stand->generation, "192.0.2.1"), XDP_PASS);
	assert_int_equal(verdict(stand->generation, "192.0.2.2"), XDP_PASS);
}

/* A restore may give a set another action; the old picture holds until the
 * new one is whole and takes its place. */
static void building_changes_nothing_for_the_one_that_judges(void **state)
{
	struct stand *stand = *state;

	put_set(stand, FREE_SET, "mine", SET_DROP);
	put(stand, FREE_SET, "192.0.2.1");
	build(stand, &stand->generation);
	put_set(stand, FREE_SET, "mine", SET_ALLOW);
	build(stand, &stand->second);
	assert_int_equal(verdict(stand->generation, "192.0.2.1"), XDP_DROP);
	assert_int_equal(verdict(stand->second, "192.0.2.1"), XDP_PASS);
}

static void what_it_was_called_by_goes_on_when_one_is_freed(void **state)
{
	struct stand *stand = *state;

	put(stand, SET_ID_BLOCK, "192.0.2.1");
	build(stand, &stand->generation);
	build(stand, &stand->second);
	generation_free(TAKE(stand->generation));
	assert_int_equal(verdict(stand->second, "192.0.2.1"), XDP_DROP);
	generation_free(NULL);
}

static void a_generation_that_cannot_be_made_says_why(void **state)
{
	struct stand *stand = *state;

	memcpy(stand->config.pin_dir, "/tmp", sizeof("/tmp"));
	assert_true(generation_build(&stand->config, stand->scratch.store,
				     &stand->generation, stand->note) < 0);
	assert_non_null(strstr(stand->note, "/tmp is not on a bpffs"));
	assert_null(stand->generation);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(an_empty_store_makes_a_table_of_nothing),
		test(members_are_judged_by_the_action_of_their_set),
		test(the_table_says_what_the_ledger_says),
		test(a_member_past_its_end_is_left_out_and_counted),
		test(what_a_clock_in_doubt_calls_past_is_held),
		test(classes_keep_their_numbers_and_counts),
		test(what_the_table_has_no_room_for_is_counted),
		test(numbers_of_classes_are_given_anew_before_they_run_out),
		test(a_capacity_below_the_members_takes_none_away),
		test(two_generations_judge_side_by_side),
		test(the_ledger_goes_on_writing_the_table),
		test(building_changes_nothing_for_the_one_that_judges),
		test(what_it_was_called_by_goes_on_when_one_is_freed),
		test(a_generation_that_cannot_be_made_says_why),
	};

	sandbox_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
