/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.h - a second reader of frames, which shares nothing with the
 * kernel's: no header, no constant, no way of going about it.
 *
 * It follows the documents (IEEE 802.1Q, RFC 791, 8200, 4302), takes one
 * header after another off what is left, and cuts what is left to the length
 * that the IP header states before it goes on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reading_end {
	READING_WHOLE, /* all that there is to read was read */
	READING_OTHER, /* no IP */
	READING_SHORT, /* ends before the fixed IP header does */
	READING_WRONG, /* version or header length cannot be */
	READING_TAGS, /* a third tag */
	READING_STOPPED, /* addresses known, what follows is not there */
};

enum reading_frag {
	READING_UNFRAGMENTED,
	READING_FIRST,
	READING_LATER
};

struct reading {
	enum reading_end end;
	enum reading_frag frag;
	unsigned int tag_count; /* to 2 */
	uint16_t tags[2]; /* tag control information */
	uint16_t ethertype; /* behind the tags read */
	unsigned int family; /* 4, 6, or 0: addresses unknown */
	uint8_t source[16]; /* IPv4: the first four */
	uint8_t dest[16];
	unsigned int hop_limit;
	unsigned int extension_count;
	int proto; /* -1: not reached */
	bool has_ports; /* or type and code */
	uint16_t sport, dport;
	uint8_t tcp_flags;
};

void reader_read(const uint8_t *data, size_t len, struct reading *ret_reading);
