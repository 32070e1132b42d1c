/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc.h - the processes that were there before the sensor, from /proc.
 *
 * Read once, at the start. Command lines only of processes of root: to read
 * one the kernel may have to wait for memory that the process's owner has a
 * hand in, for as long as that one likes.
 *
 * Errors	negative errno; processes that went away meanwhile are none
 * Threads	event loop only
 */
#pragma once

#include "daemon/event/cgroup.h"
#include "daemon/event/process.h"

/* `path` is where /proc is. Processes that are known stay as they are. */
int proc_read(const char *path, struct processes *processes,
	      struct cgroups *cgroups);

/* Of a line of /proc/PID/stat: parent, and start to a tick. -EBADMSG. */
int proc_read_stat(const char *line, uint32_t *ret_parent,
		   uint64_t *ret_start_ns);
