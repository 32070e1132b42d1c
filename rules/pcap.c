// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/pcap.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/rule.h"

#define NS_PER_S  1000000000ull
#define NS_PER_US 1000ull

#define MAGIC_US	0xa1b2c3d4u
#define MAGIC_NS	0xa1b23c4du
#define FILE_BYTES	24 /* header of a classic file, */
#define RECORD_BYTES	16 /* and of each of its packets */
#define ORDER_MAGIC	0x1a2b3c4du
#define BLOCK_BYTES	12 /* type, length, and the length again */
#define BLOCK_LEAD	8 /* type and length */
#define OPTION_BYTES	4
#define PCAPNG_DECIMALS 6 /* of a second, where if_tsresol is not given */

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	BLOCK_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
};

enum option_code {
	OPTION_END = 0,
	EPB_FLAGS = 2,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	IF_TSOFFSET = 14,
};

static const char why_no_capture[] = "neither pcap nor pcapng";
static const char why_cut[] = "the file ends in the middle";
static const char why_version[] = "a version that is not known";
static const char why_length[] = "a block whose length cannot be";
static const char why_trailer[] = "the two lengths of a block differ";
static const char why_too_short[] = "a block too short for its kind";
static const char why_order[] = "a section without its byte-order magic";
static const char why_option[] = "an option longer than its block";
static const char why_interfaces[] = "too many interfaces";
static const char why_interface[] = "a packet of an interface not described";
static const char why_captured[] = "a packet longer than its block";
static const char why_long[] = "a packet too long to be one";

struct interface {
	uint16_t link;
	uint32_t snaplen; /* 0: no limit */
	uint8_t tsresol;
	int64_t tsoffset_s;
	char name[PCAP_IFNAME_MAX];
};

struct reader {
	const uint8_t *bytes;
	size_t len;
	size_t at; /* of the block or record being read */
	bool is_big_endian;
	pcap_packet_fn *fn;
	void *arg;
	struct pcap_report *report;
	uint32_t interface_count;
	struct interface interfaces[PCAP_INTERFACES_MAX];
};

/* The block being read without its lead and its second length. */
struct body {
	const uint8_t *at;
	size_t bytes;
};

static int fail(struct reader *reader, int r, const char *why)
{
	reader->report->offset = reader->at;
	reader->report->why = why;
	return r;
}

static uint16_t get16(const struct reader *reader, const uint8_t *at)
{
	if (reader->is_big_endian)
		return (uint16_t)(at[0] << 8 | at[1]);
	return (uint16_t)(at[1] << 8 | at[0]);
}

static uint32_t get32(const struct reader *reader, const uint8_t *at)
{
	uint32_t first = get16(reader, at), second = get16(reader, at + 2);

	return reader->is_big_endian ? first << 16 | second
				     : second << 16 | first;
}

static uint64_t get64(const struct reader *reader, const uint8_t *at)
{
	uint64_t first = get32(reader, at), second = get32(reader, at + 4);

	return reader->is_big_endian ? first << 32 | second
				     : second << 32 | first;
}

static int give(struct reader *reader, struct pcap_packet *packet)
{
	int r;

	if (packet->captured_bytes > PCAP_PACKET_MAX)
		return fail(reader, -EBADMSG, why_long);
	packet->number = reader->report->packets + 1;
	packet->offset = reader->at;
	r = reader->fn(reader->arg, packet);
	if (r < 0)
		return fail(reader, r, NULL);
	reader->report->packets++;
	return 0;
}

static int read_record(struct reader *reader, uint16_t link,
		       uint64_t ns_per_unit)
{
	const uint8_t *header = reader->bytes + reader->at;
	size_t left = reader->len - reader->at;
	struct pcap_packet packet = {
		.has_time = true, .link = link, .ifname = ""};
	int r;

	if (left < RECORD_BYTES)
		return fail(reader, -ENODATA, why_cut);
	packet.time_ns = get32(reader, header) * NS_PER_S +
			 get32(reader, header + 4) * ns_per_unit;
	packet.captured_bytes = get32(reader, header + 8);
	packet.original_bytes = get32(reader, header + 12);
	packet.bytes = header + RECORD_BYTES;
	if (packet.captured_bytes > PCAP_PACKET_MAX)
		return fail(reader, -EBADMSG, why_long);
	if (packet.captured_bytes > left - RECORD_BYTES)
		return fail(reader, -ENODATA, why_cut);
	r = give(reader, &packet);
	if (r < 0)
		return r;
	reader->at += RECORD_BYTES + packet.captured_bytes;
	return 0;
}

static int read_classic(struct reader *reader)
{
	uint64_t ns_per_unit;
	uint16_t link;
	int r = 0;

	if (reader->len < FILE_BYTES)
		return fail(reader, -ENODATA, why_cut);
	/* before 2.4 the two lengths of a packet were in another order */
	if (get16(reader, reader->bytes + 4) != 2 ||
	    get16(reader, reader->bytes + 6) < 4)
		return fail(reader, -EBADMSG, why_version);
	ns_per_unit = get32(reader, reader->bytes) == MAGIC_NS ? 1 : NS_PER_US;
	/* the upper half is about the frame check sequence */
	link = (uint16_t)get32(reader, reader->bytes + 20);
	reader->at = FILE_BYTES;
	while (r >= 0 && reader->at < reader->len)
		r = read_record(reader, link, ns_per_unit);
	return r;
}

