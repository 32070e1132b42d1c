// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/table4.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/merge/classes.h"
#include "daemon/packet/buckets4.h"

#define NETS	     FW_TOP4_COUNT /* of length 24 */
#define NET_LEN	     24u
#define BLOCK_LEN    28u
#define HOST_LEN     32u
#define HUGE_BYTES   ((size_t)2 << 20)
#define ARRAYS_BYTES ((size_t)3 * NETS + HUGE_BYTES)
#define FULL_COUNT   255 /* of entries below a /24: not counted down again */

struct table4 {
	struct fw_view4 view;
	struct buckets4 hosts;
	struct buckets4 blocks;
	void *arrays; /* where the next three are */
	uint8_t *owner_lens; /* of top, for each /24; 0: no owner */
	uint8_t *below; /* entries below each /24, FULL_COUNT stays */
	uint8_t *blocks_below;
	bool is_prepared;
};

/* Zero pages until touched, or table4_prepare(). */
static int map_arrays(struct table4 *table)
{
	const size_t bytes = ARRAYS_BYTES;
	uint8_t *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return -ENOMEM;
	table->arrays = at;
	at += -(uintptr_t)at & (HUGE_BYTES - 1);
	table->owner_lens = at;
	table->below = at + NETS;
	table->blocks_below = at + (size_t)2 * NETS;
	return 0;
}

/* The two that are written with every prefix; networks longer than /24 and
 * shorter than hosts are rare. */
void table4_prepare(struct table4 *table, const struct pool_touch *touch)
{
	const size_t bytes = (size_t)2 * NETS;

	assert(table);
	assert(touch);

	if (table->is_prepared)
		return;
	table->is_prepared = true;
	for (size_t at = 0; at < bytes; at += HUGE_BYTES)
		touch->fn(touch->arg, table->owner_lens + at, HUGE_BYTES);
}

static int init(struct table4 *table, const struct fw_view4 *view)
{
	int r;

	table->view = *view;
	r = map_arrays(table);
	if (r < 0)
		return r;

	r = buckets4_init(&table->hosts, fw_hosts4(view), view->hosts,
			  view->moves);
	if (r < 0)
		return r;
	return buckets4_init(&table->blocks, fw_blocks4(view), view->blocks,
			     view->moves);
}

int table4_new(const struct fw_view4 *view, struct table4 **ret_table)
{
	struct table4 *table;
	int r;

	assert(view);
	assert(ret_table);

	table = calloc(1, sizeof(*table));
	if (!table)
		return -ENOMEM;
	r = init(table, view);
	if (r < 0) {
		table4_free(table);
		return r;
	}
	*ret_table = table;
	return 0;
}

void table4_free(struct table4 *table)
{
	if (!table)
		return;

	if (table->arrays)
		(void)munmap(table->arrays, ARRAYS_BYTES);
	buckets4_done(&table->hosts);
	buckets4_done(&table->blocks);
	free(table);
}

/* `front` says what the reader must ask; top and the entries come first. */
static void front_settle(struct table4 *table, uint32_t net)
{
	uint16_t class_id = table->view.top[net];
	unsigned int shift = (net & 3) * 2;
	unsigned int say = FW_FRONT4_TOP;
	uint8_t *byte = &table->view.front[net >> 2];

	if (table->below[net])
		say = FW_FRONT4_HOSTS;
	else if (class_id == CLASS_NONE)
		say = FW_FRONT4_NONE;
	else if (class_id == CLASS_DIRECT)
		say = FW_FRONT4_DIRECT;

	say = (*byte & ~(3u << shift)) | say << shift;
	__atomic_store_n(byte, (uint8_t)say, __ATOMIC_RELEASE);
}

static void mid_settle(struct table4 *table, uint32_t net)
{
	uint8_t *byte = &table->view.mid[net >> 3];
	unsigned int bit = 1u << (net & 7);
	unsigned int value = *byte & ~bit;

	if (table->blocks_below[net])
		value |= bit;
	__atomic_store_n(byte, (uint8_t)value, __ATOMIC_RELEASE);
}

static void count_up(uint8_t *count)
{
	if (*count < FULL_COUNT)
		(*count)++;
}

static void count_down(uint8_t *count)
{
	if (*count < FULL_COUNT)
		(*count)--;
}

