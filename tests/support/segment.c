// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/segment.h"

#include <assert.h>
#include <string.h>

#define ETHERNET_BYTES 14
#define IPV4_BYTES     20
#define IPV6_BYTES     40
#define FRAGMENT_BYTES 8
#define FILLER_BYTES   16 /* of later fragments and unknown protocols */

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)(value >> 16));
	put16(at + 2, (uint16_t)value);
}

static size_t build_ip(const struct segment *segment, uint8_t *at);

/* Layer 4 at `at`; how many bytes it is. */
static size_t build_l4(const struct segment *segment, uint8_t *at)
{
	bool is_icmp =
		segment->protocol == SEG_ICMP || segment->protocol == SEG_ICMP6;
	size_t len;

	if (segment->frag == SEGMENT_LATER ||
	    (!is_icmp && segment->protocol != SEG_TCP &&
	     segment->protocol != SEG_UDP)) {
		memset(at, 0xa5, FILLER_BYTES);
		return FILLER_BYTES;
	}
	if (is_icmp) {
		at[0] = segment->type;
		at[1] = segment->code;
		put16(at + 4, segment->quoted ? 0 : segment->from.port);
		if (!segment->quoted)
			return 8;
		len = build_ip(segment->quoted, at + 8);
		if (segment->quoted_bytes && segment->quoted_bytes < len)
			len = segment->quoted_bytes;
		return 8 + len;
	}
	put16(at, segment->from.port);
	put16(at + 2, segment->to.port);
	if (segment->protocol == SEG_UDP) {
		put16(at + 4, 8);
		return 8;
	}
	put32(at + 4, segment->seq);
	put32(at + 8, segment->ack);
	at[12] = 5 << 4;
	at[13] = segment->flags;
	return 20;
}

static size_t build_ipv4(const struct segment *segment, uint8_t *at)
{
	size_t len = IPV4_BYTES + build_l4(segment, at + IPV4_BYTES);

	at[0] = 0x45;
	put16(at + 2, (uint16_t)len);
	put16(at + 4, (uint16_t)segment->frag_id);
	if (segment->frag == SEGMENT_FIRST)
		put16(at + 6, 0x2000);
	if (segment->frag == SEGMENT_LATER)
		put16(at + 6, 5);
	at[8] = 64;
	at[9] = segment->protocol;
	memcpy(at + 12, segment->from.addr, 4);
	memcpy(at + 16, segment->to.addr, 4);
	return len;
}

static size_t build_ipv6(const struct segment *segment, uint8_t *at)
{
	bool is_whole = segment->frag == SEGMENT_WHOLE;
	size_t len = IPV6_BYTES + (is_whole ? 0 : FRAGMENT_BYTES);

	at[0] = 0x60;
	at[6] = is_whole ? segment->protocol : 44;
	at[7] = 64;
	memcpy(at + 8, segment->from.addr, 16);
	memcpy(at + 24, segment->to.addr, 16);
	if (!is_whole) {
		at[40] = segment->protocol;
		put16(at + 42, segment->frag == SEGMENT_FIRST ? 1 : 5 << 3);
		put32(at + 44, segment->frag_id);
	}
	len += build_l4(segment, at + len);
	put16(at + 4, (uint16_t)(len - IPV6_BYTES));
	return len;
}

static size_t build_ip(const struct segment *segment, uint8_t *at)
{
	return segment->family == 4 ? build_ipv4(segment, at)
				    : build_ipv6(segment, at);
}

void segment_build(const struct segment *segment, struct segment_frame *ret)
{
	uint8_t *data = ret->data;

	assert(segment->family == 4 || segment->family == 6);

	*ret = (struct segment_frame){0};
	memset(data, 2, 12);
	put16(data + 12, segment->family == 4 ? 0x0800 : 0x86dd);
	ret->len = ETHERNET_BYTES + build_ip(segment, data + ETHERNET_BYTES);
	ret->l4 = ETHERNET_BYTES +
		  (segment->family == 4 ? IPV4_BYTES : IPV6_BYTES);
	if (segment->family == 6 && segment->frag != SEGMENT_WHOLE)
		ret->l4 += FRAGMENT_BYTES;
}

struct segment_end segment_end(uint8_t family, uint8_t number, uint16_t port)
{
	struct segment_end end = {.port = port};

	if (family == 4) {
		end.addr[0] = 10;
		end.addr[3] = number;
	} else {
		put32(end.addr, 0x20010db8);
		end.addr[15] = number;
	}
	return end;
}

struct segment segment_back(const struct segment *segment)
{
	struct segment back = *segment;

	back.from = segment->to;
	back.to = segment->from;
	return back;
}
