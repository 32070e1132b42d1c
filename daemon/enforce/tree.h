/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - what a process has begun, and what it has open.
 *
 * Needs	CONFIG_PROC_CHILDREN; CAP_SYS_PTRACE for what others have open
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/enforce/subject.h"

/* Children of all its threads, `max` at most; how many there are of them. */
size_t tree_children(const struct subject *subject, uint32_t *pids, size_t max);

/* Numbers of the sockets it has open, `max` at most; how many. */
size_t tree_sockets(const struct subject *subject, uint32_t *inodes,
		    size_t max);

/* Of a file that has numbers with a blank or the end of a line behind each. */
size_t tree_numbers(int fd, uint32_t *pids, size_t max);
