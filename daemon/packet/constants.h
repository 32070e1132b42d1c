/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * constants.h - the cfg_ words of xdp/, the same for all objects that judge
 * or explain by one policy.
 *
 * A macro, because each skeleton has a type of its own for the same words.
 */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "daemon/packet/image.h"
#include "daemon/packet/maps.h"

/* Where they come from; borrowed from a program. */
struct constants {
	const struct maps *maps;
	const struct image *image;
	bool has_policy;
};

#define CONSTANTS_SET(rodata, constants)                                     \
	do {                                                                 \
		const struct maps_constants m_ =                             \
			maps_constants((constants).maps);                    \
		const struct image *i_ = (constants).image;                  \
                                                                             \
		(rodata)->cfg_hosts4_bits = m_.hosts4_bits;                  \
		(rodata)->cfg_blocks4_bits = m_.blocks4_bits;                \
		(rodata)->cfg_exact6_bits = m_.exact6_bits;                  \
		(rodata)->cfg_seed4 = m_.seed4;                              \
		(rodata)->cfg_seed6 = m_.seed6;                              \
		(rodata)->cfg_sample_passes = m_.sample_passes;              \
		(rodata)->cfg_has_policy = (constants).has_policy;           \
		(rodata)->cfg_dims = i_->dims;                               \
		(rodata)->cfg_word_bits = i_->word_bits;                     \
		(rodata)->cfg_vector_mask = i_->vector_room - 1;             \
		(rodata)->cfg_nets4_count = (__u32)i_->nets.count4;          \
		(rodata)->cfg_nets6_count = (__u32)i_->nets.count6;          \
		(rodata)->cfg_region_mask = i_->region_room - 1;             \
		(rodata)->cfg_limit_mask = i_->limit_room - 1;               \
		(rodata)->cfg_default_drops = i_->default_drops;             \
		(rodata)->cfg_other_drops = i_->other_drops;                 \
		(rodata)->cfg_essentials = i_->essentials;                   \
		(rodata)->cfg_has_states = i_->has_states;                   \
		(rodata)->cfg_has_cookies = i_->has_cookies;                 \
		(rodata)->cfg_flow_cost_ns = i_->flow_cost_ns;               \
		memcpy((void *)(rodata)->cfg_flow_keep_ns, i_->flow_keep_ns, \
		       sizeof(i_->flow_keep_ns));                            \
	} while (0)
