// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/named.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"

#define SETS_ALERT "policy sets"

static bool names(const struct match_address *match, const char *name)
{
	for (size_t i = 0; i < match->set_count; i++)
		if (strcmp(match->sets[i], name) == 0)
			return true;
	return false;
}

const struct rule *named_by(const struct policy *policy, const char *name)
{
	assert(policy);
	assert(name);

	for (size_t i = 0; i < policy->rule_count; i++)
		if (names(&policy->rules[i].source, name) ||
		    names(&policy->rules[i].destination, name))
			return &policy->rules[i];
	return NULL;
}

const struct policy_set *named_declared(const struct policy *policy,
					const char *name)
{
	assert(policy);
	assert(name);

	for (size_t i = 0; i < policy->set_count; i++)
		if (strcmp(policy->sets[i].set.name, name) == 0)
			return &policy->sets[i];
	return NULL;
}

bool named_find_missing(const struct judge *judge, named_has_fn *has, void *arg,
			struct missing *ret_missing)
{
	const struct policy *policy = &judge->policy;
	const struct compiled *compiled = judge->compiled;
	const char *name = NULL;

	assert(has);
	assert(ret_missing);

	for (size_t i = 0; compiled && i < compiled->set_count && !name; i++)
		if (!has(arg, compiled->set_names[i]))
			name = compiled->set_names[i];
	for (size_t i = 0; i < policy->set_count && !name; i++)
		if (!has(arg, policy->sets[i].set.name))
			name = policy->sets[i].set.name;
	if (!name)
		return false;
	*ret_missing = (struct missing){
		.set = name,
		.rule = named_by(policy, name),
		.own = named_declared(policy, name),
	};
	return true;
}

/* Is the set, which may stand beside another as NAME.REVISION, one that it is
 * about? Then by `name`. */
static bool is_about(const struct judge *judge, const struct set *set,
		     char name[SET_NAME_MAX])
{
	const char *dot = strchr(set->name, '.');

	memcpy(name, set->name, SET_NAME_MAX);
	name[strcspn(name, ".")] = '\0';
	if (dot && strtoull(dot + 1, NULL, 10) != judge->revision)
		return false;
	return named_declared(&judge->policy, name) ||
	       named_by(&judge->policy, name);
}

int named_check_drop(const struct daemon *daemon, const struct set *set,
		     char why[JUDGE_NOTE_MAX])
{
	const struct generation *live = daemon->live;
	const struct judge *judges[] = {live->judge, live->last};
	char name[SET_NAME_MAX];

	for (size_t i = 0; i < ARRAY_LEN(judges); i++) {
		const struct judge *judge = judges[i];
		const struct rule *rule;

		if (!judge || !is_about(judge, set, name))
			continue;
		rule = named_by(&judge->policy, name);
		if (rule)
			(void)snprintf(why, JUDGE_NOTE_MAX,
				       "set %s: rule %s names it (line %u of "
				       "policy revision %llu): apply a policy "
				       "without that first",
				       set->name, rule->id, rule->line,
				       (unsigned long long)judge->revision);
		else
			(void)snprintf(
				why, JUDGE_NOTE_MAX,
				"set %s: line %u of policy revision "
				"%llu declares it: apply a policy "
				"without that first",
				set->name,
				named_declared(&judge->policy, name)->line,
				(unsigned long long)judge->revision);
		return -EPERM;
	}
	return 0;
}

/* The ledger, as the policy that judges sees it. */
static bool is_seen(void *arg, const char *name)
{
	const struct daemon *daemon = arg;
	char version[SET_NAME_MAX];

	if (ledger_set_named(daemon->ledger, name))
		return true;
	judge_version_name(name, daemon->live->judge->revision, version);
	return *version && ledger_set_named(daemon->ledger, version);
}

static void tell_missing(struct daemon *daemon, uint64_t now_s,
			 const struct missing *missing)
{
	const char *remedy = missing->own
				     ? "apply the policy again"
				     : "make it by fwctl set new, or apply "
				       "another policy";
	char who[RULE_ID_MAX + 16] = "the policy declares";

	if (missing->rule)
		(void)snprintf(who, sizeof(who), "rule %s names",
			       missing->rule->id);
	if (alerts_raise(&daemon->alerts, now_s, SETS_ALERT,
			 "%s @%s, and there is no such set, so it counts as "
			 "empty: %s",
			 who, missing->set, remedy))
		log_errx("policy: %s @%s, and there is no such set, so it "
			 "counts as empty: %s",
			 who, missing->set, remedy);
}

void named_follow(struct daemon *daemon, uint64_t now_s)
{
	struct generation *live = daemon->live;
	uint64_t sets_version = ledger_sets_version(daemon->ledger);
	struct missing missing;

	if (live->named_revision == live->judge->revision &&
	    live->named_version == sets_version)
		return;
	live->named_revision = live->judge->revision;
	live->named_version = sets_version;
	if (named_find_missing(live->judge, is_seen, daemon, &missing))
		tell_missing(daemon, now_s, &missing);
	else
		(void)alerts_clear(&daemon->alerts, SETS_ALERT);
}
