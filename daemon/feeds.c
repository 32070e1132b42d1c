// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feeds.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/feed_end.h"
#include "daemon/feed_files.h"
#include "daemon/feed_job.h"
#include "daemon/feed_known.h"
#include "daemon/log.h"
#include "daemon/set_id.h"

#define ALERT_FEED	"feed %s"
#define ALERT_RESOLVERS "resolvers"

static void slot_free(struct feed_slot *slot)
{
	if (!slot)
		return;
	free(slot->text);
	free(slot);
}

void feeds_done(struct feeds *feeds)
{
	for (size_t i = 0; i < feeds->count; i++)
		slot_free(feeds->list[i]);
	feeds->count = 0;
}

struct feed_slot *feeds_find(const struct feeds *feeds, const char *name)
{
	for (size_t i = 0; i < feeds->count; i++)
		if (strcmp(feeds->list[i]->feed.name, name) == 0)
			return feeds->list[i];
	return NULL;
}

bool feeds_are_busy(const struct feeds *feeds)
{
	for (size_t i = 0; i < feeds->count; i++)
		if (feeds->list[i]->is_busy)
			return true;
	return feeds->coming > 0;
}

bool feeds_except_name(const char *name, char except[SET_NAME_MAX])
{
	return snprintf(except, SET_NAME_MAX, "%s" FEED_EXCEPT, name) <
	       SET_NAME_MAX;
}

enum set_action feeds_action(const struct feed *feed,
			     const struct feed_state *state)
{
	switch ((enum feed_action)feed->action) {
	case FEED_ACTION_DROP:
		return state->shadow_until_s ? SET_SHADOW : SET_DROP;
	case FEED_ACTION_SHADOW:
		return SET_SHADOW;
	case FEED_ACTION_NONE:
	case FEED_ACTION_COUNT:
	default:
		return SET_NONE;
	}
}

static int add_slot(struct feeds *feeds, struct feed_slot *slot)
{
	if (feeds->count == FEEDS_MAX)
		return -ENOSPC;
	feeds->list[feeds->count++] = slot;
	return 0;
}

static int load_one(void *arg, const struct feed_put *put)
{
	struct feeds *feeds = arg;
	struct document_note note = {0};
	struct feed_slot *slot = calloc(1, sizeof(*slot));
	int r = slot ? 0 : -ENOMEM;

	if (r == 0)
		r = feed_read(put->text, put->len, &slot->feed, &note);
	if (r == -EINVAL || r == -E2BIG ||
	    (r == 0 && strcmp(slot->feed.name, put->name) != 0)) {
		/* of a later fwd: its members stay as they are */
		log_errx("feed %s: its definition is not understood: %s",
			 put->name, r < 0 ? note.text : "it names another");
		feeds->has_unknown = true;
		free(slot);
		return 0;
	}
	if (r == 0)
		slot->text = strndup(put->text, put->len);
	if (r == 0 && !slot->text)
		r = -ENOMEM;
	if (r == 0) {
		slot->len = put->len;
		slot->state = *put->state;
		r = add_slot(feeds, slot);
	}
	if (r < 0)
		slot_free(slot);
	return r;
}

int feeds_read(struct store *store, struct feeds *ret_feeds)
{
	struct feeds feeds = {0};
	int r = store_each_feed(store, load_one, &feeds);

	if (r < 0)
		feeds_done(&feeds);
	else
		*ret_feeds = feeds;
	return r;
}

static bool is_on(void *arg, const char *name)
{
	return feeds_find(arg, name) != NULL;
}

/* What was left over when fwd ended in the middle of something. */
static void sweep_files(struct daemon *daemon)
{
	struct feeds *feeds = &daemon->feeds;
	const char *dir = daemon->config.state_dir;

	for (size_t i = 0; i < feeds->count; i++)
		feed_files_keep_state(dir, feeds->list[i]->feed.name,
				      &feeds->list[i]->state);
	if (!feeds->has_unknown)
		feed_files_sweep(dir, is_on, feeds);
}

