/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * document_reader.h - what the parts of document_read() and feed_read() share;
 * nobody else includes it.
 *
 * Each document_read_X() reads the value of one key into its field. What it
 * has put into the policy when it fails is freed with the policy.
 *
 * Errors	as document_read()
 */
#pragma once

#include <stdbool.h>

#include "rules/document.h"
#include "rules/schema.h"
#include "rules/tree.h"

/* Where a rule names a set of kind geo. */
struct geo_use {
	char name[SET_NAME_MAX];
	struct mark mark;
};

struct document_reader {
	struct policy *policy; /* as read so far; NULL: of a feed */
	struct document_note *note;
	size_t prefixes_left; /* of DOCUMENT_PREFIXES_MAX */
	struct geo_use *geo_uses; /* owned */
	size_t geo_use_count, geo_use_room;
};

typedef int document_read_fn(struct document_reader *reader,
			     const struct schema_key *key,
			     const struct node *value, void *field);

/* The values of a mapping's keys, in the order of the table; NULL: not there. */
struct document_values {
	const struct node *of[SCHEMA_KEYS_MAX];
};

/* document.c: read a mapping, every key by its reader. */
int document_read_mapping(struct document_reader *reader,
			  const struct schema_mapping *mapping,
			  const struct node *node, void *object,
			  struct document_values *ret_values);

/* The value of the key `name`, or NULL. */
const struct node *document_value_of(const struct schema_mapping *mapping,
				     const struct document_values *values,
				     const char *name);

/* Room for the entries of a mapping from names, at most `max`. */
int document_make_room(struct document_reader *reader,
		       const struct schema_key *key, const struct node *value,
		       size_t max, size_t size, void **ret_room);

static inline int document_refuse_second(struct document_reader *reader,
					 const char *noun,
					 const struct node *name, uint32_t line)
{
	return document_note_refuse(reader->note, name->mark,
				    "there is a %s \"%s\" already, on line %u",
				    noun, name->text, line);
}

/* document_value.c: single values */
void document_note_value(struct document_reader *reader,
			 const struct schema_key *key,
			 const struct node *value);

/* "8O" is no port: what would be one. */
static inline int document_refuse(struct document_reader *reader,
				  const struct schema_key *key,
				  const struct node *value)
{
	document_note_value(reader, key, value);
	return -EINVAL;
}

/* Decimal digits without leading zeros, at most `max`. */
int document_read_count(const char *text, uint64_t max, uint64_t *ret_count);
document_read_fn document_read_version, document_read_word, document_read_words,
	document_read_flag, document_read_number, document_read_span,
	document_read_id, document_read_comment, document_read_family,
	document_read_days, document_read_minute;

/* A value that may be a list, as its items. */
struct document_items {
	const struct node *first;
	uint32_t count;
};

/* Refuses more than DOCUMENT_ITEMS_MAX items, but of addresses, and none,
 * unless it `may_be_empty`; an item may be anything. */
int document_items_of(struct document_reader *reader,
		      const struct schema_key *key, const struct node *value,
		      bool may_be_empty, struct document_items *ret_items);

/* Take the value out of a {not: value}. */
int document_take_not(struct document_reader *reader,
		      const struct schema_key *key, const struct node **value,
		      bool *ret_is_negated);

/* Sort `count` of `size` bytes each and leave each once; returns how many. */
size_t document_sort(void *items, size_t count, size_t size,
		     int (*compare)(const void *a, const void *b));

/* document_address.c: prefixes, sets, MACs, files */
document_read_fn document_read_prefixes, document_read_addresses,
	document_read_macs, document_read_files;

/* document_geo.c: is it a set of kind geo that is meant, and is there one of
 * this name? */
bool document_is_geo(const struct node *item);
int document_read_geo(struct document_reader *reader, const struct node *item,
		      char ret_name[SET_NAME_MAX]);

/* At the end: the policy has those that its rules name. */
int document_declare_geo(struct document_reader *reader);

/* document_range.c: ranges of numbers, and flags */
document_read_fn document_read_protocols, document_read_ports,
	document_read_icmp, document_read_icmpv6, document_read_lengths,
	document_read_vlans, document_read_tcp_flags;

/* document_text.c: what is kept as its text */
document_read_fn document_read_text;

/* Would it be read, as a value of this key? */
bool document_text_is_valid(const struct schema_key *key, const char *text);

/* "fin" for bit 0. */
const char *document_flag_name(unsigned int index);

/* document_name.c: zones and interfaces, and what refers to them */
document_read_fn document_read_zones, document_read_in, document_read_out,
	document_read_interfaces;

/* document_limit.c: rates, named or in a rule */
document_read_fn document_read_limits, document_read_limit, document_read_rate,
	document_read_burst;

/* document_rule.c: rules and their times */
document_read_fn document_read_rules, document_read_windows;

/* "any": no zone may be called so. */
extern const char document_any[];

/* The key of a mapping whose keys are names: valid, and not there before. */
int document_read_name(struct document_reader *reader, const char *what,
		       const struct node *name, char ret_name[RULE_NAME_MAX]);
