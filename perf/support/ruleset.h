/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ruleset.h - access lists of any length, of the shape ClassBench gives them.
 *
 * The lines are those of $PORTCULLIS_DATA/classbench/acl1_20000.txt, spread
 * over the file, and again from its start with other hosts and ports in them
 * when they do not suffice. Without the file they are made up in its shape:
 * two of three name one source and one destination, nine of ten one port of
 * TCP. Lines that take nearly everything are left out. Rules pass, one of 16
 * counts; the last drops all that is left.
 *
 * Owns		the rules
 * Errors	-ENOMEM
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "perf/support/plain.h"

struct ruleset {
	struct plain_rule *rules;
	size_t count;
	bool is_real; /* from the file */
};

/* From 2 to PLAIN_RULES_MAX rules, the same ones each time. */
int ruleset_make(size_t count, struct ruleset *ret_ruleset);
void ruleset_done(struct ruleset *ruleset);

/* Where the packet's way ends; `count` if nowhere. */
size_t ruleset_first(const struct ruleset *ruleset,
		     const struct plain_packet *packet);
