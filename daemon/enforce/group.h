/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * group.h - control groups (version 2) as directories.
 *
 * Errors	negative errno
 * Threads	no state; any thread
 */
#pragma once

#include <limits.h>
#include <stdint.h>

/* Where they are mounted. -ENOENT when they are not. */
int group_root(char ret_path[PATH_MAX]);

/* A group by its directory; the kernel's number of it comes beside. */
int group_open(const char *path, int *ret_fd, uint64_t *ret_id);
