// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/invent.h"

#include <stdio.h>
#include <string.h>

const char *const invent_sets[INVENT_SETS] = {"a", "b", "c", "d", "e", "f"};

const char *const invent_ifnames[INVENT_IFNAMES] = {"eth0", "eth1", "ppp0",
						    "ppp1", "wg0",  "other"};

static const uint16_t ports[] = {0,   22,  53,	67,   68,   80,
				 443, 546, 547, 1000, 1010, 65535};
static const uint8_t protocols[] = {6, 17, 6, 17, 1, 58, 132, 47, 50, 2};

static bool is_one_of(struct dice *dice, unsigned int count)
{
	return dice_below(dice, count) == 0;
}

static void put_name(char *to, size_t room, const char *name)
{
	(void)snprintf(to, room, "%s", name);
}

static void *zalloc(size_t count, size_t bytes)
{
	void *memory = calloc(count ? count : 1, bytes);

	if (!memory)
		abort();
	return memory;
}

static struct prefix address4(struct dice *dice)
{
	uint32_t addr = 0x0a000000;

	addr |= (uint32_t)dice_below(dice, 2) << 16;
	addr |= (uint32_t)dice_below(dice, 3) << 8;
	addr |= is_one_of(dice, 2) ? (uint32_t)dice_below(dice, 256)
				   : (uint32_t)dice_below(dice, 4);
	return prefix_of_v4(addr, 32);
}

static struct prefix address6(struct dice *dice)
{
	struct prefix prefix = {
		.addr = {0x20, 0x01, 0x0d, 0xb8},
		.bits = 128,
	};

	prefix.addr[5] = (uint8_t)dice_below(dice, 3);
	prefix.addr[7] = (uint8_t)dice_below(dice, 2);
	prefix.addr[15] = (uint8_t)dice_below(dice, 4);
	if (is_one_of(dice, 12)) /* link-local */
		prefix = (struct prefix){.addr = {[0] = 0xfe,
						  [1] = 0x80,
						  [15] = prefix.addr[15]},
					 .bits = 128};
	return prefix;
}

struct prefix invent_address(struct dice *dice)
{
	return is_one_of(dice, 2) ? address6(dice) : address4(dice);
}

struct prefix invent_prefix(struct dice *dice)
{
	static const unsigned int lengths4[] = {0,  8,	9,  16, 23,
						24, 25, 30, 31, 32};
	static const unsigned int lengths6[] = {0,  16, 32, 47,	 48, 56,
						64, 65, 96, 127, 128};
	struct prefix address = invent_address(dice);

	return prefix_is_v4(&address)
		       ? prefix_widen(&address,
				      lengths4[dice_below(dice,
							  ARRAY_LEN(lengths4))])
		       : prefix_widen(&address,
				      lengths6[dice_below(
					      dice, ARRAY_LEN(lengths6))]);
}

static void invent_match(struct dice *dice, struct match_address *match)
{
	unsigned int kind = (unsigned int)dice_below(dice, 3);

	if (kind != 0)
		match->prefix_count = 1 + dice_below(dice, 3);
	if (kind != 1)
		match->set_count = 1 + dice_below(dice, 2);
	match->prefixes = zalloc(match->prefix_count, sizeof(struct prefix));
	match->sets = zalloc(match->set_count, SET_NAME_MAX);
	for (size_t i = 0; i < match->prefix_count; i++)
		match->prefixes[i] = invent_prefix(dice);
	for (size_t i = 0; i < match->set_count; i++)
		put_name(match->sets[i], SET_NAME_MAX,
			 invent_sets[dice_below(dice, INVENT_SETS)]);
	match->is_negated = is_one_of(dice, 4);
}

