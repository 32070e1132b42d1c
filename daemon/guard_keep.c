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

void guard_keep_recheck(struct daemon *daemon)
{
	if (!daemon->guard_keep.is_unchecked || daemon_is_importing(daemon))
		return;
	daemon->guard_keep.is_unchecked = false;
	forget_foreign(daemon);
	for (size_t i = 0; i < guard_count(daemon->guard); i++) {
		const struct guard_entry *entry = guard_entry(daemon->guard, i);

		if (entry->source == GUARD_OWN ||
		    entry->source == GUARD_NEXT_HOP)
			warn_of_blocked(daemon, entry);
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
	daemon->guard_keep.is_unchecked = true;
	guard_keep_recheck(daemon);
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

	daemon->guard_keep.ended = daemon->guard_keep.begun;
	if (r == 0)
		r = hops_each(daemon->hops, collect, &all);
	if (r < 0)
		daemon->guard_keep.is_stale = true;
	take_over(daemon, &all, r);
}

static void hops_begin(struct daemon *daemon)
{
	struct guard_keep *keep = &daemon->guard_keep;

	keep->begun++;
	keep->asked_ns = clock_mono_ns();
	keep->is_stale = false;
}

void guard_keep_hops(struct daemon *daemon)
{
	hops_begin(daemon);
	hops_ended(daemon, hops_read(daemon->hops));
}

static void ask(struct daemon *daemon)
{
	int r;

	hops_begin(daemon);
	r = hops_ask(daemon->hops);
	if (r < 0)
		hops_ended(daemon, r);
}

/* What changes while routes are read may have been passed by already, so it
 * waits for the next time. */
void guard_keep_tick(struct daemon *daemon)
{
	const struct guard_keep *keep = &daemon->guard_keep;

	guard_keep_recheck(daemon);
	if (keep->is_stale && !hops_is_asked(daemon->hops) &&
	    clock_mono_ns() >= keep->asked_ns + HOPS_REST_NS)
		ask(daemon);
}

uint64_t guard_keep_catch_up(struct daemon *daemon)
{
	const struct guard_keep *keep = &daemon->guard_keep;

	(void)netlink_dispatch(daemon->netlink);
	if (hops_is_asked(daemon->hops))
		return keep->begun + keep->is_stale;
	if (keep->is_stale)
		ask(daemon);
	return keep->begun;
}

bool guard_keep_has(struct daemon *daemon, uint64_t reading)
{
	const struct guard_keep *keep = &daemon->guard_keep;

	if (keep->ended < reading && !hops_is_asked(daemon->hops))
		ask(daemon);
	return keep->ended >= reading;
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
