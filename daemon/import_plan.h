/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import_plan.h - the worker's part of an import: the difference between a
 * list and a set.
 *
 * Threads	the worker; touches the import and the store
 */
#pragma once

#include "daemon/import.h"

/* Have room for so many; -ENOMEM is no harm. */
void standings_reserve(struct standings *standings, size_t count);

/* -ENOMEM: it is as it was. */
int standings_add(struct standings *standings, const struct member *member);

/* Fills what came of it up to `need`. -EBADMSG: not a list; the report has
 * the note. */
int import_plan(struct import *import);

/* Members that are put, those that get an end included, in order. */
size_t import_put_count(const struct import *import);
void import_put_at(const struct import *import, size_t index,
		   struct member *ret_member);

/* Adds, leaves, removes, what goes along and the set's end, as a commit of the
 * store; borrows the import. */
struct store_part import_part(struct import *import);
