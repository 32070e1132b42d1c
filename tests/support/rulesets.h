/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rulesets.h - rulesets of others in tests, and policies side by side.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/foreign/report.h"
#include "rules/policy.h"

/* The first thing in which they differ, NULL if in none: sets with members,
 * rules in order with limits, defaults. Lines and the comments of rules, which
 * are for people, are not looked at. */
const char *rulesets_difference(const struct policy *a, const struct policy *b);

/* All of a file under tests/data; fails the test when it cannot be read. */
char *rulesets_file(const char *name, size_t *ret_len);

/* As nftables_print() writes it. The caller frees it. */
char *rulesets_as_nft(const struct policy *policy,
		      struct foreign_report *report);

/* Does nft take it, in a network of its own? 1 yes, 0 no, -1 cannot be asked
 * here. It prints what nft said. */
int rulesets_nft_takes(const char *script);

/* Prints notes where a failing test is looked into. */
void rulesets_show(const struct foreign_report *report);

/* Is there a note of that kind and line whose reason has the text in it? */
bool rulesets_noted(const struct foreign_report *report, enum note_kind kind,
		    uint32_t line, const char *reason);
