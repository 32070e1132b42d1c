/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns.h - what a message of DNS asks, and which addresses it answers with.
 *
 * Source: RFC 1035, 4.1. A message is read as far as it says what it has: one
 * question of class IN, and records of the types A and AAAA among its answers.
 * Addresses are those of the name that was asked for, whatever alias they were
 * found by.
 *
 * Errors	-EBADMSG it is none, it has not one question, or ends before what
 *		it says it has; then some addresses may have been told
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/prefix.h"

#define DNS_NAME_MAX 256 /* bytes with the NUL */

struct dns_message {
	uint16_t id;
	bool is_answer;
	/* In small letters, without a dot at its end; bytes that are no letter,
	 * digit, '-', '_' or '.' are '?'. */
	char name[DNS_NAME_MAX];
	uint16_t type; /* that was asked for */
};

/* A single address. */
typedef void dns_address_fn(void *arg, const struct prefix *address);

/* `fn` is called when all of the question has been read. */
int dns_read(const uint8_t *bytes, size_t len, struct dns_message *ret_message,
	     dns_address_fn *fn, void *arg);
