/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * emit.h - rules added to a policy, each with an id of its own.
 *
 * A rule whose comment names it as another one is named, with the same
 * conditions, is that other one again: for the other family when it comes
 * straight after it, for the other direction anywhere further on.
 */
#pragma once

#include <stddef.h>

#include "rules/policy.h"

struct emitter {
	struct policy *policy;
	size_t first; /* rules before it are of another ruleset */
	size_t out_at; /* where the next rule of the way out goes */
	size_t last; /* the rule added or widened last, if has_last */
	bool has_last;
	bool has_twin; /* a rule of both ways */
	char last_wish[RULE_ID_MAX]; /* the id it asked for */
};

/* Add one with the id wished for, or like it. Takes the rule, also when it
 * fails: -ENOMEM, -ENOSPC full. With `is_named` the id is not made up. */
int emit(struct emitter *emitter, struct rule *rule, const struct limit *limit,
	 const char *id, bool is_named);

/* Behind the last rule of the way out: they go behind those of the way in if
 * nothing ties the two together. -ENOMEM. */
int emit_end(struct emitter *emitter);
