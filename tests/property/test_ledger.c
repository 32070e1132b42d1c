// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ledger against a list of claims and nothing else. The sink is a table
 * that looks up by longest prefix, like the kernel's; whatever is claimed,
 * withdrawn or refused, each address must have in it the class the list says.
 * PORTCULLIS_SEED=N repeats a run.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/merge/ledger.h"

#define ROUNDS	   24
#define STEPS	   400
#define CLAIM_MAX  48
#define SET_COUNT  6
#define FILLER_SET 100 /* lowest of the sets that only fill the class table */

struct holding {
	struct prefix prefix;
	uint8_t set_id;
	uint32_t line;
	uint64_t until_s;
};

struct entry {
	struct prefix prefix;
	uint16_t class_id;
};

struct table {
	struct entry entries[CLAIM_MAX];
	size_t count;
};

struct world {
	struct ledger *ledger;
	uint64_t random;
	struct set sets[SET_COUNT + 1];
	struct holding model[CLAIM_MAX];
	size_t count;
	struct table table; /* what the sink knows */
	struct class_info told[CLASS_MAX + 1];
	bool is_refusing;
};

static uint32_t draw(struct world *world, uint32_t below)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return (uint32_t)(world->random >> 32) % below;
}

static struct prefix cut(struct prefix prefix, unsigned int bits)
{
	for (unsigned int i = bits; i < 128; i++)
		prefix.addr[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	prefix.bits = (uint8_t)bits;
	return prefix;
}

/* A known prefix but for one bit and the bits behind it, as an address. */
static struct prefix any_address(struct world *world)
{
	struct prefix address = prefix_of_v4(draw(world, UINT32_MAX), 32);

