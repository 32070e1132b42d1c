/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expire.h - members whose time is up are taken out: of the ledger in bounded
 * turns, one after the other until none is due, and then of the store by one
 * commit with one line in the journal.
 *
 *	1. What the ledger does not hold any more, and the store is not told
 *	   yet, waits in daemon->ended. It is told before any request is
 *	   handled, so no deletion overtakes a later change of the member.
 *	2. While an import or a restore runs nobody leaves: it works from a
 *	   picture of the sets.
 *	3. A member that cannot be taken out is tried again after a while, and
 *	   does not keep the others; an alert stands meanwhile.
 *	4. Nor does one leave whose change is not stored yet: should that fail,
 *	   what comes back must not be deleted.
 *	5. While the clock is in doubt (generation.h) nobody leaves, until the
 *	   kernel calls it synchronised, at most for five minutes.
 *
 * Times	wall clock seconds: a member ends at the moment its evidence says,
 *		also when the clock is set meanwhile
 * Threads	event loop only
 */
#pragma once

#include "daemon/daemon.h"

/* A turn; those that must follow come by themselves. */
void expire_due(struct daemon *daemon, uint64_t now_s);

/* Tell the store what it is not told yet. */
void expire_flush(struct daemon *daemon);

/* No turn comes after this one, and what was not told is forgotten. */
void expire_stop(struct daemon *daemon);
