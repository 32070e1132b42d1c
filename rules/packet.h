/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.h - what a policy is asked about: the facts of one packet.
 *
 * What the frame says is read by packet_read(), by the rules of
 * docs/parsing.md and with nothing of the packet path's own code: it is the
 * second opinion that the first is compared with. What the frame cannot say
 * (state, direction, interface) the caller adds.
 *
 *	1. A fact that a packet does not have is absent, not 0: the has_ fields
 *	   say so, and a condition on it is not met.
 *	2. Nothing is read behind the end that the IP header states, nor behind
 *	   the frame's.
 *	3. Checksums are not looked at.
 *
 * Owns		nothing: a value
 * Errors	none: every sequence of bytes is one of enum packet_reading
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/prefix.h"
#include "rules/rule.h"

#define PACKET_TAGS_MAX	      2
#define PACKET_EXTENSIONS_MAX 8 /* headers walked before the protocol */

enum packet_reading {
	PACKET_READ, /* all that decides is known */
	PACKET_NOT_IP, /* `ethertype` says what it is */
	PACKET_UNREADABLE, /* addresses known, what follows is not there */
	PACKET_MALFORMED, /* `fault` says how */
	PACKET_READING_COUNT,
};

enum packet_fault {
	PACKET_FAULT_NONE,
	PACKET_TRUNCATED, /* ends before its fixed headers do */
	PACKET_BAD_HEADER, /* the IP version or IPv4 header length cannot be */
	PACKET_THIRD_TAG,
	PACKET_FAULT_COUNT,
};

struct packet {
	uint8_t fault; /* enum packet_fault */
	struct mac mac; /* the frame's source */
	uint16_t ethertype; /* behind the tags read */
	uint16_t tags[PACKET_TAGS_MAX]; /* tag control, the outer first */
	uint8_t tag_count;
	uint16_t vlan; /* as RANGE_VLAN: of the outer tag */

	uint8_t family; /* 4, 6; 0: no addresses */
	struct prefix source, destination; /* single addresses. In a packet of
		IPv6 they may look like IPv4: `family` tells */
	uint16_t length; /* as RANGE_LENGTH; 0 without addresses */
	uint8_t hop_limit;
	uint8_t extension_count; /* of IPv6, before the protocol */
	uint8_t frag; /* enum frag_kind */
	bool has_protocol; /* false: the walk did not come to it */
	uint8_t protocol;
	bool has_ports; /* of TCP, UDP, SCTP */
	uint16_t source_port, destination_port;
	bool has_flags;
	uint8_t flags; /* as struct flags has them */
	bool is_plain_tcp; /* with its options, whole, unfragmented, directly
		behind a fixed IP header; from one station to one */
	bool has_icmp; /* ICMP in IPv4, ICMPv6 in IPv6 */
	uint16_t icmp; /* type << 8 | code */

	uint8_t state; /* enum flow_state; from the caller, as are */
	uint8_t direction; /* DIRECTION_IN, DIRECTION_OUT; 0: not said */
	char ifname[RULE_NAME_MAX]; /* "": not said */
};

/* Read an Ethernet frame of `len` bytes. What comes from the caller is 0 in
 * *ret_packet; what is behind the point where reading ended is absent. */
enum packet_reading packet_read(const uint8_t *frame, size_t len,
				struct packet *ret_packet);

/* "read", "not-ip", ...; "truncated", "bad-header", ... */
const char *packet_reading_name(enum packet_reading reading);
const char *packet_fault_name(enum packet_fault fault);
