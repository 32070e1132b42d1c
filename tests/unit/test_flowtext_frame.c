// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames made of texts: byte by byte where other programs can tell that they
 * are right, and by what packet_read() finds in them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/flowtext.h"

static uint8_t frame[FLOWTEXT_FRAME_MAX];

static size_t make(const char *text)
{
	struct flowtext_note note;
	struct flowtext flow;
	size_t len;

	if (flowtext_parse(text, &flow, &note) < 0)
		fail_msg("%s: column %u: expected %s", text, note.column,
			 note.expected);
	assert_int_equal(flowtext_frame(&flow, frame, sizeof(frame), &len), 0);
	return len;
}

static struct packet read_of(const char *text)
{
	struct packet packet;

	assert_int_equal(packet_read(frame, make(text), &packet), PACKET_READ);
	return packet;
}

/* Four bytes a word, from the type of Ethernet on. */
static void assert_frame(const char *text, const char *expected)
{
	size_t len = make(text), used = 0;
	char said[512];

	for (size_t i = 12; i < len && used + 4 < sizeof(said); i++)
		used += (size_t)snprintf(said + used, sizeof(said) - used,
					 "%s%02x", i % 4 == 2 ? " " : "",
					 frame[i]);
	assert_string_equal(said, expected);
}

static void a_frame_has_the_addresses_of_ethernet(void **state)
{
	(void)state;
	(void)make("ip ::1 > ::2 in wan");
	assert_memory_equal(frame, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	(void)make("ip ::1 > ::2 mac aa:bb:cc:dd:ee:ff in wan");
	assert_memory_equal(frame + 6, "\xaa\xbb\xcc\xdd\xee\xff", 6);
}

static void tags_stand_before_the_type(void **state)
{
	(void)state;
	(void)make("vlan 258 ip ::1 > ::2 in wan");
	assert_memory_equal(frame + 12, "\x81\0\1\2\x86\xdd", 6);
	(void)make("vlan 4095.1 ip 192.0.2.1 > 192.0.2.2 in wan");
	assert_memory_equal(frame + 12, "\x88\xa8\x0f\xff\x81\0\0\1\x08\0", 10);
}

/* By a few lines of Python, with sums over all of it in one number. */
static void frames_are_as_computed_elsewhere(void **state)
{
	(void)state;
	assert_frame("tcp 203.0.113.9:4711 > 198.51.100.7:22 in wan",
		     "0800 45000028 00010000 4006148b cb007109 c6336407 1267"
		     "0016 00000001 00000000 5002ffff 37200000");
	assert_frame(
		"tcp [2001:db8::1]:4711 > [fe80::2:3]:22 psh,ack len 63 in wan",
		"86dd 60000000 00170640 20010db8 00000000 00000000 0000"
		"0001 fe800000 00000000 00000000 00020003 12670016 0000"
		"0001 00000001 5018ffff 710b0000 000000");
	assert_frame("tcp 203.0.113.9:1 > 198.51.100.7:2 frag first in wan",
		     "0800 4500002c 00012000 4006f486 cb007109 c6336407 0001"
		     "0002 00000001 00000000 5002ffff 498e0000 00000000");
	assert_frame("udp 203.0.113.9:53 > 198.51.100.7:65535 len 31 in wan",
		     "0800 4500001f 00010000 40111489 cb007109 c6336407 0035"
		     "ffff 000b995e 000000");
	assert_frame("udp [2001:db8::1]:53 > [fe80::2:3]:53 frag first in wan",
		     "86dd 60000000 00102c40 20010db8 00000000 00000000 0000"
		     "0001 fe800000 00000000 00000000 00020003 11000001 0000"
		     "0001 00350035 0010d324");
	assert_frame("icmp 203.0.113.9 > 198.51.100.7 icmp 3/4 len 29 in wan",
		     "0800 4500001d 00010000 4001149b cb007109 c6336407 0304"
		     "fcfb 00000000 00");
	assert_frame("icmpv6 2001:db8::1 > fe80::2:3 in wan",
		     "86dd 60000000 00083a40 20010db8 00000000 00000000 0000"
		     "0001 fe800000 00000000 00000000 00020003 8000537d 0000"
		     "0000");
	assert_frame("sctp 203.0.113.9:9 > 198.51.100.7:38412 in wan",
		     "0800 45000024 00010000 40841411 cb007109 c6336407 0009"
		     "960c 00000001 5caee678 84000004");
	assert_frame("sctp [2001:db8::1]:9 > [fe80::2:3]:38412 len 60 in wan",
		     "86dd 60000000 00148440 20010db8 00000000 00000000 0000"
		     "0001 fe800000 00000000 00000000 00020003 0009960c 0000"
		     "0001 a384b3c8 84000008 00000000");
	assert_frame("udp 203.0.113.9:39314 > 198.51.100.7:7 in wan",
		     "0800 4500001c 00010000 4011148c cb007109 c6336407 9992"
		     "0007 0008ffff");
	assert_frame(
		"sctp 203.0.113.9:9 > 198.51.100.7:38412 frag first in wan",
		"0800 45000024 00012000 4084f410 cb007109 c6336407 0009"
		"960c 00000001 c830c8a2 8400000c");
}

static void a_length_is_the_bytes_from_the_ip_header_on(void **state)
{
	static const char *const texts[] = {
		"tcp 192.0.2.1:1 > 192.0.2.2:2 len 1480 in wan",
		"vlan 3 udp [::1]:1 > [::2]:2 len 1480 in wan",
		"vlan 3.4 icmp 192.0.2.1 > 192.0.2.2 len 1480 in wan",
		"sctp [::1]:1 > [::2]:2 len 1480 in wan",
		"ip ::1 > ::2 len 1480 in wan",
		"ip ::1 > ::2 frag later len 1480 in wan",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(read_of(texts[i]).length, 1480);
}

static void the_longest_frames_are_right(void **state)
{
	(void)state;
	assert_int_equal(
		make("vlan 1.2 udp 192.0.2.1:1 > 192.0.2.2:2 len 65535 in wan"),
		FLOWTEXT_FRAME_MAX);
	assert_memory_equal(frame + 22 + 2, "\xff\xff", 2);
	assert_memory_equal(frame + 22 + 20 + 4, "\xff\xeb", 2);
	(void)make("ip ::1 > ::2 len 65535 in wan");
	assert_memory_equal(frame + 14 + 4, "\xff\xd7", 2);
}

static void a_fragment_never_ends_behind_the_longest_datagram(void **state)
{
	(void)state;
	(void)make("ip 192.0.2.1 > 192.0.2.2 frag later len 1500 in wan");
	assert_memory_equal(frame + 14 + 6, "\0\xb9", 2); /* 1480 bytes */
	(void)make("ip 192.0.2.1 > 192.0.2.2 frag later len 65520 in wan");
	assert_memory_equal(frame + 14 + 6, "\0\1", 2);
	(void)make("ip ::1 > ::2 frag later len 65520 in wan");
	assert_memory_equal(frame + 14 + 40 + 2, "\0\x8", 2);
}

static void fragments_are_read_as_such(void **state)
{
	static const char *const texts[] = {
		"tcp 192.0.2.1:1 > 192.0.2.2:2 frag first in wan",
		"tcp [::1]:1 > [::2]:2 frag first in wan",
		"tcp 192.0.2.1 > 192.0.2.2 frag later in wan",
		"tcp ::1 > ::2 frag later in wan",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct packet packet = read_of(texts[i]);

		assert_int_equal(packet.frag, i < 2 ? FRAG_FIRST : FRAG_LATER);
		assert_int_equal(packet.has_ports, i < 2);
		assert_int_equal(packet.protocol, 6);
	}
}

static void neighbour_discovery_is_what_a_neighbour_sends(void **state)
{
	static const struct {
		const char *type;
		uint16_t length;
		uint8_t hop_limit;
	} cases[] = {
		{"nd-router-solicit", 48, 255},
		{"nd-router-advert", 56, 255},
		{"nd-neighbor-solicit", 64, 255},
		{"nd-neighbor-advert", 64, 255},
		{"nd-redirect", 80, 255},
		{"echo-request", 48, 64},
		{"mld-listener-done", 48, 1},
		{"mld2-listener-report", 48, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct packet packet;
		char text[128];

		(void)snprintf(text, sizeof(text),
			       "icmpv6 fe80::1 > ff02::1 %s in wan",
			       cases[i].type);
		packet = read_of(text);
		assert_int_equal(packet.length, cases[i].length);
		assert_int_equal(packet.hop_limit, cases[i].hop_limit);
	}
}

static void ip_is_a_protocol_for_experiments(void **state)
{
	(void)state;
	assert_int_equal(read_of("ip 192.0.2.1 > 192.0.2.2 in wan").protocol,
			 253);
	assert_int_equal(read_of("ip ::1 > ::2 in wan").protocol, 253);
}

static void a_parsed_frame_is_a_text_again(void **state)
{
	struct packet packet =
		read_of("vlan 5.6 tcp [2001:db8::1]:1 > [2001:db8::2]:2 "
			"syn,ack in wan");
	struct flowtext flow;
	char text[FLOWTEXT_MAX];

	(void)state;
	flowtext_of_packet(&packet, &flow);
	assert_string_equal(flowtext_print(&flow, text),
			    "vlan 5.6 tcp [2001:db8::1]:1 > [2001:db8::2]:2 "
			    "syn,ack len 60 mac 02:00:00:00:00:02");
	packet.tags[0] |= 0xf000; /* priority is not the text's */
	packet.direction = DIRECTION_OUT;
	packet.state = FLOW_INVALID;
	memcpy(packet.ifname, "eth1", 5);
	flowtext_of_packet(&packet, &flow);
	assert_string_equal(flowtext_print(&flow, text),
			    "vlan 5.6 tcp [2001:db8::1]:1 > [2001:db8::2]:2 "
			    "syn,ack len 60 mac 02:00:00:00:00:02 state "
			    "invalid out eth1");
	memcpy(packet.ifname, "a b", 4); /* no name in a policy */
	flowtext_of_packet(&packet, &flow);
	assert_string_equal(flowtext_print(&flow, text),
			    "vlan 5.6 tcp [2001:db8::1]:1 > [2001:db8::2]:2 "
			    "syn,ack len 60 mac 02:00:00:00:00:02 state "
			    "invalid");
}

static void what_could_not_be_read_is_not_said(void **state)
{
	struct packet packet;
	struct flowtext flow;
	char text[FLOWTEXT_MAX];

	(void)state;
	(void)make("tcp 192.0.2.1:1 > 192.0.2.2:2 in wan");
	assert_int_equal(packet_read(frame, 53, &packet), PACKET_UNREADABLE);
	flowtext_of_packet(&packet, &flow);
	flow.has_mac = false;
	assert_string_equal(flowtext_print(&flow, text),
			    "tcp 192.0.2.1 > 192.0.2.2 len 39");
	frame[14] = 0x46; /* options, which are there in part */
	assert_int_equal(packet_read(frame, 36, &packet), PACKET_UNREADABLE);
	flowtext_of_packet(&packet, &flow);
	flow.has_mac = false;
	assert_string_equal(flowtext_print(&flow, text),
			    "ip 192.0.2.1 > 192.0.2.2 len 22");
}

static void a_frame_without_room_is_not_begun(void **state)
{
	struct flowtext_note note;
	struct flowtext flow;
	uint8_t small[53];
	size_t len = 99;

	(void)state;
	assert_int_equal(flowtext_parse("tcp 192.0.2.1:1 > 192.0.2.2:2 in wan",
					&flow, &note),
			 0);
	memset(small, 7, sizeof(small));
	assert_int_equal(flowtext_frame(&flow, small, sizeof(small), &len),
			 -ENOSPC);
	assert_int_equal(small[0], 7);
	assert_int_equal(len, 99);
	flow.length = 39;
	assert_int_equal(flowtext_frame(&flow, frame, sizeof(frame), &len),
			 -EINVAL);
	flow.length = 0;
	flow.family = 0;
	assert_int_equal(flowtext_frame(&flow, frame, sizeof(frame), &len),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_has_the_addresses_of_ethernet),
		cmocka_unit_test(tags_stand_before_the_type),
		cmocka_unit_test(frames_are_as_computed_elsewhere),
		cmocka_unit_test(a_length_is_the_bytes_from_the_ip_header_on),
		cmocka_unit_test(the_longest_frames_are_right),
		cmocka_unit_test(
			a_fragment_never_ends_behind_the_longest_datagram),
		cmocka_unit_test(fragments_are_read_as_such),
		cmocka_unit_test(neighbour_discovery_is_what_a_neighbour_sends),
		cmocka_unit_test(ip_is_a_protocol_for_experiments),
		cmocka_unit_test(a_parsed_frame_is_a_text_again),
		cmocka_unit_test(what_could_not_be_read_is_not_said),
		cmocka_unit_test(a_frame_without_room_is_not_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