	if (draw(world, 2))
		address.addr[0] = (uint8_t)draw(world, 256);
	if (world->count && draw(world, 10)) {
		const struct holding *near =
			&world->model[draw(world, (uint32_t)world->count)];
		unsigned int bit = draw(world, 128);

		address.bits = near->prefix.bits;
		for (unsigned int i = 0; i < near->prefix.bits; i++) {
			uint8_t mask = (uint8_t)(0x80 >> i % 8);

			address.addr[i / 8] &= (uint8_t)~mask;
			address.addr[i / 8] |= near->prefix.addr[i / 8] & mask;
		}
		address.addr[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	address.bits = 128;
	return address;
}

static struct prefix any_prefix(struct world *world)
{
	struct prefix address = any_address(world);
	unsigned int low = 0;

	if (world->count && draw(world, 4) == 0)
		return world->model[draw(world, (uint32_t)world->count)].prefix;
	if (prefix_is_v4(&address) && draw(world, 4))
		low = PREFIX_V4_BITS;
	return cut(address, low + draw(world, 129 - low));
}

static struct entry *entry_of(struct table *table, const struct prefix *prefix)
{
	for (size_t i = 0; i < table->count; i++)
		if (prefix_cmp(&table->entries[i].prefix, prefix) == 0)
			return &table->entries[i];
	return NULL;
}

static const struct entry *longest_around(const struct table *table,
					  const struct prefix *prefix)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < table->count; i++) {
		const struct entry *entry = &table->entries[i];

		if (prefix_covers(&entry->prefix, prefix) &&
		    (!best || best->prefix.bits < entry->prefix.bits))
			best = entry;
	}
	return best;
}

static int sink_set(void *arg, const struct prefix *prefix, uint16_t class_id)
{
	struct world *world = arg;
	struct entry *entry = entry_of(&world->table, prefix);

	assert_int_not_equal(world->told[class_id].set_id, 0);
	if (entry) {
		assert_int_not_equal(entry->class_id, class_id);
		entry->class_id = class_id;
		return 0;
	}
	if (world->is_refusing)
		return -ENOSPC;
	assert_true(world->table.count < CLAIM_MAX);
	world->table.entries[world->table.count++] = (struct entry){
		.prefix = *prefix,
		.class_id = class_id,
	};
	return 0;
}

static void sink_clear(void *arg, const struct prefix *prefix,
		       const struct prefix *cover, uint16_t class_id)
{
	struct world *world = arg;
	struct table *table = &world->table;
	struct entry *entry = entry_of(table, prefix);
	const struct entry *around;

	assert_non_null(entry);
	*entry = table->entries[--table->count];
	around = longest_around(table, prefix);
	assert_int_equal(cover != NULL, around != NULL);
	assert_int_equal(class_id, around ? around->class_id : CLASS_NONE);
	if (cover && around)
		assert_int_equal(prefix_cmp(cover, &around->prefix), 0);
}

static int sink_define(void *arg, uint16_t class_id,
		       const struct class_info *info)
{
	struct world *world = arg;

	world->told[class_id] = *info;
	return 0;
}

static const struct ledger_sink SINK = {
	.set = sink_set,
	.clear = sink_clear,
	.define = sink_define,
};

static struct set_mask sets_over(const struct world *world,
				 const struct prefix *prefix)
{
	struct set_mask mask = {0};

	for (size_t i = 0; i < world->count; i++)
		if (prefix_covers(&world->model[i].prefix, prefix))
			set_mask_add(&mask, world->model[i].set_id);
	return mask;
}

static uint8_t strongest(const struct world *world, const struct set_mask *mask)
{
	uint8_t best = 0;

	for (uint8_t id = 1; id <= SET_COUNT; id++)
		if (set_mask_has(mask, id) &&
		    (!best ||
		     world->sets[id].action < world->sets[best].action))
			best = id;
	return best;
}

static struct holding *holding_of(struct world *world, uint8_t set_id,
				  const struct prefix *prefix)
{
	for (size_t i = 0; i < world->count; i++)
		if (world->model[i].set_id == set_id &&
		    prefix_cmp(&world->model[i].prefix, prefix) == 0)
			return &world->model[i];
	return NULL;
}

static size_t count_of(const struct world *world, uint8_t set_id)
{
	size_t count = 0;

	for (size_t i = 0; i < world->count; i++)
		count += world->model[i].set_id == set_id;
	return count;
}

/* What the sink would do to the addresses of `prefix` that it looks up with
 * all bits of it, is what the list says. */
static void check_class(struct world *world, const struct prefix *prefix)
{
	const struct entry *entry = longest_around(&world->table, prefix);
	struct set_mask mask = sets_over(world, prefix);
	uint8_t winner = strongest(world, &mask);
	const struct class_info *told;

	assert_int_equal(ledger_class(world->ledger, prefix),
			 entry ? entry->class_id : CLASS_NONE);
	if (!entry) {
		assert_int_equal(winner, 0);
		return;
	}
	told = &world->told[entry->class_id];
	assert_memory_equal(&told->sets, &mask, sizeof(mask));
	assert_int_equal(told->set_id, winner);
	assert_int_equal(told->action, world->sets[winner].action);
}

static void check_holding(struct world *world, const struct holding *holding)
{
	struct evidence evidence;

	assert_int_equal(ledger_get(world->ledger, holding->set_id,
				    &holding->prefix, &evidence),
			 0);
	assert_int_equal(evidence.line, holding->line);
	assert_int_equal(evidence.uid, holding->line % 3);
	assert_int_equal(evidence.expires_s, holding->until_s * 2);
	assert_string_equal(evidence.reason,
			    holding->line % 5 ? "scan" : "spam");
	assert_non_null(entry_of(&world->table, &holding->prefix));
	check_class(world, &holding->prefix);
}

static void check_due(struct world *world)
{
	uint64_t first_s = 0;
	struct holding *due;
	struct prefix prefix;
	uint8_t set_id;

	for (size_t i = 0; i < world->count; i++) {
		uint64_t until_s = world->model[i].until_s;

		if (until_s && (!first_s || until_s < first_s))
			first_s = until_s;
	}
	assert_int_equal(ledger_next_due_s(world->ledger), first_s);
	if (!first_s)
		return;
	assert_int_equal(
		ledger_due(world->ledger, first_s - 1, &set_id, &prefix),
		-ENOENT);
	assert_int_equal(ledger_due(world->ledger, first_s, &set_id, &prefix),
			 0);
	due = holding_of(world, set_id, &prefix);
	assert_non_null(due);
	assert_int_equal(due->until_s, first_s);
}

struct listing {
	struct world *world;
	struct prefix last;
	size_t count;
};

static int in_order(void *arg, const struct set *set,
		    const struct member *member)
{
	struct listing *listing = arg;

	if (listing->count++)
		assert_true(prefix_cmp(&listing->last, &member->prefix) < 0);
	assert_non_null(holding_of(listing->world, set->id, &member->prefix));
	listing->last = member->prefix;
	return 0;
}

/* In pages of three, each member comes once and in order. */
static void check_listing(struct world *world, uint8_t set_id)
{
	struct listing listing = {.world = world};
	int r;

	do {
		struct prefix last = listing.last;

		r = ledger_each_after(world->ledger, set_id,
				      listing.count ? &last : NULL, 3, in_order,
				      &listing);
	} while (r == 3);
	assert_true(r >= 0);
	assert_int_equal(listing.count, count_of(world, set_id));
	assert_int_equal(ledger_set_count(world->ledger, set_id),
			 listing.count);
}

static int longest_first(void *arg, const struct set *set,
			 const struct member *member)
{
	struct listing *listing = arg;

	if (listing->count++)
		assert_true(listing->last.bits >= member->prefix.bits);
	assert_non_null(holding_of(listing->world, set->id, &member->prefix));
	listing->last = member->prefix;
	return 0;
}

static void check_covering(struct world *world, const struct prefix *prefix)
{
	struct listing listing = {.world = world};
	size_t wanted = 0;

	for (size_t i = 0; i < world->count; i++)
		wanted += prefix_covers(&world->model[i].prefix, prefix);
	assert_int_equal(ledger_each_covering(world->ledger, prefix,
					      longest_first, &listing),
			 0);
	assert_int_equal(listing.count, wanted);
}

static void check(struct world *world)
{
	struct ledger_usage usage = ledger_usage(world->ledger);

	for (int i = 0; i < 8; i++) {
		struct prefix address = any_address(world);

		check_class(world, &address);
		check_covering(world, &address);
	}
	for (size_t i = 0; i < world->count; i++)
		check_holding(world, &world->model[i]);
	for (uint8_t id = 1; id <= SET_COUNT; id++)
		check_listing(world, id);
	check_due(world);
	assert_int_equal(usage.claim_count, world->count);
	assert_int_equal(usage.prefix_count, world->table.count);
}

static void claim(struct world *world, uint32_t line)
{
	struct holding holding = {
		.prefix = any_prefix(world),
		.set_id = (uint8_t)(1 + draw(world, SET_COUNT)),
		.line = line,
		.until_s = draw(world, 2) ? 1 + draw(world, 50) : 0,
	};
	struct member member = {
		.prefix = holding.prefix,
		.evidence = {.line = line,
			     .uid = line % 3,
			     .created_s = 5,
			     .expires_s = holding.until_s * 2,
			     .reason = line % 5 ? "scan" : "spam"},
	};
	struct holding *old =
		holding_of(world, holding.set_id, &holding.prefix);
	struct table before = world->table;
	bool is_known = entry_of(&before, &holding.prefix) != NULL;
	bool is_full = !old && count_of(world, holding.set_id) >=
				       world->sets[holding.set_id].capacity;
	int r;

	world->is_refusing = draw(world, 4) == 0;
	r = ledger_claim(world->ledger, holding.set_id, &member,
			 holding.until_s);
	if (is_full || (world->is_refusing && !is_known))
		assert_true(r == -ENOSPC || (!is_full && r == -E2BIG));
	if (r < 0) {
		assert_true(r == -E2BIG || is_full || !is_known);
		assert_memory_equal(&before, &world->table, sizeof(before));
		return;
	}
	if (!old)
		old = &world->model[world->count++];
	*old = holding;
}

static void withdraw(struct world *world, uint8_t set_id, struct prefix prefix)
{
	struct holding *old = holding_of(world, set_id, &prefix);
	struct table before = world->table;
	int r;

	r = ledger_withdraw(world->ledger, set_id, &prefix);
	if (!old || r < 0) {
		assert_int_equal(r, old ? -E2BIG : -ENOENT);
		assert_memory_equal(&before, &world->table, sizeof(before));
		return;
	}
	*old = world->model[--world->count];
}

static void withdraw_some(struct world *world)
{
	const struct holding *some;

	if (world->count == 0)
		return;
	some = &world->model[draw(world, (uint32_t)world->count)];
	withdraw(world,
		 draw(world, 8) ? some->set_id
				: (uint8_t)(1 + draw(world, SET_COUNT)),
		 some->prefix);
}

static void expire(struct world *world)
{
	uint64_t now_s = 1 + draw(world, 12);
	struct prefix prefix;
	uint8_t set_id;

	while (ledger_due(world->ledger, now_s, &set_id, &prefix) == 0) {
		size_t count = world->count;

		withdraw(world, set_id, prefix);
		if (world->count == count) /* no class left; try later */
			return;
	}
}

static void put_set(struct world *world, uint8_t id)
{
	struct set *set = &world->sets[id];

	*set = (struct set){
		.id = id,
		.action = (uint8_t)draw(world, SET_ACTION_COUNT),
		.capacity = 4 + draw(world, CLAIM_MAX),
	};
	set->name[0] = (char)('a' + id);
	assert_int_equal(ledger_put_set(world->ledger, set), 0);
}

static void drop_set(struct world *world, uint8_t id)
{
	int r = ledger_drop_set(world->ledger, id);

	assert_int_equal(r, count_of(world, id) ? -ENOTEMPTY : 0);
	if (r == 0)
		put_set(world, id);
}

static void step(struct world *world, uint32_t line)
{
	uint8_t id = (uint8_t)(1 + draw(world, SET_COUNT));
	uint32_t dice = draw(world, 100);

	if (world->count == CLAIM_MAX || dice >= 65)
		withdraw_some(world);
	else if (dice >= 4)
		claim(world, line);
	else if (dice == 3)
		expire(world);
	else if (dice == 2)
		drop_set(world, id);
	else
		put_set(world, id);
	check(world);
}

/* Take all numbers but a few for combinations that never come up. */
static void fill_classes(struct world *world, uint32_t left)
{
	struct classes *classes = ledger_classes(world->ledger);

	for (uint32_t id = 2; id <= CLASS_MAX - left; id++) {
		struct set_mask mask = {0};

		for (uint8_t bit = 0; bit < 16; bit++)
			if (id >> bit & 1)
				set_mask_add(&mask,
					     (uint8_t)(FILLER_SET + bit));
		assert_int_equal(classes_seed(classes, (uint16_t)id, &mask), 0);
	}
}

static void play(struct world *world, bool is_tight)
{
	assert_int_equal(ledger_new(&SINK, world, &world->ledger), 0);
	for (uint8_t id = 1; id <= SET_COUNT; id++)
		put_set(world, id);
	if (is_tight)
		fill_classes(world, 8 + draw(world, 16));
	for (uint32_t line = 1; line <= STEPS; line++)
		step(world, line);
	if (!is_tight)
		while (world->count) {
			withdraw_some(world);
			check(world);
		}
	ledger_free(world->ledger);
}

static uint64_t base_seed(void)
{
	const char *given = getenv("PORTCULLIS_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0)
			      : (uint64_t)time(NULL) * 2654435761u;

	print_message("PORTCULLIS_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

static void play_rounds(bool is_tight)
{
	uint64_t seed = base_seed();
	struct world *world = malloc(sizeof(*world));

	assert_non_null(world);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		memset(world, 0, sizeof(*world));
		world->random = (seed + 2 * round) | 1;
		play(world, is_tight);
	}
	free(world);
}

static void every_address_has_the_sets_the_claims_say(void **state)
{
	(void)state;
	play_rounds(false);
}

static void so_it_has_when_classes_run_out(void **state)
{
	(void)state;
	play_rounds(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_has_the_sets_the_claims_say),
		cmocka_unit_test(so_it_has_when_classes_run_out),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
