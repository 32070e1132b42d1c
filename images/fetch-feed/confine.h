/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine.h - what the fetcher gives away before it talks to anyone.
 *
 * Errors	negative errno
 */
#pragma once

#include <sys/types.h>

/* Of the keeper of the output: it goes on as who started it, of capabilities it
 * keeps CAP_DAC_OVERRIDE at most, and it can rename and remove. */
int confine_keeper(void);

/* Become `user`, if started as root, without groups and capabilities, and never
 * gain any. -ENOENT: there is no such user; -EINVAL: it is root. */
int confine_user(const char *user);

/* Bound memory, descriptors, dumps, and the size of files to `file_bytes`. */
int confine_resources(long file_bytes);

/* Filter system calls: no file can be opened but to read, no program started,
 * nothing listened to. Others answer EPERM. A build with sanitizers is left as
 * it is (they make calls of their own), here and in what bounds memory. */
int confine_calls(void);
