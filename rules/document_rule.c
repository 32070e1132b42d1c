// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document_reader.h"

#define TCP 6

int document_read_windows(struct document_reader *reader,
			  const struct schema_key *key,
			  const struct node *value, void *field)
{
	struct rule *rule = field;
	struct document_items items;
	int r = document_items_of(reader, key, value, false, &items);

	if (r < 0)
		return r;
	rule->windows = calloc(items.count, sizeof(*rule->windows));
	if (!rule->windows)
		return -ENOMEM;
	for (const struct node *item = items.first; items.count > 0;
	     items.count--, item = item->next) {
		struct window *window = &rule->windows[rule->window_count];
		struct document_values values;

		*window = (struct window){.days = 0x7f, .to_min = 1440};
		r = document_read_mapping(reader, key->mapping, item, window,
					  &values);
		if (r < 0)
			return r;
		rule->window_count++;
	}
	return 0;
}

static bool asks_for_tcp_only(const struct rule *rule)
{
	const struct match_ranges *match = &rule->ranges[RANGE_PROTOCOL];

	return match->count == 1 && !match->is_negated &&
	       match->ranges[0].first == TCP && match->ranges[0].last == TCP;
}

/* Cookies are sent from where a SYN arrives, and only TCP has them. */
static int check_syncookie(struct document_reader *reader,
			   const struct rule *rule, const struct node *node)
{
	if (!asks_for_tcp_only(rule))
		return document_note_refuse(reader->note, node->mark,
					    "rule \"%s\" of action syncookie "
					    "needs \"protocol: tcp\"",
					    rule->id);
	if (rule->directions & DIRECTION_OUT)
		return document_note_refuse(reader->note, node->mark,
					    "rule \"%s\" of action syncookie "
					    "is for what comes in, and has the "
					    "key \"out\"",
					    rule->id);
	return 0;
}

/* What no single key can see. */
static int check_rule(struct document_reader *reader, const struct rule *rule,
		      const struct node *node,
		      const struct document_values *values)
{
	const struct node *limit =
		document_value_of(&schema_rule, values, "limit");
	size_t prefix_count =
		rule->source.prefix_count + rule->destination.prefix_count;

	if (rule->action == RULE_LIMIT && !limit)
		return document_note_refuse(reader->note, node->mark,
					    "rule \"%s\" of action limit needs "
					    "the key \"limit\"",
					    rule->id);
	if (rule->action != RULE_LIMIT && limit)
		return document_note_refuse(reader->note, limit->mark,
					    "rule \"%s\" has a limit, but its "
					    "action is %s",
					    rule->id,
					    rule_action_name(rule->action));
	if (prefix_count > DOCUMENT_RULE_PREFIXES_MAX)
		return document_note_refuse_count(
			reader->note, node->mark, prefix_count,
			DOCUMENT_RULE_PREFIXES_MAX, "networks in one rule");
	if (rule->action == RULE_SYNCOOKIE)
		return check_syncookie(reader, rule, node);
	return 0;
}

static int read_rule(struct document_reader *reader, const struct node *node,
		     struct rule *rule)
{
	struct document_values values;
	int r;

	rule->line = node->mark.line;
	r = document_read_mapping(reader, &schema_rule, node, rule, &values);
	if (r < 0)
		return r;
	if (rule->directions == 0)
		rule->directions = DIRECTION_IN;
	return check_rule(reader, rule, node, &values);
}

static int compare_ids(const void *a, const void *b)
{
	const struct rule *const *left = a;
	const struct rule *const *right = b;
	int order = strcmp((*left)->id, (*right)->id);

	if (order != 0)
		return order;
	return *left < *right ? -1 : *left > *right;
}

static int check_ids(struct document_reader *reader)
{
	const struct policy *policy = reader->policy;
	CLEANUP(freep)
	const struct rule **sorted =
		calloc(policy->rule_count + 1, sizeof(struct rule *));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < policy->rule_count; i++)
		sorted[i] = &policy->rules[i];
	qsort(sorted, policy->rule_count, sizeof(struct rule *), compare_ids);
	for (size_t i = 1; i < policy->rule_count; i++) {
		if (strcmp(sorted[i - 1]->id, sorted[i]->id) == 0)
			return document_note_refuse(
				reader->note, (struct mark){sorted[i]->line, 1},
				"the rules on line %u and line %u have the "
				"same id \"%s\"",
				sorted[i - 1]->line, sorted[i]->line,
				sorted[i]->id);
	}
	return 0;
}

int document_read_rules(struct document_reader *reader,
			const struct schema_key *key, const struct node *value,
			void *field)
{
	struct policy *policy = reader->policy;

	(void)key;
	(void)field;
	if (value->kind != NODE_LIST)
		return document_note_refuse(reader->note, value->mark,
					    "rules are a list, [] for none");
	if (value->count > POLICY_RULES_MAX)
		return document_note_refuse_count(reader->note, value->mark,
						  value->count,
						  POLICY_RULES_MAX, "rules");
	policy->rules = calloc(value->count + 1, sizeof(*policy->rules));
	if (!policy->rules)
		return -ENOMEM;
	for (const struct node *node = value->first; node; node = node->next) {
		int r = read_rule(reader, node,
				  &policy->rules[policy->rule_count++]);

		if (r < 0)
			return r;
	}
	return check_ids(reader);
}
