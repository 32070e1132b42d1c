// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document_reader.h"
#include "rules/services.h"

#define ICMP_MAX  255 /* of types and of codes */
#define VLAN_MAX  4095
#define WORD_ROOM 64

typedef int range_fn(const char *text, struct range *ret_range);

/* In TCP's order, which is that of the bits. */
static const char *const flag_names[] = {"fin", "syn", "rst", "psh",
					 "ack", "urg", "ece", "cwr"};

static int compare_ranges(const void *a, const void *b)
{
	const struct range *left = a;
	const struct range *right = b;

	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return left->last < right->last ? -1 : left->last > right->last;
}

/* Ranges that touch become one; returns how many are left. */
static size_t merge(struct range *ranges, size_t count)
{
	size_t kept = 0;

	count = document_sort(ranges, count, sizeof(*ranges), compare_ranges);
	for (size_t i = 1; i < count; i++) {
		if ((uint32_t)ranges[i].first <=
		    (uint32_t)ranges[kept].last + 1) {
			if (ranges[i].last > ranges[kept].last)
				ranges[kept].last = ranges[i].last;
			continue;
		}
		ranges[++kept] = ranges[i];
	}
	return kept + 1;
}

static int read_ranges(struct document_reader *reader,
		       const struct schema_key *key, const struct node *value,
		       void *field, range_fn *range_of)
{
	struct match_ranges *match = field;
	struct document_items items;
	int r = document_take_not(reader, key, &value, &match->is_negated);

	if (r >= 0)
		r = document_items_of(reader, key, value, false, &items);
	if (r < 0)
		return r;
	match->ranges = calloc(items.count, sizeof(*match->ranges));
	if (!match->ranges)
		return -ENOMEM;
	for (const struct node *item = items.first; items.count > 0;
	     items.count--, item = item->next) {
		if (item->kind != NODE_SCALAR ||
		    range_of(item->text, &match->ranges[match->count]) < 0)
			return document_refuse(reader, key, item);
		match->count++;
	}
	match->count = merge(match->ranges, match->count);
	return 0;
}

/* "7" or "7-9" */
static int numbers_of(const char *text, uint16_t max, struct range *ret_range)
{
	const char *dash = strchr(text, '-');
	char word[WORD_ROOM];
	uint64_t first, last;
	size_t len = dash ? (size_t)(dash - text) : strlen(text);

	if (len >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, len);
	word[len] = '\0';
	if (document_read_count(word, max, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && document_read_count(dash + 1, max, &last) < 0)
		return -EINVAL;
	if (first > last)
		return -EINVAL;
	*ret_range = (struct range){(uint16_t)first, (uint16_t)last};
	return 0;
}

static int named_or_numbers_of(const char *text,
			       const struct numbered_names *names, uint16_t max,
			       struct range *ret_range)
{
	uint16_t number;

	if (numbered_find(names, text, &number) < 0)
		return numbers_of(text, max, ret_range);
	*ret_range = (struct range){number, number};
	return 0;
}

static int protocol_of(const char *text, struct range *ret_range)
{
	return named_or_numbers_of(text, &protocols, UINT8_MAX, ret_range);
}

static int port_of(const char *text, struct range *ret_range)
{
	return named_or_numbers_of(text, &services, UINT16_MAX, ret_range);
}

static int length_of(const char *text, struct range *ret_range)
{
	return numbers_of(text, UINT16_MAX, ret_range);
}

static int vlan_of(const char *text, struct range *ret_range)
{
	if (strcmp(text, "none") == 0) {
		*ret_range = (struct range){RANGE_VLAN_NONE, RANGE_VLAN_NONE};
		return 0;
	}
	return numbers_of(text, VLAN_MAX, ret_range);
}

/* "echo-request", "8", "3/4", "destination-unreachable/0-3" */
static int message_of(const char *text, const struct numbered_names *names,
		      struct range *ret_range)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct range codes = {0, ICMP_MAX};
	struct range types;
	char word[WORD_ROOM];

	if (len >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, len);
	word[len] = '\0';
	if (named_or_numbers_of(word, names, ICMP_MAX, &types) < 0 ||
	    types.first != types.last)
		return -EINVAL;
	if (slash && numbers_of(slash + 1, ICMP_MAX, &codes) < 0)
		return -EINVAL;
	*ret_range = (struct range){
		(uint16_t)(types.first << 8 | codes.first),
		(uint16_t)(types.first << 8 | codes.last),
	};
	return 0;
}

