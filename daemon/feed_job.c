// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_job.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/clock.h"
#include "daemon/expire.h"
#include "daemon/feed_files.h"
#include "daemon/feed_read.h"
#include "daemon/import.h"
#include "daemon/log.h"
#include "daemon/worker.h"

/* Spans to an end are rounded: one that differs by less is not stored anew. */
#define ENDS_SLACK_S 10

struct feed_job {
	struct job job; /* first: the workers' view of it */
	struct feed_turn turn;
	struct daemon *daemon;
	struct feed_slot *slot;
	struct feed_order order;
	char etag[FEED_ETAG_MAX], modified[FEED_MODIFIED_MAX];
	struct feed feed; /* as it was at the start */
	struct feed_state state; /* as it is to be */
	struct feed_read read; /* its import: NULL when that was handed on */
	struct change change; /* the state, in the import's commit */
	struct feed_result result;
	uint64_t started_ns;
	size_t excepted; /* addresses, when it began */
	int r;
	char why[FEED_READ_WHY + SET_NAME_MAX + 16];
};

static void job_free(struct feed_job *job)
{
	feed_read_done(&job->read);
	free(job);
}

/* The set may be changed by others again. */
static void release_set(struct feed_job *job)
{
	import_cancel(job->read.import);
	job->read.import = NULL;
}

static void fill_spans(struct feed_job *job)
{
	struct feed_result *result = &job->result;
	const struct feed_read *read = &job->read;

	result->took_us = (clock_mono_ns() - job->started_ns) / 1000;
	result->parse_us = read->intake.parse_ns / 1000;
	result->merge_us = read->intake.merge_ns / 1000;
	result->diff_us =
		(read->set_ns + read->intake.judge_ns + read->plan_ns) / 1000;
}

/* Answers, and is over. A file that is of no version any more goes before
 * another job may write one. */
static void finish(struct feed_job *job, int r)
{
	struct feed_turns *turns = &job->daemon->feeds.turns;
	struct feed_turn turn;

	if (r < 0 && !*job->why)
		(void)snprintf(job->why, sizeof(job->why), "feed %s: %s",
			       job->slot->feed.name, strerror(-r));
	release_set(job);
	if (!job->order.is_dry)
		feed_files_keep_state(job->daemon->config.state_dir,
				      job->slot->feed.name, &job->slot->state);
	job->slot->is_busy = false;
	job->result.intake = &job->read.intake;
	fill_spans(job);
	if (job->order.done)
		job->order.done(job->order.arg, r, &job->result,
				r < 0 ? job->why : NULL);
	else if (r < 0)
		log_errx("%s", job->why);
	turn = job->turn;
	job_free(job);
	feed_turns_end(turns, &turn);
}

static void cuts_found(void *arg, int r)
{
	struct feed_job *job = arg;

	job->result.cuts_r = r;
	if (r == 0)
		job->result.cuts = feed_cuts_result(job->read.cuts);
	finish(job, 0);
}

/* Nothing is changed; which flows would be is still to be found. */
static void finish_dry(struct feed_job *job, const char *outcome)
{
	job->result.outcome = outcome;
	job->result.version = job->read.number;
	job->result.cuts_r = job->read.cuts_r;
	if (job->read.cuts)
		feed_cuts_start(job->read.cuts, job->daemon, cuts_found, job);
	else
		finish(job, 0);
}

static void failure_stored(void *arg, int r, const char *why)
{
	struct feed_job *job = arg;

	(void)why;
	/* where the store is full, it is at least not fetched at once again */
	if (r < 0) {
		job->slot->state = job->state;
		feeds_alert(job->daemon, job->slot);
	}
	finish(job, job->r);
}

/* Nothing came of it, for no fault of the list: one that was fetched waits for
 * its next time, as after any other failure. */
static void failed(struct feed_job *job, int r, const char *why)
{
	struct feed_state *state = &job->state;
	struct feed_edit edit = {
		.feed = job->slot->feed,
		.uid = job->order.uid,
		.what = "could not be let in",
		.done = failure_stored,
		.arg = job,
	};

	(void)snprintf(job->why, sizeof(job->why), "feed %s: %s",
		       job->slot->feed.name, why);
	if (!job->read.is_new || job->order.is_dry) {
		finish(job, r);
		return;
	}
	*state = job->slot->state;
	state->times.tried_s = clock_wall_s();
	state->times.retry_after_s = 0;
	state->times.failures++;
	(void)snprintf(state->why, sizeof(state->why),
		       "the version that came could not be let in: %.200s",
		       why);
	edit.state = *state;
	job->r = r;
	release_set(job);
	feeds_edit(job->daemon, &edit);
}

