// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A second thread asks for listed addresses without pause while the writer
 * adds, displaces, changes and deletes around them: none is ever missed.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/packet/table.h"
#include "tests/support/memview.h"

#define LISTED	    64u /* addresses the reader asks for */
#define POOL_MAX    (1u << 18)
#define CROWD	    512u /* buckets of hosts that are made to overflow */
#define CROWD_TAGS  16u
#define CROWD6	    10u /* the same of 16 for IPv6; has room for LISTED */
#define CHURN	    12u /* prefixes replaced in a step */
#define CHURN_STEPS 5000
#define WIDTH_STEPS 120000

struct world {
	struct memview memview;
	struct table *table;
	uint64_t random;

	/* shared with the reader */
	struct prefix listed[LISTED];
	bool has_to_stop;
	uint64_t look_count;
	uint64_t miss_count;

	/* the writer's: numbers of prefixes, those set first */
	uint32_t *pool;
	uint32_t pool_count;
	uint32_t set_count;
	uint32_t clear_count;
	uint32_t crowd_tags[CROWD_TAGS];
	pthread_t reader;
};

static uint32_t draw(struct world *world, uint32_t below)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return (uint32_t)(world->random >> 32) % below;
}

static int setup_with(void **state, uint32_t exact_bits)
{
	struct memview_shape shape;
	const char *given = getenv("PORTCULLIS_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0)
			      : (uint64_t)time(NULL) * 2654435761u;
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	print_message("PORTCULLIS_SEED=%llu\n", (unsigned long long)seed);
	world->random = seed | 1;
	world->pool = calloc(POOL_MAX, sizeof(*world->pool));
	assert_non_null(world->pool);
	shape = memview_smallest(seed);
	shape.exact_bits = exact_bits;
	memview_init(&world->memview, shape);
	assert_int_equal(table_new(&world->memview.view4, &world->memview.view6,
				   &world->table),
			 0);
	*state = world;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, FW_EXACT6_BITS_MIN);
}

/* For twice LISTED and a hub each. */
static int setup_with_hubs(void **state)
{
	return setup_with(state, FW_EXACT6_BITS_MIN + 2);
}

static int teardown(void **state)
{
	struct world *world = *state;

	table_free(world->table);
	memview_done(&world->memview);
	free(world->pool);
	free(world);
	return 0;
}

static void *read_on(void *arg)
{
	struct world *world = arg;
	uint64_t look_count = 0;

	while (!__atomic_load_n(&world->has_to_stop, __ATOMIC_ACQUIRE)) {
		const struct prefix *addr = &world->listed[look_count % LISTED];

		if (table_lookup(world->table, addr) == 0)
			world->miss_count++;
		__atomic_store_n(&world->look_count, ++look_count,
				 __ATOMIC_RELEASE);
	}
	return NULL;
}

static void reader_start(struct world *world)
{
	assert_int_equal(pthread_create(&world->reader, NULL, read_on, world),
			 0);
	while (__atomic_load_n(&world->look_count, __ATOMIC_ACQUIRE) == 0)
		(void)sched_yield();
}

/* What readers were told of, less what the test took away itself. */
static uint32_t displaced_count(const struct world *world)
{
	const struct fw_moves *moves = &world->memview.moves;

	return moves->moves4 + moves->moves6 - world->clear_count;
}

static void reader_stop(struct world *world)
{
	__atomic_store_n(&world->has_to_stop, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(world->reader, NULL), 0);
	print_message("looks=%llu missed=%llu displaced=%u\n",
		      (unsigned long long)world->look_count,
		      (unsigned long long)world->miss_count,
		      displaced_count(world));
	assert_int_equal(world->miss_count, 0);
}

/* The prefix of a number: what fills the table. */
typedef struct prefix number_fn(const struct world *world, uint32_t number);

static struct prefix block_of(const struct world *world, uint32_t number)
{
	(void)world;
	return prefix_of_v4(0x0a000000 + (number << 4), 28);
}

static struct prefix host6_of(const struct world *world, uint32_t number)
{
	struct prefix prefix = {.addr = {0x20, 0x01}, .bits = 128};

