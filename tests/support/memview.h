/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memview.h - the arrays of the address tables in plain memory, for tests of
 * their writers.
 *
 * Untouched pages cost nothing, so a test may have its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/packet/view.h"

struct memview {
	struct fw_view4 view4;
	struct fw_view6 view6;
	struct fw_moves moves; /* the views point here: leave it where it is */
};

/* Sizes as powers of two of buckets. */
struct memview_shape {
	uint32_t hosts_bits; /* from FW_HOSTS4_BITS_MIN */
	uint32_t blocks_bits; /* from FW_BLOCKS4_BITS_MIN */
	uint32_t exact_bits; /* from FW_EXACT6_BITS_MIN */
	uint64_t seed;
};

/* The smallest there is, with this seed. */
struct memview_shape memview_smallest(uint64_t seed);

/* All zero. The test fails when there is no memory. */
void memview_init(struct memview *memview, struct memview_shape shape);
void memview_done(struct memview *memview);

/* What `front` says of the /24 of an address: enum fw_front4, or 0 and 1. */
unsigned int memview_front4(const struct memview *memview, uint32_t addr);
unsigned int memview_front6(const struct memview *memview, struct fw_key6 addr);

/* Is the name of the first array that is not all zero, or NULL. Keys of free
 * slots do not count. */
const char *memview_leftover(const struct memview *memview);
