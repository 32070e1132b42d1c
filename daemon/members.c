// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/members.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"

#define OWED_ALERT_KEY "table undo"

void edits_done(struct edits *edits)
{
	for (size_t i = 0; i < edits->count; i++) {
		if (edits->list[i].had)
			freep(&edits->list[i].old.reason);
		freep(&edits->list[i].kept);
	}
	freep(&edits->evidence.reason);
	freep(&edits->list);
	*edits = (struct edits){0};
}

int edits_add(struct edits *edits, const struct prefix *prefix)
{
	if (edits->count == EDITS_MAX)
		return -E2BIG;
	if (edits->count == edits->capacity) {
		size_t capacity = edits->capacity ? edits->capacity * 2 : 16;
		struct edit *list =
			reallocarray(edits->list, capacity, sizeof(*list));

		if (!list)
			return -ENOMEM;
		edits->list = list;
		edits->capacity = capacity;
	}
	edits->list[edits->count++] = (struct edit){.prefix = *prefix};
	return 0;
}

/* The protected set follows the members of `management`. */
static void guard_follow(struct daemon *daemon, uint8_t set_id,
			 const struct prefix *prefix, bool is_member)
{
	struct guard_entry entry = {
		.prefix = *prefix,
		.source = GUARD_MANAGEMENT,
		.name = "set management",
	};

	if (set_id != SET_ID_MANAGEMENT)
		return;
	if (!is_member)
		guard_del(daemon->guard, GUARD_MANAGEMENT, prefix);
	else if (guard_add(daemon->guard, &entry) < 0)
		log_errx("guard: no memory for a management prefix");
}

int members_release(struct daemon *daemon, uint8_t set_id,
		    const struct prefix *prefix)
{
	int r = ledger_withdraw(daemon->ledger, set_id, prefix);

	if (r == 0)
		guard_follow(daemon, set_id, prefix, false);
	return r == -ENOENT ? 0 : r;
}

static bool has_reason(const struct evidence *evidence)
{
	return evidence->reason && *evidence->reason;
}

static int keep_reason(const struct edits *edits, struct edit *edit,
		       const struct evidence *old)
{
	if (edits->is_removal || has_reason(&edits->evidence) ||
	    !has_reason(old))
		return 0;
	edit->kept = strdup(old->reason);
	return edit->kept ? 0 : -ENOMEM;
}

/* What is owed counts as there: it is stored. */
static int remember(struct daemon *daemon, const struct edits *edits,
		    struct edit *edit)
{
	struct evidence old;

	if (ledger_get(daemon->ledger, edits->set_id, &edit->prefix, &old) ==
	    0) {
		old.reason = strdup(old.reason);
		if (!old.reason)
			return -ENOMEM;
	} else if (owed_take(&daemon->owed, edits->set_id, &edit->prefix,
			     &old)) {
		edit->was_owed = true;
	} else {
		return 0;
	}
	edit->had = true;
	edit->old = old;
	return keep_reason(edits, edit, &old);
}

static struct evidence evidence_of(const struct edits *edits,
				   const struct edit *edit)
{
	struct evidence evidence = edits->evidence;

	if (edit->kept)
		evidence.reason = edit->kept;
	return evidence;
}

static int hold(struct daemon *daemon, uint8_t set_id,
		const struct prefix *prefix, const struct evidence *evidence)
{
	const struct member member = {
		.prefix = *prefix,
		.evidence = *evidence,
	};
	int r = ledger_claim(daemon->ledger, set_id, &member,
			     evidence->expires_s);

	if (r == 0)
		guard_follow(daemon, set_id, prefix, true);
	return r;
}

/* What `edit` found is held again when there is room. */
static void owe(struct daemon *daemon, uint8_t set_id, struct edit *edit)
{
	const struct member member = {
		.prefix = edit->prefix,
		.evidence = edit->old,
	};
	char text[PREFIX_TEXT_MAX];
	int r = owed_add(&daemon->owed, set_id, &member);

	if (r == 0)
		edit->had = false;
	else
		log_err(r, "ledger: %s is stored but no longer held",
			prefix_to_text(&edit->prefix, text));
}

static int make(struct daemon *daemon, struct edits *edits, struct edit *edit)
{
	struct evidence evidence;

	if (edits->is_removal)
		return members_release(daemon, edits->set_id, &edit->prefix);
	evidence = evidence_of(edits, edit);
	return hold(daemon, edits->set_id, &edit->prefix, &evidence);
}

static int apply_one(struct daemon *daemon, struct edits *edits,
		     struct edit *edit)
{
	int r = remember(daemon, edits, edit);

	if (r == 0)
		r = make(daemon, edits, edit);
	if (r < 0 && edit->was_owed)
		owe(daemon, edits->set_id, edit);
	return r;
}

int members_apply(struct daemon *daemon, struct edits *edits,
		  uint64_t decoded_ns, uint64_t *ret_worst_ns,
		  size_t *ret_failed)
{
	uint64_t from_ns = decoded_ns;
	uint64_t worst_ns = 0;

	for (size_t i = 0; i < edits->count; i++) {
		int r = apply_one(daemon, edits, &edits->list[i]);
		uint64_t now_ns = clock_mono_ns();

		if (r < 0) {
			*ret_failed = i;
			members_undo(daemon, edits);
			return r;
		}
		edits->applied = i + 1;
		latency_add(&daemon->latency, now_ns - from_ns);
		if (now_ns - from_ns > worst_ns)
			worst_ns = now_ns - from_ns;
		from_ns = now_ns;
	}
	*ret_worst_ns = worst_ns;
	return 0;
}