static uint16_t invent_value(struct dice *dice, enum rule_range range)
{
	switch (range) {
	case RANGE_PROTOCOL:
		return protocols[dice_below(dice, ARRAY_LEN(protocols))];
	case RANGE_ICMP:
		return (uint16_t)(dice_below(dice, 2)
					  ? 0x0800
					  : dice_below(dice, 16) << 8);
	case RANGE_ICMPV6:
		return (uint16_t)((128 + dice_below(dice, 16)) << 8);
	case RANGE_LENGTH:
		return (uint16_t)(20 + dice_below(dice, 120));
	case RANGE_VLAN:
		return is_one_of(dice, 2) ? RANGE_VLAN_NONE
					  : (uint16_t)dice_below(dice, 4);
	case RANGE_SOURCE_PORT:
	case RANGE_DESTINATION_PORT:
	case RANGE_COUNT:
	default:
		return ports[dice_below(dice, ARRAY_LEN(ports))];
	}
}

static uint16_t largest(enum rule_range range)
{
	return range == RANGE_PROTOCOL ? 255
	       : range == RANGE_VLAN   ? RANGE_VLAN_NONE
				       : 65535;
}

/* In order and apart, as a reader leaves them. */
static void invent_ranges(struct dice *dice, enum rule_range range,
			  struct match_ranges *match)
{
	uint32_t next = 0;

	match->ranges = zalloc(3, sizeof(struct range));
	for (size_t wanted = 1 + dice_below(dice, 3); wanted > 0; wanted--) {
		uint32_t first = invent_value(dice, range);
		uint32_t last = first;

		if (is_one_of(dice, 3))
			last += (uint32_t)dice_below(dice, 20);
		if (last > largest(range))
			last = largest(range);
		if (first < next)
			continue;
		match->ranges[match->count++] = (struct range){
			.first = (uint16_t)first, .last = (uint16_t)last};
		next = last + 2;
	}
	match->is_negated = is_one_of(dice, 5);
}

static void invent_names(struct dice *dice, const char *const *from,
			 size_t from_count, struct match_names *match)
{
	match->count = 1 + dice_below(dice, 2);
	match->names = zalloc(match->count, RULE_NAME_MAX);
	for (size_t i = 0; i < match->count; i++)
		put_name(match->names[i], RULE_NAME_MAX,
			 from[dice_below(dice, from_count)]);
	match->is_negated = is_one_of(dice, 4);
}

static struct mac invent_mac(struct dice *dice)
{
	return (struct mac){{2, 0, 0, 0, 0, (uint8_t)dice_below(dice, 4)}};
}

static void invent_flags(struct dice *dice, struct match_flags *match)
{
	match->count = 1 + dice_below(dice, 2);
	match->flags = zalloc(match->count, sizeof(struct flags));
	for (size_t i = 0; i < match->count; i++) {
		uint8_t mask = (uint8_t)dice_below(dice, 64);

		match->flags[i] = (struct flags){
			.mask = mask,
			.value = mask & (uint8_t)dice_below(dice, 64)};
	}
}

static void invent_frame_conditions(struct dice *dice,
				    const struct invent_config *config,
				    struct rule *rule)
{
	static const char *const zones[] = {"wan", "lan", "tunnel"};
	static const char *const names[] = {"eth0", "ppp*", "wg0", "eth1"};

	if (is_one_of(dice, 10))
		rule->frags = (uint8_t)(1 + dice_below(dice, 7));
	if (config->has_states && is_one_of(dice, 3))
		rule->states = (uint8_t)(1 + dice_below(dice, 15));
	if (is_one_of(dice, 6))
		invent_names(dice, zones, ARRAY_LEN(zones), &rule->zones);
	if (is_one_of(dice, 12))
		invent_names(dice, names, ARRAY_LEN(names), &rule->interfaces);
	if (is_one_of(dice, 12)) {
		rule->macs.count = 1;
		rule->macs.macs = zalloc(1, sizeof(struct mac));
		rule->macs.macs[0] = invent_mac(dice);
		rule->macs.is_negated = is_one_of(dice, 4);
	}
}

