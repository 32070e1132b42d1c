/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table6.h - the IPv6 address table: look-up, the same in kernel and user
 * space. The one writer is daemon/packet/table6.c.
 *
 *	front	1 bit for each /24: is anything in it covered. 2 MiB; an
 *		address that nothing covers costs this one access
 *	top	for each /20: the class of the longest prefix of length <= 20,
 *		and which of the levels 24, 28 and 32 are in use below it. 4 MiB
 *	exact	cuckoo hash of (address cut to a level, level). Levels are 24,
 *		28, ... 128; a prefix in between is written out as the 8 or
 *		fewer of the next level that it is
 *
 * An entry of level 32 is a *hub*: it says which levels from 36 on are in use
 * below it, and stands there for that alone if need be. Networks are handed
 * out as /32s, and below one of them few lengths are in use, so a look-up
 * asks the hub, then the one or two levels that it names, longest first.
 *
 * For moves, and what else is counted, see table4.h; class and levels of a
 * /20 are one word, so what it says was true of all lengths up to 20 at once.
 */
#pragma once

#include "xdp/bits.h"
#include "xdp/exact6.h"

#define FW_FRONT6_BYTES (1u << 21)
#define FW_TOP6_COUNT	(1u << 20) /* of __u32 */
#define FW_TOP6_BITS	20

#define FW_DEEP6_COUNT 24 /* levels 36 to 128 */

/* Of the levels below a hub, number 0 is /128, 1 is /124, ... 23 is /36. */
#define FW_DEEP6_BITS(n) (128 - FW_LEVEL6_STEP * (n))

/* A word of `top`: class in bits 0..15, levels in use in bits 16..18. */
#define FW_TOP6_CLASS(word) ((__u32)(word)&0xffffu)
#define FW_TOP6_HUBS	    (1u << 16)
#define FW_TOP6_LEVEL28	    (1u << 17)
#define FW_TOP6_LEVEL24	    (1u << 18)
#define FW_TOP6_LEVELS	    (FW_TOP6_HUBS | FW_TOP6_LEVEL28 | FW_TOP6_LEVEL24)

/* Supplied by whoever includes this; see table4.h. */
struct fw_view6;
FW_INLINE const __u8 *fw_front6(const struct fw_view6 *view);
FW_INLINE const __u32 *fw_top6(const struct fw_view6 *view);
FW_INLINE struct fw_exact6 fw_exact6(const struct fw_view6 *view);
FW_INLINE const __u32 *fw_moves6(const struct fw_view6 *view);

/* fw_find6() in the view's `exact`, called where the verifier gains by it. */
FW_INLINE __u64 fw_probe6(const struct fw_view6 *view, struct fw_key6 key,
			  __u32 level);

/* Number of the lowest bit set: how many bits lie below it. */
FW_INLINE __u32 fw_lowest_bit(__u32 word)
{
	__u32 below = (word & -word) - 1;

	below -= below >> 1 & 0x55555555;
	below = (below & 0x33333333) + (below >> 2 & 0x33333333);
	below = (below + (below >> 4)) & 0x0f0f0f0f;
	return below * 0x01010101 >> 24;
}

/* The longest of the levels below a hub that has the address, or 0. */
FW_INLINE __u32 fw_deep6(const struct fw_view6 *view, struct fw_key6 addr,
			 __u32 levels)
{
	FW_NO_UNROLL
	for (int i = 0; i < FW_DEEP6_COUNT && levels; i++) {
		__u32 level = FW_DEEP6_BITS(fw_lowest_bit(levels));
		__u32 class_id;

		class_id = (__u32)fw_probe6(view, fw_cut6(addr, level), level);
		if (class_id)
			return class_id;
		levels &= levels - 1;
	}
	return 0;
}

/* Of one level of `top`, if it is in use there. */
FW_INLINE __u32 fw_level6(const struct fw_view6 *view, struct fw_key6 addr,
			  __u32 level, __u32 is_used)
{
	return is_used ? (__u32)fw_probe6(view, fw_cut6(addr, level), level)
		       : 0;
}

/* All levels below a word of `top`. */
FW_INLINE __u32 fw_below6(const struct fw_view6 *view, struct fw_key6 addr,
			  __u32 say)
{
	__u32 class_id;
	__u64 hub = 0;

	if (say & FW_TOP6_HUBS)
		hub = fw_probe6(view, fw_cut6(addr, FW_HUB6_LEVEL),
				FW_HUB6_LEVEL);
	class_id = fw_deep6(view, addr, (__u32)(hub >> 16));
	if (class_id)
		return class_id;
	if (hub & FW_ENTRY6_CLASS)
		return (__u32)(hub & FW_ENTRY6_CLASS);
	class_id = fw_level6(view, addr, 28, say & FW_TOP6_LEVEL28);
	if (class_id)
		return class_id;
	return fw_level6(view, addr, 24, say & FW_TOP6_LEVEL24);
}

/* The class of the longest prefix that covers `addr`, or 0. */
FW_INLINE __u32 fw_lookup6(const struct fw_view6 *view, struct fw_key6 addr)
{
	const __u8 *front = fw_front6(view);
	const __u32 *top = fw_top6(view);
	const __u32 *moves = fw_moves6(view);
	__u32 net = (__u32)(addr.hi >> 40);
	__u32 class_id = 0;

	if (!front || !top || !moves)
		return 0;
	FW_OPAQUE(net);
	net &= (FW_FRONT6_BYTES << 3) - 1;
	if (!(FW_READ(front[net >> 3]) >> (net & 7) & 1))
		return 0;

	FW_NO_UNROLL
	for (int look = 0; look < 3; look++) {
		__u32 before = FW_READ(*moves);
		__u32 say = FW_READ(top[net >> 4]);

		class_id = fw_below6(view, addr, say);
		if (class_id)
			return class_id;
		class_id = FW_TOP6_CLASS(say);
		if (FW_READ(*moves) == before)
			break;
	}
	return class_id;
}
