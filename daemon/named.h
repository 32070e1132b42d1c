/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * named.h - the sets that a policy is about: its rules name them, or it
 * declares them.
 *
 * A rule that names a set which is not there matches as if that were empty, and
 * nothing in the packet path can tell. So a policy is looked at before it
 * judges, a set that one is about is not dropped, and where one is gone all the
 * same (by a restore, or from the store) an alert says so.
 *
 * Threads	named_by(), named_declared(), named_find_missing(): any; the rest on the loop
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/daemon.h"
#include "daemon/judge.h"
#include "rules/policy.h"

/* Is there a set of this name? */
typedef bool named_has_fn(void *arg, const char *name);

/* A set that is not there. */
struct missing {
	const char *set; /* the policy's */
	const struct rule *rule; /* that names it; NULL: none does */
	const struct policy_set *own; /* that declares it; NULL: none */
};

/* The first rule that names the set; NULL: none does. */
const struct rule *named_by(const struct policy *policy, const char *name);

/* Who declares it; NULL: the policy does not. */
const struct policy_set *named_declared(const struct policy *policy,
					const char *name);

/* Is there one? */
bool named_find_missing(const struct judge *judge, named_has_fn *has, void *arg,
			struct missing *ret_missing);

/* -EPERM, and why, if the policy in force or the one on trial is about this set
 * of the ledger. */
int named_check_drop(const struct daemon *daemon, const struct set *set,
		     char why[JUDGE_NOTE_MAX]);

/* The alert, as of now. To be called now and then. */
void named_follow(struct daemon *daemon, uint64_t now_s);
