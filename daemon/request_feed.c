// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that change feeds: define, drop, a version, what is decided. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/bulk.h"
#include "daemon/clock.h"
#include "daemon/feed_end.h"
#include "daemon/feed_job.h"
#include "daemon/feed_json.h"
#include "daemon/feeds.h"
#include "daemon/named.h"
#include "daemon/requests.h"

static struct feed_slot *args_feed(struct daemon *daemon, struct call *call)
{
	const char *name = args_text(call, "feed", SET_NAME_MAX - 1, NULL);
	struct feed_slot *slot;

	if (!name)
		return NULL;
	slot = feeds_find(&daemon->feeds, name);
	if (!slot)
		call_refuse(call, -ENOENT,
			    "no feed is called \"%s\" (fwctl feed list shows "
			    "those that are on)",
			    name);
	return slot;
}

/* 0, or it is refused: somebody is at it. */
static int check_free(struct daemon *daemon, struct call *call,
		      const struct feed_slot *slot)
{
	const char *why;
	int r = feed_job_check(daemon, slot, &why);

	if (r < 0)
		call_refuse(call, r, "feed %s: %s", slot->feed.name, why);
	return r;
}

static void edited(void *arg, int r, const char *why)
{
	struct call *call = arg;

	if (r < 0)
		call_refuse(call, r, "%s", why);
	else
		call_done(call, json_pack("{s:b}", "done", 1));
}

static char *print_text(const struct feed *feed, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);
	int r;

	if (!out)
		return NULL;
	r = feed_print(feed, out);
	if (fclose(out) != 0 || r < 0 || *ret_len > FEED_TEXT_MAX) {
		free(text);
		return NULL;
	}
	return text;
}

/* Who publishes it would say what is excepted from another one. */
static bool is_of_exceptions(const char *name)
{
	const size_t len = strlen(name), end = strlen(FEED_EXCEPT);

	return len > end && strcmp(name + len - end, FEED_EXCEPT) == 0;
}

/* A failure has refused the call. */
static int read_definition(struct call *call, struct feed *feed)
{
	struct document_note note = {0};
	char except[SET_NAME_MAX];
	char *text;
	size_t len;
	int r = bulk_map(call, "definition", &text, &len);

	if (r < 0)
		return r;
	r = feed_read(text, len, feed, &note);
	(void)munmap(text, len);
	if (r == 0 && is_of_exceptions(feed->name)) {
		call_refuse(call, -EINVAL,
			    "\"%s\": what ends in " FEED_EXCEPT
			    " is the exceptions of a feed",
			    feed->name);
		return -EINVAL;
	}
	if (r == 0 && !feeds_except_name(feed->name, except)) {
		call_refuse(call, -EINVAL,
			    "\"%s\": a feed's name has %zu bytes at most",
			    feed->name, SET_NAME_MAX - sizeof(FEED_EXCEPT));
		return -EINVAL;
	}
	if (r == -EINVAL || r == -E2BIG)
		call_refuse(call, r, "line %u, column %u: %s", note.line,
			    note.column, note.text);
	else if (r < 0)
		call_refuse(call, r, "%s", strerror(-r));
	return r;
}

/* One that drops from now on only counts for a day, unless it is asked for
 * otherwise; before it has a version, the day does not begin. */
static void start_shadow(struct feed_edit *edit, const struct feed_slot *slot,
			 uint64_t enforce)
{
	if (edit->feed.action != FEED_ACTION_DROP ||
	    (slot && slot->feed.action == FEED_ACTION_DROP) ||
	    edit->state.shadow_until_s == UINT64_MAX)
		return;
	edit->state.shadow_until_s =
		enforce ? 0 : clock_wall_s() + FEED_SHADOW_FIRST_S;
}

/* A feed of which the definition does not drop has nothing that a decision could
 * end: to call that done would leave somebody waiting for drops. */
static int check_drops(struct call *call, const struct feed *feed)
{
	const char *action = feed_action_name((enum feed_action)feed->action);

	if (feed->action == FEED_ACTION_DROP)
		return 0;
	if (feed->class == FEED_CLASS_ALLOW)
		call_refuse(call, -EINVAL,
			    "feed %s is of class allow: it never drops",
			    feed->name);
	else
		call_refuse(call, -EINVAL,
			    "feed %s: its definition says \"action: %s\"; to "
			    "have it drop, say \"action: drop\" in a copy of "
			    "it, and add that (fwctl feed add)",
			    feed->name, action);
	return -EINVAL;
}

/* What it lists was judged as one of its class: resolvers, for example, may be
 * in a list of what is good. */
static int check_class(struct call *call, const struct feed_slot *slot,
		       const struct feed *feed)
{
	if (!slot->state.version || slot->feed.class == feed->class)
		return 0;
	call_refuse(call, -EEXIST,
		    "feed %s: what it lists was judged as of class %s: drop it "
		    "and add it again",
		    feed->name,
		    feed_class_name((enum feed_class)slot->feed.class));
	return -EEXIST;
}

/* The timer reads a key as root, and sends it to the URL: who may change sets may
 * not say which file that is, or where it goes. */