	(void)world;
	prefix.addr[6] = (uint8_t)(number & 3);
	prefix.addr[14] = (uint8_t)(number >> 8);
	prefix.addr[15] = (uint8_t)number;
	return prefix;
}

/* Are both buckets of an address among the first CROWD6 ones? */
static bool is_crowd6(const struct world *world, uint32_t number)
{
	const struct fw_view6 *view = &world->memview.view6;
	struct fw_key6 key = {
		.hi = 0x2001000000000000 | (number & 3) << 8,
		.lo = number,
	};
	uint64_t mixed = fw_mix6(key, 128, view->seed);
	uint32_t bucket = (uint32_t)(mixed >> 40) & ((1u << 4) - 1);
	uint32_t other = bucket ^ fw_other6(fw_want6(mixed, 128), 4);

	return bucket < CROWD6 && other < CROWD6;
}

/* What an odd number is multiplied with to give 1. */
static uint32_t inverse(uint32_t odd)
{
	uint32_t factor = odd;

	for (int i = 0; i < 5; i++)
		factor *= 2 - odd * factor;
	return factor;
}

/* The address that fw_mix4() makes `mixed` of. */
static uint32_t unmix(uint32_t mixed, uint32_t seed)
{
	uint32_t key = mixed ^ mixed >> 15 ^ mixed >> 30;

	key *= inverse(0x85ebca6b);
	key = (key ^ key >> 16) * inverse(0x9e3779b1) ^ seed;
	assert_int_equal(fw_mix4(key, seed, FW_HOSTS4_WIDTH), mixed);
	return key;
}

/* A single address both of whose buckets are among the first CROWD ones. */
static struct prefix host4_of(const struct world *world, uint32_t number)
{
	uint32_t mixed = (number % CROWD) << FW_TAG4_BITS |
			 world->crowd_tags[number / CROWD];

	return prefix_of_v4(unmix(mixed, world->memview.view4.seed), 32);
}

static void find_crowd_tags(struct world *world)
{
	uint32_t count = 0;

	for (uint32_t tag = 0; count < CROWD_TAGS; tag++) {
		assert_true(tag < 1u << FW_TAG4_BITS);
		if (fw_other4(tag, FW_HOSTS4_BITS_MIN) < CROWD)
			world->crowd_tags[count++] = tag;
	}
}

static void pool_fill(struct world *world, uint32_t count)
{
	for (uint32_t number = 0; number < count; number++)
		world->pool[world->pool_count++] = number;
}

static void pool_swap(struct world *world, uint32_t a, uint32_t b)
{
	uint32_t number = world->pool[a];

	world->pool[a] = world->pool[b];
	world->pool[b] = number;
}

/* Set one of those not set. */
static int add_one(struct world *world, number_fn *number_of)
{
	uint32_t left = world->pool_count - world->set_count;
	struct prefix prefix;
	int r;

	if (left == 0)
		return -ENOSPC;
	pool_swap(world, world->set_count,
		  world->set_count + draw(world, left));
	prefix = number_of(world, world->pool[world->set_count]);
	r = table_set(world->table, &prefix, (uint16_t)(1 + draw(world, 9)));
	if (r < 0)
		return r;
	world->set_count++;
	return 0;
}

/* Clear one of those set, but not the first ones, which the reader asks. */
static void clear_one(struct world *world, number_fn *number_of)
{
	struct prefix prefix;

	if (world->set_count == LISTED)
		return;
	pool_swap(world, LISTED + draw(world, world->set_count - LISTED),
		  world->set_count - 1);
	prefix = number_of(world, world->pool[--world->set_count]);
	table_clear(world->table, &prefix, NULL, 0);
	world->clear_count++;
}

static void change_one(struct world *world, number_fn *number_of)
{
	struct prefix prefix =
		number_of(world, world->pool[draw(world, LISTED)]);

	assert_int_equal(table_set(world->table, &prefix,
				   (uint16_t)(1 + draw(world, 9))),
			 0);
}

/* Fill the table under the reader until it refuses; then, again and again,
 * some go, as many come, one has another class. All go before the first
 * comes: a reader told that one goes looks again, and that would hide moves
 * it was not told of. */
