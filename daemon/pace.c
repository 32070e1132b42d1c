// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/pace.h"

#include <assert.h>

#define NS_PER_S 1000000000u

uint64_t pace_take(struct pace *pace, uint64_t now_ns)
{
	uint64_t due;

	assert(pace);

	if (now_ns <= pace->paid_ns)
		return 0;
	if (now_ns - pace->paid_ns > NS_PER_S)
		pace->paid_ns = now_ns - NS_PER_S;
	due = (now_ns - pace->paid_ns) * pace->per_second / NS_PER_S;
	if (due > 0) /* rounded up, or a piece would be due twice */
		pace->paid_ns += (due * NS_PER_S + pace->per_second - 1) /
				 pace->per_second;
	return due;
}
