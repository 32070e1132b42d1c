// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Poisoned feeds all the way, but for the kernel: bytes, intake, plan, store,
 * ledger, table. Whatever a list says, and in whatever order versions are let
 * in, gone back to, excepted from and end, no protected address is found in
 * the table, and what is found is one version, less what may not be listed,
 * with what left the list within its grace.
 *
 * What a version lists is kept beside its text as a plain list of networks;
 * addresses are looked for in that one by one. PORTCULLIS_SEED=N repeats a run.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/feed_intake.h"
#include "daemon/import_plan.h"
#include "daemon/merge/ledger.h"
#include "daemon/packet/table.h"
#include "rules/feed_sweep.h"
#include "tests/support/memview.h"
#include "tests/support/poison.h"
#include "tests/support/scratch.h"

#define ROUNDS	     40
#define STEPS	     30
#define VERSIONS_MAX (STEPS + 2)
#define PROBES_MAX   2048
#define SET_ID	     9

static uint64_t seed;

struct world {
	uint64_t random;
	uint64_t now_s;
	struct scratch scratch;
	struct memview memview;
	struct table *table;
	struct ledger *ledger;
	struct guard *guard;
	struct poison_list resolvers, exceptions;
	struct prefix_list held; /* what the set holds */
	struct poison_version versions[VERSIONS_MAX]; /* 0: none */
	size_t count, in_force, before, waiting;
	struct poison_list never; /* that what is in force was cut by */
	bool is_broad;
	struct feed_memory memory;
	uint32_t entries; /* of the version in force */
	struct prefix probes[PROBES_MAX];
	size_t probe_count;
};

static void add_probe(struct world *world, struct prefix address)
{
	address.bits = 128;
	if (world->probe_count < PROBES_MAX)
		world->probes[world->probe_count++] = address;
}

/* Its first and last address, and those beside it. */
static void probe_around(struct world *world, const struct prefix *prefix)
{
	struct prefix last = *prefix, before = *prefix, after;
	int i;

	for (unsigned int bit = prefix->bits; bit < 128; bit++)
		last.addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	after = last;
	for (i = 15; i >= 0 && before.addr[i]-- == 0; i--)
		;
	for (i = 15; i >= 0 && ++after.addr[i] == 0; i--)
		;
	add_probe(world, *prefix);
	add_probe(world, last);
	add_probe(world, before);
	add_probe(world, after);
}

static int add_before(void *arg, uint8_t set_id, const struct member *member)
{
	(void)set_id;
	return member->evidence.expires_s
		       ? 0
		       : prefix_list_add(arg, &member->prefix);
}

static void copy(const struct poison_list *from, struct prefix_list *to)
{
	for (size_t i = 0; i < from->count; i++)
		assert_int_equal(prefix_list_add(to, &from->prefixes[i]), 0);
}

static struct poison_list guarded(const struct guard *guard)
{
	struct poison_list list = {.count = 0};

	for (size_t i = 0; i < guard_count(guard); i++)
		poison_add(&list, &guard_entry(guard, i)->prefix);
	return list;
}

/* What fwd gives an intake. */
static void begin(struct world *world, struct feed_intake *intake)
{
	struct poison_list protected = guarded(world->guard);

	copy(&protected, &intake->protected);
	copy(&world->resolvers, &intake->resolvers);
	copy(&world->exceptions, &intake->exceptions);
	prefix_list_sort(&intake->protected);
	prefix_list_sort(&intake->resolvers);
	prefix_list_done(&world->held);
	assert_int_equal(store_each_member(world->scratch.store, SET_ID,
					   add_before, &world->held),
			 0);
	intake->before = (struct feed_prefixes){
		.prefixes = world->held.list,
		.count = world->held.count,
	};
	intake->now_s = world->now_s;
	intake->memory = world->memory;
	intake->before_entries = world->entries;
}

static void add_all(struct poison_list *list, const struct poison_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		poison_add(list, &from->prefixes[i]);
}