static void top_store(struct table4 *table, uint32_t net, uint16_t class_id,
		      unsigned int owner_len)
{
	table->owner_lens[net] = (uint8_t)owner_len;
	__atomic_store_n(&table->view.top[net], class_id, __ATOMIC_RELEASE);
	front_settle(table, net);
}

/* Four neighbours are one byte of `front` and one store elsewhere: a /8 is
 * written in tens of microseconds. */
#define FOUR	     4u
#define LANES8(byte) ((uint32_t)(byte)*0x01010101u)
#define LANES16(u16) ((u16)*0x0001000100010001ull)

static bool is_four(uint32_t net, uint32_t end)
{
	return net % FOUR == 0 && end - net >= FOUR;
}

static uint32_t four_load(const uint8_t *lanes)
{
	uint32_t four;

	memcpy(&four, lanes, sizeof(four));
	return four;
}

/* Is none of four lengths above `len`? No lane borrows from its neighbour. */
static bool four_at_most(uint32_t lens, unsigned int len)
{
	return ((LANES8(0x80 + len) - lens) & LANES8(0x80)) == LANES8(0x80);
}

/* The same as four times top_store(), of nets with no entries below. */
static void four_store(struct table4 *table, uint32_t net, uint16_t class_id,
		       unsigned int owner_len)
{
	uint64_t __attribute__((may_alias)) *top =
		(void *)&table->view.top[net];
	uint32_t owners = LANES8(owner_len);
	unsigned int say = class_id == CLASS_NONE     ? FW_FRONT4_NONE
			   : class_id == CLASS_DIRECT ? FW_FRONT4_DIRECT
						      : FW_FRONT4_TOP;

	memcpy(&table->owner_lens[net], &owners, sizeof(owners));
	__atomic_store_n(top, LANES16(class_id), __ATOMIC_RELEASE);
	__atomic_store_n(&table->view.front[net / FOUR], (uint8_t)(say * 0x55u),
			 __ATOMIC_RELEASE);
}

static void nets_set(struct table4 *table, uint32_t addr, unsigned int len,
		     uint16_t class_id)
{
	uint32_t net = addr >> (32 - NET_LEN);
	uint32_t end = net + (1u << (NET_LEN - len));

	while (net < end) {
		if (is_four(net, end) && !four_load(&table->below[net]) &&
		    four_at_most(four_load(&table->owner_lens[net]), len)) {
			four_store(table, net, class_id, len);
			net += FOUR;
			continue;
		}
		if (table->owner_lens[net] <= len)
			top_store(table, net, class_id, len);
		net++;
	}
}

static void nets_clear(struct table4 *table, uint32_t addr, unsigned int len,
		       unsigned int cover_len, uint16_t cover_class)
{
	uint32_t net = addr >> (32 - NET_LEN);
	uint32_t end = net + (1u << (NET_LEN - len));

	while (net < end) {
		if (is_four(net, end) && !four_load(&table->below[net]) &&
		    four_load(&table->owner_lens[net]) == LANES8(len)) {
			four_store(table, net, cover_class, cover_len);
			net += FOUR;
			continue;
		}
		if (table->owner_lens[net] == len)
			top_store(table, net, cover_class, cover_len);
		net++;
	}
}

/* The part of the table below /24 that a length belongs to. */
struct part {
	struct buckets4 *buckets;
	unsigned int key_len; /* length of a key: 28 or 32 */
	uint32_t first; /* key of the prefix's first address */
	uint32_t count; /* keys the prefix is written out as: 1 to 8 */
	uint32_t net;
};

static struct part part_of(struct table4 *table, uint32_t addr,
			   unsigned int len)
{
	bool is_block = len <= BLOCK_LEN;
	unsigned int key_len = is_block ? BLOCK_LEN : HOST_LEN;

	return (struct part){
		.buckets = is_block ? &table->blocks : &table->hosts,
		.key_len = key_len,
		.first = addr >> (32 - key_len),
		.count = 1u << (key_len - len),
		.net = addr >> (32 - NET_LEN),
	};
}

static void part_del(struct table4 *table, const struct part *part,
		     uint32_t slot)
{
	buckets4_del(part->buckets, slot);
	count_down(&table->below[part->net]);
	if (part->key_len == BLOCK_LEN)
		count_down(&table->blocks_below[part->net]);
}

