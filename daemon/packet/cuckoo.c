// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/cuckoo.h"

#include <assert.h>
#include <errno.h>

/* A slot on the way: its entry would go where the entry of `child` stands. */
struct step {
	uint32_t slot;
	int parent; /* index of the step whose entry moves into this slot; -1 */
};

struct search {
	const struct cuckoo_ops *ops;
	void *table;
	struct step steps[CUCKOO_SEARCH_MAX];
	int count;
};

static bool find_free(const struct search *search, uint32_t bucket,
		      uint32_t *ret_slot)
{
	for (uint32_t i = 0; i < CUCKOO_SLOTS; i++) {
		uint32_t slot = bucket * CUCKOO_SLOTS + i;

		if (search->ops->is_free(search->table, slot)) {
			*ret_slot = slot;
			return true;
		}
	}
	return false;
}

static void push_bucket(struct search *search, uint32_t bucket, int parent)
{
	for (uint32_t i = 0; i < CUCKOO_SLOTS; i++) {
		if (search->count == CUCKOO_SEARCH_MAX)
			return;
		search->steps[search->count++] = (struct step){
			.slot = bucket * CUCKOO_SLOTS + i,
			.parent = parent,
		};
	}
}

/* Move along the chain that ends in `free_slot`; what is left free is where
 * it began. */
static uint32_t run_chain(struct search *search, int last, uint32_t free_slot)
{
	for (int i = last; i >= 0; i = search->steps[i].parent) {
		search->ops->move(search->table, search->steps[i].slot,
				  free_slot);
		free_slot = search->steps[i].slot;
	}
	return free_slot;
}

int cuckoo_make_room(const struct cuckoo_ops *ops, void *table,
		     const uint32_t buckets[2], uint32_t *ret_slot)
{
	struct search search;
	uint32_t slot;

	assert(ops);
	assert(ret_slot);

	search.ops = ops;
	search.table = table;
	search.count = 0;
	for (int i = 0; i < 2; i++) {
		if (find_free(&search, buckets[i], ret_slot))
			return 0;
		push_bucket(&search, buckets[i], -1);
	}

	for (int i = 0; i < search.count; i++) {
		uint32_t other = ops->other_bucket(table, search.steps[i].slot);

		if (find_free(&search, other, &slot)) {
			*ret_slot = run_chain(&search, i, slot);
			return 0;
		}
		push_bucket(&search, other, i);
	}
	return -ENOSPC;
}
