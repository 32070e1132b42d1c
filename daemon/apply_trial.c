// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of a trial: confirmed, rolled back, or past its deadline. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/apply_job.h"
#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/gate_follow.h"
#include "daemon/log.h"

#define TRIAL_ALERT "policy"

/*
 * A confirmation renames sets in the store, so from its submission on the trial
 * cannot be ended until it is known what came of it: no deadline stands, and a
 * rollback is refused. What could not be stored has its deadline again. Killed
 * in between, fwd finds in the store either the one or the other.
 */

/* Somebody waits for the store. */
struct settling {
	struct daemon *daemon;
	uint64_t revision;
	apply_settled_fn *done;
	void *arg;
	struct settling *next; /* who asked for the same meanwhile */
};

static void refuse(apply_settled_fn *done, void *arg, int r, const char *why)
{
	if (done)
		done(arg, r, why);
}

static struct settling *settling_new(struct daemon *daemon,
				     apply_settled_fn *done, void *arg)
{
	struct settling *settling = calloc(1, sizeof(*settling));

	if (settling)
		*settling = (struct settling){
			.daemon = daemon,
			.revision = daemon->live->pending.number,
			.done = done,
			.arg = arg,
		};
	return settling;
}

static void settling_end(struct settling *settling, int r, const char *why)
{
	while (settling) {
		struct settling *ended = settling;

		settling = ended->next;
		if (ended->done)
			ended->done(ended->arg, r, why);
		free(ended);
	}
}

static void confirmed(void *arg, int r)
{
	struct settling *settling = arg;
	struct daemon *daemon = settling->daemon;
	struct generation *live = daemon->live;
	struct judge *before;

	daemon->confirming = NULL;
	if (r < 0) {
		program_move_deadline(live->judge->program,
				      live->pending.deadline_ns);
		settling_end(settling, r,
			     "it could not be stored: the trial goes on to its "
			     "deadline");
		return;
	}
	before = TAKE(live->last);
	live->current = settling->revision;
	live->pending = (struct pending){0};
	program_end_trial(live->judge->program);
	apply_settle(daemon, live->judge, before);
	judge_free(before);
	gate_follow(daemon);
	log_notice("policy: revision %llu is confirmed",
		   (unsigned long long)settling->revision);
	settling_end(settling, 0, NULL);
}

/* The changes of a confirmation, and one more. */
static int list_changes(struct daemon *daemon, struct change **ret_changes,
			size_t *ret_count)
{
	const struct generation *live = daemon->live;
	struct change *changes = NULL, *all;
	size_t count = 0;
	int r = apply_settle_changes(daemon, live->judge, &changes, &count);

	if (r < 0)
		return r;
	all = reallocarray(changes, count + 1, sizeof(*all));
	if (!all) {
		free(changes);
		return -ENOMEM;
	}
	all[count] = (struct change){
		.kind = CHANGE_REVISION_CURRENT,
		.revision_number = live->pending.number,
	};
	*ret_changes = all;
	*ret_count = count + 1;
	return 0;
}

/* 0, or why the trial cannot be confirmed. */
static int obstacle(const struct daemon *daemon, const char **ret_why)
{
	const struct generation *live = daemon->live;

	if (!live->last) {
		*ret_why = "no policy is on trial";
		return -ENOENT;
	}
	if (!daemon->confirming &&
	    clock_boot_ns() >= live->pending.deadline_ns) {
		*ret_why = "its time is up: the policy before judges again";
		return -ETIME;
	}
	return 0;
}

void apply_confirm(struct daemon *daemon, uint32_t uid, apply_settled_fn *done,
		   void *arg)
{
	struct generation *live = daemon->live;
	struct change *changes = NULL;
	const char *why = "out of memory";
	struct settling *settling;
	size_t count = 0;
	int r = obstacle(daemon, &why);

	settling = r == 0 ? settling_new(daemon, done, arg) : NULL;
	if (r == 0 && !settling)
		r = -ENOMEM;
	if (r == 0 && !daemon->confirming)
		r = list_changes(daemon, &changes, &count);
	if (r < 0) {
		free(settling);
		refuse(done, arg, r, why);
		return;
	}
	if (daemon->confirming) {
		settling->next = TAKE(daemon->confirming->next);
		daemon->confirming->next = settling;
		return;
	}
	daemon->confirming = settling;
	program_move_deadline(live->judge->program, 0);
	commit_submit(daemon,
		      &(struct commit_order){.changes = changes,
					     .count = count,
					     .uid = uid,
					     .done = confirmed,
					     .arg = settling},
		      "policy: revision %llu is confirmed",
		      (unsigned long long)live->pending.number);
}

