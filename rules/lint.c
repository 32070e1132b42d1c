// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/lint.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

/* Does a rule before pass what a DHCP server answers to the clients of this
 * direction? */
static bool passes_dhcp(const struct policy *policy, size_t before,
			const struct rule *drop)
{
	struct range protocol = {PROTOCOL_UDP, PROTOCOL_UDP};
	struct range server = {DHCP_SERVER, DHCP_SERVER};
	struct range client = {DHCP_CLIENT, DHCP_CLIENT};
	const struct rule dhcp = {
		.directions = drop->directions,
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
		    policy->rules[i].action == RULE_PASS &&
		    rule_covers(&policy->rules[i], &dhcp))
			return true;
	return false;
}

static int lint_dhcp(const struct teller *teller, size_t at)
{
	const struct policy *policy = teller->policy;
	const struct rule *rule = &policy->rules[at];
	struct lint_warning warning = of_rule(rule, LINT_DHCP);

	if (!(policy->essentials & ESSENTIAL_DHCP) || !ends(rule) ||
	    rule->action != RULE_DROP || !rule_is_plain(rule) ||
	    rule->family == 6 || find_cover(policy, at) ||
	    passes_dhcp(policy, at, rule))
		return 0;
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
		.is_set = true,
		.line = set->line,
		.id = set->set.name,
	};

	if (set->set.action != SET_NONE ||
	    is_used(teller->policy, set->set.name))
		return 0;
	return tell(teller, &warning,
		    "does nothing: it has no action, and no rule names it");
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
			r = lint_management(&teller, i);
		if (r >= 0)
			r = lint_dhcp(&teller, i);
	}
	for (size_t i = 0; i < policy->set_count && r >= 0; i++)
		r = lint_set(&teller, &policy->sets[i]);
	return r < 0 ? r : 0;
}
