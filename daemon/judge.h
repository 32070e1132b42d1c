/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - a policy made ready to judge: read, compiled, loaded, and told what
 * each class of addresses means under it.
 *
 * A set of the policy is a set of the ledger by name. One whose members a
 * revision changes stands beside the old one as NAME.REVISION until that
 * revision is settled: this judge sees the one, the others go on with the
 * other. What a set does by itself is what the policy that declares it says.
 *
 * Owns		the policy, and all that is made of it
 * Threads	judge_read() and judge_load(): any, before others know it; the
 *		rest on the loop
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/merge/ledger.h"
#include "daemon/packet/counters.h"
#include "daemon/packet/maps.h"
#include "daemon/packet/program.h"
#include "rules/base.h"
#include "rules/compile.h"
#include "rules/policy.h"

#define JUDGE_NOTE_MAX 1024 /* bytes with the NUL */

/* What a set of the ledger is to a policy. */
struct judge_set {
	bool is_seen;
	uint8_t action; /* enum set_action */
	int16_t number; /* of the compiled policy; -1: no rule names it */
};

struct explainer;

struct judge {
	uint64_t revision; /* 0: there is no policy, sets act alone */
	struct policy policy;
	struct compiled *compiled; /* NULL without a policy */
	size_t vector_count; /* as compiled: gates and classes add some */
	uint16_t *counters; /* of each rule, its place in rule_counts */
	struct program *program;
	struct explainer *explainer; /* of it; NULL until it is asked */
	uint64_t sets_version; /* of the ledger, that `sets` is of */
	struct judge_set sets[SET_ID_MAX + 1];
	bool is_trial;
};

/* Without a policy. */
int judge_new(struct judge **ret_judge);

/* Of a document; `note` says where and why it is none. */
int judge_read(const char *text, size_t len, uint64_t revision,
	       struct judge **ret_judge, char note[JUDGE_NOTE_MAX]);

/* NULL is fine. */
void judge_free(struct judge *judge);
DEFINE_CLEANUP(struct judge *, judge_free)

/* Places for its rules; rules of `other`, too, or NULL, keep theirs. */
int judge_count(struct judge *judge, struct counters *counters,
		const struct judge *other, char note[JUDGE_NOTE_MAX]);

/* Into the kernel; for a trial, if is_trial is set. What `before` has counted
 * against rates goes on; NULL: there is none. */
int judge_load(struct judge *judge, struct maps *maps,
	       const struct judge *before, char note[JUDGE_NOTE_MAX]);

/* Tell its program what a class means to it. */
int judge_define(struct judge *judge, const struct ledger *ledger,
		 uint16_t class_id, const struct class_info *info);

/* The name of the set that a revision puts beside the one of this name; "" if
 * it would be too long. */
void judge_version_name(const char *name, uint64_t revision,
			char version[SET_NAME_MAX]);

/* Does it need a gate on the way out? */
bool judge_needs_egress(const struct judge *judge);
