/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - an access list as a policy, loaded over a stand's tables, and
 * packets for it.
 *
 * The policy's first rule drops what comes from the stand's list, which is a
 * set that does nothing by itself; then come the rules of a rule set, on the
 * way in. The default drops.
 *
 * Owns		the policy, what it was compiled to, the program, packets
 * Errors	negative errno; what went wrong is on standard error
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/program.h"
#include "perf/support/plain.h"
#include "perf/support/ruleset.h"
#include "perf/support/stand.h"
#include "rules/policy.h"

struct judge {
	const struct stand *stand; /* borrowed */
	struct ruleset ruleset;
	struct policy policy;
	struct compiled *compiled;
	uint16_t counters[POLICY_RULES_MAX];
	struct program *program;
	struct plain_packet *accepted, *last; /* see traffic.h */
};

#define JUDGE_SET "listed"

/* The policy alone; policy_done() is the caller's, after a failure too. */
int judge_make_policy(const struct ruleset *ruleset, struct policy *policy);

/* With so many rules. Every `step`th packet is asked about rule by rule: that
 * a rule passes it, or the last rule drops it, or else -EBADMSG. `stand` is
 * kept, and `judge` must stay where it is. */
int judge_open(const struct stand *stand, size_t rule_count, size_t step,
	       struct judge *judge);
void judge_close(struct judge *judge);

/* How many packets the rules have passed so far, of all judges over the
 * stand's tables, and how many the last rule of this one has met. */
uint64_t judge_passed(const struct judge *judge);
uint64_t judge_dropped(const struct judge *judge);
