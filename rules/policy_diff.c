// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/policy_diff.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE SIZE_MAX

static const char *const what_names[] = {
	[DIFF_ZONE] = "zone",	[DIFF_SETTING] = "setting", [DIFF_SET] = "set",
	[DIFF_LIMIT] = "limit", [DIFF_RULE] = "rule",
};
_Static_assert(ARRAY_LEN(what_names) == DIFF_WHAT_COUNT, "");

static const char *const change_names[] = {
	[DIFF_ADDED] = "added",
	[DIFF_REMOVED] = "removed",
	[DIFF_CHANGED] = "changed",
	[DIFF_MOVED] = "moved",
};
_Static_assert(ARRAY_LEN(change_names) == DIFF_CHANGE_COUNT, "");

struct teller {
	const struct policy *before, *after;
	diff_fn *fn;
	void *arg;
};

/* Members that only one of two ordered rows has. */
static void count_members(const struct prefix *old, size_t old_count,
			  const struct prefix *new, size_t new_count,
			  struct difference *difference)
{
	size_t i = 0, k = 0;

	while (i < old_count || k < new_count) {
		int order = i == old_count   ? 1
			    : k == new_count ? -1
					     : prefix_cmp(&old[i], &new[k]);

		difference->members_removed += order < 0;
		difference->members_added += order > 0;
		i += order <= 0;
		k += order >= 0;
	}
}

/* Kinds of things that have names. */

static const char *zone_name(const struct policy *policy, size_t at)
{
	return policy->zones[at].name;
}

static const char *set_name(const struct policy *policy, size_t at)
{
	return policy->sets[at].set.name;
}

static const char *limit_name(const struct policy *policy, size_t at)
{
	return policy->limits[at].name;
}

static const char *rule_name(const struct policy *policy, size_t at)
{
	return policy->rules[at].id;
}

static size_t zone_count(const struct policy *policy)
{
	return policy->zone_count;
}

static size_t set_count(const struct policy *policy)
{
	return policy->set_count;
}

/* Those with a name come first. */
static size_t limit_count(const struct policy *policy)
{
	size_t count = 0;

	while (count < policy->limit_count && *policy->limits[count].name)
		count++;
	return count;
}

static size_t rule_count(const struct policy *policy)
{
	return policy->rule_count;
}

static uint32_t zone_line(const struct policy *policy, size_t at)
{
	return policy->zones[at].line;
}

static uint32_t set_line(const struct policy *policy, size_t at)
{
	return policy->sets[at].line;
}

static uint32_t limit_line(const struct policy *policy, size_t at)
{
	return policy->limits[at].line;
}

static uint32_t rule_line(const struct policy *policy, size_t at)
{
	return policy->rules[at].line;
}

static int compare_zone(const struct teller *teller, size_t old, size_t new,
			struct difference *difference)
{
	const struct zone *a = &teller->before->zones[old];
	const struct zone *b = &teller->after->zones[new];

	bool differs = a->interface_count != b->interface_count;

	for (size_t i = 0; i < a->interface_count && !differs; i++)
		differs = strcmp(a->interfaces[i], b->interfaces[i]) != 0;
	if (differs)
		(void)snprintf(difference->keys, sizeof(difference->keys),
			       "interfaces");
	return 0;
}

static int compare_set(const struct teller *teller, size_t old, size_t new,
		       struct difference *difference)
{
	const struct policy_set *a = &teller->before->sets[old];
	const struct policy_set *b = &teller->after->sets[new];
	const struct document_part before = {teller->before, a};
	const struct document_part after = {teller->after, b};

	count_members(a->members, a->member_count, b->members, b->member_count,
		      difference);
	return document_compare(&schema_set, &before, &after, difference->keys);
}

static int compare_limit(const struct teller *teller, size_t old, size_t new,
			 struct difference *difference)
{
	const struct document_part before = {teller->before,
					     &teller->before->limits[old]};
	const struct document_part after = {teller->after,
					    &teller->after->limits[new]};

	return document_compare(&schema_limit, &before, &after,
				difference->keys);
}

static int compare_rule(const struct teller *teller, size_t old, size_t new,
			struct difference *difference)
{
	const struct document_part before = {teller->before,
					     &teller->before->rules[old]};
	const struct document_part after = {teller->after,
					    &teller->after->rules[new]};

