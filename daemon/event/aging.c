// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/aging.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct aging_place {
	uint64_t hash;
	uint32_t chain; /* the next that may be of the hash */
	uint32_t older, newer;
};

int aging_init(struct aging *aging, uint32_t capacity)
{
	assert(aging);
	assert(capacity && (capacity & (capacity - 1)) == 0);

	*aging = (struct aging){.capacity = capacity};
	aging->places = calloc((size_t)capacity + 1, sizeof(*aging->places));
	aging->chains = calloc((size_t)capacity * 2, sizeof(*aging->chains));
	if (aging->places && aging->chains)
		return 0;
	aging_done(aging);
	return -ENOMEM;
}

void aging_done(struct aging *aging)
{
	free(aging->places);
	free(aging->chains);
	*aging = (struct aging){0};
}

static uint32_t *chain_of(const struct aging *aging, uint64_t hash)
{
	return &aging->chains[hash & (aging->capacity * 2 - 1)];
}

uint32_t aging_first(const struct aging *aging, uint64_t hash)
{
	return *chain_of(aging, hash);
}

uint32_t aging_next(const struct aging *aging, uint32_t place)
{
	return aging->places[place].chain;
}

static void leave_order(struct aging *aging, uint32_t place)
{
	const struct aging_place *gone = &aging->places[place];

	if (gone->older)
		aging->places[gone->older].newer = gone->newer;
	else
		aging->oldest = gone->newer;
	if (gone->newer)
		aging->places[gone->newer].older = gone->older;
	else
		aging->newest = gone->older;
}

static void join_order(struct aging *aging, uint32_t place)
{
	struct aging_place *joined = &aging->places[place];

	joined->older = aging->newest;
	joined->newer = 0;
	if (aging->newest)
		aging->places[aging->newest].newer = place;
	else
		aging->oldest = place;
	aging->newest = place;
}

static uint32_t evict(struct aging *aging)
{
	uint32_t place = aging->oldest;
	uint32_t *at = chain_of(aging, aging->places[place].hash);

	while (*at != place)
		at = &aging->places[*at].chain;
	*at = aging->places[place].chain;
	leave_order(aging, place);
	aging->evicted++;
	return place;
}

uint32_t aging_put(struct aging *aging, uint64_t hash)
{
	uint32_t *chain = chain_of(aging, hash);
	uint32_t place =
		aging->count < aging->capacity ? ++aging->count : evict(aging);

	aging->places[place].hash = hash;
	aging->places[place].chain = *chain;
	*chain = place;
	join_order(aging, place);
	return place;
}

void aging_touch(struct aging *aging, uint32_t place)
{
	if (place == aging->newest)
		return;
	leave_order(aging, place);
	join_order(aging, place);
}