/* One option off the rest. 0 at the end, 1 when there was one. */
static int take_option(struct reader *reader, struct body *rest,
		       unsigned int *ret_code, struct body *ret_value)
{
	size_t bytes, padded;

	if (rest->bytes < OPTION_BYTES)
		return 0;
	*ret_code = get16(reader, rest->at);
	bytes = get16(reader, rest->at + 2);
	padded = (bytes + 3) & ~(size_t)3;
	if (*ret_code == OPTION_END)
		return 0;
	if (padded > rest->bytes - OPTION_BYTES)
		return fail(reader, -EBADMSG, why_option);
	*ret_value = (struct body){rest->at + OPTION_BYTES, bytes};
	rest->at += OPTION_BYTES + padded;
	rest->bytes -= OPTION_BYTES + padded;
	return 1;
}

static void copy_name(struct body value, char name[PCAP_IFNAME_MAX])
{
	size_t used = 0;

	for (; used < value.bytes && used < PCAP_IFNAME_MAX - 1; used++) {
		char c = (char)value.at[used];

		if (c == '\0')
			break;
		name[used] = '?';
		if (c >= 0x20 && c < 0x7f)
			name[used] = c;
	}
	name[used] = '\0';
}

static int read_interface(struct reader *reader, struct body body)
{
	struct interface interface = {.tsresol = PCAPNG_DECIMALS};
	struct body value;
	unsigned int code;
	int r;

	if (body.bytes < 8)
		return fail(reader, -EBADMSG, why_too_short);
	if (reader->interface_count == PCAP_INTERFACES_MAX)
		return fail(reader, -EBADMSG, why_interfaces);
	interface.link = get16(reader, body.at);
	interface.snaplen = get32(reader, body.at + 4);
	body = (struct body){body.at + 8, body.bytes - 8};
	while (r = take_option(reader, &body, &code, &value), r > 0) {
		if (code == IF_NAME)
			copy_name(value, interface.name);
		else if (code == IF_TSRESOL && value.bytes == 1)
			interface.tsresol = value.at[0];
		else if (code == IF_TSOFFSET && value.bytes == 8)
			interface.tsoffset_s = (int64_t)get64(reader, value.at);
	}
	if (r < 0)
		return r;
	reader->interfaces[reader->interface_count++] = interface;
	return 0;
}

