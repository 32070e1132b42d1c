/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notice.h - what a detection found: a rule, the event that met it, and what
 * was done about it.
 *
 * A notice is a plain value that borrows all it points to, for the call that
 * is given it. What becomes of it is said by notices.h.
 *
 * Times	wall_ns: of the event, since 1970
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/detect/event.h"
#include "rules/detect/rule.h"

/* Beside the steps of rules: a file was not executed. */
#define NOTICE_DENY	  (1u << DETECT_STEP_COUNT)
#define NOTICE_STEP_COUNT (DETECT_STEP_COUNT + 1)

struct notice {
	const struct detect_rule *rule;
	const struct event *event;
	uint64_t count; /* matches since last telling */
	uint32_t done; /* enum detect_step, NOTICE_DENY: what was done */
	uint32_t ordered; /* that are on their way */
	uint32_t withheld; /* that were due and were not, as a budget or a
			    * guard forbade them */
	uint64_t wall_ns;
	const char *file; /* of the rule; NULL: not known */
	const char *sha256; /* of its file, in hexadecimal; NULL: not known */
	bool is_observed; /* a rule that blocks, but is only observed */
};
