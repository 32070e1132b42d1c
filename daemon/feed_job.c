// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_job.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/clock.h"
#include "daemon/feed_files.h"
#include "daemon/feed_known.h"
#include "daemon/import.h"
#include "daemon/log.h"
#include "daemon/worker.h"

struct feed_job {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct store *store;
	struct feed_slot *slot;
	struct feed_order order;
	struct feed feed; /* as it was at the start */
	struct feed_state state; /* as it is to be */
	struct feed_intake intake;
	struct guard *guard; /* its own copy */
	uint8_t set_id, except_id; /* 0: there is no set of exceptions */
	char reason[REASON_MAX];
	struct change change; /* the state, in the import's commit */
	struct feed_result result;
	uint64_t started_ns, read_ns;
	int r;
	char why[FEED_INTAKE_WHY + SET_NAME_MAX + 64];
};

static void job_free(struct feed_job *job)
{
	feed_intake_done(&job->intake);
	guard_free(job->guard);
	if (job->order.bytes)
		(void)munmap(job->order.bytes, job->order.len);
	free(job);
}

/* Answers, and is over. */
static void finish(struct feed_job *job, int r)
{
	if (r < 0 && !*job->why)
		(void)snprintf(job->why, sizeof(job->why), "feed %s: %s",
			       job->feed.name, strerror(-r));
	job->slot->is_busy = false;
	job->result.intake = &job->intake;
	job->result.took_us = (clock_mono_ns() - job->started_ns) / 1000;
	job->result.parse_us = (job->read_ns - job->started_ns) / 1000;
	if (job->order.done)
		job->order.done(job->order.arg, r, &job->result,
				r < 0 ? job->why : NULL);
	else if (r < 0)
		log_errx("%s", job->why);
	job_free(job);
}

static int add_before(void *arg, uint8_t set_id, const struct member *member)
{
	(void)set_id;
	/* one that has an end is no longer in the list */
	return member->evidence.expires_s
		       ? 0
		       : prefix_list_add(arg, &member->prefix);
}

static int add_exception(void *arg, uint8_t set_id, const struct member *member)
{
	struct feed_intake *intake = arg;
	uint64_t until_s = member->evidence.expires_s;

	(void)set_id;
	if (until_s && until_s <= intake->now_s)
		return 0;
	return prefix_list_add(&intake->exceptions, &member->prefix);
}

static int read_protected(struct feed_job *job)
{
	struct feed_intake *intake = &job->intake;
	int r = 0;

	for (size_t i = 0; i < guard_count(job->guard) && r == 0; i++)
		r = prefix_list_add(&intake->protected,
				    &guard_entry(job->guard, i)->prefix);
	if (r == 0)
		r = feed_known_servers(&intake->protected);
	if (r == 0)
		r = feed_known_resolvers(job->daemon->config.resolvers,
					 &intake->resolvers);
	prefix_list_sort(&intake->protected);
	prefix_list_sort(&intake->resolvers);
	return r;
}

