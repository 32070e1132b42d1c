/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unroll.h - chains that jump to each other, made one list of rules.
 *
 * Chains at ingress, prerouting, input and forward are judged on the way in,
 * those at output, postrouting and egress on the way out, each direction in
 * the order a packet meets them. A jump becomes the rules of its target, each
 * with the conditions of the jump as well; what stands behind a conditional
 * return is left out, for one rule cannot say "unless". `accept` ends only
 * its own chain elsewhere and all of them here, so it is translated only in
 * chains with none after them on the packet's way.
 *
 * The end of a chain that drops is the default of its direction if both
 * families end so, and otherwise a last rule for the one that does.
 *
 * Loopback is not judged by our gates: rules for it alone are not needed.
 *
 * Errors	-ENOMEM
 * Threads	none
 */
#pragma once

#include "rules/foreign/report.h"
#include "rules/foreign/ruleset.h"
#include "rules/policy.h"

/* Rules are added behind those of the policy. Essentials are taken out: a
 * foreign ruleset passes what its own rules pass. */
int unroll(struct ruleset *ruleset, struct policy *policy,
	   struct foreign_report *report);

/* Declare the sets of addresses in the policy, with their members, and give
 * each its policy_name. */
int unroll_sets(struct ruleset *ruleset, struct policy *policy,
		struct foreign_report *report);

/* The policy's name of the set that a ruleset names so: one that is there
 * already, or, answered with 1, a new empty one. -ENOSPC, -ENOMEM. */
int unroll_find_set(struct policy *policy, const char *foreign,
		    char ret_name[SET_NAME_MAX]);
