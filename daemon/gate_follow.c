// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/gate_follow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/packet/egress.h"

#define NAMES_ALERT  "interfaces"
#define EGRESS_ALERT "gate out %s"

static int put_name(void *arg, const struct iface *iface)
{
	struct judge *judge = arg;

	return program_put_gate(judge->program, (uint32_t)iface->ifindex,
				iface->name);
}

int gate_follow_names(struct daemon *daemon, struct judge *judge)
{
	if (!judge || !judge->compiled)
		return 0;
	return netlink_each_iface(daemon->netlink, put_name, judge);
}

static void follow_names(struct daemon *daemon)
{
	struct generation *live = daemon->live;
	int r = gate_follow_names(daemon, live->judge);

	if (r == 0)
		r = gate_follow_names(daemon, live->last);
	if (r == 0)
		r = gate_follow_names(daemon, live->next);
	if (r == 0)
		(void)alerts_clear(&daemon->alerts, NAMES_ALERT);
	else if (alerts_raise(&daemon->alerts, clock_wall_s(), NAMES_ALERT,
			      "rules do not know all interfaces: %s",
			      strerror(-r)))
		log_err(r, "rules do not know all interfaces");
}

static void follow_gate(struct daemon *daemon, const struct wish *wish,
			bool is_needed)
{
	int fd = program_egress_fd(daemon->live->judge->program);
	const char *ifname = wish->attachment.ifname;
	char key[ALERT_KEY_MAX];
	int r;

	(void)snprintf(key, sizeof(key), EGRESS_ALERT, ifname);
	r = is_needed && fd >= 0 ? egress_attach(wish->ifindex, fd)
				 : egress_detach(wish->ifindex);
	if (r == 0 || r == -ENODEV)
		(void)alerts_clear(&daemon->alerts, key);
	else if (alerts_raise(&daemon->alerts, clock_wall_s(), key,
			      "%s has no gate on the way out, which the policy "
			      "needs: %s",
			      ifname, strerror(-r)))
		log_err(r, "gate %s: nothing judges on the way out", ifname);
}

void gate_follow(struct daemon *daemon)
{
	const struct generation *live = daemon->live;
	bool is_needed = judge_needs_egress(live->judge) ||
			 (live->last && judge_needs_egress(live->last));

	if (!daemon->netlink)
		return; /* still starting */
	follow_names(daemon);
	for (size_t i = 0; i < daemon->keep.count; i++)
		if (daemon->keep.wishes[i].ifindex)
			follow_gate(daemon, &daemon->keep.wishes[i], is_needed);
}