/* As a reader takes it: of TCP and no other, for what comes in. */
static void invent_cookie(struct rule *rule)
{
	struct match_ranges *match = &rule->ranges[RANGE_PROTOCOL];

	rule->action = RULE_SYNCOOKIE;
	rule->directions = DIRECTION_IN;
	if (!match->ranges)
		match->ranges = zalloc(1, sizeof(struct range));
	match->ranges[0] = (struct range){.first = 6, .last = 6};
	match->count = 1;
	match->is_negated = false;
}

static void invent_rule(struct dice *dice, const struct invent_config *config,
			size_t index, struct policy *policy)
{
	static const uint8_t odds[RANGE_COUNT] = {
		[RANGE_PROTOCOL] = 3,
		[RANGE_SOURCE_PORT] = 6,
		[RANGE_DESTINATION_PORT] = 3,
		[RANGE_ICMP] = 10,
		[RANGE_ICMPV6] = 10,
		[RANGE_LENGTH] = 12,
		[RANGE_VLAN] = 12,
	};
	static const uint8_t actions[] = {RULE_PASS, RULE_DROP, RULE_PASS,
					  RULE_DROP, RULE_COUNT};
	struct rule *rule = &policy->rules[index];

	(void)snprintf(rule->id, sizeof(rule->id), "rule-%zu", index);
	rule->action = actions[dice_below(dice, ARRAY_LEN(actions))];
	rule->is_shadow = is_one_of(dice, 8);
	rule->directions = (uint8_t)(1 + dice_below(dice, 3));
	if (config->has_limits && is_one_of(dice, 6)) {
		rule->action = RULE_LIMIT;
		rule->limit = (uint16_t)dice_below(dice, policy->limit_count);
	}
	if (is_one_of(dice, 6))
		rule->family = is_one_of(dice, 2) ? 4 : 6;
	if (is_one_of(dice, 2))
		invent_match(dice, &rule->source);
	if (is_one_of(dice, 3))
		invent_match(dice, &rule->destination);
	for (int i = 0; i < RANGE_COUNT; i++)
		if (is_one_of(dice, odds[i]))
			invent_ranges(dice, (enum rule_range)i,
				      &rule->ranges[i]);
	if (is_one_of(dice, 10))
		invent_flags(dice, &rule->flags);
	invent_frame_conditions(dice, config, rule);
	if (config->has_cookies && is_one_of(dice, 8))
		invent_cookie(rule);
}

static void invent_zones(struct policy *policy)
{
	static const char *const names[] = {"wan", "lan", "tunnel"};
	static const char *const interfaces[] = {"eth0", "eth1", "ppp*"};

	policy->zone_count = 3;
	policy->zones = zalloc(3, sizeof(struct zone));
	for (size_t i = 0; i < 3; i++) {
		struct zone *zone = &policy->zones[i];

		put_name(zone->name, RULE_NAME_MAX, names[i]);
		zone->interface_count = 1;
		zone->interfaces = zalloc(1, RULE_NAME_MAX);
		put_name(zone->interfaces[0], RULE_NAME_MAX, interfaces[i]);
	}
}

static void invent_limits(struct dice *dice, struct policy *policy)
{
	policy->limit_count = 4;
	policy->limits = zalloc(4, sizeof(struct limit));
	for (size_t i = 0; i < 4; i++)
		policy->limits[i] = (struct limit){
			.rate = 1 + dice_below(dice, 100),
			.seconds = 86400,
			.burst = 1 + dice_below(dice, 50),
			.unit = LIMIT_PACKETS,
			.per = (uint8_t)i,
		};
}

void invent_policy(struct dice *dice, const struct invent_config *config,
		   struct policy *ret_policy)
{
	struct policy policy;

