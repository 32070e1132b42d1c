// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/memview.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

struct memview_shape memview_smallest(uint64_t seed)
{
	return (struct memview_shape){
		.hosts_bits = FW_HOSTS4_BITS_MIN,
		.blocks_bits = FW_BLOCKS4_BITS_MIN,
		.exact_bits = FW_EXACT6_BITS_MIN,
		.seed = seed,
	};
}

static void *zeroed(size_t bytes)
{
	void *array = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(array, MAP_FAILED);
	return array;
}

static size_t slots4(uint32_t bits)
{
	return (sizeof(__u32) * FW_BUCKET4_SLOTS) << bits;
}

static size_t exact6(uint32_t bits)
{
	return sizeof(struct fw_bucket6) << bits;
}

#define TOP4_BYTES (FW_TOP4_COUNT * sizeof(__u16))
#define TOP6_BYTES (FW_TOP6_COUNT * sizeof(__u64))

void memview_init(struct memview *memview, struct memview_shape shape)
{
	memview->moves = (struct fw_moves){0};
	memview->view4 = (struct fw_view4){
		.front = zeroed(FW_FRONT4_BYTES),
		.top = zeroed(TOP4_BYTES),
		.mid = zeroed(FW_MID4_BYTES),
		.hosts = zeroed(slots4(shape.hosts_bits)),
		.blocks = zeroed(slots4(shape.blocks_bits)),
		.hosts_bits = shape.hosts_bits,
		.blocks_bits = shape.blocks_bits,
		.seed = (uint32_t)shape.seed,
		.moves = &memview->moves.moves4,
	};
	memview->view6 = (struct fw_view6){
		.front = zeroed(FW_FRONT6_BYTES),
		.top = zeroed(TOP6_BYTES),
		.buckets = zeroed(exact6(shape.exact_bits)),
		.exact_bits = shape.exact_bits,
		.seed = shape.seed,
		.moves = &memview->moves.moves6,
	};
}

void memview_done(struct memview *memview)
{
	struct fw_view4 *view4 = &memview->view4;
	struct fw_view6 *view6 = &memview->view6;

	(void)munmap(view4->front, FW_FRONT4_BYTES);
	(void)munmap(view4->top, TOP4_BYTES);
	(void)munmap(view4->mid, FW_MID4_BYTES);
	(void)munmap(view4->hosts, slots4(view4->hosts_bits));
	(void)munmap(view4->blocks, slots4(view4->blocks_bits));
	(void)munmap(view6->front, FW_FRONT6_BYTES);
	(void)munmap(view6->top, TOP6_BYTES);
	(void)munmap(view6->buckets, exact6(view6->exact_bits));
	*memview = (struct memview){0};
}

unsigned int memview_front4(const struct memview *memview, uint32_t addr)
{
	unsigned int byte = memview->view4.front[addr >> 10];

	return byte >> (addr >> 8 & 3) * 2 & 3;
}

unsigned int memview_front6(const struct memview *memview, struct fw_key6 addr)
{
	unsigned int byte = memview->view6.front[addr.hi >> 43];

	return byte >> (addr.hi >> 40 & 7) & 1;
}

static bool is_zero(const void *array, size_t bytes)
{
	const uint8_t *byte = array;

	return *byte == 0 && memcmp(byte, byte + 1, bytes - 1) == 0;
}

const char *memview_leftover(const struct memview *memview)
{
	const struct fw_view4 *view4 = &memview->view4;
	const struct fw_view6 *view6 = &memview->view6;
	const struct {
		const char *name;
		const void *array;
		size_t bytes;
	} parts[] = {
		{"front4", view4->front, FW_FRONT4_BYTES},
		{"top4", view4->top, TOP4_BYTES},
		{"mid4", view4->mid, FW_MID4_BYTES},
		{"hosts4", view4->hosts, slots4(view4->hosts_bits)},
		{"blocks4", view4->blocks, slots4(view4->blocks_bits)},
		{"front6", view6->front, FW_FRONT6_BYTES},
		{"top6", view6->top, TOP6_BYTES},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!is_zero(parts[i].array, parts[i].bytes))
			return parts[i].name;
	for (uint32_t i = 0; i < 1u << view6->exact_bits; i++)
		if (!is_zero(view6->buckets[i].words,
			     sizeof(view6->buckets[i].words)))
			return "exact6"; /* keys of free slots are no matter */
	return NULL;
}
