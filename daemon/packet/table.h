/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - the address table, both families: what the ledger's sink writes.
 *
 * Prefixes in the one form of rules/prefix.h; IPv4 goes to table4, the rest to
 * table6. Told a class twice for a prefix, the second replaces the first.
 *
 * Errors	-ENOSPC full, and nothing has changed
 * Threads	event loop only; the kernel reads meanwhile
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/table4.h"
#include "daemon/packet/table6.h"
#include "daemon/packet/view.h"
#include "rules/base.h"
#include "rules/prefix.h"

struct table;

/* Both views' arrays are borrowed, all zero, and outlive the table. */
int table_new(const struct fw_view4 *view4, const struct fw_view6 *view6,
	      struct table **ret_table);
void table_free(struct table *table);
DEFINE_CLEANUP(struct table *, table_free)

/* `class_id` is not 0 and the prefix not of length 0. */
int table_set(struct table *table, const struct prefix *prefix,
	      uint16_t class_id);

/* `cover` is the nearest prefix around it that is set, or NULL. */
void table_clear(struct table *table, const struct prefix *prefix,
		 const struct prefix *cover, uint16_t cover_class);

/* The prefix is soon to be set or cleared: fetch into the caches what that
 * reads. Of many in a row, some ahead. */
void table_expect(const struct table *table, const struct prefix *prefix);

/*
 * So many prefixes are there, or soon will be: from TABLE_MANY on, what the
 * writer keeps beside the table is brought into memory once, 32 MiB, so that
 * writing does not wait for each of its pages.
 */
void table_prepare(struct table *table, size_t prefixes,
		   const struct pool_touch *touch);

#define TABLE_MANY 4096

/* What the kernel would find for the first address of `prefix`; 0: nothing. */
uint16_t table_lookup(const struct table *table, const struct prefix *prefix);

/* What a list would take at most: add each of its prefixes, in order. */
struct table_need {
	uint64_t hosts4, blocks4, entries6;
	uint64_t last_hub; /* of IPv6; counted already */
};

void table_need_add(struct table_need *need, const struct prefix *prefix);

struct table_usage {
	struct table4_usage v4;
	struct table6_usage v6;
};

struct table_usage table_usage(const struct table *table);
