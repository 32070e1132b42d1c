// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/unroll.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/chain_order.h"
#include "rules/foreign/condition.h"
#include "rules/foreign/emit.h"
#include "rules/lint.h"

#define DEPTH_MAX  16
#define BUDGET_MAX (4u << 20) /* items of conditions looked at */
#define WALK_ITEMS 32 /* what a sentence without any costs, in items */

static const char why_loopback[] = "loopback is not judged here";
static const char why_not_final[] =
	"accept ends this chain, and others come after it";

struct walk {
	struct ruleset *ruleset;
	struct emitter emitter;
	struct foreign_report *report;
	uint8_t direction;
	const struct foreign_chain *base; /* whose hook we came from */
	bool is_final; /* no chain after it */
	size_t budget;
	uint8_t ends_drop, ends_accept; /* FAMILY_* */
};

static void note(struct walk *walk, struct sentence *sentence,
		 enum note_kind kind, const char *why)
{
	if (sentence->is_noted)
		return;
	sentence->is_noted = true;
	foreign_report_add(walk->report, kind, sentence->excerpt.line,
			   sentence->excerpt.text, sentence->excerpt.len, why);
}

static void note_chain(struct walk *walk, const struct foreign_chain *chain,
		       enum note_kind kind, const char *why)
{
	foreign_report_add(walk->report, kind, chain->excerpt.line,
			   chain->excerpt.text, chain->excerpt.len, why);
}

/* "chain-N" of what names may be made of. */
static void make_id(const struct foreign_chain *chain, size_t number,
		    char ret_id[RULE_ID_MAX])
{
	size_t len;

	(void)snprintf(ret_id, RULE_ID_MAX, "%.36s-%zu", chain->name, number);
	len = strlen(ret_id);
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)ret_id[i]) &&
		    (i == 0 || !strchr("-_.", ret_id[i])))
			ret_id[i] = i == 0 ? 'c' : '-';
	}
}

/* Give out one rule of a sentence. Takes the rule. */
static int give(struct walk *walk, struct sentence *sentence, struct rule *rule,
		const char *id, enum rule_action action)
{
	bool is_named = policy_name_is_valid(sentence->comment, RULE_ID_MAX);
	int r;

	rule->action = (uint8_t)action;
	rule->directions = walk->direction;
	rule->line = sentence->excerpt.line;
	if (is_named)
		id = sentence->comment;
	else
		memcpy(rule->comment, sentence->comment, RULE_COMMENT_MAX);
	r = emit(&walk->emitter, rule, &sentence->limit, id, is_named);
	if (r == -ENOSPC) {
		note(walk, sentence, NOTE_LEFT_OUT,
		     "a policy has no room for as many rules or limits");
		return 0;
	}
	sentence->is_emitted = true;
	return r;
}

static int copy_rule(const struct rule *from, struct rule *ret_copy)
{
	struct rule copy = {0};
	int r = condition_join(&copy, from);

	if (r < 0)
		rule_done(&copy);
	else
		*ret_copy = copy;
	return r;
}

/* The chain before this one on the way said what a rule needs of it. */
static const char *add_interfaces(const struct walk *walk,
				  const struct sentence *sentence,
				  struct rule *rule, int *ret_r)
{
	bool is_in = walk->direction == DIRECTION_IN;
	const struct match_names *own = is_in ? &sentence->in : &sentence->out;
	const struct match_names *other =
		is_in ? &sentence->out : &sentence->in;

	if (other->count > 0)
		return is_in ? "the way out is not known on the way in"
			     : "the way in is not known on the way out";
	if (!is_in && rule->macs.count > 0)
		return "no sender's card on the way out";
	if (own->count == 1 && !own->is_negated &&
	    strcmp(own->names[0], "lo") == 0)
		return why_loopback;
	*ret_r = condition_names(&rule->interfaces, own);
	return NULL;
}

/* The conditions of a sentence and of the jumps to it. NULL with *ret_r 0, or
 * why there is no such rule. */
