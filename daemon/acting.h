/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acting.h - what is done about a process and its peer, beside the address
 * table, when a detection rule blocks.
 *
 * Which steps there are is said by `detect_steps` of fwd.yml, at the start: the
 * privileges that they take are kept, and no others. Steps that cannot be had
 * are an alert, and fwd goes on without any of these.
 *
 * `refuse` and `end` are done when acting_do() returns. The slow steps have a
 * thread of their own, and `end` waits for `quarantine` there. What they come
 * to is counted, and a failure is an alert for a minute.
 *
 * Threads	event loop, but for the orders that the slow thread has
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/enforce/enforce.h"
#include "daemon/feed_intake.h"
#include "daemon/worker.h"

struct daemon;

#define ACTING_PENDING_MAX 1024 /* orders that wait for the slow thread */

/* One call of the slow thread's that goes on with what is unfinished, and
 * lists who is in quarantine. */
struct acting_follow {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct enforce *enforce;
	struct quarantine_tree trees[QUARANTINE_LIST_MAX];
	size_t tree_count;
	struct enforce_followed done;
};

struct acting {
	struct enforce *enforce; /* NULL: no step is to be had */
	struct worker *slow; /* NULL: the same */
	uint32_t steps; /* that can be had, the table among them */
	struct prefix_list allowed; /* lent to `enforce` */
	struct acting_follow follow; /* the slow thread's, while following */
	bool is_following;
	struct quarantine_tree trees[QUARANTINE_LIST_MAX]; /* a moment ago */
	size_t tree_count;
	uint64_t done[5], withheld[5], failed[5]; /* of each step */
	uint64_t forgone; /* orders for which there was no place */
	uint64_t unfinished; /* of enforce_forgone(), that were told */
	uint64_t failed_ns; /* last time; CLOCK_BOOTTIME */
};

/* With the privileges of the start; the slow thread is not started. */
int acting_start(struct daemon *daemon);
int acting_start_thread(struct acting *acting);

/* What is ordered is done first, and who waits for it answered. */
void acting_stop(struct acting *acting);

/* *ret_ordered are the slow steps that are on their way. */
void acting_do(struct daemon *daemon, const struct enforce_order *order,
	       struct enforce_answer *ret_answer, uint32_t *ret_ordered);

/* Is it done already: is the peer refused, is it the first process of a tree in
 * quarantine? */
bool acting_refuses(const struct daemon *daemon, const struct prefix *peer,
		    uint64_t now_ns);
bool acting_holds(const struct daemon *daemon,
		  const struct process_id *process);

/* Of the peers that are refused some are looked at, whether they still are in
 * the set of blocking.h, if they came with it, and may be blocked. */
void acting_tick(struct daemon *daemon, uint64_t now_ns);

/* Somebody took the peer out of the set: nobody is refused it any more, nor any
 * address in it that is not in the set by itself. When it leaves in another
 * way, acting_tick() comes to the same by and by. */
void acting_forgive(struct daemon *daemon, const struct prefix *peer);

struct call;

/* Let out of quarantine the tree that this process is in, or began; 0: all.
 * `call` is answered when they are. */
void acting_release(struct daemon *daemon, struct call *call, uint32_t pid);
