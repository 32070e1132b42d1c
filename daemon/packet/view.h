/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.h - the address tables as user space sees them: plain memory.
 *
 * The same look-up as the kernel's (xdp/table4.h, xdp/table6.h) over arrays
 * that are either the maps, mapped, or a test's own memory.
 */
#pragma once

#include <stddef.h>

#include "xdp/abi.h"
#include "xdp/table4.h"
#include "xdp/table6.h"

struct fw_view4 {
	__u8 *front;
	__u16 *top;
	__u8 *mid;
	__u32 *hosts;
	__u32 *blocks;
	__u32 hosts_bits; /* buckets, as a power of two */
	__u32 blocks_bits;
	__u32 seed;
	__u32 *moves;
};

struct fw_view6 {
	__u8 *front;
	__u32 *top;
	struct fw_bucket6 *buckets;
	__u32 exact_bits; /* buckets, as a power of two */
	__u64 seed;
	__u32 *moves;
};

/* Tell readers that something moves or goes: after what takes its place is
 * written, before the old word is. See xdp/table4.h. */
static inline void view_count_move(__u32 *moves)
{
	__u32 *count = moves;

	__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
}

FW_INLINE const __u8 *fw_front4(const struct fw_view4 *view)
{
	return view->front;
}

FW_INLINE const __u16 *fw_top4(const struct fw_view4 *view)
{
	return view->top;
}

FW_INLINE const __u8 *fw_mid4(const struct fw_view4 *view)
{
	return view->mid;
}

FW_INLINE struct fw_cuckoo4 fw_hosts4(const struct fw_view4 *view)
{
	return (struct fw_cuckoo4){
		.slots = view->hosts,
		.bucket_bits = view->hosts_bits,
		.seed = view->seed,
		.width = FW_HOSTS4_WIDTH,
	};
}

FW_INLINE struct fw_cuckoo4 fw_blocks4(const struct fw_view4 *view)
{
	return (struct fw_cuckoo4){
		.slots = view->blocks,
		.bucket_bits = view->blocks_bits,
		.seed = view->seed,
		.width = FW_BLOCKS4_WIDTH,
	};
}

FW_INLINE const __u32 *fw_moves4(const struct fw_view4 *view)
{
	return view->moves;
}

FW_INLINE __u32 fw_below4(const struct fw_view4 *view, __u32 addr)
{
	return fw_deep4(view, addr);
}

FW_INLINE const __u8 *fw_front6(const struct fw_view6 *view)
{
	return view->front;
}

FW_INLINE const __u32 *fw_top6(const struct fw_view6 *view)
{
	return view->top;
}

FW_INLINE struct fw_exact6 fw_exact6(const struct fw_view6 *view)
{
	return (struct fw_exact6){
		.buckets = view->buckets,
		.bucket_bits = view->exact_bits,
		.seed = view->seed,
	};
}

FW_INLINE const __u32 *fw_moves6(const struct fw_view6 *view)
{
	return view->moves;
}

FW_INLINE __u64 fw_probe6(const struct fw_view6 *view, struct fw_key6 key,
			  __u32 level)
{
	struct fw_exact6 exact = fw_exact6(view);

	return fw_find6(&exact, key, level);
}