static const char *combine(struct walk *walk, const struct rule *asked,
			   const struct sentence *sentence,
			   struct rule *ret_rule, int *ret_r)
{
	const char *why;

	*ret_r = copy_rule(asked, ret_rule);
	if (*ret_r >= 0)
		*ret_r = condition_join(ret_rule, &sentence->match);
	why = *ret_r >= 0 ? add_interfaces(walk, sentence, ret_rule, ret_r)
			  : NULL;
	if (!why && *ret_r >= 0)
		*ret_r = condition_tidy(ret_rule);
	if (why || *ret_r == -ENODATA || *ret_r == -ENOMEM)
		return why;
	return *ret_r < 0 ? "asks twice for what one rule asks once" : NULL;
}

static bool asks_nothing(const struct sentence *sentence, uint8_t family)
{
	const struct rule none = {.family = family};

	return condition_is_same(&sentence->match, &none, false) &&
	       sentence->in.count == 0 && sentence->out.count == 0;
}

/* Is what a limited accept does not accept dropped, whatever it is? */
static bool rest_is_dropped(const struct walk *walk,
			    const struct foreign_chain *chain, size_t index)
{
	const struct sentence *this = &chain->sentences[index];
	const struct sentence *next = this + 1;
	struct rule a, b;

	if (index + 1 == chain->sentence_count)
		return chain == walk->base && chain->is_drop;
	if (next->why || next->outcome != OUTCOME_DROP || next->is_limited)
		return false;
	if (asks_nothing(next, chain->family))
		return true;
	a = this->match;
	b = next->match;
	a.interfaces = walk->direction == DIRECTION_IN ? this->in : this->out;
	b.interfaces = walk->direction == DIRECTION_IN ? next->in : next->out;
	return condition_is_same(&a, &b, false);
}

/* Is what no rule accepts dropped at the end of this way? */
static bool ends_in_drop(const struct walk *walk)
{
	const struct foreign_chain *base = walk->base;
	const struct sentence *last;

	if (base->is_drop || base->sentence_count == 0)
		return base->is_drop;
	last = &base->sentences[base->sentence_count - 1];
	return !last->why && last->outcome == OUTCOME_DROP &&
	       !last->is_limited && asks_nothing(last, base->family);
}

/* Everything from `first` on stands behind something that cannot be said. */
static void leave_rest(struct walk *walk, struct foreign_chain *chain,
		       size_t first)
{
	for (size_t i = first; i < chain->sentence_count; i++)
		note(walk, &chain->sentences[i], NOTE_LEFT_OUT,
		     "stands behind a return that is not for all packets");
}

static bool leaves_chain(const struct sentence *sentence)
{
	return sentence->outcome == OUTCOME_RETURN ||
	       sentence->outcome == OUTCOME_GOTO;
}

/* A sentence that is left out and would have left its chain leaves what stands
 * behind it unknown; of a base chain it is the end like any other. Returns 1
 * then: the rest is left out as well. */
static int leave_out(struct walk *walk, struct foreign_chain *chain,
		     size_t index, const char *why)
{
	struct sentence *sentence = &chain->sentences[index];

	note(walk, sentence, NOTE_LEFT_OUT, why);
	if (chain == walk->base || !leaves_chain(sentence))
		return 0;
	leave_rest(walk, chain, index + 1);
	return 1;
}

