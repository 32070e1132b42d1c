/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expiry.h - the members that end by themselves, the earliest first.
 *
 * A binary heap of terms; each term knows its place, so it can be taken out
 * when the member is withdrawn before. A member without an end has none.
 *
 * Times	whatever clock the caller uses, in seconds
 * Errors	-ENOMEM; a failed call has changed nothing
 * Threads	none: event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/pool.h"
#include "rules/prefix.h"

struct expiry {
	struct pool terms;
	struct pool heap; /* never gives back: an array that grows */
	uint32_t count;
};

void expiry_init(struct expiry *expiry);
void expiry_done(struct expiry *expiry);

/* Ends after UINT32_MAX are taken as UINT32_MAX. */
int expiry_add(struct expiry *expiry, uint8_t set_id,
	       const struct prefix *prefix, uint64_t until_s,
	       uint32_t *ret_term);
void expiry_del(struct expiry *expiry, uint32_t term);

/* Let it end at another time. */
void expiry_move(struct expiry *expiry, uint32_t term, uint64_t until_s);

struct expiry_due {
	uint8_t set_id;
	struct prefix prefix;
	uint64_t until_s;
};

/* The earliest; false when there is none. Equal ends in any order. */
bool expiry_first(const struct expiry *expiry, struct expiry_due *ret_due);

/* See pool_prepare(). Nothing, as long as nothing ends. */
void expiry_prepare(struct expiry *expiry, const struct pool_touch *touch);

size_t expiry_bytes(const struct expiry *expiry);
