/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * budget.h - how often in a minute detection may act, and for one user.
 *
 * No user but root may spend more than half of it (rounded up), so what one
 * does on purpose leaves the other half for what the others do. Of more than
 * BUDGET_USERS_MAX users in a minute the further ones share one half.
 *
 * Times	CLOCK_BOOTTIME
 * Threads	a value; one owner
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BUDGET_USERS_MAX 64

struct budget_user {
	uint32_t uid, spent;
};

/* All 0: nothing was spent. */
struct budget {
	uint64_t minute_ns; /* when this one began */
	uint32_t spent; /* in it */
	struct budget_user users[BUDGET_USERS_MAX + 1];
	size_t user_count;
};

/* One of `per_minute`. -EDQUOT: they are spent; -EUSERS: this user's are. */
int budget_spend(struct budget *budget, uint32_t per_minute, uint32_t uid,
		 uint64_t now_ns);
