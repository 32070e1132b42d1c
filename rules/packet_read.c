// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <string.h>

#include "rules/base.h"
#include "rules/packet.h"

#define ETHERNET_BYTES 14
#define TAG_BYTES      4
#define IPV4_BYTES     20
#define IPV6_BYTES     40

enum ethertype {
	TYPE_IPV4 = 0x0800,
	TYPE_8021Q = 0x8100,
	TYPE_IPV6 = 0x86dd,
	TYPE_8021AD = 0x88a8,
};

enum protocol {
	HOP_BY_HOP = 0,
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	ROUTING = 43,
	FRAGMENT = 44,
	AUTHENTICATION = 51,
	ICMPV6 = 58,
	DESTINATION = 60,
	SCTP = 132,
};

static const char *const reading_names[] = {
	[PACKET_READ] = "read",
	[PACKET_NOT_IP] = "not-ip",
	[PACKET_UNREADABLE] = "unreadable",
	[PACKET_MALFORMED] = "malformed",
};
_Static_assert(ARRAY_LEN(reading_names) == PACKET_READING_COUNT, "");

static const char *const fault_names[] = {
	[PACKET_FAULT_NONE] = "none",
	[PACKET_TRUNCATED] = "truncated",
	[PACKET_BAD_HEADER] = "bad-header",
	[PACKET_THIRD_TAG] = "third-tag",
};
_Static_assert(ARRAY_LEN(fault_names) == PACKET_FAULT_COUNT, "");

/* Bytes `at`..`end` of the frame; `end` moves in to what the IP header says. */
struct span {
	const uint8_t *frame;
	size_t at, end;
};

static bool has(const struct span *span, size_t bytes)
{
	return bytes <= span->end - span->at;
}

static unsigned int byte_at(const struct span *span, size_t offset)
{
	assert(span->at + offset < span->end);

	return span->frame[span->at + offset];
}

static uint16_t word_at(const struct span *span, size_t offset)
{
	return (uint16_t)(byte_at(span, offset) << 8 |
			  byte_at(span, offset + 1));
}

static enum packet_reading refuse(struct packet *packet,
				  enum packet_fault fault)
{
	packet->fault = (uint8_t)fault;
	return PACKET_MALFORMED;
}

/* How long the packet is that starts here, before the IP header is believed. */
static uint16_t length_of(const struct span *span)
{
	size_t bytes = span->end - span->at;

	return bytes < UINT16_MAX ? (uint16_t)bytes : UINT16_MAX;
}

/* The end that an IP header states; one behind the frame's end changes
 * nothing, and 0 is no statement (segmentation offload, RFC 2675). */
static void end_at(struct span *span, size_t stated)
{
	if (stated > 0 && has(span, stated))
		span->end = span->at + stated;
}

/* Of TCP whose fixed header is there. The last bit of an Ethernet address that
 * is sent first says that it is a group's (IEEE 802). */
static bool is_plain(const struct span *span, const struct packet *packet)
{
	size_t header = (size_t)(byte_at(span, 12) >> 4) * 4;
	size_t fixed = packet->family == 4 ? IPV4_BYTES : IPV6_BYTES;
	size_t link = ETHERNET_BYTES + packet->tag_count * (size_t)TAG_BYTES;

	return header >= 20 && has(span, header) && packet->frag == FRAG_NONE &&
	       span->at == link + fixed && !(span->frame[0] & 1) &&
	       !(span->frame[6] & 1);
}

static enum packet_reading read_ports(const struct span *span, size_t header,
				      struct packet *packet)
{
	if (!has(span, header))
		return PACKET_UNREADABLE;
	packet->has_ports = true;
	packet->source_port = word_at(span, 0);
	packet->destination_port = word_at(span, 2);
	if (packet->protocol == TCP) {
		packet->has_flags = true;
		packet->flags = (uint8_t)byte_at(span, 13);
		packet->is_plain_tcp = is_plain(span, packet);
	}
	return PACKET_READ;
}

static enum packet_reading read_icmp(const struct span *span,
				     struct packet *packet)
{
	if (!has(span, 8))
		return PACKET_UNREADABLE;
	packet->has_icmp = true;
	packet->icmp = word_at(span, 0);
	return PACKET_READ;
}

static enum packet_reading read_protocol(const struct span *span,
					 unsigned int protocol,
					 struct packet *packet)
{
	packet->has_protocol = true;
	packet->protocol = (uint8_t)protocol;
	if (packet->frag == FRAG_LATER)
		return PACKET_READ;
	switch (protocol) {
	case TCP:
		return read_ports(span, 20, packet);
	case UDP:
		return read_ports(span, 8, packet);
	case SCTP:
		return read_ports(span, 12, packet);
	case ICMP:
		return packet->family == 4 ? read_icmp(span, packet)
					   : PACKET_READ;
	case ICMPV6:
		return packet->family == 6 ? read_icmp(span, packet)
					   : PACKET_READ;
	default:
		return PACKET_READ;
	}
}

static enum packet_reading read_ipv4(struct span span, struct packet *packet)
{
	size_t header, total;
	unsigned int protocol, fragment;

	if (!has(&span, IPV4_BYTES))
		return refuse(packet, PACKET_TRUNCATED);
	header = (size_t)(byte_at(&span, 0) & 0x0f) * 4;
	if (byte_at(&span, 0) >> 4 != 4 || header < IPV4_BYTES)
		return refuse(packet, PACKET_BAD_HEADER);

	packet->family = 4;
	packet->length = length_of(&span);
	packet->hop_limit = (uint8_t)byte_at(&span, 8);
	packet->source = prefix_of_v4(
		(uint32_t)word_at(&span, 12) << 16 | word_at(&span, 14), 32);
	packet->destination = prefix_of_v4(
		(uint32_t)word_at(&span, 16) << 16 | word_at(&span, 18), 32);
	total = word_at(&span, 2);
	fragment = word_at(&span, 6);
	protocol = byte_at(&span, 9);

