/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.h - a builder of Ethernet frames, from what they shall consist of.
 *
 * Lengths and the IPv4 header checksum are right; what a test wants wrong it
 * changes in `data` afterwards, for which the offsets are told. A frame is
 * truncated by handing on fewer bytes of it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX	9216 /* bytes */
#define FRAME_TAGS_MAX	3
#define FRAME_CHAIN_MAX 12

#define FRAME_SPORT 0x1234
#define FRAME_DPORT 0x0457
#define FRAME_FLAGS 0x12 /* of TCP: SYN and ACK */

#define FRAME_8021Q  0x8100
#define FRAME_8021AD 0x88a8
#define FRAME_VXLAN  4789 /* destination port */

enum frame_frag {
	FRAME_WHOLE,
	FRAME_FIRST, /* and more follow */
	FRAME_LATER, /* the second, and more follow */
	FRAME_FRAG_COUNT,
};

/* What is 0 or NULL is left out or has its usual value. */
struct frame_spec {
	uint16_t tags[FRAME_TAGS_MAX]; /* FRAME_8021Q, FRAME_8021AD */
	uint16_t ethertype; /* only if neither IPv4 nor IPv6 */
	uint8_t family; /* 4, 6, or 0: filler behind the Ethernet header */
	uint8_t proto;
	uint8_t hop_limit; /* 64 */
	uint8_t icmp_type; /* echo request */
	uint8_t icmp_code;
	enum frame_frag frag;
	const char *source; /* as text; 192.0.2.1 or 2001:db8::1 */
	unsigned int option_bytes; /* IPv4; 4 x N, to 40 */
	uint8_t chain[FRAME_CHAIN_MAX]; /* IPv6, extension headers */
	size_t chain_count;
	unsigned int extension_units; /* 8 bytes each, more than the least */
	size_t payload_bytes; /* of filler */
	const struct frame_spec *inner; /* of IP in IP, or over UDP: VXLAN */
};

struct frame {
	uint8_t data[FRAME_MAX];
	size_t len;
	size_t l3; /* where the IP header is */
	size_t source_end; /* with so many bytes the source can be read */
	size_t read_end; /* and with so many all that is ever read */
	size_t extension_count; /* to the fragment header of a later one */
};

/* In a fragmented IPv6 packet a fragment header that `chain` has says so, or
 * else one is put behind the chain. Filler is 0xa5. */
void frame_build(const struct frame_spec *spec, struct frame *ret_frame);
