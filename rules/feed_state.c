// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feed_state.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/codec.h"

enum {
	NUMBER_COUNT = 16,
	FLAG_STOPPED = 1,
	FLAG_DEAD = 2,
};

struct text {
	char *bytes;
	size_t max; /* with the NUL */
};

static size_t put_text(uint8_t *to, const char *text, size_t max)
{
	size_t len = strnlen(text, max - 1);

	to[0] = (uint8_t)len;
	memcpy(to + 1, text, len);
	return 1 + len;
}

size_t feed_state_put(uint8_t to[FEED_STATE_MAX],
		      const struct feed_state *state)
{
	const uint64_t numbers[NUMBER_COUNT] = {
		state->version,
		state->accepted_s,
		state->newest,
		state->waiting,
		state->waiting_s,
		state->shadow_until_s,
		state->times.tried_s,
		state->times.good_s,
		state->times.retry_after_s,
		state->times.failures,
		(uint64_t)state->memory.held << 32 | state->memory.agreed,
		state->entries,
		(uint64_t)state->accepted_count << 32 | state->held_count,
		(state->is_stopped ? FLAG_STOPPED : 0u) |
			(state->is_dead ? FLAG_DEAD : 0u),
		state->earlier[0],
		state->earlier[1],
	};
	size_t at = 0;

	for (size_t i = 0; i < NUMBER_COUNT; i++)
		at += codec_u64_put(to + at, numbers[i]);
	at += put_text(to + at, state->etag, sizeof(state->etag));
	at += put_text(to + at, state->modified, sizeof(state->modified));
	at += put_text(to + at, state->why, sizeof(state->why));
	assert(at <= FEED_STATE_MAX);
	return at;
}

static void take_numbers(const uint8_t *from, struct feed_state *state)
{
	uint64_t numbers[NUMBER_COUNT];

	for (size_t i = 0; i < NUMBER_COUNT; i++)
		numbers[i] = codec_u64_get(from + i * 8);
	*state = (struct feed_state){
		.version = numbers[0],
		.accepted_s = numbers[1],
		.newest = numbers[2],
		.waiting = numbers[3],
		.waiting_s = numbers[4],
		.shadow_until_s = numbers[5],
		.times = {.tried_s = numbers[6],
			  .good_s = numbers[7],
			  .retry_after_s = numbers[8],
			  .failures = (uint32_t)numbers[9]},
		.memory = {.held = (uint32_t)(numbers[10] >> 32),
			   .agreed = (uint32_t)numbers[10]},
		.entries = (uint32_t)numbers[11],
		.accepted_count = (uint32_t)(numbers[12] >> 32),
		.held_count = (uint32_t)numbers[12],
		.is_stopped = numbers[13] & FLAG_STOPPED,
		.is_dead = numbers[13] & FLAG_DEAD,
		.earlier = {numbers[14], numbers[15]},
	};
}

/* A text that has a NUL in it was not written here. */
static int take_text(const uint8_t *from, size_t len, size_t *at,
		     struct text text)
{
	size_t bytes;

	if (*at >= len)
		return -EBADMSG;
	bytes = from[*at];
	if (bytes >= text.max || bytes > len - *at - 1 ||
	    memchr(from + *at + 1, '\0', bytes))
		return -EBADMSG;
	memcpy(text.bytes, from + *at + 1, bytes);
	text.bytes[bytes] = '\0';
	*at += 1 + bytes;
	return 0;
}

int feed_state_get(const uint8_t *from, size_t len,
		   struct feed_state *ret_state, size_t *ret_read)
{
	struct feed_state state;
	const struct text texts[] = {
		{state.etag, sizeof(state.etag)},
		{state.modified, sizeof(state.modified)},
		{state.why, sizeof(state.why)},
	};
	size_t at = (size_t)NUMBER_COUNT * 8;
	int r = 0;

	if (len < at)
		return -EBADMSG;
	take_numbers(from, &state);
	for (size_t i = 0; i < ARRAY_LEN(texts) && r == 0; i++)
		r = take_text(from, len, &at, texts[i]);
	if (r == 0 &&
	    (state.version > state.newest || state.waiting > state.newest))
		r = -EBADMSG;
	if (r < 0)
		return r;
	*ret_state = state;
	*ret_read = at;
	return 0;
}
