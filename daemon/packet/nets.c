// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/nets.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/prefix.h"

#define STEP	  256 /* entries of a step, but for the first of IPv4 */
#define LAST_BYTE 15

/* Regions of one family, in order; `numbers[i]` is that of `regions[i]`. */
struct listing {
	const struct compiled_region **regions;
	size_t count;
};

static uint16_t number_of(const struct compiled *compiled,
			  const struct compiled_region *region)
{
	return (uint16_t)(region - compiled->regions);
}

static int grow(void **array, size_t count, size_t item_bytes)
{
	/* one at a time would do; powers of two copy less */
	if (count & (count - 1))
		return 0;
	void *more = realloc(*array, (count ? count * 2 : 1) * item_bytes);

	if (!more)
		return -ENOMEM;
	*array = more;
	return 0;
}

/* A step below `entry`, which has its region so far, or the one there is. */
static int step_below4(struct fw_nets *nets, size_t *node_count, size_t entry,
		       size_t *ret_base)
{
	uint16_t now = nets->entries4[entry];
	size_t base = FW_NETS4_ROOT + *node_count * STEP;
	uint16_t *more;

	if (now & FW_NET_BELOW) {
		*ret_base =
			FW_NETS4_ROOT + (size_t)(now & ~FW_NET_BELOW) * STEP;
		return 0;
	}
	if (*node_count == FW_NET_MAX)
		return -E2BIG;
	/* one node at a time would do; powers of two copy less */
	if ((*node_count & (*node_count - 1)) == 0) {
		size_t room = *node_count ? 2 * *node_count : 1;

		more = realloc(nets->entries4,
			       (FW_NETS4_ROOT + room * STEP) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		nets->entries4 = more;
	}
	more = nets->entries4;
	for (size_t i = 0; i < STEP; i++)
		more[base + i] = now;
	more[entry] = (uint16_t)(FW_NET_BELOW | (*node_count)++);
	nets->count4 = base + STEP;
	*ret_base = base;
	return 0;
}

static void fill(uint16_t *entries, size_t count, uint16_t region)
{
	for (size_t i = 0; i < count; i++)
		entries[i] = region;
}

static int add4(struct fw_nets *nets, size_t *node_count,
		const struct prefix *prefix, uint16_t region)
{
	uint32_t addr = prefix_addr_v4(prefix);
	unsigned int len = prefix_len(prefix);
	size_t at = addr >> 16, width = 16, base;
	int r;

	for (unsigned int end = 24; len > width; end += 8) {
		r = step_below4(nets, node_count, at, &base);
		if (r < 0)
			return r;
		at = base + (addr >> (32 - end) & 255);
		width = end;
	}
	fill(nets->entries4 + at, (size_t)1 << (width - len), region);
	return 0;
}

/* Outer networks come before those in them, so nothing is written over. */
static int build4(const struct compiled *compiled,
		  const struct listing *listing, struct fw_nets *nets)
{
	size_t node_count = 0;
	int r = 0;

	if (!listing->count)
		return 0;
	nets->entries4 = calloc(FW_NETS4_ROOT, sizeof(*nets->entries4));
	if (!nets->entries4)
		return -ENOMEM;
	nets->count4 = FW_NETS4_ROOT;
	for (size_t i = 0; i < listing->count && r == 0; i++)
		r = add4(nets, &node_count, &listing->regions[i]->prefix,
			 number_of(compiled, listing->regions[i]));
	return r;
}

static unsigned int common_bits(const struct prefix *a, const struct prefix *b)
{
	unsigned int bits = 0;

	while (bits < 128 &&
	       ((a->addr[bits / 8] ^ b->addr[bits / 8]) >> (7 - bits % 8) &
		1) == 0)
		bits++;
	return bits;
}

/* The byte that the networks of a list, all in one, first differ in. */
static unsigned int branch_of(const struct listing *listing)
{
	const struct prefix *first = &listing->regions[0]->prefix;
	const struct prefix *last =
		&listing->regions[listing->count - 1]->prefix;
	unsigned int bits = common_bits(first, last);

	for (size_t i = 0; i < listing->count; i++)
		if (listing->regions[i]->prefix.bits < bits)
			bits = listing->regions[i]->prefix.bits;
	return bits / 8 < LAST_BYTE ? bits / 8 : LAST_BYTE;
}

static uint64_t half_of(const uint8_t *bytes)
{
	uint64_t half = 0;

	for (int i = 0; i < 8; i++)
		half = half << 8 | bytes[i];
	return half;
}

static void describe(struct fw_net_node6 *node, const struct prefix *in,
		     unsigned int byte, uint16_t outside)
{
	struct prefix mask = {.bits = 128};

	memset(mask.addr, 0xff, byte);
	node->mask_hi = half_of(mask.addr);
	node->mask_lo = half_of(mask.addr + 8);
	node->hi = half_of(in->addr) & node->mask_hi;
	node->lo = half_of(in->addr + 8) & node->mask_lo;
	node->outside = outside;
	node->shift = (uint16_t)((LAST_BYTE - byte) * 8);
	fill(node->next, STEP, outside);
}

struct building {
	const struct compiled *compiled;
	struct fw_nets *nets;
};

static int add_node6(struct building *building, const struct listing *listing,
		     uint16_t outside, uint16_t *ret_entry);

/* Networks that end in this node's byte fill its entries; those that are
 * longer, and share the byte, are a node below. */
static int fill_node6(struct building *building, size_t node,
		      const struct listing *listing, unsigned int byte)
{
	for (size_t i = 0; i < listing->count;) {
		const struct prefix *prefix = &listing->regions[i]->prefix;
		uint8_t at = prefix->addr[byte];
		struct listing below = {.regions = listing->regions + i};
		uint16_t entry;
		int r;

		if (prefix->bits <= byte * 8 + 8) {
			fill(building->nets->nodes6[node].next + at,
			     (size_t)1 << (byte * 8 + 8 - prefix->bits),
			     number_of(building->compiled,
				       listing->regions[i]));
			i++;
			continue;
		}
		for (; i < listing->count &&
		       listing->regions[i]->prefix.addr[byte] == at;
		     i++)
			below.count++;
		r = add_node6(building, &below,
			      building->nets->nodes6[node].next[at], &entry);
		if (r < 0)
			return r;
		building->nets->nodes6[node].next[at] = entry;
	}
	return 0;
}

/* At most one node for each byte of an address, so it ends. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int add_node6(struct building *building, const struct listing *listing,
		     uint16_t outside, uint16_t *ret_entry)
{
	struct fw_nets *nets = building->nets;
	unsigned int byte = branch_of(listing);
	size_t node = nets->count6;
	int r;

	if (node == FW_NET_MAX)
		return -E2BIG;
	r = grow((void **)&nets->nodes6, node, sizeof(*nets->nodes6));
	if (r < 0)
		return r;
	nets->count6++;
	memset(&nets->nodes6[node], 0, sizeof(*nets->nodes6));
	describe(&nets->nodes6[node], &listing->regions[0]->prefix, byte,
		 outside);
	*ret_entry = (uint16_t)(FW_NET_BELOW | node);
	return fill_node6(building, node, listing, byte);
}

static int list(const struct compiled *compiled, bool is_v4,
		struct listing *ret_listing)
{
	struct listing listing = {
		.regions = calloc(compiled->region_count, sizeof(void *)),
	};

	if (!listing.regions)
		return -ENOMEM;
	for (size_t i = 1; i < compiled->region_count; i++)
		if (prefix_is_v4(&compiled->regions[i].prefix) == is_v4)
			listing.regions[listing.count++] =
				&compiled->regions[i];
	*ret_listing = listing;
	return 0;
}

static int build_all(const struct compiled *compiled, struct fw_nets *nets)
{
	struct building building = {.compiled = compiled, .nets = nets};
	struct listing v4 = {0}, v6 = {0};
	uint16_t root;
	int r = list(compiled, true, &v4);

	if (r == 0)
		r = build4(compiled, &v4, nets);
	if (r == 0)
		r = list(compiled, false, &v6);
	if (r == 0 && v6.count)
		r = add_node6(&building, &v6, 0, &root);
	free(v4.regions);
	free(v6.regions);
	return r;
}

int nets_build(const struct compiled *compiled, struct fw_nets *ret_nets)
{
	struct fw_nets nets = {0};
	int r;

	assert(compiled);
	assert(ret_nets);

	r = build_all(compiled, &nets);
	if (r < 0)
		nets_done(&nets);
	else
		*ret_nets = nets;
	return r;
}

void nets_done(struct fw_nets *nets)
{
	free(nets->entries4);
	free(nets->nodes6);
	*nets = (struct fw_nets){0};
}
