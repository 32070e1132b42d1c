// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random prefixes against slow and obvious answers: text there and back,
 * covers and overlaps bit by bit, ranges address by address.
 *
 * PORTCULLIS_SEED=N repeats a run; the seed of a failed one is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "rules/prefix.h"

#define ROUNDS	     200000
#define RANGE_ROUNDS 2000
#define RANGE_SPAN   600 /* addresses; each is looked at */

static uint64_t seed;

/* splitmix64 (Steele, Lea, Flood, 2014): every seed is a good one. */
static uint64_t draw(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static bool bit_of(const struct prefix *prefix, unsigned int i)
{
	return prefix->addr[i / 8] >> (7 - i % 8) & 1;
}

static void clear_past_bits(struct prefix *prefix)
{
	for (unsigned int i = prefix->bits; i < 128; i++)
		prefix->addr[i / 8] &= (uint8_t) ~(1 << (7 - i % 8));
}

/* Either family, any length, zeros and ones more often than chance. */
static struct prefix random_prefix(uint64_t *random)
{
	struct prefix prefix = {0};
	bool is_v4 = draw(random) % 2;

	for (size_t i = 0; i < sizeof(prefix.addr); i++) {
		uint64_t drawn = draw(random);

		prefix.addr[i] = drawn % 4 == 0	  ? 0
				 : drawn % 4 == 1 ? 0xff
						  : (uint8_t)(drawn >> 8);
	}
	if (is_v4)
		memcpy(prefix.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
	prefix.bits =
		(uint8_t)(is_v4 ? 96 + draw(random) % 33 : draw(random) % 129);
	clear_past_bits(&prefix);
	return prefix;
}

/* A relative: the same address, one bit turned or none, any length. */
static struct prefix mutate(const struct prefix *prefix, uint64_t *random)
{
	struct prefix other = *prefix;
	unsigned int i = (unsigned int)(draw(random) % 128);

	if (draw(random) % 2)
		other.addr[i / 8] ^= (uint8_t)(1 << (7 - i % 8));
	other.bits = (uint8_t)(draw(random) % 129);
	clear_past_bits(&other);
	return other;
}

static bool covers_bit_by_bit(const struct prefix *outer,
			      const struct prefix *inner)
{
	for (unsigned int i = 0; i < outer->bits; i++) {
		if (i >= inner->bits || bit_of(outer, i) != bit_of(inner, i))
			return false;
	}
	return true;
}

static bool overlaps_bit_by_bit(const struct prefix *a, const struct prefix *b)
{
	for (unsigned int i = 0; i < a->bits && i < b->bits; i++) {
		if (bit_of(a, i) != bit_of(b, i))
			return false;
	}
	return true;
}

#define CHECK(truth, round, prefix)                                       \
	do {                                                              \
		char check_[PREFIX_TEXT_MAX];                             \
		if (!(truth))                                             \
			fail_msg("PORTCULLIS_SEED=%llu round %d, %s: %s", \
				 (unsigned long long)seed, round,         \
				 prefix_to_text(prefix, check_), #truth); \
	} while (0)

static void text_there_and_back_is_the_same_prefix(void **state)
{
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct prefix prefix = random_prefix(&random);
		struct prefix back = {0};
		char text[PREFIX_TEXT_MAX];
		int r;

		prefix_to_text(&prefix, text);
		r = prefix_from_text(text, strlen(text), &back);
		CHECK(r == 0, round, &prefix);
		CHECK(prefix_cmp(&prefix, &back) == 0, round, &prefix);
		CHECK(!strchr(text, ':') == prefix_is_v4(&prefix), round,
		      &prefix);
	}
}

static void host_bits_in_the_text_make_no_difference(void **state)
{
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct prefix full = random_prefix(&random);
		struct prefix read = {0};
		struct prefix expected;
		char address[PREFIX_TEXT_MAX];
		char text[PREFIX_TEXT_MAX + 8];
		unsigned int len;
		int r;

		full.bits = 128;
		len = (unsigned int)(draw(&random) % (prefix_len(&full) + 1));
		(void)snprintf(text, sizeof(text), "%s/%u",
			       prefix_to_text(&full, address), len);
		r = prefix_from_text(text, strlen(text), &read);
		expected = full;
		expected.bits = (uint8_t)(len + (prefix_is_v4(&full) ? 96 : 0));
		clear_past_bits(&expected);
		CHECK(r == 0, round, &full);
		CHECK(prefix_cmp(&read, &expected) == 0, round, &expected);
		read = prefix_widen(&full, len);
		CHECK(prefix_cmp(&read, &expected) == 0, round, &expected);
	}
}

static void covers_and_overlaps_agree_with_single_bits(void **state)
{
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct prefix a = random_prefix(&random);
		struct prefix b = mutate(&a, &random);

		CHECK(prefix_covers(&a, &b) == covers_bit_by_bit(&a, &b), round,
		      &a);
		CHECK(prefix_covers(&b, &a) == covers_bit_by_bit(&b, &a), round,
		      &a);
		CHECK(prefix_overlaps(&a, &b) == overlaps_bit_by_bit(&a, &b),
		      round, &a);
	}
}

