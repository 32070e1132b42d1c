/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chain_order.h - which chains a packet meets, and in which order.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/foreign/ruleset.h"

#define FAMILY_V4 1u
#define FAMILY_V6 2u

/* Where in the order of its direction a hook is; those of one step are
 * alternatives. The direction is 0 for no hook. */
int chain_step(uint8_t hook, uint8_t *ret_direction);

/* Does it neither judge nor end in drop? */
bool chain_is_idle(const struct foreign_chain *chain);

/* FAMILY_* of the packets it sees. */
uint8_t chain_families(const struct foreign_chain *chain);

/* Is there no chain behind it that packets come to that it accepts? */
bool chain_is_final(const struct ruleset *ruleset,
		    const struct foreign_chain *chain);

/* For qsort() of pointers to chains of one direction. */
int chain_cmp(const void *a, const void *b);
