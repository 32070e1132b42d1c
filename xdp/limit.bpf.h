/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limit.bpf.h - is a packet within the rate of a rule; a part of
 * stage_classify.
 *
 *	reads	pkt, limits
 *	writes	buckets
 *	costs	a clock and a look-up in a hash for each limit a packet meets
 *
 * How a bucket works stands in xdp/policy.h. CPUs that charge one bucket at
 * the same time take turns by compare and swap; who loses four times charges
 * it unseen, so what is let through too much is what was lost on the way.
 * Buckets nobody uses give way to new ones, which are full.
 */
#pragma once

#include <stdbool.h>

#include "xdp/pkt.bpf.h"
#include "xdp/policy_maps.bpf.h"

#define CHARGE_TRIES 4

static __always_inline const struct fw_limit *limit_at(__u32 index)
{
	const struct fw_limit *all = only(&limits);

	return all ? &all[index & cfg_limit_mask] : NULL;
}

static __always_inline void take_source(const struct pkt *pkt, bool is_net,
					struct fw_bucket_key *key)
{
	key->family = pkt->family;
	if (pkt->family == PKT_V4) {
		key->lo = is_net ? pkt->saddr4 & ~255u : pkt->saddr4;
		return;
	}
	key->hi = pkt->saddr6.hi;
	key->lo = is_net ? 0 : pkt->saddr6.lo;
}

static __always_inline void take_destination(const struct pkt *pkt,
					     struct fw_bucket_key *key)
{
	key->family = pkt->family;
	if (pkt->family == PKT_V4) {
		key->lo = pkt->daddr4;
		return;
	}
	key->hi = pkt->daddr6.hi;
	key->lo = pkt->daddr6.lo;
}

static __always_inline struct fw_bucket_key bucket_of(const struct pkt *pkt,
						      __u32 counter, __u8 per)
{
	struct fw_bucket_key key = {.counter = counter};

	if (per == FW_PER_SOURCE || per == FW_PER_SOURCE_NET)
		take_source(pkt, per == FW_PER_SOURCE_NET, &key);
	else if (per == FW_PER_DESTINATION)
		take_destination(pkt, &key);
	return key;
}

/* When the bucket would be full again with this packet in it. */
static __always_inline __u64 full_at(__u64 now_full, __u64 now, __u64 cost)
{
	return ((__s64)(now_full - now) > 0 ? now_full : now) + cost;
}

static __always_inline bool charge(__u64 *bucket, __u64 now, __u64 cost,
				   __u64 room)
{
	FW_UNROLL
	for (int i = 0; i < CHARGE_TRIES; i++) {
		__u64 before = FW_READ(*bucket);
		__u64 after = full_at(before, now, cost);

		if ((__s64)(after - now) > (__s64)room)
			return false;
		if (EXPLAINS)
			return true;
		if (__sync_val_compare_and_swap(bucket, before, after) ==
		    before)
			return true;
	}
	__sync_fetch_and_add(bucket, cost);
	return true;
}

static __always_inline __u64 cost_of(const struct pkt *pkt,
				     const struct fw_limit *limit)
{
	__u64 units = limit->unit == FW_LIMIT_BYTES ? pkt->len : 1;

	return units * limit->cost >> (limit->shift & 63);
}

/* Of the rule that is counted there. Not inlined: the verifier takes it on its
 * own, once, and its stack is not everybody's. */
__noinline int is_within(const struct pkt *pkt, __u32 index, __u32 counter)
{
	const struct fw_limit *limit = limit_at(index);
	__u64 now = bpf_ktime_get_ns() << FW_LIMIT_TIME_BITS;
	struct fw_bucket_key key;
	__u64 cost, after;
	__u64 *bucket;

	if (!pkt || !limit)
		return true;
	if (limit->unit == FW_LIMIT_FLOWS && pkt->flow != FW_FLOW_NEW)
		return true;
	cost = cost_of(pkt, limit);
	key = bucket_of(pkt, counter, limit->per);
	bucket = bpf_map_lookup_elem(&buckets, &key);
	if (bucket)
		return charge(bucket, now, cost, limit->room);
	if (cost > limit->room)
		return false;
	if (EXPLAINS)
		return true;
	after = now + cost;
	/* one that came meanwhile is charged the next time */
	(void)bpf_map_update_elem(&buckets, &key, &after, BPF_NOEXIST);
	return true;
}
