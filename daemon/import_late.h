/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import_late.h - the end of an import: what became protected while it ran
 * leaves its set before it answers.
 *
 * Members that share an address with it go, and come again without it. The
 * ledger is changed first, then the store: of what is protected it never has
 * too much.
 *
 * Errors	negative errno
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/import.h"

/* Is it still to be told what the kernel knows? At most for seconds. */
bool import_late_waits(struct import *import);

/* Change the ledger. What the store is to be told is malloc'ed, and borrows
 * the import's reason; none: 0 of them. */
int import_late_take(struct import *import, struct change **ret_changes,
		     size_t *ret_count);
