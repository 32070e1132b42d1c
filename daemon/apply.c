// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/apply.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/apply_job.h"
#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/gate_follow.h"
#include "daemon/import.h"
#include "daemon/log.h"
#include "daemon/prepared.h"
#include "daemon/windows.h"

#define READY_CLASSES 256 /* told in one turn of the loop */

static void apply_free(struct apply *apply)
{
	if (apply->turn)
		event_free(apply->turn);
	prepared_free(apply->prepared);
	judge_free(apply->judge);
	free(apply->sets);
	free(apply->newcomers);
	guard_free(apply->guard);
	free(apply->text);
	free(apply);
}

/* Answers, and is over. */
static void finish(struct apply *apply, int r)
{
	struct daemon *daemon = apply->daemon;

	if (r < 0 && !*apply->why)
		(void)snprintf(apply->why, sizeof(apply->why), "%s",
			       strerror(-r));
	if (r < 0) {
		if (daemon->live->next == apply->judge)
			daemon->live->next = NULL;
		if (!apply->is_stored) {
			apply_drop_versions(daemon, apply->number, 0);
			apply_drop_management(daemon);
		}
	}
	daemon->apply = NULL;
	apply->done(apply->arg, r, &apply->result, r < 0 ? apply->why : NULL);
	apply_free(apply);
}

static uint64_t span_us(uint64_t from_ns, uint64_t to_ns)
{
	return (to_ns - from_ns) / 1000;
}

static void fill_result(struct apply *apply, uint64_t swap_ns)
{
	const struct judge *judge = apply->daemon->live->judge;
	struct apply_result *result = &apply->result;
	uint64_t now_ns = clock_mono_ns();

	result->revision = apply->number;
	result->rule_count = judge->policy.rule_count;
	result->set_count = judge->policy.set_count;
	for (size_t i = 0; i < apply->set_count; i++)
		result->changed_sets += apply->sets[i].is_changed;
	result->class_count = apply->next_class;
	result->took_us = span_us(apply->started_ns, now_ns);
	result->prepare_us = span_us(apply->started_ns, apply->prepared_ns);
	result->fill_us = span_us(apply->prepared_ns, apply->filled_ns);
	result->load_us = span_us(apply->filled_ns, apply->loaded_ns);
	result->swap_us = span_us(swap_ns, now_ns);
}

/* Every gate runs the judge's programs, or as before, none does. */
static int swap(struct daemon *daemon, const struct judge *to,
		const struct judge *from, char why[JUDGE_NOTE_MAX])
{
	char note[GATE_NOTE_MAX] = "";
	int r = gates_swap(daemon->gates, program_gate(to->program), note);

	if (r == 0)
		return 0;
	(void)snprintf(why, JUDGE_NOTE_MAX,
		       "a gate could not be given the new program: %s",
		       *note ? note : strerror(-r));
	(void)gates_swap(daemon->gates, program_gate(from->program), note);
	return r;
}

static void put_back_done(void *arg, int r)
{
	struct apply *apply = arg;
	struct daemon *daemon = apply->daemon;

	if (r < 0) {
		apply->is_stored = true;
		daemon->is_stale = true;
		log_err(r, "policy: the store says another revision than the "
			   "one that judges");
		(void)alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_STALE,
				   "revision %llu is stored and does not "
				   "judge: restart fwd",
				   (unsigned long long)apply->number);
	}
	finish(apply, apply->r);
}

/* What judges, and for good also the sets that took its sets' places. */
static int list_back(struct apply *apply, struct change **ret_changes,
		     size_t *ret_count)
{
	struct change *changes = NULL, *all;
	size_t count = 0;
	int r = 0;

	if (!apply->confirm_s)
		r = apply_unsettle_changes(apply->daemon, apply->judge,
					   &changes, &count);
	if (r < 0)
		return r;
	all = reallocarray(changes, count + 1, sizeof(*changes));
	if (!all) {
		free(changes);
		return -ENOMEM;
	}
	all[count] = (struct change){
		.kind = CHANGE_REVISION_CURRENT,
		.revision_number = apply->daemon->live->current,
	};
	*ret_changes = all;
	*ret_count = count + 1;
	return 0;
}

