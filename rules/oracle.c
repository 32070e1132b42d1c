// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/oracle.h"

#include <assert.h>
#include <string.h>

#define PROTOCOL_TCP	6
#define PROTOCOL_UDP	17
#define PROTOCOL_ICMPV6 58
#define ETHERTYPE_ARP	0x0806
#define TCP_FIN		1u
#define TCP_SYN		2u
#define TCP_RST		4u
#define TCP_ACK		16u
#define HOP_LIMIT_LOCAL 255 /* RFC 4861: from no router */
#define HOP_LIMIT_MLD	1 /* RFC 3810, 5 */

static bool is_in(const struct match_ranges *match, unsigned int value)
{
	bool found = false;

	for (size_t i = 0; i < match->count; i++)
		found = found || (value >= match->ranges[i].first &&
				  value <= match->ranges[i].last);
	return found != match->is_negated;
}

/* Nothing asked, or there is a value and it is one of them. */
static bool meets_range(const struct match_ranges *match, bool is_there,
			unsigned int value)
{
	return !match->count || (is_there && is_in(match, value));
}

static bool meets_icmp(const struct rule *rule, const struct packet *packet)
{
	const struct match_ranges *asked =
		&rule->ranges[packet->family == 6 ? RANGE_ICMPV6 : RANGE_ICMP];

	if (!rule->ranges[RANGE_ICMP].count &&
	    !rule->ranges[RANGE_ICMPV6].count)
		return true;
	return packet->has_icmp && asked->count && is_in(asked, packet->icmp);
}

static bool meets_ranges(const struct rule *rule, const struct packet *packet)
{
	const struct match_ranges *ranges = rule->ranges;

	return meets_range(&ranges[RANGE_PROTOCOL], packet->has_protocol,
			   packet->protocol) &&
	       meets_range(&ranges[RANGE_SOURCE_PORT], packet->has_ports,
			   packet->source_port) &&
	       meets_range(&ranges[RANGE_DESTINATION_PORT], packet->has_ports,
			   packet->destination_port) &&
	       meets_range(&ranges[RANGE_LENGTH], true, packet->length) &&
	       meets_range(&ranges[RANGE_VLAN], true, packet->vlan) &&
	       meets_icmp(rule, packet);
}

static bool meets_flags(const struct match_flags *match,
			const struct packet *packet)
{
	if (!match->count)
		return true;
	for (size_t i = 0; packet->has_flags && i < match->count; i++)
		if ((packet->flags & match->flags[i].mask) ==
		    match->flags[i].value)
			return true;
	return false;
}

static bool covers(const struct prefix *prefix, const struct prefix *address,
		   uint8_t family)
{
	return prefix_is_v4(prefix) == (family == 4) &&
	       prefix_covers(prefix, address);
}

static bool is_in_sets(const struct match_address *match,
		       const struct prefix *address,
		       const struct oracle_world *world)
{
	bool found = false;

	for (size_t i = 0; i < match->set_count && !found; i++)
		found = world->is_member(world->arg, match->sets[i], address);
	return found;
}

static bool meets_address(const struct match_address *match, uint8_t family,
			  const struct prefix *address,
			  const struct oracle_world *world)
{
	bool found = is_in_sets(match, address, world);

	if (!match->prefix_count && !match->set_count)
		return true;
	for (size_t i = 0; i < match->prefix_count && !found; i++)
		found = covers(&match->prefixes[i], address, family);
	return found != match->is_negated;
}

static bool is_called(const char *pattern, const char *ifname)
{
	const char *star = strchr(pattern, '*');

	return star ? strncmp(pattern, ifname, (size_t)(star - pattern)) == 0
		    : strcmp(pattern, ifname) == 0;
}

static bool meets_interfaces(const struct match_names *match,
			     const char *ifname)
{
	bool found = false;

	for (size_t i = 0; i < match->count; i++)
		found = found || is_called(match->names[i], ifname);
	return !match->count || found != match->is_negated;
}

