// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/judge.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/packet/explainer.h"
#include "rules/document.h"

int judge_new(struct judge **ret_judge)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	assert(ret_judge);

	if (!judge)
		return -ENOMEM;
	policy_init(&judge->policy);
	judge->sets_version = UINT64_MAX;
	*ret_judge = judge;
	return 0;
}

static int read_into(struct judge *judge, const char *text, size_t len,
		     char note[JUDGE_NOTE_MAX])
{
	struct document_note where = {0};
	char why[COMPILE_NOTE_MAX] = "";
	int r = document_read(text, len, &judge->policy, &where);

	if (r == -EINVAL || r == -E2BIG)
		(void)snprintf(note, JUDGE_NOTE_MAX, "%u:%u: %s", where.line,
			       where.column, where.text);
	if (r < 0)
		return r;
	r = compile(&judge->policy, &judge->compiled, why);
	if (r < 0)
		(void)snprintf(note, JUDGE_NOTE_MAX, "%s", why);
	else
		judge->vector_count = vectors_count(judge->compiled->vectors);
	return r;
}

int judge_read(const char *text, size_t len, uint64_t revision,
	       struct judge **ret_judge, char note[JUDGE_NOTE_MAX])
{
	struct judge *judge;
	int r;

	assert(text);
	assert(revision);

	note[0] = '\0';
	r = judge_new(&judge);
	if (r < 0)
		return r;
	judge->revision = revision;
	r = read_into(judge, text, len, note);
	if (r == 0) {
		judge->counters = calloc(judge->policy.rule_count + 1,
					 sizeof(*judge->counters));
		r = judge->counters ? 0 : -ENOMEM;
	}
	if (r < 0 && !*note)
		(void)snprintf(note, JUDGE_NOTE_MAX, "%s", strerror(-r));
	if (r < 0)
		judge_free(judge);
	else
		*ret_judge = judge;
	return r;
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;

	explainer_free(judge->explainer);
	program_free(judge->program);
	compiled_free(judge->compiled);
	policy_done(&judge->policy);
	free(judge->counters);
	free(judge);
}

/* Two policies whose rules keep their places. */
struct users {
	const struct policy *policies[2];
};

static bool has_rule(const struct policy *policy, const char *id)
{
	for (size_t i = 0; policy && i < policy->rule_count; i++)
		if (strcmp(policy->rules[i].id, id) == 0)
			return true;
	return false;
}

static bool is_used(void *arg, const char *id)
{
	const struct users *users = arg;

	return has_rule(users->policies[0], id) ||
	       has_rule(users->policies[1], id);
}

int judge_count(struct judge *judge, struct counters *counters,
		const struct judge *other, char note[JUDGE_NOTE_MAX])
{
	struct users users = {
		.policies = {&judge->policy, other ? &other->policy : NULL},
	};
	int r = 0;

	for (size_t i = 0; i < judge->policy.rule_count && r == 0; i++) {
		const char *id = judge->policy.rules[i].id;

		r = counters_take(counters, id, &judge->counters[i]);
		if (r != -ENOSPC)
			continue;
		counters_sweep(counters, is_used, &users);
		r = counters_take(counters, id, &judge->counters[i]);
	}
	if (r < 0)
		(void)snprintf(note, JUDGE_NOTE_MAX,
			       "no count is left for all rules: %s",
			       strerror(-r));
	return r;
}

int judge_load(struct judge *judge, struct maps *maps,
	       const struct judge *before, char note[JUDGE_NOTE_MAX])
{
	const struct program_config config = {
		.policy = judge->compiled ? &judge->policy : NULL,
		.compiled = judge->compiled,
		.counters = judge->counters,
		.is_trial = judge->is_trial,
		.carry = before ? before->program : NULL,
	};
	char why[MAPS_NOTE_MAX] = "";
	int r = program_load(maps, &config, &judge->program, why);

	if (r < 0)
		(void)snprintf(note, JUDGE_NOTE_MAX, "%s",
			       *why ? why : strerror(-r));
	return r;
}

void judge_version_name(const char *name, uint64_t revision,
			char version[SET_NAME_MAX])
{
	int len = snprintf(version, SET_NAME_MAX, "%s.%llu", name,
			   (unsigned long long)revision);

	if (len >= SET_NAME_MAX)
		*version = '\0';
}

