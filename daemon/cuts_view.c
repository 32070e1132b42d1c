// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/cuts_view.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/clock.h"
#include "daemon/judge.h"

/* In units of the header's. */
#define PACKET_WORK 160 /* its addresses in the ledger, and the call */
#define RULE_WORK   4
#define SET_WORK    8 /* by name */
#define MEMBER_WORK 16 /* in a trie */
#define NAME_WORK   2
#define WINDOW_WORK 256 /* the clock */

static int read_members(const struct prefix *members, size_t count,
			struct trie **ret_trie)
{
	struct trie *trie;
	uint32_t *value;
	int r = trie_new(&trie);

	for (size_t i = 0; i < count && r == 0; i++) {
		r = trie_put(trie, &members[i], &value);
		if (r == 0)
			*value = 1;
	}
	if (r == 0)
		*ret_trie = trie;
	else
		trie_free(trie);
	return r;
}

static uint64_t work_of_address(const struct match_address *match)
{
	return match->prefix_count +
	       match->set_count * (SET_WORK + MEMBER_WORK);
}

/* At most; `interfaces` are those of all zones. */
static uint64_t work_of_rule(const struct rule *rule, size_t interfaces)
{
	uint64_t names =
		interfaces + rule->zones.count + rule->interfaces.count;
	uint64_t work = RULE_WORK + NAME_WORK * names + rule->flags.count +
			rule->macs.count + work_of_address(&rule->source) +
			work_of_address(&rule->destination);

	for (int i = 0; i < RANGE_COUNT; i++)
		work += rule->ranges[i].count;
	return work + (rule->window_count ? WINDOW_WORK : 0);
}

static int add_work(struct view *view)
{
	const struct policy *policy = &view->asked;
	size_t interfaces = 0;

	view->rules_work =
		calloc(policy->rule_count + 1, sizeof(*view->rules_work));
	if (!view->rules_work)
		return -ENOMEM;
	for (size_t i = 0; i < policy->zone_count; i++)
		interfaces += policy->zones[i].interface_count;
	for (size_t i = 0; i < policy->rule_count; i++)
		view->rules_work[i + 1] =
			view->rules_work[i] +
			work_of_rule(&policy->rules[i], interfaces);
	return 0;
}

static int pick_rules(struct view *view)
{
	const struct policy *policy = view->of.policy;

	view->asked = *policy;
	view->asked.rules =
		calloc(policy->rule_count + 1, sizeof(*view->asked.rules));
	view->asked.rule_count = 0;
	if (!view->asked.rules)
		return -ENOMEM;
	for (size_t i = 0; i < policy->rule_count; i++)
		if (!policy->rules[i].states ||
		    policy->rules[i].states >> FLOW_ESTABLISHED & 1)
			view->asked.rules[view->asked.rule_count++] =
				policy->rules[i];
	return add_work(view);
}

int view_init(struct view *view, const struct cuts_policy *of, bool adds)
{
	const struct policy *policy = of->policy;
	int r;

	view->of = *of;
	r = pick_rules(view);
	view->members = calloc(policy->set_count + 1, sizeof(*view->members));
	if (r == 0 && !view->members)
		r = -ENOMEM;
	for (size_t i = 0; i < policy->set_count && r == 0; i++)
		if (of->is_changed && of->is_changed[i])
			r = read_members(policy->sets[i].members,
					 policy->sets[i].member_count,
					 &view->members[i].trie);
	if (r == 0 && adds)
		r = read_members(policy->management, policy->management_count,
				 &view->management);
	return r;
}

void view_done(struct view *view)
{
	for (size_t i = 0; view->members && i < view->of.policy->set_count; i++)
		trie_free(view->members[i].trie);
	free(view->members);
	trie_free(view->management);
	free(view->asked.rules);
	free(view->rules_work);
}

/* The place among the policy's sets, or set_count. */
static size_t declared(const struct policy *policy, const char *name)
{
	size_t i = 0;

	while (i < policy->set_count &&
	       strcmp(policy->sets[i].set.name, name) != 0)
		i++;
	return i;
}

static void add_set(struct view *view, const char *name, uint8_t id,
		    uint8_t action)
{
	const struct policy *policy = view->of.policy;
	size_t at = declared(policy, name);
	struct view_set *set = &view->sets[view->set_count++];

	assert(view->set_count <= VIEW_SETS_MAX);
	*set = (struct view_set){
		.id = id,
		.action = at < policy->set_count ? policy->sets[at].set.action
						 : action,
	};
	memcpy(set->name, name, SET_NAME_MAX);
	if (at < policy->set_count && view->members[at].trie) {
		set->members = view->members[at].trie;
		set->id = 0;
	} else if (id == SET_ID_MANAGEMENT) {
		set->members = view->management;
	}
}

/* It goes when the policy in force goes. */
static bool goes(const struct view *view, const struct policy *other,
		 const struct set *set)
{
	size_t at = other ? declared(other, set->name) : 0;

	return other && at < other->set_count &&
	       set_is_policys(&other->sets[at].set) &&
	       set->id >= SET_ID_FIRST_FREE &&
	       declared(view->of.policy, set->name) ==
		       view->of.policy->set_count;
}

