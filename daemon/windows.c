// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/windows.h"

#include <time.h>

void windows_set(struct judge *judge, uint64_t now_s)
{
	const struct policy *policy = &judge->policy;
	time_t now = (time_t)now_s;
	struct tm local;
	unsigned int day, minute;

	if (!localtime_r(&now, &local))
		return;
	day = (unsigned int)(local.tm_wday + 6) % 7; /* from Monday on */
	minute = (unsigned int)(local.tm_hour * 60 + local.tm_min);
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].window_count)
			program_set_awake(
				judge->program, i,
				rule_is_awake(&policy->rules[i], day, minute));
}

void windows_follow(struct daemon *daemon, uint64_t now_s)
{
	struct generation *live = daemon->live;

	/* between two full minutes nothing changes but the clock itself */
	if (now_s == daemon->windows_s)
		return;
	daemon->windows_s = now_s;
	windows_set(live->judge, now_s);
	if (live->last)
		windows_set(live->last, now_s);
}