/* What may not be in force from now on; also what may not be so yet. */
static void remember_never(struct world *world, bool keeps)
{
	struct poison_list protected = guarded(world->guard);
	struct poison_list *never = &world->never;

	if (!keeps)
		never->count = 0;
	add_all(never, &protected);
	add_all(never, &world->resolvers);
	add_all(never, &world->exceptions);
	for (size_t i = 0; i < feed_special.count && !world->is_broad; i++)
		poison_add(never, &feed_special.prefixes[i]);
}

/* As import.c does it: additions first. */
static void apply(struct world *world, struct import *import)
{
	struct member member;

	for (size_t i = 0; i < import_put_count(import); i++) {
		import_put_at(import, i, &member);
		assert_int_equal(ledger_claim(world->ledger, SET_ID, &member,
					      member.evidence.expires_s),
				 0);
	}
	for (size_t i = 0; i < import->removes.count; i++)
		assert_int_equal(
			ledger_withdraw(world->ledger, SET_ID,
					&import->removes.list[i].prefix),
			0);
}

/* The version that was read, or none, becomes what the set holds. False: the
 * store did not take it. */
static bool bring(struct world *world, struct feed_intake *intake,
		  uint64_t leave_s)
{
	struct import import = {
		.store = world->scratch.store,
		.set = *ledger_set(world->ledger, SET_ID),
		.is_replacing = true,
		.is_listed = true,
		.listed = intake->listed,
		.leave_s = leave_s,
		.never = intake->never.list,
		.never_count = intake->never.count,
		.evidence = {.origin = ORIGIN_FEED, .reason = "version"},
		.entry = {.text = "import"},
	};
	bool is_stored = poison_draw(&world->random, 8) != 0;

	intake->listed = (struct listed_array){0};
	assert_int_equal(guard_copy(world->guard, &import.guard), 0);
	assert_int_equal(import_plan(&import), 0);
	/* what is protected was taken out before */
	assert_int_equal(import.guarded.count, 0);
	if (is_stored) {
		struct store_part part = import_part(&import);

		store_commit_many(import.store, &part, 1);
		assert_int_equal(part.r, 0);
		apply(world, &import);
	}
	guard_free(import.guard);
	listed_done(&import.listed);
	listed_done(&import.adds);
	listed_done(&import.leaves);
	listed_done(&import.removes);
	return is_stored;
}

enum source {
	FETCHED,
	KEPT, /* a person says so */
	SET, /* what is kept of it is the set */
};

/* Of the version before, some stays until the grace is over; without one
 * nothing does, nor of those before it. */
static void promote(struct world *world, size_t number, uint64_t leave_s)
{
	for (size_t i = 1; i <= world->count && !leave_s; i++)
		world->versions[i].until_s = 0;
	world->versions[world->in_force].until_s = leave_s;
	if (number != world->in_force)
		world->before = world->in_force;
	world->in_force = number;
	world->waiting = 0;
}

static bool has_everything(const struct feed_judgement *judgement)
{
	for (uint32_t i = 0; i < judgement->finding_count; i++)
		if (judgement->findings[i].guard == FEED_GUARD_EVERYTHING)
			return true;
	return false;
}

/* What daemon/feed_job.c decides. */
static void judged(struct world *world, struct feed_intake *intake,
		   size_t number, enum source source)
{
	const struct feed *feed = intake->feed;
	const struct feed_judgement *judgement = &intake->judgement;
	uint64_t leave_s = source == FETCHED && feed->grace_s
				   ? world->now_s + feed->grace_s
				   : 0;

	if (source == FETCHED && judgement->outcome != FEED_OUTCOME_ACCEPTED) {
		world->waiting = number;
		return;
	}
	if (has_everything(judgement) || !bring(world, intake, leave_s))
		return;
	remember_never(world, source == SET);
	promote(world, number, leave_s);
	if (source != SET)
		world->entries = judgement->entries;
}

static void bring_version(struct world *world, size_t number,
			  enum source source)
{
	const struct poison_version *version = &world->versions[number];
	struct feed_intake intake = {
		.feed = &version->feed,
		.bytes = source == SET ? NULL : version->text,
		.len = version->len,
	};
	int r;

