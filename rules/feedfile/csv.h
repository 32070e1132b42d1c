/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * csv.h - the fields of one line of a table (RFC 4180, one row a line).
 *
 * Blanks around a field do not belong to it. Of a quoted field the quotes are
 * cut off; doubled quotes inside stay doubled.
 *
 * Threads	no state; any thread
 */
#pragma once

#include "rules/feedfile/span.h"

#define CSV_FIELDS_MAX 64 /* the rest of the line is not looked at */

struct csv {
	struct span fields[CSV_FIELDS_MAX];
	uint32_t count;
};

/* Returns NULL, or why it is no row. */
const char *csv_split(struct span line, char separator, struct csv *ret_csv);

/* Field number `column` from 1; empty if the row has no such. */
struct span csv_field(const struct csv *csv, uint32_t column);

/* Set *column to that of the field `name`, if the row has it. */
void csv_find(const struct csv *csv, const char *name, uint32_t *column);
