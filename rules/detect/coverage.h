/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coverage.h - which tactics and techniques of ATT&CK rules say they find.
 *
 * Tags are the words of Sigma: attack.t1059.004 is a technique, attack.execution
 * a tactic; those of groups, campaigns and software (attack.g0049,
 * attack.c0010, attack.s0154) are neither. A rule counts once for each.
 *
 * Owns		its items, until coverage_done()
 * Errors	-ENOMEM
 * Threads	none; one owner
 */
#pragma once

#include "rules/detect/rule.h"

#define COVERAGE_NAME_BYTES 64 /* longer ones are cut */

struct coverage_item {
	char name[COVERAGE_NAME_BYTES]; /* t1059.004, execution */
	bool is_technique;
	uint32_t rules;
	enum detect_level level; /* the highest of them */
};

struct coverage {
	struct coverage_item *items;
	size_t count;
	size_t rules, without; /* that name no technique */
};

int coverage_add(struct coverage *coverage, const struct detect_rule *rule);

/* Tactics first, each by name. */
void coverage_sort(struct coverage *coverage);
void coverage_done(struct coverage *coverage);
