/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.bpf.h - what stages tell of a packet, in the programs that explain.
 *
 *	reads	trace, what is asked (written by daemon/packet/explainer.h)
 *	writes	trace, what was found
 *	costs	nothing where packets are judged: it is not there
 *
 * An attach point that explains says so before its includes: FW_EXPLAINS.
 * Counts, events and rates are then left alone. It is no cfg_ word because the
 * programs that judge would read that, for each question, in each packet.
 */
#pragma once

#include "xdp/pkt.bpf.h"
#include "xdp/trace.h"

#ifdef FW_EXPLAINS

#define EXPLAINS 1

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fw_trace);
} trace SEC(".maps");

static __always_inline struct fw_trace *the_trace(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&trace, &zero);
}

#else

#define EXPLAINS 0

static __always_inline struct fw_trace *the_trace(void)
{
	return NULL;
}

#endif

/* The interface asked about, or where the packet is. */
static __always_inline __u32 gate_ifindex(const FW_CTX *ctx)
{
	const struct fw_trace *told = the_trace();
	__u32 ifindex = ctx_ifindex(ctx);

	/* or the compiler picks a pointer, which a context's may not be */
	FW_OPAQUE(ifindex);
	return told ? told->ifindex : ifindex;
}

static __always_inline void trace_begin(struct pkt *pkt)
{
	struct fw_trace *told = the_trace();

	if (!told)
		return;
	told->asked = 0;
	told->step_count = 0;
	if (told->flow != FW_TRACE_FLOW_LIVE)
		pkt->flow = told->flow & 7;
}

static __always_inline void trace_source(__u32 class_id)
{
	struct fw_trace *told = the_trace();

	if (!told)
		return;
	told->asked |= FW_TRACE_SOURCE;
	told->source_class = class_id;
}

static __always_inline void trace_destination(__u32 class_id)
{
	struct fw_trace *told = the_trace();

	if (!told)
		return;
	told->asked |= FW_TRACE_DESTINATION;
	told->destination_class = class_id;
}

static __always_inline void trace_vectors(const __u16 *vectors)
{
	struct fw_trace *told = the_trace();

	if (!told)
		return;
	told->asked |= FW_TRACE_RULES;
	for (int dim = 0; dim < FW_DIM_COUNT; dim++)
		told->vectors[dim] = vectors[dim];
}

/* A slot matches; `did` until trace_did() knows better. */
static __always_inline void trace_step(__u32 index, const struct fw_slot *slot,
				       enum fw_did did)
{
	struct fw_trace *told = the_trace();
	__u32 at;

	if (!told)
		return;
	at = told->step_count++;
	if (at < FW_TRACE_STEPS)
		told->steps[at & (FW_TRACE_STEPS - 1)] = (struct fw_trace_step){
			.slot = index,
			.rule = slot->rule,
			.did = did,
			.act = slot->act,
			.flags = slot->flags,
		};
}

/* Of the slot that was told of last. */
static __always_inline void trace_did(enum fw_did did)
{
	struct fw_trace *told = the_trace();
	__u32 at;

	if (!told)
		return;
	at = told->step_count - 1;
	if (at < FW_TRACE_STEPS)
		told->steps[at & (FW_TRACE_STEPS - 1)].did = did;
}

static __always_inline void trace_addresses(struct fw_trace *told,
					    const struct pkt *pkt)
{
	bool is_v4 = pkt->family == PKT_V4;

	told->saddr[0] = is_v4 ? 0 : pkt->saddr6.hi;
	told->saddr[1] = is_v4 ? pkt->saddr4 : pkt->saddr6.lo;
	told->daddr[0] = is_v4 ? 0 : pkt->daddr6.hi;
	told->daddr[1] = is_v4 ? pkt->daddr4 : pkt->daddr6.lo;
}

static __always_inline void trace_end(const struct pkt *pkt, __u32 why)
{
	struct fw_trace *told = the_trace();

	if (!told)
		return;
	trace_addresses(told, pkt);
	told->len = pkt->len;
	told->l3_offset = pkt->l3_offset;
	told->proto_be = pkt->proto_be;
	told->vlan[0] = pkt->vlan[0];
	told->vlan[1] = pkt->vlan[1];
	told->sport = pkt->sport;
	told->dport = pkt->dport;
	told->rule = pkt->rule;
	told->fast = pkt->fast;
	told->reason = why;
	told->set_id = pkt->set_id;
	told->family = pkt->family;
	told->tags = pkt->tags;
	told->l4_proto = pkt->l4_proto;
	told->frag = pkt->frag;
	told->tcp_flags = pkt->tcp_flags;
	told->l4_read = pkt->l4_read;
	told->flow_found = pkt->flow;
}
