// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/cutting.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "daemon/enforce/cut.h"
#include "daemon/enforce/loopback.h"

#define WALKS	   2 /* for each peer */
#define ROUNDS_MAX 50

/* Another thread may read it meanwhile. */
static void set_count(struct cutting *cutting, size_t count)
{
	__atomic_store_n(&cutting->count, count, __ATOMIC_RELAXED);
}

static struct cutting_peer *find(struct cutting *cutting,
				 const struct prefix *peer)
{
	for (size_t i = 0; i < cutting->count; i++)
		if (prefix_cmp(&cutting->peers[i].peer, peer) == 0)
			return &cutting->peers[i];
	return NULL;
}

int cutting_add(struct cutting *cutting, const struct prefix *peer)
{
	struct cutting_peer *place = find(cutting, peer);

	if (has_loopback(peer))
		return -EINVAL;
	if (!place && cutting->count == CUTTING_PEERS_MAX)
		return -EAGAIN;
	if (!place) {
		place = &cutting->peers[cutting->count];
		set_count(cutting, cutting->count + 1);
	}
	*place = (struct cutting_peer){
		.peer = *peer,
		.walks = WALKS,
		.is_new = true,
	};
	return 0;
}

/* A walk that took as many sockets as one may: did it look for this peer? Is it
 * to be kept? */
static bool settle_full(struct cutting_peer *peer, uint8_t found,
			size_t peer_count, struct cutting_tally *tally)
{
	if (found == 0)
		return true;
	tally->done += peer->is_new;
	peer->is_new = false;
	if (found * peer_count >= CUT_SOCKETS_MAX)
		peer->has_many = true;
	if (++peer->rounds < ROUNDS_MAX)
		return true;
	tally->forgone++;
	return false;
}

/* The walk, or one of its own sockets, came to an error. Once more? */
static bool settle_failed(struct cutting_peer *peer, int r,
			  struct cutting_tally *tally)
{
	bool is_first = !peer->has_failed;

	tally->r = r;
	tally->failed += is_first;
	peer->has_failed = true;
	peer->is_new = false;
	peer->walks = 1;
	return is_first;
}

/* A walk was for it; is it to be kept? */
static bool settle(struct cutting_peer *peer, struct cutting_tally *tally)
{
	tally->done += peer->is_new;
	peer->is_new = false;
	return --peer->walks > 0;
}

/* As many as a walk takes, from `first` on. Returns how many stay. */
static size_t walk(struct cutting *cutting, size_t first, size_t count,
		   size_t kept, struct cutting_tally *tally)
{
	struct prefix peers[CUT_PEERS_MAX];
	struct cut_tally cut = {0};
	int r;

	assert(count > 0 && count <= CUT_PEERS_MAX);

	for (size_t i = 0; i < count; i++)
		peers[i] = cutting->peers[first + i].peer;
	r = cut_peers(peers, count, &cut);
	tally->sockets += cut.ended;
	for (size_t i = 0; i < count; i++) {
		struct cutting_peer peer = cutting->peers[first + i];
		int failed = r < 0 ? r : cut.failed[i];
		bool stays = failed && settle_failed(&peer, failed, tally);

		if (r == 0 && cut.has_more)
			stays = settle_full(&peer, cut.found[i], count, tally);
		else if (!failed)
			stays = settle(&peer, tally);
		if (stays)
			cutting->peers[kept++] = peer;
	}
	return kept;
}

/* Those with many sockets behind the others; returns where they begin. */
static size_t part(struct cutting *cutting)
{
	size_t first = 0;

	for (size_t i = 0; i < cutting->count; i++) {
		struct cutting_peer peer = cutting->peers[i];

		if (peer.has_many)
			continue;
		cutting->peers[i] = cutting->peers[first];
		cutting->peers[first++] = peer;
	}
	return first;
}

bool cutting_go(struct cutting *cutting, struct cutting_tally *ret_tally)
{
	size_t kept = 0, apart, count;

	assert(ret_tally);

	*ret_tally = (struct cutting_tally){0};
	if (cutting->count == 0 || cutting->rest > 0)
		return false;
	apart = part(cutting);
	for (size_t i = 0; i < cutting->count; i += count) {
		count = (i < apart ? apart : cutting->count) - i;
		if (count > CUT_PEERS_MAX)
			count = CUT_PEERS_MAX;
		kept = walk(cutting, i, count, kept, ret_tally);
	}
	set_count(cutting, kept);
	cutting->rest = CUTTING_REST;
	return true;
}

bool cutting_tick(struct cutting *cutting, struct cutting_tally *ret_tally)
{
	if (cutting->rest > 0)
		cutting->rest--;
	return cutting_go(cutting, ret_tally);
}

size_t cutting_waiting(const struct cutting *cutting)
{
	return __atomic_load_n(&cutting->count, __ATOMIC_RELAXED);
}
