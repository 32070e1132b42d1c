// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets as people write them: what is read, what is usual when it is left
 * out, what is refused and how, and that printing gives back what was read.
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

static struct flowtext parse(const char *text)
{
	struct flowtext_note note;
	struct flowtext flow;

	if (flowtext_parse(text, &flow, &note) < 0)
		fail_msg("%s: column %u, \"%s\": expected %s", text,
			 note.column, note.word, note.expected);
	return flow;
}

/* The text is printed as `expected`, and that as itself. */
static void assert_prints(const char *text, const char *expected)
{
	struct flowtext flow = parse(text);
	char buf[FLOWTEXT_MAX];

	assert_string_equal(flowtext_print(&flow, buf), expected);
	flow = parse(expected);
	assert_string_equal(flowtext_print(&flow, buf), expected);
}

static void assert_same(const char *text)
{
	assert_prints(text, text);
}

static void assert_refused(const char *text, unsigned int column,
			   const char *word, const char *expected)
{
	struct flowtext flow = {.length = 77};
	struct flowtext_note note;

	if (flowtext_parse(text, &flow, &note) != -EINVAL)
		fail_msg("not refused: %s", text);
	assert_int_equal(flow.length, 77);
	assert_string_equal(note.word, word);
	assert_string_equal(note.expected, expected);
	assert_int_equal(note.column, column);
}

#define PROTOCOLS "vlan, tcp, udp, sctp, icmp, icmpv6, ip or a number to 255"
#define ADDRESSES                                                  \
	"an address, as 192.0.2.1, 192.0.2.1:443, 2001:db8::1 or " \
	"[2001:db8::1]:443"
#define WHERE	  "the name of an interface or a zone"
#define DIRECTION "in or out, and the name of an interface or a zone"
#define WORDS	  "in, out, flags as syn,ack, icmp, frag, len, mac or state"
#define PORT	  "an address with a port, as 198.51.100.7:443"
#define NO_PORT	  "no port: tcp, udp and sctp have them, and no later fragment"

static void the_usual_packet_has_all_its_facts(void **state)
{
	struct flowtext flow =
		parse("tcp 203.0.113.9:4711 > 198.51.100.7:22 syn in wan");

	(void)state;
	assert_int_equal(flow.family, 4);
	assert_true(flow.has_protocol);
	assert_int_equal(flow.protocol, 6);
	assert_int_equal(prefix_addr_v4(&flow.source), 0xcb007109);
	assert_int_equal(prefix_addr_v4(&flow.destination), 0xc6336407);
	assert_true(flow.has_ports);
	assert_int_equal(flow.source_port, 4711);
	assert_int_equal(flow.destination_port, 22);
	assert_true(flow.has_flags);
	assert_int_equal(flow.flags, 2);
	assert_int_equal(flow.direction, DIRECTION_IN);
	assert_string_equal(flow.where, "wan");
	assert_false(flow.has_icmp);
	assert_false(flow.has_mac);
	assert_false(flow.has_state);
	assert_int_equal(flow.length, 0);
	assert_int_equal(flow.tag_count, 0);
	assert_int_equal(flow.frag, FRAG_NONE);
}

static void every_word_is_read(void **state)
{
	struct flowtext flow =
		parse("vlan 7.4095 icmpv6 2001:db8::1 > fe80::1 out br-lan.7 "
		      "state related mac 02:AB:cd:00:00:0f len 504 frag first "
		      "icmp destination-unreachable/4");

	(void)state;
	assert_int_equal(flow.tag_count, 2);
	assert_int_equal(flow.vlans[0], 7);
	assert_int_equal(flow.vlans[1], 4095);
	assert_int_equal(flow.family, 6);
	assert_int_equal(flow.icmp, 0x0104);
	assert_int_equal(flow.direction, DIRECTION_OUT);
	assert_string_equal(flow.where, "br-lan.7");
	assert_true(flow.has_state);
	assert_int_equal(flow.state, FLOW_RELATED);
	assert_true(flow.has_mac);
	assert_memory_equal(flow.mac.addr, "\x02\xab\xcd\0\0\x0f", 6);
	assert_int_equal(flow.length, 504);
	assert_int_equal(flow.frag, FRAG_FIRST);
}

