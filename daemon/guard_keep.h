/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard_keep.h - keeping the protected set up to date with the machine's own
 * addresses and next hops; what of them is blocked already is an alert.
 *
 * Own addresses are read at each notice. Routes may be a million and may change
 * all the time: they are read in turns of the loop, at most every few seconds,
 * so a new next hop is protected within ten seconds, or as long as that takes.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct daemon;

struct guard_keep {
	uint64_t asked_ns; /* when routes were last asked for */
	bool is_stale; /* they have changed since */
	uint64_t begun, ended; /* readings of them so far */
	bool is_unchecked; /* what of all that is blocked is still to be said */
};

/* Read own addresses anew. */
void guard_keep_addresses(struct daemon *daemon);

/* Read next hops anew: now, all turns at once, or soon. */
void guard_keep_hops(struct daemon *daemon);
void guard_keep_hops_soon(struct daemon *daemon);

/* What the kernel has told until now: own addresses are known when it returns,
 * next hops once the reading of this number has ended, well or not. */
uint64_t guard_keep_catch_up(struct daemon *daemon);
bool guard_keep_has(struct daemon *daemon, uint64_t reading);

/* Say what of it is blocked, if that may have changed. While lists are imported
 * nothing is said: they take out themselves what is protected. */
void guard_keep_recheck(struct daemon *daemon);

/* Every few seconds: what had to wait. */
void guard_keep_tick(struct daemon *daemon);

/* The descriptor of daemon->hops is readable. */
void guard_keep_turn(struct daemon *daemon);
