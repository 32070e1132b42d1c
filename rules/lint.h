/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lint.h - what in a policy is allowed, and hardly meant.
 *
 * A warning is only given of what is certain from the policy alone: a rule
 * that is said to be never met is never met, whatever packets come, whatever
 * sets hold. What is not warned about may still be a mistake.
 *
 *	unreachable	an earlier rule, which ends what it matches, asks for
 *			nothing that this one does not ask for as well; or an
 *			earlier zone has the interface of this one
 *	never		a rule that asks for what no packet has at once
 *	unused		a set that does nothing by itself, or a limit, in no
 *			rule
 *	management	a drop of addresses that pass ahead of all rules
 *	DHCP		a drop of everything, or of DHCP, where essentials
 *			would still let DHCP pass
 *
 * Errors	what the callback answers
 * Threads	none
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/policy.h"

#define LINT_TEXT_MAX 256

enum lint_kind {
	LINT_UNREACHABLE,
	LINT_NEVER,
	LINT_UNUSED,
	LINT_MANAGEMENT,
	LINT_DHCP,
	LINT_KIND_COUNT,
};

struct lint_warning {
	uint8_t kind; /* enum lint_kind */
	const char *what; /* it is of: "rule", "set", "zone" or "limit" */
	uint32_t line; /* of it in the document */
	const char *id; /* of the rule, or the name; the policy's */
	const char *
		by; /* of LINT_UNREACHABLE: the earlier rule or zone; else NULL */
	char text[LINT_TEXT_MAX]; /* one sentence, without the id */
};

typedef int lint_fn(void *arg, const struct lint_warning *warning);

/* Tell all warnings, those of rules in order, then those of the rest. Stops at the
 * first negative answer and returns it. */
int lint(const struct policy *policy, lint_fn *fn, void *arg);

/* Does what a DHCP server answers pass on the way in, as far as rules say that
 * end all of it? */
bool lint_hears_dhcp(const struct policy *policy);

/* "unreachable", "unused", ... */
const char *lint_kind_name(enum lint_kind kind);
