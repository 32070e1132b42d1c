/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture_filter.bpf.h - is a packet one of those that are asked for; a part of
 * stage_capture.
 */
#pragma once

#include "xdp/pkt.bpf.h"

static __always_inline bool is_source_asked_for(const struct fw_capture *asked,
						const struct pkt *pkt)
{
	if (asked->family == 0)
		return true;
	if (asked->family != pkt->family)
		return false;
	if (pkt->family == PKT_V4)
		return (pkt->saddr4 & asked->mask.lo) == asked->source.lo;
	return (pkt->saddr6.hi & asked->mask.hi) == asked->source.hi &&
	       (pkt->saddr6.lo & asked->mask.lo) == asked->source.lo;
}

/* A rule in shadow is asked for by its id, whatever came of the packet. */
static __always_inline bool is_asked_for(const struct fw_capture *asked,
					 const struct pkt *pkt, __u32 why)
{
	bool is_dropped = why >= FW_REASON_FIRST_DROP;
	__u32 as = is_dropped ? why : FW_PASS_SHADOW;

	if (asked->reason != FW_NEXT && asked->reason != as)
		return false;
	if (asked->counter != FW_RULE_NONE && asked->counter != pkt->shadow &&
	    (!is_dropped || asked->counter != pkt->counter))
		return false;
	return is_source_asked_for(asked, pkt);
}
