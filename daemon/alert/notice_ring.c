// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/alert/notice_ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SEQ 2

int notice_ring_init(struct notice_ring *ring)
{
	assert(ring);

	ring->slots = calloc(NOTICE_RING_SIZE, sizeof(*ring->slots));
	ring->bytes = malloc(NOTICE_RING_BYTES);
	ring->at = 0;
	ring->first_seq = ring->next_seq = FIRST_SEQ;
	if (ring->slots && ring->bytes)
		return 0;
	notice_ring_done(ring);
	return -ENOMEM;
}

void notice_ring_done(struct notice_ring *ring)
{
	free(ring->slots);
	free(ring->bytes);
	ring->slots = NULL;
	ring->bytes = NULL;
}

static struct told *slot(const struct notice_ring *ring, uint64_t seq)
{
	return &ring->slots[seq % NOTICE_RING_SIZE];
}

static size_t bytes_of(const struct told *told)
{
	size_t bytes = 0;

	for (size_t i = 0; i < TOLD_TEXT_COUNT; i++)
		bytes += told->lens[i] + 1;
	return bytes;
}

static size_t offset_of_oldest(const struct notice_ring *ring)
{
	return (size_t)(slot(ring, ring->first_seq)->texts[0] - ring->bytes);
}

static void forget_oldest(struct notice_ring *ring)
{
	ring->first_seq++;
}

/* The oldest lie behind the newest, up to the end and then from the start. */
static char *make_room(struct notice_ring *ring, size_t bytes)
{
	if (bytes > NOTICE_RING_BYTES - ring->at) {
		while (ring->first_seq < ring->next_seq &&
		       offset_of_oldest(ring) >= ring->at)
			forget_oldest(ring);
		ring->at = 0;
	}
	while (ring->first_seq < ring->next_seq &&
	       offset_of_oldest(ring) >= ring->at &&
	       offset_of_oldest(ring) < ring->at + bytes)
		forget_oldest(ring);
	if (ring->next_seq - ring->first_seq == NOTICE_RING_SIZE)
		forget_oldest(ring);
	return ring->bytes + ring->at;
}

void notice_ring_put(struct notice_ring *ring, const struct told *told)
{
	size_t bytes = bytes_of(told);
	struct told *kept;
	char *to;

	assert(bytes < NOTICE_RING_BYTES);

	to = make_room(ring, bytes);
	kept = slot(ring, ring->next_seq);
	*kept = *told;
	kept->seq = ring->next_seq++;
	for (size_t i = 0; i < TOLD_TEXT_COUNT; i++) {
		memcpy(to, told->texts[i], told->lens[i]);
		to[told->lens[i]] = '\0';
		kept->texts[i] = to;
		to += told->lens[i] + 1;
	}
	ring->at += bytes;
}

const struct told *notice_ring_get(const struct notice_ring *ring, uint64_t seq)
{
	if (seq < ring->first_seq || seq >= ring->next_seq)
		return NULL;
	return slot(ring, seq);
}
