// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/reader.h"

#include <assert.h>
#include <string.h>

struct rest {
	const uint8_t *at;
	size_t bytes;
};

/* The next header off the rest, or NULL when there is not as much. */
static const uint8_t *take(struct rest *rest, size_t bytes)
{
	const uint8_t *header = rest->at;

	if (bytes > rest->bytes)
		return NULL;
	rest->at += bytes;
	rest->bytes -= bytes;
	return header;
}

static void cut(struct rest *rest, size_t bytes)
{
	if (rest->bytes > bytes)
		rest->bytes = bytes;
}

static uint16_t number(const uint8_t *at)
{
	return (uint16_t)(at[0] * 256 + at[1]);
}

static enum reading_end read_ports(struct rest *rest, size_t fixed,
				   struct reading *reading)
{
	const uint8_t *header = take(rest, fixed);

	if (!header)
		return READING_STOPPED;
	reading->sport = number(header);
	reading->dport = number(header + 2);
	reading->has_ports = true;
	if (reading->proto == 6)
		reading->tcp_flags = header[13];
	return READING_WHOLE;
}

static enum reading_end read_type(struct rest *rest, struct reading *reading)
{
	const uint8_t *header = take(rest, 8);

	if (!header)
		return READING_STOPPED;
	reading->sport = header[0];
	reading->dport = header[1];
	reading->has_ports = true;
	return READING_WHOLE;
}

static enum reading_end read_upper(struct rest *rest, struct reading *reading)
{
	if (reading->frag == READING_LATER)
		return READING_WHOLE;
	if (reading->proto == 6)
		return read_ports(rest, 20, reading);
	if (reading->proto == 17)
		return read_ports(rest, 8, reading);
	if (reading->proto == 132)
		return read_ports(rest, 12, reading);
	if (reading->proto == (reading->family == 4 ? 1 : 58))
		return read_type(rest, reading);
	return READING_WHOLE;
}

static enum reading_end read_ipv4(struct rest rest, struct reading *reading)
{
	const uint8_t *header = take(&rest, 20);
	size_t header_bytes, total;

	if (!header)
		return READING_SHORT;
	header_bytes = (size_t)(header[0] % 16) * 4;
	if (header[0] / 16 != 4 || header_bytes < 20)
		return READING_WRONG;

	reading->family = 4;
	memcpy(reading->source, header + 12, 4);
	memcpy(reading->dest, header + 16, 4);
	reading->hop_limit = header[8];

	total = number(header + 2);
	if (total != 0 && total < header_bytes)
		return READING_STOPPED;
	if (total != 0)
		cut(&rest, total - 20);
	if (!take(&rest, header_bytes - 20))
		return READING_STOPPED;

	reading->proto = header[9];
	if (number(header + 6) % 0x2000 != 0)
		reading->frag = READING_LATER;
	else if (header[6] & 0x20)
		reading->frag = READING_FIRST;
	return read_upper(&rest, reading);
}

/* How long the extension header `kind` is that begins like this; 0: it is
 * none. Before what is no extension, `start` is not looked at. */
static size_t extension_length(int kind, const uint8_t *start)
{
	switch (kind) {
	case 0: /* hop-by-hop options */
	case 43: /* routing */
	case 60: /* destination options */
		return start ? 8u + start[1] * 8u : 8u;
	case 44: /* fragment */
		return 8;
	case 51: /* authentication */
		return start ? 8u + start[1] * 4u : 8u;
	default:
		return 0;
	}
}

/* One extension header off the rest; its kind is in reading->proto. */
static bool read_extension(struct rest *rest, struct reading *reading)
{
	const uint8_t *header = take(rest, 8);
	int kind = reading->proto;

	if (!header)
		return false;
	reading->extension_count++;
	reading->proto = header[0];
	if (kind == 44) {
		if (number(header + 2) / 8 != 0)
			reading->frag = READING_LATER;
		else if (header[3] & 1)
			reading->frag = READING_FIRST;
	}
	return reading->frag == READING_LATER ||
	       take(rest, extension_length(kind, header) - 8);
}

static enum reading_end read_ipv6(struct rest rest, struct reading *reading)
{
	const uint8_t *header = take(&rest, 40);
	size_t payload;

	if (!header)
		return READING_SHORT;
	if (header[0] / 16 != 6)
		return READING_WRONG;

	reading->family = 6;
	memcpy(reading->source, header + 8, 16);
	memcpy(reading->dest, header + 24, 16);
	reading->hop_limit = header[7];

	/* RFC 2675: a jumbogram has no length here, and no more has what
	 * comes out of segmentation offload */
	payload = number(header + 4);
	if (payload != 0)
		cut(&rest, payload);

	reading->proto = header[6];
	while (reading->frag != READING_LATER &&
	       extension_length(reading->proto, NULL) != 0)
		if (!read_extension(&rest, reading))
			return READING_STOPPED;
	return read_upper(&rest, reading);
}

/* The addresses of Ethernet and the tags; then the type is known. */
static enum reading_end read_link(struct rest *rest, struct reading *reading)
{
	const uint8_t *type;

	if (!take(rest, 12))
		return READING_SHORT;
	for (;;) {
		const uint8_t *tag;

		type = take(rest, 2);
		if (!type)
			return READING_SHORT;
		reading->ethertype = number(type);
		if (reading->ethertype != 0x8100 &&
		    reading->ethertype != 0x88a8)
			return READING_WHOLE;
		if (reading->tag_count == 2)
			return READING_TAGS;
		if (rest->bytes < 4)
			return READING_SHORT;
		tag = take(rest, 2);
		reading->tags[reading->tag_count++] = number(tag);
	}
}

void reader_read(const uint8_t *data, size_t len, struct reading *ret_reading)
{
	struct rest rest = {.at = data, .bytes = len};
	struct reading reading = {.proto = -1};

	assert(data);
	assert(ret_reading);

	reading.end = read_link(&rest, &reading);
	if (reading.end == READING_WHOLE) {
		if (reading.ethertype == 0x0800)
			reading.end = read_ipv4(rest, &reading);
		else if (reading.ethertype == 0x86dd)
			reading.end = read_ipv6(rest, &reading);
		else
			reading.end = READING_OTHER;
	}
	*ret_reading = reading;
}
