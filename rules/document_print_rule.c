// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document_reader.h"
#include "rules/document_writer.h"
#include "rules/services.h"

#define INDENT	   2
#define ITEM_TEXT  64
#define DAYS	   7
#define FLAG_COUNT 8
#define VLAN_MAX   4095
#define CODES	   256 /* of an ICMP type */

static void each_name(struct document_list *list, const void *match)
{
	const struct match_names *names = match;

	for (size_t i = 0; i < names->count; i++)
		document_list_name(list, names->names[i]);
}

static void write_direction(struct document_writer *writer, const char *name,
			    const struct rule *rule, uint8_t direction)
{
	if (rule->directions == 0 ||
	    (rule->directions & ~(DIRECTION_IN | DIRECTION_OUT)) ||
	    (rule->zones.count > 0 &&
	     rule->directions == (DIRECTION_IN | DIRECTION_OUT)))
		document_write_fail(writer);
	if (!(rule->directions & direction))
		return;
	if (rule->zones.count == 0)
		document_write_value(writer, name, document_any);
	document_write_list(writer, name, rule->zones.is_negated, each_name,
			    &rule->zones);
}

void document_write_in(struct document_writer *writer,
		       const struct schema_key *key, const void *field)
{
	write_direction(writer, key->name, field, DIRECTION_IN);
}

void document_write_out(struct document_writer *writer,
			const struct schema_key *key, const void *field)
{
	write_direction(writer, key->name, field, DIRECTION_OUT);
}

void document_write_interfaces(struct document_writer *writer,
			       const struct schema_key *key, const void *field)
{
	const struct match_names *match = field;

	document_write_list(writer, key->name, match->is_negated, each_name,
			    match);
}

void document_write_family(struct document_writer *writer,
			   const struct schema_key *key, const void *field)
{
	uint8_t family;

	memcpy(&family, field, sizeof(family));
	if (family == 4 || family == 6)
		document_write_value(writer, key->name,
				     family == 4 ? "ipv4" : "ipv6");
	else if (family != 0)
		document_write_fail(writer);
}

static void each_address(struct document_list *list, const void *match)
{
	const struct match_address *addresses = match;
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < addresses->set_count; i++) {
		(void)snprintf(text, sizeof(text), "%s%s",
			       geo_is_meant(addresses->sets[i]) ? "" : "@",
			       addresses->sets[i]);
		document_list_value(list, text);
	}
	for (size_t i = 0; i < addresses->prefix_count; i++)
		document_list_value(
			list, prefix_to_text(&addresses->prefixes[i], text));
}

void document_write_addresses(struct document_writer *writer,
			      const struct schema_key *key, const void *field)
{
	const struct match_address *match = field;

	for (size_t i = 0; i < match->prefix_count; i++) {
		if (prefix_has_all_v4(&match->prefixes[i]) &&
		    !prefix_is_v4(&match->prefixes[i]))
			document_write_fail(writer);
	}
	document_write_list(writer, key->name, match->is_negated, each_address,
			    match);
}

static void tell_range(struct document_list *list, uint32_t first,
		       uint32_t last)
{
	char text[ITEM_TEXT];

	if (first == last)
		(void)snprintf(text, sizeof(text), "%u", first);
	else
		(void)snprintf(text, sizeof(text), "%u-%u", first, last);
	document_list_value(list, text);
}

static void each_range(struct document_list *list, const void *match)
{
	const struct match_ranges *ranges = match;

	for (size_t i = 0; i < ranges->count; i++)
		tell_range(list, ranges->ranges[i].first,
			   ranges->ranges[i].last);
}

static void each_protocol(struct document_list *list, const void *match)
{
	const struct match_ranges *ranges = match;

	for (size_t i = 0; i < ranges->count; i++) {
		const struct range *range = &ranges->ranges[i];
		const char *name = numbered_name(&protocols, range->first);

		if (name && range->first == range->last)
			document_list_value(list, name);
		else
			tell_range(list, range->first, range->last);
	}
}

/* Frames without a tag are one past the last number. */
static void each_vlan(struct document_list *list, const void *match)
{
	const struct match_ranges *ranges = match;

	for (size_t i = 0; i < ranges->count; i++) {
		const struct range *range = &ranges->ranges[i];

		if (range->first <= VLAN_MAX)
			tell_range(list, range->first,
				   range->last < VLAN_MAX ? range->last
							  : VLAN_MAX);
		if (range->last == RANGE_VLAN_NONE)
			document_list_value(list, "none");
	}
}

/* The codes first..last of one type. */
static void tell_codes(struct document_list *list,
		       const struct numbered_names *names, uint32_t first,
		       uint32_t last)
{
	uint32_t type = first / CODES;
	const char *name = numbered_name(names, (uint16_t)type);
	char text[ITEM_TEXT];
	char type_text[ITEM_TEXT / 2];

	(void)snprintf(type_text, sizeof(type_text), "%u", type);
	if (first % CODES == 0 && last % CODES == CODES - 1)
		document_list_value(list, name ? name : type_text);
	else if (first == last) {
		(void)snprintf(text, sizeof(text), "%s/%u", type_text,
			       first % CODES);
		document_list_value(list, text);
	} else {
		(void)snprintf(text, sizeof(text), "%s/%u-%u", type_text,
			       first % CODES, last % CODES);
		document_list_value(list, text);
	}
}