static void what_was_printed_is_read_the_same(void **state)
{
	(void)state;
	assert_same("tcp 203.0.113.9:4711 > 198.51.100.7:22 syn in wan");
	assert_same("vlan 0 udp 192.0.2.1:0 > 192.0.2.2:65535 out eth0");
	assert_same("vlan 1.2 sctp [2001:db8::1]:1 > [::]:2 in wan");
	assert_same("icmp 192.0.2.1 > 192.0.2.2 icmp 200/7 in wan");
	assert_same("icmpv6 ::1 > ff02::1 icmp router-advertisement in wan");
	assert_same("tcp 192.0.2.1:1 > 192.0.2.2:2 fin,syn,rst,psh,ack,urg,"
		    "ece,cwr frag first len 44 mac 02:00:5e:10:00:01 state "
		    "invalid in wan");
	assert_same("tcp 192.0.2.1 > 192.0.2.2 frag later in wan");
	assert_same("ip 192.0.2.1 > 192.0.2.2 in wan");
	assert_same("47 2001:db8::1 > 2001:db8::2 out wan");
	assert_same("58 192.0.2.1 > 192.0.2.2 in wan");
	assert_same("60 ::1 > ::2 frag later in wan");
}

static void the_words_may_come_in_any_order(void **state)
{
	(void)state;
	assert_prints("  tcp\t192.0.2.1:1 >  192.0.2.2:2  in wan len 60 ack "
		      "state established psh  ",
		      "tcp 192.0.2.1:1 > 192.0.2.2:2 psh,ack len 60 state "
		      "established in wan");
}

static void what_is_left_out_is_usual(void **state)
{
	(void)state;
	assert_prints("tcp 192.0.2.1 > 192.0.2.2:22 in wan",
		      "tcp 192.0.2.1:49152 > 192.0.2.2:22 syn in wan");
	assert_prints("tcp ::1 > [::2]:22 in wan state established",
		      "tcp [::1]:49152 > [::2]:22 ack state established in "
		      "wan");
	assert_prints("icmp 192.0.2.1 > 192.0.2.2 in wan",
		      "icmp 192.0.2.1 > 192.0.2.2 icmp echo-request in wan");
	assert_prints("icmpv6 ::1 > ::2 in wan",
		      "icmpv6 ::1 > ::2 icmp echo-request in wan");
}

static void there_are_several_ways_to_say_some_things(void **state)
{
	(void)state;
	assert_prints("6 192.0.2.1:1 > 192.0.2.2:2 syn ack in wan",
		      "tcp 192.0.2.1:1 > 192.0.2.2:2 syn,ack in wan");
	assert_prints("tcp 192.0.2.1:1 > 192.0.2.2:2 noflags in wan",
		      "tcp 192.0.2.1:1 > 192.0.2.2:2 noflags in wan");
	assert_prints("icmp 192.0.2.1 > 192.0.2.2 time-exceeded/1 in wan",
		      "icmp 192.0.2.1 > 192.0.2.2 icmp time-exceeded/1 in wan");
	assert_prints("icmp 192.0.2.1 > 192.0.2.2 icmp 0/0 in wan",
		      "icmp 192.0.2.1 > 192.0.2.2 icmp echo-reply in wan");
	assert_prints("udp [2001:DB8:0::1]:1 > [::0002]:2 in wan",
		      "udp [2001:db8::1]:1 > [::2]:2 in wan");
	assert_prints("ip [::1] > ::2 in wan", "ip ::1 > ::2 in wan");
}

static void a_mapped_address_is_one_of_ipv6(void **state)
{
	struct flowtext flow = parse("ip ::ffff:192.0.2.1 > ::1 in wan");

	(void)state;
	assert_int_equal(flow.family, 6);
	assert_same("ip ::ffff:192.0.2.1 > ::1 in wan");
	assert_same("udp [::ffff:192.0.2.1]:1 > [::1]:2 in wan");
}

static void a_wrong_protocol_is_refused(void **state)
{
	(void)state;
	assert_refused("", 1, "", PROTOCOLS);
	assert_refused("  ", 3, "", PROTOCOLS);
	assert_refused("tcpp 192.0.2.1 > 192.0.2.2", 1, "tcpp", PROTOCOLS);
	assert_refused("256 192.0.2.1 > 192.0.2.2", 1, "256", PROTOCOLS);
	assert_refused("06 192.0.2.1 > 192.0.2.2", 1, "06", PROTOCOLS);
	assert_refused("vlan 1 vlan 2 tcp", 8, "vlan",
		       "tcp, udp, sctp, icmp, icmpv6, ip or a number to 255");
	assert_refused("icmp ::1 > ::2 in wan", 1, "icmp",
		       "icmpv6, as the addresses are of IPv6");
	assert_refused("icmpv6 192.0.2.1 > 192.0.2.2 in wan", 1, "icmpv6",
		       "icmp, as the addresses are of IPv4");
	assert_refused("44 ::1 > ::2 in wan", 1, "44",
		       "a protocol: this number is an extension header");
}

