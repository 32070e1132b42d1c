/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy_diff.h - what one policy says otherwise than another.
 *
 *	1. Rules are the same by their id; sets, zones and limits by their name.
 *	   A limit that stands in a rule is the rule's.
 *	2. Told are: what is added, removed, or changed, by the keys that say
 *	   something else, and what is moved. Of rules and zones the fewest are
 *	   called moved that explain the new order; additions move nobody.
 *	3. Members are those in `policy.sets` and `policy.management`, so the
 *	   caller decides whether lists are read and dynamic ones are there.
 *	   They are counted, not named.
 *	4. Two equal policies have no difference, and what is a difference one
 *	   way is one the other way.
 *
 * The time is n log n of rules and of members.
 *
 * Errors	-ENOMEM, or what the callback answers
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/document_compare.h"
#include "rules/policy.h"

enum diff_what {
	DIFF_ZONE,
	DIFF_SETTING, /* of the document: defaults, essentials, thresholds,
			 management */
	DIFF_SET,
	DIFF_LIMIT,
	DIFF_RULE,
	DIFF_WHAT_COUNT,
};

enum diff_change {
	DIFF_ADDED,
	DIFF_REMOVED,
	DIFF_CHANGED,
	DIFF_MOVED, /* and nothing else of it changed */
	DIFF_CHANGE_COUNT,
};

struct difference {
	uint8_t what; /* enum diff_what */
	uint8_t change; /* enum diff_change */
	bool is_moved; /* of DIFF_CHANGED: as well */
	const char *name; /* id, name or key; of one of the policies */
	uint32_t line; /* in its document; 0 where it has none */
	char keys[DOCUMENT_KEYS_MAX]; /* of DIFF_CHANGED; "" when only members
					 come and go */
	size_t members_added, members_removed; /* of sets and management */
};

typedef int diff_fn(void *arg, const struct difference *difference);

/* Tell each: what is removed first, then by the order of the new document, one
 * kind after the other. Stops at the first negative answer and returns it. */
int policy_diff(const struct policy *before, const struct policy *after,
		diff_fn *fn, void *arg);

/* "rule", "set", ...; "added", "removed", ... */
const char *diff_what_name(enum diff_what what);
const char *diff_change_name(enum diff_change change);
