/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.h - another thread, for jobs whose length has no bound. There are
 * three: one parses and compares lists and commits to LMDB, one brings memory
 * in (daemon/ahead.h), one writes the files of feeds (daemon/feed_files.h).
 *
 * Jobs run one after the other in the order they were submitted. A job owns
 * its input and touches nothing else; but the store, from the start of the
 * first thread on, belongs to that. When it has run, done() is called on the
 * loop.
 *
 * Threads	event loop; run(): the worker
 */
#pragma once

#include <stddef.h>

#include <event2/event.h>

#include "rules/base.h"

struct job {
	void (*run)(struct job *job); /* on the worker */

	/* Or NULL. In place of run(): jobs that stand in the queue one behind
	 * the other and have the same run_many are run by one call; `first`
	 * and its next ones. */
	void (*run_many)(struct job *first);
	void (*done)(struct job *job); /* on the loop; frees the job */
	struct job *next; /* the queues' */
};

struct worker;

/* Jobs may be submitted from now on; they run once it is started. */
int worker_new(struct event_base *base, struct worker **ret_worker);

/* Start the thread, with the privileges that the caller has at this moment.
 * No signal is delivered to it. */
int worker_start(struct worker *worker);

/* Runs what is queued to its end, and what done() submits then; calls done()
 * for each. */
void worker_free(struct worker *worker);
DEFINE_CLEANUP(struct worker *, worker_free)

/* Takes the job. Never fails, never blocks on a running job. */
void worker_submit(struct worker *worker, struct job *job);

/* Until worker_let() nobody is woken for what is submitted, which takes longer
 * than what the caller is in a hurry with. It may be run nevertheless. */
void worker_hold(struct worker *worker);
void worker_let(struct worker *worker);

/* Submitted and not yet done(). */
size_t worker_pending(const struct worker *worker);
