/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulk.h - files that travel beside a request, as a memfd.
 *
 * What the daemon reads is sealed against writing, shrinking and growing
 * first, so it can map it and trust it to hold still. "-" is stdin or stdout.
 *
 * Errors	negative errno; -EFBIG: longer than WIRE_BULK_MAX
 */
#pragma once

#include <stddef.h>

/* A sealed copy of the file; progress goes to stderr when that is a terminal.
 * The caller owns *ret_fd. */
int bulk_from_file(const char *path, int *ret_fd);

/* An empty one to be written into. The caller owns *ret_fd. */
int bulk_new(int *ret_fd);

/* Write all of `fd` to the file: whole or not at all, mode 0600, synced. What
 * is there and no regular file is written into instead. */
int bulk_to_file(int fd, const char *path);

/* Read all of stdin. The caller frees *ret_text. */
int bulk_from_stdin(char **ret_text, size_t *ret_len);

/* What went wrong, in words; for -EFBIG, with the limit. */
const char *bulk_error(int error);
