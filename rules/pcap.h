/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcap.h - reader of captures: classic pcap and pcapng, from memory.
 *
 * Classic: both byte orders, micro- and nanoseconds
 * (draft-ietf-opsawg-pcap). pcapng: both byte orders, several sections,
 * enhanced, simple and obsolete packet blocks, if_tsresol, if_tsoffset,
 * if_name and snaplen (draft-ietf-opsawg-pcapng); blocks and options of other
 * kinds are skipped.
 *
 *	1. Packets are given in the order of the file, each with the bytes that
 *	   were captured, which are the caller's own memory and not copied.
 *	2. What is wrong ends the reading; what came before has been given, and
 *	   the report says where it ended and why.
 *	3. No sequence of bytes makes it read outside of them, nor use more
 *	   memory than PCAP_INTERFACES_MAX interfaces need.
 *
 * Times	nanoseconds since 1970; what does not fit is the nearest that
 *		does
 * Errors	-EBADMSG: no capture, or not as the format has it; -ENODATA: it
 *		ends in the middle, as many real ones do; or what the function
 *		answered
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAP_INTERFACES_MAX 256 /* of one section */
#define PCAP_IFNAME_MAX	    64 /* bytes kept of a name, NUL included */
#define PCAP_PACKET_MAX	    262144 /* bytes captured of one packet */

#define PCAP_LINK_ETHERNET 1
#define PCAP_LINK_RAW	   101
#define PCAP_LINK_IPV4	   228
#define PCAP_LINK_IPV6	   229

struct pcap_packet {
	uint64_t number; /* from 1 */
	size_t offset; /* of its header in the file */
	bool has_time; /* false in simple packet blocks */
	uint64_t time_ns;
	uint16_t link; /* LINKTYPE_ of the draft, see PCAP_LINK_ */
	uint32_t original_bytes; /* on the wire */
	const uint8_t *bytes;
	size_t captured_bytes;
	uint32_t interface; /* number in its section; 0 in classic files */
	const char *ifname; /* printable; "" if not told. Of the call only */
	uint8_t direction; /* DIRECTION_IN, DIRECTION_OUT; 0 if not told */
};

struct pcap_report {
	uint64_t packets; /* given */
	size_t offset; /* where reading ended */
	const char *why; /* static text; NULL if nothing is wrong */
};

/* A negative answer ends the reading. */
typedef int pcap_packet_fn(void *arg, const struct pcap_packet *packet);

/* Read a whole file. *ret_report is filled also when it fails. */
int pcap_each_packet(const uint8_t *bytes, size_t len, pcap_packet_fn *fn,
		     void *arg, struct pcap_report *ret_report);