static int check_key(struct call *call, const struct feed_slot *slot,
		     const struct feed *feed)
{
	if (call->uid == 0 || !*feed->key_file ||
	    (slot && strcmp(feed->key_file, slot->feed.key_file) == 0 &&
	     strcmp(feed->url, slot->feed.url) == 0 &&
	     strcmp(feed->key_header, slot->feed.key_header) == 0))
		return 0;
	call_refuse(call, -EPERM,
		    "feed %s has a key: root alone may say which it is and "
		    "where it is sent",
		    feed->name);
	return -EPERM;
}

/* What the server named was got from elsewhere, or read otherwise: to ask
 * whether that has changed would bring nothing. */
static void forget_validators(struct feed_state *state)
{
	state->etag[0] = '\0';
	state->modified[0] = '\0';
}

/* Nobody has been asked there yet. */
static void forget_tries(struct feed_times *times)
{
	times->tried_s = 0;
	times->retry_after_s = 0;
	times->failures = 0;
}

void request_feed_put(struct daemon *daemon, struct call *call)
{
	struct feed_edit edit = {.uid = call->uid, .done = edited, .arg = call};
	const struct feed_slot *slot;
	uint64_t enforce;

	if (args_settled(daemon, call) < 0 ||
	    args_number(call, "enforce", 1, 0, &enforce) < 0 ||
	    read_definition(call, &edit.feed) < 0)
		return;
	slot = feeds_find(&daemon->feeds, edit.feed.name);
	if (check_key(call, slot, &edit.feed) < 0 ||
	    (enforce && check_drops(call, &edit.feed) < 0))
		return;
	if (slot && (check_free(daemon, call, slot) < 0 ||
		     check_class(call, slot, &edit.feed) < 0))
		return;
	edit.text = print_text(&edit.feed, &edit.len);
	if (!edit.text) {
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	if (slot) {
		edit.state = slot->state;
		edit.what = "defined anew";
		if (edit.len != slot->len ||
		    memcmp(edit.text, slot->text, slot->len) != 0)
			forget_validators(&edit.state);
		if (strcmp(edit.feed.url, slot->feed.url) != 0)
			forget_tries(&edit.state.times);
	} else {
		edit.what = "added";
	}
	start_shadow(&edit, slot, enforce);
	feeds_edit(daemon, &edit);
}

static void dropped(void *arg, int r, const char *why)
{
	edited(arg, r, why);
}

void request_feed_drop(struct daemon *daemon, struct call *call)
{
	struct feed_slot *slot = args_feed(daemon, call);
	char why[JUDGE_NOTE_MAX];
	const struct set *set;
	int r;

	if (!slot)
		return;
	set = ledger_set_named(daemon->ledger, slot->feed.name);
	if ((set || slot->is_busy) && check_free(daemon, call, slot) < 0)
		return;
	if (daemon->apply) {
		call_refuse(call, -EBUSY,
			    "a policy is being applied, try again when it is "
			    "done");
		return;
	}
	r = set ? named_check_drop(daemon, set, why) : 0;
	if (r < 0) {
		call_refuse(call, r, "%s", why);
		return;
	}
	feed_end_drop(daemon, slot, call->uid, dropped, call);
}

static void judged(void *arg, int r, const struct feed_result *result,
		   const char *why)
{
	struct call *call = arg;

	if (r < 0)
		call_refuse(call, r, "%s", why);
	else
		call_done(call, feed_json_result(result));
}

/* What a server said of its list: it is given to a fetcher again, a line each.
 * NULL: it is refused. */
static const char *args_validator(struct call *call, const char *name,
				  size_t max)
{
	const char *text = args_text(call, name, max, "");

	for (const char *at = text; at && *at; at++)
		if (*at < ' ' || *at > '~') {
			call_refuse(call, -EINVAL,
				    "\"%s\": expected printable ASCII", name);
			return NULL;
		}
	return text;
}

/* A version that came; its bytes are the memfd. */
void request_feed_import(struct daemon *daemon, struct call *call)
{
	struct feed_order order = {
		.source = FEED_FETCHED,
		.uid = call->uid,
		.done = judged,
		.arg = call,
	};
	struct feed_slot *slot = args_feed(daemon, call);
	uint64_t dry;

	if (!slot || args_number(call, "dry", 1, 0, &dry) < 0)
		return;
	order.is_dry = dry;
	order.etag = args_validator(call, "etag", FEED_ETAG_MAX - 1);
	if (!order.etag)
		return;
	order.modified =
		args_validator(call, "modified", FEED_MODIFIED_MAX - 1);
	if (!order.modified || check_free(daemon, call, slot) < 0 ||
	    bulk_map_any(call, "version", &order.bytes, &order.len) < 0)
		return;
	feed_job_start(daemon, slot, &order);
}

/* What came of a fetch that brought no version. */
void request_feed_tried(struct daemon *daemon, struct call *call)
{
	struct feed_edit edit = {.uid = call->uid, .done = edited, .arg = call};
	struct feed_slot *slot = args_feed(daemon, call);
	uint64_t now_s = clock_wall_s(), retry_after;
	const char *error;

	if (!slot ||
	    args_number(call, "retry_after", UINT32_MAX, 0, &retry_after) < 0)
		return;
	error = args_text(call, "error", FEED_WHY_MAX - 1, "");
	if (!error || check_free(daemon, call, slot) < 0)
		return;
	edit.feed = slot->feed;
	edit.state = slot->state;
	edit.state.times.tried_s = now_s;
	edit.state.times.retry_after_s = retry_after ? now_s + retry_after : 0;
	if (*error) {
		edit.state.times.failures++;
		(void)snprintf(edit.state.why, sizeof(edit.state.why), "%s",
			       error);
		edit.what = "could not be fetched";
	} else {
		edit.state.times.failures = 0;
		edit.state.times.good_s = now_s;
		edit.state.is_dead = false;
		feeds_unchanged(daemon, slot);
		if (!edit.state.waiting)
			edit.state.why[0] = '\0';
		edit.what = "is unchanged";
	}
	feeds_edit(daemon, &edit);
}

static void start_kept(struct daemon *daemon, struct call *call,
		       struct feed_slot *slot, enum feed_source source)
{
	struct feed_order order = {
		.source = source,
		.version = slot->state.earlier[0],
		.uid = call->uid,
		.done = judged,
		.arg = call,
	};
	uint64_t dry;

	if (args_number(call, "dry", 1, 0, &dry) < 0)
		return;
	order.is_dry = dry;
	feed_job_start(daemon, slot, &order);
}

static void let_in(struct daemon *daemon, struct call *call,
		   struct feed_slot *slot)
{
	if (slot->state.waiting)
		start_kept(daemon, call, slot, FEED_WAITING);
	else
		call_refuse(call, -ENOENT, "feed %s: no version waits",
			    slot->feed.name);
}

static void rollback(struct daemon *daemon, struct call *call,
		     struct feed_slot *slot)
{
	if (slot->state.earlier[0])
		start_kept(daemon, call, slot, FEED_EARLIER_ONE);
	else
		call_refuse(call, -ENOENT,
			    "feed %s: no version before this one is kept",
			    slot->feed.name);
}

static void again(struct daemon *daemon, struct call *call,
		  struct feed_slot *slot)
{
	if (slot->state.version)
		start_kept(daemon, call, slot, FEED_AGAIN);
	else
		call_done(call, json_pack("{s:b}", "done", 1));
}

/* States that are changed at once. */
static bool change_state(struct feed_state *state, const char *decision)
{
	if (strcmp(decision, "enforce") == 0)
		state->shadow_until_s = 0;
	else if (strcmp(decision, "shadow") == 0)
		state->shadow_until_s = UINT64_MAX;
	else if (strcmp(decision, "hold") == 0)
		state->is_stopped = true;
	else if (strcmp(decision, "resume") == 0)
		state->is_stopped = false;
	else
		return false;
	return true;
}

static const struct {
	const char *name;
	void (*run)(struct daemon *daemon, struct call *call,
		    struct feed_slot *slot);
} versions[] = {
	{"accept", let_in},
	{"again", again},
	{"rollback", rollback},
};

void request_feed_decide(struct daemon *daemon, struct call *call)
{
	struct feed_edit edit = {.uid = call->uid, .done = edited, .arg = call};
	struct feed_slot *slot = args_feed(daemon, call);
	const char *decision =
		slot ? args_text(call, "decision", 16, NULL) : NULL;

	if (!decision || check_free(daemon, call, slot) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (strcmp(versions[i].name, decision) == 0) {
			versions[i].run(daemon, call, slot);
			return;
		}
	if (strcmp(decision, "enforce") == 0 &&
	    check_drops(call, &slot->feed) < 0)
		return;
	edit.feed = slot->feed;
	edit.state = slot->state;
	edit.what = "decided";
	if (change_state(&edit.state, decision))
		feeds_edit(daemon, &edit);
	else
		call_refuse(call, -EINVAL,
			    "\"decision\": \"%s\" is not accept, again, "
			    "enforce, hold, resume, rollback or shadow",
			    decision);
}

void request_feed_list(struct daemon *daemon, struct call *call)
{
	json_t *list = json_array();
	uint64_t now_s = clock_wall_s();

	for (size_t i = 0; i < daemon->feeds.count; i++)
		(void)json_array_append_new(
			list,
			feed_json_slot(daemon, daemon->feeds.list[i], now_s));
	call_done(call, json_pack("{s:o}", "feeds", list));
}

/* With the address of the list, which may have a key in it. */
void request_feed_show(struct daemon *daemon, struct call *call)
{
	const struct feed_slot *slot = args_feed(daemon, call);
	json_t *answer;

	if (!slot)
		return;
	answer = feed_json_slot(daemon, slot, clock_wall_s());
	feed_json_add_fetch(answer, slot);
	call_done(call, answer);
}

void request_feed_hits(struct daemon *daemon, struct call *call)
{
	json_t *hits = feed_json_hits(daemon);

	if (hits)
		call_done(call, json_pack("{s:o}", "feeds", hits));
	else
		call_refuse(call, -EIO, "the counts could not be read");
}
