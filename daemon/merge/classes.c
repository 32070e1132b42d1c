// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/merge/classes.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_COUNT (2u * (CLASS_MAX + 1)) /* never more than half full */

struct classes {
	const struct set *sets;
	uint32_t next; /* lowest number never given, CLASS_DIRECT aside */
	uint32_t last;
	struct set_mask masks[CLASS_MAX + 1]; /* all 0: number not in use */
	uint16_t slots[SLOT_COUNT]; /* open addressing, by mask; 0: free */
};

static const struct set_mask NO_SETS;

static bool mask_equal(const struct set_mask *a, const struct set_mask *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static uint32_t mask_hash(const struct set_mask *mask)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < ARRAY_LEN(mask->words); i++) {
		hash = (hash ^ mask->words[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

/* The slot that holds `mask`, or the free one where it belongs. */
static uint16_t *slot_of(struct classes *classes, const struct set_mask *mask)
{
	uint32_t i = mask_hash(mask) % SLOT_COUNT;

	while (classes->slots[i] &&
	       !mask_equal(&classes->masks[classes->slots[i]], mask))
		i = (i + 1) % SLOT_COUNT;
	return &classes->slots[i];
}

static bool is_taken(const struct classes *classes, uint32_t class_id)
{
	return !mask_equal(&classes->masks[class_id], &NO_SETS);
}

int classes_new(const struct set *sets, struct classes **ret_classes)
{
	struct classes *classes;

	assert(sets);
	assert(ret_classes);

	classes = calloc(1, sizeof(*classes));
	if (!classes)
		return -ENOMEM;
	classes->sets = sets;
	classes->next = CLASS_DIRECT + 1;
	*ret_classes = classes;
	return 0;
}

void classes_free(struct classes *classes)
{
	free(classes);
}

static void give(struct classes *classes, uint32_t class_id,
		 const struct set_mask *mask, uint16_t *slot)
{
	classes->masks[class_id] = *mask;
	*slot = (uint16_t)class_id;
	if (class_id > classes->last)
		classes->last = class_id;
}

int classes_seed(struct classes *classes, uint16_t class_id,
		 const struct set_mask *sets)
{
	uint16_t *slot;

	assert(classes);
	assert(class_id != CLASS_NONE);
	assert(sets);
	assert(!mask_equal(sets, &NO_SETS));

	slot = slot_of(classes, sets);
	if (*slot || is_taken(classes, class_id))
		return -EEXIST;
	give(classes, class_id, sets, slot);
	return 0;
}

/* The set of `mask` that decides, or NULL if all of them have been dropped. */
static const struct set *strongest(const struct classes *classes,
				   const struct set_mask *mask)
{
	const struct set *best = NULL;

	for (size_t i = 0; i < ARRAY_LEN(mask->words); i++) {
		uint64_t left = mask->words[i];

		for (; left; left &= left - 1) {
			size_t bit = (size_t)__builtin_ctzll(left);
			const struct set *set = &classes->sets[i * 64 + bit];

			if (set->id && (!best || set->action < best->action))
				best = set;
		}
	}
	return best;
}

static int pick_number(struct classes *classes, const struct set_mask *mask,
		       uint32_t *ret_class_id)
{
	const struct set *set = strongest(classes, mask);

	if (!is_taken(classes, CLASS_DIRECT) && set && set->action == SET_DROP)
		*ret_class_id = CLASS_DIRECT;
	else {
		while (classes->next <= CLASS_MAX &&
		       is_taken(classes, classes->next))
			classes->next++;
		if (classes->next > CLASS_MAX)
			return -E2BIG;
		*ret_class_id = classes->next++;
	}
	return 0;
}

int classes_join(struct classes *classes, uint16_t outer,
		 const struct set_mask *own, uint16_t *ret_class_id,
		 bool *ret_is_new)
{
	struct set_mask mask;
	uint32_t class_id;
	uint16_t *slot;
	int r;

	assert(classes);
	assert(outer == CLASS_NONE || is_taken(classes, outer));
	assert(own);
	assert(ret_class_id);
	assert(ret_is_new);

	mask = classes->masks[outer];
	for (size_t i = 0; i < ARRAY_LEN(mask.words); i++)
		mask.words[i] |= own->words[i];
	if (mask_equal(&mask, &classes->masks[outer])) {
		*ret_class_id = outer;
		*ret_is_new = false;
		return 0;
	}
	slot = slot_of(classes, &mask);
	if (*slot) {
		*ret_class_id = *slot;
		*ret_is_new = false;
		return 0;
	}
	r = pick_number(classes, &mask, &class_id);
	if (r < 0)
		return r;
	give(classes, class_id, &mask, slot);
	*ret_class_id = (uint16_t)class_id;
	*ret_is_new = true;
	return 0;
}

void classes_take_back(struct classes *classes, uint16_t class_id)
{
	uint16_t *slot;

	assert(classes);
	assert(is_taken(classes, class_id));

	/* no other was put behind it, so no search passes this slot */
	slot = slot_of(classes, &classes->masks[class_id]);
	*slot = 0;
	classes->masks[class_id] = NO_SETS;
	if (class_id != CLASS_DIRECT)
		classes->next = class_id;
}

struct class_info classes_info(const struct classes *classes, uint16_t class_id)
{
	struct class_info info;
	const struct set *set;

	assert(classes);

	info = (struct class_info){.sets = classes->masks[class_id]};
	set = strongest(classes, &info.sets);
	if (set) {
		info.action = set->action;
		info.set_id = set->id;
	}
	return info;
}

uint16_t classes_last(const struct classes *classes)
{
	assert(classes);

	return (uint16_t)classes->last;
}