static void a_wrong_vlan_is_refused(void **state)
{
	static const char *const words[] = {"4096", "1.4096", "x",  "1.",
					    ".1",   "1.2.3",  "-1", "01"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		char text[64];

		(void)snprintf(text, sizeof(text),
			       "vlan %s ip ::1 > ::2 in wan", words[i]);
		assert_refused(text, 6, words[i],
			       "the number of a VLAN, 0 to 4095, or of two: "
			       "OUTER.INNER");
	}
}

static void a_wrong_address_is_refused(void **state)
{
	static const char *const words[] = {
		"192.0.2",   "192.0.2.1/32", "192.0.2.256", "[192.0.2.1]",
		"[::1",	     "::1]",	     "::g",	    "host",
		":22",	     "[]:22",	     "1:2:3",	    "[::1]22",
		"[::1%eth0]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "ip %s > ::2 in wan",
			       words[i]);
		assert_refused(text, 4, words[i], ADDRESSES);
	}
	assert_refused("ip 192.0.2.1 > ::2 in wan", 16, "::2",
		       "an address of IPv4, as the source");
	assert_refused("ip 192.0.2.1 192.0.2.2 in wan", 14, "192.0.2.2",
		       "> and then the destination");
	assert_refused("ip 192.0.2.1 >", 15, "", ADDRESSES);
}

static void a_wrong_port_is_refused(void **state)
{
	(void)state;
	assert_refused("tcp 192.0.2.1:65536 > 192.0.2.2:1 in wan", 5,
		       "192.0.2.1:65536",
		       "a port of 0 to 65535, or a service, behind the colon");
	assert_refused("tcp [::1]: > [::2]:1 in wan", 5, "[::1]:",
		       "a port of 0 to 65535, or a service, behind the colon");
	assert_refused("tcp 192.0.2.1 > 192.0.2.2 in wan", 17, "192.0.2.2",
		       PORT);
	assert_refused("icmp 192.0.2.1:1 > 192.0.2.2 in wan", 6, "192.0.2.1:1",
		       NO_PORT);
	assert_refused("ip 192.0.2.1 > 192.0.2.2:1 in wan", 16, "192.0.2.2:1",
		       NO_PORT);
	assert_refused("tcp 192.0.2.1:1 > 192.0.2.2:1 frag later in wan", 5,
		       "192.0.2.1:1", NO_PORT);
}

static void a_direction_is_needed(void **state)
{
	(void)state;
	assert_refused("ip 192.0.2.1 > 192.0.2.2", 25, "", DIRECTION);
	assert_refused("ip 192.0.2.1 > 192.0.2.2 in", 28, "", WHERE);
	assert_refused("ip 192.0.2.1 > 192.0.2.2 in -wan", 29, "-wan", WHERE);
	assert_refused("ip 192.0.2.1 > 192.0.2.2 out "
		       "a-name-of-thirty-two-letters-abc",
		       30, "a-name-of-thirty-two-letters-abc", WHERE);
	assert_refused("ip 192.0.2.1 > 192.0.2.2 in a out b", 31, "out",
		       "this only once");
}

static void a_wrong_word_is_refused(void **state)
{
	(void)state;
	assert_refused("ip ::1 > ::2 in wan fast", 21, "fast", WORDS);
	assert_refused("tcp ::1 > [::2]:1 syn, in wan", 19, "syn,", WORDS);
	assert_refused("tcp ::1 > [::2]:1 syn noflags in wan", 23, "noflags",
		       "flags, or noflags alone");
	assert_refused("tcp ::1 > [::2]:1 noflags syn in wan", 27, "syn",
		       "flags, or noflags alone");
	assert_refused("ip ::1 > ::2 in wan frag none", 26, "none",
		       "first or later");
	assert_refused("ip ::1 > ::2 in wan state open", 27, "open",
		       "new, established, related or invalid");
	assert_refused("ip ::1 > ::2 in wan len 40 len 40", 28, "len",
		       "this only once");
	assert_refused("icmp 192.0.2.1 > 192.0.2.2 in wan redirect icmp 8", 44,
		       "icmp", "this only once");
	assert_refused("icmp 192.0.2.1 > 192.0.2.2 in wan icmp 8/256", 40,
		       "8/256",
		       "a type of ICMP as echo-request or 8, and a code as "
		       "3/1");
	assert_refused("icmp 192.0.2.1 > 192.0.2.2 8 in wan", 28, "8", WORDS);
	assert_refused("icmp 192.0.2.1 > 192.0.2.2 packet-too-big in wan", 28,
		       "packet-too-big", WORDS);
}

