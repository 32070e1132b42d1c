/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_key.bpf.h - which flow a packet belongs to, and from which end it is; a
 * part of stage_state.
 *
 * ICMP asks and answers: the type of the request and the end that asks are in
 * the key, so two ends that ping each other with one identifier have two
 * flows. Types that are neither belong to none.
 */
#pragma once

#include <stdbool.h>

#include <linux/in.h>
#include <linux/in6.h>

#include "xdp/flow.h"
#include "xdp/pkt.bpf.h"

#define KIND_NONE 255

/* Addresses and ports of a packet, or of the one inside an ICMP error. */
struct ends {
	struct fw_key6 source, destination;
	__u16 sport, dport;
	__u8 family;
	__u8 protocol;
	__u8 icmp_type;
	__u8 reserved;
};

/* What a request and its answer have in common, or KIND_NONE. */
static __always_inline __u8 icmp_kind(__u8 family, __u8 type, bool *ret_asks)
{
	bool is_v6 = family == PKT_V6;

	*ret_asks = true;
	if (is_v6 ? type == 128 || type == 139
		  : type == 8 || type == 13 || type == 15 || type == 17)
		return type;
	*ret_asks = false;
	if (!is_v6 && type == 0)
		return 8;
	if (is_v6 ? type == 129 || type == 140
		  : type == 14 || type == 16 || type == 18)
		return type - 1;
	return KIND_NONE;
}

static __always_inline bool is_icmp(__u8 family, __u8 protocol)
{
	return protocol == (family == PKT_V6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

static __always_inline bool is_lower(const struct ends *ends)
{
	if (ends->source.hi != ends->destination.hi)
		return ends->source.hi < ends->destination.hi;
	if (ends->source.lo != ends->destination.lo)
		return ends->source.lo < ends->destination.lo;
	return ends->sport <= ends->dport;
}

/* The key, and the end it was sent from. False: it belongs to no flow. */
static __always_inline bool key_of(const struct ends *ends,
				   struct fw_flow_key *key, __u8 *ret_from)
{
	__u8 from = is_lower(ends) ? FW_END_LOW : FW_END_HIGH;
	bool asks = true;

	__builtin_memset(key, 0, sizeof(*key));
	key->protocol = ends->protocol;
	key->family = ends->family;
	if (from == FW_END_LOW) {
		key->addr[0][0] = ends->source.hi;
		key->addr[0][1] = ends->source.lo;
		key->addr[1][0] = ends->destination.hi;
		key->addr[1][1] = ends->destination.lo;
		key->port[0] = ends->sport;
		key->port[1] = ends->dport;
	} else {
		key->addr[1][0] = ends->source.hi;
		key->addr[1][1] = ends->source.lo;
		key->addr[0][0] = ends->destination.hi;
		key->addr[0][1] = ends->destination.lo;
		key->port[1] = ends->sport;
		key->port[0] = ends->dport;
	}
	*ret_from = from;
	if (!is_icmp(ends->family, ends->protocol))
		return true;
	key->kind = icmp_kind(ends->family, ends->icmp_type, &asks);
	key->asker = asks ? from : from ^ 1;
	return key->kind != KIND_NONE;
}

static __always_inline void put_addresses(const struct pkt *pkt,
					  struct ends *ends)
{
	ends->family = pkt->family;
	if (pkt->family == PKT_V6) {
		ends->source = pkt->saddr6;
		ends->destination = pkt->daddr6;
		return;
	}
	ends->source = (struct fw_key6){.lo = pkt->saddr4};
	ends->destination = (struct fw_key6){.lo = pkt->daddr4};
}

/* Of a packet that stage_l4 has read; `pkt->icmp_id` is known. */
static __always_inline void ends_of(const struct pkt *pkt, struct ends *ends)
{
	__builtin_memset(ends, 0, sizeof(*ends));
	put_addresses(pkt, ends);
	ends->protocol = pkt->l4_proto;
	if (is_icmp(pkt->family, pkt->l4_proto)) {
		ends->icmp_type = pkt->sport;
		ends->sport = pkt->icmp_id;
		ends->dport = pkt->icmp_id;
	} else if (pkt->l4_read) {
		ends->sport = pkt->sport;
		ends->dport = pkt->dport;
	}
}
