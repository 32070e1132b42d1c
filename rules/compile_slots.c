// SPDX-License-Identifier: GPL-2.0-or-later
/* Slots out of rules, and what each asks of a packet. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/compile_basis.h"

static bool is_mixed(const struct match_address *match)
{
	return match->set_count && match->prefix_count && !match->is_negated;
}

static size_t parts_of(const struct match_address *match)
{
	return is_mixed(match) ? 2 : 1;
}

static bool asks_protocol(const struct rule *rule)
{
	return rule->family || rule->ranges[RANGE_PROTOCOL].count;
}

static bool asks_icmp(const struct rule *rule)
{
	return rule->ranges[RANGE_ICMP].count ||
	       rule->ranges[RANGE_ICMPV6].count;
}

static bool asks_gate(const struct rule *rule)
{
	return rule->directions != (DIRECTION_IN | DIRECTION_OUT) ||
	       rule->zones.count || rule->interfaces.count;
}

/* Does the slot ask about this dimension, and is what it asks negated? */
static bool asks(const struct compiled_slot *slot, const struct rule *rule,
		 enum compile_dimension dimension, bool *ret_is_negated)
{
	const struct match_ranges *ranges = NULL;

	*ret_is_negated = false;
	switch (dimension) {
	case DIMENSION_SOURCE_SETS:
		*ret_is_negated = rule->source.is_negated;
		return slot->source_sets;
	case DIMENSION_SOURCE_NETS:
		*ret_is_negated = rule->source.is_negated;
		return slot->source_nets;
	case DIMENSION_DESTINATION_SETS:
		*ret_is_negated = rule->destination.is_negated;
		return slot->destination_sets;
	case DIMENSION_DESTINATION_NETS:
		*ret_is_negated = rule->destination.is_negated;
		return slot->destination_nets;
	case DIMENSION_MAC:
		*ret_is_negated = rule->macs.is_negated;
		return rule->macs.count > 0;
	case DIMENSION_PROTOCOL:
		return asks_protocol(rule);
	case DIMENSION_ICMP:
		return asks_icmp(rule);
	case DIMENSION_FLAGS:
		return rule->flags.count > 0;
	case DIMENSION_PIECE:
		return rule->frags || rule->states;
	case DIMENSION_GATE:
		return asks_gate(rule);
	case DIMENSION_SOURCE_PORT:
		ranges = &rule->ranges[RANGE_SOURCE_PORT];
		break;
	case DIMENSION_DESTINATION_PORT:
		ranges = &rule->ranges[RANGE_DESTINATION_PORT];
		break;
	case DIMENSION_LENGTH:
		ranges = &rule->ranges[RANGE_LENGTH];
		break;
	case DIMENSION_VLAN:
	case DIMENSION_COUNT:
	default:
		ranges = &rule->ranges[RANGE_VLAN];
		break;
	}
	*ret_is_negated = ranges->is_negated;
	return ranges->count > 0;
}

/* A drop that asks for nothing but sets of the source. */
static bool is_certain(const struct compiled *compiled, size_t slot)
{
	const struct rule *rule = slot_rule(compiled, slot);
	const struct compile_basis *basis = compiled->basis;

	if (rule->action != RULE_DROP || rule->is_shadow || rule->window_count)
		return false;
	if (!(rule->directions & DIRECTION_IN) || rule->zones.count ||
	    rule->interfaces.count)
		return false;
	for (int i = 0; i < DIMENSION_COUNT; i++) {
		if (i != DIMENSION_SOURCE_SETS && i != DIMENSION_GATE &&
		    !bits_have(&basis->none[i], slot))
			return false;
	}
	return true;
}

static void make_basis(struct compiled *compiled, size_t slot)
{
	const struct rule *rule = slot_rule(compiled, slot);
	struct compile_basis *basis = compiled->basis;

	for (int i = 0; i < DIMENSION_COUNT; i++) {
		bool is_negated;
		bool is_asked = asks(&compiled->slots[slot], rule,
				     (enum compile_dimension)i, &is_negated);

		if (!is_asked)
			bits_add(&basis->none[i], slot);
		else
			compiled->dimensions |= 1u << i;
		if (!is_asked || is_negated)
			bits_add(&basis->start[i], slot);
	}
	if (rule->directions & DIRECTION_IN)
		bits_add(&basis->inward, slot);
	if (is_certain(compiled, slot))
		bits_add(&basis->certain, slot);
}

