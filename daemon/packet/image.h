/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image.h - a compiled policy laid out as xdp/policy.h has it.
 *
 * Sizes are for before the load, image_fill() for after it. Private to
 * program.c.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/nets.h"
#include "daemon/packet/program.h"
#include "xdp/flow.h"
#include "xdp/policy.h"

/* Of the cfg_ words of policy_maps.bpf.h, and of the maps. */
struct image {
	uint32_t dims;
	uint32_t word_bits;
	uint32_t vector_room; /* a power of two */
	uint32_t region_room; /* a power of two */
	uint32_t default_drops, other_drops, essentials;
	uint32_t limit_room; /* a power of two */
	uint32_t bucket_room;
	bool has_states; /* some rule asks about them */
	bool has_cookies; /* some rule answers SYNs */
	uint64_t flow_cost_ns;
	uint64_t flow_keep_ns[FW_KEEP_ROOM];
	struct fw_nets nets;
};

/* Where the maps are mapped. */
struct image_place {
	uint64_t *summaries, *words;
	uint16_t *values;
	struct fw_slot *slots;
	uint16_t *nets4;
	struct fw_net_node6 *nets6;
	struct fw_region *regions;
	struct fw_limit *limits;
};

int image_plan(const struct program_config *config, struct image *ret_image);
void image_done(struct image *image);

/* All but vectors. */
void image_fill(const struct program_config *config, const struct image *image,
		const struct image_place *place);

/* Vectors from number `first` on to the last there is; -E2BIG if they do not
 * fit, and then nothing is written. */
int image_put_vectors(const struct compiled *compiled,
		      const struct image *image, size_t first,
		      const struct image_place *place);
