/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cutting.h - peers whose sockets are to be cut, and when the kernel is asked.
 *
 * To find sockets the kernel walks the table of all it has, a millisecond in
 * which it does nothing else on that processor. So one walk serves all peers
 * that wait, and behind it there is none for a while: who comes then waits, a
 * fifth of a second at most. Each peer is looked for a second time, for who had
 * been let through and had no socket yet that could be found.
 * A walk ends with as many sockets as are cut at once: peers that had a large
 * part of them are walked for apart from then on, so the others do not wait for
 * them, and nobody is given up for what others have. Where a socket cannot be
 * ended its peer has failed, no other of that walk, and is walked for once more.
 *
 * Owns		nothing but memory
 * Errors	negative errno
 * Threads	one, but for cutting_waiting()
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/prefix.h"

#define CUTTING_PEERS_MAX 1024
#define CUTTING_REST	  2 /* calls of cutting_tick() behind a walk */

struct cutting_peer {
	struct prefix peer;
	uint8_t walks; /* that are to be done yet */
	uint8_t rounds; /* that were done, for those with very many sockets */
	bool is_new; /* no walk has looked for it yet */
	bool has_many; /* sockets; it is walked for apart */
	bool has_failed; /* once */
};

/* All zero to begin with. */
struct cutting {
	struct cutting_peer peers[CUTTING_PEERS_MAX];
	size_t count;
	int rest;
};

/* What came of peers, and of their sockets. */
struct cutting_tally {
	size_t sockets;
	size_t done; /* peers looked for the first time */
	size_t failed; /* peers that did for the first time */
	size_t forgone; /* peers that had more sockets than can be cut */
	int r; /* the last error, or 0 */
};

/* -EINVAL: loopback, or around it; -EAGAIN: too many wait. */
int cutting_add(struct cutting *cutting, const struct prefix *peer);

/* Walk for all that wait, unless there was a walk a moment ago: false. */
bool cutting_go(struct cutting *cutting, struct cutting_tally *ret_tally);

/* Some ten times a second. True: there was a walk. */
bool cutting_tick(struct cutting *cutting, struct cutting_tally *ret_tally);

/* Peers that wait. */
size_t cutting_waiting(const struct cutting *cutting);
