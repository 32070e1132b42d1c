/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff_json.h - the answer to policy-diff, as docs/protocol.md has it.
 *
 * Owns		what it has collected, until it is taken
 * Errors	-ENOMEM
 * Threads	none; one owner
 */
#pragma once

#include <jansson.h>

#include "daemon/cuts.h"
#include "daemon/judge.h"
#include "rules/policy_diff.h"

#define DIFF_JSON_CHANGES_MAX 1000 /* told; more are counted */
#define DIFF_JSON_NOTE_MAX    256 /* bytes with the NUL */

struct diff_json {
	json_t *answer, *changes, *notes;
	json_int_t counts[DIFF_WHAT_COUNT][DIFF_CHANGE_COUNT];
	json_int_t more;
};

int diff_json_init(struct diff_json *json);
void diff_json_done(struct diff_json *json);

/* How large a policy is, compiled; "before" or "after". */
void diff_json_size(struct diff_json *json, const char *key,
		    const struct judge *judge);

/* A diff_fn; `arg` is the struct diff_json. */
int diff_json_add(void *arg, const struct difference *difference);

/* What to know beside the differences: a sentence. */
__attribute__((format(printf, 2, 3))) void
diff_json_note(struct diff_json *json, const char *format, ...);

/* Flows that would be cut; the caller's. */
json_t *diff_json_cuts(const struct cuts_result *result);

/* The whole, the caller's; `cuts` NULL: flows were not looked at. */
json_t *diff_json_take(struct diff_json *json, const struct cuts_result *cuts);