/* The store is ahead: what it says is not what judges. */
static void put_back(struct apply *apply, int why_r)
{
	struct change *changes;
	size_t count;
	int r = list_back(apply, &changes, &count);

	apply->r = why_r;
	if (r < 0) {
		put_back_done(apply, r);
		return;
	}
	commit_submit(apply->daemon,
		      &(struct commit_order){.changes = changes,
					     .count = count,
					     .uid = apply->uid,
					     .done = put_back_done,
					     .arg = apply},
		      "policy: revision %llu did not come into force",
		      (unsigned long long)apply->number);
}

static void take_over(struct apply *apply)
{
	struct daemon *daemon = apply->daemon;
	struct generation *live = daemon->live;
	struct judge *before = live->judge;

	live->judge = TAKE(apply->judge);
	live->next = NULL;
	live->pending = apply->pending;
	if (apply->confirm_s) {
		live->last = before;
	} else {
		live->current = apply->number;
		apply_settle(daemon, live->judge, before);
		judge_free(before);
	}
	gate_follow(daemon);
	(void)program_make_live(live->judge->program);
}

static void stored(void *arg, int r)
{
	struct apply *apply = arg;
	struct daemon *daemon = apply->daemon;
	struct judge *next = daemon->live->next;
	uint64_t swap_ns = clock_mono_ns();

	if (r < 0) {
		(void)snprintf(apply->why, sizeof(apply->why),
			       "the revision could not be stored (%s), nothing "
			       "was changed",
			       strerror(-r));
		finish(apply, r);
		return;
	}
	if (apply->confirm_s)
		r = program_begin_trial(next->program,
					daemon->live->judge->program,
					apply->result.deadline_ns);
	if (r == 0)
		r = swap(daemon, next, daemon->live->judge, apply->why);
	if (r < 0) {
		put_back(apply, r);
		return;
	}
	take_over(apply);
	fill_result(apply, swap_ns);
	log_notice("policy: revision %llu judges%s rules=%zu took_us=%llu",
		   (unsigned long long)apply->number,
		   apply->confirm_s ? " on trial" : "",
		   apply->result.rule_count,
		   (unsigned long long)apply->result.took_us);
	finish(apply, 0);
}

/* The revision, and that it is in force or on trial. */
static void list_revision(struct apply *apply, struct change changes[2])
{
	changes[0] = (struct change){
		.kind = CHANGE_REVISION_PUT,
		.revision_put = {.revision = &apply->revision,
				 .text = apply->text},
	};
	changes[1] = (struct change){.kind = CHANGE_REVISION_CURRENT,
				     .revision_number = apply->number};
	if (apply->confirm_s)
		changes[1] = (struct change){.kind = CHANGE_REVISION_PENDING,
					     .pending = apply->pending};
}

static int list_changes(struct apply *apply, struct change **ret_changes,
			size_t *ret_count)
{
	struct change *changes = NULL, *all;
	size_t count = 0;
	int r = 0;

	if (!apply->confirm_s)
		r = apply_settle_changes(apply->daemon, apply->judge, &changes,
					 &count);
	if (r < 0)
		return r;
	all = reallocarray(changes, count + 2, sizeof(*changes));
	if (!all) {
		free(changes);
		return -ENOMEM;
	}
	list_revision(apply, all + count);
	*ret_changes = all;
	*ret_count = count + 2;
	return 0;
}

/* By the clock that the packet path reads. */
static int begin_trial(struct apply *apply)
{
	if (!apply->confirm_s)
		return 0;
	apply->result.deadline_ns =
		clock_boot_ns() + apply->confirm_s * 1000000000u;
	apply->pending = (struct pending){
		.number = apply->number,
		.fallback = apply->daemon->live->current,
		.deadline_ns = apply->result.deadline_ns,
	};
	return generation_boot_id(apply->pending.boot_id);
}

