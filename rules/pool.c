// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/pool.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* A huge page, where a huge page is 2 MiB; a good step anywhere else. With
 * small pages a fault comes every few dozen items, and costs more than the
 * item. */
#define STEP_BYTES ((size_t)2 << 20)

void pool_init(struct pool *pool, uint32_t item_bytes)
{
	assert(pool);
	assert(item_bytes >= sizeof(uint32_t));

	*pool = (struct pool){.item_bytes = item_bytes};
}

/* One step more than the items need, so that they can start at a huge page. */
static size_t reserved_bytes(const struct pool *pool)
{
	return (size_t)POOL_ITEMS_MAX * pool->item_bytes + STEP_BYTES;
}

void pool_done(struct pool *pool)
{
	assert(pool);

	if (pool->reserved)
		(void)munmap(pool->reserved, reserved_bytes(pool));
	pool_init(pool, pool->item_bytes);
}

static int reserve(struct pool *pool)
{
	char *at;

	at = mmap(NULL, reserved_bytes(pool), PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return -ENOMEM;
	pool->reserved = at;
	pool->items = at + (-(uintptr_t)at & (STEP_BYTES - 1));
	return 0;
}

static int grow(struct pool *pool)
{
	char *step;
	int r;

	if (pool->last + 1 >= POOL_ITEMS_MAX)
		return -ENOMEM;
	if (!pool->reserved) {
		r = reserve(pool);
		if (r < 0)
			return r;
	}
	step = pool->items + pool->ready_bytes;
	if (mprotect(step, STEP_BYTES, PROT_READ | PROT_WRITE) < 0)
		return -ENOMEM;
	/* A small pool stays small; and advice refused is only slower. */
	if (pool->ready_bytes > 0)
		(void)madvise(step, STEP_BYTES, MADV_HUGEPAGE);
	pool->ready_bytes += STEP_BYTES;
	return 0;
}

int pool_take(struct pool *pool, uint32_t *ret_id)
{
	uint32_t id = pool->free;
	char *item;
	int r;

	assert(ret_id);

	if (id) {
		item = pool_at(pool, id, pool->item_bytes);
		memcpy(&pool->free, item, sizeof(pool->free));
		pool->free_count--;
		memset(item, 0, pool->item_bytes);
		*ret_id = id;
		return 0;
	}
	id = pool->last + 1;
	if ((id + (size_t)1) * pool->item_bytes > pool->ready_bytes) {
		r = grow(pool);
		if (r < 0)
			return r;
	}
	pool->last = id;
	*ret_id = id;
	return 0;
}

void pool_give(struct pool *pool, uint32_t id)
{
	assert(id && id <= pool->last);

	memcpy(pool_at(pool, id, pool->item_bytes), &pool->free,
	       sizeof(pool->free));
	pool->free = id;
	pool->free_count++;
}

/* The advice no sooner: until then who writes there is given a small page, and
 * does not wait for a huge one to be cleared. */
static void touch_now(void *arg, void *at, size_t bytes)
{
	(void)arg;
	(void)madvise(at, bytes, MADV_HUGEPAGE);
	(void)madvise(at, bytes, MADV_POPULATE_WRITE);
}

const struct pool_touch pool_touch_now = {.fn = touch_now};

void pool_prepare(struct pool *pool, size_t items,
		  const struct pool_touch *touch)
{
	size_t used = (pool->last + (size_t)1) * pool->item_bytes;
	size_t ahead = used < STEP_BYTES / 2 ? STEP_BYTES / 2 : STEP_BYTES;
	size_t more = 0;
	size_t from;

	assert(pool);
	assert(touch);

	if (items > pool->free_count)
		more = (items - pool->free_count) * pool->item_bytes;
	while (used + more + ahead > pool->ready_bytes && grow(pool) == 0)
		;
	from = used > pool->touched_bytes ? used : pool->touched_bytes;
	for (size_t at = from & ~(STEP_BYTES - 1); at < pool->ready_bytes;
	     at += STEP_BYTES)
		touch->fn(touch->arg, pool->items + at, STEP_BYTES);
	pool->touched_bytes = pool->ready_bytes;
}

size_t pool_bytes(const struct pool *pool)
{
	return pool->last ? (pool->last + (size_t)1) * pool->item_bytes : 0;
}
