// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Poisoned feeds: whatever a list says, what is left of it lists nothing that
 * is protected but by an entry around it that is told; and all that is counted
 * is what an answer found pair by pair counts.
 *
 * PORTCULLIS_SEED=N repeats a run; the seed of a failed one is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/feed_guard.h"
#include "rules/feed_sweep.h"

#define ROUNDS	    3000
#define LIST_MAX    60
#define LARGE_COUNT 1000000

static uint64_t seed;

/* splitmix64 (Steele, Lea, Flood, 2014): every seed is a good one. */
static uint64_t draw(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

struct list {
	struct prefix prefixes[LIST_MAX];
	size_t count;
};

/* A network of a small world, so that lists meet: few bits of an address are
 * drawn, around a network that both families and the special ones have. */
static struct prefix random_prefix(uint64_t *random)
{
	static const char *const places[] = {
		"9.9.9.0",   "10.0.0.0", "127.0.0.0", "0.0.0.0",
		"2620:fe::", "fe80::",	 "::",	      "2001:db8::",
	};
	const char *place = places[draw(random) % ARRAY_LEN(places)];
	struct prefix prefix;
	unsigned int len;

	assert_int_equal(prefix_from_text(place, strlen(place), &prefix), 0);
	prefix.addr[15] = (uint8_t)(draw(random) & 0x1f);
	len = prefix_len(&prefix);
	if (draw(random) % 3 == 0)
		return prefix;
	if (draw(random) % 4 == 0)
		return prefix_widen(&prefix,
				    (unsigned int)(draw(random) % (len + 1)));
	return prefix_widen(&prefix, len - (unsigned int)(draw(random) % 6));
}

static int compare(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

static void random_list(uint64_t *random, struct list *list)
{
	size_t count = draw(random) % (LIST_MAX + 1);

	list->count = 0;
	for (size_t i = 0; i < count; i++)
		list->prefixes[i] = random_prefix(random);
	qsort(list->prefixes, count, sizeof(*list->prefixes), compare);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 ||
		    compare(&list->prefixes[i - 1], &list->prefixes[i]) != 0)
			list->prefixes[list->count++] = list->prefixes[i];
	}
}

static struct feed_prefixes view(const struct list *list)
{
	return (struct feed_prefixes){.prefixes = list->prefixes,
				      .count = list->count};
}

/* Bits of enum feed_mark, pair by pair. */
static unsigned int meet(const struct feed_prefixes *over,
			 const struct prefix *prefix)
{
	unsigned int marks = 0;

	for (size_t i = 0; i < over->count; i++) {
		const struct prefix *at = &over->prefixes[i];

		if (prefix_covers(at, prefix))
			marks |= FEED_MARK_LEFT_OUT;
		else if (prefix_covers(prefix, at))
			marks |= FEED_MARK_AROUND;
	}
	return marks;
}

static bool has(const struct feed_prefixes *list, const struct prefix *prefix)
{
	for (size_t i = 0; i < list->count; i++) {
		if (prefix_cmp(&list->prefixes[i], prefix) == 0)
			return true;
	}
	return false;
}

/* What is counted, the slow way. */
struct counts {
	uint32_t entries, left_out, around, added;
};

/* A protected address is listed by an entry that was kept: only by one around
 * it, and marked so. */
static void check_entry(const struct feed_version *version, size_t i,
			unsigned int marks, struct counts *counts)
{
	const struct prefix *prefix = &version->entries.prefixes[i];
	const struct feed_prefixes *const kept[] = {
		&version->protected, &version->resolvers, &feed_special};
	unsigned int expected =
		prefix_has_all_v4(prefix) ? FEED_MARK_LEFT_OUT : 0;

	for (size_t j = 0; j < ARRAY_LEN(kept); j++)
		expected |= meet(kept[j], prefix);
	/* a network in one that is protected may have another in it */
	if ((marks & FEED_MARK_LEFT_OUT) != (expected & FEED_MARK_LEFT_OUT) ||
	    (!(marks & FEED_MARK_LEFT_OUT) && marks != expected)) {
		char text[PREFIX_TEXT_MAX];

		fail_msg("seed %llu: %s has marks %u, not %u",
			 (unsigned long long)seed, prefix_to_text(prefix, text),
			 marks, expected);
	}
	if (marks & FEED_MARK_LEFT_OUT) {
		counts->left_out++;
		return;
	}
	counts->entries++;
	counts->around += marks != 0;
	counts->added += !has(&version->before, prefix);
}