static void churn(struct world *world, number_fn *number_of)
{
	while (world->set_count < LISTED)
		assert_int_equal(add_one(world, number_of), 0);
	for (uint32_t i = 0; i < LISTED; i++) {
		world->listed[i] = number_of(world, world->pool[i]);
		world->listed[i].bits = 128;
	}

	reader_start(world);
	while (add_one(world, number_of) == 0)
		;
	for (uint32_t i = 0; i < CHURN_STEPS; i++) {
		for (uint32_t j = 0; j < CHURN; j++)
			clear_one(world, number_of);
		while (add_one(world, number_of) == 0)
			;
		change_one(world, number_of);
	}
	while (world->set_count > LISTED)
		clear_one(world, number_of);
	reader_stop(world);
	assert_true(displaced_count(world) > CHURN_STEPS);
}

static void listed_blocks_are_never_missed(void **state)
{
	pool_fill(*state, POOL_MAX);
	churn(*state, block_of);
}

static void listed_hosts_are_never_missed_in_crowded_buckets(void **state)
{
	find_crowd_tags(*state);
	pool_fill(*state, CROWD * CROWD_TAGS);
	churn(*state, host4_of);
}

static void listed_ipv6_hosts_are_never_missed_in_crowded_buckets(void **state)
{
	struct world *world = *state;

	for (uint32_t number = 0; number < 1024; number++)
		if (is_crowd6(world, number))
			world->pool[world->pool_count++] = number;
	churn(world, host6_of);
}

/* Each listed address is covered all the time, now by a shorter prefix and
 * now by a longer; the next comes before the last goes. They do not keep in
 * step, so all lengths are in use all the time. */
static void change_widths(struct world *world, const uint8_t *lens,
			  uint32_t len_count)
{
	for (uint32_t i = 0; i < WIDTH_STEPS; i++) {
		uint32_t at = i % LISTED;
		uint32_t turn = i / LISTED;
		const struct prefix *addr = &world->listed[at];
		struct prefix last =
			prefix_widen(addr, lens[(at + turn) % len_count]);
		struct prefix next =
			prefix_widen(addr, lens[(at + turn + 1) % len_count]);
		bool is_wider = next.bits < last.bits;

		if (turn == 0)
			assert_int_equal(table_set(world->table, &last, 2), 0);
		if (i == LISTED)
			reader_start(world);
		assert_int_equal(table_set(world->table, &next, 2), 0);
		table_clear(world->table, &last, is_wider ? &next : NULL,
			    is_wider ? 2 : 0);
		world->clear_count++;
	}
	reader_stop(world);
}

static void an_ipv4_address_is_never_between_two_prefixes(void **state)
{
	static const uint8_t lens[] = {24, 32, 28, 26, 22, 30, 27, 31, 20};
	struct world *world = *state;

	for (uint32_t i = 0; i < LISTED; i++)
		world->listed[i] = prefix_of_v4(0x0a000000 + i * 0x10001, 32);
	change_widths(world, lens, ARRAY_LEN(lens));
}

static void an_ipv6_address_is_never_between_two_prefixes(void **state)
{
	static const uint8_t lens[] = {
		64,  128, 32, 48, 124, 36, 40, 112, 44, 52,
		120, 56,  60, 68, 108, 72, 76, 104, 80, 116,
	};
	struct world *world = *state;

	for (uint32_t i = 0; i < LISTED; i++)
		world->listed[i] = (struct prefix){
			.addr = {0x20, 0x01, 0x0d, (uint8_t)i, [15] = 1},
			.bits = 128,
		};
	change_widths(world, lens, ARRAY_LEN(lens));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(listed_blocks_are_never_missed),
		TEST(listed_hosts_are_never_missed_in_crowded_buckets),
		TEST(listed_ipv6_hosts_are_never_missed_in_crowded_buckets),
		TEST(an_ipv4_address_is_never_between_two_prefixes),
		cmocka_unit_test_setup_teardown(
			an_ipv6_address_is_never_between_two_prefixes,
			setup_with_hubs, teardown),
	};

	return cmocka_run_group_tests_name("table readers", tests, NULL, NULL);
}
