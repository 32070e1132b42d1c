/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crowdsec_state.h - what the daemon keeps of a stream of decisions.
 *
 * Not stored: members and their ends are, so a start knows who is blocked
 * until when, and asks for all decisions again.
 *
 * Times	seconds of the wall clock; 0: never
 * Threads	event loop; `held` is the worker's while a reply is being taken
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/decisions.h"
#include "rules/set.h"

#define CROWDSEC_WHY_MAX 256 /* bytes with the NUL */

/* Since the last reply that was whole. */
struct crowdsec_counts {
	uint64_t fresh, deleted; /* decisions that were told */
	uint64_t others; /* of other types and scopes than ours */
	uint64_t too_wide;
	uint64_t rejects; /* not understood */
	uint64_t guarded; /* of the last reply that changed something */
};

struct crowdsec {
	struct decisions *held; /* NULL: the next reply must be a whole one */
	bool is_busy; /* a reply is being taken */
	bool wants_whole; /* what is being taken is not to be kept */
	char set[SET_NAME_MAX]; /* "": nothing was heard since the start */
	uint64_t since_s; /* heard of first */
	uint64_t good_s; /* last reply that was taken */
	uint64_t whole_s; /* last whole one */
	int64_t step_s; /* wall clock less boot clock when that was begun */
	uint64_t failures; /* since the last good one */
	uint64_t alert_after_s;
	size_t decisions;
	struct crowdsec_counts counts;
	char why[CROWDSEC_WHY_MAX]; /* of the last failure, or "" */
};
