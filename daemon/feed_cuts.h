/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_cuts.h - which live flows a version of a feed would cut: the policy in
 * force is held against itself with the set as that version makes it (cuts.h).
 *
 * Errors	negative errno: -EBUSY when another policy judges meanwhile
 * Threads	feed_cuts_new(): the worker; the rest: event loop
 */
#pragma once

#include "daemon/cuts.h"
#include "daemon/daemon.h"
#include "daemon/listed.h"

struct feed_cuts;

/* Does the policy in force remember flows? If not, none can be told. */
bool feed_cuts_can(const struct daemon *daemon);

/* `set` as it is to act, with `listed` as its members; `revision` is in force.*/
int feed_cuts_new(struct store *store, uint64_t revision, const struct set *set,
		  const struct listed_array *listed,
		  struct feed_cuts **ret_cuts);
void feed_cuts_free(struct feed_cuts *cuts);

typedef void feed_cuts_fn(void *arg, int r);

/* In turns of the loop; `done` is called once, also at once. */
void feed_cuts_start(struct feed_cuts *cuts, struct daemon *daemon,
		     feed_cuts_fn *done, void *arg);

/* Valid as long as the cuts. */
const struct cuts_result *feed_cuts_result(const struct feed_cuts *cuts);
