// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/flowtext.h"
#include "rules/flowtext_words.h"

#define ETHERNET_BYTES 12 /* without the type */
#define TAG_BYTES      4
#define IPV4_BYTES     20
#define IPV6_BYTES     40
#define FRAGMENT_BYTES 8 /* header of IPv6 */
#define FRAGMENT       44
#define UNIT	       8 /* what fragments are counted in */
#define REST_BYTES     8 /* of zeros, behind a first fragment */
#define LATER_BYTES    8 /* of a later one, when not said */
#define LATER_OFFSET   185 /* units: 1480 bytes, of a link of 1500 */
#define LONG_OFFSET    1 /* where 1480 bytes more do not fit */
#define CRC32C	       0x82f63b78u /* Castagnoli, RFC 9260, appendix A */

static const uint8_t to_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t from_mac[6] = {2, 0, 0, 0, 0, 2};

/* The payload of the IP header, or of the fragment header. */
struct payload {
	uint8_t *at;
	size_t bytes;
	size_t datagram_bytes; /* with what a first fragment goes on with */
};

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint8_t protocol_of(const struct flowtext *flow)
{
	return flow->has_protocol ? flow->protocol : FLOWTEXT_IP_PROTOCOL;
}

static bool is_fragment(const struct flowtext *flow)
{
	return flow->frag != FRAG_NONE;
}

static size_t ip_bytes(const struct flowtext *flow)
{
	if (flow->family == 4)
		return IPV4_BYTES;
	return IPV6_BYTES + (is_fragment(flow) ? FRAGMENT_BYTES : 0);
}

static size_t header_bytes(const struct flowtext *flow)
{
	uint8_t protocol = protocol_of(flow);

	if (flow->frag == FRAG_LATER)
		return 0;
	if (flowtext_is_icmp(protocol, flow->family))
		return 8;
	switch (protocol) {
	case FLOWTEXT_TCP:
		return 20;
	case FLOWTEXT_UDP:
		return 8;
	case FLOWTEXT_SCTP:
		return 12;
	default:
		return 0;
	}
}

/* RFC 4861: what comes before the options of neighbour discovery. */
static size_t neighbour_bytes(uint8_t type)
{
	switch (type) {
	case 134:
		return 16;
	case 135:
	case 136:
		return 24;
	case 137:
		return 40;
	default:
		return 8;
	}
}

/* What follows the IP header when no length was said. */
static size_t usual_bytes(const struct flowtext *flow)
{
	size_t bytes = header_bytes(flow);

	if (flow->frag == FRAG_LATER)
		return LATER_BYTES;
	if (flow->family == 6 && flow->has_icmp)
		bytes = neighbour_bytes((uint8_t)(flow->icmp >> 8));
	else if (protocol_of(flow) == FLOWTEXT_SCTP)
		bytes += 4; /* a chunk */
	if (flow->frag == FRAG_FIRST)
		bytes = bytes > 0 ? (bytes + UNIT - 1) / UNIT * UNIT : UNIT;
	return bytes;
}

size_t flowtext_least_bytes(const struct flowtext *flow)
{
	size_t bytes = header_bytes(flow);

	assert(flow);

	/* a fragment has something in it; all but the last in whole units */
	if (flow->frag == FRAG_FIRST)
		bytes = bytes > 0 ? (bytes + UNIT - 1) / UNIT * UNIT : UNIT;
	else if (flow->frag == FRAG_LATER)
		bytes = 1;
	return ip_bytes(flow) + bytes;
}

static uint32_t add_words(uint32_t sum, const uint8_t *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return sum;
}

/* RFC 1071. */
static uint16_t checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Sum over addresses, length and protocol; and the payload. */
static uint32_t sum_with_addresses(const struct flowtext *flow,
				   const struct payload *payload)
{
	size_t skip = flow->family == 4 ? 12 : 0;
	uint32_t sum = protocol_of(flow) + (uint32_t)payload->datagram_bytes;

	sum = add_words(sum, flow->source.addr + skip, 16 - skip);
	sum = add_words(sum, flow->destination.addr + skip, 16 - skip);
	return add_words(sum, payload->at, payload->bytes);
}

static void write_ports(const struct flowtext *flow, uint8_t *at)
{
	put16(at, flow->source_port);
	put16(at + 2, flow->destination_port);
}

static void write_tcp(const struct flowtext *flow,
		      const struct payload *payload)
{
	uint8_t *at = payload->at;

	write_ports(flow, at);
	at[7] = 1; /* sequence number */
	at[11] = flow->flags >> 4 & 1; /* what ACK acknowledges */
	at[12] = 5 << 4;
	at[13] = flow->flags;
	put16(at + 14, UINT16_MAX);
	put16(at + 16, checksum(sum_with_addresses(flow, payload)));
}

static void write_udp(const struct flowtext *flow,
		      const struct payload *payload)
{
	uint8_t *at = payload->at;
	uint16_t sum;

	write_ports(flow, at);
	put16(at + 4, payload->datagram_bytes);
	sum = checksum(sum_with_addresses(flow, payload));
	put16(at + 6, sum ? sum : UINT16_MAX); /* 0 is none, RFC 768 */
}

static uint32_t crc_step(uint32_t crc, uint8_t byte)
{
	crc ^= byte;
	for (int i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? CRC32C : 0);
	return crc;
}

