// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/table6.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "daemon/merge/classes.h"
#include "daemon/packet/buckets6.h"

#define TOP_LEN	 20u
#define NET_LEN	 24u /* what a bit of front stands for */
#define NETS	 (FW_FRONT6_BYTES * 8)
#define HUB_LEN	 FW_HUB6_LEVEL
#define LEVELS	 4u /* room for those of a word of top: 32, 28, 24 */
#define HOST_LEN 128u

struct table6 {
	struct fw_view6 view;
	struct buckets6 exact;
	uint8_t *owner_lens; /* of top, for each /20; 0: no owner */
	uint32_t *below; /* entries below each /24 */
	uint32_t *at_level; /* entries of levels 32, 28, 24 below each /20 */
};

/* Zero pages until touched: most of the address space is in no list. */
static void *sparse(size_t bytes)
{
	void *array = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return array == MAP_FAILED ? NULL : array;
}

static void sparse_free(void *array, size_t bytes)
{
	if (array)
		(void)munmap(array, bytes);
}

#define BELOW_BYTES    ((size_t)NETS * sizeof(uint32_t))
#define AT_LEVEL_BYTES ((size_t)FW_TOP6_COUNT * LEVELS * sizeof(uint32_t))

static int init(struct table6 *table, const struct fw_view6 *view)
{
	table->view = *view;
	table->owner_lens = sparse(FW_TOP6_COUNT);
	table->below = sparse(BELOW_BYTES);
	table->at_level = sparse(AT_LEVEL_BYTES);
	if (!table->owner_lens || !table->below || !table->at_level)
		return -ENOMEM;
	return buckets6_init(&table->exact, view);
}

int table6_new(const struct fw_view6 *view, struct table6 **ret_table)
{
	struct table6 *table;
	int r;

	assert(view);
	assert(ret_table);

	table = calloc(1, sizeof(*table));
	if (!table)
		return -ENOMEM;
	r = init(table, view);
	if (r < 0) {
		table6_free(table);
		return r;
	}
	*ret_table = table;
	return 0;
}

void table6_free(struct table6 *table)
{
	if (!table)
		return;

	sparse_free(table->owner_lens, FW_TOP6_COUNT);
	sparse_free(table->below, BELOW_BYTES);
	sparse_free(table->at_level, AT_LEVEL_BYTES);
	buckets6_done(&table->exact);
	free(table);
}

static uint32_t top_of(struct fw_key6 addr)
{
	return (uint32_t)(addr.hi >> (64 - TOP_LEN));
}

static uint32_t net_of(struct fw_key6 addr)
{
	return (uint32_t)(addr.hi >> (64 - NET_LEN));
}

/* `front` says whether to look at all; what there is to find comes first. */
static void front_settle(struct table6 *table, uint32_t net)
{
	uint8_t *byte = &table->view.front[net >> 3];
	unsigned int bit = 1u << (net & 7);
	unsigned int value = *byte & ~bit;

	if (table->below[net] || FW_TOP6_CLASS(table->view.top[net >> 4]))
		value |= bit;
	__atomic_store_n(byte, (uint8_t)value, __ATOMIC_RELEASE);
}

static void top_store(struct table6 *table, uint32_t top, uint16_t class_id,
		      unsigned int owner_len)
{
	uint32_t word = table->view.top[top] & ~0xffffu;

	table->owner_lens[top] = (uint8_t)owner_len;
	__atomic_store_n(&table->view.top[top], word | class_id,
			 __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < 1u << (NET_LEN - TOP_LEN); i++)
		front_settle(table, top << (NET_LEN - TOP_LEN) | i);
}

static void tops_set(struct table6 *table, struct fw_key6 addr,
		     unsigned int len, uint16_t class_id)
{
	uint32_t first = top_of(addr);
	uint32_t count = 1u << (TOP_LEN - len);

	for (uint32_t top = first; top < first + count; top++)
		if (table->owner_lens[top] <= len)
			top_store(table, top, class_id, len);
}

static void tops_clear(struct table6 *table, struct fw_key6 addr,
		       unsigned int len, unsigned int cover_len,
		       uint16_t cover_class)
{
	uint32_t first = top_of(addr);
	uint32_t count = 1u << (TOP_LEN - len);

	for (uint32_t top = first; top < first + count; top++)
		if (table->owner_lens[top] == len)
			top_store(table, top, cover_class, cover_len);
}

