/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulk.h - the memfd that comes with a request, mapped.
 *
 * Only a memfd sealed against writing and shrinking is taken: what was
 * checked is what is read, and no read of it can fault or wait for a disk.
 *
 * Threads	event loop only
 */
#pragma once

#include <stddef.h>

#include "daemon/control/server.h"

/* The caller unmaps. A failure has refused the call, by a text that says `what`
 * it is: "list". An empty one is an error: there would be nothing to read. */
int bulk_map(struct call *call, const char *what, char **ret_text,
	     size_t *ret_bytes);

/* The same, but an empty one is NULL and 0 bytes. */
int bulk_map_any(struct call *call, const char *what, char **ret_text,
		 size_t *ret_bytes);

/* Replace the content of the client's own, unsealed memfd. */
int bulk_write(int fd, const char *text, size_t bytes);
