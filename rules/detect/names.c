// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/names.h"

#include "rules/base.h"
#include "rules/detect/view.h"

/* Is the field, in some view of the category, what DNS said? */
static bool is_name(enum detect_category category, const char *field)
{
	for (size_t i = 0; i < detect_view_count; i++) {
		const struct detect_field *found =
			detect_views[i].category == category
				? detect_field_of(&detect_views[i], field)
				: NULL;

		for (size_t j = 0; found && j < ARRAY_LEN(found->sources); j++)
			if (found->sources[j] == SOURCE_WORD + EVENT_HOSTNAME)
				return true;
	}
	return false;
}

/* Is there one that counts for the rule to be met, or against it? */
static bool has_name(const struct detect_rule *rule,
		     const struct detect_node *node, bool counts_for)
{
	if (node->op == DETECT_TEST)
		return counts_for && is_name(rule->category, node->field);
	if (node->op == DETECT_SAME)
		return has_name(rule, node->first, counts_for);
	for (const struct detect_node *part = node->first; part;
	     part = part->next)
		if (has_name(rule, part,
			     counts_for != (node->op == DETECT_NOT)))
			return true;
	return false;
}

bool names_are_trusted(const struct detect_rule *rule)
{
	bool lets_through = rule->action == DETECT_IGNORE ||
			    (rule->action == DETECT_ALLOW && !rule->is_step);

	return rule->condition && has_name(rule, rule->condition, lets_through);
}