static void commit_revision(struct apply *apply)
{
	struct change *changes = NULL;
	size_t count = 0;
	int r;

	apply->revision = (struct revision){
		.number = apply->number,
		.time_s = clock_wall_s(),
		.uid = apply->uid,
		.text_bytes = (uint32_t)apply->len,
	};
	memcpy(apply->revision.note, apply->note, REVISION_NOTE_MAX);
	r = begin_trial(apply);
	if (r == 0)
		r = list_changes(apply, &changes, &count);
	if (r < 0) {
		finish(apply, r);
		return;
	}
	commit_submit(apply->daemon,
		      &(struct commit_order){.changes = changes,
					     .count = count,
					     .uid = apply->uid,
					     .done = stored,
					     .arg = apply},
		      "policy: revision %llu%s%s%s",
		      (unsigned long long)apply->number,
		      apply->confirm_s ? " on trial" : "",
		      *apply->note ? ": " : "", apply->note);
}

static void ready_turn(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval at_once = {0};
	struct apply *apply = arg;
	int r = generation_ready_next(apply->daemon->live, &apply->next_class,
				      READY_CLASSES);

	(void)fd;
	(void)what;
	if (r > 0) {
		(void)event_add(apply->turn, &at_once);
		return;
	}
	if (r == -E2BIG)
		(void)snprintf(apply->why, sizeof(apply->why),
			       "the rules tell more combinations of sets "
			       "apart than there is room for");
	if (r < 0)
		finish(apply, r);
	else
		commit_revision(apply);
}

static void run_load(struct job *job)
{
	struct apply *apply = (struct apply *)job;

	apply->r = judge_load(apply->judge, apply->maps, apply->before,
			      apply->why);
}

static void load_done(struct job *job)
{
	struct apply *apply = (struct apply *)job;
	struct daemon *daemon = apply->daemon;
	int r = apply->r;

	apply->loaded_ns = clock_mono_ns();
	if (r == 0) {
		windows_set(apply->judge, clock_wall_s());
		r = gate_follow_names(daemon, apply->judge);
	}
	if (r < 0) {
		finish(apply, r);
		return;
	}
	daemon->live->next = apply->judge;
	apply->next_class = 1;
	ready_turn(-1, 0, apply);
}

static void load(struct apply *apply)
{
	apply->filled_ns = clock_mono_ns();
	apply->before = apply->daemon->live->judge;
	apply->job.run = run_load;
	apply->job.done = load_done;
	worker_submit(apply->daemon->worker, &apply->job);
}

static void fill_next(struct apply *apply);

static void filled(struct import *import, int r, const char *why)
{
	struct apply *apply = import->arg;

	if (r == 0 && import->guarded.count > 0) {
		r = -EPERM;
		(void)snprintf(apply->why, sizeof(apply->why),
			       "set %.*s would drop what is protected: %s",
			       (int)strcspn(import->set.name, "."),
			       import->set.name, import->guarded.notes[0]);
	} else if (r < 0) {
		(void)snprintf(apply->why, sizeof(apply->why), "%s", why);
	}
	if (r < 0)
		finish(apply, r);
	else
		fill_next(apply);
}

/* NULL when all sets are filled. */
static struct apply_set *next_unfilled(struct apply *apply)
{
	while (apply->next_set < apply->set_count) {
		struct apply_set *set = &apply->sets[apply->next_set++];

		if (set->new_id && set->own->member_count > 0)
			return set;
	}
	return NULL;
}

static int fill(struct apply *apply, uint8_t set_id,
		const struct prefix *members, size_t count, const char *reason)
{
	struct import *import;
	int r = import_new(apply->daemon,
			   ledger_set(apply->daemon->ledger, set_id), &import);

	if (r < 0)
		return r;
	import->given = members;
	import->given_count = count;
	import->evidence = (struct evidence){
		.origin = set_id == SET_ID_MANAGEMENT ? ORIGIN_TRIAL
						      : ORIGIN_OPERATOR,
		.uid = apply->uid,
		.created_s = clock_wall_s(),
		.reason = strdup(reason),
	};
	import->entry.uid = apply->uid;
	import->finished = filled;
	import->arg = apply;
	import_start(import);
	return 0;
}

/* Who may manage the machine is added, and nobody taken out. 1: there is
 * nobody to add. */
static int fill_management(struct apply *apply)
{
	int r = apply->newcomers ? 1 : apply_list_management(apply);

	if (r != 0)
		return r;
	return apply->newcomer_count > 0
		       ? fill(apply, SET_ID_MANAGEMENT, apply->newcomers,
			      apply->newcomer_count, "policy")
		       : 1;
}