	begin(world, &intake);
	r = feed_intake_run(&intake);
	/* a list without one good line is an error message */
	assert_true(r == 0 || (r == -EBADMSG && source == FETCHED &&
			       version->entries.count == 0));
	if (r == 0)
		judged(world, &intake, number, source);
	feed_intake_done(&intake);
	prefix_list_done(&world->held);
}

static void fetch(struct world *world)
{
	struct poison_version *version = &world->versions[++world->count];
	const struct poison_version *before = &world->versions[world->in_force];

	assert_true(world->count < VERSIONS_MAX);
	poison_write(&world->random, &before->entries, world->is_broad,
		     version);
	for (size_t i = 0; i < version->entries.count; i++)
		probe_around(world, &version->entries.prefixes[i]);
	bring_version(world, world->count, FETCHED);
}

static void expire(struct world *world)
{
	struct feed_intake nothing = {0};

	if (!bring(world, &nothing, 0))
		return;
	promote(world, 0, 0);
	world->before = 0;
	world->entries = 0;
}

/* An exception comes or goes, and mostly the version is read again. */
static void except(struct world *world)
{
	struct poison_list *exceptions = &world->exceptions;
	struct prefix prefix = poison_prefix(&world->random);

	if (exceptions->count > 0 && poison_draw(&world->random, 3) == 0) {
		size_t at = poison_draw(&world->random, exceptions->count);

		exceptions->prefixes[at] =
			exceptions->prefixes[--exceptions->count];
	} else {
		poison_add(exceptions, &prefix);
		probe_around(world, &prefix);
	}
	if (world->in_force && poison_draw(&world->random, 4))
		bring_version(world, world->in_force,
			      poison_draw(&world->random, 3) ? KEPT : SET);
}

/* The machine gets other addresses, next hops and managers. */
static void move(struct world *world)
{
	for (int source = GUARD_OWN; source < GUARD_SOURCE_COUNT; source++) {
		struct guard_entry entries[3] = {0};
		size_t count =
			poison_draw(&world->random, ARRAY_LEN(entries) + 1);

		for (size_t i = 0; i < count; i++) {
			entries[i].prefix = poison_prefix(&world->random);
			entries[i].source = (enum guard_source)source;
			if (source != GUARD_MANAGEMENT)
				entries[i].prefix.bits = 128;
			if (prefix_has_all_v4(&entries[i].prefix))
				entries[i].prefix.bits = 128;
			probe_around(world, &entries[i].prefix);
		}
		assert_int_equal(guard_replace(world->guard,
					       (enum guard_source)source,
					       entries, count),
				 0);
	}
	world->resolvers.count = 0;
	for (size_t i = poison_draw(&world->random, 4); i > 0; i--) {
		struct prefix prefix = poison_prefix(&world->random);

		prefix.bits = 128;
		poison_add(&world->resolvers, &prefix);
		probe_around(world, &prefix);
	}
}

/* Time goes, and with it those whose time is up. */
static void wait(struct world *world)
{
	struct change change = {.kind = CHANGE_MEMBER_DEL, .set_id = SET_ID};
	uint8_t set_id;

	world->now_s += poison_draw(&world->random, POISON_GRACE_S);
	while (ledger_due(world->ledger, world->now_s, &set_id,
			  &change.member.prefix) == 0) {
		assert_int_equal(ledger_withdraw(world->ledger, SET_ID,
						 &change.member.prefix),
				 0);
		assert_int_equal(scratch_commit_one(&world->scratch, change),
				 0);
	}
}

static void step(struct world *world)
{
	switch (poison_draw(&world->random, 10)) {
	case 0:
		if (world->waiting)
			bring_version(world, world->waiting, KEPT);
		break;
	case 1:
		if (world->before)
			bring_version(world, world->before, KEPT);
		break;
	case 2:
	case 3:
		except(world);
		break;
	case 4:
		move(world);
		break;
	case 5:
		wait(world);
		break;
	case 6:
		if (poison_draw(&world->random, 4) == 0)
			expire(world);
		break;
	default:
		fetch(world);
	}
}

static bool may_be_left(const struct world *world, const struct prefix *address)
{
	for (size_t i = 1; i <= world->count; i++)
		if (world->versions[i].until_s > world->now_s &&
		    poison_lists(&world->versions[i].entries, address))
			return true;
	return false;
}

