/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * condition.h - asking two things at once, in the form one rule can hold.
 *
 * Foreign rulesets ask about the same field several times, in one rule or
 * along the jumps that lead to it; a rule of ours has one condition for each.
 * These join them exactly or refuse:
 *
 *	-ENODATA	both are never met together
 *	-EOPNOTSUPP	one condition cannot say it
 *	-E2BIG		more than CONDITION_ITEMS_MAX items in one condition
 *
 * Owns		the arrays of what is joined into; `more` is only read
 * Errors	negative errno; a failed call may leave `into` half joined,
 *		good for rule_done() only
 * Threads	none
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/rule.h"

#define CONDITION_ITEMS_MAX 65536

/* `array` of `count` items of `size` bytes with room for one more, maybe moved;
 * NULL without memory, and then it is as it was. Only for arrays that grew by
 * this or came from array_copy(). */
void *array_room(void *array, size_t count, size_t size);

/* NULL without memory, or when `count` is 0. */
void *array_copy(const void *array, size_t count, size_t size);

int condition_ranges(struct match_ranges *into, enum rule_range kind,
		     const struct match_ranges *more);
int condition_address(struct match_address *into,
		      const struct match_address *more);
int condition_names(struct match_names *into, const struct match_names *more);

/* All conditions of `more`, that is everything but id, comment, line, action,
 * limit and directions. */
int condition_join(struct rule *into, const struct rule *more);

/*
 * Bring the conditions to the one form that other rules meaning the same have
 * too: sorted, without what is covered by another; no protocol or family that
 * ports, flags, ICMP types or addresses ask for already. -ENODATA: never met.
 */
int condition_tidy(struct rule *rule);

/* The protocols that can meet the rule, a bit for each. */
struct protocols {
	uint64_t bits[4];
};

struct protocols condition_protocols(const struct rule *rule);
bool protocols_has(const struct protocols *protocols, unsigned int protocol);

/* Sort, and take out what an earlier one covers. Returns what is left. */
size_t condition_sort_prefixes(struct prefix *prefixes, size_t count);

/* Are the conditions of two tidy rules equal, but for their direction? With
 * `but_addresses`, nor are family, source and destination compared. */
bool condition_is_same(const struct rule *a, const struct rule *b,
		       bool but_addresses);

/* 4 or 6 if only that family can meet it, 0 if both. */
uint8_t condition_family(const struct rule *rule);

/* How many items its arrays hold. */
size_t condition_items(const struct rule *rule);

/*
 * Widen `into` by `more` if `more` is the same for the other family. False if
 * it is not, and nothing changed. -ENOMEM, or whether it was.
 */
int condition_merge_families(struct rule *into, const struct rule *more);
