// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The matcher of detection rules against one that asks every rule every test,
 * on events that the rules themselves describe and on such that nearly are.
 * With PORTCULLIS_DATA set, with the rules of SigmaHQ.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/detect.h"
#include "rules/detect/sigma.h"
#include "tests/support/detect_oracle.h"
#include "tests/support/sigma_rules.h"
#include "tests/support/witness.h"

#define SEEDS	  3
#define MUTATIONS 12
#define TOLD_MAX  1024

struct world {
	struct detect_folder folder;
	struct detect_engine *engine;
	struct detect_scratch *scratch;
	bool told[TOLD_MAX];
	size_t last; /* rule told, from 1 */
	uint64_t events;
};

static void remember(void *arg, const struct detect_rule *rule, size_t index)
{
	struct world *world = arg;

	assert_ptr_equal(rule, world->folder.rules[index]);
	assert_false(world->told[index]);
	assert_true(index + 1 > world->last);
	world->told[index] = true;
	world->last = index + 1;
}

static void match(struct world *world, const struct event *event)
{
	memset(world->told, 0, sizeof(world->told));
	world->last = 0;
	world->events++;
	detect_match(world->engine, event, world->scratch, remember, world);
}

/* Is it met, and none before it of its list? */
static bool is_due(const struct world *world, size_t index,
		   const struct event *event)
{
	const struct detect_rule *rule = world->folder.rules[index];

	if (!detect_oracle(rule, event))
		return false;
	while (rule->list > 0 && index-- > 0) {
		const struct detect_rule *before = world->folder.rules[index];

		if (before->list == rule->list && detect_oracle(before, event))
			return false;
	}
	return true;
}

static void compare(struct world *world, const struct event *event)
{
	match(world, event);
	for (size_t i = 0; i < world->folder.rule_count; i++) {
		const struct detect_rule *rule = world->folder.rules[i];
		bool is_met = is_due(world, i, event);

		if (world->told[i] != is_met)
			fail_msg("\"%s\" is %s, and %s: kind %d, \"%.*s\"",
				 rule->title, is_met ? "met" : "not met",
				 world->told[i] ? "was told" : "was not told",
				 event->kind,
				 (int)event->words[EVENT_COMMAND_LINE].len,
				 event->words[EVENT_COMMAND_LINE].bytes);
	}
}

static void prepare(struct world *world)
{
	assert_in_range(world->folder.rule_count, 1, TOLD_MAX);
	assert_int_equal(detect_new(world->folder.rules,
				    world->folder.rule_count, &world->engine),
			 0);
	assert_int_equal(detect_scratch_new(world->engine, &world->scratch), 0);
}

static void finish(struct world *world)
{
	detect_scratch_free(world->scratch);
	detect_free(world->engine);
	detect_folder_done(&world->folder);
}

/* Every rule's witness and near miss. */
static void try_witnesses(struct world *world)
{
	for (size_t i = 0; i < world->folder.rule_count; i++) {
		const struct detect_rule *rule = world->folder.rules[i];
		struct witness witness;

		/* met by rules, not by an event */
		if (rule->chain || rule->score)
			continue;
		if (witness_make(rule, DETECT_KINDS_ALL, i, &witness) < 0)
			fail_msg("no witness of \"%s\"", rule->title);
		match(world, &witness.event);
		if (world->told[i] != is_due(world, i, &witness.event) ||
		    (rule->list == 0 && !world->told[i]))
			fail_msg("\"%s\" does not tell its witness",
				 rule->title);
		if (witness_spoil(rule, i, &witness) < 0)
			fail_msg("no near miss of \"%s\"", rule->title);
		match(world, &witness.event);
		if (world->told[i])
			fail_msg("\"%s\" tells its near miss", rule->title);
		witness_done(&witness);
	}
}

static void try_mutations(struct world *world)
{
	for (uint64_t seed = 0; seed < SEEDS * world->folder.rule_count;
	     seed++) {
		size_t index = seed % world->folder.rule_count;
		const struct detect_rule *rule = world->folder.rules[index];
		uint64_t random = seed * 0x9e3779b97f4a7c15u + 3;
		struct witness witness;

		if (witness_make(rule, DETECT_KINDS_ALL, seed + 1000,
				 &witness) < 0)
			continue;
		for (int i = 0; i < MUTATIONS; i++) {
			compare(world, &witness.event);
			witness_mutate(&witness, &random);
		}
		witness_done(&witness);
	}
}

static void own_rules_tell_their_witnesses(void **state)
{
	struct world world = {.engine = NULL};

	(void)state;
	sigma_rules_own(DETECT_KINDS_ALL, &world.folder);
	prepare(&world);
	try_witnesses(&world);
	finish(&world);
}

static void own_rules_agree_with_the_oracle(void **state)
{
	struct world world = {.engine = NULL};

	(void)state;
	sigma_rules_own(DETECT_KINDS_ALL, &world.folder);
	prepare(&world);
	try_mutations(&world);
	assert_true(world.events > 100);
	finish(&world);
}

static void shipped_rules_tell_their_witnesses(void **state)
{
	struct world world = {.engine = NULL};

	(void)state;
	sigma_rules_shipped(&world.folder);
	prepare(&world);
	try_witnesses(&world);
	finish(&world);
}

static void shipped_rules_agree_with_the_oracle(void **state)
{
	struct world world = {.engine = NULL};

	(void)state;
	sigma_rules_shipped(&world.folder);
	prepare(&world);
	try_mutations(&world);
	assert_true(world.events > 1000);
	finish(&world);
}

static void real_rules_tell_their_witnesses(void **state)
{
	struct world world = {.engine = NULL};

	(void)state;
	if (!sigma_rules_real(DETECT_KINDS_ALL, &world.folder))
		skip();
	prepare(&world);
	try_witnesses(&world);
	finish(&world);
}

static void real_rules_agree_with_the_oracle(void **state)
{
	struct world world = {.engine = NULL};

	(void)state;
	if (!sigma_rules_real(DETECT_KINDS_ALL, &world.folder))
		skip();
	prepare(&world);
	try_mutations(&world);
	assert_true(world.events > 1000);
	finish(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_rules_tell_their_witnesses),
		cmocka_unit_test(own_rules_agree_with_the_oracle),
		cmocka_unit_test(shipped_rules_tell_their_witnesses),
		cmocka_unit_test(shipped_rules_agree_with_the_oracle),
		cmocka_unit_test(real_rules_tell_their_witnesses),
		cmocka_unit_test(real_rules_agree_with_the_oracle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
