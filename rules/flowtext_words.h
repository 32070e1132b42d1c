/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flowtext_words.h - the words for numbers in a flowtext, there and back.
 *
 * Types of ICMP and ports have the names that documents have, of services.h.
 *
 * Errors	-ENOENT: no such word
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOWTEXT_ICMP	1
#define FLOWTEXT_TCP	6
#define FLOWTEXT_UDP	17
#define FLOWTEXT_ICMPV6 58
#define FLOWTEXT_SCTP	132

/* "tcp", "icmpv6", ... of exactly `len` bytes. */
int flowtext_protocol_of(const char *word, size_t len, uint8_t *ret_protocol);

/* NULL where a number says it better, also for ICMP of the other family. */
const char *flowtext_protocol_name(uint8_t protocol, unsigned int family);

/* Bit of one flag of TCP. */
int flowtext_flag_of(const char *word, size_t len, uint8_t *ret_flag);

/* Name of bit `i`, 0..7. */
const char *flowtext_flag_name(unsigned int i);

int flowtext_icmp_type_of(const char *word, size_t len, unsigned int family,
			  uint8_t *ret_type);

/* "ssh": names are read, and not written. */
int flowtext_port_of(const char *word, size_t len, uint16_t *ret_port);

/* NULL for a type without a name. */
const char *flowtext_icmp_type_name(uint8_t type, unsigned int family);

/* ICMP in IPv4, ICMPv6 in IPv6? */
static inline bool flowtext_is_icmp(uint8_t protocol, unsigned int family)
{
	return protocol == (family == 4 ? FLOWTEXT_ICMP : FLOWTEXT_ICMPV6);
}

static inline bool flowtext_is_ported(uint8_t protocol)
{
	return protocol == FLOWTEXT_TCP || protocol == FLOWTEXT_UDP ||
	       protocol == FLOWTEXT_SCTP;
}