static void a_wrong_mac_is_refused(void **state)
{
	static const char *const words[] = {
		"02:00:5e:10:00",    "02:00:5e:10:00:01:02",
		"2:0:5e:10:0:1",     "02-00-5e-10-00-01",
		"02:00:5e:10:00:0g", "02:00:5e:10:00:0\x11"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct flowtext_note note;
		struct flowtext flow;
		char text[64];

		(void)snprintf(text, sizeof(text), "ip ::1 > ::2 mac %s in wan",
			       words[i]);
		assert_int_equal(flowtext_parse(text, &flow, &note), -EINVAL);
		assert_int_equal(note.column, 18);
		assert_string_equal(note.expected,
				    "an address as 02:00:5e:10:00:01");
	}
}

static void what_the_protocol_has_not_is_refused(void **state)
{
	(void)state;
	assert_refused("udp ::1 > [::2]:1 in wan syn", 26, "syn",
		       "no flags: tcp has them, and no later fragment");
	assert_refused("tcp ::1 > ::2 frag later in wan noflags", 33, "noflags",
		       "no flags: tcp has them, and no later fragment");
	assert_refused("ip ::1 > ::2 in wan icmp 8", 21, "icmp",
		       "no type: icmp and icmpv6 have them, and no later "
		       "fragment");
}

static void a_length_has_room_for_the_headers(void **state)
{
	(void)state;
	assert_same("tcp 192.0.2.1:1 > 192.0.2.2:1 syn len 40 in wan");
	assert_refused("tcp 192.0.2.1:1 > 192.0.2.2:1 len 39 in wan", 31, "len",
		       "len 40 at least, for the headers");
	assert_refused("udp [::1]:1 > [::2]:1 frag first len 55 in wan", 34,
		       "len", "len 56 at least, for the headers");
	assert_refused("ip 192.0.2.1 > 192.0.2.2 frag later len 20 in wan", 37,
		       "len", "len 21 at least, for the headers");
	assert_refused("tcp 192.0.2.1:1 > 192.0.2.2:1 frag first len 48 in wan",
		       42, "len",
		       "len 44 and eights more, of a first fragment");
	assert_refused("ip ::1 > ::2 frag later len 65521 in wan", 25, "len",
		       "len 65520 at most, of a fragment");
	assert_same("ip 192.0.2.1 > 192.0.2.2 len 65535 in wan");
	assert_refused("ip ::1 > ::2 len 65536 in wan", 18, "65536",
		       "bytes, from 1 to 65535");
	assert_refused("ip ::1 > ::2 len 0 in wan", 18, "0",
		       "bytes, from 1 to 65535");
}

static void a_note_is_printable_and_short(void **state)
{
	char text[FLOWTEXT_MAX];
	struct flowtext_note note;
	struct flowtext flow;

	(void)state;
	assert_refused("t\x01\x80p ::1", 1, "t??p", PROTOCOLS);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(flowtext_parse(text, &flow, &note), -EINVAL);
	assert_int_equal(strlen(note.word), FLOWTEXT_WORD_MAX - 1);
}

static void a_text_without_end_is_refused(void **state)
{
	char text[FLOWTEXT_MAX + 1];

	(void)state;
	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_refused(text, 1, "", "a text shorter than 512 bytes");
}

static void the_longest_text_has_room(void **state)
{
	(void)state;
	assert_same("vlan 4095.4095 tcp "
		    "[1111:1111:1111:1111:1111:1111:1111:1111]:65535 > "
		    "[2222:2222:2222:2222:2222:2222:2222:2222]:65535 "
		    "fin,syn,rst,psh,ack,urg,ece,cwr frag first len 65512 mac "
		    "ff:ff:ff:ff:ff:ff state established out "
		    "a-name-of-thirty-one-letters-ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_packet_has_all_its_facts),
		cmocka_unit_test(every_word_is_read),
		cmocka_unit_test(what_was_printed_is_read_the_same),
		cmocka_unit_test(the_words_may_come_in_any_order),
		cmocka_unit_test(what_is_left_out_is_usual),
		cmocka_unit_test(there_are_several_ways_to_say_some_things),
		cmocka_unit_test(a_mapped_address_is_one_of_ipv6),
		cmocka_unit_test(a_wrong_protocol_is_refused),
		cmocka_unit_test(a_wrong_vlan_is_refused),
		cmocka_unit_test(a_wrong_address_is_refused),
		cmocka_unit_test(a_wrong_port_is_refused),
		cmocka_unit_test(a_direction_is_needed),
		cmocka_unit_test(a_wrong_word_is_refused),
		cmocka_unit_test(a_wrong_mac_is_refused),
		cmocka_unit_test(what_the_protocol_has_not_is_refused),
		cmocka_unit_test(a_length_has_room_for_the_headers),
		cmocka_unit_test(a_note_is_printable_and_short),
		cmocka_unit_test(a_text_without_end_is_refused),
		cmocka_unit_test(the_longest_text_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