	return document_compare(&schema_rule, &before, &after,
				difference->keys);
}

struct kind {
	enum diff_what what;
	bool has_order;
	size_t (*count)(const struct policy *policy);
	const char *(*name)(const struct policy *policy, size_t at);
	uint32_t (*line)(const struct policy *policy, size_t at);
	int (*compare)(const struct teller *teller, size_t old, size_t new,
		       struct difference *difference);
};

static const struct kind zones = {
	DIFF_ZONE, true, zone_count, zone_name, zone_line, compare_zone,
};
static const struct kind sets = {
	DIFF_SET, false, set_count, set_name, set_line, compare_set,
};
static const struct kind limits = {
	DIFF_LIMIT, false, limit_count, limit_name, limit_line, compare_limit,
};
static const struct kind rules = {
	DIFF_RULE, true, rule_count, rule_name, rule_line, compare_rule,
};

/* Where the old ones are, by name. */
struct index {
	const char *name;
	size_t at;
};

static int compare_index(const void *a, const void *b)
{
	return strcmp(((const struct index *)a)->name,
		      ((const struct index *)b)->name);
}

/* Which old one each new one is, and which of them keep their order. */
struct match {
	size_t old_count, new_count;
	size_t *old_of; /* of each new one; NOWHERE: it is added */
	bool *stays; /* each new one, if it has an old one */
	bool *is_kept; /* each old one */
	size_t *tops, *before; /* of find_stays() */
};

static void match_done(struct match *match)
{
	free(match->old_of);
	free(match->stays);
	free(match->is_kept);
	free(match->tops);
	free(match->before);
}

static int match_names(const struct teller *teller, const struct kind *kind,
		       struct match *match)
{
	CLEANUP(freep)
	struct index *index = calloc(match->old_count + 1, sizeof(*index));

	if (!index)
		return -ENOMEM;
	for (size_t i = 0; i < match->old_count; i++)
		index[i] = (struct index){kind->name(teller->before, i), i};
	qsort(index, match->old_count, sizeof(*index), compare_index);
	for (size_t i = 0; i < match->new_count; i++) {
		const struct index wanted = {kind->name(teller->after, i), 0};
		const struct index *found =
			bsearch(&wanted, index, match->old_count,
				sizeof(*index), compare_index);

		match->old_of[i] = found ? found->at : NOWHERE;
		if (found)
			match->is_kept[found->at] = true;
	}
	return 0;
}

/* The longest run of new ones that are in the old order, by patience: `tops`
 * are the last of the best run of each length, `before` who comes before. */
