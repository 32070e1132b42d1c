// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/acting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/abandoned.h"
#include "daemon/blocking.h"
#include "daemon/clock.h"
#include "daemon/control/server.h"
#include "daemon/daemon.h"
#include "daemon/enforce/subject.h"
#include "daemon/log.h"
#include "daemon/passing.h"
#include "daemon/privileges.h"

#define ALERT_FAILED	  "detection failures"
#define ALERT_STEPS	  "detection steps"
#define REFUSED_MAX_S	  3153600000u /* a hundred years */
#define S_TO_NS		  1000000000ull
#define RELEASE_CALLS_MAX 16 /* of one tree */

/* Who is in quarantine may still talk to whom the operator manages it from. */
static int add_allowed(void *arg, const struct set *set,
		       const struct member *member)
{
	(void)set;
	return prefix_list_add(arg, &member->prefix);
}

static struct privileges wanted_by(uint32_t steps)
{
	return (struct privileges){
		.kill = steps & ENFORCE_END,
		.ptrace = steps & (ENFORCE_END | ENFORCE_QUARANTINE),
	};
}

static bool may_act(uint32_t steps)
{
	const struct privileges wanted = wanted_by(steps);

	return privileges_permitted(&wanted);
}

static int start_enforce(struct daemon *daemon, char note[ENFORCE_NOTE_MAX])
{
	struct acting *acting = &daemon->acting;
	struct prefix_list *allowed = &acting->allowed;
	struct enforce_config config = {
		.steps = daemon->config.detect_steps & ~(uint32_t)ENFORCE_TABLE,
	};
	int r = 0;

	if (!may_act(config.steps)) {
		(void)snprintf(note, ENFORCE_NOTE_MAX,
			       "CAP_KILL and CAP_SYS_PTRACE are not permitted, "
			       "which detect_steps asks for");
		return -EPERM;
	}
	if (config.steps & ENFORCE_QUARANTINE)
		r = ledger_each_after(daemon->ledger, SET_ID_MANAGEMENT, NULL,
				      INT32_MAX, add_allowed, allowed);
	if (r < 0)
		return r;
	config.allowed = allowed->list;
	config.allowed_count = allowed->count;
	r = enforce_new(&config, &acting->enforce, note);
	return r < 0 ? r : worker_new(daemon->base, &acting->slow);
}

/* Those of an earlier life are refused for as long as they are in the set. */
static int refuse_again(void *arg, const struct set *set,
			const struct member *member)
{
	const struct daemon *daemon = arg;
	uint64_t now_s = clock_wall_s();
	uint64_t ends_s = member->evidence.expires_s;
	const struct enforce_order order = {
		.peer = member->prefix,
		.steps = ENFORCE_REFUSE,
		.is_tied = true,
		.until_ns =
			ends_s == 0 || ends_s - now_s > REFUSED_MAX_S
				? UINT64_MAX
				: clock_boot_ns() + (ends_s - now_s) * S_TO_NS,
	};
	struct enforce_answer answer;

	(void)set;
	if (ends_s == 0 || ends_s > now_s)
		enforce_act(daemon->acting.enforce, &order, &answer);
	return 0;
}

static void refuse_stored(struct daemon *daemon)
{
	const struct set *set = ledger_set_named(daemon->ledger, BLOCKING_SET);

	if (set && set->action == SET_DROP &&
	    (daemon->acting.steps & ENFORCE_REFUSE))
		(void)ledger_each_after(daemon->ledger, set->id, NULL,
					INT32_MAX, refuse_again, daemon);
}

int acting_start(struct daemon *daemon)
{
	struct acting *acting = &daemon->acting;
	char note[ENFORCE_NOTE_MAX] = "";
	int r;

	acting->steps = daemon->config.detect_steps & ENFORCE_TABLE;
	if (!daemon->host.reader || !daemon->config.detect_block ||
	    daemon->config.detect_steps == acting->steps)
		return 0;
	r = start_enforce(daemon, note);
	if (r < 0) {
		enforce_free(acting->enforce);
		acting->enforce = NULL;
		(void)alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_STEPS,
				   "detection has no steps but the table: %s",
				   *note ? note : strerror(-r));
		log_err(r, "detection: no steps but the table: %s", note);
		return r == -ENOMEM ? r : 0;
	}
	acting->steps = daemon->config.detect_steps;
	refuse_stored(daemon);
	return 0;
}

int acting_start_thread(struct acting *acting)
{
	return acting->slow ? worker_start(acting->slow) : 0;
}

void acting_stop(struct acting *acting)
{
	worker_free(acting->slow);
	enforce_free(acting->enforce);
	prefix_list_done(&acting->allowed);
	*acting = (struct acting){0};
}