	policy_init(&policy);
	policy.default_in = is_one_of(dice, 2) ? VERDICT_DROP : VERDICT_PASS;
	policy.default_out = is_one_of(dice, 3) ? VERDICT_DROP : VERDICT_PASS;
	policy.default_other = is_one_of(dice, 4) ? VERDICT_DROP : VERDICT_PASS;
	policy.essentials = (uint8_t)dice_below(dice, ESSENTIAL_ALL + 1);
	invent_zones(&policy);
	if (config->has_limits)
		invent_limits(dice, &policy);
	policy.rule_count = dice_below(dice, config->rules_max + 1);
	policy.rules = zalloc(policy.rule_count, sizeof(struct rule));
	for (size_t i = 0; i < policy.rule_count; i++)
		invent_rule(dice, config, i, &policy);
	*ret_policy = policy;
}

/* A frame under construction. */
struct writer {
	struct dice *dice;
	struct invent_frame *frame;
};

static void put(struct writer *writer, const void *bytes, size_t len)
{
	memcpy(writer->frame->data + writer->frame->len, bytes, len);
	writer->frame->len += len;
}

static void put8(struct writer *writer, uint64_t value)
{
	uint8_t byte = (uint8_t)value;

	put(writer, &byte, 1);
}

static void put16(struct writer *writer, uint64_t value)
{
	put8(writer, value >> 8);
	put8(writer, value);
}

static void put32(struct writer *writer, uint64_t value)
{
	put16(writer, value >> 16);
	put16(writer, value);
}

static uint16_t some_port(struct dice *dice)
{
	return is_one_of(dice, 10) ? (uint16_t)dice_roll(dice)
				   : ports[dice_below(dice, ARRAY_LEN(ports))];
}

/* Mostly anything; now and then what begins a connection. */
static uint64_t some_flags(struct dice *dice)
{
	static const uint8_t usual[] = {0x02, 0x10};

	return is_one_of(dice, 4) ? usual[dice_below(dice, 2)]
				  : dice_below(dice, 64);
}

static void put_tcp(struct writer *writer)
{
	struct dice *dice = writer->dice;

	put16(writer, some_port(dice));
	put16(writer, some_port(dice));
	put32(writer, dice_roll(dice));
	put32(writer, 0);
	put8(writer, is_one_of(dice, 4) ? dice_below(dice, 16) << 4 : 0x50);
	put8(writer, some_flags(dice));
	put16(writer, 1000);
	put32(writer, 0);
}

static void put_l4(struct writer *writer, uint8_t protocol)
{
	struct dice *dice = writer->dice;

	switch (protocol) {
	case 6:
		put_tcp(writer);
		break;
	case 17:
	case 132:
		put16(writer, some_port(dice));
		put16(writer, some_port(dice));
		put32(writer, 0x00080000);
		put32(writer, 0); /* of SCTP; to UDP it is data */
		break;
	case 1:
		put8(writer, is_one_of(dice, 2) ? 8 : dice_below(dice, 16));
		put8(writer, dice_below(dice, 3) ? 0 : dice_below(dice, 4));
		put16(writer, 0);
		put32(writer, 0);
		break;
	case 58:
		put8(writer, 128 + dice_below(dice, 16));
		put8(writer, is_one_of(dice, 8));
		put16(writer, 0);
		put32(writer, 0);
		break;
	default:
		break;
	}
	for (size_t i = dice_below(dice, 40); i > 0; i--)
		put8(writer, dice_roll(dice));
}

static uint8_t some_protocol(struct dice *dice)
{
	return protocols[dice_below(dice, ARRAY_LEN(protocols))];
}

static void set16(struct invent_frame *frame, size_t at, size_t value)
{
	frame->data[at] = (uint8_t)(value >> 8);
	frame->data[at + 1] = (uint8_t)value;
}

