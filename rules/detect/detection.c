// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/detection.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "rules/detect/chain.h"
#include "rules/detect/lineage.h"
#include "rules/detect/peers.h"
#include "rules/detect/taint.h"

#define KINDS_WITH_PEER (1u << EVENT_CONNECT | 1u << EVENT_SEND)

struct detection {
	struct detect_engine *engine;
	struct detect_scratch *scratch;
	struct lineage *lineage;
	struct taints *taints;
	struct chains *chains;
	struct peers *peers;
	struct scores *scores;
};

int detection_new(const struct detect_rule *const *rules, size_t count,
		  const uint64_t seed[2], struct detection **ret_detection)
{
	CLEANUP(detection_freep)
	struct detection *detection = calloc(1, sizeof(*detection));
	int r;

	assert(ret_detection);

	if (!detection)
		return -ENOMEM;
	r = detect_new(rules, count, &detection->engine);
	if (r >= 0)
		r = detect_scratch_new(detection->engine, &detection->scratch);
	if (r >= 0)
		r = lineage_new(DETECTION_PROCESSES, seed, &detection->lineage);
	if (r >= 0)
		r = taints_new(rules, count, DETECTION_TAINTED, seed,
			       &detection->taints);
	if (r >= 0)
		r = chains_new(rules, count, DETECTION_CHAINS, seed,
			       &detection->chains);
	if (r >= 0)
		r = peers_new(DETECTION_PEERS, seed, &detection->peers);
	if (r >= 0)
		r = scores_new(rules, count, DETECTION_SCORES, seed,
			       &detection->scores);
	if (r < 0)
		return r;
	*ret_detection = TAKE(detection);
	return 0;
}

void detection_free(struct detection *detection)
{
	if (!detection)
		return;
	detect_scratch_free(detection->scratch);
	detect_free(detection->engine);
	lineage_free(detection->lineage);
	taints_free(detection->taints);
	chains_free(detection->chains);
	peers_free(detection->peers);
	scores_free(detection->scores);
	free(detection);
}

struct hearing {
	struct detection *detection;
	struct event *event;
	struct lineage_place place;
	detection_fn *fn;
	void *arg;
};

static void tell_score(void *arg, const struct detect_rule *rule, size_t index)
{
	struct hearing *hearing = arg;
	struct event_text *text = &hearing->event->words[EVENT_SCORE];

	*text = scores_text(hearing->detection->scores);
	hearing->fn(hearing->arg, rule, index, hearing->event);
	*text = (struct event_text){0};
}

static void tell(void *arg, const struct detect_rule *rule, size_t index)
{
	struct hearing *hearing = arg;

	hearing->fn(hearing->arg, rule, index, hearing->event);
	scores_hear(hearing->detection->scores, index, &hearing->place,
		    hearing->event, tell_score, arg);
}

static void on_match(void *arg, const struct detect_rule *rule, size_t index)
{
	struct hearing *hearing = arg;
	struct detection *detection = hearing->detection;

	if (!rule->is_step)
		tell(arg, rule, index);
	taints_hear(detection->taints, rule, hearing->event,
		    &hearing->place.root);
	chains_hear(detection->chains, index, &hearing->place.root,
		    hearing->event, tell, arg);
}

void detection_hear(struct detection *detection, const struct event *event,
		    detection_fn *fn, void *arg)
{
	struct event known = *event;
	struct hearing hearing = {
		.detection = detection,
		.event = &known,
		.place = lineage_hear(detection->lineage, event),
		.fn = fn,
		.arg = arg,
	};
	char names[TAINT_TEXT_MAX];

	known.words[EVENT_SCORE] = (struct event_text){0};
	taints_follow(detection->taints, event);
	scores_follow(detection->scores, event);
	known.words[EVENT_TAINTS] = taints_text(detection->taints, event,
						&hearing.place.root, names);
	known.is_new_peer = (KINDS_WITH_PEER >> event->kind & 1) &&
			    event->peer.bits > 0 &&
			    peers_hear(detection->peers, event);
	detect_match(detection->engine, &known, detection->scratch, on_match,
		     &hearing);
}

void detection_tick(struct detection *detection, uint64_t now_ns,
		    uint32_t budget)
{
	taints_tick(detection->taints, now_ns, budget);
	chains_tick(detection->chains, now_ns, budget);
	scores_tick(detection->scores, now_ns, budget);
}

struct detection_usage detection_usage(const struct detection *detection)
{
	return (struct detection_usage){
		.chains = chains_count(detection->chains),
		.tainted = taints_count(detection->taints),
		.scored = scores_count(detection->scores),
		.chains_crowded = chains_crowded(detection->chains),
		.tainted_crowded = taints_crowded(detection->taints),
		.scores_crowded = scores_crowded(detection->scores),
		.processes_displaced = lineage_displaced(detection->lineage),
	};
}

size_t detection_scores(const struct detection *detection, uint64_t now_ns,
			size_t max, scores_fn *fn, void *arg)
{
	return scores_top(detection->scores, now_ns, max, fn, arg);
}
