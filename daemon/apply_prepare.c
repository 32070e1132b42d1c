// SPDX-License-Identifier: GPL-2.0-or-later
/* What of an apply is done on the worker. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/apply_job.h"
#include "daemon/cookies.h"
#include "daemon/geo_sets.h"
#include "daemon/listed.h"
#include "daemon/merge/guard.h"
#include "daemon/slurp.h"
#include "rules/feedfile/plain.h"

/* The members of a set on their way from its lists. */
struct reading {
	const struct policy_set *set;
	const struct guard *guard; /* NULL: it may have anybody */
	const char *path; /* of the list */
	struct listed_array *listed;
	char *why; /* JUDGE_NOTE_MAX */
};

__attribute__((format(printf, 3, 4))) static int
refuse_list(const struct reading *reading, int r, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)snprintf(reading->why, JUDGE_NOTE_MAX, "list %s%s", reading->path,
		       text);
	return r;
}

/* Refused before anything is done, and not left out as of an import: the
 * document would say what is not so. */
static int check_guard(const struct reading *reading,
		       const struct prefix *prefix, uint32_t line)
{
	const struct guard_entry *entry =
		reading->guard ? guard_find(reading->guard, prefix) : NULL;
	const char *name = reading->set->set.name;
	char text[GUARD_TEXT_MAX];

	if (!entry)
		return 0;
	(void)guard_explain(prefix, entry, text);
	if (reading->path)
		(void)snprintf(reading->why, JUDGE_NOTE_MAX,
			       "set %s would drop what is protected: list %s, "
			       "line %u: %s",
			       name, reading->path, line, text);
	else
		(void)snprintf(reading->why, JUDGE_NOTE_MAX,
			       "line %u: set %s would drop what is protected: "
			       "%s",
			       reading->set->line, name, text);
	return -EPERM;
}

static int add_entry(void *arg, const struct prefix *prefix, uint32_t line)
{
	const struct reading *reading = arg;
	int r = check_guard(reading, prefix, line);

	if (r == 0 && reading->listed->count == reading->set->set.capacity)
		r = -ENOSPC;
	return r < 0 ? r : listed_add(reading->listed, prefix, line);
}

/* What a line says is not told: whoever asks may not read what fwd can. */
static int read_list(struct reading *reading)
{
	CLEANUP(slurped_done) struct slurped list = {0};
	struct plain_report report = {0};
	char why[SLURP_WHY_MAX];
	int r = slurp(reading->path, &list, why);

	if (r < 0)
		return refuse_list(reading, r, ": %s", why);
	listed_reserve_lines(reading->listed, list.len);
	r = plain_read(list.bytes, list.len, add_entry, reading, &report);
	if (r == -ENOSPC)
		return refuse_list(reading, r,
				   ": the set holds at most %u members",
				   reading->set->set.capacity);
	if (r == 0 && report.rejects > 0)
		r = -EBADMSG;
	if (r == -EBADMSG)
		return refuse_list(reading, r, ", line %u: %s",
				   report.notes[0].line, report.notes[0].why);
	return r;
}

static int gather(struct reading *reading)
{
	const struct policy_set *set = reading->set;
	int r = 0;

	for (size_t i = 0; i < set->member_count && r == 0; i++)
		r = add_entry(reading, &set->members[i], 0);
	if (r == -ENOSPC)
		(void)snprintf(reading->why, JUDGE_NOTE_MAX,
			       "line %u: set %s holds at most %u members",
			       set->line, set->set.name, set->set.capacity);
	for (size_t i = 0; i < set->file_count && r == 0; i++) {
		reading->path = set->files[i];
		r = read_list(reading);
	}
	return r < 0 ? r : listed_sort(reading->listed);
}

/* The members of lists join those of the document. */
static int read_lists(struct apply *apply, struct policy_set *set)
{
	struct listed_array listed = {0};
	struct reading reading = {
		.set = set,
		.guard = set_is_guarded(&set->set) ? apply->guard : NULL,
		.listed = &listed,
		.why = apply->why,
	};
	struct prefix *members;
	int r;

	r = gather(&reading);
	/* not zeroed: all of it is written, and large ones are new pages */
	members =
		r == 0 ? reallocarray(NULL, listed.count + 1, sizeof(*members))
		       : NULL;
	if (r == 0 && !members)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < listed.count; i++)
		members[i] = listed.list[i].prefix;
	if (r == 0) {
		free(set->members);
		set->members = members;
		set->member_count = listed.count;
	}
	listed_done(&listed);
	return r;
}

static int find_set(void *arg, const struct set *set)
{
	struct apply *apply = arg;

	for (size_t i = 0; i < apply->set_count; i++)
		if (strcmp(apply->sets[i].own->set.name, set->name) == 0)
			apply->sets[i].old_id = set->id;
	return 0;
}

/* Two rows in order, side by side. */
struct comparison {
	const struct policy_set *own;
	size_t next;
	bool differs;
};

static int compare_member(void *arg, uint8_t set_id,
			  const struct member *member)
{
	struct comparison *comparison = arg;
	const struct policy_set *own = comparison->own;

	(void)set_id;
	if (comparison->next == own->member_count ||
	    prefix_cmp(&own->members[comparison->next], &member->prefix) != 0)
		comparison->differs = true;
	comparison->next++;
	return comparison->differs ? -ECANCELED : 0;
}

static int compare_set(struct apply *apply, struct apply_set *set)
{
	struct comparison comparison = {.own = set->own};
	int r;

	if (!set->old_id || !set_is_policys(&set->own->set)) {
		set->is_changed = !set->old_id;
		return 0;
	}
	r = store_each_member(apply->store, set->old_id, compare_member,
			      &comparison);
	set->is_changed =
		comparison.differs || comparison.next != set->own->member_count;
	return r == -ECANCELED ? 0 : r;
}

static int prepare_sets(struct apply *apply)
{
	struct policy *policy = &apply->judge->policy;
	int r = 0;

	apply->sets = calloc(policy->set_count + 1, sizeof(*apply->sets));
	if (!apply->sets)
		return -ENOMEM;
	apply->set_count = policy->set_count;
	for (size_t i = 0; i < policy->set_count && r == 0; i++) {
		apply->sets[i].own = &policy->sets[i];
		(void)snprintf(apply->sets[i].reason, REASON_MAX, "policy");
		if (policy->sets[i].set.kind != SET_GEO)
			r = read_lists(apply, &policy->sets[i]);
	}
	if (r == 0)
		r = geo_sets_read(apply);
	if (r == 0)
		r = store_each_set(apply->store, find_set, apply);
	for (size_t i = 0; i < policy->set_count && r == 0; i++)
		r = compare_set(apply, &apply->sets[i]);
	store_trim(apply->store);
	return r;
}

int apply_prepare(struct apply *apply)
{
	uint64_t newest = 0;
	int r;

	r = store_version(apply->store, &apply->store_version);
	if (r == 0 && apply->again)
		r = store_revision_text(apply->store, apply->again,
					&apply->text, &apply->len);
	if (r == -ENOENT)
		(void)snprintf(apply->why, sizeof(apply->why),
			       "there is no revision %llu (fwctl policy log "
			       "shows those there are)",
			       (unsigned long long)apply->again);
	if (r == 0)
		r = store_revision_last(apply->store, &newest);
	if (r < 0)
		return r;
	apply->number = newest + 1;
	r = judge_read(apply->text, apply->len, apply->number, &apply->judge,
		       apply->why);
	if (r == 0)
		r = cookies_check(&apply->judge->policy, apply->why);
	return r < 0 ? r : prepare_sets(apply);
}