#define CUT_COUNT 2 /* place of ENFORCE_CUT in these */

_Static_assert(1 << CUT_COUNT == ENFORCE_CUT, "a place for each bit");

static void count(uint64_t counts[5], uint32_t steps)
{
	for (unsigned int i = 0; i < 5; i++)
		counts[i] += steps >> i & 1;
}

/* Steps that came to nothing, the last of them by this note. */
static void tell_failed(struct daemon *daemon, const char *note)
{
	daemon->acting.failed_ns = clock_boot_ns();
	if (alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_FAILED,
			 "steps of detection have failed, the last: %.180s",
			 note))
		log_warningx("detection: a step has failed: %s", note);
}

static void count_answer(struct daemon *daemon,
			 const struct enforce_answer *answer)
{
	struct acting *acting = &daemon->acting;

	count(acting->done, answer->done);
	count(acting->withheld, answer->withheld);
	count(acting->failed, answer->failed);
	if (answer->failed)
		tell_failed(daemon, answer->note);
}

bool acting_refuses(const struct daemon *daemon, const struct prefix *peer,
		    uint64_t now_ns)
{
	const struct enforce *enforce = daemon->acting.enforce;

	return enforce && enforce_refuses(enforce, peer, now_ns);
}

bool acting_holds(const struct daemon *daemon, const struct process_id *process)
{
	const struct acting *acting = &daemon->acting;

	for (size_t i = 0; i < acting->tree_count; i++)
		if (subject_is(&acting->trees[i].id, process))
			return true;
	return false;
}

/* On the slow thread. */

struct slow {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct enforce *enforce;
	struct enforce_order order;
	struct enforce_answer answer;
};

static void run(struct job *job)
{
	struct slow *slow = (struct slow *)job;

	enforce_act(slow->enforce, &slow->order, &slow->answer);
}

static void run_follow(struct job *job)
{
	struct acting_follow *follow = (struct acting_follow *)job;

	enforce_follow(follow->enforce, &follow->done);
	follow->tree_count = enforce_trees(follow->enforce, follow->trees);
}

static void followed(struct job *job)
{
	const struct acting_follow *follow = (struct acting_follow *)job;
	struct acting *acting = &follow->daemon->acting;

	acting->is_following = false;
	acting->done[CUT_COUNT] += follow->done.cuts;
	acting->failed[CUT_COUNT] += follow->done.cuts_failed;
	if (follow->done.cuts_failed)
		tell_failed(follow->daemon, follow->done.note);
	acting->tree_count = follow->tree_count;
	memcpy(acting->trees, follow->trees,
	       follow->tree_count * sizeof(*follow->trees));
}

static void follow(struct daemon *daemon)
{
	struct acting *acting = &daemon->acting;

	if (acting->is_following || !acting->slow ||
	    !(acting->steps & ENFORCE_SLOW))
		return;
	acting->follow = (struct acting_follow){
		.job = {.run = run_follow, .done = followed},
		.daemon = daemon,
		.enforce = acting->enforce,
	};
	acting->is_following = true;
	worker_submit(acting->slow, &acting->follow.job);
}

/* Who is in quarantine is not to be put there again: the list is another one. */
static void done(struct job *job)
{
	struct slow *slow = (struct slow *)job;

	count_answer(slow->daemon, &slow->answer);
	if (slow->answer.done & ENFORCE_QUARANTINE)
		follow(slow->daemon);
	free(slow);
}

static int submit(struct daemon *daemon, const struct enforce_order *order)
{
	struct acting *acting = &daemon->acting;
	struct slow *slow;

	if (worker_pending(acting->slow) >= ACTING_PENDING_MAX)
		return -EAGAIN;
	slow = calloc(1, sizeof(*slow));
	if (!slow)
		return -ENOMEM;
	*slow = (struct slow){
		.job = {.run = run, .done = done},
		.daemon = daemon,
		.enforce = acting->enforce,
		.order = *order,
	};
	worker_submit(acting->slow, &slow->job);
	return 0;
}

void acting_do(struct daemon *daemon, const struct enforce_order *order,
	       struct enforce_answer *ret_answer, uint32_t *ret_ordered)
{
	struct acting *acting = &daemon->acting;
	struct enforce_order now = *order, later = *order;

	*ret_answer = (struct enforce_answer){0};
	*ret_ordered = 0;
	now.steps &= acting->steps & ~(uint32_t)ENFORCE_TABLE;
	later.steps = now.steps & ENFORCE_SLOW;
	if (later.steps & ENFORCE_QUARANTINE)
		later.steps |= now.steps & ENFORCE_END;
	now.steps &= ~later.steps;
	if (!acting->enforce)
		return;
	if (now.steps) {
		enforce_act(acting->enforce, &now, ret_answer);
		count_answer(daemon, ret_answer);
	}
	if (later.steps == 0)
		return;
	if (submit(daemon, &later) == 0) {
		*ret_ordered = later.steps;
	} else {
		ret_answer->failed |= later.steps;
		acting->forgone++;
		tell_failed(daemon, "too many orders wait");
	}
}

