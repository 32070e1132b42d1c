/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * remark.h - what a rule that loads does not do, or does more of than its
 * author will have thought.
 *
 * One remark a rule: the one that says most. What a language remarked of its
 * own rules stays, and that they let through by name is told behind it.
 *
 * Owns		a remark is in the rule's arena, or constant
 * Errors	-ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include "rules/detect/rule.h"

/* `kinds`: of events that there will be, as detect_read() has it. */
int remark_rules(struct detect_rule *const *rules, size_t count,
		 uint32_t kinds);

/* Of rules of lists that are told and called as one before them. They are not
 * in the order in which they stood, afterwards. */
void remark_same_names(struct detect_rule **rules, size_t count);
