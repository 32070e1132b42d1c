/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import_plan.h - the worker's part of an import: the difference between a
 * list and a set.
 *
 * Threads	the worker; touches the import and the store
 */
#pragma once

#include "daemon/import.h"

/* Fills what came of it up to `need`. -EBADMSG: not a list; the report has
 * the note. */
int import_plan(struct import *import);

/* Make adds, removes and the set's end durable, in one transaction. */
int import_commit(struct import *import);
