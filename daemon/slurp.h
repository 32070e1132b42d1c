/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slurp.h - a whole file of somebody else's, in memory.
 *
 * It is read and never mapped: somebody may cut it short meanwhile, and then a
 * read is fine and a look into a mapping the end of fwd.
 *
 * Owns		nothing; the bytes are the caller's to free
 * Errors	as open(2) and read(2); -EINVAL no file; -EFBIG; -ENODATA it is
 *		empty; -EAGAIN it was changed meanwhile; -ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define SLURP_WHY_MAX 160 /* bytes with the NUL */

struct slurped {
	char *bytes;
	size_t len; /* at least 1 */
	uint64_t written_s; /* wall clock */
};

static inline void slurped_done(struct slurped *slurped)
{
	free(slurped->bytes);
}

/* `why` is written when it fails. */
int slurp(const char *path, struct slurped *ret_slurped,
	  char why[SLURP_WHY_MAX]);
