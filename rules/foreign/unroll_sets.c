// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/foreign/condition.h"
#include "rules/foreign/unroll.h"

static bool name_is_taken(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->set_count; i++) {
		if (strcmp(policy->sets[i].set.name, name) == 0)
			return true;
	}
	return false;
}

static bool is_builtin(const char *name)
{
	for (size_t i = 0; i < SET_ID_FIRST_FREE - 1; i++) {
		if (strcmp(set_builtins[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Like the foreign name, of what names of sets are made of. */
static size_t plain_name(const char *foreign, char ret_name[SET_NAME_MAX])
{
	size_t len = 0;

	memset(ret_name, 0, SET_NAME_MAX);
	for (; foreign[len] != '\0' && len < SET_NAME_MAX - 1; len++) {
		char c = foreign[len];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			c = '-';
		ret_name[len] = c;
	}
	if (len == 0 || ret_name[0] < 'a' || ret_name[0] > 'z') {
		ret_name[0] = 's';
		len += len == 0;
	}
	if (len > SET_NAME_MAX - 6)
		len = SET_NAME_MAX - 6;
	if (is_builtin(ret_name))
		memcpy(ret_name + len, "-2", 3);
	return len;
}

/* And like no other. */
static void make_name(const struct policy *policy, const char *foreign,
		      char ret_name[SET_NAME_MAX])
{
	size_t len = plain_name(foreign, ret_name);

	for (unsigned int i = 2; name_is_taken(policy, ret_name); i++)
		(void)snprintf(ret_name + len, SET_NAME_MAX - len, "-%u", i);
}

static struct policy_set *find_set(struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->set_count; i++) {
		if (strcmp(policy->sets[i].set.name, name) == 0)
			return &policy->sets[i];
	}
	return NULL;
}

/* The other family's half of it, if the policy has that already. */
static struct policy_set *find_half(const struct ruleset *ruleset,
				    const struct foreign_set *set,
				    struct policy *policy)
{
	for (const struct foreign_set *other = ruleset->sets; other < set;
	     other++) {
		if (strcmp(other->table, set->table) == 0 &&
		    strcmp(other->base, set->base) == 0 &&
		    other->family != set->family &&
		    other->policy_name[0] != '\0')
			return find_set(policy, other->policy_name);
	}
	return NULL;
}

static int declare(struct policy *policy, const struct foreign_set *foreign,
		   struct policy_set **ret_set)
{
	struct policy_set *sets;
	struct policy_set *set;

	if (policy->set_count == POLICY_SETS_MAX)
		return -ENOSPC;
	sets = array_room(policy->sets, policy->set_count, sizeof(*sets));
	if (!sets)
		return -ENOMEM;
	policy->sets = sets;
	set = &sets[policy->set_count];
	*set = (struct policy_set){
		.set =
			{
				.action = SET_NONE,
				.kind = foreign->is_dynamic ? SET_DYNAMIC
							    : SET_STATIC,
				.capacity = SET_CAPACITY_DEFAULT,
			},
		.line = foreign->excerpt.line,
	};
	make_name(policy, foreign->base, set->set.name);
	policy->set_count++;
	*ret_set = set;
	return 0;
}

static int member_order(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

static int add_members(struct policy_set *set, const struct foreign_set *from)
{
	size_t kept = 0;

	for (size_t i = 0; i < from->member_count; i++) {
		struct prefix *members = array_room(
			set->members, set->member_count, sizeof(*members));

		if (!members)
			return -ENOMEM;
		set->members = members;
		members[set->member_count++] = from->members[i];
	}
	if (set->member_count == 0)
		return 0;
	qsort(set->members, set->member_count, sizeof(*set->members),
	      member_order);
	for (size_t i = 1; i < set->member_count; i++) {
		if (prefix_cmp(&set->members[kept], &set->members[i]) != 0)
			set->members[++kept] = set->members[i];
	}
	set->member_count = kept + 1;
	return 0;
}

static void note(struct foreign_report *report, const struct foreign_set *set,
		 enum note_kind kind, const char *why)
{
	foreign_report_add(report, kind, set->excerpt.line, set->excerpt.text,
			   set->excerpt.len, why);
}

static int unroll_set(struct ruleset *ruleset, struct foreign_set *foreign,
		      struct policy *policy, struct foreign_report *report)
{
	struct policy_set *set = find_half(ruleset, foreign, policy);
	int r;

	if (!set) {
		r = declare(policy, foreign, &set);
		if (r == -ENOSPC) {
			note(report, foreign, NOTE_LEFT_OUT,
			     "a policy has no room for as many sets");
			return 0;
		}
		if (r < 0)
			return r;
	}
	memcpy(foreign->policy_name, set->set.name, SET_NAME_MAX);
	if (!foreign->is_dynamic)
		return add_members(set, foreign);
	set->set.kind = SET_DYNAMIC;
	if (foreign->member_count > 0)
		note(report, foreign, NOTE_LEFT_OUT,
		     "members that expire are not the policy's");
	return 0;
}

int unroll_sets(struct ruleset *ruleset, struct policy *policy,
		struct foreign_report *report)
{
	assert(ruleset);
	assert(policy);
	assert(report);

	for (size_t i = 0; i < ruleset->set_count; i++) {
		struct foreign_set *set = &ruleset->sets[i];
		int r;

		if (set->family == 0 || set->is_meter)
			continue;
		r = unroll_set(ruleset, set, policy, report);
		if (r < 0)
			return r;
	}
	return 0;
}

int unroll_find_set(struct policy *policy, const char *foreign,
		    char ret_name[SET_NAME_MAX])
{
	struct foreign_set new = {.is_dynamic = true};
	char name[SET_NAME_MAX];
	struct policy_set *set;
	int r = 0;

	assert(policy);
	assert(foreign);

	(void)plain_name(foreign, name);
	if (!find_set(policy, name)) {
		(void)snprintf(new.base, sizeof(new.base), "%s", foreign);
		r = declare(policy, &new, &set);
		if (r < 0)
			return r;
		memcpy(name, set->set.name, SET_NAME_MAX);
		r = 1;
	}
	memcpy(ret_name, name, SET_NAME_MAX);
	return r;
}