/* Rules for what a sentence with a limit says. Takes the rule. */
static int give_limited(struct walk *walk, struct foreign_chain *chain,
			size_t index, struct rule *rule, const char *id)
{
	struct sentence *sentence = &chain->sentences[index];
	bool is_accept = sentence->outcome == OUTCOME_ACCEPT;
	const char *why = NULL;
	struct rule limit;
	int r;

	if (sentence->is_above == is_accept ||
	    (!is_accept && sentence->outcome != OUTCOME_DROP))
		why = "a limit here can only drop what is above it";
	else if (is_accept && !walk->is_final)
		why = why_not_final;
	else if (is_accept && !rest_is_dropped(walk, chain, index) &&
		 !ends_in_drop(walk))
		why = "what is above the limit goes on to other rules";
	else if (sentence->is_emitted && sentence->limit.per == LIMIT_PER_RULE)
		why = "one limit reached on two ways is two here";
	if (why) {
		rule_done(rule);
		return leave_out(walk, chain, index, why);
	}
	if (!is_accept)
		return give(walk, sentence, rule, id, RULE_LIMIT);
	if (!rest_is_dropped(walk, chain, index))
		note(walk, sentence, NOTE_DIFFERS,
		     "what is above the limit is dropped, and goes on to no "
		     "rule behind it");
	r = copy_rule(rule, &limit);
	if (r >= 0)
		r = give(walk, sentence, &limit, id, RULE_LIMIT);
	if (r >= 0)
		return give(walk, sentence, rule, id, RULE_PASS);
	rule_done(rule);
	return r;
}

static int walk_chain(struct walk *walk, struct foreign_chain *chain,
		      const struct rule *asked, unsigned int depth);

/* Accept or drop of all it asks for. Takes the rule. */
static int give_verdict(struct walk *walk, struct sentence *sentence,
			struct rule *rule, const char *id, bool is_drop)
{
	if (is_drop || walk->is_final)
		return give(walk, sentence, rule, id,
			    is_drop ? RULE_DROP : RULE_PASS);
	note(walk, sentence, NOTE_LEFT_OUT, why_not_final);
	rule_done(rule);
	return 0;
}

/* Into the target, and of goto out of this chain. 1: the rest is left out. */
static int follow(struct walk *walk, struct foreign_chain *chain, size_t index,
		  struct rule *rule, unsigned int depth)
{
	struct sentence *sentence = &chain->sentences[index];
	struct foreign_chain *target = ruleset_find_chain(
		walk->ruleset, chain->table, sentence->target);
	const char *why = NULL;
	char id[RULE_ID_MAX];
	int r;

	if (!target || target->hook != HOOK_NONE)
		why = "jumps to no chain that can be jumped to";
	else if (target->is_on_way)
		why = "jumps in a circle";
	else if (depth >= DEPTH_MAX)
		why = "jumps too deep";
	if (why) {
		rule_done(rule);
		return leave_out(walk, chain, index, why);
	}
	r = walk_chain(walk, target, rule, depth + 1);
	if (r < 0 || sentence->outcome == OUTCOME_JUMP) {
		rule_done(rule);
		return r;
	}
	if (chain == walk->base) {
		make_id(chain, index + 1, id);
		return give_verdict(walk, sentence, rule, id, chain->is_drop);
	}
	rule_done(rule);
	if (!asks_nothing(sentence, chain->family))
		leave_rest(walk, chain, index + 1);
	return 1;
}

/* Takes the rule. 1: nothing behind it in this chain is reached, or known. */
static int act(struct walk *walk, struct foreign_chain *chain, size_t index,
	       struct rule *rule, unsigned int depth)
{
	struct sentence *sentence = &chain->sentences[index];
	char id[RULE_ID_MAX];

	make_id(chain, index + 1, id);
	if (sentence->is_limited)
		return give_limited(walk, chain, index, rule, id);
	switch ((enum outcome)sentence->outcome) {
	case OUTCOME_NONE:
		return give(walk, sentence, rule, id, RULE_COUNT);
	case OUTCOME_ACCEPT:
	case OUTCOME_DROP:
		return give_verdict(walk, sentence, rule, id,
				    sentence->outcome == OUTCOME_DROP);
	case OUTCOME_RETURN:
		if (chain == walk->base)
			return give_verdict(walk, sentence, rule, id,
					    chain->is_drop);
		rule_done(rule);
		if (!asks_nothing(sentence, chain->family))
			leave_rest(walk, chain, index + 1);
		return 1;
	case OUTCOME_JUMP:
	case OUTCOME_GOTO:
		return follow(walk, chain, index, rule, depth);
	}
	return 0;
}

