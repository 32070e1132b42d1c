/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * geo_sets.h - the members of a policy's sets of kind geo, from the files that
 * it names for them.
 *
 * Each file is read once, whatever number of sets it has members for. A set of
 * which no file has a network is refused: a rule that drops all but such a set
 * would cut everybody off.
 *
 * Such a set does nothing by itself. So what is protected may be in it, and is
 * not left out: it passes ahead of the rules that name the set.
 *
 * Errors	negative errno, with apply->why
 * Threads	no state; the worker
 */
#pragma once

#include "daemon/apply_job.h"

/* Also apply->sets are told who lists their members, and as of when. */
int geo_sets_read(struct apply *apply);
