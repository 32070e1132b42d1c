/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table4.h - the one writer of the IPv4 address table (layout and look-up:
 * xdp/table4.h).
 *
 * Told of a prefix and its class, it writes every slot that the prefix owns:
 * those that no longer prefix of the same part of the table owns. How long
 * the owner of each slot is, and how many entries lie below each /24, it
 * keeps for itself, beside the table.
 *
 *	1. every store into the table is one aligned word, and in an order such
 *	   that a reader sees the old class or the new one, never none;
 *	2. a refused prefix has changed nothing.
 *
 * Cost		about 0.1 us for a single address; one store for each /24 of a
 *		shorter prefix
 * Errors	-ENOSPC: hosts or blocks are full
 * Threads	event loop only
 */
#pragma once

#include <stdint.h>

#include "daemon/packet/view.h"
#include "rules/base.h"
#include "rules/pool.h"

struct table4;

/* `view` is copied; its arrays are borrowed, all zero, and outlive it. */
int table4_new(const struct fw_view4 *view, struct table4 **ret_table);
void table4_free(struct table4 *table);
DEFINE_CLEANUP(struct table4 *, table4_free)

/* `addr` in host order, bits past `len` zero; `len` 1..32; `class_id` not 0. */
int table4_set(struct table4 *table, uint32_t addr, unsigned int len,
	       uint16_t class_id);

/* What was set goes; the nearest prefix around it, of `cover_len` and class
 * `cover_class`, takes over (0 and 0: there is none). */
void table4_clear(struct table4 *table, uint32_t addr, unsigned int len,
		  unsigned int cover_len, uint16_t cover_class);

/* See table_expect(). */
void table4_expect(const struct table4 *table, uint32_t addr, unsigned int len);

/* See table_prepare(). */
void table4_prepare(struct table4 *table, const struct pool_touch *touch);

struct table4_usage {
	uint32_t hosts, hosts_capacity;
	uint32_t blocks, blocks_capacity;
};

struct table4_usage table4_usage(const struct table4 *table);

/* Entries that a prefix of this length takes in hosts or blocks. */
uint32_t table4_hosts_of(unsigned int len);
uint32_t table4_blocks_of(unsigned int len);
