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
#include "daemon/gate_follow.h"
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

size_t gate_keep_names(const struct gate_keep *keep,
		       char names[GATES_MAX][RULE_NAME_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < keep->count; i++)
		if (keep->wishes[i].ifindex)
			(void)snprintf(names[count++], RULE_NAME_MAX, "%s",
				       keep->wishes[i].attachment.ifname);
	return count;
}

bool gate_keep_has_room(struct gate_keep *keep, const char *ifname)
{
	return keep->count < GATES_MAX || gate_keep_find(keep, ifname);
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

struct renaming {
	int ifindex;
	char from[IFNAME_MAX];
	char to[IFNAME_MAX];
};

/* Those seen at once: interfaces may have swapped their names. */
struct renamings {
	struct renaming list[GATES_MAX];
	size_t count;
};

static void renamings_find(struct renamings *renamings,
			   const struct gate_keep *keep,
			   const struct iface_list *ifaces)
{
	for (size_t i = 0; i < keep->count; i++) {
		const struct wish *wish = &keep->wishes[i];
		const struct iface *iface =
			iface_numbered(ifaces, wish->ifindex);
		struct renaming *renaming;

		if (!iface || strcmp(iface->name, wish->attachment.ifname) == 0)
			continue;
		renaming = &renamings->list[renamings->count++];
		renaming->ifindex = iface->ifindex;
		memcpy(renaming->from, wish->attachment.ifname, IFNAME_MAX);
		memcpy(renaming->to, iface->name, IFNAME_MAX);
	}
}

static const struct renaming *renaming_of(const struct renamings *renamings,
					  int ifindex)
{
	for (size_t i = 0; i < renamings->count; i++)
		if (renamings->list[i].ifindex == ifindex)
			return &renamings->list[i];
	return NULL;
}

static bool is_taken(const struct renamings *renamings, const char *name)
{
	for (size_t i = 0; i < renamings->count; i++)
		if (strcmp(renamings->list[i].to, name) == 0)
			return true;
	return false;
}

/* A gate that comes with its interface takes the place of what was asked for
 * under the new name: one name, one wish. */
static void merge_wishes(struct gate_keep *keep,
			 const struct renamings *renamings)
{
	for (size_t i = keep->count; i-- > 0;) {
		struct wish *wish = &keep->wishes[i];

		if (renaming_of(renamings, wish->ifindex) ||
		    !is_taken(renamings, wish->attachment.ifname))
			continue;
		log_notice("gate %s: asked for twice, keeping the one that "
			   "came with an interface",
			   wish->attachment.ifname);
		*wish = keep->wishes[--keep->count];
	}
}

/* The store is told of all of them at once, and of the old names first: one
 * may be the new name of another. */
static void rename_wishes(struct daemon *daemon,
			  const struct renamings *renamings,
			  struct change *changes)
{
	struct change *del = changes;
	struct change *put = changes + renamings->count;

	for (size_t i = 0; i < daemon->keep.count; i++) {
		struct wish *wish = &daemon->keep.wishes[i];
		const struct renaming *renaming =
			renaming_of(renamings, wish->ifindex);

		if (!renaming)
			continue;
		log_notice("gate %s: interface is called %s now, gate goes "
			   "with it",
			   renaming->from, renaming->to);
		wish_met(daemon, wish);
		del->kind = CHANGE_ATTACHMENT_DEL;
		del++->attachment = wish->attachment;
		memcpy(wish->attachment.ifname, renaming->to, IFNAME_MAX);
		put->kind = CHANGE_ATTACHMENT_PUT;
		put++->attachment = wish->attachment;
	}
}

static void renamed(void *arg, int r)
{
	struct renamings *renamings = arg;

	for (size_t i = 0; i < renamings->count && r < 0; i++) {
		const struct renaming *renaming = &renamings->list[i];

		log_warning(r,
			    "gate %s: its new name %s is not stored, will "
			    "be asked for as %s at the next start",
			    renaming->from, renaming->to, renaming->from);
	}
	free(renamings);
}

/* The gate went with the interface; what is wanted follows. */
static int follow_names(struct daemon *daemon, const struct iface_list *ifaces)
{
	struct renamings found = {0}, *kept;
	struct change *changes;
	char more[32] = "";

	renamings_find(&found, &daemon->keep, ifaces);
	if (found.count == 0)
		return 0;
	kept = calloc(1, sizeof(*kept));
	changes = calloc(2 * found.count, sizeof(*changes));
	if (!kept || !changes) {
		free(kept);
		free(changes);
		return -ENOMEM;
	}
	*kept = found;
	merge_wishes(&daemon->keep, &found);
	rename_wishes(daemon, &found, changes);
	if (found.count > 1)
		(void)snprintf(more, sizeof(more), ", and %zu more",
			       found.count - 1);
	commit_submit(daemon,
		      &(struct commit_order){
			      .changes = changes,
			      .count = 2 * found.count,
			      .uid = 0,
			      .done = renamed,
			      .arg = kept,
		      },
		      "gate %s follows its interface to %s%s",
		      found.list[0].from, found.list[0].to, more);
	return 0;
}

static void wish_try(struct daemon *daemon, struct wish *wish,
		     const struct iface *iface)
{
	const struct attachment *want = &wish->attachment;
	int r = gates_attach(
		daemon->gates, want->ifname, (enum attach_mode)want->mode,
		(enum attach_share)want->share,
		program_gate(daemon->live->judge->program), wish->note);

	/* Renamed or gone since it was listed: the change that is on its way
	 * tells which, by the number. */
	if (r == -ENODEV && wish->ifindex == iface->ifindex)
		return;
	if (r < 0) {
		/* one that stands there in another way still drops */
		wish->ifindex = gates_have(daemon->gates, iface->ifindex)
					? iface->ifindex
					: 0;
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

static void forget_vanished(struct daemon *daemon, struct wish *wish,
			    const struct iface_list *ifaces)
{
	if (!wish->ifindex || iface_numbered(ifaces, wish->ifindex))
		return;
	log_notice("gate %s: interface vanished", wish->attachment.ifname);
	gates_forget(daemon->gates, wish->ifindex);
	wish->ifindex = 0;
}

static void wish_settle(struct daemon *daemon, struct wish *wish,
			const struct iface_list *ifaces)
{
	const struct iface *iface =
		iface_named(ifaces, wish->attachment.ifname);

	if (iface) {
		wish_try(daemon, wish, iface);
		return;
	}
	wish->note[0] = '\0'; /* what was said of one that is gone */
	wish_alert(daemon, wish, "no interface of this name");
}

void gate_keep_del(struct daemon *daemon, const char *ifname)
{
	struct wish *wish = gate_keep_find(&daemon->keep, ifname);

	if (!wish)
		return;
	wish_met(daemon, wish);
	*wish = daemon->keep.wishes[--daemon->keep.count];
}

void gate_keep_settle(struct daemon *daemon)
{
	CLEANUP(iface_list_done) struct iface_list ifaces = {0};
	struct gate_keep *keep = &daemon->keep;
	int r;

	r = netlink_each_iface(daemon->netlink, collect, &ifaces);
	if (r < 0) {
		log_warning(r, "interfaces could not be listed, will retry "
			       "when one changes");
		return;
	}
	for (size_t i = 0; i < keep->count; i++)
		forget_vanished(daemon, &keep->wishes[i], &ifaces);
	r = follow_names(daemon, &ifaces);
	if (r < 0) {
		log_warning(r, "new names of interfaces could not be "
			       "followed, will retry");
		return;
	}
	for (size_t i = 0; i < keep->count; i++)
		wish_settle(daemon, &keep->wishes[i], &ifaces);
	gate_follow(daemon);
}
