/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * percpu.h - sums over all CPUs of what the program counts on each.
 *
 * Errors	negative errno
 * Threads	any; the kernel counts on meanwhile
 */
#pragma once

#include <stdint.h>

#include "xdp/abi.h"

/* Of the first `count` values of the per-CPU array `fd`. */
int percpu_counts(int fd, int cpu_count, struct fw_count *ret_counts,
		  uint32_t count);

/* Make the first `count` values of the per-CPU array `fd` zero. */
int percpu_clear(int fd, int cpu_count, uint32_t count);

/* The same of one value. */
int percpu_clear_one(int fd, int cpu_count, uint32_t index);

/* Of the only value of the per-CPU array `fd`. */
int percpu_events(int fd, int cpu_count, struct fw_event_count *ret_count);