/* The first zone that has the interface is the one that it is in. */
static const char *zone_name(const struct policy *policy, const char *ifname)
{
	for (size_t i = 0; i < policy->zone_count; i++)
		for (size_t j = 0; j < policy->zones[i].interface_count; j++)
			if (is_called(policy->zones[i].interfaces[j], ifname))
				return policy->zones[i].name;
	return "";
}

static bool meets_zones(const struct match_names *match, const char *zone)
{
	bool found = false;

	for (size_t i = 0; i < match->count; i++)
		found = found || strcmp(match->names[i], zone) == 0;
	return !match->count || found != match->is_negated;
}

static bool meets_mac(const struct match_macs *match, const struct mac *mac)
{
	bool found = false;

	for (size_t i = 0; i < match->count; i++)
		found = found ||
			memcmp(&match->macs[i], mac, sizeof(*mac)) == 0;
	return !match->count || found != match->is_negated;
}

static bool meets_bits(uint8_t bits, unsigned int value)
{
	return !bits || bits >> value & 1;
}

bool oracle_meets(const struct policy *policy, const struct rule *rule,
		  const struct packet *packet, const struct oracle_world *world)
{
	if (!(rule->directions & packet->direction))
		return false;
	if (rule->family && rule->family != packet->family)
		return false;
	return meets_bits(rule->frags, packet->frag) &&
	       meets_bits(rule->states, packet->state) &&
	       meets_ranges(rule, packet) &&
	       meets_flags(&rule->flags, packet) &&
	       meets_mac(&rule->macs, &packet->mac) &&
	       meets_zones(&rule->zones, zone_name(policy, packet->ifname)) &&
	       meets_interfaces(&rule->interfaces, packet->ifname) &&
	       meets_address(&rule->source, packet->family, &packet->source,
			     world) &&
	       meets_address(&rule->destination, packet->family,
			     &packet->destination, world);
}

static struct oracle_answer answer(enum verdict verdict, enum oracle_end end,
				   size_t rule)
{
	return (struct oracle_answer){verdict, end, rule, end};
}

static bool is_discovery(const struct packet *packet)
{
	unsigned int type = packet->icmp >> 8;

	return packet->family == 6 && packet->has_icmp &&
	       packet->extension_count == 0 && packet->frag == FRAG_NONE &&
	       type >= 133 && type <= 137 && (packet->icmp & 255) == 0 &&
	       packet->hop_limit == HOP_LIMIT_LOCAL;
}

static bool is_link_local(const struct prefix *address)
{
	static const struct prefix net = {.addr = {0xfe, 0x80}, .bits = 10};
	static const struct prefix none = {.bits = 128};

	return prefix_covers(&net, address) || prefix_cmp(&none, address) == 0;
}

static bool is_listener(const struct packet *packet)
{
	unsigned int type = packet->icmp >> 8;

	return packet->family == 6 && packet->has_icmp &&
	       ((type >= 130 && type <= 132) || type == 143) &&
	       packet->hop_limit == HOP_LIMIT_MLD &&
	       is_link_local(&packet->source);
}

static bool is_dhcp(const struct packet *packet)
{
	unsigned int server = packet->family == 4 ? 67 : 547;
	unsigned int client = packet->family == 4 ? 68 : 546;
	unsigned int from = packet->source_port, to = packet->destination_port;

	return packet->has_ports && packet->protocol == PROTOCOL_UDP &&
	       ((from == server && to == client) ||
		(from == client && to == server));
}

static enum verdict default_of(const struct policy *policy,
			       const struct packet *packet)
{
	return packet->direction == DIRECTION_OUT
		       ? (enum verdict)policy->default_out
		       : (enum verdict)policy->default_in;
}

static struct oracle_answer by_default(const struct policy *policy,
				       const struct packet *packet)
{
	if (default_of(policy, packet) == VERDICT_PASS)
		return answer(VERDICT_PASS, ORACLE_DEFAULT, 0);
	if ((policy->essentials & ESSENTIAL_DHCP && is_dhcp(packet)) ||
	    (policy->essentials & ESSENTIAL_NEIGHBOUR && is_listener(packet)))
		return answer(VERDICT_PASS, ORACLE_ESSENTIAL, 0);
	return answer(VERDICT_DROP, ORACLE_DEFAULT, 0);
}

