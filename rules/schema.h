/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schema.h - every key of firewall.yml and of a feed's file, once, as a table.
 *
 * What is read, printed, described to an editor (JSON schema) and to a person
 * (man page) follows from these rows and cannot differ. The order of the keys
 * of a mapping is the order in which they are read, whatever the document's,
 * and in which they are printed: what others refer to comes first.
 *
 * A key is added by a row here; a type by a row in `schema_forms`, a reader in
 * document.c and a printer in document_print.c.
 *
 * Threads	constants; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SCHEMA_KEYS_MAX 32 /* of one mapping */

enum schema_type {
	SCHEMA_VERSION,
	SCHEMA_ZONES,
	SCHEMA_PREFIXES,
	SCHEMA_SETS,
	SCHEMA_LIMITS,
	SCHEMA_GROUP, /* a mapping whose fields are those of its owner */
	SCHEMA_RULES,
	SCHEMA_WORD, /* uint8_t, the number of the word */
	SCHEMA_WORDS, /* uint8_t, a bit for each word */
	SCHEMA_FLAG, /* bool */
	SCHEMA_NUMBER, /* uint32_t */
	SCHEMA_SPAN, /* uint32_t, seconds */
	SCHEMA_FILES,
	SCHEMA_RATE,
	SCHEMA_BURST,
	SCHEMA_ID,
	SCHEMA_COMMENT,
	SCHEMA_LIMIT,
	SCHEMA_IN,
	SCHEMA_OUT,
	SCHEMA_INTERFACES,
	SCHEMA_FAMILY,
	SCHEMA_ADDRESSES,
	SCHEMA_PROTOCOLS,
	SCHEMA_PORTS,
	SCHEMA_TCP_FLAGS,
	SCHEMA_ICMP,
	SCHEMA_ICMPV6,
	SCHEMA_LENGTHS,
	SCHEMA_VLANS,
	SCHEMA_MACS,
	SCHEMA_WINDOWS,
	SCHEMA_DAYS,
	SCHEMA_MINUTE,
	SCHEMA_SET_NAME, /* this and those below: char[max + 1] */
	SCHEMA_TEXT,
	SCHEMA_URL,
	SCHEMA_PATH,
	SCHEMA_HEADER,
	SCHEMA_TYPE_COUNT,
};

/* How often a value stands there. */
enum schema_shape {
	SHAPE_ONE,
	SHAPE_ITEMS, /* one, or a list of them */
	SHAPE_LIST,
	SHAPE_NAMED, /* a mapping from names to one each */
	SHAPE_NAMED_ITEMS,
};

/* What values of a type look like. */
struct schema_form {
	const char *noun;
	const char *accepts; /* NULL: the words, bounds or keys of the key */
	const char *json; /* JSON schema of one, where `accepts` is given */
	enum schema_shape shape;
};

struct schema_words {
	const char *(*name)(unsigned int index);
	unsigned int count;
};

struct schema_mapping;

struct schema_key {
	const char *name;
	const char *help; /* sentences, a line each */
	const char *fallback; /* what a missing key means, as it is written;
				 NULL: that nothing is asked */
	const struct schema_mapping *mapping; /* what one value is */
	const struct schema_words *words; /* of WORD and WORDS */
	uint32_t min, max; /* of a value; of WORDS and PREFIXES, of how many;
			      of texts, of bytes */
	size_t offset; /* of the field in the struct of the mapping */
	size_t count_offset; /* of the field that counts it, of PREFIXES and
				FILES */
	enum schema_type type;
	bool is_required;
	bool is_negatable; /* {not: value} as well */
};

struct schema_mapping {
	const char *noun;
	const char *title; /* of its section in the manual */
	const char *help;
	const struct schema_key *keys;
	size_t key_count;
};

extern const struct schema_form schema_forms[SCHEMA_TYPE_COUNT];

extern const struct schema_mapping schema_document; /* struct policy */
extern const struct schema_mapping schema_set; /* struct policy_set */
extern const struct schema_mapping schema_limit; /* struct limit */
extern const struct schema_mapping schema_rule; /* struct rule */
extern const struct schema_mapping schema_window; /* struct window */

/* Those above, and those of the groups in them, in the manual's order. */
extern const struct schema_mapping *const schema_mappings[];
extern const size_t schema_mapping_count;

/* Is a value of it kept as its text? */
static inline bool schema_type_is_text(enum schema_type type)
{
	return type >= SCHEMA_SET_NAME && type <= SCHEMA_HEADER;
}

/* The reference of the keys of these mappings, in mdoc, from one .Ss to the
 * next; -EIO when `out` fails. */
int schema_print_man(const struct schema_mapping *const *mappings, size_t count,
		     FILE *out);

/* "mon" is 0. */
const char *schema_day_name(unsigned int index);
