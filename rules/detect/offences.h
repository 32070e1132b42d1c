/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offences.h - how often each peer was banned, so that the next ban lasts
 * longer.
 *
 *	1. A peer's bans are counted until `forgotten_s`, which is so long after
 *	   the end of its last one as the rule says that banned it; bans that
 *	   come before add to them.
 *	2. What is forgotten is as if it had never been, from that second on.
 *	3. A full table takes the place of the peer that is forgotten soonest,
 *	   and counts it.
 *
 * Owns		its table of fixed size; nothing is allocated for a ban
 * Times	seconds since 1970, passed in: what is counted is kept over
 *		restarts
 * Errors	-ENOMEM from offences_new(), nothing else fails
 * Threads	none; one owner
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/prefix.h"

struct offence {
	struct prefix peer;
	uint32_t bans; /* 0: there is none */
	uint64_t until_s; /* the end of the last ban */
	uint64_t forgotten_s;
};

struct offences;

/* `seed` is secret, so that nobody can make peers fall together. */
int offences_new(uint32_t capacity, const uint64_t seed[2],
		 struct offences **ret_offences);
void offences_free(struct offences *offences);
DEFINE_CLEANUP(struct offences *, offences_free)

/* What is known of a peer; bans 0: nothing, or it is forgotten. */
struct offence offences_get(const struct offences *offences,
			    const struct prefix *peer, uint64_t now_s);

/* As it was kept, in place of what is known of its peer. Returns who had to
 * make room; bans 0: nobody. */
struct offence offences_put(struct offences *offences,
			    const struct offence *offence);

/* True: something was known of it. */
bool offences_forgive(struct offences *offences, const struct prefix *peer);

typedef void offence_fn(void *arg, const struct offence *offence);

/* Those in `budget` places from `from` on that are not forgotten, in no order.
 * Returns the place to go on with; 0: that was the end. */
uint32_t offences_page(const struct offences *offences, uint32_t from,
		       uint32_t budget, uint64_t now_s, offence_fn *fn,
		       void *arg);

/* Look at up to `budget` places of the table, on from the last time; `fn` is
 * told what was forgotten, which has gone. */
void offences_tick(struct offences *offences, uint64_t now_s, uint32_t budget,
		   offence_fn *fn, void *arg);

uint32_t offences_count(const struct offences *offences);
uint64_t offences_displaced(const struct offences *offences); /* so far */
