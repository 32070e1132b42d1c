// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/budget.h"

#include <errno.h>
#include <string.h>

#include "rules/detect/sip.h"

#define MINUTE_NS 60000000000ull
#define SLICE	  ".slice"

static bool is_slice(const char *name, size_t len)
{
	const size_t end_len = sizeof(SLICE) - 1;

	return len > end_len &&
	       memcmp(name + len - end_len, SLICE, end_len) == 0;
}

/* "/system.slice/web.service/one" is "/system.slice/web.service": whoever is in
 * it may make more groups below, and none beside. */
static struct event_text below_slices(const struct event_text *path)
{
	struct event_text group = *path;
	uint32_t at = 0;

	if (path->len <= 1) /* the root is everybody's */
		group.len = 0;

	while (at < path->len) {
		uint32_t from = at;

		while (at < path->len && path->bytes[at] != '/')
			at++;
		if (at > from && !is_slice(path->bytes + from, at - from)) {
			group.len = at;
			break;
		}
		at++;
	}
	return group;
}

struct budget_payer budget_payer(const struct event *event)
{
	const struct event_text *container = &event->words[EVENT_CONTAINER];

	return (struct budget_payer){
		.uid = event->uid,
		.group = container->len
				 ? *container
				 : below_slices(&event->words[EVENT_CGROUP]),
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
