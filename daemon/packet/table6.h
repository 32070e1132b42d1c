/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table6.h - the one writer of the IPv6 address table (layout and look-up:
 * xdp/table6.h).
 *
 * The same rules as daemon/packet/table4.h, with other parts: prefixes up to
 * /20 are written over `top`, longer ones as entries of the next level.
 *
 * Cost		about 0.2 us for a single address; one store for each /20 of a
 *		shorter prefix
 * Errors	-ENOSPC: exact is full
 * Threads	event loop only
 */
#pragma once

#include <stdint.h>

#include "daemon/packet/view.h"
#include "rules/base.h"

struct table6;

/* `view` is copied; its arrays are borrowed, all zero, and outlive it. */
int table6_new(const struct fw_view6 *view, struct table6 **ret_table);
void table6_free(struct table6 *table);
DEFINE_CLEANUP(struct table6 *, table6_free)

/* `len` 1..128; bits of `addr` past it are zero; `class_id` not 0. */
int table6_set(struct table6 *table, struct fw_key6 addr, unsigned int len,
	       uint16_t class_id);

/* What was set goes; the nearest prefix around it, of `cover_len` and class
 * `cover_class`, takes over (0 and 0: there is none). */
void table6_clear(struct table6 *table, struct fw_key6 addr, unsigned int len,
		  unsigned int cover_len, uint16_t cover_class);

struct table6_usage {
	uint32_t entries, entries_capacity;
};

struct table6_usage table6_usage(const struct table6 *table);

/* Entries that a prefix of this length takes, its hub not counted: there is
 * one for each /32 that has anything longer in it. */
uint32_t table6_entries_of(unsigned int len);
