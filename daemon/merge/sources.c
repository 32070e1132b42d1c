// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/merge/sources.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t state, uint64_t word)
{
	state = (state ^ word) * 0x9e3779b97f4a7c15ull;
	return state ^ state >> 29;
}

static uint32_t hash_of(const struct sources *sources, uint8_t origin,
			uint32_t uid, const char *reason)
{
	size_t left = strlen(reason);
	uint64_t state = mix(sources->seed, (uint64_t)origin << 32 | uid);

	for (; left > 0; left -= left < 8 ? left : 8) {
		size_t part = left < 8 ? left : 8;
		uint64_t word = 0;

		memcpy(&word, reason, part);
		reason += part;
		state = mix(state, word);
	}
	state = mix(state, sources->seed);
	return (uint32_t)(state ^ state >> 32);
}

/* Bucket numbers start at 1, like all numbers of a pool. */
static uint32_t *bucket_at(const struct sources *sources, uint32_t index)
{
	return pool_at(&sources->buckets, index + 1, sizeof(uint32_t));
}

/*
 * Of N buckets with 2^k < N <= 2^(k+1), those that have been split, and their
 * other halves, are found by k+1 bits of the hash, and the rest by k.
 */
static uint32_t *bucket_of(const struct sources *sources, uint32_t hash)
{
	uint32_t last = sources->buckets.last - 1;
	uint32_t mask = last ? UINT32_MAX >> __builtin_clz(last) : 0;
	uint32_t index = hash & mask;

	if (index > last)
		index &= mask >> 1;
	return bucket_at(sources, index);
}

/* One bucket more, which takes its share from the one it splits. Without
 * memory for it the buckets just get fuller. */
static void split_bucket(struct sources *sources)
{
	uint32_t *link;
	uint32_t added;
	uint32_t id;

	if (pool_take(&sources->buckets, &id) < 0)
		return;
	added = sources->buckets.last - 1;
	link = bucket_at(sources, added ^ 1u << (31 - __builtin_clz(added)));
	while (*link) {
		struct source *source = sources_at(sources, *link);
		uint32_t *home = bucket_of(sources, source->hash);

		id = *link;
		if (home != bucket_at(sources, added)) {
			link = &source->next;
			continue;
		}
		*link = source->next;
		source->next = *home;
		*home = id;
	}
}

int sources_init(struct sources *sources, uint64_t seed)
{
	uint32_t first;

	assert(sources);

	*sources = (struct sources){.seed = seed};
	pool_init(&sources->pool, sizeof(struct source));
	pool_init(&sources->buckets, sizeof(uint32_t));
	return pool_take(&sources->buckets, &first);
}

void sources_done(struct sources *sources)
{
	assert(sources);

	for (uint32_t i = 0; i < sources->buckets.last; i++) {
		uint32_t id = *bucket_at(sources, i);

		for (; id; id = sources_at(sources, id)->next)
			free(sources_at(sources, id)->reason);
	}
	pool_done(&sources->pool);
	pool_done(&sources->buckets);
}

static bool source_says(const struct source *source, uint8_t origin,
			uint32_t uid, const char *reason)
{
	return source->origin == origin && source->uid == uid &&
	       strcmp(source->reason, reason) == 0;
}

static int source_new(struct sources *sources, const struct source *like,
		      const char *reason, uint32_t *ret_id)
{
	size_t bytes = strlen(reason) + 1;
	struct source *source;
	char *copy;
	uint32_t *bucket;
	int r;

	copy = malloc(bytes);
	if (!copy)
		return -ENOMEM;
	r = pool_take(&sources->pool, ret_id);
	if (r < 0) {
		free(copy);
		return r;
	}
	memcpy(copy, reason, bytes);
	bucket = bucket_of(sources, like->hash);
	source = sources_at(sources, *ret_id);
	*source = *like;
	source->reason = copy;
	source->next = *bucket;
	*bucket = *ret_id;
	sources->text_bytes += bytes;
	if (++sources->count > sources->buckets.last)
		split_bucket(sources);
	return 0;
}

int sources_hold(struct sources *sources, uint8_t origin, uint32_t uid,
		 const char *reason, uint32_t *ret_id)
{
	uint32_t id = sources->last;
	uint32_t hash;
	int r;

	assert(reason);
	assert(ret_id);

	if (!id || !source_says(sources_at(sources, id), origin, uid, reason)) {
		hash = hash_of(sources, origin, uid, reason);
		id = *bucket_of(sources, hash);
		while (id && !source_says(sources_at(sources, id), origin, uid,
					  reason))
			id = sources_at(sources, id)->next;
	}
	if (!id) {
		struct source like = {
			.hash = hash,
			.uid = uid,
			.origin = origin,
		};

		r = source_new(sources, &like, reason, &id);
		if (r < 0)
			return r;
	}
	sources_at(sources, id)->user_count++;
	sources->last = id;
	*ret_id = id;
	return 0;
}

void sources_release(struct sources *sources, uint32_t id)
{
	struct source *source;
	uint32_t *link;

	assert(id);

	source = sources_at(sources, id);
	if (--source->user_count > 0)
		return;
	link = bucket_of(sources, source->hash);
	while (*link != id)
		link = &sources_at(sources, *link)->next;
	*link = source->next;
	sources->text_bytes -= strlen(source->reason) + 1;
	sources->count--;
	if (sources->last == id)
		sources->last = 0;
	free(source->reason);
	pool_give(&sources->pool, id);
}

void sources_prepare(struct sources *sources, const struct pool_touch *touch)
{
	assert(sources);

	pool_prepare(&sources->pool, 0, touch);
}

size_t sources_bytes(const struct sources *sources)
{
	return pool_bytes(&sources->pool) + pool_bytes(&sources->buckets) +
	       sources->text_bytes;
}
