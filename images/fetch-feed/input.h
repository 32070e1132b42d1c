/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input.h - files that are read whole before privileges are given away.
 *
 * Errors	negative errno; -EPERM: the rule for secrets is not kept;
 *		-EFBIG: longer than allowed; -EINVAL: not a file
 */
#pragma once

#include <stddef.h>

/* What a secret is: a regular file that nobody but its owner may read or write
 * (mode 0600 or 0400), and root or the caller owns it. */
enum input_kind {
	INPUT_OPEN,
	INPUT_SECRET,
};

/* The caller frees *ret_text, which has a NUL behind its last byte. */
int input_read(const char *path, enum input_kind kind, size_t max_bytes,
	       char **ret_text, size_t *ret_bytes);

/* The same from a descriptor that stays open; nothing is asked of it. */
int input_read_fd(int fd, size_t max_bytes, char **ret_text, size_t *ret_bytes);
