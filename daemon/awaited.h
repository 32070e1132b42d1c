/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * awaited.h - edits whose commit is under way, and which edit of a member
 * comes after which.
 *
 * A hash of members, each with its newest edit and from there to the older
 * ones, so that undoing thousands of edits among hundreds of thousands takes a
 * step for each. The links are in the edits (members.h), and need no memory.
 *
 * Owns		nothing: edits are lent until they are removed
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define AWAITED_BUCKETS 65536u

struct edit;
struct edits;
struct prefix;

struct awaited {
	struct edits *first; /* the oldest; the others by their `later` */
	struct edit *newest[AWAITED_BUCKETS]; /* of each member one */
};

/* As the newest, all of them. */
void awaited_add(struct awaited *awaited, struct edits *edits);
void awaited_remove(struct awaited *awaited, struct edits *edits);

/* Is there one of this member? */
bool awaited_has(const struct awaited *awaited, uint8_t set_id,
		 const struct prefix *prefix);

/* Only this one of them; nothing if it is not there. */
void awaited_remove_edit(struct awaited *awaited, struct edit *edit);
