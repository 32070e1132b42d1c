// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/rule.h"

#include <assert.h>

#include "rules/base.h"

static const char *const action_names[] = {
	[RULE_PASS] = "pass",		[RULE_DROP] = "drop",
	[RULE_LIMIT] = "limit",		[RULE_COUNT] = "count",
	[RULE_SYNCOOKIE] = "syncookie",
};
_Static_assert(ARRAY_LEN(action_names) == RULE_ACTION_COUNT, "");

static const char *const state_names[] = {
	[FLOW_NEW] = "new",
	[FLOW_ESTABLISHED] = "established",
	[FLOW_RELATED] = "related",
	[FLOW_INVALID] = "invalid",
};
_Static_assert(ARRAY_LEN(state_names) == FLOW_STATE_COUNT, "");

static const char *const frag_names[] = {
	[FRAG_NONE] = "none",
	[FRAG_FIRST] = "first",
	[FRAG_LATER] = "later",
};
_Static_assert(ARRAY_LEN(frag_names) == FRAG_KIND_COUNT, "");

static const char *const unit_names[] = {
	[LIMIT_PACKETS] = "packets",
	[LIMIT_BYTES] = "bytes",
	[LIMIT_FLOWS] = "flows",
};
_Static_assert(ARRAY_LEN(unit_names) == LIMIT_UNIT_COUNT, "");

static const char *const per_names[] = {
	[LIMIT_PER_SOURCE] = "source",
	[LIMIT_PER_SOURCE_NET] = "source-net",
	[LIMIT_PER_DESTINATION] = "destination",
	[LIMIT_PER_RULE] = "rule",
};
_Static_assert(ARRAY_LEN(per_names) == LIMIT_PER_COUNT, "");

void rule_done(struct rule *rule)
{
	assert(rule);

	free(rule->zones.names);
	free(rule->interfaces.names);
	free(rule->source.prefixes);
	free(rule->source.sets);
	free(rule->destination.prefixes);
	free(rule->destination.sets);
	for (size_t i = 0; i < RANGE_COUNT; i++)
		free(rule->ranges[i].ranges);
	free(rule->flags.flags);
	free(rule->macs.macs);
	free(rule->windows);
	*rule = (struct rule){0};
}

static bool is_in_window(const struct window *window, unsigned int day,
			 unsigned int minute)
{
	unsigned int before = (day + 6) % 7;
	bool today = window->days >> day & 1;
	bool yesterday = window->days >> before & 1;

	if (window->from_min < window->to_min)
		return today && minute >= window->from_min &&
		       minute < window->to_min;
	return (today && minute >= window->from_min) ||
	       (yesterday && minute < window->to_min);
}

bool rule_is_awake(const struct rule *rule, unsigned int day,
		   unsigned int minute)
{
	assert(day < 7);

	for (size_t i = 0; i < rule->window_count; i++)
		if (is_in_window(&rule->windows[i], day, minute))
			return true;
	return false;
}

const char *rule_action_name(enum rule_action action)
{
	assert(action < RULE_ACTION_COUNT);

	return action_names[action];
}

const char *flow_state_name(enum flow_state state)
{
	assert(state < FLOW_STATE_COUNT);

	return state_names[state];
}

const char *frag_kind_name(enum frag_kind kind)
{
	assert(kind < FRAG_KIND_COUNT);

	return frag_names[kind];
}

const char *limit_unit_name(enum limit_unit unit)
{
	assert(unit < LIMIT_UNIT_COUNT);

	return unit_names[unit];
}

const char *limit_per_name(enum limit_per per)
{
	assert(per < LIMIT_PER_COUNT);

	return per_names[per];
}
