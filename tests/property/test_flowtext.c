// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random packets as text: what is printed reads the same, the frame of it
 * says the same, and the sums in the frame are right by another way of
 * computing them.
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
#include "rules/flowtext.h"

#define ROUNDS 100000

static uint64_t seed;

/* splitmix64 (Steele, Lea, Flood, 2014): every seed is a good one. */
static uint64_t draw(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static bool chance(uint64_t *random)
{
	return draw(random) % 2;
}

static uint16_t draw16(uint64_t *random)
{
	return (uint16_t)draw(random);
}

static struct prefix random_address(uint64_t *random, uint8_t family)
{
	struct prefix address = {.bits = 128};

	if (family == 4)
		return prefix_of_v4((uint32_t)draw(random), 32);
	for (size_t i = 0; i < sizeof(address.addr); i++)
		address.addr[i] = chance(random) ? 0 : (uint8_t)draw(random);
	if (draw(random) % 8 == 0)
		memcpy(address.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
	return address;
}

/* What the protocol has, in a packet that is no later fragment. */
static void add_layer_4(struct flowtext *flow, uint64_t *random)
{
	if (flow->protocol == 6 || flow->protocol == 17 ||
	    flow->protocol == 132) {
		flow->has_ports = true;
		flow->source_port = draw16(random);
		flow->destination_port = draw16(random);
	}
	if (flow->protocol == 6) {
		flow->has_flags = true;
		flow->flags = (uint8_t)draw(random);
	}
	if (flow->protocol == (flow->family == 4 ? 1 : 58)) {
		flow->has_icmp = true;
		flow->icmp = draw16(random);
	}
}

static void add_length(struct flowtext *flow, uint64_t *random)
{
	size_t least = flowtext_least_bytes(flow);
	size_t room = (draw(random) % 16 ? 1500 : 65520) - least;
	size_t more = draw(random) % room;

	if (flow->frag == FRAG_FIRST)
		more -= more % 8;
	flow->length = (uint16_t)(least + more);
}

static struct flowtext random_flow(uint64_t *random)
{
	static const uint8_t protocols[] = {1, 2, 6, 6, 17, 47, 50, 58, 132};
	struct flowtext flow = {
		.tag_count = (uint8_t)(draw(random) % 3),
		.family = chance(random) ? 4 : 6,
		.has_protocol = draw(random) % 8 > 0,
		.frag = (uint8_t)(draw(random) % FRAG_KIND_COUNT),
		.has_mac = chance(random),
		.has_state = chance(random),
		.direction = chance(random) ? DIRECTION_IN : DIRECTION_OUT,
		.where = "wan",
	};

	for (size_t i = 0; i < flow.tag_count; i++)
		flow.vlans[i] = draw16(random) % 4096;
	flow.source = random_address(random, flow.family);
	flow.destination = random_address(random, flow.family);
	if (flow.has_protocol)
		flow.protocol = protocols[draw(random) % sizeof(protocols)];
	if (flow.has_protocol && flow.frag != FRAG_LATER)
		add_layer_4(&flow, random);
	for (size_t i = 0; i < 6 && flow.has_mac; i++)
		flow.mac.addr[i] = (uint8_t)draw(random);
	if (flow.has_state)
		flow.state = (uint8_t)(draw(random) % FLOW_STATE_COUNT);
	if (chance(random))
		add_length(&flow, random);
	return flow;
}

#define CHECK(truth, flow)                                              \
	do {                                                            \
		char check_[FLOWTEXT_MAX];                              \
		if (!(truth))                                           \
			fail_msg("PORTCULLIS_SEED=%llu, %s: %s",        \
				 (unsigned long long)seed,              \
				 flowtext_print(flow, check_), #truth); \
	} while (0)

/* Same values in all fields; what is between them does not count. */
static bool same(const struct flowtext *a, const struct flowtext *b)
{
	return a->tag_count == b->tag_count &&
	       memcmp(a->vlans, b->vlans, sizeof(a->vlans)) == 0 &&
	       a->family == b->family && a->has_protocol == b->has_protocol &&
	       a->protocol == b->protocol &&
	       prefix_cmp(&a->source, &b->source) == 0 &&
	       prefix_cmp(&a->destination, &b->destination) == 0 &&
	       a->has_ports == b->has_ports &&
	       a->source_port == b->source_port &&
	       a->destination_port == b->destination_port &&
	       a->has_flags == b->has_flags && a->flags == b->flags &&
	       a->has_icmp == b->has_icmp && a->icmp == b->icmp &&
	       a->frag == b->frag && a->length == b->length &&
	       a->has_mac == b->has_mac &&
	       memcmp(&a->mac, &b->mac, sizeof(a->mac)) == 0 &&
	       a->has_state == b->has_state && a->state == b->state &&
	       a->direction == b->direction && strcmp(a->where, b->where) == 0;
}

static void what_is_printed_reads_the_same(void **state)
{
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct flowtext flow = random_flow(&random);
		struct flowtext_note note;
		struct flowtext back = {0};
		char text[FLOWTEXT_MAX];
		int r = flowtext_parse(flowtext_print(&flow, text), &back,
				       &note);

		CHECK(r == 0, &flow);
		CHECK(same(&flow, &back), &flow);
	}
}

/* What the frame of a text tells when it is read, but for what is usual. */
static struct flowtext expected_of(const struct flowtext *flow,
				   const struct packet *packet)
{
	struct flowtext expected = *flow;

	if (!flow->has_protocol)
		expected.protocol = FLOWTEXT_IP_PROTOCOL;
	expected.has_protocol = true;
	if (!flow->length)
		expected.length = packet->length;
	if (!flow->has_mac)
		expected.mac = packet->mac;
	expected.has_mac = true;
	expected.has_state = false;
	expected.state = 0;
	expected.direction = 0;
	expected.where[0] = '\0';
	return expected;
}

static void the_frame_says_what_the_text_does(void **state)
{
	static uint8_t frame[FLOWTEXT_FRAME_MAX];
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct flowtext flow = random_flow(&random);
		struct flowtext back, expected;
		struct packet packet;
		size_t len = 0;
		int r = flowtext_frame(&flow, frame, sizeof(frame), &len);

		CHECK(r == 0, &flow);
		CHECK(packet_read(frame, len, &packet) == PACKET_READ, &flow);
		flowtext_of_packet(&packet, &back);
		expected = expected_of(&flow, &packet);
		CHECK(same(&expected, &back), &flow);
	}
}

/* One's complement is arithmetic modulo 65535. */
static uint64_t number_of(const uint8_t *at, size_t bytes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < bytes; i++)
		sum = (sum + (i % 2 ? at[i] : at[i] * 256u)) % 65535;
	return sum;
}

