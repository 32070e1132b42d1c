/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * classes.h - equivalence classes of addresses: combinations of sets, by
 * number.
 *
 * All addresses that are in the same sets are one class. Class 0 is "in no
 * set". A class is made when first needed and keeps its number, so counters of
 * the kernel, indexed by it, go on; 65,535 is the most there are.
 *
 * CLASS_DIRECT goes to the first class whose action is drop: the address
 * table has a shorter path for it (xdp/table4.h), and on a gateway with one
 * big list that is the class of nearly every hit.
 *
 * Errors	-E2BIG when all numbers are taken
 * Threads	none: event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/set.h"

#define CLASS_NONE   0
#define CLASS_DIRECT 1
#define CLASS_MAX    65535

/* One bit for each set id; bit 0 of word 0 is never used. */
struct set_mask {
	uint64_t words[(SET_ID_MAX + 1) / 64];
};

struct class_info {
	struct set_mask sets;
	uint8_t action; /* enum set_action that wins; meaningless for class 0 */
	uint8_t set_id; /* the set it is counted for */
};

struct classes;

/* `sets` (SET_ID_MAX + 1 of them, id 0 means free) is borrowed for good. */
int classes_new(const struct set *sets, struct classes **ret_classes);
void classes_free(struct classes *classes);
DEFINE_CLEANUP(struct classes *, classes_free)

/*
 * Take over a number given in an earlier life. Only before any other call;
 * -EEXIST if the number or the combination is taken.
 */
int classes_seed(struct classes *classes, uint16_t class_id,
		 const struct set_mask *sets);

/* The class of `outer` with the sets of `own` added; makes it if need be,
 * then *ret_is_new. `outer` is a class this gave, or CLASS_NONE. */
int classes_join(struct classes *classes, uint16_t outer,
		 const struct set_mask *own, uint16_t *ret_class_id,
		 bool *ret_is_new);

/* Take back the class that was made last: nobody could use it. */
void classes_take_back(struct classes *classes, uint16_t class_id);

/* What a class means now, with the actions the sets have now. */
struct class_info classes_info(const struct classes *classes,
			       uint16_t class_id);

/* Highest number in use, so 0 when there is no class yet. */
uint16_t classes_last(const struct classes *classes);

static inline bool set_mask_has(const struct set_mask *mask, uint8_t set_id)
{
	return mask->words[set_id / 64] >> (set_id % 64) & 1;
}

static inline void set_mask_add(struct set_mask *mask, uint8_t set_id)
{
	mask->words[set_id / 64] |= 1ull << (set_id % 64);
}

static inline void set_mask_del(struct set_mask *mask, uint8_t set_id)
{
	mask->words[set_id / 64] &= ~(1ull << (set_id % 64));
}