static void put_aside_done(void *arg, int r, const char *why)
{
	struct feed_job *job = arg;

	if (r < 0)
		failed(job, r, why);
	else
		finish(job, 0);
}

/* What became of a version that is not in force. What the server named is of
 * the one that is, or a version that is held would not be fetched again. */
static void put_aside(struct feed_job *job, const char *outcome)
{
	struct feed_edit edit = {
		.feed = job->feed,
		.uid = job->order.uid,
		.what = outcome,
		.done = put_aside_done,
		.arg = job,
	};

	job->result.outcome = outcome;
	if (job->order.is_dry) {
		finish_dry(job, outcome);
		return;
	}
	memcpy(job->state.etag, job->slot->state.etag, FEED_ETAG_MAX);
	memcpy(job->state.modified, job->slot->state.modified,
	       FEED_MODIFIED_MAX);
	edit.state = job->state;
	log_warningx("feed %s: %s: %s", job->feed.name, outcome,
		     job->state.why);
	release_set(job);
	feeds_edit(job->daemon, &edit);
}

/* The list could not be read at all. */
static void refused(struct feed_job *job)
{
	const char *why = job->read.why;

	if (!job->read.is_new ||
	    (job->r != -EBADMSG && job->r != -EFBIG && job->r != -ENODATA)) {
		failed(job, job->r, *why ? why : strerror(-job->r));
		return;
	}
	job->state.held_count++;
	job->state.times.failures++;
	(void)snprintf(job->state.why, sizeof(job->state.why),
		       "the version that came was refused: %.200s",
		       job->read.intake.why);
	put_aside(job, "refused");
}

static void held(struct feed_job *job)
{
	const struct feed_judgement *judgement = &job->read.intake.judgement;
	bool is_dead = judgement->outcome == FEED_OUTCOME_DEAD;

	job->state.newest = job->read.number;
	job->state.waiting = job->state.newest;
	job->state.waiting_s = job->read.intake.now_s;
	job->state.held_count++;
	job->state.is_dead = is_dead;
	(void)snprintf(job->state.why, sizeof(job->state.why),
		       "version %llu is held: %s",
		       (unsigned long long)job->state.newest,
		       judgement->finding_count ? judgement->findings[0].text
						: "it is dead");
	job->result.version = job->state.newest;
	put_aside(job, is_dead ? "dead" : "held");
}

static void imported(struct import *import, int r, const char *why)
{
	struct feed_job *job = import->arg;
	struct feed_result *result = &job->result;

	/* it is, also where the table has no room for all of it */
	if (import->committed_ns) {
		job->slot->state = job->state;
		feeds_alert(job->daemon, job->slot);
	}
	if (r < 0 && !import->committed_ns) {
		failed(job, r, why);
		return;
	}
	if (r < 0) {
		(void)snprintf(job->why, sizeof(job->why), "feed %s: %s",
			       job->feed.name, why);
		finish(job, r);
		return;
	}
	job->slot->judged_guard = import->guard_version;
	job->slot->judged_excepted = job->excepted;
	result->outcome = "accepted";
	result->version = job->state.version;
	result->added = import->added;
	result->removed = import->removes.count;
	result->leaving = import->leaves.count;
	result->kept = import->kept + import->renewed;
	result->members = ledger_set_count(job->daemon->ledger, import->set.id);
	result->commit_us = (job->read.file_ns + import->commit_ns) / 1000;
	result->apply_us = import->apply_ns / 1000;
	log_notice("feed %s: version %llu is in force added=%zu removed=%zu "
		   "leaving=%zu",
		   job->feed.name, (unsigned long long)job->state.version,
		   import->added, import->removes.count, import->leaves.count);
	finish(job, 0);
}

/* Those before it, the last one first, each once. */
static void remember_earlier(struct feed_state *state, uint64_t number)
{
	uint64_t earlier[FEED_EARLIER + 1] = {state->version};
	size_t count = 0;

	memcpy(earlier + 1, state->earlier, sizeof(state->earlier));
	memset(state->earlier, 0, sizeof(state->earlier));
	for (size_t i = 0; i < ARRAY_LEN(earlier); i++)
		if (earlier[i] && earlier[i] != number && count < FEED_EARLIER)
			state->earlier[count++] = earlier[i];
}

