/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_source - what is the source address, and what follows from that alone.
 *
 *	reads	the address table, classes (written by daemon/packet)
 *	writes	pkt->class_id, set_id, source_vector, is_shadowed, fast
 *	says	the reason of the source's class, FW_DROP_RULE if such a source
 *		is certain to end at a rule, or FW_NEXT, also for one in shadow
 *	costs	one cache line for most unlisted sources, two for listed ones
 *
 * On the way out a source decides nothing by itself: it is ours, or was asked
 * about where it came in.
 */
#pragma once

#include "xdp/addresses.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/policy_maps.bpf.h"

static __always_inline enum fw_reason stage_source(struct pkt *pkt)
{
	__u32 class_id = class_of4or6(pkt->family, pkt->saddr4, &pkt->saddr6);
	struct fw_class *class;

	trace_source(class_id);
	if (class_id == 0 && !cfg_has_policy)
		return FW_NEXT;
	class = bpf_map_lookup_elem(&classes, &class_id);
	if (!class)
		return FW_NEXT;
	pkt->source_vector = class->source;
	if (CTX_IS_EGRESS)
		return FW_NEXT;
	pkt->class_id = class_id;
	pkt->set_id = class->set_id;
	pkt->is_shadowed = class->reason == FW_PASS_SHADOW;
	if (class->reason != FW_NEXT && !pkt->is_shadowed)
		return class->reason;
	if (!cfg_has_policy || !class->fast)
		return FW_NEXT;
	pkt->fast = class->fast;
	return FW_DROP_RULE;
}