/* A range goes over several types; they are told one by one. */
static void each_message(struct document_list *list,
			 const struct match_ranges *ranges,
			 const struct numbered_names *names)
{
	for (size_t i = 0; i < ranges->count; i++) {
		uint32_t first = ranges->ranges[i].first;
		uint32_t last = ranges->ranges[i].last;

		while (first <= last) {
			uint32_t end = first / CODES * CODES + CODES - 1;

			if (end > last)
				end = last;
			tell_codes(list, names, first, end);
			first = end + 1;
		}
	}
}

static void each_icmp(struct document_list *list, const void *match)
{
	each_message(list, match, &icmp_types);
}

static void each_icmpv6(struct document_list *list, const void *match)
{
	each_message(list, match, &icmpv6_types);
}

static void write_ranges(struct document_writer *writer,
			 const struct schema_key *key, const void *field,
			 uint16_t max, document_each_fn *each)
{
	const struct match_ranges *match = field;

	for (size_t i = 0; i < match->count; i++) {
		if (match->ranges[i].first > match->ranges[i].last ||
		    match->ranges[i].last > max)
			document_write_fail(writer);
	}
	document_write_list(writer, key->name, match->is_negated, each, match);
}

void document_write_protocols(struct document_writer *writer,
			      const struct schema_key *key, const void *field)
{
	write_ranges(writer, key, field, UINT8_MAX, each_protocol);
}

void document_write_numbers(struct document_writer *writer,
			    const struct schema_key *key, const void *field)
{
	write_ranges(writer, key, field, UINT16_MAX, each_range);
}

void document_write_icmp(struct document_writer *writer,
			 const struct schema_key *key, const void *field)
{
	write_ranges(writer, key, field, UINT16_MAX, each_icmp);
}

void document_write_icmpv6(struct document_writer *writer,
			   const struct schema_key *key, const void *field)
{
	write_ranges(writer, key, field, UINT16_MAX, each_icmpv6);
}

void document_write_vlans(struct document_writer *writer,
			  const struct schema_key *key, const void *field)
{
	write_ranges(writer, key, field, RANGE_VLAN_NONE, each_vlan);
}

/* "syn,!ack" */
static void each_flags(struct document_list *list, const void *match)
{
	const struct match_flags *flags = match;

	for (size_t i = 0; i < flags->count; i++) {
		const struct flags *wanted = &flags->flags[i];
		char text[ITEM_TEXT] = "";

		for (unsigned int bit = 0; bit < FLAG_COUNT; bit++) {
			size_t used = strlen(text);

			if (!(wanted->mask >> bit & 1))
				continue;
			(void)snprintf(text + used, sizeof(text) - used,
				       "%s%s%s", used > 0 ? "," : "",
				       wanted->value >> bit & 1 ? "" : "!",
				       document_flag_name(bit));
		}
		document_list_value(list, text);
	}
}

void document_write_tcp_flags(struct document_writer *writer,
			      const struct schema_key *key, const void *field)
{
	const struct match_flags *match = field;

	for (size_t i = 0; i < match->count; i++) {
		if (match->flags[i].mask == 0 ||
		    (match->flags[i].value & ~match->flags[i].mask))
			document_write_fail(writer);
	}
	document_write_list(writer, key->name, false, each_flags, match);
}

static void each_mac(struct document_list *list, const void *match)
{
	const struct match_macs *macs = match;
	char text[ITEM_TEXT];

	for (size_t i = 0; i < macs->count; i++) {
		const uint8_t *addr = macs->macs[i].addr;

		(void)snprintf(text, sizeof(text),
			       "%02x:%02x:%02x:%02x:%02x:%02x", addr[0],
			       addr[1], addr[2], addr[3], addr[4], addr[5]);
		document_list_value(list, text);
	}
}

void document_write_macs(struct document_writer *writer,
			 const struct schema_key *key, const void *field)
{
	const struct match_macs *match = field;

	document_write_list(writer, key->name, match->is_negated, each_mac,
			    match);
}

void document_write_windows(struct document_writer *writer,
			    const struct schema_key *key, const void *field)
{
	const struct rule *rule = field;

	if (rule->window_count == 0)
		return;
	document_write_key(writer, key->name);
	(void)fputc('\n', writer->out);
	writer->indent += 2 * INDENT;
	for (size_t i = 0; i < rule->window_count; i++) {
		writer->is_item = true;
		document_write_mapping(writer, key->mapping, &rule->windows[i]);
	}
	writer->indent -= 2 * INDENT;
}

static void each_day(struct document_list *list, const void *match)
{
	const uint8_t *days = match;

	for (unsigned int day = 0; day < DAYS; day++) {
		if (*days >> day & 1)
			document_list_value(list, schema_day_name(day));
	}
}

void document_write_days(struct document_writer *writer,
			 const struct schema_key *key, const void *field)
{
	const uint8_t *days = field;

	if (*days == 0 || *days >> DAYS)
		document_write_fail(writer);
	document_write_list(writer, key->name, false, each_day, days);
}

void document_write_minute(struct document_writer *writer,
			   const struct schema_key *key, const void *field)
{
	char text[ITEM_TEXT];
	uint16_t minute;

	memcpy(&minute, field, sizeof(minute));
	if (minute > key->max)
		document_write_fail(writer);
	(void)snprintf(text, sizeof(text), "%02u:%02u", minute / 60,
		       minute % 60);
	document_write_value(writer, key->name, text);
}
