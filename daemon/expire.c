// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/expire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/log.h"
#include "daemon/members.h"

/* One turn of the loop is short, so a request does not wait long. */
#define TURN_NS	    200000u
#define TURN_CHECK  32 /* members between two looks at the clock */
#define RETRY_S	    60 /* for one that could not be taken out */
#define DOUBT_S	    300 /* of its life that fwd waits for the clock to be set */
#define STUCK_ALERT "expiry"

struct deletion {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct store *store;
	struct ended ended;
	struct journal_entry entry;
	struct store_usage usage;
	int r;
};

static void change_at(void *arg, size_t index, struct change *ret_change)
{
	const struct ended *ended = arg;

	*ret_change = (struct change){
		.kind = CHANGE_MEMBER_DEL,
		.set_id = ended->list[index].set_id,
		.member = {.prefix = ended->list[index].prefix},
	};
}

static void run(struct job *job)
{
	struct deletion *deletion = (struct deletion *)job;
	uint64_t seq;

	deletion->r = store_commit_each(deletion->store, deletion->ended.count,
					change_at, &deletion->ended,
					&deletion->entry, &seq);
	(void)store_usage(deletion->store, &deletion->usage);
}

/* The store drops them at the next start too, by their date. */
static void done(struct job *job)
{
	struct deletion *deletion = (struct deletion *)job;

	commit_report(deletion->daemon, deletion->r, &deletion->usage);
	if (deletion->r < 0)
		log_warning(deletion->r,
			    "store: %zu expired members stay in the store, "
			    "will retry at the next start",
			    deletion->ended.count);
	ended_done(&deletion->ended);
	free(deletion);
}

void expire_flush(struct daemon *daemon)
{
	struct deletion *deletion;

	if (daemon->ended.count == 0)
		return;
	deletion = calloc(1, sizeof(*deletion));
	if (!deletion)
		return; /* the next one may find memory */
	*deletion = (struct deletion){
		.job = {.run = run, .done = done},
		.daemon = daemon,
		.store = daemon->store,
		.ended = daemon->ended,
		.entry = {.time_s = clock_wall_s()},
	};
	daemon->ended = (struct ended){0};
	(void)snprintf(deletion->entry.text, sizeof(deletion->entry.text),
		       "expire %zu members", deletion->ended.count);
	log_info("members: expired count=%zu", deletion->ended.count);
	worker_submit(daemon->worker, &deletion->job);
}

/* Others go on leaving, as if this one were not due yet. */
static int put_off(struct daemon *daemon, const struct ended_member *member,
		   uint64_t now_s, int why)
{
	const struct set *set = ledger_set(daemon->ledger, member->set_id);
	char text[PREFIX_TEXT_MAX];

	daemon->expire_retry_s = now_s + RETRY_S;
	(void)prefix_to_text(&member->prefix, text);
	if (alerts_raise(&daemon->alerts, now_s, STUCK_ALERT,
			 "set %s: the time of %s is up, but it could not be "
			 "taken out: %s",
			 set ? set->name : "?", text, strerror(-why)))
		log_err(why,
			"set %s: the time of %s is up, but it could not be "
			"taken out, will retry",
			set ? set->name : "?", text);
	return ledger_put_off(daemon->ledger, member->set_id, &member->prefix,
			      now_s + RETRY_S);
}

/* Was there one, and is it no longer due? */
static bool take_one(struct daemon *daemon, uint64_t now_s)
{
	struct ended *ended = &daemon->ended;
	struct ended_member member;
	int r = ledger_due(daemon->ledger, now_s, &member.set_id,
			   &member.prefix);

	if (r == 0 &&
	    awaited_has(&daemon->awaited, member.set_id, &member.prefix))
		return ledger_put_off(daemon->ledger, member.set_id,
				      &member.prefix, now_s + 1) == 0;
	if (r == 0)
		r = ended_add(ended, member.set_id, &member.prefix);
	if (r < 0)
		return false;
	r = members_release(daemon, member.set_id, &member.prefix);
	if (r == 0)
		return true;
	ended->count--;
	return put_off(daemon, &member, now_s, r) == 0;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	expire_due(arg, clock_wall_s());
}

/* -ENOMEM: it goes on by the daemon's timer, more slowly. */
static int come_again(struct daemon *daemon)
{
	const struct timeval at_once = {0};

	if (!daemon->expire_turn)
		daemon->expire_turn =
			evtimer_new(daemon->base, on_turn, daemon);
	if (!daemon->expire_turn)
		return -ENOMEM;
	return event_add(daemon->expire_turn, &at_once) < 0 ? -ENOMEM : 0;
}

static bool has_doubts(struct daemon *daemon)
{
	if (clock_is_synchronised() ||
	    clock_boot_s() >= daemon->started_s + DOUBT_S)
		daemon->doubts_clock = false;
	return daemon->doubts_clock;
}

void expire_due(struct daemon *daemon, uint64_t now_s)
{
	uint64_t until_ns = clock_mono_ns() + TURN_NS;
	size_t count = 0;

	if (daemon_is_importing(daemon) || daemon->is_stale)
		return;
	if (daemon->doubts_clock && has_doubts(daemon)) {
		expire_flush(daemon);
		return;
	}
	while (take_one(daemon, now_s)) {
		if (++count % TURN_CHECK == 0 && clock_mono_ns() > until_ns &&
		    come_again(daemon) == 0)
			return;
	}
	if (daemon->expire_retry_s && daemon->expire_retry_s <= now_s) {
		daemon->expire_retry_s = 0;
		(void)alerts_clear(&daemon->alerts, STUCK_ALERT);
	}
	expire_flush(daemon);
}

void expire_stop(struct daemon *daemon)
{
	if (daemon->expire_turn)
		event_free(daemon->expire_turn);
	daemon->expire_turn = NULL;
	ended_done(&daemon->ended);
}
