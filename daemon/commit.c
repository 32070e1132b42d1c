// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/commit.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"

#define STORE_ALERT_KEY "store"

struct commit {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct store *store;
	struct commit_order order;
	struct journal_entry entry;
	struct store_usage usage;
	int r;
};

static void run(struct job *job)
{
	struct commit *commit = (struct commit *)job;
	uint64_t seq;

	commit->r = store_commit(commit->store, commit->order.changes,
				 commit->order.count, &commit->entry, &seq);
	(void)store_usage(commit->store, &commit->usage);
}

static void run_together(struct job *first, struct store_part *parts,
			 size_t count)
{
	struct store *store = ((struct commit *)first)->store;
	struct store_usage usage = {0};
	size_t i = 0;

	for (struct job *job = first; job; job = job->next) {
		const struct commit *commit = (struct commit *)job;

		parts[i++] = (struct store_part){
			.changes = commit->order.changes,
			.count = commit->order.count,
			.entry = &commit->entry,
		};
	}
	store_commit_many(store, parts, count);
	(void)store_usage(store, &usage);
	i = 0;
	for (struct job *job = first; job; job = job->next) {
		struct commit *commit = (struct commit *)job;

		commit->r = parts[i++].r;
		commit->usage = usage;
	}
}

/* Commits that wait go to the disk together: it takes as long for one. */
static void run_many(struct job *first)
{
	CLEANUP(freep) struct store_part *parts = NULL;
	size_t count = 0;

	for (const struct job *job = first; job; job = job->next)
		count++;
	if (count > 1)
		parts = calloc(count, sizeof(*parts));
	if (parts) {
		run_together(first, parts, count);
		return;
	}
	for (struct job *job = first; job; job = job->next)
		run(job);
}

static void done(struct job *job)
{
	struct commit *commit = (struct commit *)job;

	commit_report(commit->daemon, commit->r, &commit->usage);
	commit->order.done(commit->order.arg, commit->r);
	free(commit->order.changes);
	free(commit);
}

void commit_submit(struct daemon *daemon, const struct commit_order *order,
		   const char *format, ...)
{
	struct commit *commit = calloc(1, sizeof(*commit));
	va_list args;

	assert(order->done);

	if (!commit) {
		free(order->changes);
		order->done(order->arg, -ENOMEM);
		return;
	}
	*commit = (struct commit){
		.job = {.run = run, .run_many = run_many, .done = done},
		.daemon = daemon,
		.store = daemon->store,
		.order = *order,
		.entry = {.time_s = clock_wall_s(), .uid = order->uid},
	};
	va_start(args, format);
	(void)vsnprintf(commit->entry.text, sizeof(commit->entry.text), format,
			args);
	va_end(args);
	worker_submit(daemon->worker, &commit->job);
}

void commit_report(struct daemon *daemon, int r,
		   const struct store_usage *usage)
{
	assert(daemon);
	assert(usage);

	daemon->store_usage = *usage;
	if (r < 0) {
		if (alerts_raise(
			    &daemon->alerts, clock_wall_s(), STORE_ALERT_KEY,
			    "store %s: a change was refused: %s (%zu of "
			    "%zu MiB used)",
			    daemon->config.state_dir, strerror(-r),
			    usage->used_bytes >> 20, usage->map_bytes >> 20))
			log_err(r, "store %s: commit refused",
				daemon->config.state_dir);
	} else if (alerts_clear(&daemon->alerts, STORE_ALERT_KEY)) {
		log_notice("store %s: commits again", daemon->config.state_dir);
	}
}
