// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

#define CHUNK_BYTES 4096

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

void *arena_cut(struct arena *arena, size_t bytes)
{
	const size_t step = alignof(max_align_t);
	struct arena_chunk *chunk = arena->chunks;
	size_t rounded = (bytes + step - 1) / step * step;
	void *piece;

	if (!chunk || chunk->size - chunk->used < rounded) {
		size_t room = rounded > CHUNK_BYTES ? rounded : CHUNK_BYTES;

		chunk = calloc(1, sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		chunk->next = arena->chunks;
		chunk->size = room;
		arena->chunks = chunk;
	}
	piece = chunk->bytes + chunk->used;
	chunk->used += rounded;
	return piece;
}

char *arena_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_cut(arena, len + 1);

	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

void arena_done(struct arena *arena)
{
	assert(arena);

	while (arena->chunks) {
		struct arena_chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
}
