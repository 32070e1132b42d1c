// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/vectors.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_COUNT (2u * VECTORS_MAX) /* never more than half full */

struct vectors {
	size_t word_count;
	uint64_t *words; /* of all, one after the other */
	size_t count, room;
	uint32_t slots[SLOT_COUNT]; /* open addressing: number + 1, or 0 */
};

static uint32_t hash_of(const uint64_t *bits, size_t word_count)
{
	uint64_t hash = word_count;

	for (size_t i = 0; i < word_count; i++) {
		hash = (hash ^ bits[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

int vectors_new(size_t word_count, struct vectors **ret_vectors)
{
	CLEANUP(vectors_freep) struct vectors *vectors = NULL;
	uint64_t all[VECTORS_WORDS_MAX];
	uint16_t number;
	int r;

	assert(word_count > 0 && word_count <= VECTORS_WORDS_MAX);
	assert(ret_vectors);

	vectors = calloc(1, sizeof(*vectors));
	if (!vectors)
		return -ENOMEM;
	vectors->word_count = word_count;
	memset(all, 0xff, sizeof(all));
	r = vectors_put(vectors, all, &number);
	if (r < 0)
		return r;
	*ret_vectors = TAKE(vectors);
	return 0;
}

void vectors_free(struct vectors *vectors)
{
	if (!vectors)
		return;

	free(vectors->words);
	free(vectors);
}

static uint64_t *at(const struct vectors *vectors, size_t number)
{
	return vectors->words + number * vectors->word_count;
}

static int make_room(struct vectors *vectors)
{
	size_t room = vectors->room ? vectors->room * 2 : 64;
	uint64_t *words;

	if (vectors->count < vectors->room)
		return 0;
	words = realloc(vectors->words,
			room * vectors->word_count * sizeof(*words));
	if (!words)
		return -ENOMEM;
	vectors->words = words;
	vectors->room = room;
	return 0;
}

int vectors_put(struct vectors *vectors, const uint64_t *bits,
		uint16_t *ret_number)
{
	size_t bytes = vectors->word_count * sizeof(*bits);
	uint32_t i = hash_of(bits, vectors->word_count) % SLOT_COUNT;
	int r;

	for (; vectors->slots[i]; i = (i + 1) % SLOT_COUNT) {
		uint32_t number = vectors->slots[i] - 1;

		if (memcmp(at(vectors, number), bits, bytes) == 0) {
			*ret_number = (uint16_t)number;
			return 0;
		}
	}
	if (vectors->count == VECTORS_MAX)
		return -E2BIG;
	r = make_room(vectors);
	if (r < 0)
		return r;
	memcpy(at(vectors, vectors->count), bits, bytes);
	*ret_number = (uint16_t)vectors->count;
	vectors->slots[i] = (uint32_t)++vectors->count;
	return 0;
}

const uint64_t *vectors_at(const struct vectors *vectors, uint16_t number)
{
	assert(number < vectors->count);

	return at(vectors, number);
}

uint64_t vectors_summary(const struct vectors *vectors, uint16_t number)
{
	const uint64_t *words = vectors_at(vectors, number);
	uint64_t summary = 0;

	for (size_t i = 0; i < vectors->word_count; i++)
		summary |= (uint64_t)(words[i] != 0) << i;
	return summary;
}

size_t vectors_count(const struct vectors *vectors)
{
	return vectors->count;
}
