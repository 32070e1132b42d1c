// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/budget.h"

#include <errno.h>

#define MINUTE_NS 60000000000ull

static struct budget_user *user_of(struct budget *budget, uint32_t uid)
{
	struct budget_user *user;

	for (size_t i = 0; i < budget->user_count; i++)
		if (budget->users[i].uid == uid)
			return &budget->users[i];
	user = &budget->users[budget->user_count];
	if (budget->user_count > BUDGET_USERS_MAX)
		return user - 1;
	budget->user_count++;
	*user = (struct budget_user){.uid = uid};
	return user;
}

int budget_spend(struct budget *budget, uint32_t per_minute, uint32_t uid,
		 uint64_t now_ns)
{
	struct budget_user *user;

	if (now_ns - budget->minute_ns >= MINUTE_NS)
		*budget = (struct budget){.minute_ns = now_ns};
	if (budget->spent >= per_minute)
		return -EDQUOT;
	user = user_of(budget, uid);
	if (uid != 0 && user->spent >= (per_minute + 1) / 2)
		return -EUSERS;
	user->spent++;
	budget->spent++;
	return 0;
}
