// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who a policy adds to the set management.
 *
 * They pass ahead of every rule, so they are in it as soon as the policy
 * judges, but on trial (ORIGIN_TRIAL) until it judges for good. Whatever ends
 * it before, also the end of fwd, takes them out. Who is added by hand
 * meanwhile is nobody's trial any more, and stays.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/apply_job.h"
#include "daemon/commit.h"
#include "daemon/log.h"
#include "daemon/members.h"

#define SETTLED_REASON "policy"

int apply_list_management(struct apply *apply)
{
	const struct policy *policy = &apply->judge->policy;
	struct evidence evidence;

	apply->newcomers =
		calloc(policy->management_count + 1, sizeof(struct prefix));
	if (!apply->newcomers)
		return -ENOMEM;
	for (size_t i = 0; i < policy->management_count; i++)
		if (ledger_get(apply->daemon->ledger, SET_ID_MANAGEMENT,
			       &policy->management[i], &evidence) < 0)
			apply->newcomers[apply->newcomer_count++] =
				policy->management[i];
	return 0;
}

static bool is_on_trial(const struct daemon *daemon,
			const struct prefix *prefix,
			struct evidence *ret_evidence)
{
	return ledger_get(daemon->ledger, SET_ID_MANAGEMENT, prefix,
			  ret_evidence) == 0 &&
	       ret_evidence->origin == ORIGIN_TRIAL;
}

/* As it is for good, if it is on trial. */
static bool settled_member(const struct daemon *daemon,
			   const struct prefix *prefix,
			   struct member *ret_member)
{
	*ret_member = (struct member){.prefix = *prefix};
	if (!is_on_trial(daemon, prefix, &ret_member->evidence))
		return false;
	ret_member->evidence.origin = ORIGIN_OPERATOR;
	/* not the ledger's: the store reads it on the worker */
	ret_member->evidence.reason = SETTLED_REASON;
	return true;
}

size_t apply_management_changes(const struct daemon *daemon,
				const struct policy *policy,
				struct change *changes)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->management_count; i++) {
		struct change change = {
			.kind = CHANGE_MEMBER_PUT,
			.set_id = SET_ID_MANAGEMENT,
		};

		if (settled_member(daemon, &policy->management[i],
				   &change.member))
			changes[count++] = change;
	}
	return count;
}

void apply_settle_management(struct daemon *daemon, const struct policy *policy)
{
	struct member member;

	for (size_t i = 0; i < policy->management_count; i++) {
		int r = 0;

		if (settled_member(daemon, &policy->management[i], &member))
			r = ledger_claim(daemon->ledger, SET_ID_MANAGEMENT,
					 &member, member.evidence.expires_s);
		if (r < 0)
			log_err(r, "set management: a member stays on trial");
	}
}

static void forgotten(void *arg, int r)
{
	(void)arg;
	if (r < 0)
		log_warning(r,
			    "set management: that members of a trial are gone "
			    "could not be stored, will retry at the next "
			    "start");
}

static size_t list_on_trial(const struct daemon *daemon, struct change *changes)
{
	struct evidence evidence;
	size_t count = 0;

	for (size_t i = 0; i < guard_count(daemon->guard); i++) {
		const struct guard_entry *entry = guard_entry(daemon->guard, i);

		if (entry->source != GUARD_MANAGEMENT ||
		    !is_on_trial(daemon, &entry->prefix, &evidence))
			continue;
		if (changes)
			changes[count] = (struct change){
				.kind = CHANGE_MEMBER_DEL,
				.set_id = SET_ID_MANAGEMENT,
				.member.prefix = entry->prefix,
			};
		count++;
	}
	return count;
}

/* One that the ledger keeps is tried again with the next call. */
static size_t release(struct daemon *daemon, struct change *changes,
		      size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		int r = members_release(daemon, SET_ID_MANAGEMENT,
					&changes[i].member.prefix);

		if (r == 0)
			changes[kept++] = changes[i];
	}
	return kept;
}

void apply_drop_management(struct daemon *daemon)
{
	size_t count = list_on_trial(daemon, NULL);
	struct change *changes;

	if (count == 0 || daemon->is_importing[SET_ID_MANAGEMENT])
		return;
	changes = calloc(count, sizeof(*changes));
	if (!changes)
		return;
	count = release(daemon, changes, list_on_trial(daemon, changes));
	if (count == 0) {
		free(changes);
		return;
	}
	log_notice("set management: members of a trial are taken out count=%zu",
		   count);
	commit_submit(
		daemon,
		&(struct commit_order){
			.changes = changes, .count = count, .done = forgotten},
		"policy: %zu members on trial leave the set management", count);
}
