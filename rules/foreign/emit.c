// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/emit.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/foreign/condition.h"

static bool id_is_taken(const struct policy *policy, const char *id)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (strcmp(policy->rules[i].id, id) == 0)
			return true;
	}
	return false;
}

/* The wish, cut and numbered until no rule has it. */
static void give_id(const struct policy *policy, const char *wish,
		    char ret_id[RULE_ID_MAX])
{
	size_t len = strnlen(wish, RULE_ID_MAX - 1);

	memset(ret_id, 0, RULE_ID_MAX);
	memcpy(ret_id, wish, len);
	if (len > RULE_ID_MAX - 8)
		len = RULE_ID_MAX - 8;
	/* past a few tries the number of rules is the quicker guess */
	for (size_t i = 2; id_is_taken(policy, ret_id);
	     i = i == 9 ? policy->rule_count + 2 : i + 1)
		(void)snprintf(ret_id + len, RULE_ID_MAX - len, "-%zu", i);
}

static bool limit_is_same(const struct limit *a, const struct limit *b)
{
	return a->rate == b->rate && a->seconds == b->seconds &&
	       a->burst == b->burst && a->unit == b->unit && a->per == b->per;
}

/* Do both do the same, so that one rule can stand for the two? Two buckets of
 * a rule are not one. */
static bool acts_alike(const struct policy *policy, const struct rule *have,
		       const struct rule *rule, const struct limit *limit)
{
	if (have->action != rule->action)
		return false;
	if (rule->action != RULE_LIMIT)
		return true;
	return limit->per != LIMIT_PER_RULE &&
	       limit_is_same(&policy->limits[have->limit], limit);
}

/* 1 if the rule is now part of the last one. */
static int merge_with_last(struct emitter *emitter, const struct rule *rule,
			   const struct limit *limit, const char *id)
{
	struct rule *last;

	if (!emitter->has_last)
		return 0;
	last = &emitter->policy->rules[emitter->last];
	if (strcmp(emitter->last_wish, id) != 0 ||
	    last->directions != rule->directions ||
	    !acts_alike(emitter->policy, last, rule, limit))
		return 0;
	return condition_merge_families(last, rule);
}

/* Find the same rule of the way in, not before where we are. */
static bool find_twin(const struct emitter *emitter, const struct rule *rule,
		      const struct limit *limit, const char *id,
		      size_t *ret_index)
{
	const struct policy *policy = emitter->policy;

	for (size_t i = emitter->out_at; i < policy->rule_count; i++) {
		const struct rule *have = &policy->rules[i];

		if (have->directions == DIRECTION_IN &&
		    strcmp(have->id, id) == 0 &&
		    acts_alike(policy, have, rule, limit) &&
		    condition_is_same(have, rule, false)) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

static int insert_limit(struct policy *policy, const struct limit *limit,
			uint16_t *ret_index)
{
	struct limit *limits;

	if (policy->limit_count == POLICY_LIMITS_MAX)
		return -ENOSPC;
	limits = array_room(policy->limits, policy->limit_count,
			    sizeof(*limits));
	if (!limits)
		return -ENOMEM;
	policy->limits = limits;
	*ret_index = (uint16_t)policy->limit_count;
	limits[policy->limit_count++] = *limit;
	return 0;
}

/* Put it in at `at`; the policy then owns it. */
static int insert(struct policy *policy, size_t at, const struct rule *rule)
{
	struct rule *rules;

	if (policy->rule_count == POLICY_RULES_MAX)
		return -ENOSPC;
	rules = array_room(policy->rules, policy->rule_count, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	policy->rules = rules;
	memmove(&rules[at + 1], &rules[at],
		(policy->rule_count - at) * sizeof(*rules));
	rules[at] = *rule;
	policy->rule_count++;
	return 0;
}

static void join_twin(struct emitter *emitter, size_t twin)
{
	emitter->policy->rules[twin].directions |= DIRECTION_OUT;
	emitter->has_last = false;
	emitter->has_twin = true;
	emitter->out_at = twin + 1;
}

/* A rule of the way out was whole only now: if it has a twin, it goes. */
static void join_last_with_twin(struct emitter *emitter, const char *id)
{
	struct policy *policy = emitter->policy;
	struct rule *last = &policy->rules[emitter->last];
	const struct limit *limit = NULL;
	size_t twin;

	if (last->directions != DIRECTION_OUT)
		return;
	if (last->action == RULE_LIMIT)
		limit = &policy->limits[last->limit];
	if (!find_twin(emitter, last, limit, id, &twin))
		return;
	if (limit && last->limit + 1u == policy->limit_count)
		policy->limit_count--;
	rule_done(last);
	policy->rule_count--;
	memmove(last, last + 1,
		(policy->rule_count - emitter->last) * sizeof(*last));
	join_twin(emitter, twin - 1);
}

static int add(struct emitter *emitter, struct rule *rule,
	       const struct limit *limit, const char *id)
{
	struct policy *policy = emitter->policy;
	size_t at = rule->directions == DIRECTION_OUT ? emitter->out_at
						      : policy->rule_count;
	int r = 0;

	if (policy->rule_count == POLICY_RULES_MAX)
		r = -ENOSPC;
	if (r >= 0 && rule->action == RULE_LIMIT)
		r = insert_limit(policy, limit, &rule->limit);
	if (r >= 0) {
		give_id(policy, id, rule->id);
		r = insert(policy, at, rule);
	}
	if (r < 0)
		return r;
	emitter->last = at;
	emitter->has_last = true;
	memset(emitter->last_wish, 0, sizeof(emitter->last_wish));
	memcpy(emitter->last_wish, id, strnlen(id, RULE_ID_MAX - 1));
	emitter->out_at += rule->directions == DIRECTION_OUT;
	return 0;
}

int emit(struct emitter *emitter, struct rule *rule, const struct limit *limit,
	 const char *id, bool is_named)
{
	size_t twin;
	int r = 0;

	assert(emitter);
	assert(rule);

	if (is_named)
		r = merge_with_last(emitter, rule, limit, id);
	if (r == 1)
		join_last_with_twin(emitter, id);
	if (r == 0 && is_named && rule->directions == DIRECTION_OUT &&
	    find_twin(emitter, rule, limit, id, &twin)) {
		join_twin(emitter, twin);
		r = 1;
	}
	if (r == 0)
		r = add(emitter, rule, limit, id);
	if (r != 0)
		rule_done(rule);
	return r < 0 ? r : 0;
}

int emit_end(struct emitter *emitter)
{
	struct policy *policy = emitter->policy;
	size_t out_count = emitter->out_at - emitter->first;
	size_t rest = policy->rule_count - emitter->out_at;
	struct rule *first, *copy;

	if (emitter->has_twin || out_count == 0 || rest == 0)
		return 0;
	first = policy->rules + emitter->first;
	copy = array_copy(first, out_count, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memmove(first, first + out_count, rest * sizeof(*first));
	memcpy(first + rest, copy, out_count * sizeof(*first));
	free(copy);
	return 0;
}
