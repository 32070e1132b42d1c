// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/lint.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"
#include "rules/rule_covers.h"

#define PROTOCOL_UDP 17
#define DHCP_SERVER  67
#define DHCP_CLIENT  68

struct teller {
	const struct policy *policy;
	lint_fn *fn;
	void *arg;
};

static const char *const kind_names[] = {
	[LINT_UNREACHABLE] = "unreachable",
	[LINT_NEVER] = "never",
	[LINT_UNUSED] = "unused",
	[LINT_MANAGEMENT] = "management",
	[LINT_DHCP] = "dhcp",
};
_Static_assert(ARRAY_LEN(kind_names) == LINT_KIND_COUNT, "");

const char *lint_kind_name(enum lint_kind kind)
{
	return kind_names[kind];
}

__attribute__((format(printf, 3, 4))) static int
tell(const struct teller *teller, struct lint_warning *warning,
     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(warning->text, sizeof(warning->text), format, args);
	va_end(args);
	return teller->fn(teller->arg, warning);
}

static struct lint_warning of_rule(const struct rule *rule, enum lint_kind kind)
{
	return (struct lint_warning){
		.kind = (uint8_t)kind,
		.what = "rule",
		.line = rule->line,
		.id = rule->id,
	};
}

/* Does it end all that it matches, always? */
static bool ends(const struct rule *rule)
{
	return (rule->action == RULE_PASS || rule->action == RULE_DROP ||
		rule->action == RULE_SYNCOOKIE) &&
	       !rule->is_shadow && rule->window_count == 0;
}

/* The first before `at` that leaves it nothing, or NULL. */
static const struct rule *find_cover(const struct policy *policy, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (ends(&policy->rules[i]) &&
		    rule_covers(&policy->rules[i], &policy->rules[at]))
			return &policy->rules[i];
	return NULL;
}

static int lint_reach(const struct teller *teller, size_t at)
{
	const struct rule *rule = &teller->policy->rules[at];
	const struct rule *cover = find_cover(teller->policy, at);
	struct lint_warning warning = of_rule(rule, LINT_UNREACHABLE);

	if (!cover)
		return 0;
	warning.by = cover->id;
	return tell(teller, &warning,
		    "is never met: rule %s in line %u has ended all that it "
		    "matches",
		    cover->id, cover->line);
}

/* "not ::/0" is met by IPv4, which lies in it by the order of prefixes. */
static bool spares_v4(const struct match_address *match)
{
	for (size_t i = 0; i < match->prefix_count && match->is_negated; i++)
		if (prefix_has_all_v4(&match->prefixes[i]))
			return true;
	return false;
}

/* Without memory nothing is known. */
static int lint_never(const struct teller *teller, size_t at)
{
	const struct rule *rule = &teller->policy->rules[at];
	struct lint_warning warning = of_rule(rule, LINT_NEVER);
	CLEANUP(rule_done) struct rule copy = {0};
	int r;

	/* of both kinds either will do, which foreign rulesets do not know */
	if ((rule->ranges[RANGE_ICMP].count > 0 &&
	     rule->ranges[RANGE_ICMPV6].count > 0) ||
	    spares_v4(&rule->source) || spares_v4(&rule->destination))
		return 0;
	r = condition_join(&copy, rule);
	if (r >= 0)
		r = condition_tidy(&copy);
	if (r != -ENODATA)
		return 0;
	return tell(teller, &warning,
		    "is never met: no packet has all that it asks for");
}

static bool names_set(const struct match_address *match, const char *name)
{
	for (size_t i = 0; i < match->set_count; i++)
		if (strcmp(match->sets[i], name) == 0)
			return true;
	return false;
}

/* Does the condition name addresses that are in the management set? */
static bool asks_manager(const struct policy *policy,
			 const struct match_address *match)
{
	return !match->is_negated &&
	       (names_set(match, set_builtins[0].name) ||
		prefixes_overlap(match->prefixes, match->prefix_count,
				 policy->management, policy->management_count));
}

/* On the way in the set judges by the source, on the way out by the
 * destination. */
static int lint_management(const struct teller *teller, size_t at)
{
	const struct rule *rule = &teller->policy->rules[at];
	struct lint_warning warning = of_rule(rule, LINT_MANAGEMENT);

	if (rule->action != RULE_DROP || rule->is_shadow)
		return 0;
	if (rule->directions & DIRECTION_IN &&
	    asks_manager(teller->policy, &rule->source))
		return tell(teller, &warning,
			    "does not drop what comes from addresses in "
			    "management: they pass ahead of all rules");
	if (rule->directions & DIRECTION_OUT &&
	    asks_manager(teller->policy, &rule->destination))
		return tell(teller, &warning,
			    "does not drop what goes to addresses in "
			    "management: they pass ahead of all rules");
	return 0;
}

/* The first rule before `before` that ends what a DHCP server answers to the
 * clients of these directions; NULL if none ends all of it. */
