// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random streams of decisions against a list that is searched from one end to
 * the other: after every reply, a change or a whole one, the same prefixes are
 * held by the same decisions, until the same moment.
 *
 * PORTCULLIS_SEED=N repeats a run; the seed of a failed one is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rules/decisions.h"

#define ROUNDS	  300
#define REPLIES	  30
#define MODEL_MAX 4096
#define NETS	  12 /* few, so that several decisions meet */
#define LIFE_MAX  40 /* seconds; replies come up to ten apart */

static uint64_t seed;

struct world {
	uint64_t random;
	uint64_t now_s;
	uint64_t next_id;
	struct decisions *table;
	struct decision model[MODEL_MAX];
	size_t count;
	uint64_t gone[MODEL_MAX]; /* ids told as deleted in this reply */
	size_t gone_count;
};

/* splitmix64 (Steele, Lea, Flood, 2014): every seed is a good one. */
static uint64_t draw(struct world *world, uint64_t below)
{
	uint64_t z = world->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % below;
}

static void model_put(struct world *world, const struct decision *decision)
{
	for (size_t i = 0; i < world->count; i++) {
		struct decision *old = &world->model[i];

		if (old->id == decision->id &&
		    prefix_cmp(&old->prefix, &decision->prefix) == 0) {
			*old = *decision;
			return;
		}
	}
	assert_true(world->count < MODEL_MAX);
	world->model[world->count++] = *decision;
}

static void model_tidy(struct world *world)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->count; i++) {
		bool lives = world->model[i].until_s > world->now_s;

		for (size_t j = 0; j < world->gone_count; j++)
			lives &= world->model[i].id != world->gone[j];
		if (lives)
			world->model[kept++] = world->model[i];
	}
	world->count = kept;
	world->gone_count = 0;
}

static const struct decision *model_holder(const struct world *world,
					   const struct prefix *prefix)
{
	const struct decision *best = NULL;

	for (size_t i = 0; i < world->count; i++) {
		const struct decision *one = &world->model[i];

		if (prefix_cmp(&one->prefix, prefix) != 0)
			continue;
		if (!best || one->until_s > best->until_s ||
		    (one->until_s == best->until_s && one->id < best->id))
			best = one;
	}
	return best;
}

static struct prefix net_of(uint64_t number)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix prefix;

	(void)snprintf(text, sizeof(text),
		       number % 3 ? "203.0.113.%u/%u" : "2001:db8::%u/%u",
		       (unsigned int)(number * 16), number % 2 ? 32 : 28);
	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	return prefix;
}

static void tell_new(struct world *world)
{
	static const char *const reasons[] = {"", "ssh-bf", "http-probing"};
	struct decision decision = {
		.id = draw(world, 4) ? ++world->next_id
				     : 1 + draw(world, world->next_id + 1),
		.prefix = net_of(draw(world, NETS)),
		.until_s = world->now_s + draw(world, LIFE_MAX),
		.reason = reasons[draw(world, 3)],
	};

	model_put(world, &decision);
	assert_int_equal(decisions_note(world->table, &decision), 0);
}

static void tell_deleted(struct world *world)
{
	uint64_t id = 1 + draw(world, world->next_id + 3);

	world->gone[world->gone_count++] = id;
	assert_int_equal(decisions_note_deleted(world->table, id), 0);
}

static void check(const struct world *world)
{
	CLEANUP(freep) struct decision *list = NULL;
	size_t count, expected = 0;

	assert_int_equal(decisions_count(world->table), world->count);
	assert_int_equal(decisions_held(world->table, &list, &count), 0);
	for (uint64_t i = 0; i < NETS; i++) {
		struct prefix prefix = net_of(i);
		bool is_first = true;

		for (uint64_t j = 0; j < i; j++) {
			struct prefix other = net_of(j);

			is_first &= prefix_cmp(&prefix, &other) != 0;
		}
		expected += is_first && model_holder(world, &prefix);
	}
	assert_int_equal(count, expected);
	for (size_t i = 0; i < count; i++) {
		const struct decision *holder =
			model_holder(world, &list[i].prefix);

		assert_non_null(holder);
		assert_int_equal(list[i].id, holder->id);
		assert_int_equal(list[i].until_s, holder->until_s);
		assert_string_equal(list[i].reason, holder->reason);
	}
}

static void take_reply(struct world *world)
{
	if (draw(world, 8) == 0) { /* a whole one */
		decisions_free(world->table);
		world->table = NULL;
		assert_int_equal(decisions_new(MODEL_MAX, &world->table), 0);
		world->count = 0;
	}
	for (uint64_t i = draw(world, 20); i > 0; i--) {
		if (draw(world, 3) == 0)
			tell_deleted(world);
		else
			tell_new(world);
	}
	world->now_s += draw(world, 10);
	assert_int_equal(decisions_settle(world->table, world->now_s), 0);
	model_tidy(world);
	check(world);
}

static void a_table_holds_what_a_plain_list_does(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	(void)state;
	assert_non_null(world);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		*world = (struct world){.random = seed + round,
					.now_s = 1000000000};
		assert_int_equal(decisions_new(MODEL_MAX, &world->table), 0);
		for (unsigned int i = 0; i < REPLIES; i++)
			take_reply(world);
		decisions_free(world->table);
	}
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_holds_what_a_plain_list_does),
	};
	const char *own = getenv("PORTCULLIS_SEED");
	int failed;

	seed = own ? strtoull(own, NULL, 10) : (uint64_t)time(NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (failed)
		(void)fprintf(stderr, "PORTCULLIS_SEED=%llu\n",
			      (unsigned long long)seed);
	return failed;
}
