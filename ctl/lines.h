/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines.h - lines as they come from a descriptor, and whether another one has
 * come already.
 *
 * Owns		what was read and not taken yet; the descriptor is the caller's
 * Errors	negative errno of read(), -ENOMEM
 * Threads	none; one owner
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/base.h"

#define LINES_BYTES_MAX (1u << 20) /* of one line */

struct lines {
	int fd;
	char *bytes;
	size_t room, at, len; /* what is not taken yet is at..len */
	bool has_ended;
};

void lines_init(struct lines *lines, int fd);
void lines_done(struct lines *lines);

/*
 * 1: the next line, without its end, lent until the next call; 0: there is no
 * more. The last line may have no end. Of one that is longer than
 * LINES_BYTES_MAX *ret_len says LINES_BYTES_MAX + 1, and its rest is lost.
 */
int lines_next(struct lines *lines, char **ret_line, size_t *ret_len);

/* Has nothing come that lines_next() could take without waiting? */
bool lines_are_dry(const struct lines *lines);