/* The state once this version is in force. */
static void promote(struct feed_job *job)
{
	struct feed_state *state = &job->state;
	uint64_t number = job->read.number;

	/* nobody could see yet what it would drop */
	if (!state->version && state->shadow_until_s &&
	    state->shadow_until_s != UINT64_MAX)
		state->shadow_until_s =
			job->read.intake.now_s + FEED_SHADOW_FIRST_S;
	if (number != state->version) {
		remember_earlier(state, number);
		state->version = number;
		state->accepted_s = job->read.intake.now_s;
	}
	if (number > state->newest)
		state->newest = number;
	if (job->order.source != FEED_AGAIN) {
		state->accepted_count++;
		state->waiting = 0;
		state->why[0] = '\0';
		state->is_dead = false;
	}
	/* also where a person says so: else one that is old goes at once */
	if (job->order.source != FEED_AGAIN)
		state->times.good_s = job->read.intake.now_s;
	if (job->order.source == FEED_FETCHED)
		state->times.failures = 0;
	if (job->order.source == FEED_WAITING)
		state->memory = (struct feed_memory){0};
	if (!job->read.is_of_set)
		state->entries = job->read.intake.judgement.entries;
}

static void accepted(struct feed_job *job)
{
	struct import *import = job->read.import;

	promote(job);
	job->change = feeds_change(job->slot, &job->state);
	import->also = &job->change;
	import->also_count = 1;
	job->read.import = NULL;
	import_go(import, job->read.plan_r);
}

static void settle(struct feed_job *job)
{
	if (!job->read.is_accepted && job->read.is_new) {
		held(job);
	} else if (!job->read.is_accepted) {
		(void)snprintf(job->why, sizeof(job->why),
			       "feed %s: version %llu lists every address: "
			       "nobody can let that in",
			       job->feed.name,
			       (unsigned long long)job->read.number);
		finish(job, -EPERM);
	} else if (job->order.is_dry) {
		finish_dry(job, "would be accepted");
	} else {
		accepted(job);
	}
}

static void run_file(struct job *base)
{
	struct feed_job *job = (struct feed_job *)base;

	job->r = feed_read_file(&job->read);
}

static void file_done(struct job *base)
{
	struct feed_job *job = (struct feed_job *)base;

	if (job->r < 0)
		failed(job, job->r, strerror(-job->r));
	else
		settle(job);
}

static void run_read(struct job *base)
{
	struct feed_job *job = (struct feed_job *)base;

	job->r = feed_read_run(&job->read);
}

/* While the disk takes its time with the file, the next version is read. */
static void read_done(struct job *base)
{
	struct feed_job *job = (struct feed_job *)base;

	if (job->r == 0)
		feeds_alert_resolvers(job->daemon, job->read.resolvers_r);
	/* what is judged again says nothing of what is published */
	if (job->read.is_new)
		job->state.memory = job->read.intake.memory;
	if (job->r < 0) {
		refused(job);
	} else if (!job->read.is_new || job->order.is_dry) {
		settle(job);
	} else {
		job->job.run = run_file;
		job->job.done = file_done;
		worker_submit(job->daemon->files, &job->job);
	}
}

int feed_job_check(const struct daemon *daemon, const struct feed_slot *slot,
		   const char **ret_why)
{
	const struct set *set =
		ledger_set_named(daemon->ledger, slot->feed.name);

	if (!set) {
		*ret_why = "its set is gone: drop the feed and add it again";
		return -ENOENT;
	}
	if (slot->is_busy || daemon->is_importing[set->id] ||
	    daemon->is_importing[0]) {
		*ret_why = "a version of it is being judged: try again";
		return -EBUSY;
	}
	return 0;
}

static uint8_t except_id(const struct daemon *daemon, const char *name)
{
	char except[SET_NAME_MAX];
	const struct set *set =
		feeds_except_name(name, except)
			? ledger_set_named(daemon->ledger, except)
			: NULL;

	return set ? set->id : 0;
}

static uint64_t number_of(const struct feed_job *job)
{
	switch (job->order.source) {
	case FEED_WAITING:
		return job->state.waiting;
	case FEED_AGAIN:
		return job->state.version;
	case FEED_EARLIER_ONE:
		return job->order.version;
	case FEED_FETCHED:
	default:
		return job->state.newest + 1;
	}
}

/* With the entry's own end. */
static void evidence_of(const struct import *import, uint32_t line,
			struct evidence *evidence)
{
	const struct feed_job *job = import->arg;
	struct feed_end end = feed_intake_end(&job->read.intake, line);

	*evidence = import->evidence;
	evidence->line = end.line;
	evidence->expires_s = end.until_s;
}

