/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule_covers.h - does one rule match all that another one matches?
 *
 * Conditions are compared one by one, each with its like. The answer true is
 * certain, whatever sets hold and interfaces there are; false means no more
 * than that it does not follow from that.
 *
 * Threads	none
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/rule.h"

/* What they do, and time windows, are not looked at. */
bool rule_covers(const struct rule *outer, const struct rule *inner);

/* Does it match every packet of its family and directions? */
bool rule_is_plain(const struct rule *rule);

/* Is an address in both lists? Each is in order. */
bool prefixes_overlap(const struct prefix *a, size_t a_count,
		      const struct prefix *b, size_t b_count);
