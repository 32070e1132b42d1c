/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flowtext.h - a packet as a person writes it.
 *
 *	[vlan N[.M]] PROTOCOL SOURCE[:PORT] > DESTINATION[:PORT] WORDS
 *
 * PROTOCOL is tcp, udp, sctp, icmp, icmpv6, a number, or ip for a packet of
 * which nothing more is said. An IPv6 address with a port stands in brackets. A
 * port is a number or the name of a service.
 * The words, in any order, each once:
 *
 *	in NAME | out NAME	the interface or zone; one of them is needed
 *	syn,ack ...		flags of TCP: fin syn rst psh ack urg ece cwr;
 *				several, or noflags
 *	icmp TYPE[/CODE]	by name or number; a name may do without `icmp`
 *	frag first | later	of a fragment
 *	len N			bytes from the IP header to the end
 *	mac aa:bb:cc:dd:ee:ff	source of the frame
 *	state NAME		new, established, related, invalid
 *
 *	1. What is left out is what is usual: source port 49152, flags syn (of
 *	   an established one ack), an echo request, the length that the
 *	   headers need. The port of a destination has no usual.
 *	2. What cannot be is refused: ports of a later fragment or of ICMP,
 *	   flags of UDP, a length that has no room for the headers.
 *	3. Parse, print, parse gives the same.
 *	4. An address with a ':' in it is of IPv6, a mapped one as well.
 *
 * Owns		nothing: values
 * Errors	-EINVAL with a note; *ret_flow is untouched
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/packet.h"
#include "rules/prefix.h"
#include "rules/rule.h"

#define FLOWTEXT_MAX	      512 /* bytes of text, NUL included */
#define FLOWTEXT_WORD_MAX     64 /* bytes kept of a word, NUL included */
#define FLOWTEXT_EXPECTED_MAX 128
#define FLOWTEXT_TAGS_MAX     2
#define FLOWTEXT_FRAME_MAX    (14 + 4 * FLOWTEXT_TAGS_MAX + 65535)

/* What stands for `ip` in a frame: for experiments, RFC 3692. */
#define FLOWTEXT_IP_PROTOCOL 253

struct flowtext {
	uint8_t tag_count;
	uint16_t vlans[FLOWTEXT_TAGS_MAX]; /* the outer first */
	uint8_t family; /* 4, 6 */
	bool has_protocol; /* false: ip */
	uint8_t protocol;
	struct prefix source, destination; /* single addresses, see packet.h */
	bool has_ports;
	uint16_t source_port, destination_port;
	bool has_flags;
	uint8_t flags;
	bool has_icmp;
	uint16_t icmp; /* type << 8 | code */
	uint8_t frag; /* enum frag_kind */
	uint16_t length; /* 0: not said */
	bool has_mac;
	struct mac mac;
	bool has_state;
	uint8_t state; /* enum flow_state */
	uint8_t direction; /* DIRECTION_IN, DIRECTION_OUT; 0: not said */
	char where[RULE_NAME_MAX];
};

/* Why a text is refused. */
struct flowtext_note {
	unsigned int column; /* of the word in the text, from 1 */
	char word[FLOWTEXT_WORD_MAX]; /* printable; "": the text ends there */
	char expected[FLOWTEXT_EXPECTED_MAX]; /* what would be accepted */
};

/* Read a text. *reterr_note is written only with -EINVAL. */
int flowtext_parse(const char *text, struct flowtext *ret_flow,
		   struct flowtext_note *reterr_note);

/* The text of it, words in the order above but `in` or `out` last. Returns
 * `buf`. */
const char *flowtext_print(const struct flowtext *flow, char buf[FLOWTEXT_MAX]);

/* What a packet with addresses is as a text. State, direction and interface
 * are said if the caller of packet_read() has given a direction. */
void flowtext_of_packet(const struct packet *packet, struct flowtext *ret_flow);

/* Fewest bytes from the IP header to the end that have room for it. */
size_t flowtext_least_bytes(const struct flowtext *flow);

/*
 * Make an Ethernet frame of it with right lengths and checksums, of
 * FLOWTEXT_FRAME_MAX bytes at most. Of two tags the outer is 802.1ad. A first
 * fragment is the start of a datagram that goes on with eight zeros; a later
 * one is the last. -EINVAL: it is not what flowtext_parse() gives; -ENOSPC:
 * `size` is too small. Nothing is written then.
 */
int flowtext_frame(const struct flowtext *flow, uint8_t *frame, size_t size,
		   size_t *ret_len);
