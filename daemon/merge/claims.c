// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/merge/claims.h"

#include <assert.h>
#include <errno.h>

_Static_assert(sizeof(struct claim) == 28, "the promise of claims.h");

static uint32_t cut_s(uint64_t time_s)
{
	return time_s < UINT32_MAX ? (uint32_t)time_s : UINT32_MAX;
}

int claims_init(struct claims *claims, uint64_t seed)
{
	assert(claims);

	claims->count = 0;
	pool_init(&claims->pool, sizeof(struct claim));
	expiry_init(&claims->expiry);
	return sources_init(&claims->sources, seed);
}

void claims_done(struct claims *claims)
{
	assert(claims);

	sources_done(&claims->sources);
	expiry_done(&claims->expiry);
	pool_done(&claims->pool);
}

int claims_new(struct claims *claims, uint8_t set_id,
	       const struct member *member, uint64_t until_s, uint32_t *ret_id)
{
	const struct evidence *evidence = &member->evidence;
	struct claim claim = {
		.line = evidence->line,
		.created_s = cut_s(evidence->created_s),
		.expires_s = cut_s(evidence->expires_s),
		.set_id = set_id,
	};
	int r;

	r = sources_hold(&claims->sources, evidence->origin, evidence->uid,
			 evidence->reason, &claim.source);
	if (r < 0)
		return r;
	if (until_s) {
		r = expiry_add(&claims->expiry, set_id, &member->prefix,
			       until_s, &claim.term);
		if (r < 0)
			goto release;
	}
	r = pool_take(&claims->pool, ret_id);
	if (r < 0)
		goto release;
	*claims_at(claims, *ret_id) = claim;
	claims->count++;
	return 0;

release:
	if (claim.term)
		expiry_del(&claims->expiry, claim.term);
	sources_release(&claims->sources, claim.source);
	return r;
}

void claims_drop(struct claims *claims, uint32_t id)
{
	const struct claim *claim = claims_at(claims, id);

	if (claim->term)
		expiry_del(&claims->expiry, claim->term);
	sources_release(&claims->sources, claim->source);
	pool_give(&claims->pool, id);
	claims->count--;
}

struct evidence claims_evidence(const struct claims *claims, uint32_t id)
{
	const struct claim *claim = claims_at(claims, id);
	const struct source *source =
		sources_at(&claims->sources, claim->source);

	return (struct evidence){
		.origin = source->origin,
		.uid = source->uid,
		.line = claim->line,
		.created_s = claim->created_s,
		.expires_s = claim->expires_s,
		.reason = source->reason,
	};
}

uint32_t *claims_link(const struct claims *claims, uint32_t *head,
		      uint8_t set_id)
{
	uint32_t *link = head;

	while (*link && claims_at(claims, *link)->set_id < set_id)
		link = &claims_at(claims, *link)->next;
	return link;
}

uint32_t claims_find(const struct claims *claims, uint32_t head, uint8_t set_id)
{
	uint32_t id = *claims_link(claims, &head, set_id);

	return id && claims_at(claims, id)->set_id == set_id ? id : 0;
}

struct set_mask claims_sets(const struct claims *claims, uint32_t head)
{
	struct set_mask mask = {0};

	for (uint32_t id = head; id; id = claims_at(claims, id)->next)
		set_mask_add(&mask, claims_at(claims, id)->set_id);
	return mask;
}

void claims_prepare(struct claims *claims, size_t count,
		    const struct pool_touch *touch)
{
	assert(claims);

	pool_prepare(&claims->pool, count, touch);
	sources_prepare(&claims->sources, touch);
	expiry_prepare(&claims->expiry, touch);
}

size_t claims_bytes(const struct claims *claims)
{
	return pool_bytes(&claims->pool) + sources_bytes(&claims->sources) +
	       expiry_bytes(&claims->expiry);
}
