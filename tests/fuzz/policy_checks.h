/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy_checks.h - what a policy read from anywhere must keep.
 */
#pragma once

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/foreign/nft_print.h"
#include "rules/foreign/nftables.h"
#include "rules/foreign/report.h"
#include "rules/policy.h"

static inline void check_address(const struct policy *policy,
				 const struct match_address *match)
{
	for (size_t i = 0; i < match->set_count; i++) {
		size_t k = 0;

		while (k < policy->set_count &&
		       strcmp(policy->sets[k].set.name, match->sets[i]) != 0)
			k++;
		assert(k < policy->set_count);
	}
}

static inline void check_ranges(const struct match_ranges *match)
{
	for (size_t i = 0; i < match->count; i++) {
		assert(match->ranges[i].first <= match->ranges[i].last);
		assert(i == 0 ||
		       match->ranges[i].first > match->ranges[i - 1].last);
	}
}

static inline void check_rule(const struct policy *policy, size_t index)
{
	const struct rule *rule = &policy->rules[index];

	assert(policy_name_is_valid(rule->id, RULE_ID_MAX));
	for (size_t i = index > 64 ? index - 64 : 0; i < index; i++)
		assert(strcmp(policy->rules[i].id, rule->id) != 0);
	assert(rule->directions != 0);
	assert(rule->family == 0 || rule->family == 4 || rule->family == 6);
	assert(rule->states < 1 << FLOW_STATE_COUNT);
	if (rule->action == RULE_LIMIT) {
		assert(rule->limit < policy->limit_count);
		assert(policy->limits[rule->limit].rate > 0);
		assert(policy->limits[rule->limit].burst > 0);
	}
	check_address(policy, &rule->source);
	check_address(policy, &rule->destination);
	for (size_t i = 0; i < RANGE_COUNT; i++)
		check_ranges(&rule->ranges[i]);
	for (size_t i = 0; i < rule->flags.count; i++)
		assert((rule->flags.flags[i].value &
			~rule->flags.flags[i].mask) == 0);
	for (size_t i = 0; i < rule->window_count; i++) {
		assert(rule->windows[i].days != 0);
		assert(rule->windows[i].from_min < rule->windows[i].to_min);
	}
}

static inline void check_policy(const struct policy *policy,
				const struct foreign_report *report)
{
	assert(policy->rule_count <= POLICY_RULES_MAX);
	assert(policy->set_count <= POLICY_SETS_MAX);
	assert(policy->limit_count <= POLICY_LIMITS_MAX);
	for (size_t i = 0; i < policy->set_count; i++) {
		const struct policy_set *set = &policy->sets[i];

		assert(set_name_is_valid(set->set.name));
		for (size_t k = 1; k < set->member_count; k++)
			assert(prefix_cmp(&set->members[k - 1],
					  &set->members[k]) < 0);
	}
	for (size_t i = 0; i < policy->rule_count; i++)
		check_rule(policy, i);
	assert(report->note_count <= REPORT_NOTES_MAX);
	for (size_t i = 0; i < report->note_count; i++)
		assert(report->notes[i].reason &&
		       memchr(report->notes[i].text, '\0', REPORT_TEXT_MAX));
}

static inline char *export_of(const struct policy *policy)
{
	struct foreign_report report = {0};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert(out);
	assert(nftables_print(policy, out, &report) == 0);
	(void)fclose(out);
	foreign_report_done(&report);
	return text;
}

/* Without the lines for people, which a reader does not keep. */
static inline void drop_comments(char *text)
{
	char *to = text;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		size_t blank = strspn(text, "\t");

		len += text[len] == '\n';
		if (text[blank] != '#') {
			memmove(to, text, len);
			to += len;
		}
		text += len;
	}
	*to = '\0';
}

/* What was written is read whole, and written again it is the same. */
static inline void check_export(const struct policy *policy)
{
	struct foreign_report report = {0};
	struct policy back;
	char *first = export_of(policy), *second;

	policy_init(&back);
	assert(nftables_read(first, strlen(first), &back, &report) == 0);
	assert(report.totals[NOTE_LEFT_OUT] == 0);
	second = export_of(&back);
	drop_comments(first);
	drop_comments(second);
	/* sets of limits stand in the order of their rules, which may differ
	 * where the two directions do not depend on each other */
	assert(strcmp(strstr(first, "\tchain in {"),
		      strstr(second, "\tchain in {")) == 0);
	policy_done(&back);
	foreign_report_done(&report);
	free(first);
	free(second);
}

/* Of a reader that answered `r`: done with both afterwards. */
static inline void check_read(int r, struct policy *policy,
			      struct foreign_report *report)
{
	assert(r == 0 || r == -E2BIG);
	if (r == 0) {
		check_policy(policy, report);
		check_export(policy);
	}
	foreign_report_done(report);
	policy_done(policy);
}