static void alert_all(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->feeds.count; i++)
		feeds_alert(daemon, daemon->feeds.list[i]);
}

void feeds_alert_resolvers(struct daemon *daemon, int r)
{
	const char *path = daemon->config.resolvers;

	if (r == 0) {
		(void)alerts_clear(&daemon->alerts, ALERT_RESOLVERS);
		return;
	}
	if (alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_RESOLVERS,
			 "%.150s cannot be read (%s): feeds may list "
			 "well-known resolvers",
			 path, strerror(-r)))
		log_err(r,
			"feeds: %s cannot be read, feeds may list "
			"well-known resolvers",
			path);
}

/* The list is read with each version: here is only said whether it can be. */
static void check_resolvers(struct daemon *daemon)
{
	CLEANUP(prefix_list_done) struct prefix_list list = {0};

	if (daemon->feeds.count > 0)
		feeds_alert_resolvers(
			daemon,
			feed_known_resolvers(daemon->config.resolvers, &list));
}

int feeds_load(struct daemon *daemon)
{
	int r = feeds_read(daemon->store, &daemon->feeds);

	if (r < 0)
		return r;
	sweep_files(daemon);
	alert_all(daemon);
	check_resolvers(daemon);
	return 0;
}

static void clear_alert(struct daemon *daemon, const char *name)
{
	char key[ALERT_KEY_MAX];

	(void)snprintf(key, sizeof(key), ALERT_FEED, name);
	(void)alerts_clear(&daemon->alerts, key);
}

void feeds_take(struct daemon *daemon, struct feeds *feeds)
{
	for (size_t i = 0; i < daemon->feeds.count; i++)
		clear_alert(daemon, daemon->feeds.list[i]->feed.name);
	feeds_done(&daemon->feeds);
	daemon->feeds = *feeds;
	*feeds = (struct feeds){0};
	alert_all(daemon);
}

void feeds_alert(struct daemon *daemon, const struct feed_slot *slot)
{
	uint64_t now_s = clock_wall_s();
	enum feed_age age = feed_age_of(&slot->feed, &slot->state.times, now_s);
	char key[ALERT_KEY_MAX];

	(void)snprintf(key, sizeof(key), ALERT_FEED, slot->feed.name);
	if (slot->state.why[0])
		(void)alerts_raise(&daemon->alerts, now_s, key, "feed %s: %s",
				   slot->feed.name, slot->state.why);
	else if (age != FEED_AGE_FRESH)
		(void)alerts_raise(
			&daemon->alerts, now_s, key,
			"feed %s is %s: no new version was got for %llu h",
			slot->feed.name, feed_age_name(age),
			(unsigned long long)(now_s - slot->state.times.good_s) /
				3600);
	else
		(void)alerts_clear(&daemon->alerts, key);
}

struct change feeds_change(const struct feed_slot *slot,
			   const struct feed_state *state)
{
	return (struct change){
		.kind = CHANGE_FEED_PUT,
		.feed_put = {.name = slot->feed.name,
			     .state = state,
			     .text = slot->text,
			     .len = slot->len},
	};
}

/* An edit under way. */
struct editing {
	struct daemon *daemon;
	struct feed_edit edit;
	struct feed_slot *slot; /* that is changed; NULL: a new one */
	struct set set, old; /* old.id 0: it is new */
	bool has_set; /* it is changed too */
	bool is_new; /* room was kept for it */
};

static void edit_end(struct editing *editing, int r, const char *why)
{
	if (editing->slot)
		editing->slot->is_busy = false;
	if (editing->is_new)
		editing->daemon->feeds.coming--;
	if (editing->edit.done)
		editing->edit.done(editing->edit.arg, r, why);
	free(editing->edit.text);
	free(editing);
}

static int take_edit(struct editing *editing)
{
	struct feeds *feeds = &editing->daemon->feeds;
	struct feed_slot *slot = editing->slot;
	int r = 0;

	if (!slot) {
		slot = calloc(1, sizeof(*slot));
		r = slot ? add_slot(feeds, slot) : -ENOMEM;
		if (r < 0) {
			free(slot);
			return r;
		}
	}
	slot->feed = editing->edit.feed;
	slot->state = editing->edit.state;
	if (editing->edit.text) {
		free(slot->text);
		slot->text = TAKE(editing->edit.text);
		slot->len = editing->edit.len;
	}
	feeds_alert(editing->daemon, slot);
	return 0;
}

