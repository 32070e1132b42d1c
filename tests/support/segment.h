/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segment.h - a builder of packets as conversations consist of: two ends,
 * TCP flags and numbers, echoes, errors that quote a packet, fragments.
 *
 * Frames are Ethernet without tags; lengths are right, checksums are 0 but
 * for nothing in the packet path asks for them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEGMENT_MAX 256 /* bytes of a frame */

#define SEG_FIN 1
#define SEG_SYN 2
#define SEG_RST 4
#define SEG_PSH 8
#define SEG_ACK 16
#define SEG_URG 32

#define SEG_ICMP  1
#define SEG_TCP	  6
#define SEG_UDP	  17
#define SEG_GRE	  47
#define SEG_ICMP6 58

enum segment_frag {
	SEGMENT_WHOLE,
	SEGMENT_FIRST,
	SEGMENT_LATER,
};

struct segment_end {
	uint8_t addr[16]; /* IPv4: the first four bytes */
	uint16_t port; /* ICMP: of the sender, the identifier */
};

/* What is 0 is left out. */
struct segment {
	uint8_t family; /* 4, 6 */
	uint8_t protocol;
	struct segment_end from, to;
	uint8_t flags; /* of TCP */
	uint32_t seq, ack;
	uint8_t type, code; /* of ICMP */
	enum segment_frag frag;
	uint32_t frag_id;
	const struct segment *quoted; /* in an ICMP error */
	size_t quoted_bytes; /* of the quoted packet; 0: all */
};

struct segment_frame {
	uint8_t data[SEGMENT_MAX];
	size_t len;
	size_t l4; /* where the IP header and fragment header end */
};

void segment_build(const struct segment *segment, struct segment_frame *ret);

/* 10.0.0.N, or 2001:db8::N. */
struct segment_end segment_end(uint8_t family, uint8_t number, uint16_t port);

/* The packet that answers in the other direction, but for flags and type. */
struct segment segment_back(const struct segment *segment);
