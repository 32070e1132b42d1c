/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - many small items of one size, by number, in memory that never moves.
 *
 * A pool reserves address space once and turns it into memory two MiB at a
 * time, huge pages from the second step on. So growing never copies and costs
 * the same at ten items and at ten million, pointers to items stay good, and
 * items are one array. Numbers start at 1; 0 is no item. A number given back
 * is given out again first; as long as none is, numbers are consecutive.
 *
 * Owns		its memory; what is given back is kept for reuse
 * Errors	-ENOMEM; a failed call has changed nothing
 * Threads	none; one owner
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define POOL_ITEMS_MAX (1u << 27)

struct pool {
	char *items; /* item 0 is there, and unused */
	void *reserved;
	size_t ready_bytes; /* how much of `items` is memory already */
	size_t touched_bytes; /* how much of that pool_prepare() has seen to */
	uint32_t last; /* highest number ever given out */
	uint32_t free; /* first number given back; each holds the next */
	uint32_t free_count; /* of these */
	uint32_t item_bytes;
};

/* Reserves nothing yet. An item is at least four bytes. */
void pool_init(struct pool *pool, uint32_t item_bytes);
void pool_done(struct pool *pool);

/* A new item, all bytes 0. */
int pool_take(struct pool *pool, uint32_t *ret_id);

/* `id` must have been taken and not given back since. */
void pool_give(struct pool *pool, uint32_t id);

/*
 * Brings `bytes` from `at` on into memory, now or soon, and changes nothing
 * there: another thread may do it, while items are taken and written, or even
 * after the pool is gone (it is no more than madvise(2), MADV_HUGEPAGE and
 * MADV_POPULATE_WRITE).
 */
typedef void pool_touch_fn(void *arg, void *at, size_t bytes);

struct pool_touch {
	pool_touch_fn *fn;
	void *arg;
};

/* Does it at once. */
extern const struct pool_touch pool_touch_now;

/*
 * Have room for `items` more, and for a step more at least (in a small pool half
 * a step), and let `touch` bring it into memory, so that taking them does not
 * wait for the kernel to find and clear it. Without memory nothing is prepared,
 * and pool_take() will say so.
 */
void pool_prepare(struct pool *pool, size_t items,
		  const struct pool_touch *touch);

/* Memory that items have taken. */
size_t pool_bytes(const struct pool *pool);

/* `item_bytes` is the pool's, said again so that the compiler knows it. */
static inline void *pool_at(const struct pool *pool, uint32_t id,
			    size_t item_bytes)
{
	return pool->items + id * item_bytes;
}