static unsigned int level_of(unsigned int len)
{
	unsigned int level =
		(len + FW_LEVEL6_STEP - 1) / FW_LEVEL6_STEP * FW_LEVEL6_STEP;

	return level < NET_LEN ? NET_LEN : level;
}

/* The i-th key of `level` in a prefix that begins at `addr`. */
static struct fw_key6 key_at(struct fw_key6 addr, unsigned int level,
			     uint32_t i)
{
	if (level <= 64)
		addr.hi |= (uint64_t)i << (64 - level);
	else
		addr.lo |= (uint64_t)i << (HOST_LEN - level);
	return addr;
}

static uint32_t *level_count(struct table6 *table, struct fw_key6 addr,
			     unsigned int level)
{
	return &table->at_level[top_of(addr) * LEVELS +
				(HUB_LEN - level) / FW_LEVEL6_STEP];
}

static void level_settle(struct table6 *table, struct fw_key6 addr,
			 unsigned int level)
{
	__u32 *top = &table->view.top[top_of(addr)];
	uint32_t bit = FW_TOP6_HUBS << (HUB_LEN - level) / FW_LEVEL6_STEP;
	uint32_t word = *top & ~bit;

	if (*level_count(table, addr, level))
		word |= bit;
	__atomic_store_n(top, word, __ATOMIC_RELEASE);
}

/* An entry of the levels that a word of top knows: 24, 28, or a hub. */
static int upper_add(struct table6 *table, struct fw_key6 key,
		     unsigned int level, uint16_t class_id, unsigned int len)
{
	int r = buckets6_add(&table->exact, key, level, class_id, len);

	if (r < 0)
		return r;
	table->below[net_of(key)]++;
	(*level_count(table, key, level))++;
	return 0;
}

static void upper_del(struct table6 *table, struct fw_key6 key,
		      unsigned int level, uint32_t slot)
{
	if (table->exact.deeper[slot] > 0) { /* goes on as a hub only */
		buckets6_change(&table->exact, slot, CLASS_NONE, 0);
		return;
	}
	buckets6_del(&table->exact, slot);
	table->below[net_of(key)]--;
	(*level_count(table, key, level))--;
	level_settle(table, key, level);
}

static uint32_t hub_of(const struct table6 *table, struct fw_key6 key)
{
	return buckets6_find(&table->exact, fw_cut6(key, HUB_LEN), HUB_LEN);
}

static void hub_drop_if_idle(struct table6 *table, struct fw_key6 key)
{
	uint32_t hub = hub_of(table, key);

	if (hub != BUCKETS6_NONE && table->exact.deeper[hub] == 0 &&
	    table->exact.owner_lens[hub] == 0)
		upper_del(table, fw_cut6(key, HUB_LEN), HUB_LEN, hub);
}

/* Below a hub, which is made if need be. */
static int lower_add(struct table6 *table, struct fw_key6 key,
		     unsigned int level, uint16_t class_id, unsigned int len)
{
	int r = 0;

	if (hub_of(table, key) == BUCKETS6_NONE)
		r = upper_add(table, fw_cut6(key, HUB_LEN), HUB_LEN, CLASS_NONE,
			      0);
	if (r < 0)
		return r;
	r = buckets6_add(&table->exact, key, level, class_id, len);
	if (r < 0) {
		hub_drop_if_idle(table, key);
		return r;
	}
	buckets6_hub_up(&table->exact, hub_of(table, key), level);
	table->below[net_of(key)]++;
	level_settle(table, key, HUB_LEN);
	return 0;
}

static void lower_del(struct table6 *table, struct fw_key6 key, uint32_t slot)
{
	buckets6_del(&table->exact, slot);
	table->below[net_of(key)]--;
	buckets6_hub_down(&table->exact, hub_of(table, key));
	hub_drop_if_idle(table, key);
}

static int entry_add(struct table6 *table, struct fw_key6 key,
		     unsigned int level, uint16_t class_id, unsigned int len)
{
	return level > HUB_LEN ? lower_add(table, key, level, class_id, len)
			       : upper_add(table, key, level, class_id, len);
}

