// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/image.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "daemon/packet/flows.h"

#define GATE_VECTORS  1024 /* room for those of interfaces */
#define CLASS_VECTORS 16384 /* and, at most, of classes to come */

/* One dimension, by another name on each side. */
_Static_assert((int)FW_DIM_COUNT == (int)DIMENSION_COUNT, "");
_Static_assert((int)FW_DIM_PROTOCOL == (int)DIMENSION_PROTOCOL, "");
_Static_assert((int)FW_DIM_PIECE == (int)DIMENSION_PIECE, "");
_Static_assert((int)FW_DIM_MAC == (int)DIMENSION_MAC, "");
_Static_assert(FW_SLOT_MAX == COMPILE_SLOTS_MAX, "");
_Static_assert(FW_VECTOR_MAX == VECTORS_MAX, "");
_Static_assert(FW_NET_MAX == COMPILE_REGIONS_MAX, "");
_Static_assert(FW_VLAN_NONE == RANGE_VLAN_NONE, "");
_Static_assert(FW_FLOW_NEW == FLOW_NEW && FW_FLOW_INVALID == FLOW_INVALID, "");
_Static_assert((int)FW_LIMIT_FLOWS == (int)LIMIT_FLOWS, "");
_Static_assert((int)FW_PER_RULE == (int)LIMIT_PER_RULE, "");
_Static_assert(FW_ESSENTIAL_NEIGHBOUR == ESSENTIAL_NEIGHBOUR, "");
_Static_assert(FW_ESSENTIAL_DHCP == ESSENTIAL_DHCP, "");

static const uint32_t value_offsets[VALUES_COUNT] = {
	[VALUES_PROTOCOL4] = FW_AT_PROTOCOL,
	[VALUES_PROTOCOL6] = FW_AT_PROTOCOL + 256,
	[VALUES_FLAGS] = FW_AT_FLAGS,
	[VALUES_PIECE] = FW_AT_PIECE,
	[VALUES_VLAN] = FW_AT_VLAN,
	[VALUES_LENGTH] = FW_AT_LENGTH,
	[VALUES_SOURCE_PORT] = FW_AT_SOURCE_PORT,
	[VALUES_DESTINATION_PORT] = FW_AT_DESTINATION_PORT,
	[VALUES_ICMP] = FW_AT_ICMP,
	[VALUES_ICMPV6] = FW_AT_ICMPV6,
};

static const uint8_t acts[] = {
	[RULE_PASS] = FW_ACT_PASS,	  [RULE_DROP] = FW_ACT_DROP,
	[RULE_LIMIT] = FW_ACT_LIMIT,	  [RULE_COUNT] = FW_ACT_COUNT,
	[RULE_SYNCOOKIE] = FW_ACT_COOKIE,
};
_Static_assert(ARRAY_LEN(acts) == RULE_ACTION_COUNT, "");

static uint32_t power_of_two(size_t at_least)
{
	uint32_t room = 1;

	while (room < at_least)
		room *= 2;
	return room;
}

/* Vectors of addresses come with the classes: of so many sets, at most so
 * many, for source and destination. */
static size_t room_for_classes(const struct compiled *compiled)
{
	size_t room = 4;

	for (size_t i = 0; i < compiled->set_count && room < CLASS_VECTORS; i++)
		room *= 2;
	return room;
}

static uint32_t vector_room(const struct compiled *compiled)
{
	uint32_t room = power_of_two(vectors_count(compiled->vectors) +
				     GATE_VECTORS + room_for_classes(compiled));

	return room < FW_VECTOR_MAX ? room : FW_VECTOR_MAX;
}

/* One in shadow only counts. */
static bool answers(const struct rule *rule)
{
	return rule->action == RULE_SYNCOOKIE && !rule->is_shadow;
}

static bool has_cookies(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (answers(&policy->rules[i]))
			return true;
	return false;
}

static void plan_flows(const struct policy *policy, struct image *image)
{
	int cpu_count = libbpf_num_possible_cpus();

	image->has_states = policy_asks_for_states(policy);
	image->has_cookies = has_cookies(policy);
	image->flow_cost_ns = flows_cost_ns(&policy->thresholds,
					    cpu_count > 0 ? cpu_count : 1);
	flows_keep_ns(&policy->thresholds, image->flow_keep_ns);
}

