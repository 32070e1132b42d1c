/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostnames.h - by which name an address was last asked for.
 *
 * Learnt from packets of DNS, over UDP and port 53, that pass by.
 *
 *	1. An answer counts if it comes to the socket that asked for that name
 *	   with that id, within HOSTNAME_ASKED_NS, and is the first to do so:
 *	   whoever only sends answers teaches nothing. Addresses and ports do
 *	   not count: what a socket sends is seen behind NAT, and what it gets
 *	   behind its undoing.
 *	2. Of an address the last name counts, for HOSTNAME_KEPT_NS: who asked
 *	   keeps it for as long as it likes.
 *	3. Both tables never grow; what was longest unused makes room.
 *
 * Owns		its tables; a name that is lent lives until the next packet
 * Times	CLOCK_BOOTTIME
 * Errors	-ENOMEM from hostnames_new(), nothing else fails
 * Threads	event loop only
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/detect/event.h"
#include "rules/prefix.h"

#define HOSTNAMES_MAX	  8192u
#define HOSTNAMES_ASKED	  4096u
#define HOSTNAME_ASKED_NS 10000000000ull
#define HOSTNAME_KEPT_NS  86400000000000ull

struct hostnames;

/* `seed` is a secret: others choose names and addresses. */
int hostnames_new(const uint64_t seed[2], struct hostnames **ret_names);
void hostnames_free(struct hostnames *names);
DEFINE_CLEANUP(struct hostnames *, hostnames_free)

/* A packet from its IP header on that `socket` sends or gets; one that is no DNS
 * is none of its business. */
void hostnames_hear(struct hostnames *names, uint64_t socket,
		    const uint8_t *packet, size_t len, uint64_t now_ns);

/* Empty: it is not known. */
struct event_text hostnames_of(const struct hostnames *names,
			       const struct prefix *address, uint64_t now_ns);

struct hostnames_usage {
	uint32_t count;
	uint64_t questions, answers; /* so far; answers that counted */
	uint64_t unasked; /* answers to nobody */
};

struct hostnames_usage hostnames_usage(const struct hostnames *names);