static void check_probe(const struct world *world, const struct prefix *address)
{
	const struct poison_list *entries =
		&world->versions[world->in_force].entries;
	uint16_t class_id = table_lookup(world->table, address);
	bool is_kept = poison_lists(&world->never, address);
	bool is_wanted = poison_lists(entries, address);
	char text[PREFIX_TEXT_MAX];

	(void)prefix_to_text(address, text);
	if (class_id != ledger_class(world->ledger, address))
		fail_msg("seed %llu: table and ledger differ on %s",
			 (unsigned long long)seed, text);
	if (class_id && is_kept)
		fail_msg("seed %llu: %s is protected, and listed",
			 (unsigned long long)seed, text);
	if (!class_id && is_wanted && !is_kept)
		fail_msg("seed %llu: %s is in the version in force, and not "
			 "listed",
			 (unsigned long long)seed, text);
	if (class_id && !is_wanted && !may_be_left(world, address))
		fail_msg("seed %llu: %s is listed by nothing",
			 (unsigned long long)seed, text);
}

static int check_member(void *arg, uint8_t set_id, const struct member *member)
{
	const struct world *world = arg;
	struct evidence evidence;

	assert_int_equal(
		ledger_get(world->ledger, set_id, &member->prefix, &evidence),
		0);
	assert_int_equal(evidence.expires_s, member->evidence.expires_s);
	return 0;
}

static void check(struct world *world)
{
	struct store_usage usage = scratch_usage(&world->scratch);

	for (size_t i = 0; i < world->probe_count; i++)
		check_probe(world, &world->probes[i]);
	assert_int_equal(usage.member_count,
			 ledger_set_count(world->ledger, SET_ID));
	assert_int_equal(store_each_member(world->scratch.store, SET_ID,
					   check_member, world),
			 0);
}

static int sink_set(void *arg, const struct prefix *prefix, uint16_t class_id)
{
	const struct world *world = arg;

	return table_set(world->table, prefix, class_id);
}

static void sink_clear(void *arg, const struct prefix *prefix,
		       const struct prefix *cover, uint16_t class_id)
{
	const struct world *world = arg;

	table_clear(world->table, prefix, cover, class_id);
}

static int sink_define(void *arg, uint16_t class_id,
		       const struct class_info *info)
{
	(void)arg;
	(void)class_id;
	(void)info;
	return 0;
}

static const struct ledger_sink sink = {
	.set = sink_set,
	.clear = sink_clear,
	.define = sink_define,
};

static void world_init(struct world *world, uint64_t random)
{
	struct memview_shape shape = memview_smallest(random);
	struct change set = scratch_set_put(SET_ID, "tried");

	memset(world, 0, sizeof(*world));
	world->random = random;
	world->now_s = 1795629124;
	world->is_broad = poison_draw(&world->random, 4) == 0;
	set.set.capacity = 100000;
	scratch_init(&world->scratch, SCRATCH_MAP_BYTES);
	assert_int_equal(scratch_commit_one(&world->scratch, set), 0);
	shape.exact_bits += 8; /* so that nothing is full */
	memview_init(&world->memview, shape);
	assert_int_equal(table_new(&world->memview.view4, &world->memview.view6,
				   &world->table),
			 0);
	assert_int_equal(ledger_new(&sink, world, &world->ledger), 0);
	assert_int_equal(ledger_put_set(world->ledger, &set.set), 0);
	assert_int_equal(guard_new(&world->guard), 0);
}

static void world_done(struct world *world)
{
	ledger_free(world->ledger);
	table_free(world->table);
	memview_done(&world->memview);
	guard_free(world->guard);
	scratch_done(&world->scratch);
}

static void no_order_of_anything_lists_what_is_protected(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	(void)state;
	assert_non_null(world);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		world_init(world, seed + round);
		move(world);
		for (int i = 0; i < STEPS; i++) {
			step(world);
			check(world);
		}
		world_done(world);
	}
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_order_of_anything_lists_what_is_protected),
	};
	const char *given = getenv("PORTCULLIS_SEED");

	seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	print_message("seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
