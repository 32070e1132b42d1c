// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"
#include "rules/foreign/nft_writer.h"

#define WIDEST UINT16_MAX

/* Which types and which codes, when every one goes with every other. */
struct icmp_product {
	bool types[256], codes[256];
};

/* Which codes of a type meet it. */
static void find_codes(const struct match_ranges *match, uint32_t type,
		       bool ret_codes[256])
{
	memset(ret_codes, match->is_negated, 256);
	for (size_t i = 0; i < match->count; i++) {
		uint32_t first = match->ranges[i].first;
		uint32_t last = match->ranges[i].last;

		if (first >> 8 > type || last >> 8 < type)
			continue;
		first = first >> 8 < type ? 0 : first & 0xff;
		last = last >> 8 > type ? 0xff : last & 0xff;
		memset(ret_codes + first, !match->is_negated, last - first + 1);
	}
}

/* False if types and codes do not go with each other freely: if two types
 * have different codes. */
static bool find_product(const struct match_ranges *match,
			 struct icmp_product *ret_product)
{
	struct icmp_product product = {{false}, {false}};
	bool is_first = true;

	for (uint32_t type = 0; type < 256; type++) {
		bool codes[256];

		find_codes(match, type, codes);
		if (!memchr(codes, true, sizeof(codes)))
			continue;
		if (is_first)
			memcpy(product.codes, codes, sizeof(codes));
		else if (memcmp(product.codes, codes, sizeof(codes)) != 0)
			return false;
		product.types[type] = true;
		is_first = false;
	}
	*ret_product = product;
	return !is_first;
}

void nft_write_ranges(FILE *out, const struct range *ranges, size_t count)
{
	if (count != 1)
		(void)fputs("{ ", out);
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(out, "%s%u", i > 0 ? ", " : "", ranges[i].first);
		if (ranges[i].last != ranges[i].first)
			(void)fprintf(out, "-%u", ranges[i].last);
	}
	(void)fputs(count != 1 ? " } " : " ", out);
}

/* Those of 0..255 that are in it, as "NAME { ... }"; nothing if all are. */
static void write_bytes(FILE *out, const char *name, const bool has[256])
{
	struct range ranges[256];
	size_t count = 0;

	for (unsigned int i = 0; i < 256; i++) {
		if (!has[i])
			continue;
		if (count > 0 && ranges[count - 1].last + 1u == i)
			ranges[count - 1].last = (uint16_t)i;
		else
			ranges[count++] =
				(struct range){(uint16_t)i, (uint16_t)i};
	}
	if (count == 1 && ranges[0].first == 0 && ranges[0].last == 255)
		return;
	(void)fprintf(out, "%s ", name);
	nft_write_ranges(out, ranges, count);
}

static void write_icmp(FILE *out, const char *protocol,
		       const struct match_ranges *match)
{
	struct icmp_product product;
	char name[16];

	if (match->count == 0 || !find_product(match, &product))
		return;
	(void)snprintf(name, sizeof(name), "%s type", protocol);
	write_bytes(out, name, product.types);
	(void)snprintf(name, sizeof(name), "%s code", protocol);
	write_bytes(out, name, product.codes);
}

static bool is_of_family(const struct prefix *prefix, uint8_t family)
{
	return prefix_is_v4(prefix) == (family == 4);
}

static bool covers_v4(const struct match_address *match)
{
	for (size_t i = 0; i < match->prefix_count; i++) {
		if (prefix_has_all_v4(&match->prefixes[i]))
			return true;
	}
	return false;
}

static bool has_prefix(const struct match_address *match, uint8_t family)
{
	for (size_t i = 0; i < match->prefix_count; i++) {
		if (is_of_family(&match->prefixes[i], family))
			return true;
	}
	return false;
}

static bool is_empty(const struct match_address *match)
{
	return match->prefix_count == 0 && match->set_count == 0;
}

