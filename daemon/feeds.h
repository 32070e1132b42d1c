/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feeds.h - the feeds that are on: definition, state, and the set of the same
 * name that their entries are members of.
 *
 *	1. The set of a feed changes by its versions only; nobody adds to it by
 *	   hand. What is not to be blocked is an exception: a member of the set
 *	   NAME-except, which has no action.
 *	2. What is in memory is what is stored: a change is stored first.
 *	3. One version of a feed is judged at a time (feed_job.h).
 *
 * Times	seconds of the wall clock
 * Threads	event loop
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/daemon.h"
#include "daemon/feed_slot.h"
#include "rules/feed.h"
#include "rules/feed_state.h"

/* At the start, what the store has; files that are of none of it go. */
int feeds_load(struct daemon *daemon);

/* What the store has, for feeds_take(): in place of all that were on, none of
 * which is busy. Whoever may use the store reads. */
int feeds_read(struct store *store, struct feeds *ret_feeds);
void feeds_take(struct daemon *daemon, struct feeds *feeds);
void feeds_done(struct feeds *feeds);

/* NULL: there is none. */
struct feed_slot *feeds_find(const struct feeds *feeds, const char *name);

/* Is any version judged, or any change of a feed stored? */
bool feeds_are_busy(const struct feeds *feeds);

/* The name of the set of exceptions. False: it would be too long. */
bool feeds_except_name(const char *name, char except[SET_NAME_MAX]);

/* What the set does under this state. */
enum set_action feeds_action(const struct feed *feed,
			     const struct feed_state *state);

/* A change of a slot, or a new one, and of its set. */
struct feed_edit {
	struct feed feed; /* as it is to be */
	struct feed_state state;
	char *text; /* owned */
	size_t len;
	uint32_t uid;
	const char *what; /* static: for the journal */
	void (*done)(void *arg, int r, const char *why); /* called once */
	void *arg;
};

/* Store it, with the set that it needs, and then have it. Takes the text. */
void feeds_edit(struct daemon *daemon, const struct feed_edit *edit);

/* The same slot with another state. */
void feeds_put_state(struct daemon *daemon, const struct feed_slot *slot,
		     const struct feed_state *state, const char *what);

/* The change of the store that goes with it; borrows all. */
struct change feeds_change(const struct feed_slot *slot,
			   const struct feed_state *state);

/* It is gone from the store: forget it. */
void feeds_forget(struct daemon *daemon, const char *name);

/* An alert says what is wrong with it, or none does. */
void feeds_alert(struct daemon *daemon, const struct feed_slot *slot);

/* Say that the list of well-known resolvers cannot be read, and why; 0: it can,
 * by now. */
void feeds_alert_resolvers(struct daemon *daemon, int r);

/* The list is as it was: where what is protected or excepted has changed since
 * it was judged, it is judged again. */
void feeds_unchanged(struct daemon *daemon, struct feed_slot *slot);

/* How many exceptions it has. */
size_t feeds_excepted(const struct daemon *daemon,
		      const struct feed_slot *slot);

/* Ends of time: of a first day in shadow, of what is too old to be believed.
 * To be called every second. */
void feeds_tick(struct daemon *daemon, uint64_t now_s);
