// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/policy.h"

#include <assert.h>
#include <ctype.h>

#define INTERFACE_MAX 15 /* IFNAMSIZ without the NUL */

static const char *const verdict_names[] = {
	[VERDICT_PASS] = "pass",
	[VERDICT_DROP] = "drop",
};
_Static_assert(ARRAY_LEN(verdict_names) == VERDICT_COUNT, "");

static const struct thresholds default_thresholds = {
	.flows = 262144,
	.half_open = 65536,
	.new_flows_per_second = 50000,
	.buckets = 262144,
	.tcp_established_s = 7440, /* two hours and four minutes, RFC 5382 */
	.tcp_opening_s = 30,
	.tcp_closing_s = 20,
	.udp_s = 30,
	.udp_answered_s = 300, /* RFC 4787 */
	.icmp_s = 60, /* RFC 5508 */
	.other_s = 600,
};

void policy_init(struct policy *policy)
{
	assert(policy);

	*policy = (struct policy){
		.default_in = VERDICT_PASS,
		.default_out = VERDICT_PASS,
		.default_other = VERDICT_PASS,
		.essentials = ESSENTIAL_ALL,
		.thresholds = default_thresholds,
	};
}

static void files_done(char **files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(files[i]);
	free(files);
}

static void set_done(struct policy_set *set)
{
	free(set->members);
	files_done(set->files, set->file_count);
}

void policy_done(struct policy *policy)
{
	assert(policy);

	for (size_t i = 0; i < policy->zone_count; i++)
		free(policy->zones[i].interfaces);
	for (size_t i = 0; i < policy->set_count; i++)
		set_done(&policy->sets[i]);
	for (size_t i = 0; i < GEO_KIND_COUNT; i++)
		files_done(policy->geo[i].files, policy->geo[i].file_count);
	for (size_t i = 0; i < policy->rule_count; i++)
		rule_done(&policy->rules[i]);
	free(policy->zones);
	free(policy->sets);
	free(policy->limits);
	free(policy->rules);
	free(policy->management);
	policy_init(policy);
}

/* A limit of new flows asks for states as much as a condition on them; what
 * came with a cookie is known by its flow. */
static bool asks_for_states(const struct policy *policy,
			    const struct rule *rule)
{
	if (rule->states)
		return true;
	if (rule->action == RULE_SYNCOOKIE)
		return !rule->is_shadow; /* which only counts */
	return rule->action == RULE_LIMIT &&
	       policy->limits[rule->limit].unit == LIMIT_FLOWS;
}

bool policy_asks_for_states(const struct policy *policy)
{
	assert(policy);

	for (size_t i = 0; i < policy->rule_count; i++)
		if (asks_for_states(policy, &policy->rules[i]))
			return true;
	return false;
}

bool policy_name_is_valid(const char *name, size_t max)
{
	size_t len = strlen(name);

	if (len == 0 || len >= max || !isalnum((unsigned char)name[0]))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
			return false;
	}
	return true;
}

bool policy_interface_is_valid(const char *name)
{
	size_t len = strlen(name);
	size_t plain = len > 0 && name[len - 1] == '*' ? len - 1 : len;

	if (len == 0 || plain > INTERFACE_MAX || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (size_t i = 0; i < plain; i++) {
		if (name[i] <= ' ' || name[i] >= 0x7f ||
		    strchr("/:*\"\\", name[i]))
			return false;
	}
	return true;
}

const char *verdict_name(enum verdict verdict)
{
	assert(verdict < VERDICT_COUNT);

	return verdict_names[verdict];
}