static void entry_del(struct table6 *table, struct fw_key6 key,
		      unsigned int level, uint32_t slot)
{
	if (level > HUB_LEN)
		lower_del(table, key, slot);
	else
		upper_del(table, key, level, slot);
}

/* All keys of a prefix lie in one /20; those of a /21../23 in several /24s. */
static void entries_settle(struct table6 *table, struct fw_key6 addr,
			   unsigned int len)
{
	uint32_t nets = len < NET_LEN ? 1u << (NET_LEN - len) : 1;

	if (len <= HUB_LEN)
		level_settle(table, addr, level_of(len));
	for (uint32_t i = 0; i < nets; i++)
		front_settle(table, net_of(addr) + i);
}

/* Add the keys that are not there; *ret_added has a bit for each that was. */
static int add_missing(struct table6 *table, struct fw_key6 addr,
		       unsigned int len, uint16_t class_id,
		       unsigned int *ret_added)
{
	unsigned int level = level_of(len);

	for (uint32_t i = 0; i < table6_entries_of(len); i++) {
		struct fw_key6 key = key_at(addr, level, i);
		int r;

		if (buckets6_find(&table->exact, key, level) != BUCKETS6_NONE)
			continue;
		r = entry_add(table, key, level, class_id, len);
		if (r < 0)
			return r;
		*ret_added |= 1u << i;
	}
	return 0;
}

static int entries_set(struct table6 *table, struct fw_key6 addr,
		       unsigned int len, uint16_t class_id)
{
	unsigned int level = level_of(len);
	unsigned int added = 0;
	int r = add_missing(table, addr, len, class_id, &added);

	for (uint32_t i = 0; i < table6_entries_of(len); i++) {
		struct fw_key6 key = key_at(addr, level, i);
		uint32_t slot;

		if (r == 0 && added >> i & 1)
			continue;
		slot = buckets6_find(&table->exact, key, level);
		if (slot == BUCKETS6_NONE)
			continue;
		if (r < 0 && added >> i & 1)
			entry_del(table, key, level, slot);
		else if (r == 0 && table->exact.owner_lens[slot] <= len)
			buckets6_change(&table->exact, slot, class_id, len);
	}
	entries_settle(table, addr, len);
	return r;
}

static void entries_clear(struct table6 *table, struct fw_key6 addr,
			  unsigned int len, unsigned int cover_len,
			  uint16_t cover_class)
{
	unsigned int level = level_of(len);
	bool is_covered = cover_len > TOP_LEN && level_of(cover_len) == level;

	for (uint32_t i = 0; i < table6_entries_of(len); i++) {
		struct fw_key6 key = key_at(addr, level, i);
		uint32_t slot = buckets6_find(&table->exact, key, level);

		if (slot == BUCKETS6_NONE ||
		    table->exact.owner_lens[slot] != len)
			continue;
		if (is_covered)
			buckets6_change(&table->exact, slot, cover_class,
					cover_len);
		else
			entry_del(table, key, level, slot);
	}
	entries_settle(table, addr, len);
}

int table6_set(struct table6 *table, struct fw_key6 addr, unsigned int len,
	       uint16_t class_id)
{
	assert(table);
	assert(len >= 1 && len <= HOST_LEN);
	assert(class_id != CLASS_NONE);

	if (len > TOP_LEN)
		return entries_set(table, addr, len, class_id);
	tops_set(table, addr, len, class_id);
	return 0;
}

void table6_clear(struct table6 *table, struct fw_key6 addr, unsigned int len,
		  unsigned int cover_len, uint16_t cover_class)
{
	assert(table);
	assert(len >= 1 && len <= HOST_LEN);
	assert(cover_len < len);

	view_count_move(table->view.moves);
	if (len > TOP_LEN)
		entries_clear(table, addr, len, cover_len, cover_class);
	else
		tops_clear(table, addr, len, cover_len, cover_class);
}

struct table6_usage table6_usage(const struct table6 *table)
{
	assert(table);

	return (struct table6_usage){
		.entries = table->exact.count,
		.entries_capacity = table->exact.capacity,
	};
}

uint32_t table6_entries_of(unsigned int len)
{
	return len > TOP_LEN ? 1u << (level_of(len) - len) : 0;
}