size_t nft_alternatives(const struct match_address *match, uint8_t family)
{
	if (is_empty(match) || family == 0)
		return 1;
	/* ::/0 has all of IPv4 in it, to the order of prefixes */
	if (family == 4 && covers_v4(match))
		return !match->is_negated;
	if (match->is_negated)
		return 1;
	return has_prefix(match, family) + match->set_count;
}

void nft_write_prefixes(FILE *out, const struct prefix *prefixes, size_t count,
			uint8_t family)
{
	struct prefix *sorted = array_copy(prefixes, count, sizeof(*sorted));
	size_t used = 0;

	if (!sorted)
		return;
	for (size_t i = 0; i < count; i++) {
		if (is_of_family(&prefixes[i], family))
			sorted[used++] = prefixes[i];
	}
	used = condition_sort_prefixes(sorted, used);
	if (used != 1)
		(void)fputs("{ ", out);
	for (size_t i = 0; i < used; i++) {
		char text[PREFIX_TEXT_MAX];

		(void)fprintf(out, "%s%s", i > 0 ? ", " : "",
			      prefix_to_text(&sorted[i], text));
	}
	(void)fputs(used != 1 ? " } " : " ", out);
	free(sorted);
}

/* One alternative of an address condition. True if it wrote one. */
static bool write_address(FILE *out, const char *field,
			  const struct match_address *match, uint8_t family,
			  size_t alternative)
{
	const char *ip = family == 4 ? "ip" : "ip6";
	const char *not = match->is_negated ? "!= " : "";
	bool has = has_prefix(match, family);
	char name[SET_NAME_MAX];

	if (is_empty(match) || family == 0 ||
	    (family == 4 && covers_v4(match) && !match->is_negated))
		return false;
	if (has && (match->is_negated || alternative == 0)) {
		(void)fprintf(out, "%s %s %s", ip, field, not );
		nft_write_prefixes(out, match->prefixes, match->prefix_count,
				   family);
	}
	for (size_t i = 0; i < match->set_count; i++) {
		if (match->is_negated || alternative == i + has)
			(void)fprintf(out, "%s %s %s@%s.v%u ", ip, field, not,
				      nft_set_name(match->sets[i], name),
				      family);
	}
	return has || match->set_count > 0;
}

static void write_names(FILE *out, const char *field,
			const struct match_names *match)
{
	if (match->count == 0)
		return;
	(void)fprintf(out, "%s %s", field, match->is_negated ? "!= " : "");
	if (match->count != 1)
		(void)fputs("{ ", out);
	for (size_t i = 0; i < match->count; i++)
		(void)fprintf(out, "%s\"%s\"", i > 0 ? ", " : "",
			      match->names[i]);
	(void)fputs(match->count != 1 ? " } " : " ", out);
}

/* The first zone that has the name has it alone. */
static const char *zone_of(const struct policy *policy, const char *interface)
{
	for (size_t i = 0; i < policy->zone_count; i++) {
		const struct zone *zone = &policy->zones[i];

		for (size_t k = 0; k < zone->interface_count; k++) {
			if (strcmp(zone->interfaces[k], interface) == 0)
				return zone->name;
		}
	}
	return "";
}

/* The interfaces of the zones asked for, as a condition of its own. */
static void write_zones(FILE *out, const struct policy *policy,
			const char *field, const struct match_names *match)
{
	struct match_names all = {.is_negated = match->is_negated};

	for (size_t i = 0; i < match->count; i++) {
		for (size_t k = 0; k < policy->zone_count; k++) {
			const struct zone *zone = &policy->zones[k];

			if (strcmp(zone->name, match->names[i]) != 0)
				continue;
			for (size_t n = 0; n < zone->interface_count; n++) {
				struct match_names one = {
					.names = &zone->interfaces[n],
					.count = 1,
					.is_negated = true,
				};

				if (strcmp(zone_of(policy, one.names[0]),
					   zone->name) != 0)
					continue;
				/* negated ones add up */
				all.is_negated = true;
				if (condition_names(&all, &one) < 0)
					break;
			}
		}
	}
	all.is_negated = match->is_negated;
	write_names(out, field, &all);
	free(all.names);
}

