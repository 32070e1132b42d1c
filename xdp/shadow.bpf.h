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

static __always_inline void remember_shadow(struct pkt *pkt,
					    const struct fw_slot *slot)
{
	const struct fw_capture *asked;

	if (EXPLAINS || (slot->act != FW_ACT_DROP && slot->act != FW_ACT_LIMIT))
		return;
	asked = only(&capture);
	if (pkt->shadow == FW_RULE_NONE ||
	    (asked && FW_READ(asked->counter) == slot->counter))
		pkt->shadow = slot->counter;
}
