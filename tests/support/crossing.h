/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crossing.h - the same frames sent through two gateways, and which of them
 * came through each.
 *
 * The gateways are namespaces made by tests/netns/test_nftables.sh, joined to
 * a third, the far side, by veth: interface NAME of ours to o-NAME, of theirs
 * to n-NAME. In ours fwd judges, in theirs nftables. Each frame has a number
 * of its own in the IPv4 identification or the IPv6 flow label, and tables
 * "rec" of nftables, which judge nothing, keep the numbers of what they see.
 *
 *	1. On the way in frames are sent by a packet socket of the far side, on
 *	   the way out by a raw IP socket in the gateway.
 *	2. When crossing_send() returns, all that was sent has been judged and
 *	   noted: of two ARP frames sent behind it each has arrived.
 *
 * Every failure that is not a verdict fails the test.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/invent.h"

#define CROSSING_FRAMES_MAX 60000

enum crossing_place {
	CROSSING_OURS,
	CROSSING_THEIRS,
	CROSSING_FAR,
	CROSSING_PLACES,
};

/* What is known of a frame afterwards. */
struct crossed {
	bool is_sent; /* out only: no socket refused it */
	bool ours_saw, theirs_saw; /* came to where it is judged; ours on the
				      way in: not known, false */
	bool ours_passed, theirs_passed;
};

struct crossing_frame {
	struct invent_frame frame;
	uint8_t direction; /* DIRECTION_IN or DIRECTION_OUT */
};

struct crossing {
	int spaces[CROSSING_PLACES]; /* namespaces */
	const char *ifname; /* the interface in use */
	int far_ours, far_theirs, ours, theirs; /* packet sockets */
	int raw4[2], raw6[2]; /* ours and theirs */
	int ifindexes[2];
};

void crossing_open(const char *const spaces[CROSSING_PLACES],
		   struct crossing *ret_crossing);

/* From here on, frames go by these interfaces. */
void crossing_use(struct crossing *crossing, const char *ifname);

/* Give it the number, a right checksum of IPv4 and the gateways' address on the
 * link, and take its tags off. False: it has no place for a number. */
bool crossing_number(struct invent_frame *frame, uint16_t number);

/* Frame N has the number N + 1. */
void crossing_send(const struct crossing *crossing,
		   const struct crossing_frame *frames, size_t count,
		   struct crossed *ret_crossed);

/* Run a command in one of the places; what it prints, to be freed. */
char *crossing_run(const struct crossing *crossing, enum crossing_place place,
		   const char *command);
