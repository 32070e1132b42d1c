/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nest.h - the known prefixes of the ledger, and the class of each.
 *
 * Prefixes lie in one another, and an outer one adds its sets to all inside.
 * A trie maps each known prefix to its first claim (daemon/merge/claims.h),
 * and that claim holds the class of the prefix. Two things are true between
 * calls:
 *
 *	1. the class of a prefix is that of the nearest known prefix around
 *	   it, joined with the sets of its own claims;
 *	2. the sink knows exactly these prefixes with exactly these classes.
 *
 * Owns		trie, claims and classes
 * Errors	-E2BIG, -ENOMEM, or what the sink said; a failed call has
 *		changed nothing, but may have made (and defined) classes
 * Threads	none: event loop only
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/merge/claims.h"
#include "daemon/merge/classes.h"
#include "daemon/merge/ledger.h"
#include "rules/member.h"
#include "rules/prefix.h"
#include "rules/set.h"
#include "rules/trie.h"

struct nest {
	struct ledger_sink sink;
	void *arg;
	struct trie *trie;
	struct claims claims;
	struct classes *classes;
};

/* `sets` as for classes_new(). After a failure, too, call nest_done(). */
int nest_init(struct nest *nest, const struct ledger_sink *sink, void *arg,
	      const struct set *sets);

/* Also for one that is all 0. */
void nest_done(struct nest *nest);

/* Add the set's claim on member->prefix, or replace it: then no class
 * changes, and *ret_is_added is false. */
int nest_claim(struct nest *nest, uint8_t set_id, const struct member *member,
	       uint64_t until_s, bool *ret_is_added);

/* -ENOENT when there is no such claim. */
int nest_withdraw(struct nest *nest, uint8_t set_id,
		  const struct prefix *prefix);

/* The set's claim on exactly this prefix, or 0. */
uint32_t nest_find(const struct nest *nest, uint8_t set_id,
		   const struct prefix *prefix);

/* The class of exactly this prefix, or of the nearest around it. */
uint16_t nest_class(const struct nest *nest, const struct prefix *prefix);