/* The addresses of a range that starts at `first`, and who took them. */
struct coverage {
	struct prefix first;
	unsigned int next; /* offset of the first address not taken yet */
	int parts;
	bool is_whole; /* no gap, no overlap, in order so far */
};

static void step(struct prefix *address)
{
	for (int i = 15; i >= 0 && ++address->addr[i] == 0; i--)
		;
}

/* Walk the part's addresses one by one from where the last part ended. */
static int take_part(void *arg, const struct prefix *part)
{
	struct coverage *coverage = arg;
	struct prefix address = coverage->first;

	for (unsigned int i = 0; i < coverage->next; i++)
		step(&address);
	if (memcmp(address.addr, part->addr, sizeof(part->addr)) != 0)
		coverage->is_whole = false;
	while (covers_bit_by_bit(part, &address) &&
	       coverage->next <= RANGE_SPAN) {
		coverage->next++;
		step(&address);
	}
	coverage->parts++;
	return 0;
}

/* The fewest parts: what a greedy walk over single addresses needs, each time
 * taking the largest aligned block that fits. */
static int count_parts(const struct prefix *first, unsigned int count)
{
	unsigned int low = (unsigned int)first->addr[14] << 8 | first->addr[15];
	int parts = 0;

	while (count > 0) {
		unsigned int size = 1;

		while (low % (size * 2) == 0 && size * 2 <= count)
			size *= 2;
		low += size;
		count -= size;
		parts++;
	}
	return parts;
}

static void a_range_is_exactly_its_addresses(void **state)
{
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < RANGE_ROUNDS; round++) {
		struct prefix first = random_prefix(&random);
		struct coverage coverage = {.is_whole = true};
		unsigned int count =
			1 + (unsigned int)(draw(&random) % RANGE_SPAN);
		struct prefix last;
		int r;

		first.bits = 128;
		first.addr[13] &=
			0x7f; /* the range does not leave the family */
		coverage.first = first;
		last = first;
		for (unsigned int i = 1; i < count; i++)
			step(&last);
		r = prefix_each_in_range(&first, &last, take_part, &coverage);
		CHECK(r == 0, round, &first);
		CHECK(coverage.is_whole, round, &first);
		CHECK(coverage.next == count, round, &first);
		CHECK(coverage.parts == count_parts(&first, count), round,
		      &first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_there_and_back_is_the_same_prefix),
		cmocka_unit_test(host_bits_in_the_text_make_no_difference),
		cmocka_unit_test(covers_and_overlaps_agree_with_single_bits),
		cmocka_unit_test(a_range_is_exactly_its_addresses),
	};
	const char *given = getenv("PORTCULLIS_SEED");

	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
