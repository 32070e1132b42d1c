/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - a rule set as a policy, loaded over a stand's tables, and the same
 * policy asked rule by rule.
 *
 * Its first rule drops what comes from the stand's list, which is a set that
 * does nothing by itself; then come the rules of the set, on the way in. The
 * default drops.
 *
 * Owns		the policy, what it was compiled to, the program
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
	struct policy policy;
	struct compiled *compiled;
	uint16_t counters[POLICY_RULES_MAX];
	struct program *program;
};

/* `stand` is kept, and `judge` must stay where it is. The set has one rule
 * less than a policy may have. */
int judge_open(const struct stand *stand, const struct ruleset *ruleset,
	       struct judge *judge);
void judge_close(struct judge *judge);

/* How many packets the rules have passed so far, of all judges over the
 * stand's tables, and how many the last rule of this one has met. */
uint64_t judge_passed(const struct judge *judge);
uint64_t judge_last(const struct judge *judge);

/* Rule by rule, does a rule pass every `step`th of PLAIN_PACKET_COUNT packets?
 * Or does the last rule drop it? If not, -EBADMSG. */
int judge_expect_passed(struct judge *judge, const struct plain_packet *packets,
			size_t step);
int judge_expect_last(struct judge *judge, const struct plain_packet *packets,
		      size_t step);
