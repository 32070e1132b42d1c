// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_read() against tests/support/reader.c, which shares nothing with it:
 * over random frames with random damage, and with PORTCULLIS_DATA set over
 * every capture below it.
 *
 * PORTCULLIS_SEED=N repeats a run; the seed of a failed one is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/packet.h"
#include "tests/support/captures.h"
#include "tests/support/frames.h"
#include "tests/support/reader.h"

#define ROUNDS	   200000
#define PATH_BYTES 512

static uint64_t seed;

/* splitmix64 (Steele, Lea, Flood, 2014): every seed is a good one. */
static uint64_t draw(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static size_t draw_below(uint64_t *random, size_t count)
{
	return (size_t)(draw(random) % count);
}

static enum packet_reading expected_reading(const struct reading *reading)
{
	switch (reading->end) {
	case READING_WHOLE:
		return reading->extension_count > PACKET_EXTENSIONS_MAX
			       ? PACKET_UNREADABLE
			       : PACKET_READ;
	case READING_STOPPED:
		return PACKET_UNREADABLE;
	case READING_OTHER:
		return PACKET_NOT_IP;
	default:
		return PACKET_MALFORMED;
	}
}

static enum packet_fault expected_fault(const struct reading *reading)
{
	switch (reading->end) {
	case READING_SHORT:
		return PACKET_TRUNCATED;
	case READING_WRONG:
		return PACKET_BAD_HEADER;
	case READING_TAGS:
		return PACKET_THIRD_TAG;
	default:
		return PACKET_FAULT_NONE;
	}
}

static bool same_address(const struct prefix *address, const uint8_t *other,
			 unsigned int family)
{
	size_t bytes = family == 4 ? 4 : 16;

	return memcmp(address->addr + 16 - bytes, other, bytes) == 0;
}

static const char *disagreement_on_ip(const struct packet *packet,
				      const struct reading *reading)
{
	if (packet->family != reading->family)
		return "family";
	if (packet->family == 0)
		return NULL;
	if (!same_address(&packet->source, reading->source, packet->family))
		return "source";
	if (!same_address(&packet->destination, reading->dest, packet->family))
		return "destination";
	if (packet->hop_limit != reading->hop_limit)
		return "hop limit";
	return NULL;
}

static const char *disagreement_on_layer_4(const struct packet *packet,
					   const struct reading *reading)
{
	bool has_any = packet->has_ports || packet->has_icmp;

	if (packet->frag != (uint8_t)reading->frag)
		return "fragment";
	/* where the walk ends before a protocol, the reader names the header
	 * that it stopped at */
	if (packet->has_protocol && packet->protocol != reading->proto)
		return "protocol";
	if (reading->end == READING_WHOLE && !packet->has_protocol)
		return "presence of a protocol";
	if (has_any != reading->has_ports)
		return "presence of ports";
	if (packet->has_ports && (packet->source_port != reading->sport ||
				  packet->destination_port != reading->dport))
		return "ports";
	if (packet->has_icmp &&
	    packet->icmp != (reading->sport << 8 | reading->dport))
		return "type and code";
	if (packet->has_flags != (packet->has_ports && packet->protocol == 6))
		return "presence of flags";
	return packet->flags != reading->tcp_flags ? "flags" : NULL;
}

static const char *disagreement(const uint8_t *frame, size_t len)
{
	struct reading reading;
	struct packet packet;
	enum packet_reading said = packet_read(frame, len, &packet);
	const char *field;

	reader_read(frame, len, &reading);
	if (said != expected_reading(&reading))
		return "what it is";
	if (packet.fault != expected_fault(&reading))
		return "fault";
	if (packet.tag_count != reading.tag_count)
		return "number of tags";
	for (int i = 0; i < packet.tag_count; i++) {
		if (packet.tags[i] != reading.tags[i])
			return "tag";
	}
	if (said == PACKET_NOT_IP && packet.ethertype != reading.ethertype)
		return "type";
	field = disagreement_on_ip(&packet, &reading);
	if (field)
		return field;
	/* the walk has a bound, which the reader has not */
	if (said == PACKET_NOT_IP || said == PACKET_MALFORMED ||
	    reading.extension_count > PACKET_EXTENSIONS_MAX)
		return NULL;
	return disagreement_on_layer_4(&packet, &reading);
}

static struct frame_spec random_spec(uint64_t *random)
{
	static const uint8_t protocols[] = {0,	1,  4,	6,  6,	6,  17, 17,
					    43, 44, 50, 51, 58, 59, 60, 132};
	static const uint8_t extensions[] = {0, 43, 44, 51, 60};
	static const uint8_t families[] = {0, 4, 4, 4, 6, 6, 6, 6};
	struct frame_spec spec = {
		.ethertype = 0x0806,
		.family = families[draw_below(random, sizeof(families))],
		.proto = protocols[draw_below(random, sizeof(protocols))],
		.frag = draw_below(random, FRAME_FRAG_COUNT),
		.icmp_type = (uint8_t)draw(random),
		.icmp_code = (uint8_t)draw(random),
		.option_bytes = (unsigned int)draw_below(random, 11) * 4,
		.extension_units = (unsigned int)draw_below(random, 3),
		.payload_bytes = draw_below(random, 40),
	};
	size_t tags = draw_below(random, 8);

	if (spec.frag == FRAME_WHOLE || spec.family == 4)
		spec.option_bytes *= draw_below(random, 2) == 0;
	for (size_t i = 0; i < tags && tags < FRAME_TAGS_MAX + 1; i++)
		spec.tags[i] =
			draw_below(random, 2) ? FRAME_8021Q : FRAME_8021AD;
	spec.chain_count = draw_below(random, FRAME_CHAIN_MAX);
	if (draw_below(random, 2))
		spec.chain_count /= 4;
	for (size_t i = 0; i < spec.chain_count; i++)
		spec.chain[i] =
			extensions[draw_below(random, sizeof(extensions))];
	return spec;
}

/* Change some bytes, most of them near the start, and perhaps the end. */
static void damage(struct frame *frame, uint64_t *random)
{
	size_t changes = draw_below(random, 4);

	for (size_t i = 0; i < changes; i++) {
		size_t at = draw_below(random, frame->len);

		if (draw_below(random, 2) && frame->len > 12)
			at = 12 + draw_below(random, frame->len - 12) / 2;
		if (draw_below(random, 2))
			frame->data[at] ^= (uint8_t)(1u << draw(random) % 8);
		else
			frame->data[at] = (uint8_t)draw(random);
	}
	switch (draw_below(random, 4)) {
	case 0:
		frame->len = draw_below(random, frame->len + 1);
		break;
	case 1:
		frame->len += draw_below(random, 32);
		break;
	default:
		break;
	}
}

static void damaged_frames_are_read_as_another_reader_does(void **state)
{
	size_t readings[PACKET_READING_COUNT] = {0};
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct frame_spec spec = random_spec(&random);
		struct packet packet;
		struct frame frame;
		const char *field;
		uint8_t *copy;

		frame_build(&spec, &frame);
		damage(&frame, &random);
		/* ends where the frame does, so a byte too far is found */
		copy = malloc(frame.len + 1);
		assert_non_null(copy);
		memcpy(copy + 1, frame.data, frame.len);
		field = disagreement(copy + 1, frame.len);
		readings[packet_read(copy + 1, frame.len, &packet)]++;
		free(copy);
		if (field)
			fail_msg("PORTCULLIS_SEED=%llu round %d: %s",
				 (unsigned long long)seed, round, field);
	}
	for (int i = 0; i < PACKET_READING_COUNT; i++)
		assert_true(readings[i] > ROUNDS / 50);
}

static void compare(const char *file, size_t number, const uint8_t *frame,
		    size_t len)
{
	const char *field = disagreement(frame, len);

	if (field)
		fail_msg("%s packet %zu: %s", file, number, field);
}

static void captures_are_read_as_another_reader_does(void **state)
{
	static const char *const folders[] = {"tcpdump-pcaps", "evasion-pcaps"};
	const char *data = getenv("PORTCULLIS_DATA");

	(void)state;
	if (!data)
		skip();
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		struct captures captures = {0};
		char path[PATH_BYTES];

		(void)snprintf(path, sizeof(path), "%s/%s", data, folders[i]);
		assert_int_equal(captures_each(path, compare, &captures), 0);
		assert_true(captures.packets > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			damaged_frames_are_read_as_another_reader_does),
		cmocka_unit_test(captures_are_read_as_another_reader_does),
	};
	const char *given = getenv("PORTCULLIS_SEED");

	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
