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

struct protected_list {
	struct guard_entry *list;
	size_t count;
	size_t capacity;
};

/* Own addresses and next hops, all of them. */
struct protected_lists {
	struct protected_list own;
	struct protected_list hops;
};

static void protected_lists_done(struct protected_lists *found)
{
	free(found->own.list);
	free(found->hops.list);
}

static int collect_address(void *arg, const struct prefix *prefix,
			   bool is_next_hop, const char *what)
{
	struct protected_lists *found = arg;
	struct protected_list *all = is_next_hop ? &found->hops : &found->own;
	struct guard_entry *entry;

	if (all->count == all->capacity) {
		size_t capacity = all->capacity ? all->capacity * 2 : 64;
		struct guard_entry *list =
			reallocarray(all->list, capacity, sizeof(*list));

		if (!list)
			return -ENOMEM;
		all->list = list;
		all->capacity = capacity;
	}
	entry = &all->list[all->count++];
	entry->prefix = *prefix;
	entry->source = is_next_hop ? GUARD_NEXT_HOP : GUARD_OWN;
	(void)snprintf(entry->name, sizeof(entry->name), "%s", what);
	return 0;
}

#define PROTECTED_KEY "protected "

static bool is_dropped(struct daemon *daemon, const struct prefix *prefix)
{
	uint16_t class_id = ledger_class(daemon->ledger, prefix);

	return class_id != CLASS_NONE &&
	       classes_info(ledger_classes(daemon->ledger), class_id).action ==
		       SET_DROP;
}

/* An address that became ours may have been blocked before it was. */
static void warn_of_blocked(struct daemon *daemon,
			    const struct guard_entry *entry)
{
	char key[ALERT_KEY_MAX], text[PREFIX_TEXT_MAX];

	(void)prefix_to_text(&entry->prefix, text);
	(void)snprintf(key, sizeof(key), PROTECTED_KEY "%.50s", text);
	if (!is_dropped(daemon, &entry->prefix)) {
		(void)alerts_clear(&daemon->alerts, key);
		return;
	}
	if (alerts_raise(&daemon->alerts, clock_wall_s(), key,
			 "%s (%s) is in a set that drops: packets from it do "
			 "not come in",
			 text, entry->name))
		log_warningx("guard: %s (%s) is blocked already, leaving it "
			     "to the operator",
			     text, entry->name);
}

static void warn_of_all(struct daemon *daemon, const struct protected_list *all)
{
	for (size_t i = 0; i < all->count; i++)
		warn_of_blocked(daemon, &all->list[i]);
}

/* And one that is not ours any more may be blocked. */
static void forget_foreign(struct daemon *daemon)
{
	const size_t lead = strlen(PROTECTED_KEY);

	for (size_t i = daemon->alerts.count; i-- > 0;) {
		const char *key = daemon->alerts.list[i].key;
		struct prefix prefix;

		if (strncmp(key, PROTECTED_KEY, lead) == 0 &&
		    prefix_from_text(key + lead, strlen(key + lead), &prefix) ==
			    0 &&
		    !guard_find(daemon->guard, &prefix))
			(void)alerts_clear(&daemon->alerts, key);
	}
}

void gate_keep_guard(struct daemon *daemon)
{
	CLEANUP(protected_lists_done) struct protected_lists found = {0};
	int r;

	r = netlink_each_address(daemon->netlink, collect_address, &found);
	if (r == 0)
		r = guard_replace(daemon->guard, GUARD_OWN, found.own.list,
				  found.own.count);
	if (r == 0)
		r = guard_replace(daemon->guard, GUARD_NEXT_HOP,
				  found.hops.list, found.hops.count);
	if (r < 0) {
		log_warning(r, "guard: own addresses and next hops could not "
			       "be read, keeping those known");
		return;
	}
	forget_foreign(daemon);
	warn_of_all(daemon, &found.own);
	warn_of_all(daemon, &found.hops);
}
