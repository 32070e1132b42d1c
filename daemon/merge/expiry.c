// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/merge/expiry.h"

#include <assert.h>

struct term {
	struct prefix prefix;
	uint8_t set_id;
	uint32_t place; /* in the heap */
};

/* The end is here and not in the term, so that sifting reads one array. */
struct item {
	uint32_t until_s;
	uint32_t term;
};

static struct term *term_at(const struct expiry *expiry, uint32_t term)
{
	return pool_at(&expiry->terms, term, sizeof(struct term));
}

static struct item *item_at(const struct expiry *expiry, uint32_t place)
{
	return pool_at(&expiry->heap, place, sizeof(struct item));
}

static void put(struct expiry *expiry, uint32_t place, struct item item)
{
	*item_at(expiry, place) = item;
	term_at(expiry, item.term)->place = place;
}

static uint32_t cut(uint64_t until_s)
{
	return until_s < UINT32_MAX ? (uint32_t)until_s : UINT32_MAX;
}

/* `item` goes to `place`, or nearer to the top if it ends earlier. */
static void sift_up(struct expiry *expiry, uint32_t place, struct item item)
{
	while (place > 1) {
		struct item above = *item_at(expiry, place / 2);

		if (above.until_s <= item.until_s)
			break;
		put(expiry, place, above);
		place /= 2;
	}
	put(expiry, place, item);
}

static void sift_down(struct expiry *expiry, uint32_t place, struct item item)
{
	while (place <= expiry->count / 2) {
		uint32_t below = place * 2;

		if (below < expiry->count &&
		    item_at(expiry, below + 1)->until_s <
			    item_at(expiry, below)->until_s)
			below++;
		if (item.until_s <= item_at(expiry, below)->until_s)
			break;
		put(expiry, place, *item_at(expiry, below));
		place = below;
	}
	put(expiry, place, item);
}

static void sift(struct expiry *expiry, uint32_t place, struct item item)
{
	if (place > 1 && item.until_s < item_at(expiry, place / 2)->until_s)
		sift_up(expiry, place, item);
	else
		sift_down(expiry, place, item);
}

void expiry_init(struct expiry *expiry)
{
	assert(expiry);

	*expiry = (struct expiry){.count = 0};
	pool_init(&expiry->terms, sizeof(struct term));
	pool_init(&expiry->heap, sizeof(struct item));
}

void expiry_done(struct expiry *expiry)
{
	assert(expiry);

	pool_done(&expiry->terms);
	pool_done(&expiry->heap);
	expiry->count = 0;
}

int expiry_add(struct expiry *expiry, uint8_t set_id,
	       const struct prefix *prefix, uint64_t until_s,
	       uint32_t *ret_term)
{
	struct item item = {.until_s = cut(until_s)};
	uint32_t place;
	int r;

	assert(prefix);
	assert(ret_term);

	r = pool_take(&expiry->terms, &item.term);
	if (r < 0)
		return r;
	if (expiry->count == expiry->heap.last) {
		r = pool_take(&expiry->heap, &place);
		if (r < 0) {
			pool_give(&expiry->terms, item.term);
			return r;
		}
	}
	*term_at(expiry, item.term) = (struct term){
		.prefix = *prefix,
		.set_id = set_id,
	};
	sift_up(expiry, ++expiry->count, item);
	*ret_term = item.term;
	return 0;
}

void expiry_del(struct expiry *expiry, uint32_t term)
{
	uint32_t place;
	struct item last;

	assert(term);

	place = term_at(expiry, term)->place;
	assert(item_at(expiry, place)->term == term);
	pool_give(&expiry->terms, term);
	last = *item_at(expiry, expiry->count--);
	if (last.term != term)
		sift(expiry, place, last);
}

void expiry_move(struct expiry *expiry, uint32_t term, uint64_t until_s)
{
	struct item item = {.until_s = cut(until_s), .term = term};

	assert(term);

	sift(expiry, term_at(expiry, term)->place, item);
}

bool expiry_first(const struct expiry *expiry, struct expiry_due *ret_due)
{
	const struct item *item;
	const struct term *term;

	assert(ret_due);

	if (expiry->count == 0)
		return false;
	item = item_at(expiry, 1);
	term = term_at(expiry, item->term);
	*ret_due = (struct expiry_due){
		.set_id = term->set_id,
		.prefix = term->prefix,
		.until_s = item->until_s,
	};
	return true;
}

void expiry_prepare(struct expiry *expiry, const struct pool_touch *touch)
{
	assert(expiry);

	if (expiry->count == 0)
		return;
	pool_prepare(&expiry->terms, 0, touch);
	pool_prepare(&expiry->heap, 0, touch);
}

size_t expiry_bytes(const struct expiry *expiry)
{
	return pool_bytes(&expiry->terms) + pool_bytes(&expiry->heap);
}
