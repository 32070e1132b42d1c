// SPDX-License-Identifier: GPL-2.0-or-later
/* The sets of a policy, before it is in force and when it is. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/apply_job.h"
#include "daemon/clock.h"
#include "daemon/feeds.h"
#include "daemon/import.h"
#include "daemon/log.h"
#include "daemon/named.h"
#include "daemon/set_id.h"

/* A set by the document's words under another name and id. */
static struct set version_of(const struct apply *apply,
			     const struct apply_set *set)
{
	struct set version = set->own->set;

	version.id = set->new_id;
	judge_version_name(set->own->set.name, apply->number, version.name);
	return version;
}

static int place_set(struct apply *apply, struct apply_set *set,
		     struct change *ret_change)
{
	struct daemon *daemon = apply->daemon;
	struct set version;
	int r;

	set->new_id = set_id_free(daemon);
	if (!set->new_id) {
		(void)snprintf(apply->why, sizeof(apply->why),
			       "set %s: there are %d sets, and no more can "
			       "be; one whose members change takes two for a "
			       "while",
			       set->own->set.name, SET_ID_MAX);
		return -ENOSPC;
	}
	version = version_of(apply, set);
	if (!*version.name) {
		(void)snprintf(apply->why, sizeof(apply->why),
			       "set %s: the name is too long for a number "
			       "behind it: 24 bytes are fine",
			       set->own->set.name);
		return -EINVAL;
	}
	r = ledger_put_set(daemon->ledger, &version);
	if (r < 0) {
		set->new_id = 0;
		(void)snprintf(apply->why, sizeof(apply->why), "set %s: %s",
			       set->own->set.name, strerror(-r));
		return r;
	}
	*ret_change = (struct change){.kind = CHANGE_SET_PUT, .set = version};
	return 0;
}

/* Will there be one? */
static bool will_be(void *arg, const char *name)
{
	const struct apply *apply = arg;

	for (size_t i = 0; i < apply->set_count; i++)
		if (strcmp(apply->sets[i].own->set.name, name) == 0)
			return true;
	return ledger_set_named(apply->daemon->ledger, name);
}

/* A set that the document and a feed both would fill. */
static int check_feeds(struct apply *apply)
{
	for (size_t i = 0; i < apply->set_count; i++) {
		const struct policy_set *own = apply->sets[i].own;

		if (!feeds_find(&apply->daemon->feeds, own->set.name))
			continue;
		(void)snprintf(apply->why, sizeof(apply->why),
			       "line %u: set %s is what feed %s lists: rules "
			       "may name it, and no document declares it",
			       own->line, own->set.name, own->set.name);
		return -EEXIST;
	}
	return 0;
}

int apply_check_names(struct apply *apply)
{
	struct missing missing;
	int r = check_feeds(apply);

	if (r < 0)
		return r;
	if (!named_find_missing(apply->judge, will_be, apply, &missing))
		return 0;
	assert(missing.rule);
	(void)snprintf(apply->why, sizeof(apply->why),
		       "line %u: rule %s names @%s, and there is no such set: "
		       "declare it under sets, or make it by fwctl set new",
		       missing.rule->line, missing.rule->id, missing.set);
	return -ENOENT;
}

int apply_place_sets(struct apply *apply, struct change **ret_changes,
		     size_t *ret_count)
{
	struct change *changes = calloc(apply->set_count + 1, sizeof(*changes));
	size_t count = 0;
	int r = changes ? apply_check_names(apply) : -ENOMEM;

	for (size_t i = 0; i < apply->set_count && r == 0; i++) {
		if (!apply->sets[i].is_changed)
			continue;
		r = place_set(apply, &apply->sets[i], &changes[count]);
		count += r == 0;
	}
	if (r < 0) {
		free(changes);
		return r;
	}
	*ret_changes = changes;
	*ret_count = count;
	return 0;
}

/* What the set of this name becomes under the policy that declares it. */
static bool settled_set(const struct daemon *daemon, const struct judge *judge,
			const struct policy_set *own, struct set *ret_set,
			const struct set **ret_old)
{
	const struct set *now = ledger_set_named(daemon->ledger, own->set.name);
	const struct set *version;
	char name[SET_NAME_MAX];

	judge_version_name(own->set.name, judge->revision, name);
	version = ledger_set_named(daemon->ledger, name);
	*ret_set = own->set;
	*ret_old = NULL;
	if (version) {
		ret_set->id = version->id;
		*ret_old = now;
		return true;
	}
	if (!now)
		return false;
	ret_set->id = now->id;
	return now->action != own->set.action || now->kind != own->set.kind ||
	       now->capacity != own->set.capacity;
}

/* What it was goes by a name that nobody can give. */
static struct set leaving(const struct set *old)
{
	struct set set = *old;