static int number_of_set(struct compiled *compiled, const char *name)
{
	for (size_t i = 0; i < compiled->set_count; i++)
		if (strcmp(compiled->set_names[i], name) == 0)
			return (int)i;
	if (compiled->set_count == COMPILE_SETS_MAX)
		return -E2BIG;
	memcpy(compiled->set_names[compiled->set_count], name, SET_NAME_MAX);
	return (int)compiled->set_count++;
}

static int note_sets(struct compiled *compiled,
		     const struct match_address *match, size_t slot,
		     struct bits *by_set)
{
	for (size_t i = 0; i < match->set_count; i++) {
		int number = number_of_set(compiled, match->sets[i]);

		if (number < 0)
			return number;
		bits_add(&by_set[number], slot);
	}
	return 0;
}

static int name_sets(struct compiled *compiled, size_t slot)
{
	const struct rule *rule = slot_rule(compiled, slot);
	const struct compiled_slot *part = &compiled->slots[slot];
	struct compile_basis *basis = compiled->basis;
	int r = 0;

	if (part->source_sets)
		r = note_sets(compiled, &rule->source, slot,
			      basis->source_sets);
	if (r == 0 && part->destination_sets)
		r = note_sets(compiled, &rule->destination, slot,
			      basis->destination_sets);
	return r;
}

/* One slot for each way a rule's addresses may be met. */
static void split_rule(struct compiled *compiled, size_t index)
{
	const struct rule *rule = &compiled->basis->policy->rules[index];
	size_t sources = parts_of(&rule->source);
	size_t destinations = parts_of(&rule->destination);

	for (size_t i = 0; i < sources * destinations; i++) {
		bool by_set = sources == 1 || i % 2 == 0;
		bool by_net = sources == 1 || i % 2 == 1;
		bool to_set = destinations == 1 || i / sources == 0;
		bool to_net = destinations == 1 || i / sources == 1;

		compiled->slots[compiled->slot_count++] =
			(struct compiled_slot){
				.rule = (uint16_t)index,
				.source_sets = by_set && rule->source.set_count,
				.source_nets =
					by_net && rule->source.prefix_count,
				.destination_sets =
					to_set && rule->destination.set_count,
				.destination_nets =
					to_net &&
					rule->destination.prefix_count,
			};
	}
}

static size_t count_slots(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->rule_count; i++)
		count += parts_of(&policy->rules[i].source) *
			 parts_of(&policy->rules[i].destination);
	return count;
}

static int make_room(struct compiled *compiled, size_t slot_count)
{
	struct compile_basis *basis = compiled->basis;

	compiled->slots = calloc(slot_count + 1, sizeof(*compiled->slots));
	compiled->set_names =
		calloc(COMPILE_SETS_MAX, sizeof(*compiled->set_names));
	basis->source_sets =
		calloc(COMPILE_SETS_MAX, sizeof(*basis->source_sets));
	basis->destination_sets =
		calloc(COMPILE_SETS_MAX, sizeof(*basis->destination_sets));
	return compiled->slots && compiled->set_names && basis->source_sets &&
			       basis->destination_sets
		       ? 0
		       : -ENOMEM;
}

int compile_slots(const struct policy *policy, struct compiled *compiled,
		  char note[COMPILE_NOTE_MAX])
{
	size_t count = count_slots(policy);
	int r;

	if (count > COMPILE_SLOTS_MAX) {
		(void)snprintf(note, COMPILE_NOTE_MAX,
			       "%zu rules make %zu slots, and %d is the most: "
			       "a rule with sets and networks in one address "
			       "takes two, in both four",
			       policy->rule_count, count, COMPILE_SLOTS_MAX);
		return -E2BIG;
	}
	r = make_room(compiled, count);
	if (r < 0)
		return r;

	for (size_t i = 0; i < policy->rule_count; i++)
		split_rule(compiled, i);
	/* always read, so that bits past the last slot are zero in one vector */
	compiled->dimensions = 1u << DIMENSION_SOURCE_SETS;
	for (size_t i = 0; i < compiled->slot_count && r == 0; i++) {
		make_basis(compiled, i);
		r = name_sets(compiled, i);
	}
	if (r == -E2BIG)
		(void)snprintf(note, COMPILE_NOTE_MAX,
			       "rules name more than %d sets",
			       COMPILE_SETS_MAX);
	return r;
}