static void reverted(void *arg, int r)
{
	struct settling *settling = arg;

	if (r < 0)
		log_err(r,
			"policy: that the trial of revision %llu is over "
			"could not be stored",
			(unsigned long long)settling->revision);
	settling_end(settling, 0, NULL);
}

static void store_revert(struct daemon *daemon, uint32_t uid,
			 const char *reason, struct settling *settling)
{
	struct change *change = malloc(sizeof(*change));

	if (!change) {
		settling_end(settling, 0, NULL);
		return;
	}
	*change = (struct change){
		.kind = CHANGE_REVISION_CURRENT,
		.revision_number = daemon->live->current,
	};
	commit_submit(daemon,
		      &(struct commit_order){.changes = change,
					     .count = 1,
					     .uid = uid,
					     .done = reverted,
					     .arg = settling},
		      "policy: revision %llu is rolled back: %s",
		      (unsigned long long)settling->revision, reason);
}

void apply_revert(struct daemon *daemon, uint32_t uid, const char *reason,
		  apply_settled_fn *done, void *arg)
{
	struct generation *live = daemon->live;
	struct settling *settling;
	char note[GATE_NOTE_MAX] = "";
	struct judge *failed;
	int r;

	if (!live->last) {
		refuse(done, arg, -ENOENT, "no policy is on trial");
		return;
	}
	if (daemon->confirming) {
		refuse(done, arg, -EBUSY,
		       "it is being confirmed, which is not stored yet");
		return;
	}
	settling = settling_new(daemon, done, arg);
	r = settling ? gates_swap(daemon->gates,
				  program_gate(live->last->program), note)
		     : -ENOMEM;
	if (r < 0) {
		free(settling);
		refuse(done, arg, r, *note ? note : strerror(-r));
		return;
	}
	failed = live->judge;
	live->judge = TAKE(live->last);
	live->pending = (struct pending){0};
	gate_follow(daemon);
	program_end_trial(failed->program);
	judge_free(failed);
	(void)program_make_live(live->judge->program);
	apply_drop_versions(daemon, settling->revision, 0);
	apply_drop_management(daemon);
	log_notice("policy: revision %llu is rolled back: %s",
		   (unsigned long long)settling->revision, reason);
	store_revert(daemon, uid, reason, settling);
}

void apply_tick(struct daemon *daemon)
{
	struct generation *live = daemon->live;
	uint64_t revision = live->pending.number;

	if (!daemon->apply && !live->last && !daemon->is_stale)
		apply_drop_management(daemon);
	if (!live->last || daemon->confirming ||
	    clock_boot_ns() < live->pending.deadline_ns)
		return;
	(void)alerts_raise(&daemon->alerts, clock_wall_s(), TRIAL_ALERT,
			   "revision %llu was not confirmed in time: the one "
			   "before judges again",
			   (unsigned long long)revision);
	apply_revert(daemon, 0, "not confirmed in time", NULL, NULL);
}

static void swept(void *arg, int r)
{
	(void)arg;
	if (r < 0)
		log_err(r, "policy: the end of a trial could not be stored");
}

void apply_sweep(struct daemon *daemon)
{
	struct generation *live = daemon->live;
	struct pending stored = {0};
	struct change *change;
	uint64_t current;

	apply_drop_versions(daemon, 0, live->pending.number);
	if (!live->last)
		apply_drop_management(daemon);
	if (store_policy_state(daemon->store, &current, &stored) < 0 ||
	    stored.number == live->pending.number)
		return;
	(void)alerts_raise(&daemon->alerts, clock_wall_s(), TRIAL_ALERT,
			   "revision %llu was not confirmed in time: the one "
			   "before judges again",
			   (unsigned long long)stored.number);
	change = malloc(sizeof(*change));
	if (!change)
		return;
	*change = (struct change){.kind = CHANGE_REVISION_CURRENT,
				  .revision_number = live->current};
	commit_submit(daemon,
		      &(struct commit_order){
			      .changes = change, .count = 1, .done = swept},
		      "policy: revision %llu was not confirmed in time",
		      (unsigned long long)stored.number);
}