/* Not each machine for itself, nobody or everybody. */
static bool is_station(uint8_t family, const struct prefix *address)
{
	const uint8_t *addr = address->addr;
	static const uint8_t zeros[8];

	if (family == 4)
		return addr[12] != 0 && addr[12] != 127 && addr[12] < 224;
	return addr[0] != 0xff && memcmp(addr, zeros, sizeof(zeros)) != 0;
}

static struct oracle_answer by_cookie(const struct packet *packet, size_t index,
				      const struct oracle_world *world)
{
	unsigned int asks =
		packet->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK);
	bool is_syn = asks == TCP_SYN;
	bool is_ack = (asks & ~TCP_FIN) == TCP_ACK;

	if (packet->state == FLOW_ESTABLISHED)
		return answer(VERDICT_PASS, ORACLE_RULE, index);
	if (!packet->is_plain_tcp ||
	    !is_station(packet->family, &packet->source) ||
	    !is_station(packet->family, &packet->destination) ||
	    !(is_syn || is_ack) || !world->is_welcome(world->arg, packet))
		return answer(VERDICT_DROP, ORACLE_COOKIE, index);
	return is_syn ? answer(VERDICT_DROP, ORACLE_ANSWERED, index)
		      : answer(VERDICT_PASS, ORACLE_RULE, index);
}

/* Does a rule end the packet that meets it? */
static bool ends(const struct rule *rule, size_t index,
		 const struct packet *packet, const struct oracle_world *world,
		 struct oracle_answer *ret)
{
	if (rule->is_shadow)
		return false;
	if (rule->action == RULE_SYNCOOKIE) {
		*ret = by_cookie(packet, index, world);
		return true;
	}
	if (rule->action == RULE_PASS || rule->action == RULE_DROP) {
		*ret = answer(rule->action == RULE_PASS ? VERDICT_PASS
							: VERDICT_DROP,
			      ORACLE_RULE, index);
		return true;
	}
	if (rule->action == RULE_LIMIT) {
		*ret = answer(VERDICT_DROP, ORACLE_LIMIT, index);
		return true;
	}
	return false;
}

static struct oracle_answer by_rules(const struct policy *policy,
				     const struct packet *packet,
				     const struct oracle_world *world,
				     oracle_match_fn *matched)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		struct oracle_answer end;

		if (rule->window_count && !world->is_awake(world->arg, i))
			continue;
		if (!oracle_meets(policy, rule, packet, world))
			continue;
		if (rule->action == RULE_LIMIT &&
		    world->is_within(world->arg, i, packet))
			continue;
		if (matched)
			matched(world->arg, i);
		if (ends(rule, i, packet, world, &end))
			return end;
	}
	return by_default(policy, packet);
}

static bool asks_for_ranges(const struct rule *rule)
{
	for (int i = 0; i < RANGE_COUNT; i++)
		if (rule->ranges[i].count)
			return true;
	return false;
}

/* A drop that this source meets by its sets alone. */
static bool is_plain_drop(const struct rule *rule, const struct packet *packet,
			  const struct oracle_world *world)
{
	if (rule->source.prefix_count &&
	    (rule->source.is_negated ||
	     !is_in_sets(&rule->source, &packet->source, world)))
		return false;
	return rule->action == RULE_DROP && !rule->is_shadow &&
	       !rule->window_count && !rule->zones.count &&
	       !rule->interfaces.count && !rule->family && !rule->frags &&
	       !rule->states && !rule->flags.count && !rule->macs.count &&
	       !rule->destination.prefix_count &&
	       !rule->destination.set_count && !asks_for_ranges(rule);
}

/* May a rule be met by some packet of this source, as far as sets tell? */
static bool may_meet(const struct rule *rule, const struct packet *packet,
		     const struct oracle_world *world)
{
	const struct match_address *match = &rule->source;

	if (!(rule->directions & DIRECTION_IN))
		return false;
	if (match->prefix_count && !match->is_negated)
		return true;
	return !match->set_count ||
	       is_in_sets(match, &packet->source, world) != match->is_negated;
}

