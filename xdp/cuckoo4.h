/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cuckoo4.h - the hash of the IPv4 address table: look-up, the same in kernel
 * and user space. The one writer is daemon/packet/buckets4.c.
 *
 * A cuckoo bucket is 32 bytes, eight entries of 32 bits:
 *
 *	bits 0..15	class, 0 in a free slot
 *	bits 16..29	tag: the low 14 bits of the mixed address
 *	bit 30		the entry lies in its second bucket
 *	bit 31		of slot 0 only: an entry that belongs here lies in its
 *			second bucket, so look there too
 *
 * The address is mixed by a permutation, so bucket number and tag together
 * are the address and a match is exact, if the bucket number has at least
 * WIDTH - 14 bits.
 *
 * How readers and the writer get along: xdp/table4.h.
 */
#pragma once

#include "xdp/bits.h"

#define FW_BUCKET4_SLOTS    8
#define FW_TAG4_BITS	    14
#define FW_HOSTS4_WIDTH	    32
#define FW_BLOCKS4_WIDTH    28
#define FW_HOSTS4_BITS_MIN  (FW_HOSTS4_WIDTH - FW_TAG4_BITS)
#define FW_BLOCKS4_BITS_MIN (FW_BLOCKS4_WIDTH - FW_TAG4_BITS)
#define FW_CUCKOO4_BITS_MAX 22 /* buckets; 32 Mi entries in 128 MiB */

#define FW_ENTRY4_CLASS	 0xffffu
#define FW_ENTRY4_SECOND (1u << 30)
#define FW_ENTRY4_MORE	 (1u << 31) /* slot 0 */
#define FW_ENTRY4_MATCH	 0x7fff0000u /* tag and FW_ENTRY4_SECOND */

/* Where one cuckoo table is and how it mixes. */
struct fw_cuckoo4 {
	const __u32 *slots;
	__u32 bucket_bits;
	__u32 seed;
	__u32 width; /* bits of a key */
};

/* A permutation of the numbers of `width` bits (odd factors, xor-shifts). */
FW_INLINE __u32 fw_mix4(__u32 key, __u32 seed, __u32 width)
{
	__u32 mask = 0xffffffffu >> (32 - width);

	key = (key ^ seed) & mask;
	key = key * 0x9e3779b1u & mask;
	key ^= key >> (width / 2);
	key = key * 0x85ebca6bu & mask;
	key ^= key >> (width / 2 - 1);
	return key;
}

/* What to xor to a bucket number to get the entry's other one; never 0. */
FW_INLINE __u32 fw_other4(__u32 tag, __u32 bucket_bits)
{
	return ((tag + 1) * 0x9e3779b1u >> (32 - bucket_bits)) | 1;
}

FW_INLINE __u32 fw_bucket4(const struct fw_cuckoo4 *cuckoo, __u32 bucket,
			   __u32 want)
{
	const __u32 *slot;

	bucket &= (1u << cuckoo->bucket_bits) - 1;
	slot = cuckoo->slots + (__u64)bucket * FW_BUCKET4_SLOTS;
	FW_UNROLL
	for (int i = 0; i < FW_BUCKET4_SLOTS; i++) {
		__u32 entry = FW_READ(slot[i]);

		if (((entry ^ want) & FW_ENTRY4_MATCH) == 0 &&
		    (entry & FW_ENTRY4_CLASS))
			return entry & FW_ENTRY4_CLASS;
	}
	return 0;
}

/* The class of exactly `key`, or 0. */
FW_INLINE __u32 fw_find4(const struct fw_cuckoo4 *cuckoo, __u32 key)
{
	__u32 mixed = fw_mix4(key, cuckoo->seed, cuckoo->width);
	__u32 tag = mixed & ((1u << FW_TAG4_BITS) - 1);
	__u32 bucket = mixed >> (cuckoo->width - cuckoo->bucket_bits);
	__u32 class_id;

	FW_OPAQUE(bucket);
	class_id = fw_bucket4(cuckoo, bucket, tag << 16);
	if (class_id)
		return class_id;

	bucket &= (1u << cuckoo->bucket_bits) - 1;
	if (!(FW_READ(cuckoo->slots[(__u64)bucket * FW_BUCKET4_SLOTS]) &
	      FW_ENTRY4_MORE))
		return 0;
	return fw_bucket4(cuckoo, bucket ^ fw_other4(tag, cuckoo->bucket_bits),
			  tag << 16 | FW_ENTRY4_SECOND);
}
