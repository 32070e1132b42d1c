/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_source - what is the source address, and what follows from that alone.
 *
 *	reads	the address table, classes (written by daemon/packet)
 *	writes	pkt->class_id, pkt->set_id
 *	says	the reason of the source's class, or FW_NEXT if it has none
 *	costs	one cache line for most unlisted sources, two for listed ones
 */
#pragma once

#include "xdp/maps.bpf.h"
#include "xdp/pkt.bpf.h"

/* Not inlined: the verifier takes it on its own, once. */
__noinline int class_of_source6(__u64 hi, __u64 lo)
{
	struct fw_view6 view = {};

	return fw_lookup6(&view, (struct fw_key6){.hi = hi, .lo = lo});
}

static __always_inline __u32 class_of_source(const struct pkt *pkt)
{
	struct fw_view4 view = {};

	if (pkt->family == PKT_V6)
		return class_of_source6(pkt->saddr6.hi, pkt->saddr6.lo);
	return fw_lookup4(&view, pkt->saddr4);
}

static __always_inline enum fw_reason stage_source(struct pkt *pkt)
{
	struct fw_class *class;
	__u32 class_id = class_of_source(pkt);

	if (class_id == 0)
		return FW_NEXT;

	class = bpf_map_lookup_elem(&classes, &class_id);
	if (!class)
		return FW_NEXT;
	pkt->class_id = class_id;
	pkt->set_id = class->set_id;
	return class->reason;
}