static int compare_name(const void *a, const void *b)
{
	return strcmp(((const struct view_set *)a)->name,
		      ((const struct view_set *)b)->name);
}

void view_look(struct view *view, struct ledger *ledger,
	       const struct policy *other)
{
	const struct policy *policy = view->of.policy;
	char version[SET_NAME_MAX];

	view->set_count = 0;
	view->packet_work = PACKET_WORK;
	for (unsigned int id = 1; id <= SET_ID_MAX; id++) {
		const struct set *set = ledger_set(ledger, (uint8_t)id);
		const struct set *judged = NULL;

		if (!set || strchr(set->name, '.') || goes(view, other, set))
			continue;
		judge_version_name(set->name, view->of.revision, version);
		if (view->of.revision)
			judged = ledger_set_named(ledger, version);
		add_set(view, set->name, judged ? judged->id : set->id,
			set->action);
	}
	for (size_t i = 0; i < policy->set_count; i++)
		if (!ledger_set_named(ledger, policy->sets[i].set.name))
			add_set(view, policy->sets[i].set.name, 0,
				policy->sets[i].set.action);
	qsort(view->sets, view->set_count, sizeof(*view->sets), compare_name);
	for (size_t i = 0; i < view->set_count; i++)
		view->packet_work += view->sets[i].members ? MEMBER_WORK : 1;
}

static int stop(void *arg, const struct prefix *prefix, uint32_t value)
{
	(void)arg;
	(void)prefix;
	(void)value;
	return 1;
}

/* An address of IPv6 that looks like one of IPv4 is in no set. */
static bool is_odd(const struct view *view, const struct prefix *address)
{
	return view->packet->family == 6 && prefix_is_v4(address);
}

static bool has(const struct view *view, const struct view_set *set,
		const struct prefix *address)
{
	const struct set_mask *mask = address == &view->packet->source
					      ? &view->source
					      : &view->destination;

	if (set->id && set_mask_has(mask, set->id))
		return true;
	return set->members && !is_odd(view, address) &&
	       trie_each_covering(set->members, address, stop, NULL) != 0;
}

static bool is_member(void *arg, const char *name, const struct prefix *address)
{
	const struct view *view = arg;
	struct view_set wanted = {0};
	const struct view_set *found;

	memcpy(wanted.name, name, strnlen(name, SET_NAME_MAX - 1));
	found = bsearch(&wanted, view->sets, view->set_count,
			sizeof(*view->sets), compare_name);
	return found && has(view, found, address);
}

static enum set_action action_of(void *arg, const struct prefix *address)
{
	struct view *view = arg;
	enum set_action action = SET_NONE;

	view->decided_by = NULL;
	for (size_t i = 0; i < view->set_count; i++) {
		const struct view_set *set = &view->sets[i];

		if (set->action < action && has(view, set, address)) {
			action = (enum set_action)set->action;
			view->decided_by = set->name;
		}
	}
	return action;
}

static bool is_awake(void *arg, size_t rule)
{
	const struct view *view = arg;
	time_t now = (time_t)clock_wall_s();
	struct tm local;

	if (!localtime_r(&now, &local))
		return true;
	return rule_is_awake(&view->asked.rules[rule],
			     (unsigned int)(local.tm_wday + 6) % 7,
			     (unsigned int)(local.tm_hour * 60 + local.tm_min));
}

static bool is_within(void *arg, size_t rule, const struct packet *packet)
{
	(void)arg;
	(void)rule;
	(void)packet;
	return true;
}

static struct set_mask sets_of(const struct view *view, struct ledger *ledger,
			       const struct prefix *address)
{
	uint16_t class_id =
		is_odd(view, address) ? 0 : ledger_class(ledger, address);

	return class_id ? classes_info(ledger_classes(ledger), class_id).sets
			: (struct set_mask){0};
}

/* Of the rules that were tried; what is by none of them tried all or none. */
static uint64_t work_of_answer(const struct view *view,
			       const struct oracle_answer *answer)
{
	switch (answer->end) {
	case ORACLE_ALLOWED:
	case ORACLE_LISTED:
	case ORACLE_SHADOWED:
		return 0;
	case ORACLE_RULE:
	case ORACLE_LIMIT:
	case ORACLE_ANSWERED:
	case ORACLE_COOKIE:
		return view->rules_work[answer->rule + 1];
	case ORACLE_MALFORMED:
	case ORACLE_NOT_IP:
	case ORACLE_NEIGHBOUR:
	case ORACLE_UNREADABLE:
	case ORACLE_ESSENTIAL:
	case ORACLE_DEFAULT:
	case ORACLE_END_COUNT:
	default:
		return view->rules_work[view->asked.rule_count];
	}
}

struct oracle_answer view_judge(struct view *view, struct ledger *ledger,
				const struct packet *packet)
{
	const struct oracle_world world = {
		.is_member = is_member,
		.action_of = action_of,
		.is_awake = is_awake,
		.is_within = is_within,
		.arg = view,
	};

	struct oracle_answer answer;

	view->packet = packet;
	view->source = sets_of(view, ledger, &packet->source);
	view->destination = sets_of(view, ledger, &packet->destination);
	answer = oracle_judge(&view->asked, packet, PACKET_READ, &world, NULL);
	view->work += view->packet_work + work_of_answer(view, &answer);
	return answer;
}
