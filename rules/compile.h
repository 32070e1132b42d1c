/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compile.h - a policy made into tables that cost the same for any number of
 * rules.
 *
 * Each rule is a *slot*, or several: one whose source is "in these networks
 * or in these sets" is split in two, for these are told by different tables.
 * Slots are bits, in order. A *dimension* maps a packet's value to a *vector*
 * of these bits, by number; the slots that match are the AND of the vectors
 * that a packet picks. Vector 0 has every bit set; equal vectors are one.
 *
 * What is certain is compiled here: ports, protocols, networks written in
 * rules. What comes and goes is asked for when it comes: the vectors of an
 * interface, and of a class of addresses, which is a combination of sets.
 * Sets are numbered here by the order in which rules first name them.
 *
 * Source	bit vectors: Lakshman and Stiliadis, SIGCOMM 1998; aggregated,
 *		Baboescu and Varghese, SIGCOMM 2001
 * Owns		a copy of all it needs of the policy
 * Errors	-E2BIG, with a note of the numbers, -ENOMEM
 * Threads	compile(): any; then one owner
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/policy.h"
#include "rules/vectors.h"

#define COMPILE_SLOTS_MAX   4096
#define COMPILE_WORDS_MAX   (COMPILE_SLOTS_MAX / 64)
#define COMPILE_SETS_MAX    256
#define COMPILE_REGIONS_MAX 32768 /* with region 0 */
#define COMPILE_NOTE_MAX    256

/* Dimensions whose values are small numbers, and how many there are. */
enum compile_values {
	VALUES_PROTOCOL4,
	VALUES_PROTOCOL6,
	VALUES_FLAGS,
	VALUES_PIECE, /* fragment * 8 + state; state 4: not tracked */
	VALUES_VLAN, /* RANGE_VLAN_NONE too */
	VALUES_LENGTH,
	VALUES_SOURCE_PORT,
	VALUES_DESTINATION_PORT,
	VALUES_ICMP,
	VALUES_ICMPV6,
	VALUES_COUNT,
};

/* What a packet is asked for; those no rule asks about are not in use. */
enum compile_dimension {
	DIMENSION_SOURCE_SETS,
	DIMENSION_SOURCE_NETS,
	DIMENSION_DESTINATION_SETS,
	DIMENSION_DESTINATION_NETS,
	DIMENSION_PROTOCOL,
	DIMENSION_SOURCE_PORT,
	DIMENSION_DESTINATION_PORT,
	DIMENSION_ICMP,
	DIMENSION_FLAGS,
	DIMENSION_LENGTH,
	DIMENSION_VLAN,
	DIMENSION_PIECE,
	DIMENSION_GATE,
	DIMENSION_MAC,
	DIMENSION_COUNT,
};

struct compiled_slot {
	uint16_t rule; /* index into policy.rules */
	/* What of its addresses it is asked by; the rest is another slot's. */
	bool source_sets, source_nets, destination_sets, destination_nets;
};

/* A network written in a rule. Regions nest; 0 is "in none". */
struct compiled_region {
	struct prefix prefix;
	uint16_t source, destination; /* vectors */
};

struct compiled_mac {
	struct mac mac;
	uint16_t vector;
};

struct compiled_class {
	uint16_t source, destination; /* vectors */
	uint16_t fast; /* slot + 1 that such a source is certain to end at */
};

/* Which of the policy's sets; bit N is set number N. */
struct compile_sets {
	uint64_t words[COMPILE_SETS_MAX / 64];
};

struct compiled {
	struct compiled_slot *slots;
	size_t slot_count;
	size_t word_count; /* of a vector: a power of two */
	uint32_t dimensions; /* bit N: enum compile_dimension N is in use */

	struct vectors *vectors;

	uint16_t *values[VALUES_COUNT]; /* vectors; value_counts of each */
	uint16_t absent[DIMENSION_COUNT]; /* of a packet without such a value */

	struct compiled_region *regions; /* from 1 on IPv4, then IPv6, each
					    in order of prefix_cmp() */
	size_t region_count; /* with region 0 */
	struct compiled_mac *macs; /* others: absent[DIMENSION_MAC] */
	size_t mac_count;

	char (*set_names)[SET_NAME_MAX]; /* that rules name */
	size_t set_count;

	struct compile_basis *basis; /* private: rules/compile_basis.h */
};

extern const size_t compile_value_counts[VALUES_COUNT];

/* `policy` is kept, and must stay as it is as long as what is made of it. */
int compile(const struct policy *policy, struct compiled **ret_compiled,
	    char note[COMPILE_NOTE_MAX]);

/* NULL is fine. */
void compiled_free(struct compiled *compiled);
DEFINE_CLEANUP(struct compiled *, compiled_free)

/* What addresses that are in exactly these sets are to the rules; may add
 * vectors. -E2BIG when there is no number left for one. */
int compiled_class(struct compiled *compiled, const struct compile_sets *sets,
		   struct compiled_class *ret_class);

/* The vector of an interface in a direction (DIRECTION_IN, DIRECTION_OUT); of
 * "", one that no rule names. The same. */
int compiled_gate(struct compiled *compiled, const char *ifname,
		  unsigned int direction, uint16_t *ret_vector);

/* The vectors of an address by the networks written in rules. */
const struct compiled_region *compiled_region(const struct compiled *compiled,
					      const struct prefix *address);
