/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_find.bpf.h - the flow that is remembered for a key; a part of
 * stage_state.
 *
 * One without a packet for longer than its time is not there, whatever the
 * maps still hold; so a change of times holds from the next packet on.
 */
#pragma once

#include <stdbool.h>

#include "xdp/flow_key.bpf.h"
#include "xdp/flow_maps.bpf.h"
#include "xdp/flow_tcp.bpf.h"

static __always_inline __u64 keep_ns(const struct fw_flow_key *key, __u8 stage,
				     __u32 flags)
{
	__u32 keep = FW_KEEP_OTHER;
	bool is_open = stage == FW_STAGE_OPEN;

	if (key->protocol == IPPROTO_TCP)
		keep = is_closing(flags) ? FW_KEEP_TCP_CLOSING
		       : is_open	 ? FW_KEEP_TCP_OPEN
					 : FW_KEEP_TCP_OPENING;
	else if (key->protocol == IPPROTO_UDP)
		keep = is_open ? FW_KEEP_UDP_ANSWERED : FW_KEEP_UDP;
	else if (is_icmp(key->family, key->protocol))
		keep = FW_KEEP_ICMP;
	return cfg_flow_keep_ns[keep & (FW_KEEP_ROOM - 1)];
}

static __always_inline __u64 idle_ns(const struct fw_flow *flow, __u64 now_ns)
{
	__s64 idle_ns = now_ns - FW_READ(flow->seen_ns);

	return idle_ns > 0 ? idle_ns : 0; /* another CPU was quicker */
}

static __always_inline bool is_live(const struct fw_flow *flow,
				    const struct fw_flow_key *key, __u64 now_ns)
{
	return idle_ns(flow, now_ns) < keep_ns(key, flow->stage, flow->flags);
}

/* A SYN starts over what has ended: `starts_over` for one. */
static __always_inline struct fw_flow *find_flow(const struct fw_flow_key *key,
						 __u64 now_ns, bool starts_over)
{
	struct fw_flow *flow = bpf_map_lookup_elem(&flows, key);

	if (flow && is_live(flow, key, now_ns) &&
	    !(starts_over && is_closing(flow->flags)))
		return flow;
	flow = bpf_map_lookup_elem(&opening, key);
	if (flow && is_live(flow, key, now_ns) &&
	    !(starts_over && is_closing(flow->flags)))
		return flow;
	return NULL;
}
