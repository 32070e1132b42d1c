/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mapping.h - a map of the kernel in our address space.
 *
 * Threads	none; one owner
 */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "daemon/packet/touch.h"

struct mapping {
	void *base; /* NULL when not mapped */
	size_t bytes;
};

/* All of it is touched, so that no store waits for a page. */
static inline int mapping_make(int map_fd, size_t bytes,
			       struct mapping *ret_mapping)
{
	void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			  map_fd, 0);

	if (base == MAP_FAILED)
		return -errno;
	touch(base, bytes);
	*ret_mapping = (struct mapping){.base = base, .bytes = bytes};
	return 0;
}

static inline void mapping_done(struct mapping *mapping)
{
	if (mapping->base)
		(void)munmap(mapping->base, mapping->bytes);
	*mapping = (struct mapping){0};
}