static void put_set_back(struct editing *editing)
{
	struct ledger *ledger = editing->daemon->ledger;

	if (editing->old.id)
		(void)ledger_put_set(ledger, &editing->old);
	else
		(void)ledger_drop_set(ledger, editing->set.id);
}

static void edited(void *arg, int r)
{
	struct editing *editing = arg;

	if (editing->has_set)
		editing->daemon->is_importing[editing->set.id] = false;
	if (r == 0)
		r = take_edit(editing);
	else if (editing->has_set)
		put_set_back(editing);
	edit_end(editing, r, r < 0 ? strerror(-r) : NULL);
}

/* What it lists dropped nothing until now, and may be ours by now: some of what
 * is protected, or around it. */
static bool has_protected(const struct daemon *daemon, const struct set *set)
{
	for (size_t i = 0; i < guard_count(daemon->guard); i++)
		if (ledger_meets(daemon->ledger, set->id,
				 &guard_entry(daemon->guard, i)->prefix))
			return true;
	return false;
}

/* The set as the feed wants it; 1: it is so already. */
static int want_set(struct editing *editing, const char **ret_why)
{
	struct daemon *daemon = editing->daemon;
	const struct feed *feed = &editing->edit.feed;
	const struct set *set = ledger_set_named(daemon->ledger, feed->name);
	struct set want = {
		.kind = SET_STATIC,
		.action = (uint8_t)feeds_action(feed, &editing->edit.state),
		.capacity = feed_capacity(feed),
	};

	(void)snprintf(want.name, sizeof(want.name), "%s", feed->name);
	if (set && !editing->slot) {
		*ret_why = "there is a set of this name already";
		return -EEXIST;
	}
	if (set) {
		editing->old = *set;
		want.id = set->id;
		if (want.capacity < set->capacity)
			want.capacity = set->capacity;
	} else {
		want.id = set_id_free(daemon);
	}
	editing->set = want;
	if (set && !set_is_guarded(set) && set_is_guarded(&want) &&
	    has_protected(daemon, set)) {
		*ret_why = "it lists what is protected by now: have it judged "
			   "again (fwctl feed import) first";
		return -EPERM;
	}
	*ret_why = want.id == 0 ? "there are as many sets as can be"
				: "an import into its set is under way";
	if (want.id == 0)
		return -ENOSPC;
	if (daemon->is_importing[want.id])
		return -EBUSY;
	return set && set->action == want.action &&
			       set->capacity == want.capacity
		       ? 1
		       : 0;
}

static int submit_edit(struct editing *editing)
{
	struct daemon *daemon = editing->daemon;
	struct change *changes = calloc(2, sizeof(*changes));
	size_t count = 0;

	if (!changes)
		return -ENOMEM;
	if (editing->has_set) {
		if (ledger_put_set(daemon->ledger, &editing->set) < 0) {
			free(changes);
			return -ENOMEM;
		}
		daemon->is_importing[editing->set.id] = true;
		changes[count++] = (struct change){.kind = CHANGE_SET_PUT,
						   .set = editing->set};
	}
	changes[count++] = (struct change){
		.kind = CHANGE_FEED_PUT,
		.feed_put = {.name = editing->edit.feed.name,
			     .state = &editing->edit.state,
			     .text = editing->edit.text ? editing->edit.text
							: editing->slot->text,
			     .len = editing->edit.text ? editing->edit.len
						       : editing->slot->len},
	};
	if (editing->slot)
		editing->slot->is_busy = true;
	commit_submit(daemon,
		      &(struct commit_order){.changes = changes,
					     .count = count,
					     .uid = editing->edit.uid,
					     .done = edited,
					     .arg = editing},
		      "feed %s: %s", editing->edit.feed.name,
		      editing->edit.what);
	return 0;
}

