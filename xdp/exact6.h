/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exact6.h - the hash of the IPv6 address table: look-up, the same in kernel
 * and user space. The one writer is daemon/packet/buckets6.c.
 *
 * A bucket is eight words of 64 bits, one cache line, and behind it the eight
 * keys in full, so a match is exact; together, for they are then nearly always
 * in one page, and a miss of the TLB costs as much as one of the cache:
 *
 *	bits 0..15	class; a hub may have none
 *	bits 16..23	level; 0 in a free slot
 *	bits 24..61	tag: 38 bits of the hash
 *	bit 62		the entry lies in its second bucket
 *	bit 63		of slot 0 only: look in the second bucket too
 *
 * The key is written before the word and the word read again after the key,
 * so a slot given to another key between the two is not taken for ours.
 *
 * An entry of level 32 is a hub (xdp/table6.h): the low half of its key, which
 * is no part of a /32, holds the levels in use below it.
 */
#pragma once

#include <stdbool.h>

#include "xdp/bits.h"

#define FW_BUCKET6_SLOTS   8
#define FW_EXACT6_BITS_MIN 4
#define FW_EXACT6_BITS_MAX 21 /* buckets; 16 Mi entries in 384 MiB */

#define FW_LEVEL6_STEP 4
#define FW_HUB6_LEVEL  32 /* its key's low half is not an address */

#define FW_ENTRY6_CLASS	 0xffffull
#define FW_ENTRY6_LEVEL	 0xff0000ull
#define FW_ENTRY6_SECOND (1ull << 62)
#define FW_ENTRY6_MORE	 (1ull << 63) /* slot 0 */
#define FW_ENTRY6_MATCH	 (~FW_ENTRY6_MORE & ~FW_ENTRY6_CLASS)

/* An address in host order: `hi` is its first eight bytes. */
struct fw_key6 {
	__u64 hi;
	__u64 lo;
};

struct fw_bucket6 {
	__u64 words[FW_BUCKET6_SLOTS];
	struct fw_key6 keys[FW_BUCKET6_SLOTS];
};

struct fw_exact6 {
	const struct fw_bucket6 *buckets;
	__u32 bucket_bits;
	__u64 seed;
};

FW_INLINE __u64 fw_mask6(__u32 bits) /* 0..64 leading ones */
{
	return bits == 0 ? 0 : ~0ull << (64 - bits);
}

FW_INLINE struct fw_key6 fw_cut6(struct fw_key6 key, __u32 level)
{
	key.hi &= fw_mask6(level < 64 ? level : 64);
	key.lo &= fw_mask6(level > 64 ? level - 64 : 0);
	return key;
}

FW_INLINE __u64 fw_mix6(struct fw_key6 key, __u32 level, __u64 seed)
{
	__u64 h = (key.hi ^ seed) * 0x9e3779b97f4a7c15ull;

	h ^= h >> 32;
	h = (h ^ key.lo ^ level) * 0xbf58476d1ce4e5b9ull;
	h ^= h >> 29;
	h *= 0x94d049bb133111ebull;
	return h ^ h >> 32;
}

/* Level and tag, as they stand in an entry. */
FW_INLINE __u64 fw_want6(__u64 mixed, __u32 level)
{
	return (mixed & ((1ull << 38) - 1)) << 24 | (__u64)level << 16;
}

/* What to xor to a bucket number to get the entry's other one; never 0. */
FW_INLINE __u32 fw_other6(__u64 want, __u32 bucket_bits)
{
	return ((__u32)(want >> 24) * 0x9e3779b1u >> (32 - bucket_bits)) | 1;
}

FW_INLINE __u64 fw_search6(const struct fw_exact6 *exact, __u32 number,
			   __u64 want, struct fw_key6 key)
{
	bool is_hub = (want >> 16 & 0xff) == FW_HUB6_LEVEL;

	const struct fw_bucket6 *bucket;

	number &= (1u << exact->bucket_bits) - 1;
	bucket = &exact->buckets[number];

	FW_UNROLL
	for (__u32 i = 0; i < FW_BUCKET6_SLOTS; i++) {
		const struct fw_key6 *stored = &bucket->keys[i];
		const __u64 *word = &bucket->words[i];
		__u64 low;

		if (((FW_READ(*word) ^ want) & FW_ENTRY6_MATCH) != 0 ||
		    FW_READ(stored->hi) != key.hi)
			continue;
		low = FW_READ(stored->lo);
		if (!is_hub && low != key.lo)
			continue;
		want ^= FW_READ(*word);
		if ((want & FW_ENTRY6_MATCH) == 0)
			return (want & FW_ENTRY6_CLASS) |
			       (is_hub ? low << 16 : 0);
		break; /* the slot was given away meanwhile */
	}
	return 0;
}

/* The class of exactly `key`, cut to `level` already, or 0; for a hub also its
 * levels, from bit 16 on. */
FW_INLINE __u64 fw_find6(const struct fw_exact6 *exact, struct fw_key6 key,
			 __u32 level)
{
	__u64 mixed = fw_mix6(key, level, exact->seed);
	__u64 want = fw_want6(mixed, level);
	__u32 bucket = (__u32)(mixed >> 40);
	__u64 found;

	FW_OPAQUE(bucket);
	found = fw_search6(exact, bucket, want, key);
	if (found)
		return found;

	bucket &= (1u << exact->bucket_bits) - 1;
	if (!(FW_READ(exact->buckets[bucket].words[0]) & FW_ENTRY6_MORE))
		return 0;
	return fw_search6(exact, bucket ^ fw_other6(want, exact->bucket_bits),
			  want | FW_ENTRY6_SECOND, key);
}