static void poisoned_feeds_list_nothing_protected(void **state)
{
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		static struct list entries, before, protected, resolvers;
		struct feed_judgement judgement;
		struct feed_memory memory = {0};
		struct counts counts = {0};
		uint8_t marks[LIST_MAX];
		struct feed feed;
		struct feed_version version = {.feed = &feed};

		feed_init(&feed);
		random_list(&random, &entries);
		random_list(&random, &before);
		random_list(&random, &protected);
		random_list(&random, &resolvers);
		version.entries = view(&entries);
		version.before = view(&before);
		version.protected = view(&protected);
		version.resolvers = view(&resolvers);
		feed_judge(&version, &memory, marks, &judgement);
		for (size_t i = 0; i < entries.count; i++)
			check_entry(&version, i, marks[i], &counts);
		assert_int_equal(judgement.entries, counts.entries);
		assert_int_equal(judgement.left_out, counts.left_out);
		assert_int_equal(judgement.around, counts.around);
		assert_int_equal(judgement.added, counts.added);
		assert_int_equal(judgement.removed,
				 before.count -
					 (counts.entries - counts.added));
	}
}

/* Of a world of 2^8 addresses and 2^8 /64s, one by one. */
static void check_extent(const struct list *list)
{
	struct feed_extent extent = {0};
	uint64_t addresses = 0, nets = 0;

	for (size_t i = 0; i < list->count; i++)
		feed_extent_add(&extent, &list->prefixes[i]);
	for (unsigned int i = 0; i < 256; i++) {
		struct prefix address = prefix_of_v4(20u << 24 | i, 32);
		struct prefix net = {.addr = {0x26, [7] = (uint8_t)i},
				     .bits = 64};
		bool is_address = false, is_net = false;

		for (size_t j = 0; j < list->count; j++) {
			is_address |=
				prefix_covers(&list->prefixes[j], &address);
			is_net |= prefix_overlaps(&list->prefixes[j], &net);
		}
		addresses += is_address;
		nets += is_net;
	}
	if (extent.addresses_v4 != addresses || extent.nets_v6 != nets)
		fail_msg("seed %llu: %llu addresses and %llu networks, not "
			 "%llu and %llu",
			 (unsigned long long)seed,
			 (unsigned long long)extent.addresses_v4,
			 (unsigned long long)extent.nets_v6,
			 (unsigned long long)addresses,
			 (unsigned long long)nets);
}

static void what_is_covered_is_counted_once(void **state)
{
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct list list = {.count = draw(&random) % 20};

		for (size_t i = 0; i < list.count; i++) {
			struct prefix prefix = {
				.addr = {0x26, [7] = (uint8_t)draw(&random),
					 [15] = (uint8_t)draw(&random)},
				.bits = 128,
			};

			if (draw(&random) % 2)
				prefix = prefix_of_v4(
					20u << 24 |
						(uint32_t)(draw(&random) & 255),
					32);
			list.prefixes[i] = prefix_widen(
				&prefix,
				prefix_is_v4(&prefix)
					? 24 + (unsigned int)(draw(&random) % 9)
					: 56 + (unsigned int)(draw(&random) %
							      73));
		}
		qsort(list.prefixes, list.count, sizeof(*list.prefixes),
		      compare);
		check_extent(&list);
	}
}

static void a_million_entries_are_judged(void **state)
{
	struct prefix *prefixes = calloc(LARGE_COUNT, sizeof(*prefixes));
	uint8_t *marks = calloc(LARGE_COUNT, 1);
	struct feed_judgement judgement;
	struct feed_memory memory = {0};
	struct timespec start, end;
	struct feed feed;
	struct feed_version version = {.feed = &feed};

	(void)state;
	assert_non_null(prefixes);
	assert_non_null(marks);
	feed_init(&feed);
	for (uint32_t i = 0; i < LARGE_COUNT; i++)
		prefixes[i] = prefix_of_v4((20u << 24) + 3 * i, 32);
	version.entries = (struct feed_prefixes){.prefixes = prefixes,
						 .count = LARGE_COUNT};
	version.before = version.entries;
	version.protected =
		(struct feed_prefixes){.prefixes = prefixes, .count = 50};
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	feed_judge(&version, &memory, marks, &judgement);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	print_message("%d entries judged in %.0f ms\n", LARGE_COUNT,
		      (double)(end.tv_sec - start.tv_sec) * 1e3 +
			      (double)(end.tv_nsec - start.tv_nsec) / 1e6);
	assert_int_equal(judgement.outcome, FEED_OUTCOME_ACCEPTED);
	assert_int_equal(judgement.entries, LARGE_COUNT - 50);
	assert_int_equal(judgement.removed, 50);
	free(marks);
	free(prefixes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(poisoned_feeds_list_nothing_protected),
		cmocka_unit_test(what_is_covered_is_counted_once),
		cmocka_unit_test(a_million_entries_are_judged),
	};
	const char *given = getenv("PORTCULLIS_SEED");

	seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	print_message("seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