	judge_version_name(old->name, 0, set.name); /* no revision has it */
	return set;
}

int apply_settle_changes(struct daemon *daemon, const struct judge *judge,
			 struct change **ret_changes, size_t *ret_count)
{
	const struct policy *policy = &judge->policy;
	struct change *changes =
		calloc(2 * policy->set_count + policy->management_count + 1,
		       sizeof(*changes));
	size_t count = 0;

	if (!changes)
		return -ENOMEM;
	for (size_t i = 0; i < policy->set_count; i++) {
		const struct set *old;
		struct set set;

		if (!settled_set(daemon, judge, &policy->sets[i], &set, &old))
			continue;
		if (old)
			changes[count++] = (struct change){
				.kind = CHANGE_SET_PUT, .set = leaving(old)};
		changes[count++] =
			(struct change){.kind = CHANGE_SET_PUT, .set = set};
	}
	count += apply_management_changes(daemon, policy, changes + count);
	*ret_changes = changes;
	*ret_count = count;
	return 0;
}

int apply_unsettle_changes(struct daemon *daemon, const struct judge *judge,
			   struct change **ret_changes, size_t *ret_count)
{
	struct change *changes;
	size_t count;
	int r = apply_settle_changes(daemon, judge, &changes, &count);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		if (changes[i].kind == CHANGE_MEMBER_PUT)
			changes[i].kind = CHANGE_MEMBER_DEL;
		else
			changes[i].set =
				*ledger_set(daemon->ledger, changes[i].set.id);
	*ret_changes = changes;
	*ret_count = count;
	return 0;
}

static void dropped(struct import *import, int r, const char *why)
{
	if (r < 0)
		log_errx("set %s: %s", import->set.name, why);
}

static void drop_set(struct daemon *daemon, const struct set *set)
{
	struct import *import;
	int r = import_new(daemon, set, &import);

	if (r < 0) {
		log_warning(r, "set %s could not be dropped, ignoring",
			    set->name);
		return;
	}
	import->is_replacing = true;
	import->drops_set = true;
	import->finished = dropped;
	import_start(import);
}

static bool declares(const struct judge *judge, const char *name)
{
	for (size_t i = 0; i < judge->policy.set_count; i++)
		if (strcmp(judge->policy.sets[i].set.name, name) == 0)
			return true;
	return false;
}

/* Sets that only the policy before declared, with members of its own. One that
 * a rule still names becomes the user's. */
static void drop_undeclared(struct daemon *daemon, const struct judge *judge,
			    const struct judge *before)
{
	for (size_t i = 0; i < before->policy.set_count; i++) {
		const struct set *own = &before->policy.sets[i].set;
		const struct set *set =
			ledger_set_named(daemon->ledger, own->name);

		if (set && set_is_policys(own) &&
		    set->id >= SET_ID_FIRST_FREE &&
		    !declares(judge, own->name) &&
		    !named_by(&judge->policy, own->name))
			drop_set(daemon, set);
	}
}

void apply_settle(struct daemon *daemon, const struct judge *judge,
		  const struct judge *before)
{
	const struct policy *policy = &judge->policy;

	for (size_t i = 0; i < policy->set_count; i++) {
		const struct set *old;
		struct set set, gone;
		int r = 0;

		if (!settled_set(daemon, judge, &policy->sets[i], &set, &old))
			continue;
		if (old) {
			gone = leaving(old);
			r = ledger_put_set(daemon->ledger, &gone);
		}
		if (r == 0)
			r = ledger_put_set(daemon->ledger, &set);
		if (r < 0)
			log_err(r, "set %s", set.name);
		if (old)
			drop_set(daemon, &gone);
	}
	apply_settle_management(daemon, policy);
	if (before)
		drop_undeclared(daemon, judge, before);
}

bool apply_tries_set(const struct daemon *daemon, const char *name)
{
	const struct generation *live = daemon->live;
	char version[SET_NAME_MAX];

	if (!live->last)
		return false;
	judge_version_name(name, live->judge->revision, version);
	return ledger_set_named(daemon->ledger, version) != NULL;
}

void apply_drop_versions(struct daemon *daemon, uint64_t revision,
			 uint64_t kept)
{
	for (unsigned int id = SET_ID_FIRST_FREE; id <= SET_ID_MAX; id++) {
		const struct set *set = ledger_set(daemon->ledger, (uint8_t)id);
		const char *dot = set ? strchr(set->name, '.') : NULL;
		uint64_t number = dot ? strtoull(dot + 1, NULL, 10) : 0;

		if (dot && (!kept || number != kept) &&
		    (!revision || number == revision) &&
		    !daemon->is_importing[id])
			drop_set(daemon, set);
	}
}
