/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_job.h - a version of a feed comes, is judged, and becomes the members
 * of its set, or is held.
 *
 *	wait	loop: only a few versions are under way at once
 *	read	worker: what the set holds, what is excepted and protected; the
 *		version (feed_intake.h); its file, durable; if it is accepted,
 *		what the import is to change
 *	judge	loop: accepted, or held with the reason as an alert
 *	import	import.h: the difference, in one commit with the feed's state
 *
 * At no moment is a part of a version in force, and a version that is held has
 * changed nothing but what is said of it.
 *
 * Threads	event loop; the intake runs on the worker and touches only the
 *		job and the store
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/cuts.h"
#include "daemon/daemon.h"
#include "daemon/feed_intake.h"
#include "daemon/feeds.h"

enum feed_source {
	FEED_FETCHED, /* bytes that came: a new version */
	FEED_WAITING, /* the version that is held, let in by a person */
	FEED_AGAIN, /* the one in force, for what is excepted has changed */
	FEED_EARLIER_ONE, /* a version that was in force */
};

struct feed_result {
	const char *outcome; /* "accepted", "held", "dead", "refused",
			      * "would be accepted": what became of it */
	uint64_t version;
	const struct feed_intake *intake; /* valid during the call */
	const struct cuts_result *cuts; /* the same, of a dry run; or NULL */
	int cuts_r; /* why they are not known; 0, and no cuts: the policy in
		     * force remembers no flows */
	bool is_dry;
	size_t added, removed, leaving, kept;
	size_t members; /* of the set, after it */
	uint64_t took_us; /* since it was asked for; of it, without waits: */
	uint64_t parse_us, merge_us, diff_us, commit_us, apply_us;
};

/* `why` is NULL when r is 0; a version that is held is no error. */
typedef void feed_job_fn(void *arg, int r, const struct feed_result *result,
			 const char *why);

struct feed_order {
	enum feed_source source;
	char *bytes; /* FEED_FETCHED: a mapping, taken; may be NULL */
	size_t len;
	uint64_t version; /* FEED_EARLIER_ONE */
	const char *etag, *modified; /* of what was fetched; copied */
	bool is_dry; /* nothing is changed */
	uint32_t uid;
	feed_job_fn *done; /* called once, or NULL */
	void *arg;
};

void feed_job_start(struct daemon *daemon, struct feed_slot *slot,
		    const struct feed_order *order);

/* Whether one could start now: 0, or -ENOENT, -EBUSY and why. */
int feed_job_check(const struct daemon *daemon, const struct feed_slot *slot,
		   const char **ret_why);