static void fill_next(struct apply *apply)
{
	struct apply_set *set = next_unfilled(apply);
	int r = set ? fill(apply, set->new_id, set->own->members,
			   set->own->member_count, set->reason)
		    : fill_management(apply);

	if (r < 0)
		finish(apply, r);
	else if (r > 0)
		load(apply);
}

static void sets_stored(void *arg, int r)
{
	struct apply *apply = arg;

	if (r < 0)
		finish(apply, r);
	else
		fill_next(apply);
}

static void place_sets(struct apply *apply)
{
	struct change *changes = NULL;
	size_t count = 0;
	int r = apply_place_sets(apply, &changes, &count);

	if (r < 0) {
		finish(apply, r);
		return;
	}
	if (count == 0) {
		free(changes);
		fill_next(apply);
		return;
	}
	commit_submit(apply->daemon,
		      &(struct commit_order){.changes = changes,
					     .count = count,
					     .uid = apply->uid,
					     .done = sets_stored,
					     .arg = apply},
		      "policy: %zu sets for revision %llu", count,
		      (unsigned long long)apply->number);
}

static void run_prepare(struct job *job)
{
	struct apply *apply = (struct apply *)job;

	apply->r = apply->prepared && prepared_take(apply->prepared, apply)
			   ? 0
			   : apply_prepare(apply);
}

static void prepare_done(struct job *job)
{
	struct apply *apply = (struct apply *)job;
	struct generation *live = apply->daemon->live;
	int r = apply->r;

	apply->prepared_ns = clock_mono_ns();
	if (r == 0) {
		apply->judge->is_trial = apply->confirm_s > 0;
		r = judge_count(apply->judge, live->counters, live->judge,
				apply->why);
	}
	if (r < 0)
		finish(apply, r);
	else
		place_sets(apply);
}

/* 0, or why an apply cannot begin now; -EBUSY passes by itself. */
static int obstacle(const struct daemon *daemon,
		    const struct apply_order *order, const char **ret_why)
{
	if (daemon->apply) {
		*ret_why = "another policy is being applied: wait for it";
		return -EBUSY;
	}
	if (daemon->is_stale) {
		*ret_why = "what is stored does not judge yet: restart fwd, or "
			   "restore again";
		return -ESTALE;
	}
	if (daemon_is_importing(daemon)) {
		*ret_why = "an import is under way: try again when it is done";
		return -EBUSY;
	}
	if (daemon->live->last) {
		*ret_why = "a policy is on trial: confirm it or roll it back "
			   "first";
		return -EALREADY;
	}
	if (order->confirm_s && gates_have_shared(daemon->gates)) {
		*ret_why = "a gate is shared with other programs, and there a "
			   "policy cannot be on trial: attach it exclusively, "
			   "or apply without confirm";
		return -EOPNOTSUPP;
	}
	return 0;
}

void apply_start(struct daemon *daemon, const struct apply_order *order)
{
	const char *why = "out of memory";
	int r = obstacle(daemon, order, &why);
	struct apply *apply = r < 0 ? NULL : calloc(1, sizeof(*apply));

	assert(order->done);

	if (apply)
		apply->turn = evtimer_new(daemon->base, ready_turn, apply);
	if (!apply || !apply->turn ||
	    guard_copy(daemon->guard, &apply->guard) < 0) {
		free(order->text);
		if (apply && apply->turn)
			event_free(apply->turn);
		free(apply);
		order->done(order->arg, r < 0 ? r : -ENOMEM, NULL, why);
		return;
	}
	apply->daemon = daemon;
	apply->store = daemon->store;
	apply->maps = daemon->maps;
	apply->text = order->text;
	apply->len = order->len;
	apply->again = order->again;
	if (order->prepared)
		apply->prepared =
			prepared_claim(daemon, order->prepared, order->uid);
	apply->uid = order->uid;
	apply->confirm_s = order->confirm_s;
	(void)snprintf(apply->note, sizeof(apply->note), "%s", order->note);
	apply->done = order->done;
	apply->arg = order->arg;
	apply->started_ns = clock_mono_ns();
	apply->job.run = run_prepare;
	apply->job.done = prepare_done;
	daemon->apply = apply;
	worker_submit(daemon->worker, &apply->job);
}
