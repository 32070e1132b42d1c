// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Chains against a judge that keeps every event since a chain was last met, and
 * looks for its steps among all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules/detect/chain.h"

#define STEPS_MAX  4
#define EVENTS	   60
#define ROUNDS	   3000
#define WITHIN_MAX 12

struct world {
	struct detect_rule rules[STEPS_MAX + 1]; /* the last is the chain */
	const struct detect_rule *lent[STEPS_MAX + 1];
	const struct detect_rule *steps[STEPS_MAX];
	struct detect_chain chain;
	struct {
		uint32_t step;
		uint64_t time_ns;
	} heard[EVENTS];
	size_t heard_count;
	bool is_told;
};

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*random >> 33) % below;
}

static void make(struct world *world, uint64_t *random)
{
	*world = (struct world){.heard_count = 0};
	world->chain.count = 2 + draw(random, STEPS_MAX - 1);
	world->chain.is_ordered = draw(random, 2);
	world->chain.within_ns = draw(random, WITHIN_MAX);
	world->chain.steps = world->steps;
	for (size_t i = 0; i <= STEPS_MAX; i++)
		world->lent[i] = &world->rules[i];
	for (uint32_t i = 0; i < world->chain.count; i++)
		world->steps[i] = &world->rules[i];
	world->rules[STEPS_MAX].chain = &world->chain;
}

/* Is there a way to have the steps from `step` on, not before `at`, within the
 * span since `begun_ns`? */
static bool is_met_from(const struct world *world, uint32_t step, size_t at,
			uint64_t begun_ns)
{
	if (step == world->chain.count)
		return true;
	for (; at < world->heard_count; at++) {
		uint64_t time_ns = world->heard[at].time_ns;
		uint64_t from_ns = step == 0 ? time_ns : begun_ns;

		if (world->heard[at].step == step &&
		    time_ns - from_ns <= world->chain.within_ns &&
		    is_met_from(world, step + 1, at + 1, from_ns))
			return true;
	}
	return false;
}

/* Some window of the span has each step. */
static bool is_met_anyhow(const struct world *world)
{
	for (size_t first = 0; first < world->heard_count; first++) {
		uint32_t met = 0;

		for (size_t at = first; at < world->heard_count; at++) {
			if (world->heard[at].time_ns -
				    world->heard[first].time_ns <=
			    world->chain.within_ns)
				met |= 1u << world->heard[at].step;
		}
		if (met == (1u << world->chain.count) - 1)
			return true;
	}
	return false;
}

static void told(void *arg, const struct detect_rule *rule, size_t index)
{
	struct world *world = arg;

	assert_ptr_equal(rule, &world->rules[STEPS_MAX]);
	assert_int_equal(index, STEPS_MAX);
	assert_false(world->is_told);
	world->is_told = true;
}

static bool is_due(struct world *world, uint32_t step, uint64_t time_ns)
{
	bool is_met;

	world->heard[world->heard_count].step = step;
	world->heard[world->heard_count++].time_ns = time_ns;
	is_met = world->chain.is_ordered ? is_met_from(world, 0, 0, 0)
					 : is_met_anyhow(world);
	if (is_met)
		world->heard_count = 0;
	return is_met;
}

static size_t play(uint64_t seed)
{
	static const uint64_t secret[2] = {3, 4};
	static const struct process_id root = {7, 7};
	CLEANUP(chains_freep) struct chains *chains = NULL;
	uint64_t random = seed, time_ns = 1;
	struct world world;
	size_t met = 0;

	make(&world, &random);
	assert_int_equal(
		chains_new(world.lent, STEPS_MAX + 1, 16, secret, &chains), 0);
	for (int i = 0; i < EVENTS; i++) {
		uint32_t step = draw(&random, world.chain.count);
		struct event event = {.time_ns = time_ns +=
				      1 + draw(&random, 4)};
		bool is_met = is_due(&world, step, event.time_ns);

		world.is_told = false;
		chains_hear(chains, step, &root, &event, told, &world);
		if (world.is_told != is_met)
			fail_msg("seed %llu, event %d: it is %s, and %s",
				 (unsigned long long)seed, i,
				 is_met ? "met" : "not met",
				 world.is_told ? "was told" : "was not told");
		met += is_met;
		if (draw(&random, 4) == 0)
			chains_tick(chains, event.time_ns, 64);
	}
	assert_int_equal(chains_crowded(chains), 0);
	return met;
}

static void a_chain_is_told_when_a_way_to_meet_it_is_there(void **state)
{
	size_t met = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++)
		met += play(seed);
	assert_in_range(met, ROUNDS, (size_t)ROUNDS * EVENTS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_chain_is_told_when_a_way_to_meet_it_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
