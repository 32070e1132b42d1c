// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/listed.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "rules/base.h"
#include "rules/set.h"

#define CAPACITY_FIRST 4096
#define HUGE_BYTES     ((size_t)2 << 20)
#define LINE_MIN_BYTES 8 /* "1.1.1.1" and its end; few are shorter */

/* A prefix as a number of 17 digits of a byte: address, then length. */
#define DIGIT_COUNT 17
#define DIGIT_RANGE 256

_Static_assert(offsetof(struct listed, prefix) == 0 &&
		       offsetof(struct prefix, bits) == DIGIT_COUNT - 1,
	       "the digits lie in a row");

void listed_done(struct listed_array *array)
{
	assert(array);

	free(array->list);
	*array = (struct listed_array){0};
}

/* A million entries are six thousand small pages, and a fault for each costs
 * more than the rest of reading them; advice refused is only slower. */
static void advise_huge(struct listed *list, size_t capacity)
{
	size_t bytes = capacity * sizeof(*list);
	size_t skip = -(uintptr_t)list & (HUGE_BYTES - 1);

	if (bytes < skip + HUGE_BYTES)
		return;
	bytes = (bytes - skip) & ~((size_t)HUGE_BYTES - 1);
	(void)madvise((char *)list + skip, bytes, MADV_HUGEPAGE);
}

int listed_reserve(struct listed_array *array, size_t capacity)
{
	struct listed *list;

	assert(array);

	if (capacity <= array->capacity)
		return 0;
	list = reallocarray(array->list, capacity, sizeof(*list));
	if (!list)
		return -ENOMEM;
	advise_huge(list, capacity);
	array->list = list;
	array->capacity = capacity;
	return 0;
}

void listed_reserve_lines(struct listed_array *array, size_t text_bytes)
{
	size_t lines = text_bytes / LINE_MIN_BYTES + 1;

	if (lines > SET_CAPACITY_MAX)
		lines = SET_CAPACITY_MAX;
	(void)listed_reserve(array, array->count + lines);
}

int listed_add(struct listed_array *array, const struct prefix *prefix,
	       uint32_t line)
{
	if (array->count == array->capacity) {
		int r = listed_reserve(array, array->capacity
						      ? array->capacity * 2
						      : CAPACITY_FIRST);

		if (r < 0)
			return r;
	}
	array->list[array->count++] = (struct listed){
		.prefix = *prefix,
		.line = line,
	};
	return 0;
}

static bool is_sorted(const struct listed_array *array)
{
	for (size_t i = 1; i < array->count; i++)
		if (prefix_cmp(&array->list[i - 1].prefix,
			       &array->list[i].prefix) >= 0)
			return false;
	return true;
}

static uint8_t digit_of(const struct listed *entry, int digit)
{
	return ((const uint8_t *)entry)[digit];
}

/* Which digits are not the same in all? IPv4 has twelve that are. */
static void find_digits(const struct listed_array *array,
			bool varies[DIGIT_COUNT])
{
	const struct prefix *first = &array->list[0].prefix;
	struct {
		uint64_t half[2];
		uint8_t bits;
	} __attribute__((packed)) differ = {0};

	for (size_t i = 0; i < array->count; i++) {
		const struct prefix *prefix = &array->list[i].prefix;
		uint64_t a[2], b[2];

		memcpy(a, first->addr, sizeof(a));
		memcpy(b, prefix->addr, sizeof(b));
		differ.half[0] |= a[0] ^ b[0];
		differ.half[1] |= a[1] ^ b[1];
		differ.bits |= first->bits ^ prefix->bits;
	}
	for (int digit = 0; digit < DIGIT_COUNT; digit++)
		varies[digit] = ((const uint8_t *)&differ)[digit];
}

/* How often each value of a digit occurs. */
static void count_digit(const struct listed_array *array, int digit,
			size_t counts[DIGIT_RANGE])
{
	memset(counts, 0, DIGIT_RANGE * sizeof(*counts));
	for (size_t i = 0; i < array->count; i++)
		counts[digit_of(&array->list[i], digit)]++;
}

/* Counts become the places where each value's entries begin. */
static void make_places(size_t counts[DIGIT_RANGE])
{
	size_t place = 0;

	for (int value = 0; value < DIGIT_RANGE; value++) {
		size_t count = counts[value];

		counts[value] = place;
		place += count;
	}
}

/*
 * From the last digit to the first, each pass keeping the order of the one
 * before. The result is in *list or *spare, which change places.
 */
static void sort_digits(const struct listed_array *array, struct listed **list,
			struct listed **spare)
{
	bool varies[DIGIT_COUNT];

	find_digits(array, varies);
	for (int digit = DIGIT_COUNT - 1; digit >= 0; digit--) {
		size_t places[DIGIT_RANGE];
		struct listed *from = *list;
		struct listed *to = *spare;

		if (!varies[digit])
			continue;
		count_digit(array, digit, places);
		make_places(places);
		for (size_t i = 0; i < array->count; i++)
			to[places[digit_of(&from[i], digit)]++] = from[i];
		*list = to;
		*spare = from;
	}
}

/* Entries of one prefix are in the order they were given, so by line. */
static void drop_twins(struct listed_array *array)
{
	size_t kept = 1;

	for (size_t i = 1; i < array->count; i++)
		if (prefix_cmp(&array->list[kept - 1].prefix,
			       &array->list[i].prefix) != 0)
			array->list[kept++] = array->list[i];
	array->count = kept;
}

int listed_sort(struct listed_array *array)
{
	struct listed *spare;

	assert(array);

	if (is_sorted(array))
		return 0;
	spare = reallocarray(NULL, array->count, sizeof(*spare));
	if (!spare)
		return -ENOMEM;
	advise_huge(spare, array->count);
	sort_digits(array, &array->list, &spare);
	array->capacity = array->count; /* of either */
	drop_twins(array);
	free(spare);
	return 0;
}
