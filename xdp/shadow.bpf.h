/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shadow.bpf.h - the rule in shadow that would have dropped a packet; a part
 * of stage_classify.
 *
 *	reads	capture
 *	writes	pkt->shadow
 *	costs	nothing but where such a rule matches
 *
 * The first there is, or the one that is captured by.
 */
#pragma once

#include "xdp/capture_maps.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/policy_maps.bpf.h"

/* Not inlined: the stack of the walk is used up as 6.1 counts it. Returns 0. */
__noinline int put_shadow(struct pkt *pkt, __u32 counter)
{
	const struct fw_capture *asked = only(&capture);

	if (!pkt)
		return 0;
	if (pkt->shadow == FW_RULE_NONE ||
	    (asked && FW_READ(asked->counter) == counter))
		pkt->shadow = counter;
	return 0;
}

static __always_inline void remember_shadow(struct pkt *pkt,
					    const struct fw_slot *slot)
{
	if (EXPLAINS || (slot->act != FW_ACT_DROP && slot->act != FW_ACT_LIMIT))
		return;
	(void)put_shadow(pkt, slot->counter);
}