	if (total > 0 && total < header)
		return PACKET_UNREADABLE;
	end_at(&span, total);
	if (!has(&span, header))
		return PACKET_UNREADABLE;
	span.at += header;
	packet->frag = fragment & 0x1fff   ? FRAG_LATER
		       : fragment & 0x2000 ? FRAG_FIRST
					   : FRAG_NONE;
	return read_protocol(&span, protocol, packet);
}

static bool is_extension(unsigned int protocol)
{
	return protocol == HOP_BY_HOP || protocol == ROUTING ||
	       protocol == FRAGMENT || protocol == AUTHENTICATION ||
	       protocol == DESTINATION;
}

/* Where the next header starts; only if there are eight bytes of this one. */
static size_t extension_bytes(const struct span *span, unsigned int kind)
{
	if (kind == FRAGMENT)
		return 8;
	if (kind == AUTHENTICATION) /* RFC 4302, 2.2: words of four, less two */
		return ((size_t)byte_at(span, 1) + 2) * 4;
	return ((size_t)byte_at(span, 1) + 1) * 8;
}

static void read_fragment(const struct span *span, struct packet *packet)
{
	unsigned int field = word_at(span, 2);

	if (field >> 3)
		packet->frag = FRAG_LATER;
	else if (field & 1)
		packet->frag = FRAG_FIRST;
	/* neither: an atomic fragment, RFC 6946 */
}

/* Walk the extension headers. False when one is not there or is one too many;
 * then *protocol is its number. */
static bool walk_extensions(struct span *span, struct packet *packet,
			    unsigned int *protocol)
{
	while (packet->frag != FRAG_LATER && is_extension(*protocol)) {
		unsigned int next;
		size_t bytes;

		if (packet->extension_count == PACKET_EXTENSIONS_MAX ||
		    !has(span, 8))
			return false;
		packet->extension_count++;
		bytes = extension_bytes(span, *protocol);
		next = byte_at(span, 0);
		if (*protocol == FRAGMENT)
			read_fragment(span, packet);
		if (!has(span, bytes))
			return false;
		span->at += bytes;
		*protocol = next;
	}
	return true;
}

static struct prefix address6(const struct span *span, size_t offset)
{
	struct prefix address = {.bits = 128};

	assert(offset + sizeof(address.addr) <= span->end - span->at);

	memcpy(address.addr, span->frame + span->at + offset,
	       sizeof(address.addr));
	return address;
}

static enum packet_reading read_ipv6(struct span span, struct packet *packet)
{
	unsigned int protocol;
	size_t payload;

	if (!has(&span, IPV6_BYTES))
		return refuse(packet, PACKET_TRUNCATED);
	if (byte_at(&span, 0) >> 4 != 6)
		return refuse(packet, PACKET_BAD_HEADER);

	packet->family = 6;
	packet->length = length_of(&span);
	packet->hop_limit = (uint8_t)byte_at(&span, 7);
	packet->source = address6(&span, 8);
	packet->destination = address6(&span, 24);
	payload = word_at(&span, 4);
	protocol = byte_at(&span, 6);

	span.at += IPV6_BYTES;
	end_at(&span, payload);
	if (!walk_extensions(&span, packet, &protocol))
		return PACKET_UNREADABLE;
	return read_protocol(&span, protocol, packet);
}

/* Take the tags off; what they are around starts at span->at then. False, with
 * the fault told, when there is no type. */
static bool read_link(struct span *span, struct packet *packet)
{
	if (!has(span, ETHERNET_BYTES)) {
		(void)refuse(packet, PACKET_TRUNCATED);
		return false;
	}
	memcpy(packet->mac.addr, span->frame + 6, sizeof(packet->mac.addr));
	packet->ethertype = word_at(span, 12);
	span->at += ETHERNET_BYTES;
	while (packet->ethertype == TYPE_8021Q ||
	       packet->ethertype == TYPE_8021AD) {
		bool is_third = packet->tag_count == PACKET_TAGS_MAX;

		if (is_third || !has(span, TAG_BYTES)) {
			(void)refuse(packet, is_third ? PACKET_THIRD_TAG
						      : PACKET_TRUNCATED);
			return false;
		}
		packet->tags[packet->tag_count++] = word_at(span, 0);
		packet->ethertype = word_at(span, 2);
		span->at += TAG_BYTES;
	}
	return true;
}

enum packet_reading packet_read(const uint8_t *frame, size_t len,
				struct packet *ret_packet)
{
	struct span span = {.frame = frame, .end = len};
	bool is_linked;

	assert(frame || len == 0);
	assert(ret_packet);

	*ret_packet = (struct packet){0};
	is_linked = read_link(&span, ret_packet);
	ret_packet->vlan = ret_packet->tag_count > 0
				   ? ret_packet->tags[0] & 0x0fff
				   : RANGE_VLAN_NONE;
	if (!is_linked)
		return PACKET_MALFORMED;
	if (ret_packet->ethertype == TYPE_IPV4)
		return read_ipv4(span, ret_packet);
	if (ret_packet->ethertype == TYPE_IPV6)
		return read_ipv6(span, ret_packet);
	return PACKET_NOT_IP;
}

const char *packet_reading_name(enum packet_reading reading)
{
	assert(reading < PACKET_READING_COUNT);

	return reading_names[reading];
}

const char *packet_fault_name(enum packet_fault fault)
{
	assert(fault < PACKET_FAULT_COUNT);

	return fault_names[fault];
}