static const struct rule *find_end_of_dhcp(const struct policy *policy,
					   size_t before, uint8_t directions)
{
	struct range protocol = {PROTOCOL_UDP, PROTOCOL_UDP};
	struct range server = {DHCP_SERVER, DHCP_SERVER};
	struct range client = {DHCP_CLIENT, DHCP_CLIENT};
	const struct rule dhcp = {
		.directions = directions,
		.family = 4,
		.ranges =
			{
				[RANGE_PROTOCOL] = {&protocol, 1, false},
				[RANGE_SOURCE_PORT] = {&server, 1, false},
				[RANGE_DESTINATION_PORT] = {&client, 1, false},
			},
	};

	for (size_t i = 0; i < before; i++)
		if (ends(&policy->rules[i]) &&
		    rule_covers(&policy->rules[i], &dhcp))
			return &policy->rules[i];
	return NULL;
}

bool lint_hears_dhcp(const struct policy *policy)
{
	const struct rule *end;

	assert(policy);

	end = find_end_of_dhcp(policy, policy->rule_count, DIRECTION_IN);
	if (end)
		return end->action == RULE_PASS;
	return policy->essentials & ESSENTIAL_DHCP ||
	       policy->default_in == VERDICT_PASS;
}

static int lint_dhcp(const struct teller *teller, size_t at)
{
	const struct policy *policy = teller->policy;
	const struct rule *rule = &policy->rules[at];
	struct lint_warning warning = of_rule(rule, LINT_DHCP);

	if (!(policy->essentials & ESSENTIAL_DHCP) ||
	    rule->action != RULE_DROP ||
	    find_end_of_dhcp(policy, at + 1, rule->directions) != rule)
		return 0;
	if (!rule_is_plain(rule))
		return tell(teller, &warning,
			    "drops DHCP: essentials let it pass only where no "
			    "rule drops it");
	return tell(teller, &warning,
		    "drops DHCP too, unless a rule before it passes it: "
		    "defaults: {%s: drop} in its place would let it pass",
		    rule->directions & DIRECTION_IN ? "in" : "out");
}

static bool is_used(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (names_set(&policy->rules[i].source, name) ||
		    names_set(&policy->rules[i].destination, name))
			return true;
	return false;
}

static int lint_set(const struct teller *teller, const struct policy_set *set)
{
	struct lint_warning warning = {
		.kind = LINT_UNUSED,
		.what = "set",
		.line = set->line,
		.id = set->set.name,
	};

	if (set->set.action != SET_NONE ||
	    is_used(teller->policy, set->set.name))
		return 0;
	return tell(teller, &warning,
		    "does nothing: it has no action, and no rule names it");
}

static int lint_limit(const struct teller *teller, size_t at)
{
	const struct policy *policy = teller->policy;
	struct lint_warning warning = {
		.kind = LINT_UNUSED,
		.what = "limit",
		.line = policy->limits[at].line,
		.id = policy->limits[at].name,
	};

	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].action == RULE_LIMIT &&
		    policy->rules[i].limit == at)
			return 0;
	return tell(teller, &warning, "does nothing: no rule names it");
}

/* Is every interface that `inner` names one that `outer` names? */
static bool is_name_in(const char *outer, const char *inner)
{
	size_t len = strlen(outer);

	return strcmp(outer, inner) == 0 ||
	       (len > 0 && outer[len - 1] == '*' &&
		strncmp(outer, inner, len - 1) == 0);
}

static const struct zone *find_earlier_zone(const struct policy *policy,
					    size_t before, const char *name)
{
	for (size_t i = 0; i < before; i++)
		for (size_t k = 0; k < policy->zones[i].interface_count; k++)
			if (is_name_in(policy->zones[i].interfaces[k], name))
				return &policy->zones[i];
	return NULL;
}

static int lint_zone(const struct teller *teller, size_t at)
{
	const struct zone *zone = &teller->policy->zones[at];
	struct lint_warning warning = {
		.kind = LINT_UNREACHABLE,
		.what = "zone",
		.line = zone->line,
		.id = zone->name,
	};
	int r = 0;

	for (size_t i = 0; i < zone->interface_count && r >= 0; i++) {
		const struct zone *first = find_earlier_zone(
			teller->policy, at, zone->interfaces[i]);

		if (!first)
			continue;
		warning.by = first->name;
		r = tell(teller, &warning,
			 "never has %s: zone %s in line %u has it first",
			 zone->interfaces[i], first->name, first->line);
	}
	return r;
}

int lint(const struct policy *policy, lint_fn *fn, void *arg)
{
	const struct teller teller = {policy, fn, arg};
	int r = 0;

	assert(policy);
	assert(fn);

	for (size_t i = 0; i < policy->rule_count && r >= 0; i++) {
		r = lint_reach(&teller, i);
		if (r >= 0)
			r = lint_never(&teller, i);
		if (r >= 0)
			r = lint_management(&teller, i);
		if (r >= 0)
			r = lint_dhcp(&teller, i);
	}
	for (size_t i = 0; i < policy->set_count && r >= 0; i++)
		r = lint_set(&teller, &policy->sets[i]);
	for (size_t i = 0; i < policy->limit_count && r >= 0; i++)
		r = lint_limit(&teller, i);
	for (size_t i = 0; i < policy->zone_count && r >= 0; i++)
		r = lint_zone(&teller, i);
	return r < 0 ? r : 0;
}
