/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng.h - writer of captures that Wireshark, tcpdump and rules/pcap.h read.
 *
 * As in draft-ietf-opsawg-pcapng: one section, its interfaces (Ethernet,
 * times in nanoseconds), packets with a comment and a direction, and at the
 * end what each interface received and dropped. Always little-endian, so the
 * same packets make the same file everywhere.
 *
 *	1. A block is handed to the sink in few pieces, in order, and never
 *	   one before all arguments were checked.
 *	2. Once the sink has failed nothing more is written, and each call
 *	   answers what the sink did: the file ends in a block that is cut.
 *
 * Owns		nothing; the sink and its argument are the caller's, kept until
 *		the last call
 * Times	nanoseconds since 1970, given by the caller
 * Errors	negative errno: -E2BIG, a text or packet is longer than here
 *		said; -EINVAL, no such interface or one too many; or what the
 *		sink answered
 * Threads	none: a value
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PCAPNG_TEXT_MAX	      4096 /* bytes of any one text */
#define PCAPNG_PACKET_MAX     262144 /* bytes captured of one packet */
#define PCAPNG_INTERFACES_MAX 256

/* Takes all of it or answers a negative errno. */
typedef int pcapng_sink_fn(void *arg, const void *bytes, size_t len);

/* A sink: `file` is a FILE *. Buffered; the caller flushes. */
int pcapng_to_file(void *file, const void *bytes, size_t len);

struct pcapng {
	pcapng_sink_fn *sink;
	void *arg;
	uint32_t snaplen_bytes;
	uint32_t interface_count;
	int r; /* negative once the sink has failed */
};

/* Who wrote it and how. Texts are UTF-8; NULL or "" leaves one out. */
struct pcapng_origin {
	const char *hardware, *os, *application;
	uint32_t snaplen_bytes; /* of a packet, kept at most; 0: no limit. One
		for all: libpcap reads no file whose interfaces differ in it */
};

struct pcapng_packet {
	uint32_t interface;
	uint64_t time_ns;
	uint8_t direction; /* DIRECTION_IN, DIRECTION_OUT; 0: not known */
	const char *comment; /* UTF-8; NULL or "": none */
	const uint8_t *bytes;
	size_t captured_bytes;
	uint32_t original_bytes; /* on the wire */
};

struct pcapng_count {
	uint64_t received; /* packets that the interface saw */
	uint64_t dropped; /* of them, lost to the capture */
};

/* Write the section header and make *ret_pcapng ready for the rest. */
int pcapng_start(pcapng_sink_fn *sink, void *arg,
		 const struct pcapng_origin *origin, struct pcapng *ret_pcapng);

/* Describe an interface, before the first packet of it. Their numbers count
 * from 0. */
int pcapng_describe(struct pcapng *pcapng, const char *name,
		    uint32_t *ret_interface);

int pcapng_write(struct pcapng *pcapng, const struct pcapng_packet *packet);

/* What became of one interface up to `time_ns`; when no packet follows. */
int pcapng_conclude(struct pcapng *pcapng, uint32_t interface, uint64_t time_ns,
		    const struct pcapng_count *count);
