/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cut.h - live sockets, ended by the kernel as if the network had.
 *
 * Of TCP and UDP, IPv4 and IPv6, those that have such a peer. A process that
 * waits at one is woken with ECONNABORTED, and the peer of a TCP connection is
 * sent a reset, if it still can be.
 *
 * Only sockets of the caller's own network namespace are seen. A socket of
 * UDP that was never connected has no peer, nor has a raw one.
 *
 * Needs	CAP_NET_ADMIN; CONFIG_INET_DIAG_DESTROY, and tcp_diag and udp_diag,
 *		which the kernel loads by itself where they are modules
 * Errors	negative errno. -EOPNOTSUPP: it cannot destroy sockets, or list
 *		those of either protocol
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/prefix.h"

#define CUT_SOCKETS_MAX 128 /* of a call */
#define CUT_PEERS_MAX	64

struct cut_tally {
	size_t ended;
	bool has_more; /* a call more finds some */
	uint8_t found[CUT_PEERS_MAX]; /* sockets of each peer */
	int failed[CUT_PEERS_MAX]; /* error of the last that stayed, or 0 */
};

_Static_assert(CUT_SOCKETS_MAX <= UINT8_MAX, "they may all be of one peer");

/* Of these peers, CUT_PEERS_MAX at most, in one walk through the kernel's
 * sockets. Where it has more, it may have found none of a peer that has some.
 * A socket that cannot be ended is a matter of its peer alone: an error is one
 * of the walk. Loopback is -EINVAL, as all that is around it. */
int cut_peers(const struct prefix peers[], size_t count,
	      struct cut_tally *ret_tally);

struct cut_owned {
	const uint32_t *inodes; /* of sockets, in order */
	size_t count;
	const struct prefix *spared; /* peers that may stay */
	size_t spared_count;
};

/* Of these sockets those that have a peer which is not spared, and those that
 * listen. The first error of any. */
int cut_sockets(const struct cut_owned *owned, struct cut_tally *ret_tally);
