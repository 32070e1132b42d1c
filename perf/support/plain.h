/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain.h - rules and packets in the plainest form, the same for programs and
 * for those who measure them.
 *
 * A rule is what a line of an access list says about IPv4. What it does not
 * ask for it writes as a mask of 0, or all ports. Ports are asked for with TCP
 * and UDP only, flags with TCP.
 *
 * Byte order: host, but for what ends in _be.
 */
#pragma once

#include <linux/ip.h>
#include <linux/types.h>

#include <bpf/bpf_endian.h>

#include "xdp/bits.h"

#define PLAIN_RULES_MAX	   4096
#define PLAIN_PACKET_COUNT (1u << 16)

enum plain_act {
	PLAIN_PASS,
	PLAIN_DROP,
	PLAIN_COUNT, /* goes on */
};

struct plain_rule {
	__u32 source, source_mask;
	__u32 destination, destination_mask;
	__u16 source_port_first, source_port_last;
	__u16 destination_port_first, destination_port_last;
	__u8 protocol, protocol_mask;
	__u8 flags, flags_mask; /* of TCP */
	__u32 act; /* enum plain_act */
};

struct plain_packet {
	__u32 source, destination;
	__u16 source_port, destination_port;
	__u16 check_be; /* of the IP header, by traffic.h */
	__u8 protocol, flags;
};

struct plain_l4 {
	__be16 source_port, destination_port;
	__u8 between[9];
	__u8 flags; /* of TCP */
	__u8 behind[6];
};

/* What follows the Ethernet header. */
struct plain_head {
	struct iphdr ip;
	struct plain_l4 l4;
};

FW_INLINE int plain_meets(const struct plain_rule *rule,
			  const struct plain_packet *packet)
{
	if ((packet->source ^ rule->source) & rule->source_mask)
		return 0;
	if ((packet->destination ^ rule->destination) & rule->destination_mask)
		return 0;
	if ((packet->protocol ^ rule->protocol) & rule->protocol_mask)
		return 0;
	if (packet->source_port < rule->source_port_first ||
	    packet->source_port > rule->source_port_last)
		return 0;
	if (packet->destination_port < rule->destination_port_first ||
	    packet->destination_port > rule->destination_port_last)
		return 0;
	return !((packet->flags ^ rule->flags) & rule->flags_mask);
}

/* Into a frame of testrun_frame()'s; what else stands in it stays. */
FW_INLINE void plain_write(struct plain_head *head,
			   const struct plain_packet *packet)
{
	head->ip.saddr = bpf_htonl(packet->source);
	head->ip.daddr = bpf_htonl(packet->destination);
	head->ip.protocol = packet->protocol;
	head->ip.check = packet->check_be;
	head->l4.source_port = bpf_htons(packet->source_port);
	head->l4.destination_port = bpf_htons(packet->destination_port);
	head->l4.flags = packet->flags;
}

FW_INLINE void plain_read(const struct plain_head *head,
			  struct plain_packet *packet)
{
	packet->source = bpf_ntohl(head->ip.saddr);
	packet->destination = bpf_ntohl(head->ip.daddr);
	packet->protocol = head->ip.protocol;
	packet->check_be = head->ip.check;
	packet->source_port = bpf_ntohs(head->l4.source_port);
	packet->destination_port = bpf_ntohs(head->l4.destination_port);
	packet->flags = head->l4.flags;
}

_Static_assert(sizeof(struct plain_rule) == 32, "as programs read it");
_Static_assert(sizeof(struct plain_packet) == 16, "as programs read it");
_Static_assert(sizeof(struct plain_head) == 40, "as it is on the wire");
