/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect.h - one matcher for all detection rules.
 *
 * An event's texts are read once each, whatever the number of rules: two
 * automata look for all literals of all rules, one in command lines and lines
 * of logs, one in everything else. A literal found is a bit. Only rules for
 * which a bit came that they cannot do without are looked at, and then their
 * conditions ask bits first, and wildcards, regular expressions and networks
 * last.
 *
 *	1. What detect_match() answers depends on the rules and the event only.
 *	2. A rule is told once an event, and rules are told in their order; of
 *	   those of one list, which stand together, the first alone.
 *	3. Matching allocates nothing, and its time is linear in the texts.
 *
 * Owns		the engine keeps the rules, which must live as long; an event is
 *		borrowed for the call
 * Errors	-E2BIG more literals than an automaton can hold, -ENOMEM
 * Threads	an engine is constant; each thread has its own scratch
 */
#pragma once

#include "rules/detect/event.h"
#include "rules/detect/rule.h"

struct detect_engine;
struct detect_scratch;

int detect_new(const struct detect_rule *const *rules, size_t count,
	       struct detect_engine **ret_engine);
void detect_free(struct detect_engine *engine);
DEFINE_CLEANUP(struct detect_engine *, detect_free)

int detect_scratch_new(const struct detect_engine *engine,
		       struct detect_scratch **ret_scratch);
void detect_scratch_free(struct detect_scratch *scratch);
DEFINE_CLEANUP(struct detect_scratch *, detect_scratch_free)

/* `index` is the rule's place in those detect_new() was given. */
typedef void detect_fn(void *arg, const struct detect_rule *rule, size_t index);

void detect_match(const struct detect_engine *engine, const struct event *event,
		  struct detect_scratch *scratch, detect_fn *fn, void *arg);

struct detect_size {
	size_t rule_count, variant_count; /* a rule in each view that it fits */
	size_t literal_count, state_count;
	size_t bytes; /* of the tables */
};

struct detect_size detect_size(const struct detect_engine *engine);
