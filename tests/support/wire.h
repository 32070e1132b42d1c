/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - a segment of TCP as it is sent, with options, and what comes back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/segment.h"

#define WIRE_IP 14 /* where the IP header is, without tags */

struct wire {
	uint8_t data[SEGMENT_MAX];
	size_t len;
	size_t l4; /* where the TCP header is */
};

/* With so many bytes of options, the first of them an MSS of 1460; the rest of
 * the IP header is not what an answer has. Addresses of Ethernet: 0a.. to,
 * 0c.. from. */
struct wire wire_of(const struct segment *segment, size_t options);

/* Of the IP header, and of TCP with its `len` bytes. */
bool wire_sums_are_right(const struct wire *wire, uint8_t family, size_t len);

uint16_t wire_get16(const uint8_t *at);
uint32_t wire_get32(const uint8_t *at);
void wire_put16(uint8_t *at, size_t value);