static int read_store(struct feed_job *job)
{
	int r = store_each_member(job->store, job->set_id, add_before,
				  &job->intake.before);

	if (r == 0 && job->except_id)
		r = store_each_member(job->store, job->except_id, add_exception,
				      &job->intake);
	return r;
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

static int map_version(struct feed_job *job)
{
	const char *dir = job->daemon->config.state_dir;
	int r = feed_files_map(dir, job->feed.name, number_of(job),
			       &job->order.bytes, &job->order.len);

	if (r < 0)
		(void)snprintf(job->why, sizeof(job->why),
			       "feed %s: version %llu is not kept (%s)",
			       job->feed.name,
			       (unsigned long long)number_of(job),
			       strerror(-r));
	return r;
}

static int read_version(struct feed_job *job)
{
	struct feed_intake *intake = &job->intake;
	bool is_new = job->order.source == FEED_FETCHED;
	int r = is_new ? 0 : map_version(job);

	if (r == 0)
		r = read_protected(job);
	if (r == 0)
		r = read_store(job);
	if (r < 0)
		return r;
	intake->feed = &job->feed;
	intake->bytes = job->order.bytes ? job->order.bytes : "";
	intake->len = job->order.len;
	r = feed_intake_run(intake);
	if (r < 0) {
		(void)snprintf(job->why, sizeof(job->why), "feed %s: %s",
			       job->feed.name, intake->why);
		return r;
	}
	return is_new && !job->order.is_dry
		       ? feed_files_write(job->daemon->config.state_dir,
					  job->feed.name, number_of(job),
					  job->order.bytes, job->order.len)
		       : 0;
}

static void run_read(struct job *base)
{
	struct feed_job *job = (struct feed_job *)base;

	job->r = read_version(job);
	store_trim(job->store);
}

static void put_aside_done(void *arg, int r, const char *why)
{
	struct feed_job *job = arg;

	if (r < 0)
		(void)snprintf(job->why, sizeof(job->why), "feed %s: %s",
			       job->feed.name, why);
	finish(job, r);
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
		finish(job, 0);
		return;
	}
	memcpy(job->state.etag, job->slot->state.etag, FEED_ETAG_MAX);
	memcpy(job->state.modified, job->slot->state.modified,
	       FEED_MODIFIED_MAX);
	edit.state = job->state;
	log_warningx("feed %s: %s: %s", job->feed.name, outcome,
		     job->state.why);
	feeds_edit(job->daemon, &edit);
}

/* The list could not be read at all. */
static void refused(struct feed_job *job)
{
	if (job->r != -EBADMSG && job->r != -EFBIG && job->r != -ENODATA) {
		finish(job, job->r);
		return;
	}
	if (job->order.source != FEED_FETCHED) {
		finish(job, job->r);
		return;
	}
	job->state.held_count++;
	job->state.times.failures++;
	(void)snprintf(job->state.why, sizeof(job->state.why),
		       "the version that came was refused: %.200s",
		       job->intake.why);
	put_aside(job, "refused");
}

static void held(struct feed_job *job)
{
	const struct feed_judgement *judgement = &job->intake.judgement;
	bool is_dead = judgement->outcome == FEED_OUTCOME_DEAD;

	job->state.newest = number_of(job);
	job->state.waiting = job->state.newest;
	job->state.waiting_s = job->intake.now_s;
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
	uint64_t kept[FEED_EARLIER + 2];

	if (r < 0) {
		(void)snprintf(job->why, sizeof(job->why), "feed %s: %s",
			       job->feed.name, why);
		finish(job, r);
		return;
	}
	job->slot->state = job->state;
	feeds_alert(job->daemon, job->slot);
	result->outcome = "accepted";
	result->version = job->state.version;
	result->added = import->added;
	result->removed = import->removes.count;
	result->leaving = import->leaves.count;
	result->kept = import->kept + import->renewed;
	result->members = ledger_set_count(job->daemon->ledger, import->set.id);
	result->commit_us = (import->committed_ns - import->planned_ns) / 1000;
	result->apply_us = (import->applied_ns - import->committed_ns) / 1000;
	log_notice("feed %s: version %llu is in force added=%zu removed=%zu "
		   "leaving=%zu",
		   job->feed.name, (unsigned long long)job->state.version,
		   import->added, import->removes.count, import->leaves.count);
	memcpy(kept, job->state.earlier, sizeof(job->state.earlier));
	kept[FEED_EARLIER] = job->state.version;
	kept[FEED_EARLIER + 1] = job->state.waiting;
	feed_files_keep(job->daemon->config.state_dir, job->feed.name, kept,
			ARRAY_LEN(kept));
	finish(job, 0);
}