/* Add the keys that are not there; *ret_added has a bit for each that was. */
static int part_add_missing(struct table4 *table, const struct part *part,
			    uint16_t class_id, unsigned int len,
			    unsigned int *ret_added)
{
	for (uint32_t i = 0; i < part->count; i++) {
		uint32_t key = part->first + i;
		int r;

		if (buckets4_find(part->buckets, key) != BUCKETS4_NONE)
			continue;
		r = buckets4_add(part->buckets, key, class_id, len);
		if (r < 0)
			return r;
		*ret_added |= 1u << i;
		count_up(&table->below[part->net]);
		if (part->key_len == BLOCK_LEN)
			count_up(&table->blocks_below[part->net]);
	}
	return 0;
}

static void part_settle(struct table4 *table, const struct part *part)
{
	if (part->key_len == BLOCK_LEN)
		mid_settle(table, part->net);
	front_settle(table, part->net);
}

static int part_set(struct table4 *table, const struct part *part,
		    unsigned int len, uint16_t class_id)
{
	unsigned int added = 0;
	int r = part_add_missing(table, part, class_id, len, &added);

	for (uint32_t i = 0; i < part->count; i++) {
		uint32_t slot;

		if (r == 0 && added >> i & 1)
			continue;
		slot = buckets4_find(part->buckets, part->first + i);
		if (slot == BUCKETS4_NONE)
			continue;
		if (r < 0 && added >> i & 1)
			part_del(table, part, slot);
		else if (r == 0 && part->buckets->owner_lens[slot] <= len)
			buckets4_change(part->buckets, slot, class_id, len);
	}
	part_settle(table, part);
	return r;
}

static void part_clear(struct table4 *table, const struct part *part,
		       unsigned int len, unsigned int cover_len,
		       uint16_t cover_class)
{
	bool is_covered = cover_len > part->key_len - 4;

	for (uint32_t i = 0; i < part->count; i++) {
		uint32_t slot = buckets4_find(part->buckets, part->first + i);

		if (slot == BUCKETS4_NONE ||
		    part->buckets->owner_lens[slot] != len)
			continue;
		if (is_covered)
			buckets4_change(part->buckets, slot, cover_class,
					cover_len);
		else
			part_del(table, part, slot);
	}
	part_settle(table, part);
}

int table4_set(struct table4 *table, uint32_t addr, unsigned int len,
	       uint16_t class_id)
{
	struct part part;

	assert(table);
	assert(len >= 1 && len <= HOST_LEN);
	assert(class_id != CLASS_NONE);

	if (len <= NET_LEN) {
		nets_set(table, addr, len, class_id);
		return 0;
	}
	part = part_of(table, addr, len);
	return part_set(table, &part, len, class_id);
}

void table4_clear(struct table4 *table, uint32_t addr, unsigned int len,
		  unsigned int cover_len, uint16_t cover_class)
{
	struct part part;

	assert(table);
	assert(len >= 1 && len <= HOST_LEN);
	assert(cover_len < len);

	view_count_move(table->view.moves);
	if (len <= NET_LEN) {
		nets_clear(table, addr, len, cover_len, cover_class);
		return;
	}
	part = part_of(table, addr, len);
	part_clear(table, &part, len, cover_len, cover_class);
}

void table4_expect(const struct table4 *table, uint32_t addr, unsigned int len)
{
	assert(table);
	assert(len >= 1 && len <= HOST_LEN);

	if (len > BLOCK_LEN)
		buckets4_expect(&table->hosts, addr);
	else if (len > NET_LEN)
		buckets4_expect(&table->blocks, addr >> (32 - BLOCK_LEN));
}

struct table4_usage table4_usage(const struct table4 *table)
{
	assert(table);

	return (struct table4_usage){
		.hosts = table->hosts.count,
		.hosts_capacity = table->hosts.capacity,
		.blocks = table->blocks.count,
		.blocks_capacity = table->blocks.capacity,
	};
}

uint32_t table4_hosts_of(unsigned int len)
{
	return len > BLOCK_LEN ? 1u << (HOST_LEN - len) : 0;
}

uint32_t table4_blocks_of(unsigned int len)
{
	return len > NET_LEN && len <= BLOCK_LEN ? 1u << (BLOCK_LEN - len) : 0;
}
