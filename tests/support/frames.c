// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/frames.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define PROTO_ICMP     1
#define PROTO_IPIP     4
#define PROTO_TCP      6
#define PROTO_UDP      17
#define PROTO_IPV6     41
#define PROTO_FRAGMENT 44
#define PROTO_AUTH     51
#define PROTO_ICMPV6   58
#define PROTO_SCTP     132

#define FILLER 0xa5

static const uint8_t ethernet_addresses[12] = {2, 0, 0, 0, 0, 1,
					       2, 0, 0, 0, 0, 2};

static uint8_t *grow(struct frame *frame, size_t bytes)
{
	uint8_t *at = frame->data + frame->len;

	assert(frame->len + bytes <= FRAME_MAX);
	memset(at, 0, bytes);
	frame->len += bytes;
	return at;
}

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_address(uint8_t *at, int family, const char *text)
{
	int r = inet_pton(family, text, at);

	assert(r == 1);
	(void)r;
}

static void build_filler(struct frame *frame, size_t bytes)
{
	memset(grow(frame, bytes), FILLER, bytes);
}

static void build_link(const struct frame_spec *spec, struct frame *frame)
{
	unsigned int type = spec->family == 4	? 0x0800
			    : spec->family == 6 ? 0x86dd
						: spec->ethertype;

	memcpy(grow(frame, sizeof(ethernet_addresses)), ethernet_addresses,
	       sizeof(ethernet_addresses));
	for (int i = 0; i < FRAME_TAGS_MAX && spec->tags[i]; i++) {
		uint8_t *tag = grow(frame, 4);

		put16(tag, spec->tags[i]);
		put16(tag + 2, 0x6000u + 100u + (unsigned int)i);
	}
	put16(grow(frame, 2), type);
}

static void put_checksum(uint8_t *header, size_t bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes; i += 2)
		sum += (uint32_t)header[i] << 8 | header[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(header + 10, ~sum & 0xffff);
}

static void build_ipv4(const struct frame_spec *spec, struct frame *frame)
{
	size_t bytes = 20 + spec->option_bytes;
	uint8_t *ip = grow(frame, bytes);

	ip[0] = (uint8_t)(0x40 | bytes / 4);
	if (spec->frag == FRAME_FIRST)
		put16(ip + 6, 0x2000);
	else if (spec->frag == FRAME_LATER)
		put16(ip + 6, 0x2001);
	ip[8] = spec->hop_limit ? spec->hop_limit : 64;
	ip[9] = spec->proto;
	put_address(ip + 12, AF_INET,
		    spec->source ? spec->source : "192.0.2.1");
	put_address(ip + 16, AF_INET, "198.51.100.9");
	memset(ip + 20, 1, spec->option_bytes); /* no operation */
}

static void end_ipv4(struct frame *frame, size_t l3)
{
	uint8_t *ip = frame->data + l3;

	put16(ip + 2, (unsigned int)(frame->len - l3));
	put_checksum(ip, (size_t)(ip[0] & 15) * 4);
}

/* One extension header; its next-header field is the answer. */
static uint8_t *build_extension(const struct frame_spec *spec, uint8_t kind,
				struct frame *frame)
{
	size_t more = (size_t)spec->extension_units * 8;
	uint8_t *at;

	if (kind == PROTO_FRAGMENT) {
		at = grow(frame, 8);
		put16(at + 2, spec->frag == FRAME_FIRST	  ? 0x0001
			      : spec->frag == FRAME_LATER ? 0x0009
							  : 0);
		return at;
	}
	if (kind == PROTO_AUTH) {
		at = grow(frame, 16 + more);
		at[1] = (uint8_t)(2 + more / 4);
		return at;
	}
	at = grow(frame, 8 + more);
	at[1] = (uint8_t)spec->extension_units;
	return at;
}