/* What `edit` found is now what `heir` would put back. */
static void pass_on(struct edit *edit, struct edit *heir)
{
	if (heir->had)
		freep(&heir->old.reason);
	heir->had = edit->had;
	heir->old = edit->old;
	edit->had = false;
}

static void undo_one(struct daemon *daemon, const struct edits *edits,
		     struct edit *edit)
{
	struct edit *heir = edit->newer;
	int r;

	awaited_remove_edit(&daemon->awaited, edit);
	if (heir) {
		pass_on(edit, heir);
		return;
	}
	owed_drop(&daemon->owed, edits->set_id, &edit->prefix);
	if (edit->had) {
		if (hold(daemon, edits->set_id, &edit->prefix, &edit->old) < 0)
			owe(daemon, edits->set_id, edit);
		return;
	}
	r = members_release(daemon, edits->set_id, &edit->prefix);
	if (r < 0)
		log_err(r, "ledger: a change could not be taken back");
}

/* The capacity counts for what is asked for, not for what is put back: others
 * may have filled the set meanwhile. Returns what it was. */
static uint32_t set_capacity(struct daemon *daemon, uint8_t set_id,
			     uint32_t capacity)
{
	const struct set *found = ledger_set(daemon->ledger, set_id);
	struct set set;
	uint32_t was;

	if (!found)
		return capacity;
	set = *found;
	was = set.capacity;
	set.capacity = capacity;
	(void)ledger_put_set(daemon->ledger, &set);
	return was;
}

/* Newest first, so a prefix that was given twice ends as it began. */
void members_undo(struct daemon *daemon, struct edits *edits)
{
	uint32_t capacity = set_capacity(daemon, edits->set_id, UINT32_MAX);

	while (edits->applied > 0)
		undo_one(daemon, edits, &edits->list[--edits->applied]);
	(void)set_capacity(daemon, edits->set_id, capacity);
}

static int hold_owed(struct daemon *daemon, const struct owed_member *owed)
{
	uint32_t capacity = set_capacity(daemon, owed->set_id, UINT32_MAX);
	int r = hold(daemon, owed->set_id, &owed->member.prefix,
		     &owed->member.evidence);

	(void)set_capacity(daemon, owed->set_id, capacity);
	return r;
}

void members_hold_owed(struct daemon *daemon)
{
	struct owed *owed = &daemon->owed;

	for (size_t i = owed->count; i-- > 0;) {
		struct owed_member *member = &owed->list[i];
		int r = daemon->is_importing[member->set_id]
				? -EBUSY
				: hold_owed(daemon, member);

		if (r < 0 && r != -ENOENT) /* no such set any more */
			continue;
		freep(&member->member.evidence.reason);
		*member = owed->list[--owed->count];
	}
	if (owed->count == 0) {
		(void)alerts_clear(&daemon->alerts, OWED_ALERT_KEY);
		return;
	}
	if (!daemon->awaited.first &&
	    alerts_raise(&daemon->alerts, clock_wall_s(), OWED_ALERT_KEY,
			 "the address table is full: %zu stored members are "
			 "not enforced; raise hosts4, blocks4 or entries6 and "
			 "restart fwd",
			 owed->count))
		log_errx("ledger: %zu stored members could not be held again, "
			 "will retry",
			 owed->count);
}

void members_await(struct daemon *daemon, struct edits *edits)
{
	awaited_add(&daemon->awaited, edits);
}

void members_settle(struct daemon *daemon, struct edits *edits)
{
	awaited_remove(&daemon->awaited, edits);
	members_hold_owed(daemon);
}

bool members_are_awaited(const struct daemon *daemon, uint8_t set_id)
{
	for (const struct edits *edits = daemon->awaited.first; edits;
	     edits = edits->later)
		if (edits->set_id == set_id)
			return true;
	return false;
}

struct change *members_changes(const struct edits *edits)
{
	struct change *changes = calloc(edits->count, sizeof(*changes));

	if (!changes)
		return NULL;
	for (size_t i = 0; i < edits->count; i++) {
		changes[i].kind = edits->is_removal ? CHANGE_MEMBER_DEL
						    : CHANGE_MEMBER_PUT;
		changes[i].set_id = edits->set_id;
		changes[i].member.prefix = edits->list[i].prefix;
		changes[i].member.evidence =
			evidence_of(edits, &edits->list[i]);
	}
	return changes;
}

struct guard_list {
	struct guard_entry *list;
	size_t count, capacity;
};

static int list_member(void *arg, const struct set *set,
		       const struct member *member)
{
	struct guard_list *all = arg;
	struct guard_entry *entry;

	if (all->count == all->capacity)
		return -ENOSPC;
	entry = &all->list[all->count++];
	entry->prefix = member->prefix;
	entry->source = GUARD_MANAGEMENT;
	(void)snprintf(entry->name, sizeof(entry->name), "set %s", set->name);
	return 0;
}

void members_guard(struct daemon *daemon)
{
	struct guard_list all = {
		.capacity = ledger_set_count(daemon->ledger, SET_ID_MANAGEMENT),
	};
	int r = -ENOMEM;

	all.list = calloc(all.capacity + 1, sizeof(*all.list));
	if (all.list)
		r = ledger_each_after(daemon->ledger, SET_ID_MANAGEMENT, NULL,
				      all.capacity, list_member, &all);
	if (r >= 0)
		r = guard_replace(daemon->guard, GUARD_MANAGEMENT, all.list,
				  all.count);
	if (r < 0)
		log_err(r, "guard: the management set could not be taken over");
	free(all.list);
}
