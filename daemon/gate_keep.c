// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/gate_keep.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/daemon.h"
#include "daemon/log.h"

_Static_assert(ATTACHMENT_MODE_MAX == ATTACH_MODE_COUNT - 1, "");
_Static_assert(ATTACHMENT_SHARE_MAX == ATTACH_SHARE_COUNT - 1, "");

struct wish *gate_keep_find(struct gate_keep *keep, const char *ifname)
{
	for (size_t i = 0; i < keep->count; i++)
		if (strcmp(keep->wishes[i].attachment.ifname, ifname) == 0)
			return &keep->wishes[i];
	return NULL;
}

int gate_keep_put(struct gate_keep *keep, const struct attachment *attachment)
{
	struct wish *wish = gate_keep_find(keep, attachment->ifname);

	if (!wish) {
		if (keep->count == GATES_MAX)
			return -ENOSPC;
		wish = &keep->wishes[keep->count++];
		*wish = (struct wish){0};
	}
	wish->attachment = *attachment;
	return 0;
}

void gate_keep_del(struct gate_keep *keep, const char *ifname)
{
	struct wish *wish = gate_keep_find(keep, ifname);

	if (wish)
		*wish = keep->wishes[--keep->count];
}

/* The interfaces of this moment: all of them, for one that is not here counts
 * as vanished. */
struct iface_list {
	struct iface *list;
	size_t count;
	size_t capacity;
};

static void iface_list_done(struct iface_list *ifaces)
{
	free(ifaces->list);
}

static int collect(void *arg, const struct iface *iface)
{
	struct iface_list *ifaces = arg;

	if (ifaces->count == ifaces->capacity) {
		size_t capacity = ifaces->capacity ? ifaces->capacity * 2 : 64;
		struct iface *list =
			reallocarray(ifaces->list, capacity, sizeof(*list));

		if (!list)
			return -ENOMEM;
		ifaces->list = list;
		ifaces->capacity = capacity;
	}
	ifaces->list[ifaces->count++] = *iface;
	return 0;
}

static const struct iface *iface_named(const struct iface_list *ifaces,
				       const char *name)
{
	for (size_t i = 0; i < ifaces->count; i++)
		if (strcmp(ifaces->list[i].name, name) == 0)
			return &ifaces->list[i];
	return NULL;
}

static const struct iface *iface_numbered(const struct iface_list *ifaces,
					  int ifindex)
{
	for (size_t i = 0; i < ifaces->count; i++)
		if (ifaces->list[i].ifindex == ifindex)
			return &ifaces->list[i];
	return NULL;
}

struct renaming {
	char from[IFNAME_MAX];
	char to[IFNAME_MAX];
};

static void renamed(void *arg, int r)
{
	struct renaming *renaming = arg;

	if (r < 0)
		log_warning(r,
			    "gate %s: its new name %s is not stored, will "
			    "be asked for as %s at the next start",
			    renaming->from, renaming->to, renaming->from);
	free(renaming);
}

/* The gate went with the interface; what is wanted follows. */
static void follow_name(struct daemon *daemon, struct wish *wish,
			const char *name)
{
	struct change *changes = calloc(2, sizeof(*changes));
	struct renaming *renaming = calloc(1, sizeof(*renaming));

	if (!changes || !renaming) {
		free(changes);
		free(renaming);
		return;
	}
	memcpy(renaming->from, wish->attachment.ifname, IFNAME_MAX);
	memcpy(renaming->to, name, IFNAME_MAX);
	log_notice("gate %s: interface is called %s now, gate goes with it",
		   renaming->from, renaming->to);
	changes[0].kind = CHANGE_ATTACHMENT_DEL;
	changes[0].attachment = wish->attachment;
	memcpy(wish->attachment.ifname, name, IFNAME_MAX);
	changes[1].kind = CHANGE_ATTACHMENT_PUT;
	changes[1].attachment = wish->attachment;
	commit_submit(daemon,
		      &(struct commit_order){
			      .changes = changes,
			      .count = 2,
			      .uid = 0,
			      .done = renamed,
			      .arg = renaming,
		      },
		      "gate %s follows its interface to %s", renaming->from,
		      renaming->to);
}

static void wish_alert(struct daemon *daemon, const struct wish *wish,
		       const char *what)
{
	char key[ALERT_KEY_MAX];

	(void)snprintf(key, sizeof(key), "gate %s", wish->attachment.ifname);
	if (alerts_raise(&daemon->alerts, clock_wall_s(), key, "gate %s: %s",
			 wish->attachment.ifname, what))
		log_warningx("gate %s: %s, will retry when it changes",
			     wish->attachment.ifname, what);
}

static void wish_met(struct daemon *daemon, const struct wish *wish)
{
	char key[ALERT_KEY_MAX];

	(void)snprintf(key, sizeof(key), "gate %s", wish->attachment.ifname);
	(void)alerts_clear(&daemon->alerts, key);
}

static void wish_try(struct daemon *daemon, struct wish *wish,
		     const struct iface *iface)
{
	const struct attachment *want = &wish->attachment;
	int r = gates_attach(daemon->gates, want->ifname,
			     (enum attach_mode)want->mode,
			     (enum attach_share)want->share,
			     maps_program(daemon->maps), wish->note);

	/* Renamed or gone since it was listed: the change that is on its way
	 * tells which, by the number. */
	if (r == -ENODEV && wish->ifindex == iface->ifindex)
		return;
	if (r < 0) {
		wish->ifindex = 0;
		wish_alert(daemon, wish,
			   *wish->note ? wish->note : strerror(-r));
		return;
	}
	if (wish->ifindex != iface->ifindex)
		log_notice("gate %s: attached ifindex=%d", want->ifname,
			   iface->ifindex);
	wish->ifindex = iface->ifindex;
	wish_met(daemon, wish);
}

static void wish_settle(struct daemon *daemon, struct wish *wish,
			const struct iface_list *ifaces)
{
	const struct iface *iface = iface_numbered(ifaces, wish->ifindex);

	if (wish->ifindex && !iface) {
		log_notice("gate %s: interface vanished",
			   wish->attachment.ifname);
		gates_forget(daemon->gates, wish->ifindex);
		wish->ifindex = 0;
	}
	if (iface && strcmp(iface->name, wish->attachment.ifname) != 0) {
		wish_met(daemon, wish);
		follow_name(daemon, wish, iface->name);
	}
	iface = iface_named(ifaces, wish->attachment.ifname);
	if (iface) {
		wish_try(daemon, wish, iface);
		return;
	}
	wish->note[0] = '\0'; /* what was said of one that is gone */
	wish_alert(daemon, wish, "no interface of this name");
}

void gate_keep_settle(struct daemon *daemon)
{
	CLEANUP(iface_list_done) struct iface_list ifaces = {0};
	int r;

	r = netlink_each_iface(daemon->netlink, collect, &ifaces);
	if (r < 0) {
		log_warning(r, "interfaces could not be listed, will retry "
			       "when one changes");
		return;
	}
	for (size_t i = 0; i < daemon->keep.count; i++)
		wish_settle(daemon, &daemon->keep.wishes[i], &ifaces);
}
