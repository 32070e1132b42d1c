// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/offences.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/detect/sip.h"

#define NOWHERE UINT32_MAX

struct place {
	struct offence offence; /* bans 0: it is free */
	uint32_t next; /* of its chain, or of those that are free */
};

struct offences {
	struct place *places;
	uint32_t *chains; /* the first place of each */
	uint32_t capacity, mask, count;
	uint32_t free; /* the first place that is */
	uint32_t ticked; /* the place that the next tick begins with */
	uint64_t displaced;
	uint64_t seed[2];
};

static uint32_t *chain_of(const struct offences *offences,
			  const struct prefix *peer)
{
	struct sip sip = sip_begin(offences->seed);

	sip_word(&sip, prefix_half(peer, 0));
	sip_word(&sip, prefix_half(peer, 1));
	sip_word(&sip, peer->bits);
	return &offences->chains[sip_half(&sip, 0xff) & offences->mask];
}

static int start_places(struct offences *offences, uint32_t capacity)
{
	uint32_t chains = 1;

	while (chains < capacity)
		chains *= 2;
	offences->places = calloc(capacity, sizeof(*offences->places));
	offences->chains = malloc(chains * sizeof(*offences->chains));
	if (!offences->places || !offences->chains)
		return -ENOMEM;
	offences->capacity = capacity;
	offences->mask = chains - 1;
	memset(offences->chains, 0xff, chains * sizeof(*offences->chains));
	for (uint32_t i = 0; i < capacity; i++)
		offences->places[i].next = i + 1 < capacity ? i + 1 : NOWHERE;
	return 0;
}

int offences_new(uint32_t capacity, const uint64_t seed[2],
		 struct offences **ret_offences)
{
	struct offences *offences = calloc(1, sizeof(*offences));
	int r;

	assert(capacity > 0 && capacity <= 1u << 30);
	assert(ret_offences);

	if (!offences)
		return -ENOMEM;
	memcpy(offences->seed, seed, sizeof(offences->seed));
	r = start_places(offences, capacity);
	if (r < 0)
		offences_free(offences);
	else
		*ret_offences = offences;
	return r;
}

void offences_free(struct offences *offences)
{
	if (!offences)
		return;
	free(offences->places);
	free(offences->chains);
	free(offences);
}

/* What points to its place, or to the end of its chain. */
static uint32_t *find(const struct offences *offences,
		      const struct prefix *peer)
{
	uint32_t *at = chain_of(offences, peer);

	while (*at != NOWHERE &&
	       prefix_cmp(&offences->places[*at].offence.peer, peer) != 0)
		at = &offences->places[*at].next;
	return at;
}

struct offence offences_get(const struct offences *offences,
			    const struct prefix *peer, uint64_t now_s)
{
	uint32_t at = *find(offences, peer);

	if (at == NOWHERE || offences->places[at].offence.forgotten_s <= now_s)
		return (struct offence){.peer = *peer};
	return offences->places[at].offence;
}

static void take_out(struct offences *offences, uint32_t *at)
{
	uint32_t index = *at;
	struct place *place = &offences->places[index];

	*at = place->next;
	*place = (struct place){.next = offences->free};
	offences->free = index;
	offences->count--;
}

/* Only a full table is looked through. */
static struct offence make_room(struct offences *offences)
{
	const struct offence *soonest = &offences->places[0].offence;
	struct offence gone;

	for (uint32_t i = 1; i < offences->capacity; i++) {
		const struct offence *other = &offences->places[i].offence;

		if (other->forgotten_s < soonest->forgotten_s)
			soonest = other;
	}
	gone = *soonest;
	take_out(offences, find(offences, &gone.peer));
	offences->displaced++;
	return gone;
}

struct offence offences_put(struct offences *offences,
			    const struct offence *offence)
{
	uint32_t at = *find(offences, &offence->peer), *chain;
	struct offence gone = {.bans = 0};

	assert(offence->bans > 0);

	if (at != NOWHERE) {
		offences->places[at].offence = *offence;
		return gone;
	}
	if (offences->free == NOWHERE)
		gone = make_room(offences);
	at = offences->free;
	offences->free = offences->places[at].next;
	chain = chain_of(offences, &offence->peer);
	offences->places[at] = (struct place){*offence, *chain};
	*chain = at;
	offences->count++;
	return gone;
}

bool offences_forgive(struct offences *offences, const struct prefix *peer)
{
	uint32_t *at = find(offences, peer);

	if (*at == NOWHERE)
		return false;
	take_out(offences, at);
	return true;
}

uint32_t offences_page(const struct offences *offences, uint32_t from,
		       uint32_t budget, uint64_t now_s, offence_fn *fn,
		       void *arg)
{
	for (; from < offences->capacity; from++) {
		const struct offence *offence = &offences->places[from].offence;

		if (budget-- == 0)
			return from;
		if (offence->bans > 0 && offence->forgotten_s > now_s)
			fn(arg, offence);
	}
	return 0;
}

void offences_tick(struct offences *offences, uint64_t now_s, uint32_t budget,
		   offence_fn *fn, void *arg)
{
	if (budget > offences->capacity)
		budget = offences->capacity;
	while (budget-- > 0) {
		struct offence offence =
			offences->places[offences->ticked].offence;

		offences->ticked = (offences->ticked + 1) % offences->capacity;
		if (offence.bans == 0 || offence.forgotten_s > now_s)
			continue;
		take_out(offences, find(offences, &offence.peer));
		fn(arg, &offence);
	}
}

uint32_t offences_count(const struct offences *offences)
{
	return offences->count;
}

uint64_t offences_displaced(const struct offences *offences)
{
	return offences->displaced;
}
