// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/geo_sets.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/geo_files.h"

#define TOLD_MAX 20 /* countries that a file lists */

/* By kind, then by key. */
static int compare(const void *a, const void *b)
{
	const struct geo_wanted *left = a;
	const struct geo_wanted *right = b;

	if (left->place.kind != right->place.kind)
		return left->place.kind < right->place.kind ? -1 : 1;
	return left->place.key < right->place.key
		       ? -1
		       : left->place.key > right->place.key;
}

static void reading_done(struct geo_reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		listed_done(&reading->wanted[i].listed);
	free(reading->wanted);
}

static int list_wanted(struct geo_reading *reading, const struct policy *policy)
{
	reading->wanted =
		calloc(policy->set_count + 1, sizeof(*reading->wanted));
	if (!reading->wanted)
		return -ENOMEM;
	for (size_t i = 0; i < policy->set_count; i++) {
		struct geo_wanted *wanted = &reading->wanted[reading->count];
		const struct policy_set *set = &policy->sets[i];

		if (set->set.kind != SET_GEO ||
		    geo_from_name(set->set.name, &wanted->place) < 0)
			continue;
		wanted->at = i;
		wanted->capacity = set->set.capacity;
		reading->count++;
	}
	qsort(reading->wanted, reading->count, sizeof(*reading->wanted),
	      compare);
	return 0;
}

struct geo_wanted *geo_wanted_find(const struct geo_reading *reading,
				   enum geo_kind kind, uint32_t key)
{
	const struct geo_wanted wanted = {.place = {(uint8_t)kind, key}};

	return bsearch(&wanted, reading->wanted, reading->count,
		       sizeof(*reading->wanted), compare);
}

/* "; they list 3 countries: AQ, CN, DE" */
static void tell_listed(const struct geo_reading *reading, char *text,
			size_t size)
{
	size_t count = 0, used;
	char letters[3];

	for (uint32_t key = 0; key < GEO_COUNTRY_KEYS; key++)
		count += reading->is_listed[key] && geo_key_is_country(key);
	used = (size_t)snprintf(text, size, "; they list %zu %s", count,
				count == 1 ? "country" : "countries");
	count = 0;
	for (uint32_t key = 0; key < GEO_COUNTRY_KEYS; key++) {
		if (!reading->is_listed[key] || !geo_key_is_country(key))
			continue;
		used += (size_t)snprintf(
			text + used, size - used, "%s%s",
			count > 0 ? ", " : ": ",
			count < TOLD_MAX ? geo_letters_of_key(key, letters)
					 : "...");
		if (count++ == TOLD_MAX)
			return;
	}
}

static int refuse_empty(const struct geo_reading *reading,
			const struct policy_set *set, enum geo_kind kind)
{
	char listed[160] = "";

	if (kind == GEO_COUNTRY)
		tell_listed(reading, listed, sizeof(listed));
	(void)snprintf(reading->why, JUDGE_NOTE_MAX,
		       "%u:%u: no network of %s is in the files of \"geo: "
		       "{%s: ...}\", and a set of nobody would be the opposite "
		       "of what is meant%s",
		       set->line, set->column, set->set.name,
		       geo_kind_name(kind), listed);
	return -ENOENT;
}

static int check(struct geo_reading *reading, const struct policy *policy)
{
	for (size_t i = 0; i < reading->count; i++) {
		struct geo_wanted *wanted = &reading->wanted[i];
		int r;

		if (wanted->listed.count == 0)
			return refuse_empty(reading, &policy->sets[wanted->at],
					    wanted->place.kind);
		r = listed_sort(&wanted->listed);
		if (r < 0)
			return r;
	}
	return 0;
}

static int members_of(const struct geo_wanted *wanted,
		      struct prefix **ret_members)
{
	struct prefix *members =
		reallocarray(NULL, wanted->listed.count, sizeof(*members));

	if (!members)
		return -ENOMEM;
	for (size_t i = 0; i < wanted->listed.count; i++)
		members[i] = wanted->listed.list[i].prefix;
	*ret_members = members;
	return 0;
}

static int give_members(const struct geo_reading *reading,
			struct policy *policy, struct apply_set *sets)
{
	for (size_t i = 0; i < reading->count; i++) {
		const struct geo_wanted *wanted = &reading->wanted[i];
		struct policy_set *set = &policy->sets[wanted->at];
		int r = members_of(wanted, &set->members);

		if (r < 0)
			return r;
		set->member_count = wanted->listed.count;
		(void)snprintf(sets[wanted->at].reason, REASON_MAX,
			       "policy: %s", wanted->sources);
	}
	return 0;
}

static int read_kind(struct geo_reading *reading, const struct policy *policy,
		     enum geo_kind kind)
{
	const struct policy_geo *geo = &policy->geo[kind];
	bool is_wanted = false;
	int r = 0;

	for (size_t i = 0; i < reading->count; i++)
		is_wanted |= reading->wanted[i].place.kind == kind;
	for (size_t i = 0; is_wanted && i < geo->file_count && r == 0; i++)
		r = geo_file_read(reading, kind, geo->files[i]);
	return r;
}

int geo_sets_read(struct apply *apply)
{
	CLEANUP(reading_done) struct geo_reading reading = {.why = apply->why};
	struct policy *policy = &apply->judge->policy;
	int r;

	assert(apply->set_count == policy->set_count);

	r = list_wanted(&reading, policy);
	for (unsigned int kind = 0; kind < GEO_KIND_COUNT && r == 0; kind++)
		r = read_kind(&reading, policy, (enum geo_kind)kind);
	if (r == 0)
		r = check(&reading, policy);
	return r < 0 ? r : give_members(&reading, policy, apply->sets);
}