static void write_macs(FILE *out, const struct match_macs *match)
{
	if (match->count == 0)
		return;
	(void)fprintf(out, "ether saddr %s{ ", match->is_negated ? "!= " : "");
	for (size_t i = 0; i < match->count; i++) {
		const uint8_t *a = match->macs[i].addr;

		(void)fprintf(out, "%s%02x:%02x:%02x:%02x:%02x:%02x",
			      i > 0 ? ", " : "", a[0], a[1], a[2], a[3], a[4],
			      a[5]);
	}
	(void)fputs(" } ", out);
}

/* Returns what the ports' field is of. */
static const char *write_protocols(FILE *out, const struct rule *rule)
{
	struct protocols all = condition_protocols(rule);
	bool has[256];
	unsigned int count = 0, last = 0;

	for (unsigned int p = 0; p < 256; p++) {
		has[p] = protocols_has(&all, p);
		count += has[p];
		last = has[p] ? p : last;
	}
	write_bytes(out, "meta l4proto", has);
	if (count == 1 && last == 6)
		return "tcp";
	if (count == 1 && last == 17)
		return "udp";
	return count == 1 && last == 132 ? "sctp" : "th";
}

/* Is it written as "!= VALUE"? */
static bool is_unequal(const struct match_ranges *match)
{
	return match->is_negated && match->count == 1 &&
	       match->ranges[0].first == match->ranges[0].last;
}

static void write_ports(FILE *out, const char *protocol, const char *field,
			const struct match_ranges *match)
{
	if (match->count == 0)
		return;
	(void)fprintf(out, "%s %s %s", protocol, field,
		      match->is_negated ? "!= " : "");
	nft_write_ranges(out, match->ranges, match->count);
}

/*
 * "sport != A dport != B" nft (1.0.6) makes one comparison of both together,
 * which only a packet of A and B fails. What is in a set it leaves alone, if
 * the set is written with more than one value.
 */
static void write_both_ports(FILE *out, const char *protocol,
			     const struct match_ranges *source,
			     const struct match_ranges *destination)
{
	write_ports(out, protocol, "sport", source);
	if (is_unequal(source) && is_unequal(destination))
		(void)fprintf(out, "%s dport != { %u, %u } ", protocol,
			      destination->ranges[0].first,
			      destination->ranges[0].first);
	else
		write_ports(out, protocol, "dport", destination);
}

/* What counts as 65535 is all that is as long or longer. */
static void write_length(FILE *out, const struct match_ranges *match)
{
	if (match->count == 0)
		return;
	(void)fprintf(out, "meta length %s{ ", match->is_negated ? "!= " : "");
	for (size_t i = 0; i < match->count; i++) {
		const struct range *range = &match->ranges[i];

		(void)fprintf(out, "%s%u", i > 0 ? ", " : "", range->first);
		if (range->last == WIDEST)
			(void)fputs("-4294967295", out);
		else if (range->last != range->first)
			(void)fprintf(out, "-%u", range->last);
	}
	(void)fputs(" } ", out);
}

static bool meets_flags(const struct match_flags *match, unsigned int value)
{
	for (size_t i = 0; i < match->count; i++) {
		if ((value & match->flags[i].mask) == match->flags[i].value)
			return true;
	}
	return false;
}

static void write_flags(FILE *out, const struct match_flags *match)
{
	bool is_first = true;

	if (match->count == 0)
		return;
	if (match->count == 1) {
		(void)fprintf(out, "tcp flags & 0x%02x == 0x%02x ",
			      match->flags[0].mask, match->flags[0].value);
		return;
	}
	(void)fputs("tcp flags { ", out);
	for (unsigned int value = 0; value < 256; value++) {
		if (!meets_flags(match, value))
			continue;
		(void)fprintf(out, "%s0x%02x", is_first ? "" : ", ", value);
		is_first = false;
	}
	(void)fputs(" } ", out);
}