static const struct policy_set *declared(const struct judge *judge,
					 const char *name)
{
	for (size_t i = 0; i < judge->policy.set_count; i++)
		if (strcmp(judge->policy.sets[i].set.name, name) == 0)
			return &judge->policy.sets[i];
	return NULL;
}

static int16_t number_of(const struct judge *judge, const char *name)
{
	for (size_t i = 0; judge->compiled && i < judge->compiled->set_count;
	     i++)
		if (strcmp(judge->compiled->set_names[i], name) == 0)
			return (int16_t)i;
	return -1;
}

/* By its name to the policy; the ledger may call it otherwise. */
static void see(struct judge *judge, const struct set *set, const char *name)
{
	const struct policy_set *own = declared(judge, name);

	judge->sets[set->id] = (struct judge_set){
		.is_seen = true,
		.action = own ? own->set.action : set->action,
		.number = number_of(judge, name),
	};
}

/* One that a revision puts beside another, or where none of the name is yet, is
 * seen by that revision only, and in place of the other. */
static void look_at(struct judge *judge, const struct ledger *ledger,
		    const struct set *set)
{
	char name[SET_NAME_MAX], version[SET_NAME_MAX];

	memcpy(name, set->name, sizeof(name));
	name[strcspn(name, ".")] = '\0';
	judge_version_name(name, judge->revision, version);
	if (strcmp(set->name, version) == 0 ||
	    (strcmp(set->name, name) == 0 &&
	     (!judge->revision || !ledger_set_named(ledger, version))))
		see(judge, set, name);
}

/* Which sets there are, and what they are to this policy. */
static void look(struct judge *judge, const struct ledger *ledger)
{
	memset(judge->sets, 0, sizeof(judge->sets));
	for (unsigned int id = 1; id <= SET_ID_MAX; id++) {
		const struct set *set = ledger_set(ledger, (uint8_t)id);

		if (set)
			look_at(judge, ledger, set);
	}
	judge->sets_version = ledger_sets_version(ledger);
}

static enum fw_reason reason_of(uint8_t action)
{
	switch ((enum set_action)action) {
	case SET_ALLOW:
		return FW_PASS_ALLOWED;
	case SET_SHADOW:
		return FW_PASS_SHADOW;
	case SET_NONE:
		return FW_NEXT;
	case SET_DROP:
	default:
		return FW_DROP_LISTED;
	}
}

/* What one of its sets makes of a class. */
static void add_set(struct program_class *class, uint8_t *action,
		    const struct judge_set *set, uint8_t id)
{
	if (set->number >= 0)
		class->sets.words[set->number / 64] |= 1ull
						       << (set->number % 64);
	if (set->action >= *action && class->set_id)
		return;
	*action = set->action;
	class->set_id = id;
}

int judge_define(struct judge *judge, const struct ledger *ledger,
		 uint16_t class_id, const struct class_info *info)
{
	struct program_class class = {.reason = FW_NEXT};
	uint8_t action = SET_NONE;

	if (judge->sets_version != ledger_sets_version(ledger))
		look(judge, ledger);
	for (size_t i = 0; i < ARRAY_LEN(info->sets.words); i++) {
		uint64_t left = info->sets.words[i];

		for (; left; left &= left - 1) {
			uint8_t id = (uint8_t)(i * 64 +
					       (size_t)__builtin_ctzll(left));

			if (judge->sets[id].is_seen)
				add_set(&class, &action, &judge->sets[id], id);
		}
	}
	class.reason = reason_of(action);
	return program_put_class(judge->program, class_id, &class);
}

bool judge_needs_egress(const struct judge *judge)
{
	if (!judge->compiled)
		return false;
	if (judge->policy.default_out == VERDICT_DROP)
		return true;
	for (size_t i = 0; i < judge->policy.rule_count; i++)
		if (judge->policy.rules[i].directions & DIRECTION_OUT ||
		    judge->policy.rules[i].states ||
		    judge->policy.rules[i].action == RULE_SYNCOOKIE)
			return true;
	return false;
}
