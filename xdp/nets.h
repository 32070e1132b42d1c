/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nets.h - the networks that rules name, longest first: look-up, the same in
 * kernel and user space. Built by daemon/packet/nets.c, then never written.
 *
 * A network's number is its region; region 0 is "in none". These are few and
 * belong to a generation, so they have a small table of their own, and the
 * address table holds members of sets only.
 *
 *	nets4	16, 8 and 8 bits a step; an entry is a region, or with
 *		FW_NET_BELOW the number of 256 entries one step down. The first
 *		65,536 are the first step
 *	nets6	nodes that branch over one byte of the address and skip what
 *		does not branch: an address that is not in a node's own network
 *		has the region that was the longest so far
 */
#pragma once

#include "xdp/bits.h"
#include "xdp/exact6.h"

#define FW_NET_BELOW 0x8000u
#define FW_NET_MAX   0x8000 /* regions, and nodes of either table */

#define FW_NETS4_ROOT  65536u
#define FW_NETS6_STEPS 16

struct fw_net_node6 {
	__u64 hi, lo; /* the network of the node */
	__u64 mask_hi, mask_lo;
	__u16 outside; /* region of what is not in it */
	__u16 shift; /* where in the address the byte lies: 0, 8, ... 120 */
	__u16 reserved[2];
	__u16 next[256]; /* region, or FW_NET_BELOW and a node */
};

/* Supplied by whoever includes this; NULL if there is none. Indices are
 * within what was built. */
struct fw_nets;
FW_INLINE __u16 fw_net4(const struct fw_nets *nets, __u32 index);
FW_INLINE const struct fw_net_node6 *fw_net6(const struct fw_nets *nets,
					     __u32 index);

FW_INLINE __u32 fw_region4(const struct fw_nets *nets, __u32 addr)
{
	__u32 entry = fw_net4(nets, addr >> 16);

	if (entry & FW_NET_BELOW)
		entry = fw_net4(nets, FW_NETS4_ROOT +
					      (entry & ~FW_NET_BELOW) * 256 +
					      (addr >> 8 & 255));
	if (entry & FW_NET_BELOW)
		entry = fw_net4(nets, FW_NETS4_ROOT +
					      (entry & ~FW_NET_BELOW) * 256 +
					      (addr & 255));
	return entry & ~FW_NET_BELOW;
}

FW_INLINE __u32 fw_region6(const struct fw_nets *nets, struct fw_key6 addr)
{
	__u32 entry = FW_NET_BELOW; /* the first node */

	FW_NO_UNROLL
	for (int i = 0; i < FW_NETS6_STEPS && (entry & FW_NET_BELOW); i++) {
		const struct fw_net_node6 *node =
			fw_net6(nets, entry & ~FW_NET_BELOW);
		__u64 half;

		if (!node)
			return 0;
		if (((addr.hi ^ node->hi) & node->mask_hi) |
		    ((addr.lo ^ node->lo) & node->mask_lo))
			return node->outside;
		half = node->shift & 64 ? addr.hi : addr.lo;
		entry = node->next[half >> (node->shift & 63) & 255];
	}
	return entry & ~FW_NET_BELOW;
}
