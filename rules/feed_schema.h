/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_schema.h - every key of a feed's file, as a table of rules/schema.h.
 *
 * Threads	constants; any thread
 */
#pragma once

#include "rules/schema.h"

extern const struct schema_mapping feed_schema; /* struct feed */

/* It, and the groups in it, in the manual's order. */
extern const struct schema_mapping *const feed_schema_mappings[];
extern const size_t feed_schema_mapping_count;
