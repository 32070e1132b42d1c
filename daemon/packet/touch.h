/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * touch.h - have memory ready before a verdict needs it.
 *
 * The first write to a page makes the kernel find and clear it, and where a
 * hypervisor keeps page tables of its own, the hypervisor too: microseconds
 * each, and a verdict writes to a dozen pages.
 *
 * Threads	any; what others write there meanwhile is kept
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

static inline void touch(void *base, size_t bytes)
{
	const size_t step = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t at = 0; at < bytes; at += step)
		(void)__atomic_fetch_or((uint8_t *)base + at, 0,
					__ATOMIC_RELAXED);
}