/* One sentence of a chain. 1: the rest of the chain is done with. */
static int walk_sentence(struct walk *walk, struct foreign_chain *chain,
			 size_t index, const struct rule *asked,
			 unsigned int depth)
{
	struct sentence *sentence = &chain->sentences[index];
	size_t cost = WALK_ITEMS + condition_items(asked) +
		      condition_items(&sentence->match);
	struct rule rule = {0};
	const char *why = sentence->why;
	int r = 0;

	if (walk->budget < cost)
		return leave_out(walk, chain, index,
				 "too many ways through the chains");
	walk->budget -= cost;
	if (!why)
		why = combine(walk, asked, sentence, &rule, &r);
	if (!why && r >= 0)
		return act(walk, chain, index, &rule, depth);
	rule_done(&rule);
	if (r == -ENOMEM)
		return r;
	if (!why) /* never met on this way: nothing is lost */
		return 0;
	if (why != why_loopback)
		return leave_out(walk, chain, index, why);
	note(walk, sentence, NOTE_DIFFERS, why);
	return 0;
}

static int walk_chain(struct walk *walk, struct foreign_chain *chain,
		      const struct rule *asked, unsigned int depth)
{
	int r = 0;

	chain->is_visited = true;
	chain->is_on_way = true;
	for (size_t i = 0; i < chain->sentence_count && r == 0; i++)
		r = walk_sentence(walk, chain, i, asked, depth);
	chain->is_on_way = false;
	return r < 0 ? r : 0;
}

static int ask_device(const struct foreign_chain *chain, struct rule *rule)
{
	if (chain->device[0] == '\0')
		return 0;
	rule->interfaces.names = calloc(1, RULE_NAME_MAX);
	if (!rule->interfaces.names)
		return -ENOMEM;
	rule->interfaces.count = 1;
	memcpy(rule->interfaces.names[0], chain->device, RULE_NAME_MAX);
	return 0;
}

static void note_base(struct walk *walk, const struct foreign_chain *chain,
		      bool is_first)
{
	if (chain->hook == HOOK_FORWARD)
		note_chain(walk, chain, NOTE_DIFFERS,
			   "packets for this machine are judged by it too");
	if (!is_first)
		note_chain(walk, chain, NOTE_DIFFERS,
			   "judged behind another chain of its direction");
	if (chain->hook == HOOK_INGRESS || chain->hook == HOOK_EGRESS)
		note_chain(walk, chain, NOTE_DIFFERS,
			   "what is not IP is not judged by rules");
}

/* Does the hook end the way of its packets, so that its end is an opinion
 * also when nobody wrote a rule there? */
static bool is_own_end(const struct foreign_chain *chain)
{
	return chain->hook == HOOK_INPUT || chain->hook == HOOK_FORWARD ||
	       chain->hook == HOOK_OUTPUT;
}

static int walk_base(struct walk *walk, struct foreign_chain *chain)
{
	struct rule asked = {0};
	uint8_t families = chain_families(chain);
	int r;

	walk->base = chain;
	walk->is_final = chain_is_final(walk->ruleset, chain);
	walk->emitter.has_last = false;
	r = ask_device(chain, &asked);
	if (r >= 0)
		r = walk_chain(walk, chain, &asked, 0);
	rule_done(&asked);
	if (chain->is_drop && (!walk->is_final || chain->device[0] != '\0'))
		note_chain(walk, chain, NOTE_LEFT_OUT,
			   "its end drops, but is not the end of the rules");
	else if (chain->is_drop)
		walk->ends_drop |= families;
	else if (walk->is_final && (!chain_is_idle(chain) || is_own_end(chain)))
		walk->ends_accept |= families;
	return r;
}