/* A time in units of the interface. */
static uint64_t to_ns(const struct interface *interface, uint64_t time)
{
	unsigned int exponent = interface->tsresol & 0x7f;
	__int128 ns = time;

	if (interface->tsresol & 0x80) {
		/* at most 2^94, so shifts of less than 128 lose nothing */
		ns = (ns * (__int128)NS_PER_S) >> exponent;
	} else {
		/* 64 bits are less than 20 digits; 28 fit into the product */
		for (unsigned int i = exponent; i < 9; i++)
			ns *= 10;
		for (unsigned int i = 9; i < exponent && ns > 0; i++)
			ns /= 10;
	}
	ns += (__int128)interface->tsoffset_s * (__int128)NS_PER_S;
	if (ns < 0)
		return 0;
	return ns > (__int128)UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

/* epb_flags, bits 0 and 1. Options that cannot be read tell nothing; the
 * packet stands before them and is fine. */
static uint8_t read_direction(struct reader *reader, struct body options)
{
	struct pcap_report kept = *reader->report;
	uint8_t direction = 0;
	struct body value;
	unsigned int code;

	while (take_option(reader, &options, &code, &value) > 0) {
		if (code != EPB_FLAGS || value.bytes != 4)
			continue;
		switch (get32(reader, value.at) & 3) {
		case 1:
			direction = DIRECTION_IN;
			break;
		case 2:
			direction = DIRECTION_OUT;
			break;
		default:
			direction = 0;
			break;
		}
	}
	*reader->report = kept;
	return direction;
}

/* Give a packet whose interface, lengths and bytes are filled in. */
static int give_of_block(struct reader *reader, struct pcap_packet *packet,
			 size_t room)
{
	const struct interface *interface;

	if (packet->interface >= reader->interface_count)
		return fail(reader, -EBADMSG, why_interface);
	if (packet->captured_bytes > room)
		return fail(reader, -EBADMSG, why_captured);
	interface = &reader->interfaces[packet->interface];
	packet->link = interface->link;
	packet->ifname = interface->name;
	if (packet->has_time)
		packet->time_ns = to_ns(interface, packet->time_ns);
	return give(reader, packet);
}

/* The enhanced block and the obsolete one differ in how the interface is
 * written: 32 bits, or 16 followed by a count of drops. */
static int read_packet(struct reader *reader, struct body body,
		       enum block_type type)
{
	struct pcap_packet packet = {.has_time = true};
	size_t padded, room;

	if (body.bytes < 20)
		return fail(reader, -EBADMSG, why_too_short);
	packet.interface = type == BLOCK_ENHANCED ? get32(reader, body.at)
						  : get16(reader, body.at);
	packet.time_ns = (uint64_t)get32(reader, body.at + 4) << 32 |
			 get32(reader, body.at + 8);
	packet.captured_bytes = get32(reader, body.at + 12);
	packet.original_bytes = get32(reader, body.at + 16);
	packet.bytes = body.at + 20;
	room = body.bytes - 20;
	padded = (packet.captured_bytes + 3) & ~(size_t)3;
	if (padded <= room)
		packet.direction = read_direction(
			reader,
			(struct body){packet.bytes + padded, room - padded});
	return give_of_block(reader, &packet, room);
}

static int read_simple(struct reader *reader, struct body body)
{
	struct pcap_packet packet = {0};
	uint32_t snaplen = reader->interfaces[0].snaplen;

	if (body.bytes < 4)
		return fail(reader, -EBADMSG, why_too_short);
	packet.original_bytes = get32(reader, body.at);
	packet.captured_bytes = packet.original_bytes;
	if (snaplen > 0 && snaplen < packet.captured_bytes)
		packet.captured_bytes = snaplen;
	packet.bytes = body.at + 4;
	return give_of_block(reader, &packet, body.bytes - 4);
}

/* A section starts: its byte order, and no interfaces. */
static int read_order(struct reader *reader)
{
	const uint8_t *magic = reader->bytes + reader->at + BLOCK_LEAD;

	if (reader->len - reader->at < BLOCK_BYTES)
		return fail(reader, -ENODATA, why_cut);
	reader->is_big_endian = false;
	if (get32(reader, magic) != ORDER_MAGIC) {
		reader->is_big_endian = true;
		if (get32(reader, magic) != ORDER_MAGIC)
			return fail(reader, -EBADMSG, why_order);
	}
	reader->interface_count = 0;
	reader->interfaces[0].snaplen = 0;
	return 0;
}

static int read_body(struct reader *reader, uint32_t type, struct body body)
{
	switch (type) {
	case BLOCK_SECTION:
		if (body.bytes < 16)
			return fail(reader, -EBADMSG, why_too_short);
		if (get16(reader, body.at + 4) != 1)
			return fail(reader, -EBADMSG, why_version);
		return 0;
	case BLOCK_INTERFACE:
		return read_interface(reader, body);
	case BLOCK_PACKET:
	case BLOCK_ENHANCED:
		return read_packet(reader, body, type);
	case BLOCK_SIMPLE:
		return read_simple(reader, body);
	default:
		return 0;
	}
}

static int read_block(struct reader *reader)
{
	const uint8_t *block = reader->bytes + reader->at;
	size_t left = reader->len - reader->at;
	uint32_t type, bytes;
	int r;

	if (left < BLOCK_BYTES)
		return fail(reader, -ENODATA, why_cut);
	type = get32(reader, block);
	if (type == BLOCK_SECTION) {
		r = read_order(reader);
		if (r < 0)
			return r;
	}
	bytes = get32(reader, block + 4);
	if (bytes < BLOCK_BYTES || bytes % 4 != 0)
		return fail(reader, -EBADMSG, why_length);
	if (bytes > left)
		return fail(reader, -ENODATA, why_cut);
	if (get32(reader, block + bytes - 4) != bytes)
		return fail(reader, -EBADMSG, why_trailer);
	r = read_body(reader, type,
		      (struct body){block + BLOCK_LEAD, bytes - BLOCK_BYTES});
	if (r < 0)
		return r;
	reader->at += bytes;
	return 0;
}

static int read_pcapng(struct reader *reader)
{
	int r = 0;

	while (r >= 0 && reader->at < reader->len)
		r = read_block(reader);
	return r;
}

static int read_file(struct reader *reader)
{
	uint32_t magic;

	if (reader->len < sizeof(magic))
		return fail(reader, -EBADMSG, why_no_capture);
	for (int i = 0; i < 2; i++) {
		reader->is_big_endian = i == 1;
		magic = get32(reader, reader->bytes);
		if (magic == MAGIC_US || magic == MAGIC_NS)
			return read_classic(reader);
		if (magic == BLOCK_SECTION)
			return read_pcapng(reader);
	}
	return fail(reader, -EBADMSG, why_no_capture);
}

int pcap_each_packet(const uint8_t *bytes, size_t len, pcap_packet_fn *fn,
		     void *arg, struct pcap_report *ret_report)
{
	struct reader reader = {
		.bytes = bytes,
		.len = len,
		.fn = fn,
		.arg = arg,
		.report = ret_report,
	};
	int r;

	assert(bytes || len == 0);
	assert(fn);
	assert(ret_report);

	*ret_report = (struct pcap_report){0};
	r = read_file(&reader);
	if (r >= 0)
		ret_report->offset = reader.at;
	return r;
}
