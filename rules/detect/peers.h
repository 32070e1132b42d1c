/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peers.h - whom programs have talked to.
 *
 * A program is the file that runs, a peer an address; ports do not count. Of
 * those that fall together in the table the one that was not heard of for
 * longest goes, and is new again.
 *
 * Owns		its table of fixed size
 * Errors	-ENOMEM from peers_new(), nothing else fails
 * Threads	none; one owner
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/detect/event.h"

struct peers;

/* `capacity` pairs, rounded up to a power of two; `seed` is secret. */
int peers_new(uint32_t capacity, const uint64_t seed[2],
	      struct peers **ret_peers);
void peers_free(struct peers *peers);
DEFINE_CLEANUP(struct peers *, peers_free)

/* Has the image not talked to the peer before? From now on it has. */
bool peers_hear(struct peers *peers, const struct event *event);