static void find_stays(struct match *match)
{
	size_t *tops = match->tops, *before = match->before;
	size_t length = 0;

	for (size_t i = 0; i < match->new_count; i++) {
		size_t low = 0, high = length;

		if (match->old_of[i] == NOWHERE)
			continue;
		while (low < high) {
			size_t middle = (low + high) / 2;

			if (match->old_of[tops[middle]] < match->old_of[i])
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low > 0 ? tops[low - 1] : NOWHERE;
		tops[low] = i;
		length += low == length;
	}
	for (size_t i = length > 0 ? tops[length - 1] : NOWHERE; i != NOWHERE;
	     i = before[i])
		match->stays[i] = true;
}

static int match_kind(const struct teller *teller, const struct kind *kind,
		      struct match *match)
{
	int r;

	match->old_count = kind->count(teller->before);
	match->new_count = kind->count(teller->after);
	match->old_of = calloc(match->new_count + 1, sizeof(*match->old_of));
	match->stays = calloc(match->new_count + 1, sizeof(*match->stays));
	match->is_kept = calloc(match->old_count + 1, sizeof(*match->is_kept));
	match->tops = calloc(match->new_count + 1, sizeof(*match->tops));
	match->before = calloc(match->new_count + 1, sizeof(*match->before));
	if (!match->old_of || !match->stays || !match->is_kept ||
	    !match->tops || !match->before)
		return -ENOMEM;
	r = match_names(teller, kind, match);
	if (r == 0)
		find_stays(match);
	return r;
}

static struct difference of(const struct kind *kind,
			    const struct policy *policy, size_t at,
			    enum diff_change change)
{
	return (struct difference){
		.what = (uint8_t)kind->what,
		.change = (uint8_t)change,
		.name = kind->name(policy, at),
		.line = kind->line(policy, at),
	};
}

static int tell_removed(const struct teller *teller, const struct kind *kind,
			const struct match *match)
{
	int r = 0;

	for (size_t i = 0; i < match->old_count && r >= 0; i++) {
		struct difference difference =
			of(kind, teller->before, i, DIFF_REMOVED);

		if (match->is_kept[i])
			continue;
		if (kind->what == DIFF_SET)
			difference.members_removed =
				teller->before->sets[i].member_count;
		r = teller->fn(teller->arg, &difference);
	}
	return r;
}

static int tell_added(const struct teller *teller, const struct kind *kind,
		      size_t at)
{
	struct difference difference = of(kind, teller->after, at, DIFF_ADDED);

	if (kind->what == DIFF_SET)
		difference.members_added = teller->after->sets[at].member_count;
	return teller->fn(teller->arg, &difference);
}

static int tell_kept(const struct teller *teller, const struct kind *kind,
		     const struct match *match, size_t at)
{
	struct difference difference = of(kind, teller->after, at, DIFF_MOVED);
	int r = kind->compare(teller, match->old_of[at], at, &difference);

	if (r < 0)
		return r;
	difference.is_moved = kind->has_order && !match->stays[at];
	if (*difference.keys || difference.members_added ||
	    difference.members_removed)
		difference.change = DIFF_CHANGED;
	return difference.is_moved || difference.change == DIFF_CHANGED
		       ? teller->fn(teller->arg, &difference)
		       : 0;
}

static int tell_kind(const struct teller *teller, const struct kind *kind)
{
	struct match match = {0};
	int r = match_kind(teller, kind, &match);

	if (r == 0)
		r = tell_removed(teller, kind, &match);
	for (size_t i = 0; i < match.new_count && r >= 0; i++)
		r = match.old_of[i] == NOWHERE
			    ? tell_added(teller, kind, i)
			    : tell_kept(teller, kind, &match, i);
	match_done(&match);
	return r;
}

/* A key of the document that is not a collection of named things. */
static int tell_setting(const struct teller *teller,
			const struct schema_key *key)
{
	const struct schema_mapping alone = {.keys = key, .key_count = 1};
	const struct schema_mapping *mapping =
		key->mapping ? key->mapping : &alone;
	const struct document_part before = {teller->before, teller->before};
	const struct document_part after = {teller->after, teller->after};
	struct difference difference = {
		.what = DIFF_SETTING,
		.change = DIFF_CHANGED,
		.name = key->name,
	};
	int r = 0;

	if (key->type == SCHEMA_PREFIXES)
		count_members(teller->before->management,
			      teller->before->management_count,
			      teller->after->management,
			      teller->after->management_count, &difference);
	else
		r = document_compare(mapping, &before, &after, difference.keys);
	if (r < 0)
		return r;
	return *difference.keys || difference.members_added ||
			       difference.members_removed
		       ? teller->fn(teller->arg, &difference)
		       : 0;
}

static int tell_settings(const struct teller *teller)
{
	int r = 0;

	for (size_t i = 0; i < schema_document.key_count && r >= 0; i++) {
		const struct schema_key *key = &schema_document.keys[i];

		if (key->type == SCHEMA_GROUP || key->type == SCHEMA_WORDS ||
		    key->type == SCHEMA_PREFIXES)
			r = tell_setting(teller, key);
	}
	return r;
}

int policy_diff(const struct policy *before, const struct policy *after,
		diff_fn *fn, void *arg)
{
	const struct teller teller = {before, after, fn, arg};
	int r;

	assert(before);
	assert(after);
	assert(fn);

	r = tell_kind(&teller, &zones);
	if (r >= 0)
		r = tell_settings(&teller);
	if (r >= 0)
		r = tell_kind(&teller, &sets);
	if (r >= 0)
		r = tell_kind(&teller, &limits);
	if (r >= 0)
		r = tell_kind(&teller, &rules);
	return r < 0 ? r : 0;
}

const char *diff_what_name(enum diff_what what)
{
	assert((unsigned int)what < DIFF_WHAT_COUNT);

	return what_names[what];
}

const char *diff_change_name(enum diff_change change)
{
	assert((unsigned int)change < DIFF_CHANGE_COUNT);

	return change_names[change];
}