int image_plan(const struct program_config *config, struct image *ret_image)
{
	const struct policy *policy = config->policy;
	const struct compiled *compiled = config->compiled;
	struct image image;
	int r;

	if (!policy) {
		*ret_image = (struct image){.vector_room = 1,
					    .region_room = 1,
					    .limit_room = 1,
					    .bucket_room = 1};
		return 0;
	}
	image = (struct image){
		.dims = compiled->dimensions,
		.word_bits = (uint32_t)__builtin_ctzll(compiled->word_count),
		.vector_room = vector_room(compiled),
		.region_room = power_of_two(compiled->region_count),
		.default_drops = (policy->default_in == VERDICT_DROP) << FW_IN |
				 (policy->default_out == VERDICT_DROP)
					 << FW_OUT,
		.other_drops = policy->default_other == VERDICT_DROP,
		.essentials = policy->essentials,
		.limit_room = power_of_two(policy->limit_count),
		.bucket_room =
			policy->limit_count ? policy->thresholds.buckets : 1,
	};
	plan_flows(policy, &image);
	r = nets_build(compiled, &image.nets);
	if (r < 0)
		return r;
	*ret_image = image;
	return 0;
}

void image_done(struct image *image)
{
	nets_done(&image->nets);
}

static void fill_slots(const struct program_config *config,
		       struct fw_slot *slots)
{
	const struct compiled *compiled = config->compiled;

	for (size_t i = 0; i < compiled->slot_count; i++) {
		uint16_t index = compiled->slots[i].rule;
		const struct rule *rule = &config->policy->rules[index];

		slots[i] = (struct fw_slot){
			.act = acts[rule->action],
			.flags = rule->is_shadow ? FW_SLOT_SHADOW : 0,
			.rule = index,
			.counter = config->counters[index],
			.limit = rule->limit,
		};
	}
}

static void fill_values(const struct compiled *compiled, uint16_t *values)
{
	for (int i = 0; i < VALUES_COUNT; i++)
		memcpy(values + value_offsets[i], compiled->values[i],
		       compile_value_counts[i] * sizeof(*values));
	memcpy(values + FW_AT_ABSENT, compiled->absent,
	       sizeof(compiled->absent));
}

/* As fine as 64 bits allow for the bytes of a frame: what a unit costs by
 * itself may be less than one. */
static struct fw_limit limit_of(const struct limit *limit)
{
	const uint8_t fine = 12;
	unsigned __int128 span = (unsigned __int128)limit->seconds * 1000000000u
				 << FW_LIMIT_TIME_BITS;
	unsigned __int128 room = span * limit->burst / limit->rate;
	bool is_fast = limit->rate / limit->seconds >= 1000;

	if (room > INT64_MAX / 2)
		room = INT64_MAX / 2;
	return (struct fw_limit){
		.cost = (uint64_t)((is_fast ? span << fine : span) /
				   limit->rate),
		.room = (uint64_t)room,
		.shift = is_fast ? fine : 0,
		.unit = limit->unit,
		.per = limit->per,
	};
}

void image_fill(const struct program_config *config, const struct image *image,
		const struct image_place *place)
{
	const struct compiled *compiled = config->compiled;
	const struct fw_nets *nets = &image->nets;

	fill_slots(config, place->slots);
	fill_values(compiled, place->values);
	if (nets->count4)
		memcpy(place->nets4, nets->entries4,
		       nets->count4 * sizeof(*place->nets4));
	if (nets->count6)
		memcpy(place->nets6, nets->nodes6,
		       nets->count6 * sizeof(*place->nets6));
	for (size_t i = 0; i < config->policy->limit_count; i++)
		place->limits[i] = limit_of(&config->policy->limits[i]);
	for (size_t i = 0; i < compiled->region_count; i++)
		place->regions[i] = (struct fw_region){
			.source = compiled->regions[i].source,
			.destination = compiled->regions[i].destination,
		};
}

int image_put_vectors(const struct compiled *compiled,
		      const struct image *image, size_t first,
		      const struct image_place *place)
{
	const size_t count = vectors_count(compiled->vectors);
	const size_t words = compiled->word_count;

	if (count > image->vector_room)
		return -E2BIG;
	for (size_t i = first; i < count; i++) {
		memcpy(place->words + i * words,
		       vectors_at(compiled->vectors, (uint16_t)i),
		       words * sizeof(uint64_t));
		place->summaries[i] =
			vectors_summary(compiled->vectors, (uint16_t)i);
	}
	return 0;
}