void feeds_edit(struct daemon *daemon, const struct feed_edit *edit)
{
	struct editing *editing = calloc(1, sizeof(*editing));
	const char *why = "out of memory";
	int r = editing ? 0 : -ENOMEM;

	if (r < 0) {
		free(edit->text);
		if (edit->done)
			edit->done(edit->arg, r, why);
		return;
	}
	*editing = (struct editing){
		.daemon = daemon,
		.edit = *edit,
		.slot = feeds_find(&daemon->feeds, edit->feed.name),
	};
	if (!editing->slot &&
	    daemon->feeds.count + daemon->feeds.coming >= FEEDS_MAX) {
		r = -ENOSPC;
		why = "there are 64 feeds already";
	}
	editing->is_new = r == 0 && !editing->slot;
	daemon->feeds.coming += editing->is_new;
	if (r == 0)
		r = want_set(editing, &why);
	editing->has_set = r == 0;
	if (r >= 0)
		r = submit_edit(editing);
	if (r < 0)
		edit_end(editing, r, why);
}

void feeds_put_state(struct daemon *daemon, const struct feed_slot *slot,
		     const struct feed_state *state, const char *what)
{
	const struct feed_edit edit = {
		.feed = slot->feed,
		.state = *state,
		.what = what,
	};

	feeds_edit(daemon, &edit);
}

void feeds_forget(struct daemon *daemon, const char *name)
{
	struct feeds *feeds = &daemon->feeds;

	for (size_t i = 0; i < feeds->count; i++) {
		if (strcmp(feeds->list[i]->feed.name, name) != 0)
			continue;
		clear_alert(daemon, name);
		slot_free(feeds->list[i]);
		feeds->list[i] = feeds->list[--feeds->count];
		break;
	}
	if (feeds->count == 0)
		feeds_alert_resolvers(daemon, 0);
}

size_t feeds_excepted(const struct daemon *daemon, const struct feed_slot *slot)
{
	char except[SET_NAME_MAX];
	const struct set *set =
		feeds_except_name(slot->feed.name, except)
			? ledger_set_named(daemon->ledger, except)
			: NULL;

	return set ? ledger_set_count(daemon->ledger, set->id) : 0;
}

void feeds_unchanged(struct daemon *daemon, struct feed_slot *slot)
{
	slot->wants_again =
		slot->state.version &&
		(slot->judged_guard != guard_version(daemon->guard) ||
		 slot->judged_excepted != feeds_excepted(daemon, slot));
}

static void judge_again(struct daemon *daemon, struct feed_slot *slot)
{
	const struct feed_order order = {.source = FEED_AGAIN};
	const char *why;

	if (feed_job_check(daemon, slot, &why) < 0)
		return; /* the next second comes */
	slot->wants_again = false;
	feed_job_start(daemon, slot, &order);
}

static void tick_one(struct daemon *daemon, struct feed_slot *slot,
		     uint64_t now_s)
{
	struct feed_state state = slot->state;

	if (slot->is_busy)
		return;
	if (state.version && state.shadow_until_s &&
	    state.shadow_until_s <= now_s) {
		state.shadow_until_s = 0;
		feeds_put_state(daemon, slot, &state,
				"a day in shadow is over, it is enforced");
		return;
	}
	/* who stopped it wants what is in force to stay */
	if (state.version && !state.is_stopped &&
	    feed_age_of(&slot->feed, &state.times, now_s) == FEED_AGE_EXPIRED)
		feed_end_expire(daemon, slot);
	else if (state.version && slot->wants_again)
		judge_again(daemon, slot);
	else
		feeds_alert(daemon, slot);
}

void feeds_tick(struct daemon *daemon, uint64_t now_s)
{
	/* an hour that is not known must not end anything */
	if (daemon->doubts_clock || daemon->is_stopping || daemon->is_stale)
		return;
	for (size_t i = 0; i < daemon->feeds.count; i++)
		tick_one(daemon, daemon->feeds.list[i], now_s);
}
