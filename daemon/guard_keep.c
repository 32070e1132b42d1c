// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/guard_keep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/daemon.h"
#include "daemon/log.h"

#define HOPS_REST_NS 4000000000u /* from one reading of routes to the next */

struct protected_list {
	enum guard_source source;
	struct guard_entry *list;
	size_t count;
	size_t capacity;
};

static void protected_list_done(struct protected_list *all)
{
	free(all->list);
}

static int collect(void *arg, const struct prefix *prefix, const char *what)
{
	struct protected_list *all = arg;
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
	entry->source = all->source;
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

/* `r` is what reading them came to. */
static void take_over(struct daemon *daemon, const struct protected_list *all,
		      int r)
{
	if (r == 0)
		r = guard_replace(daemon->guard, all->source, all->list,
				  all->count);
	if (r < 0) {
		log_warning(r,
			    "guard: %s could not be read, keeping those "
			    "known",
			    all->source == GUARD_OWN ? "own addresses"
						     : "next hops");
		return;
	}
	forget_foreign(daemon);
	warn_of_all(daemon, all);
}

void guard_keep_addresses(struct daemon *daemon)
{
	CLEANUP(protected_list_done)
	struct protected_list all = {
		.source = GUARD_OWN,
	};
	int r = netlink_each_address(daemon->netlink, collect, &all);

	take_over(daemon, &all, r);
}

/* A reading has ended: well by `r` 0, and otherwise it is tried again. */
static void hops_ended(struct daemon *daemon, int r)
{
	CLEANUP(protected_list_done)
	struct protected_list all = {
		.source = GUARD_NEXT_HOP,
	};

	if (r == 0)
		r = hops_each(daemon->hops, collect, &all);
	if (r < 0)
		daemon->guard_keep.is_stale = true;
	take_over(daemon, &all, r);
}

void guard_keep_hops(struct daemon *daemon)
{
	daemon->guard_keep.asked_ns = clock_mono_ns();
	hops_ended(daemon, hops_read(daemon->hops));
}

/* What changes while routes are read may have been passed by already, so it
 * waits for the next time. */
void guard_keep_tick(struct daemon *daemon)
{
	struct guard_keep *keep = &daemon->guard_keep;
	uint64_t now_ns = clock_mono_ns();
	int r;

	if (!keep->is_stale || hops_is_asked(daemon->hops) ||
	    now_ns < keep->asked_ns + HOPS_REST_NS)
		return;
	keep->asked_ns = now_ns;
	keep->is_stale = false;
	r = hops_ask(daemon->hops);
	if (r < 0)
		hops_ended(daemon, r);
}

void guard_keep_hops_soon(struct daemon *daemon)
{
	daemon->guard_keep.is_stale = true;
	guard_keep_tick(daemon);
}

void guard_keep_turn(struct daemon *daemon)
{
	int r = hops_turn(daemon->hops);

	if (r != 0)
		hops_ended(daemon, r < 0 ? r : 0);
}