static void write_sctp(const struct flowtext *flow,
		       const struct payload *payload)
{
	uint8_t *at = payload->at;
	size_t rest = payload->bytes - 12;
	uint32_t crc = UINT32_MAX;

	write_ports(flow, at);
	at[7] = 1; /* verification tag */
	if (rest >= 4) {
		at[12] = 0x84; /* padding chunk, RFC 4820 */
		put16(at + 14, payload->datagram_bytes - 12);
	}
	for (size_t i = 0; i < payload->datagram_bytes; i++)
		crc = crc_step(crc, i < payload->bytes ? at[i] : 0);
	crc = ~crc;
	for (int i = 0; i < 4; i++)
		at[8 + i] = (uint8_t)(crc >> 8 * i);
}

static void write_icmp(const struct flowtext *flow,
		       const struct payload *payload)
{
	uint8_t *at = payload->at;
	uint32_t sum;

	put16(at, flow->icmp);
	sum = flow->family == 4 ? add_words(0, at, payload->bytes)
				: sum_with_addresses(flow, payload);
	put16(at + 2, checksum(sum));
}

static void write_payload(const struct flowtext *flow,
			  const struct payload *payload)
{
	uint8_t protocol = protocol_of(flow);

	if (flow->frag == FRAG_LATER)
		return;
	if (protocol == FLOWTEXT_TCP)
		write_tcp(flow, payload);
	else if (protocol == FLOWTEXT_UDP)
		write_udp(flow, payload);
	else if (protocol == FLOWTEXT_SCTP)
		write_sctp(flow, payload);
	else if (flowtext_is_icmp(protocol, flow->family))
		write_icmp(flow, payload);
}

/* The addresses of Ethernet, the tags, and the type of what follows. */
static void write_link(const struct flowtext *flow, uint8_t *frame)
{
	size_t at = ETHERNET_BYTES;

	memcpy(frame, to_mac, sizeof(to_mac));
	memcpy(frame + 6, flow->has_mac ? flow->mac.addr : from_mac,
	       sizeof(from_mac));
	for (size_t i = 0; i < flow->tag_count; i++, at += TAG_BYTES) {
		bool is_inner = i + 1 == flow->tag_count;

		put16(frame + at, is_inner ? 0x8100 : 0x88a8);
		put16(frame + at + 2, flow->vlans[i]);
	}
	put16(frame + at, flow->family == 4 ? 0x0800 : 0x86dd);
}

/* Offset in units in the upper 13 bits, as in IPv6. */
static size_t fragment_field(const struct flowtext *flow, size_t bytes)
{
	bool is_long = bytes > UINT16_MAX - IPV4_BYTES - LATER_OFFSET * UNIT;

	if (flow->frag == FRAG_FIRST)
		return 1; /* more follow */
	return (size_t)(is_long ? LONG_OFFSET : LATER_OFFSET) << 3;
}

static void write_ipv4(const struct flowtext *flow, uint8_t *ip, size_t length)
{
	size_t field = fragment_field(flow, length - IPV4_BYTES);

	ip[0] = 0x45;
	put16(ip + 2, length);
	put16(ip + 4, 1);
	if (is_fragment(flow))
		put16(ip + 6, (field & 1) << 13 | field >> 3);
	ip[8] = 64;
	ip[9] = protocol_of(flow);
	memcpy(ip + 12, flow->source.addr + 12, 4);
	memcpy(ip + 16, flow->destination.addr + 12, 4);
	put16(ip + 10, checksum(add_words(0, ip, IPV4_BYTES)));
}

/* Neighbour discovery proves by its hop limit that it is of the link, and
 * multicast listeners are asked and answer on it. */
static uint8_t hop_limit(const struct flowtext *flow)
{
	unsigned int type = flow->has_icmp ? flow->icmp >> 8 : 0;

	if (type >= 133 && type <= 137)
		return 255;
	return (type >= 130 && type <= 132) || type == 143 ? 1 : 64;
}

static void write_ipv6(const struct flowtext *flow, uint8_t *ip, size_t length)
{
	uint8_t *fragment = ip + IPV6_BYTES;

	ip[0] = 0x60;
	put16(ip + 4, length - IPV6_BYTES);
	ip[6] = protocol_of(flow);
	ip[7] = hop_limit(flow);
	memcpy(ip + 8, flow->source.addr, 16);
	memcpy(ip + 24, flow->destination.addr, 16);
	if (!is_fragment(flow))
		return;
	ip[6] = FRAGMENT;
	fragment[0] = protocol_of(flow);
	put16(fragment + 2,
	      fragment_field(flow, length - IPV6_BYTES - FRAGMENT_BYTES));
	fragment[7] = 1; /* identification */
}

int flowtext_frame(const struct flowtext *flow, uint8_t *frame, size_t size,
		   size_t *ret_len)
{
	size_t head, link, length;
	struct payload payload;

	assert(flow);
	assert(frame || size == 0);
	assert(ret_len);

	if ((flow->family != 4 && flow->family != 6) ||
	    flow->tag_count > FLOWTEXT_TAGS_MAX)
		return -EINVAL;
	head = ip_bytes(flow);
	length = flow->length ? flow->length : head + usual_bytes(flow);
	if (length < flowtext_least_bytes(flow))
		return -EINVAL;
	link = ETHERNET_BYTES + 2 + TAG_BYTES * (size_t)flow->tag_count;
	if (link + length > size)
		return -ENOSPC;

	memset(frame, 0, link + length);
	write_link(flow, frame);
	payload = (struct payload){.at = frame + link + head,
				   .bytes = length - head,
				   .datagram_bytes = length - head};
	if (flow->frag == FRAG_FIRST)
		payload.datagram_bytes += REST_BYTES;
	write_payload(flow, &payload);
	if (flow->family == 4)
		write_ipv4(flow, frame + link, length);
	else
		write_ipv6(flow, frame + link, length);
	*ret_len = link + length;
	return 0;
}