/* The end of a direction. */
static int give_default(struct walk *walk)
{
	bool is_in = walk->direction == DIRECTION_IN;
	struct policy *policy = walk->emitter.policy;
	const char *id = is_in ? "default-in-ipv4" : "default-out-ipv4";
	struct sentence end = {0};
	struct rule rule = {0};

	if (walk->ends_drop == 0)
		return 0;
	if (walk->ends_drop & walk->ends_accept)
		foreign_report_add(walk->report, NOTE_DIFFERS, 0, "", 0,
				   "of chains that end in drop and in accept "
				   "the stricter is the default");
	if (walk->ends_drop == (FAMILY_V4 | FAMILY_V6)) {
		*(is_in ? &policy->default_in : &policy->default_out) =
			VERDICT_DROP;
		return 0;
	}
	rule.family = 4;
	if (walk->ends_drop == FAMILY_V6) {
		rule.family = 6;
		id = is_in ? "default-in-ipv6" : "default-out-ipv6";
	}
	return give(walk, &end, &rule, id, RULE_DROP);
}

static int walk_direction(struct walk *walk, uint8_t direction)
{
	size_t count = walk->ruleset->chain_count, used = 0;
	CLEANUP(freep) struct foreign_chain **order = NULL;
	int r = 0;

	walk->direction = direction;
	walk->emitter.out_at = walk->emitter.first;
	walk->ends_drop = walk->ends_accept = 0;
	order = calloc(count + 1, sizeof(struct foreign_chain *));
	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		uint8_t its_direction;

		(void)chain_step(walk->ruleset->chains[i].hook, &its_direction);
		if (!walk->ruleset->chains[i].why && its_direction == direction)
			order[used++] = &walk->ruleset->chains[i];
	}
	qsort(order, used, sizeof(struct foreign_chain *), chain_cmp);
	for (size_t i = 0, busy = 0; i < used && r >= 0; i++) {
		if (!chain_is_idle(order[i]))
			note_base(walk, order[i], busy++ == 0);
		r = walk_base(walk, order[i]);
	}
	if (r >= 0 && direction == DIRECTION_OUT)
		r = emit_end(&walk->emitter);
	/* a last rule of the way out goes behind all others */
	walk->emitter.out_at = walk->emitter.policy->rule_count;
	return r < 0 ? r : give_default(walk);
}

/* Walked to, and no rule came of it, nor a word about why. */
static bool is_lost(const struct sentence *sentence)
{
	return !sentence->is_emitted && sentence->outcome <= OUTCOME_DROP;
}

/* What no walk came to has to be told as well. */
static void note_rest(struct walk *walk)
{
	for (size_t i = 0; i < walk->ruleset->chain_count; i++) {
		struct foreign_chain *chain = &walk->ruleset->chains[i];
		const char *why = chain->why;

		for (size_t k = 0; k < chain->sentence_count; k++) {
			if (chain->is_visited && is_lost(&chain->sentences[k]))
				note(walk, &chain->sentences[k], NOTE_DIFFERS,
				     "can never be met");
		}
		if (chain->is_visited)
			continue;
		if (why && chain->sentence_count == 0)
			note_chain(walk, chain, NOTE_LEFT_OUT, why);
		for (size_t k = 0; k < chain->sentence_count; k++)
			note(walk, &chain->sentences[k], NOTE_LEFT_OUT,
			     why ? why
				 : "no rule that is translated jumps here");
	}
}

int unroll(struct ruleset *ruleset, struct policy *policy,
	   struct foreign_report *report)
{
	struct walk walk = {
		.ruleset = ruleset,
		.emitter = {.policy = policy, .first = policy->rule_count},
		.report = report,
		.budget = BUDGET_MAX,
	};
	int r;

	assert(ruleset);
	assert(policy);
	assert(report);

	policy->essentials = 0;
	r = walk_direction(&walk, DIRECTION_IN);
	if (r >= 0)
		r = walk_direction(&walk, DIRECTION_OUT);
	if (r < 0)
		return r;
	note_rest(&walk);
	if (!lint_hears_dhcp(policy))
		foreign_report_add(report, NOTE_DIFFERS, 0, "", 0,
				   "a DHCP client hears its server ahead of "
				   "that firewall; here UDP from port 67 to 68 "
				   "is dropped");
	return 0;
}