/* Also notes how far a reader gets in a later fragment. */
static uint8_t *build_chain(const struct frame_spec *spec, struct frame *frame,
			    uint8_t *next)
{
	bool is_marked = spec->frag == FRAME_WHOLE;

	for (size_t i = 0; i < spec->chain_count || !is_marked; i++) {
		uint8_t kind =
			i < spec->chain_count ? spec->chain[i] : PROTO_FRAGMENT;

		*next = kind;
		next = build_extension(spec, kind, frame);
		frame->extension_count += frame->read_end == 0;
		if (kind == PROTO_FRAGMENT && !frame->read_end &&
		    spec->frag == FRAME_LATER)
			frame->read_end = frame->len;
		is_marked |= kind == PROTO_FRAGMENT;
	}
	return next;
}

static void build_ipv6(const struct frame_spec *spec, struct frame *frame)
{
	uint8_t *ip = grow(frame, 40);

	ip[0] = 0x60;
	ip[7] = spec->hop_limit ? spec->hop_limit : 64;
	put_address(ip + 8, AF_INET6,
		    spec->source ? spec->source : "2001:db8::1");
	put_address(ip + 24, AF_INET6, "2001:db8:9::9");
	*build_chain(spec, frame, ip + 6) = spec->proto;
}

static void end_ipv6(struct frame *frame, size_t l3)
{
	put16(frame->data + l3 + 4, (unsigned int)(frame->len - l3 - 40));
}

static void build_ports(const struct frame_spec *spec, uint8_t *at)
{
	put16(at, FRAME_SPORT);
	put16(at + 2, spec->inner ? FRAME_VXLAN : FRAME_DPORT);
}

/* What of it a reader wants is its fixed header. */
static void build_l4(const struct frame_spec *spec, struct frame *frame)
{
	uint8_t *at;

	switch (spec->proto) {
	case PROTO_TCP:
		at = grow(frame, 20);
		build_ports(spec, at);
		at[12] = 0x50;
		at[13] = FRAME_FLAGS;
		break;
	case PROTO_UDP:
		at = grow(frame, 8);
		build_ports(spec, at);
		put16(at + 4, (unsigned int)(8 + spec->payload_bytes));
		break;
	case PROTO_SCTP:
		build_ports(spec, grow(frame, 12));
		break;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		if ((spec->proto == PROTO_ICMP) != (spec->family == 4))
			break;
		at = grow(frame, 8);
		at[0] = spec->icmp_type	    ? spec->icmp_type
			: spec->family == 4 ? 8
					    : 128;
		at[1] = spec->icmp_code;
		break;
	default:
		break;
	}
}

static void build_packet(const struct frame_spec *spec, struct frame *frame);

static void build_inner(const struct frame_spec *spec, struct frame *frame)
{
	if (spec->proto == PROTO_UDP) {
		grow(frame, 8)[0] = 0x08; /* VXLAN: the number is valid */
		build_link(spec->inner, frame);
	}
	build_packet(spec->inner, frame);
}

static void build_packet(const struct frame_spec *spec, struct frame *frame)
{
	size_t l3 = frame->len;

	if (spec->family == 4)
		build_ipv4(spec, frame);
	else
		build_ipv6(spec, frame);
	if (spec->frag != FRAME_LATER)
		build_l4(spec, frame);
	if (!frame->read_end)
		frame->read_end = frame->len;

	if (spec->inner && spec->frag != FRAME_LATER)
		build_inner(spec, frame);
	build_filler(frame, spec->payload_bytes);
	if (spec->family == 4)
		end_ipv4(frame, l3);
	else
		end_ipv6(frame, l3);
}

void frame_build(const struct frame_spec *spec, struct frame *ret_frame)
{
	assert(spec);
	assert(ret_frame);

	*ret_frame = (struct frame){0};
	build_link(spec, ret_frame);
	ret_frame->l3 = ret_frame->len;
	if (spec->family == 0) {
		build_filler(ret_frame, spec->payload_bytes);
		ret_frame->source_end = ret_frame->l3;
		ret_frame->read_end = ret_frame->l3;
		return;
	}
	ret_frame->source_end = ret_frame->l3 + (spec->family == 4 ? 20 : 40);
	build_packet(spec, ret_frame);
}
