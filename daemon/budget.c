// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/budget.h"

#include <errno.h>
#include <string.h>

#include "daemon/event/cgroup.h"
#include "rules/base.h"
#include "rules/detect/sip.h"

#define MINUTE_NS 60000000000ull
#define SLICE	  ".slice"

/* The kernel's number of the root of control groups, which is everybody's. */
#define ROOT_GROUP 1u

static bool is_slice(const char *name, size_t len)
{
	const size_t end_len = sizeof(SLICE) - 1;

	return len > end_len &&
	       memcmp(name + len - end_len, SLICE, end_len) == 0;
}

/* What many bring their containers below, without slices around them. Others
 * are one payer: whoever is in a container may have groups below its own called
 * as he likes. */
static const char *const managers[] = {
	"/docker",  "/kubepods", "/libpod_parent",
	"/default", "/k8s.io",	 "/moby",
};

static bool is_manager(const struct event_text *group)
{
	for (size_t i = 0; i < ARRAY_LEN(managers); i++)
		if (group->len == strlen(managers[i]) &&
		    memcmp(group->bytes, managers[i], group->len) == 0)
			return true;
	return false;
}

/* With one name more of the path than it had. */
static void go_below(const struct event_text *path, struct event_text *group)
{
	uint32_t at = group->len;

	while (at < path->len && path->bytes[at] == '/')
		at++;
	while (at < path->len && path->bytes[at] != '/')
		at++;
	group->bytes = path->bytes;
	group->len = at;
}

/* "/system.slice/web.service/one" is "/system.slice/web.service": whoever is in
 * it may make more groups below, and none beside. All of it, where there are
 * only slices. */
static struct event_text below_slices(const struct event_text *path)
{
	struct event_text group = {.bytes = path->bytes};

	while (group.len < path->len) {
		uint32_t from = group.len;

		go_below(path, &group);
		if (!is_slice(path->bytes + from, group.len - from))
			break;
	}
	return group;
}

/* The outermost container that the path names, if a manager's groups are around
 * it; else the group below all slices. */
static struct event_text payer_in(const struct event_text *path)
{
	const struct event_text group = below_slices(path);
	struct event_text wider = group;
	struct event_text container = cgroup_names(&group).container;

	while (container.len == 0 && is_manager(&group) &&
	       wider.len < path->len) {
		go_below(path, &wider);
		container = cgroup_names(&wider).container;
	}
	return container.len ? container : group;
}

/* What is not known is one payer: who is in a container may come to be in a
 * group that nobody has heard of, or too far below for its path to be read. */
static struct event_text group_of(const struct event *event)
{
	static const struct event_text unknown = {
		.bytes = BUDGET_UNKNOWN,
		.len = sizeof(BUDGET_UNKNOWN) - 1,
	};
	const struct event_text *path = &event->words[EVENT_CGROUP];
	const struct event_text *container = &event->words[EVENT_CONTAINER];

	if (path->is_cut)
		return unknown;
	if (path->len > 1)
		return payer_in(path);
	if (path->len == 0 && event->cgroup > ROOT_GROUP)
		return unknown;
	return *container;
}

struct budget_payer budget_payer(const struct event *event)
{
	return (struct budget_payer){
		.uid = event->uid,
		.group = group_of(event),
	};
}

static struct budget_share *share_of(struct budget_shares *shares, uint64_t id)
{
	struct budget_share *share;

	for (size_t i = 0; i < shares->count; i++)
		if (shares->list[i].id == id)
			return &shares->list[i];
	share = &shares->list[shares->count];
	if (shares->count > BUDGET_SHARES_MAX)
		return share - 1;
	shares->count++;
	*share = (struct budget_share){.id = id};
	return share;
}

static uint64_t id_of(const struct event_text *group, const uint64_t seed[2])
{
	struct sip sip = sip_begin(seed);

	sip_text(&sip, group->bytes, group->len);
	return sip_half(&sip, 0xff);
}

int budget_spend(struct budget *budget, uint32_t per_minute,
		 const struct budget_payer *payer, const uint64_t seed[2],
		 uint64_t now_ns)
{
	const uint32_t half = (per_minute + 1) / 2;
	struct budget_share *user = NULL, *group = NULL;

	if (now_ns - budget->minute_ns >= MINUTE_NS)
		*budget = (struct budget){.minute_ns = now_ns};
	if (budget->spent >= per_minute)
		return -EDQUOT;
	if (payer->uid != 0)
		user = share_of(&budget->users, payer->uid);
	if (payer->group.len)
		group = share_of(&budget->groups, id_of(&payer->group, seed));
	if (user && user->spent >= half)
		return -EUSERS;
	if (group && group->spent >= half)
		return -EXFULL;
	if (user)
		user->spent++;
	if (group)
		group->spent++;
	budget->spent++;
	return 0;
}
