/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * budget.h - how often in a minute detection may act, and for whom.
 *
 *	1. No user but root may spend more than half of it (rounded up), so what
 *	   one does on purpose leaves the other half for what the others do.
 *	2. Nor may who is in one container, or one service, whichever users they
 *	   are: root is in containers too. What counts is the outermost, for
 *	   who is in it may have groups below it called as he likes.
 *	3. Nor may all those together whose control group is not known, or whose
 *	   path was too long to be read.
 *
 * Of more than BUDGET_SHARES_MAX users in a minute, or containers and services,
 * the further ones share one half.
 *
 * Times	CLOCK_BOOTTIME
 * Threads	a value; one owner
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/detect/event.h"

#define BUDGET_SHARES_MAX 64
#define BUDGET_UNKNOWN	  "control groups that are not known"

struct budget_share {
	uint64_t id;
	uint32_t spent;
};

struct budget_shares {
	struct budget_share list[BUDGET_SHARES_MAX + 1];
	size_t count;
};

/* All 0: nothing was spent. */
struct budget {
	uint64_t minute_ns; /* when this one began */
	uint32_t spent; /* in it */
	struct budget_shares users, groups;
};

/* For whose doing it is. */
struct budget_payer {
	uint32_t uid;
	/* The container, the control group below all slices, or
	 * BUDGET_UNKNOWN; empty: the root of groups, or no process of this host
	 * that is known. Lent. */
	struct event_text group;
};

struct budget_payer budget_payer(const struct event *event);

/* One of `per_minute`. -EDQUOT: they are spent; -EUSERS: this user's are;
 * -EXFULL: this group's. `seed` is secret, so that nobody can make groups fall
 * together, and the same each time. */
int budget_spend(struct budget *budget, uint32_t per_minute,
		 const struct budget_payer *payer, const uint64_t seed[2],
		 uint64_t now_ns);
