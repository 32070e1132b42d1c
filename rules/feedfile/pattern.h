/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pattern.h - STIX patterns that say nothing but "one of these addresses".
 *
 * That is comparisons of ipv4-addr:value or ipv6-addr:value by =, ISSUBSET or
 * IN, with OR between them and between observations. Whatever else a pattern
 * has (AND, NOT, a port, parentheses, WITHIN) makes it narrower or something
 * else, so it is none.
 *
 * Threads	no state; any thread
 */
#pragma once

#include "rules/feedfile/span.h"

typedef int pattern_value_fn(void *arg, struct span value);

/*
 * Give each value between its quotes. Returns 0, 1 if it is not such a pattern
 * (some values may have been given), or the first negative answer.
 */
int pattern_each_value(struct span pattern, pattern_value_fn *fn, void *arg);