static void put_ipv4(struct writer *writer)
{
	struct dice *dice = writer->dice;
	struct prefix source = address4(dice), destination = address4(dice);
	size_t start = writer->frame->len;
	size_t options = is_one_of(dice, 12) ? 4 * dice_below(dice, 11) : 0;
	uint8_t protocol = some_protocol(dice);
	uint16_t frag = 0;

	if (is_one_of(dice, 8))
		frag = (uint16_t)(dice_below(dice, 2) << 13 |
				  dice_below(dice, 3));
	put8(writer, 0x45 + options / 4);
	put8(writer, 0);
	put16(writer, 0);
	put16(writer, 1);
	put16(writer, frag);
	put8(writer, is_one_of(dice, 3) ? 255 : 64);
	put8(writer, protocol);
	put16(writer, 0);
	put(writer, source.addr + 12, 4);
	put(writer, destination.addr + 12, 4);
	for (size_t i = 0; i < options; i++)
		put8(writer, 1);
	put_l4(writer, protocol);
	set16(writer->frame, start + 2, writer->frame->len - start);
}

static const uint8_t extensions[] = {0, 43, 44, 51, 60};

static void put_extension(struct writer *writer, uint8_t kind, uint8_t next)
{
	struct dice *dice = writer->dice;

	put8(writer, next);
	put8(writer, 0);
	if (kind == 44) /* a fragment header */
		put16(writer, dice_below(dice, 3) << 3 | dice_below(dice, 2));
	else
		put16(writer, 0);
	put32(writer, 0);
}

static void put_ipv6(struct writer *writer)
{
	struct dice *dice = writer->dice;
	struct prefix source = address6(dice), destination = address6(dice);
	uint8_t protocol = is_one_of(dice, 4) ? 58 : some_protocol(dice);
	size_t start = writer->frame->len;
	size_t count = is_one_of(dice, 6) ? dice_below(dice, 4) : 0;
	uint8_t kinds[5] = {protocol, protocol, protocol, protocol, protocol};
	static const uint8_t limits[] = {64, 255, 255, 1};

	for (size_t i = 0; i < count; i++)
		kinds[i] = extensions[dice_below(dice, ARRAY_LEN(extensions))];
	put32(writer, 0x60000000);
	put16(writer, 0);
	put8(writer, kinds[0]);
	put8(writer, limits[dice_below(dice, ARRAY_LEN(limits))]);
	put(writer, source.addr, 16);
	put(writer, destination.addr, 16);
	for (size_t i = 0; i < count; i++)
		put_extension(writer, kinds[i], kinds[i + 1]);
	put_l4(writer, protocol);
	set16(writer->frame, start + 4, writer->frame->len - start - 40);
}

static void put_link(struct writer *writer, uint16_t ethertype)
{
	static const uint8_t to[6] = {2, 0, 0, 0, 1, 1};
	struct mac from = invent_mac(writer->dice);
	size_t tags = is_one_of(writer->dice, 5)
			      ? dice_below(writer->dice, 20) % 4
			      : 0;

	put(writer, to, sizeof(to));
	put(writer, from.addr, sizeof(from.addr));
	for (size_t i = 0; i < tags; i++) {
		put16(writer, i == 0 && tags > 1 ? 0x88a8 : 0x8100);
		put16(writer, dice_below(writer->dice, 4) |
				      dice_below(writer->dice, 8) << 13);
	}
	put16(writer, ethertype);
}

void invent_frame(struct dice *dice, struct invent_frame *ret_frame)
{
	static const uint16_t others[] = {0x0806, 0x88cc, 0x8847, 0x0100};
	struct writer writer = {.dice = dice, .frame = ret_frame};

	ret_frame->len = 0;
	if (is_one_of(dice, 40)) {
		put_link(&writer, others[dice_below(dice, ARRAY_LEN(others))]);
		put_l4(&writer, 6);
	} else if (is_one_of(dice, 2)) {
		put_link(&writer, 0x0800);
		put_ipv4(&writer);
	} else {
		put_link(&writer, 0x86dd);
		put_ipv6(&writer);
	}
	if (is_one_of(dice, 40))
		ret_frame->data[dice_below(dice, ret_frame->len)] ^=
			(uint8_t)(1u << dice_below(dice, 8));
	/* not to the Ethernet header alone: tc does not take that in a test */
	if (is_one_of(dice, 40) && ret_frame->len > 15)
		ret_frame->len = 15 + dice_below(dice, ret_frame->len - 15);
}
