/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * owed.h - members that are stored, and that the ledger had no room for when
 * it was to hold them again: their removal could not be stored, and somebody
 * else's addition had their place meanwhile. Mostly there is none, and
 * seldom are there many, so they are simply a list.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/member.h"

struct owed_member {
	uint8_t set_id;
	struct member member; /* its reason is owned */
};

struct owed {
	struct owed_member *list;
	size_t count, capacity;
};

/* In place of what was owed of it; takes the reason. -ENOMEM: it does not. */
int owed_add(struct owed *owed, uint8_t set_id, const struct member *member);

/* No longer owed: the evidence, whose reason the caller frees. False if it was
 * not. */
bool owed_take(struct owed *owed, uint8_t set_id, const struct prefix *prefix,
	       struct evidence *ret_evidence);

/* The same, for who does not care for the evidence. */
void owed_drop(struct owed *owed, uint8_t set_id, const struct prefix *prefix);

/* Empty again. */
void owed_done(struct owed *owed);
