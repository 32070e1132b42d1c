/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * document_writer.h - what the parts of document_print(), document_compare()
 * and feed_print() share; nobody else includes it.
 *
 * Errors	sticky: the first is kept in the writer, the rest goes on
 */
#pragma once

#include <errno.h>

#include "rules/document.h"
#include "rules/schema.h"

struct document_writer {
	FILE *out;
	const struct policy *policy; /* NULL: of a feed */
	unsigned int indent; /* blanks before a key */
	bool is_item; /* the next key starts an item of a list */
	size_t next_limit; /* that a rule may write, of those without a name */
	int r;
};

typedef void document_write_fn(struct document_writer *writer,
			       const struct schema_key *key, const void *field);

/* The policy is none that document_read() would have made. */
static inline void document_write_fail(struct document_writer *writer)
{
	if (writer->r == 0)
		writer->r = -EINVAL;
}

/* document_print.c */
void document_write_mapping(struct document_writer *writer,
			    const struct schema_mapping *mapping,
			    const void *object);

/* The start of a line: "  key:", or "- key:". */
void document_write_key(struct document_writer *writer, const char *name);

/* "  key: value", or with quotes, when it would mean something else without. */
void document_write_value(struct document_writer *writer, const char *name,
			  const char *value);
void document_write_name(struct document_writer *writer, const char *name,
			 const char *value);

void document_write_number(struct document_writer *writer, const char *name,
			   uint64_t number);

/* "sets:", and what is in it further to the right, until it is closed. */
void document_open_block(struct document_writer *writer, const char *name);
void document_close_block(struct document_writer *writer);

/* document_list.c: a list whose items a function tells one by one, twice. */
struct document_list {
	struct document_writer *writer;
	size_t count; /* told so far */
	size_t total; /* 0: they are only counted */
	unsigned int indent;
};

typedef void document_each_fn(struct document_list *list, const void *match);

/* A text that is one value: a number, an address, a word of ours. */
void document_list_value(struct document_list *list, const char *value);

/* A text that is somebody's name. */
void document_list_name(struct document_list *list, const char *value);

/* Nothing when there are no items. */
void document_write_list(struct document_writer *writer, const char *name,
			 bool is_negated, document_each_fn *each,
			 const void *match);

/* Whole text with what YAML needs around it. */
void document_put_value(FILE *out, const char *value);
void document_put_name(FILE *out, const char *value);

/* document_print_limit.c */
document_write_fn document_write_limits, document_write_limit,
	document_write_rate, document_write_burst;

/* document_print_rule.c */
document_write_fn document_write_in, document_write_out,
	document_write_interfaces, document_write_family,
	document_write_addresses, document_write_protocols,
	document_write_numbers, document_write_tcp_flags, document_write_icmp,
	document_write_icmpv6, document_write_vlans, document_write_macs,
	document_write_windows, document_write_days, document_write_minute;
