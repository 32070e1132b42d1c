/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_destination - what is the destination address.
 *
 *	reads	the address table, classes (written by daemon/packet)
 *	writes	pkt->destination_vector, on the way out class_id, set_id
 *	says	FW_PASS_ALLOWED on the way out to one in a set that allows,
 *		else FW_NEXT
 *	costs	as stage_source; nothing when no rule asks about destinations
 *
 * Sets that drop have no say here: what they hold is sources.
 */
#pragma once

#include "xdp/addresses.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/policy_maps.bpf.h"

static __always_inline enum fw_reason stage_destination(struct pkt *pkt)
{
	struct fw_class *class;
	__u32 class_id;

	if (!CTX_IS_EGRESS && !(cfg_dims & (1u << FW_DIM_DESTINATION_SETS)))
		return FW_NEXT;
	class_id = class_of4or6(pkt->family, pkt->daddr4, &pkt->daddr6);
	trace_destination(class_id);
	class = bpf_map_lookup_elem(&classes, &class_id);
	if (!class)
		return FW_NEXT;
	pkt->destination_vector = class->destination;
	if (!CTX_IS_EGRESS || class->reason != FW_PASS_ALLOWED)
		return FW_NEXT;
	pkt->class_id = class_id;
	pkt->set_id = class->set_id;
	return FW_PASS_ALLOWED;
}