static int icmp_of(const char *text, struct range *ret_range)
{
	return message_of(text, &icmp_types, ret_range);
}

static int icmpv6_of(const char *text, struct range *ret_range)
{
	return message_of(text, &icmpv6_types, ret_range);
}

int document_read_protocols(struct document_reader *reader,
			    const struct schema_key *key,
			    const struct node *value, void *field)
{
	return read_ranges(reader, key, value, field, protocol_of);
}

int document_read_ports(struct document_reader *reader,
			const struct schema_key *key, const struct node *value,
			void *field)
{
	return read_ranges(reader, key, value, field, port_of);
}

int document_read_icmp(struct document_reader *reader,
		       const struct schema_key *key, const struct node *value,
		       void *field)
{
	return read_ranges(reader, key, value, field, icmp_of);
}

int document_read_icmpv6(struct document_reader *reader,
			 const struct schema_key *key, const struct node *value,
			 void *field)
{
	return read_ranges(reader, key, value, field, icmpv6_of);
}

int document_read_lengths(struct document_reader *reader,
			  const struct schema_key *key,
			  const struct node *value, void *field)
{
	return read_ranges(reader, key, value, field, length_of);
}

int document_read_vlans(struct document_reader *reader,
			const struct schema_key *key, const struct node *value,
			void *field)
{
	return read_ranges(reader, key, value, field, vlan_of);
}

const char *document_flag_name(unsigned int index)
{
	return flag_names[index];
}

/* The bits of one name of `len` bytes. */
static int flag_of(const char *text, size_t len, uint8_t *ret_bits)
{
	for (size_t i = 0; i < ARRAY_LEN(flag_names); i++) {
		if (strlen(flag_names[i]) == len &&
		    memcmp(flag_names[i], text, len) == 0) {
			*ret_bits = (uint8_t)(1u << i);
			return 0;
		}
	}
	if (len == 3 && memcmp(text, "all", len) == 0)
		*ret_bits = UINT8_MAX;
	else if (len == 4 && memcmp(text, "none", len) == 0)
		*ret_bits = 0;
	else
		return -EINVAL;
	return 0;
}

/* Names parted by commas up to `end`; those with a '!' go into `off`. */
static int flags_of(const char *text, const char *end, uint8_t *ret_on,
		    uint8_t *ret_off)
{
	*ret_on = 0;
	*ret_off = 0;
	for (;;) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		const char *stop = comma ? comma : end;
		bool is_off = text < stop && *text == '!';
		uint8_t bits;

		text += is_off;
		if (flag_of(text, (size_t)(stop - text), &bits) < 0)
			return -EINVAL;
		*(is_off ? ret_off : ret_on) |= bits;
		if (!comma)
			return 0;
		text = comma + 1;
	}
}

static int flags_of_text(const char *text, struct flags *ret_flags)
{
	const char *end = text + strlen(text);
	const char *slash = strchr(text, '/');
	uint8_t on, off, mask, stray;

	if (flags_of(text, slash ? slash : end, &on, &off) < 0)
		return -EINVAL;
	mask = on | off;
	if (slash && (off || flags_of(slash + 1, end, &mask, &stray) < 0 ||
		      stray || (on & ~mask)))
		return -EINVAL;
	if (mask == 0 || (on & off))
		return -EINVAL;
	*ret_flags = (struct flags){.mask = mask, .value = on};
	return 0;
}

static int compare_flags(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct flags));
}

int document_read_tcp_flags(struct document_reader *reader,
			    const struct schema_key *key,
			    const struct node *value, void *field)
{
	struct match_flags *match = field;
	struct document_items items;
	int r = document_items_of(reader, key, value, false, &items);

	if (r < 0)
		return r;
	match->flags = calloc(items.count, sizeof(*match->flags));
	if (!match->flags)
		return -ENOMEM;
	for (const struct node *item = items.first; items.count > 0;
	     items.count--, item = item->next) {
		if (item->kind != NODE_SCALAR ||
		    flags_of_text(item->text, &match->flags[match->count]) < 0)
			return document_refuse(reader, key, item);
		match->count++;
	}
	match->count = document_sort(match->flags, match->count,
				     sizeof(*match->flags), compare_flags);
	return 0;
}
