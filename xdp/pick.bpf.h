/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pick.bpf.h - the vectors that a packet picks, one for each dimension; a part
 * of stage_classify.
 *
 *	reads	pkt, the Ethernet source if rules ask about it, the tables of
 *		policy_maps.bpf.h
 */
#pragma once

#include <linux/if_ether.h>
#include <linux/in.h>

#include "xdp/choice.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/policy_maps.bpf.h"

static __always_inline __u32 region_of(__u8 family, __u32 addr4,
				       const struct fw_key6 *addr6)
{
	struct fw_nets nets = {};

	if (family == PKT_V6)
		return cfg_nets6_count ? fw_region6(&nets, *addr6) : 0;
	return cfg_nets4_count ? fw_region4(&nets, addr4) : 0;
}

static __always_inline void choose_nets(const struct pkt *pkt, __u32 dims,
					struct choice *choice)
{
	const struct fw_region *all = only(&regions);
	__u32 region;

	if (!all)
		return;
	if (is_used(dims, FW_DIM_SOURCE_NETS)) {
		region = region_of(pkt->family, pkt->saddr4, &pkt->saddr6);
		choice->vectors[FW_DIM_SOURCE_NETS] =
			all[region & cfg_region_mask].source;
	}
	if (is_used(dims, FW_DIM_DESTINATION_NETS)) {
		region = region_of(pkt->family, pkt->daddr4, &pkt->daddr6);
		choice->vectors[FW_DIM_DESTINATION_NETS] =
			all[region & cfg_region_mask].destination;
	}
}

static __always_inline bool has_ports(const struct pkt *pkt)
{
	return pkt->l4_read &&
	       (pkt->l4_proto == IPPROTO_TCP || pkt->l4_proto == IPPROTO_UDP ||
		pkt->l4_proto == IPPROTO_SCTP);
}

static __always_inline __u32 icmp_at(const struct pkt *pkt)
{
	__u32 type = pkt->sport << 8 | (pkt->dport & 255);

	if (!pkt->l4_read || has_ports(pkt))
		return FW_AT_ABSENT + FW_DIM_ICMP;
	FW_OPAQUE(type);
	return (pkt->family == PKT_V6 ? FW_AT_ICMPV6 : FW_AT_ICMP) +
	       (type & 0xffff);
}

/* The verifier of 6.1 loses the bounds of two words or-ed. */
static __always_inline __u32 protocol_at(const struct pkt *pkt)
{
	__u32 at = (pkt->family == PKT_V6) * 256 + pkt->l4_proto;

	FW_OPAQUE(at);
	return FW_AT_PROTOCOL + (at & 511);
}

static __always_inline __u32 length_at(const struct pkt *pkt)
{
	__u32 len = pkt->len - pkt->l3_offset;

	return FW_AT_LENGTH + (len < 0xffff ? len : 0xffff);
}

static __always_inline void choose_l4(const struct pkt *pkt, __u32 dims,
				      const __u16 *all, struct choice *choice)
{
	bool ports = has_ports(pkt);

	if (is_used(dims, FW_DIM_PROTOCOL))
		choice->vectors[FW_DIM_PROTOCOL] = all[protocol_at(pkt)];
	if (is_used(dims, FW_DIM_SOURCE_PORT))
		choice->vectors[FW_DIM_SOURCE_PORT] =
			all[ports ? FW_AT_SOURCE_PORT + pkt->sport
				  : FW_AT_ABSENT + FW_DIM_SOURCE_PORT];
	if (is_used(dims, FW_DIM_DESTINATION_PORT))
		choice->vectors[FW_DIM_DESTINATION_PORT] =
			all[ports ? FW_AT_DESTINATION_PORT + pkt->dport
				  : FW_AT_ABSENT + FW_DIM_DESTINATION_PORT];
	if (is_used(dims, FW_DIM_ICMP))
		choice->vectors[FW_DIM_ICMP] = all[icmp_at(pkt)];
	if (is_used(dims, FW_DIM_FLAGS))
		choice->vectors[FW_DIM_FLAGS] =
			all[ports && pkt->l4_proto == IPPROTO_TCP
				    ? FW_AT_FLAGS + pkt->tcp_flags
				    : FW_AT_ABSENT + FW_DIM_FLAGS];
}

static __always_inline void choose_frame(const struct pkt *pkt, __u32 dims,
					 const __u16 *all,
					 struct choice *choice)
{
	__u32 piece = FW_PIECE(pkt->frag & 3, pkt->flow & 7);

	/* the verifier of 6.1 loses the bounds of two words or-ed */
	FW_OPAQUE(piece);
	piece &= 31;
	if (is_used(dims, FW_DIM_LENGTH))
		choice->vectors[FW_DIM_LENGTH] = all[length_at(pkt)];
	if (is_used(dims, FW_DIM_VLAN))
		choice->vectors[FW_DIM_VLAN] =
			all[FW_AT_VLAN +
			    (pkt->tags ? pkt->vlan[0] & 4095 : FW_VLAN_NONE)];
	if (is_used(dims, FW_DIM_PIECE))
		choice->vectors[FW_DIM_PIECE] = all[FW_AT_PIECE + piece];
}

/* An interface that is not among them is in no zone that rules name. */
static __always_inline __u16 gate_vector(const FW_CTX *ctx, const __u16 *values)
{
	const struct fw_gate *all = only(&gates);
	__u32 ifindex = gate_ifindex(ctx);

	FW_UNROLL
	for (int i = 0; all && i < FW_GATE_PROBES; i++) {
		const struct fw_gate *gate =
			&all[(ifindex + i) & (FW_GATE_MAX - 1)];

		if (FW_READ(gate->ifindex) == ifindex)
			return gate->vectors[CTX_IS_EGRESS];
	}
	return values[FW_AT_GATE + CTX_IS_EGRESS];
}

static __always_inline __u16 mac_vector(FW_CTX *ctx, const __u16 *values)
{
	struct fw_mac key = {};
	__u32 *vector;

	if (ctx_load(ctx, ETH_ALEN, key.addr, sizeof(key.addr)) < 0)
		return values[FW_AT_ABSENT + FW_DIM_MAC];
	vector = bpf_map_lookup_elem(&macs, &key);
	return vector ? *vector : values[FW_AT_ABSENT + FW_DIM_MAC];
}

static __always_inline void choose(FW_CTX *ctx, const struct pkt *pkt,
				   struct choice *choice)
{
	const __u16 *all = only(&values);
	const __u32 dims = cfg_dims;

	if (!all)
		return;
	choice->vectors[FW_DIM_SOURCE_SETS] = pkt->source_vector;
	choice->vectors[FW_DIM_DESTINATION_SETS] = pkt->destination_vector;
	choose_nets(pkt, dims, choice);
	choose_l4(pkt, dims, all, choice);
	choose_frame(pkt, dims, all, choice);
	if (is_used(dims, FW_DIM_GATE))
		choice->vectors[FW_DIM_GATE] = gate_vector(ctx, all);
	if (is_used(dims, FW_DIM_MAC))
		choice->vectors[FW_DIM_MAC] = mac_vector(ctx, all);
}
