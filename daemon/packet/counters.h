/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counters.h - which place in rule_counts is which rule's, by its id.
 *
 * A place is given once and kept through policies, restarts and upgrades, as
 * the counts are: the map of ids is pinned beside them. Places of rules that no
 * policy has any more are given anew only when none is free.
 *
 * Errors	negative errno, with a note for people where there is one
 * Threads	none: one owner
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/packet/maps.h"
#include "rules/base.h"
#include "rules/rule.h"

struct counters;

/* `maps` is kept. The caller owns *ret_counters. */
int counters_open(struct maps *maps, struct counters **ret_counters,
		  char note[MAPS_NOTE_MAX]);

/* What is pinned stays. NULL is fine. */
void counters_close(struct counters *counters);
DEFINE_CLEANUP(struct counters *, counters_close)

/* The place of a rule, which it had or which was free, then with a count of
 * zero. -ENOSPC: none is. */
int counters_take(struct counters *counters, const char *id,
		  uint16_t *ret_place);

/* The place of a rule, or -ENOENT. */
int counters_find(struct counters *counters, const char *id);

/* The rule that has a place, lent; "" if none does. */
const char *counters_id(const struct counters *counters, uint16_t place);

typedef bool counters_used_fn(void *arg, const char *id);

/* Free the places of rules that `fn` says are not used. */
void counters_sweep(struct counters *counters, counters_used_fn *fn, void *arg);
