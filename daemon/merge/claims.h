/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claims.h - the claims of the ledger: 28 bytes each, by number.
 *
 * All claims on one prefix are a chain in order of set id; the trie holds the
 * number of the first. The first also holds the class of the prefix.
 *
 * Times	as in rules/member.h, kept in 32 bits; later ones are cut to
 *		UINT32_MAX (the year 2106)
 * Errors	-ENOMEM; a failed call has changed nothing
 * Threads	none: event loop only
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/merge/classes.h"
#include "daemon/merge/expiry.h"
#include "daemon/merge/sources.h"
#include "rules/member.h"
#include "rules/pool.h"

struct claim {
	uint32_t next; /* in the chain */
	uint32_t source;
	uint32_t line;
	uint32_t created_s;
	uint32_t expires_s;
	uint32_t term; /* in `expiry`; 0 for a claim without end */
	uint16_t class_id; /* of the prefix; only the first claim's counts */
	uint8_t set_id;
	uint8_t pad;
};

struct claims {
	struct pool pool;
	struct sources sources;
	struct expiry expiry;
	size_t count;
};

int claims_init(struct claims *claims, uint64_t seed);
void claims_done(struct claims *claims);

/* A new claim that is in no chain yet. */
int claims_new(struct claims *claims, uint8_t set_id,
	       const struct member *member, uint64_t until_s, uint32_t *ret_id);

/* Forget a claim that is in no chain any more. */
void claims_drop(struct claims *claims, uint32_t id);

/* Who and why of a claim; the text is borrowed until the claim is dropped. */
struct evidence claims_evidence(const struct claims *claims, uint32_t id);

/* Where in the chain from `*head` the set's claim is, or belongs. */
uint32_t *claims_link(const struct claims *claims, uint32_t *head,
		      uint8_t set_id);

/* The set's claim in the chain, or 0. */
uint32_t claims_find(const struct claims *claims, uint32_t head,
		     uint8_t set_id);

/* All sets in the chain. */
struct set_mask claims_sets(const struct claims *claims, uint32_t head);

/* For so many claims more; see pool_prepare(). */
void claims_prepare(struct claims *claims, size_t count,
		    const struct pool_touch *touch);

size_t claims_bytes(const struct claims *claims);

static inline struct claim *claims_at(const struct claims *claims, uint32_t id)
{
	return pool_at(&claims->pool, id, sizeof(struct claim));
}
