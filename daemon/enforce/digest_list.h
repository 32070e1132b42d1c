/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest_list.h - a list of SHA-256 digests as text.
 *
 * A line has a digest, 64 hexadecimal digits, and after a blank whatever it
 * likes: so what sha256sum prints is one. Empty lines, and those that begin
 * with #, say nothing. Any other line has the whole list refused.
 *
 * Errors	negative errno
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>

#include "daemon/enforce/file_digest.h"

#define DIGEST_LIST_MAX 1000000

struct digest_list {
	struct file_digest *digests; /* owned */
	size_t count;
};

/* -EINVAL: *ret_line, from 1, is none; -E2BIG: from it on there are too many. */
int digest_list_read(const char *text, size_t len, struct digest_list *ret_list,
		     size_t *ret_line);
void digest_list_done(struct digest_list *list);
