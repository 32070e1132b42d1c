// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/wire.h"

#include <string.h>

uint16_t wire_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t wire_get32(const uint8_t *at)
{
	return (uint32_t)wire_get16(at) << 16 | wire_get16(at + 2);
}

void wire_put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

struct wire wire_of(const struct segment *segment, size_t options)
{
	static const uint8_t mss[] = {2, 4, 1460 >> 8, 1460 & 255};
	struct segment_frame frame;
	struct wire wire = {0};
	uint8_t *tcp;

	segment_build(segment, &frame);
	memcpy(wire.data, frame.data, frame.len);
	wire.l4 = frame.l4;
	wire.len = frame.len + options;
	tcp = wire.data + wire.l4;
	memset(tcp + 20, 1, options);
	memcpy(tcp + 20, mss, options < sizeof(mss) ? options : sizeof(mss));
	tcp[12] = (uint8_t)((20 + options) << 2);
	wire.data[WIRE_IP + 1] = 0x2e; /* what an answer must not repeat */
	if (segment->family == 4)
		wire_put16(wire.data + WIRE_IP + 2, wire.len - WIRE_IP);
	else
		wire_put16(wire.data + WIRE_IP + 4, wire.len - WIRE_IP - 40);
	memset(wire.data, 0x0a, 6);
	memset(wire.data + 6, 0x0c, 6);
	return wire;
}

/* RFC 1071; 0xffff when the checksum in there is right. */
static uint32_t sum_of(uint32_t sum, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += wire_get16(at + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

bool wire_sums_are_right(const struct wire *wire, uint8_t family, size_t len)
{
	const uint8_t *ip = wire->data + wire->l4 - (family == 4 ? 20 : 40);
	uint32_t pseudo = (uint32_t)len + 6;

	if (family == 4 && sum_of(0, ip, 20) != 0xffff)
		return false;
	pseudo = family == 4 ? sum_of(pseudo, ip + 12, 8)
			     : sum_of(pseudo, ip + 8, 32);
	return sum_of(pseudo, wire->data + wire->l4, len) == 0xffff;
}
