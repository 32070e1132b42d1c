/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detection.h - all rules, and what they remember of earlier events.
 *
 * An event is given to its tree (lineage.h); its process's taints (taint.h) and
 * whether its peer is new (peers.h) are put to it; rules are asked (detect.h);
 * those that it meets mark processes, and go on to chains (chain.h). A chain is
 * told behind the rule that completes it, and a rule about a score (score.h)
 * behind the one that adds to it; steps that have no name are not told.
 *
 *	1. What is told depends on the rules, the seed and the events heard so
 *	   far, their times among them: the same again tells the same.
 *	2. Nothing is allocated for an event, and each table has a size that
 *	   does not change.
 *
 * Owns		its tables; the rules are borrowed
 * Times	those of the events
 * Errors	-E2BIG more literals or names of taints than there may be,
 *		-ENOMEM; only detection_new() fails
 * Threads	none; one owner
 */
#pragma once

#include "rules/detect/score.h"

#define DETECTION_PROCESSES 65536
#define DETECTION_TAINTED   8192
#define DETECTION_CHAINS    8192
#define DETECTION_PEERS	    65536
#define DETECTION_SCORES    4096 /* trees */

struct detection;

int detection_new(const struct detect_rule *const *rules, size_t count,
		  const uint64_t seed[2], struct detection **ret_detection);
void detection_free(struct detection *detection);
DEFINE_CLEANUP(struct detection *, detection_free)

/* `event` is the one that was given, with EVENT_TAINTS and is_new_peer; for a
 * rule about a score with EVENT_SCORE too. */
typedef void detection_fn(void *arg, const struct detect_rule *rule,
			  size_t index, const struct event *event);

void detection_hear(struct detection *detection, const struct event *event,
		    detection_fn *fn, void *arg);

/* Look at up to `budget` places of each table, and forget what is over. */
void detection_tick(struct detection *detection, uint64_t now_ns,
		    uint32_t budget);

struct detection_usage {
	uint32_t chains, tainted, scored;
	uint64_t chains_crowded, tainted_crowded, scores_crowded;
	uint64_t processes_displaced;
};

struct detection_usage detection_usage(const struct detection *detection);

/* Trees that have points, as scores_top() has them. */
size_t detection_scores(const struct detection *detection, uint64_t now_ns,
			size_t max, scores_fn *fn, void *arg);