/* The datagram of a first fragment goes on with eight zeros. */
static bool sums_are_right(const struct flowtext *flow, const uint8_t *ip,
			   size_t len)
{
	size_t head = flow->family == 4 ? 20 : flow->frag ? 48 : 40;
	size_t more = flow->frag == FRAG_FIRST ? 8 : 0;
	uint64_t addresses = flow->family == 4 ? number_of(ip + 12, 8)
					       : number_of(ip + 8, 32);
	uint64_t payload = number_of(ip + head, len - head);
	uint64_t pseudo = addresses + flow->protocol + (len - head + more);

	if (flow->family == 4 && number_of(ip, 20) != 0)
		return false;
	if (flow->frag == FRAG_LATER)
		return payload == 0;
	if (flow->has_icmp && flow->family == 4)
		return payload == 0;
	if (flow->has_icmp || flow->protocol == 6 || flow->protocol == 17)
		return (pseudo + payload) % 65535 == 0;
	return true;
}

static void the_sums_of_a_frame_are_right(void **state)
{
	static uint8_t frame[FLOWTEXT_FRAME_MAX];
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct flowtext flow = random_flow(&random);
		size_t link = 14 + 4 * (size_t)flow.tag_count;
		size_t len = 0;
		int r = flowtext_frame(&flow, frame, sizeof(frame), &len);

		CHECK(r == 0, &flow);
		CHECK(sums_are_right(&flow, frame + link, len - link), &flow);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_reads_the_same),
		cmocka_unit_test(the_frame_says_what_the_text_does),
		cmocka_unit_test(the_sums_of_a_frame_are_right),
	};
	const char *given = getenv("PORTCULLIS_SEED");

	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