static void write_states(FILE *out, uint8_t states)
{
	const char *comma = "ct state ";

	for (unsigned int i = 0; i < FLOW_STATE_COUNT; i++) {
		if (!(states >> i & 1))
			continue;
		(void)fprintf(out, "%s%s", comma,
			      flow_state_name((enum flow_state)i));
		comma = ",";
	}
	if (states != 0)
		(void)fputc(' ', out);
}

static void write_window(FILE *out, const struct window *window)
{
	static const char *const names[] = {
		"Monday", "Tuesday",  "Wednesday", "Thursday",
		"Friday", "Saturday", "Sunday",
	};
	const char *comma = "meta day { ";
	unsigned int last = window->to_min - 1u;

	for (size_t i = 0; i < ARRAY_LEN(names) && window->days != 0x7f; i++) {
		if (!(window->days >> i & 1))
			continue;
		(void)fprintf(out, "%s\"%s\"", comma, names[i]);
		comma = ", ";
	}
	if (window->days != 0x7f)
		(void)fputs(" } ", out);
	if (window->from_min == 0 && window->to_min == 1440)
		return;
	(void)fprintf(out, "meta hour \"%02u:%02u\"-\"%02u:%02u:59\" ",
		      window->from_min / 60u, window->from_min % 60u, last / 60,
		      last % 60);
}

void nft_write_conditions(const struct nft_writer *writer,
			  const struct rule *rule,
			  const struct nft_variant *variant)
{
	const char *device =
		writer->direction == DIRECTION_IN ? "iifname" : "oifname";
	FILE *out = writer->out;
	struct rule copy = {0};
	bool has_family;
	const char *ports;

	/* joined to nothing they are melted and sorted, as nft wants them */
	if (condition_join(&copy, rule) < 0) {
		rule_done(&copy);
		return;
	}
	write_zones(out, writer->policy, device, &copy.zones);
	write_names(out, device, &copy.interfaces);
	write_macs(out, &copy.macs);
	has_family = write_address(out, "saddr", &copy.source, variant->family,
				   variant->source);
	has_family |= write_address(out, "daddr", &copy.destination,
				    variant->family, variant->destination);
	if (variant->family != 0 && !has_family)
		(void)fprintf(out, "meta nfproto ipv%u ", variant->family);
	ports = write_protocols(out, &copy);
	write_both_ports(out, ports, &copy.ranges[RANGE_SOURCE_PORT],
			 &copy.ranges[RANGE_DESTINATION_PORT]);
	write_icmp(out, "icmp", &copy.ranges[RANGE_ICMP]);
	write_icmp(out, "icmpv6", &copy.ranges[RANGE_ICMPV6]);
	write_flags(out, &copy.flags);
	write_length(out, &copy.ranges[RANGE_LENGTH]);
	write_states(out, copy.states);
	if (copy.window_count == 1)
		write_window(out, copy.windows);
	rule_done(&copy);
}

static bool icmp_is_product(const struct match_ranges *match)
{
	struct icmp_product product;

	return match->count == 0 || find_product(match, &product);
}

const char *nft_why_not(const struct nft_writer *writer,
			const struct rule *rule)
{
	const struct window *window = rule->windows;

	if (rule->frags != 0)
		return "fragments are joined before prerouting";
	if (rule->ranges[RANGE_VLAN].count > 0)
		return "tags are taken off before prerouting";
	if (rule->macs.count > 0 && writer->direction == DIRECTION_OUT)
		return "no sender's card on the way out";
	if (rule->ranges[RANGE_ICMP].count > 0 &&
	    rule->ranges[RANGE_ICMPV6].count > 0)
		return "ICMP of both families in one rule";
	if (!icmp_is_product(&rule->ranges[RANGE_ICMP]) ||
	    !icmp_is_product(&rule->ranges[RANGE_ICMPV6]))
		return "pairs of ICMP type and code in one rule";
	if (rule->window_count > 1)
		return "several windows of time in one rule";
	if (window && (window->from_min >= window->to_min))
		return "a window past midnight";
	return NULL;
}