/* What the import has to know before the list is read. */
static int prepare_import(struct feed_job *job, const struct set *set)
{
	struct feed_read *read = &job->read;
	uint64_t now_s = read->intake.now_s;
	struct import *import;
	char reason[REASON_MAX];
	int r = import_new(job->daemon, set, &read->import);

	/* a rule may drop what is in a set that does nothing by itself */
	if (r == 0 && job->feed.class != FEED_CLASS_ALLOW)
		r = import_guard(read->import);
	if (r < 0)
		return r;
	(void)snprintf(reason, sizeof(reason), "version %llu",
		       (unsigned long long)read->number);
	import = read->import;
	import->is_listed = true;
	import->is_set_read = true;
	import->is_replacing = true;
	/* what a person let in or took back is so at once */
	if ((read->is_new || read->is_again) && job->feed.grace_s)
		import->leave_s = now_s + job->feed.grace_s;
	import->evidence = (struct evidence){
		.origin = ORIGIN_FEED,
		.uid = job->order.uid,
		.created_s = now_s,
		.reason = strdup(reason),
	};
	import->evidence_of = evidence_of;
	import->slack_s = ENDS_SLACK_S;
	import->entry.uid = job->order.uid;
	import->finished = imported;
	import->arg = job;
	import_hold(import);
	return import->evidence.reason ? 0 : -ENOMEM;
}

static void prepare_state(struct feed_job *job)
{
	const struct feed_slot *slot = job->slot;
	uint64_t now_s = clock_wall_s();

	job->feed = slot->feed;
	job->state = slot->state;
	job->read.intake.now_s = now_s;
	job->read.intake.memory = slot->state.memory;
	job->read.intake.before_entries = slot->state.entries;
	if (!job->read.is_new)
		return;
	job->state.times.tried_s = now_s;
	job->state.times.retry_after_s = 0;
	memcpy(job->state.etag, job->etag, sizeof(job->etag));
	memcpy(job->state.modified, job->modified, sizeof(job->modified));
}

static int start_reading(struct feed_job *job)
{
	struct daemon *daemon = job->daemon;
	struct feed_read *read = &job->read;
	const struct set *set =
		ledger_set_named(daemon->ledger, job->slot->feed.name);
	int r = set ? guard_copy(daemon->guard, &read->guard) : -ENOENT;

	if (r < 0)
		return r;
	/* who has left is to have left the store as well, before it is read */
	expire_flush(daemon);
	prepare_state(job);
	read->feed = &job->feed;
	read->config = &daemon->config;
	read->store = daemon->store;
	read->except_id = except_id(daemon, job->feed.name);
	job->excepted = feeds_excepted(daemon, job->slot);
	read->number = number_of(job);
	read->is_dry = job->order.is_dry;
	if (read->is_dry && feed_cuts_can(daemon))
		read->revision = daemon->live->current;
	else if (read->is_dry && daemon->live->last)
		read->cuts_r = -EBUSY; /* two policies judge */
	read->members = ledger_set_count(daemon->ledger, set->id);
	r = prepare_import(job, set);
	if (r < 0)
		return r;
	job->job.run = run_read;
	job->job.done = read_done;
	worker_submit(daemon->worker, &job->job);
	return 0;
}

static void run(void *arg)
{
	struct feed_job *job = arg;
	int r = start_reading(job);

	if (r < 0)
		failed(job, r, strerror(-r));
}

static struct feed_job *job_new(struct daemon *daemon, struct feed_slot *slot,
				const struct feed_order *order)
{
	struct feed_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->daemon = daemon;
	job->slot = slot;
	job->order = *order;
	job->read.is_new = order->source == FEED_FETCHED;
	job->read.is_again = order->source == FEED_AGAIN;
	job->result.is_dry = order->is_dry;
	job->read.bytes = order->bytes;
	job->read.len = order->len;
	job->started_ns = clock_mono_ns();
	(void)snprintf(job->etag, sizeof(job->etag), "%s",
		       order->etag ? order->etag : "");
	(void)snprintf(job->modified, sizeof(job->modified), "%s",
		       order->modified ? order->modified : "");
	return job;
}

void feed_job_start(struct daemon *daemon, struct feed_slot *slot,
		    const struct feed_order *order)
{
	const char *why = "out of memory";
	struct feed_job *job = NULL;
	int r = feed_job_check(daemon, slot, &why);

	if (r == 0) {
		job = job_new(daemon, slot, order);
		r = job ? 0 : -ENOMEM;
	}
	if (r < 0) {
		if (order->bytes)
			(void)munmap(order->bytes, order->len);
		if (order->done)
			order->done(order->arg, r, NULL, why);
		return;
	}
	slot->is_busy = true;
	job->turn = (struct feed_turn){
		.run = run,
		.arg = job,
		.bytes = job->read.len,
	};
	feed_turns_take(&daemon->feeds.turns, &job->turn);
}
