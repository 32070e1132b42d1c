/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table4.h - the IPv4 address table: look-up, the same in kernel and user
 * space. The one writer is daemon/packet/table4.c.
 *
 * Four flat arrays, memory-mapped, each store into them one machine word:
 *
 *	front	2 bits for each /24: nothing; all of it CLASS_DIRECT; ask top;
 *		ask hosts first. 4 MiB, and most packets end here
 *	top	class of the longest prefix of length <= 24, 32 MiB
 *	hosts	cuckoo hash of single addresses; /29../31 are written out as
 *		the 8 addresses or fewer that they are
 *	blocks	cuckoo hash of /28 networks; /25../27 are written out as the 8
 *		or fewer that they are; asked where `mid` has the /24's bit
 *
 * So there is no trie and every look-up ends in at most five cache lines,
 * nearly all in one or two.
 *
 * Readers take no lock. The writer moves an entry by writing it to its other
 * bucket, counting the move, and only then clearing the old slot; and it
 * counts before it takes away a prefix, in whose stead a longer one may have
 * come that the reader is past already. A reader that found nothing, or only
 * what `top` has, compares the count with what it was and looks again if it
 * went up. So an address that is listed all the time is found all the time.
 * (Three looks at most: to miss, an entry must have gone each time from where
 * the reader was not yet to where it no longer was.) This needs loads to stay
 * in order, which x86 gives; the volatile reads keep the compiler to it.
 */
#pragma once

#include "xdp/bits.h"
#include "xdp/cuckoo4.h"

#define FW_FRONT4_BYTES (1u << 22)
#define FW_TOP4_COUNT	(1u << 24) /* of __u16 */
#define FW_MID4_BYTES	(1u << 21) /* a bit for each /24 */

enum fw_front4 {
	FW_FRONT4_NONE,
	FW_FRONT4_DIRECT, /* class 1 */
	FW_FRONT4_TOP,
	FW_FRONT4_HOSTS,
};

/*
 * Supplied by whoever includes this: the array, or NULL if there is none
 * (never, but the verifier does not know). `view` is the includer's own.
 */
struct fw_view4;
FW_INLINE const __u8 *fw_front4(const struct fw_view4 *view);
FW_INLINE const __u16 *fw_top4(const struct fw_view4 *view);
FW_INLINE const __u8 *fw_mid4(const struct fw_view4 *view);
FW_INLINE struct fw_cuckoo4 fw_hosts4(const struct fw_view4 *view);
FW_INLINE struct fw_cuckoo4 fw_blocks4(const struct fw_view4 *view);
FW_INLINE const __u32 *fw_moves4(const struct fw_view4 *view);

/* fw_deep4(), called where the verifier gains by it. */
FW_INLINE __u32 fw_below4(const struct fw_view4 *view, __u32 addr);

/* Below a /24 whose front says so: hosts, blocks, then what covers both. */
FW_INLINE __u32 fw_deep4(const struct fw_view4 *view, __u32 addr)
{
	struct fw_cuckoo4 hosts = fw_hosts4(view);
	struct fw_cuckoo4 blocks;
	const __u8 *mid = fw_mid4(view);
	__u32 net = addr >> 8;
	__u32 class_id;

	FW_OPAQUE(net);
	net &= FW_TOP4_COUNT - 1;

	if (!hosts.slots || !mid)
		return 0;

	class_id = fw_find4(&hosts, addr);
	if (class_id || !(FW_READ(mid[net >> 3]) >> (net & 7) & 1))
		return class_id;

	blocks = fw_blocks4(view);
	return blocks.slots ? fw_find4(&blocks, addr >> 4) : 0;
}

/* The same where front does not know the answer by itself. Front is read again
 * after the count: what it said before may be past. */
FW_INLINE __u32 fw_slow4(const struct fw_view4 *view, __u32 addr, __u32 net,
			 const __u8 *front)
{
	const __u32 *moves = fw_moves4(view);
	const __u16 *top = fw_top4(view);
	__u32 class_id = 0;

	if (!moves || !top)
		return 0;

	FW_NO_UNROLL
	for (int look = 0; look < 3; look++) {
		__u32 before = FW_READ(*moves);
		__u32 say = FW_READ(front[net >> 2]) >> ((net & 3) * 2) & 3;

		if (say < FW_FRONT4_TOP)
			return say;
		class_id = say == FW_FRONT4_HOSTS ? fw_below4(view, addr) : 0;
		if (class_id)
			return class_id;
		class_id = FW_READ(top[net]);
		if (FW_READ(*moves) == before)
			break;
	}
	return class_id;
}

/* The class of the longest prefix that covers `addr` (host order), or 0. */
FW_INLINE __u32 fw_lookup4(const struct fw_view4 *view, __u32 addr)
{
	const __u8 *front = fw_front4(view);
	__u32 net = addr >> 8;
	__u32 say;

	if (!front)
		return 0;
	FW_OPAQUE(net);
	net &= FW_TOP4_COUNT - 1;

	say = FW_READ(front[net >> 2]) >> ((net & 3) * 2) & 3;
	if (say < FW_FRONT4_TOP)
		return say; /* 0 or the direct class */
	return fw_slow4(view, addr, net, front);
}