/* The state once this version is in force. */
static void promote(struct feed_job *job)
{
	struct feed_state *state = &job->state;
	uint64_t number = number_of(job);

	if (number != state->version) {
		memmove(state->earlier + 1, state->earlier,
			sizeof(state->earlier) - sizeof(state->earlier[0]));
		state->earlier[0] = state->version;
		state->version = number;
		state->accepted_s = job->intake.now_s;
	}
	if (number > state->newest)
		state->newest = number;
	if (job->order.source != FEED_AGAIN) {
		state->accepted_count++;
		state->waiting = 0;
		state->why[0] = '\0';
		state->is_dead = false;
	}
	if (job->order.source == FEED_FETCHED) {
		state->times.good_s = job->intake.now_s;
		state->times.failures = 0;
	}
	if (job->order.source == FEED_WAITING)
		state->memory = (struct feed_memory){0};
	state->entries = (uint32_t)job->intake.listed.count;
}

static void accepted(struct feed_job *job)
{
	struct daemon *daemon = job->daemon;
	struct import *import;
	int r;

	promote(job);
	r = import_new(daemon, ledger_set(daemon->ledger, job->set_id),
		       &import);
	if (r < 0) {
		finish(job, r);
		return;
	}
	(void)snprintf(job->reason, sizeof(job->reason), "version %llu",
		       (unsigned long long)job->state.version);
	job->change = feeds_change(job->slot, &job->state);
	import->listed = job->intake.listed;
	job->intake.listed = (struct listed_array){0};
	import->is_listed = true;
	import->is_replacing = true;
	import->leave_s =
		job->feed.grace_s ? job->intake.now_s + job->feed.grace_s : 0;
	if (job->order.source != FEED_FETCHED)
		import->leave_s = 0; /* a person said so: at once */
	import->also = &job->change;
	import->also_count = 1;
	import->evidence = (struct evidence){
		.origin = ORIGIN_FEED,
		.uid = job->order.uid,
		.created_s = job->intake.now_s,
		.reason = strdup(job->reason),
	};
	import->entry.uid = job->order.uid;
	import->finished = imported;
	import->arg = job;
	import_start(import);
}

/* What nobody may let in. */
static bool has_everything(const struct feed_judgement *judgement)
{
	for (uint32_t i = 0; i < judgement->finding_count; i++)
		if (judgement->findings[i].guard == FEED_GUARD_EVERYTHING)
			return true;
	return false;
}

static void read_done(struct job *base)
{
	struct feed_job *job = (struct feed_job *)base;
	const struct feed_judgement *judgement = &job->intake.judgement;
	bool is_new = job->order.source == FEED_FETCHED;

	job->read_ns = clock_mono_ns();
	job->state.memory = job->intake.memory;
	if (job->r < 0) {
		refused(job);
		return;
	}
	if (is_new ? judgement->outcome != FEED_OUTCOME_ACCEPTED
		   : has_everything(judgement)) {
		held(job);
		return;
	}
	if (job->order.is_dry) {
		job->result.outcome = "would be accepted";
		job->result.version = number_of(job);
		finish(job, 0);
		return;
	}
	accepted(job);
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

static struct feed_job *job_new(struct daemon *daemon, struct feed_slot *slot,
				const struct feed_order *order)
{
	struct feed_job *job = calloc(1, sizeof(*job));

	if (!job || guard_copy(daemon->guard, &job->guard) < 0) {
		free(job);
		return NULL;
	}
	job->daemon = daemon;
	job->store = daemon->store;
	job->slot = slot;
	job->order = *order;
	job->feed = slot->feed;
	job->state = slot->state;
	job->except_id = except_id(daemon, slot->feed.name);
	job->started_ns = clock_mono_ns();
	job->intake.now_s = clock_wall_s();
	job->intake.memory = slot->state.memory;
	if (order->source == FEED_FETCHED) {
		job->state.times.tried_s = job->intake.now_s;
		job->state.times.retry_after_s = 0;
		(void)snprintf(job->state.etag, sizeof(job->state.etag), "%s",
			       order->etag ? order->etag : "");
		(void)snprintf(job->state.modified, sizeof(job->state.modified),
			       "%s", order->modified ? order->modified : "");
	}
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
	job->set_id = ledger_set_named(daemon->ledger, slot->feed.name)->id;
	slot->is_busy = true;
	job->job.run = run_read;
	job->job.done = read_done;
	worker_submit(daemon->worker, &job->job);
}