/* Who is not in the set any more, or may not be, whoever saw to that. */
static bool keeps(void *arg, const struct prefix *peer, bool is_tied)
{
	const struct daemon *daemon = arg;

	return detecting_may_block(daemon, peer) &&
	       (!is_tied || blocking_has(daemon, peer));
}

static void tell_unfinished(struct daemon *daemon)
{
	uint64_t forgone = enforce_forgone(daemon->acting.enforce);

	if (forgone != daemon->acting.unfinished)
		tell_failed(daemon,
			    "a cut or a quarantine could not be finished");
	daemon->acting.unfinished = forgone;
}

void acting_tick(struct daemon *daemon, uint64_t now_ns)
{
	struct acting *acting = &daemon->acting;

	if (!acting->enforce)
		return;
	enforce_tick(acting->enforce, now_ns, keeps, daemon);
	follow(daemon);
	tell_unfinished(daemon);
	passing_tick(&daemon->alerts, ALERT_FAILED, &acting->failed_ns, now_ns);
}

/* A single address of a network may be in the set by itself. */
static bool is_blocked(void *arg, const struct prefix *peer, bool is_tied)
{
	(void)is_tied;
	return blocking_has(arg, peer);
}

void acting_forgive(struct daemon *daemon, const struct prefix *peer)
{
	if (daemon->acting.enforce)
		(void)enforce_forgive(daemon->acting.enforce, peer, is_blocked,
				      daemon);
}

struct release {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct enforce *enforce;
	struct call *call;
	uint32_t pid; /* 0: all */
	size_t count; /* of trees that were let out */
	int r;
};

/* A call lets a bounded number of processes out. */
static int release_one(struct release *release, uint32_t pid,
		       const struct process_id *id)
{
	int r = -EAGAIN;

	for (int i = 0; i < RELEASE_CALLS_MAX && r == -EAGAIN; i++)
		r = id ? enforce_release(release->enforce, id)
		       : enforce_release_pid(release->enforce, pid);
	release->count += r == 0;
	return r;
}

static void run_release(struct job *job)
{
	struct release *release = (struct release *)job;
	struct quarantine_tree trees[QUARANTINE_LIST_MAX];
	size_t count;

	if (release->pid) {
		release->r = release_one(release, release->pid, NULL);
		return;
	}
	count = enforce_trees(release->enforce, trees);
	for (size_t i = 0; i < count; i++) {
		int r = release_one(release, 0, &trees[i].id);

		if (r < 0 && r != -ENOENT)
			release->r = r;
	}
}

static void released(struct job *job)
{
	struct release *release = (struct release *)job;

	follow(release->daemon); /* the list is another one */
	if (release->count)
		log_notice("detection: released from quarantine trees=%zu "
			   "uid=%u",
			   release->count, release->call->uid);
	if (release->r == -ENOENT)
		call_refuse(release->call, -ENOENT,
			    "process %u is not in quarantine", release->pid);
	else if (release->r < 0)
		call_refuse(release->call, release->r,
			    "not all are out, %zu trees are: %s",
			    release->count, strerror(-release->r));
	else
		call_done(release->call, json_pack("{s:I}", "released",
						   (json_int_t)release->count));
	free(release);
}

static void refuse_release(const struct daemon *daemon, struct call *call)
{
	const struct abandoned *abandoned = &daemon->abandoned;
	const char *why = abandoned_why(daemon);

	if (!abandoned->tick) {
		call_refuse(call, -ENOENT, "there is no quarantine: %s", why);
		return;
	}
	call_refuse(call, -ENOENT,
		    "there is no quarantine: %s; processes from before are in "
		    "%s: change that, restart fwd and release them, or write "
		    "the numbers in cgroup.procs of each group there into "
		    "cgroup.procs of the folder above it",
		    why, abandoned->path);
}

void acting_release(struct daemon *daemon, struct call *call, uint32_t pid)
{
	struct acting *acting = &daemon->acting;
	struct release *release;

	if (!acting->slow || !(acting->steps & ENFORCE_QUARANTINE)) {
		refuse_release(daemon, call);
		return;
	}
	release = calloc(1, sizeof(*release));
	if (!release) {
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	*release = (struct release){
		.job = {.run = run_release, .done = released},
		.daemon = daemon,
		.enforce = acting->enforce,
		.call = call,
		.pid = pid,
	};
	worker_submit(acting->slow, &release->job);
}