/* The rule of point 4, or rule_count. */
static size_t certain_rule(const struct policy *policy,
			   const struct packet *packet,
			   const struct oracle_world *world)
{
	size_t i = 0;

	if (packet->direction != DIRECTION_IN)
		return policy->rule_count;
	while (i < policy->rule_count &&
	       !may_meet(&policy->rules[i], packet, world))
		i++;
	return i < policy->rule_count &&
			       is_plain_drop(&policy->rules[i], packet, world)
		       ? i
		       : policy->rule_count;
}

/* True when the addresses decide, whatever else is in the packet. */
static bool by_addresses(const struct packet *packet,
			 const struct oracle_world *world,
			 struct oracle_answer *ret)
{
	bool is_inward = packet->direction == DIRECTION_IN;
	enum set_action action = world->action_of(
		world->arg, is_inward ? &packet->source : &packet->destination);

	if (action == SET_ALLOW)
		*ret = answer(VERDICT_PASS, ORACLE_ALLOWED, 0);
	else if (action == SET_DROP && is_inward)
		*ret = answer(VERDICT_DROP, ORACLE_LISTED, 0);
	else
		return false;
	return true;
}

static struct oracle_answer of_other(const struct policy *policy,
				     const struct packet *packet)
{
	return answer(packet->ethertype == ETHERTYPE_ARP
			      ? VERDICT_PASS
			      : (enum verdict)policy->default_other,
		      ORACLE_NOT_IP, 0);
}

static struct oracle_answer by_policy(const struct policy *policy,
				      const struct packet *packet, bool is_read,
				      const struct oracle_world *world,
				      oracle_match_fn *matched)
{
	struct oracle_answer end;
	size_t certain;

	if (by_addresses(packet, world, &end)) {
		if (end.verdict == VERDICT_DROP && is_read &&
		    is_discovery(packet))
			return answer(VERDICT_PASS, ORACLE_NEIGHBOUR, 0);
		return end;
	}
	certain = certain_rule(policy, packet, world);
	if (is_read && is_discovery(packet) &&
	    (policy->essentials & ESSENTIAL_NEIGHBOUR ||
	     certain < policy->rule_count))
		return answer(VERDICT_PASS, ORACLE_NEIGHBOUR, 0);
	if (certain < policy->rule_count) {
		if (matched)
			matched(world->arg, certain);
		return answer(VERDICT_DROP, ORACLE_RULE, certain);
	}
	if (!is_read)
		return answer(default_of(policy, packet), ORACLE_UNREADABLE, 0);
	return by_rules(policy, packet, world, matched);
}

/* A set in shadow says what became of a packet only when nothing drops it. */
static struct oracle_answer of_ip(const struct policy *policy,
				  const struct packet *packet, bool is_read,
				  const struct oracle_world *world,
				  oracle_match_fn *matched)
{
	struct oracle_answer end =
		by_policy(policy, packet, is_read, world, matched);

	if (packet->direction == DIRECTION_IN && end.verdict == VERDICT_PASS &&
	    end.end != ORACLE_NEIGHBOUR &&
	    world->action_of(world->arg, &packet->source) == SET_SHADOW)
		end.end = ORACLE_SHADOWED;
	return end;
}

struct oracle_answer oracle_judge(const struct policy *policy,
				  const struct packet *packet,
				  enum packet_reading reading,
				  const struct oracle_world *world,
				  oracle_match_fn *matched)
{
	assert(policy);
	assert(packet);
	assert(world);

	switch (reading) {
	case PACKET_NOT_IP:
		return of_other(policy, packet);
	case PACKET_MALFORMED:
		return answer(VERDICT_DROP, ORACLE_MALFORMED, 0);
	case PACKET_UNREADABLE:
	case PACKET_READ:
	case PACKET_READING_COUNT:
	default:
		return of_ip(policy, packet, reading == PACKET_READ, world,
			     matched);
	}
}
