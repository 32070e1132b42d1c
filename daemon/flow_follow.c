// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/flow_follow.h"

#include <inttypes.h>

#include "daemon/clock.h"
#include "daemon/daemon.h"
#include "daemon/generation.h"
#include "daemon/judge.h"
#include "daemon/log.h"
#include "daemon/packet/flows.h"

#define FLOWS_ALERT "flows"
#define CALM_S	    10 /* without one: it is over */

static void some_are_not(struct daemon *daemon, uint64_t count, uint64_t now_s)
{
	uint32_t limit =
		daemon->live->judge->policy.thresholds.new_flows_per_second;

	if (alerts_raise(&daemon->alerts, now_s, FLOWS_ALERT,
			 "%" PRIu64 " new flows were not learned in the last "
			 "second: more than new_flows_per_second (%" PRIu32
			 "), shared out to the CPUs, or no memory; their "
			 "replies count as new",
			 count, limit))
		log_warningx("new flows are not learned: more than "
			     "new_flows_per_second (%" PRIu32 "), or no memory",
			     limit);
}

void flow_follow(struct daemon *daemon, uint64_t now_s)
{
	const struct flows *flows = maps_flows(daemon->maps);
	struct flow_follow *seen = &daemon->flow_follow;
	struct fw_flow_counts counts;
	uint64_t unlearned, fresh;

	if (!flows || flows_counts(flows, &counts) < 0)
		return;
	unlearned = counts.refused + counts.no_room;
	fresh = unlearned - seen->unlearned;
	seen->unlearned = unlearned;
	if (fresh) {
		some_are_not(daemon, fresh, now_s);
		seen->last_s = clock_boot_s();
	} else if (clock_boot_s() >= seen->last_s + CALM_S &&
		   alerts_clear(&daemon->alerts, FLOWS_ALERT)) {
		log_notice("new flows are learned again");
	}
}
