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

/* What can be done about an event, as bits. */
enum notice_step {
	NOTICE_TABLE = 1, /* the peer is in the address table */
	NOTICE_REFUSE = 2, /* new connections of the process are refused */
	NOTICE_CUT = 4, /* its connections were cut */
	NOTICE_END = 8, /* it was ended */
	NOTICE_QUARANTINE = 16, /* all it may still do is be looked at */
};

struct notice {
	const struct detect_rule *rule;
	const struct event *event;
	uint64_t count; /* matches since last telling */
	uint32_t done; /* steps that were taken */
	uint32_t withheld; /* that were due and were not, as a budget or a
			    * guard forbade them */
	uint64_t wall_ns;
	const char *file; /* of the rule; NULL: not known */
	bool is_observed; /* a rule that blocks, but is only observed */
};
