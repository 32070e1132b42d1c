// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/peers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/detect/sip.h"

#define PROBES_MAX 8 /* places where a pair can be */

struct pair {
	uint64_t hash; /* 0: nobody */
	uint64_t heard; /* the turn when it was last */
};

struct peers {
	struct pair *places;
	uint32_t mask;
	uint64_t turn;
	uint64_t seed[2];
};

int peers_new(uint32_t capacity, const uint64_t seed[2],
	      struct peers **ret_peers)
{
	struct peers *peers = calloc(1, sizeof(*peers));
	uint32_t size = PROBES_MAX;

	assert(capacity <= 1u << 30);
	assert(ret_peers);

	if (!peers)
		return -ENOMEM;
	while (size < capacity)
		size *= 2;
	peers->places = calloc(size, sizeof(*peers->places));
	if (!peers->places) {
		free(peers);
		return -ENOMEM;
	}
	peers->mask = size - 1;
	memcpy(peers->seed, seed, sizeof(peers->seed));
	*ret_peers = peers;
	return 0;
}

void peers_free(struct peers *peers)
{
	if (!peers)
		return;
	free(peers->places);
	free(peers);
}

static uint64_t hash_of(const struct peers *peers, const struct event *event)
{
	const struct event_text *image = &event->words[EVENT_IMAGE];
	char peer[PREFIX_TEXT_MAX];
	struct sip sip = sip_begin(peers->seed);

	prefix_to_text(&event->peer, peer);
	sip_text(&sip, image->bytes, image->len);
	sip_text(&sip, peer, strlen(peer));
	return sip_half(&sip, 0xff) | 1;
}

bool peers_hear(struct peers *peers, const struct event *event)
{
	uint64_t hash = hash_of(peers, event);
	struct pair *oldest = NULL;

	peers->turn++;
	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		struct pair *at = &peers->places[((uint32_t)(hash >> 32) + i) &
						 peers->mask];

		if (at->hash == hash) {
			at->heard = peers->turn;
			return false;
		}
		if (!oldest || at->heard < oldest->heard)
			oldest = at;
	}
	*oldest = (struct pair){hash, peers->turn};
	return true;
}
