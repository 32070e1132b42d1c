/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * witness.h - events made from a detection rule: some that it must tell, and
 * some that it must not though little is missing.
 *
 * A witness is guessed: parts of the condition are chosen at random to be met,
 * texts are put together that meet them, and the oracle says whether it is one.
 * A near miss is a witness with one text or one number changed.
 *
 * Owns		the texts of the event, until witness_done()
 */
#pragma once

#include <stdint.h>

#include "rules/detect/event.h"
#include "rules/detect/rule.h"

struct witness {
	struct event event;
	struct arena arena;
};

/* `kinds`: 1 << enum event_kind of those it may be of. -ENOENT: none found. */
int witness_make(const struct detect_rule *rule, uint32_t kinds, uint64_t seed,
		 struct witness *ret_witness);

/* Change the witness into one that the rule does not tell. -ENOENT: none
 * found. */
int witness_spoil(const struct detect_rule *rule, uint64_t seed,
		  struct witness *witness);

/* Change one text a little: a byte, a piece, letters' case; or a number. */
void witness_mutate(struct witness *witness, uint64_t *random);

void witness_done(struct witness *witness);
