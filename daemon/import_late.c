// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/import_late.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/clock.h"
#include "daemon/guard_keep.h"
#include "rules/feed_carve.h"

#define WAIT_MAX_NS 5000000000u /* for next hops, which may be a million */
#define PAGE	    256 /* members from one step to the next */

/* What is protected by now, and the members that it meets. */
struct late {
	struct import *import;
	struct prefix *guarded; /* in order, none in another */
	size_t guarded_count;
	const struct prefix *around; /* those in it are looked for */
	struct listed_array members;
	struct change *changes;
	size_t count, capacity;
	struct evidence evidence; /* of the pieces at hand */
};

static void late_done(struct late *late)
{
	free(late->guarded);
	listed_done(&late->members);
	free(late->changes);
}

bool import_late_waits(struct import *import)
{
	struct daemon *daemon = import->daemon;

	if (!import->guard || import->drops_set || daemon->is_stopping)
		return false;
	if (!import->hops) {
		import->hops = guard_keep_catch_up(daemon);
		import->late_ns = clock_mono_ns();
	}
	return !guard_keep_has(daemon, import->hops) &&
	       clock_mono_ns() - import->late_ns < WAIT_MAX_NS;
}

static int meet_around(void *arg, const struct set *set,
		       const struct member *member)
{
	struct late *late = arg;

	return set->id == late->import->set.id
		       ? listed_add(&late->members, &member->prefix, 0)
		       : 0;
}

static int meet_inside(void *arg, const struct set *set,
		       const struct member *member)
{
	struct late *late = arg;

	(void)set;
	return prefix_covers(late->around, &member->prefix)
		       ? listed_add(&late->members, &member->prefix, 0)
		       : 0;
}

static int meet(struct late *late, const struct prefix *guarded)
{
	const struct ledger *ledger = late->import->daemon->ledger;
	struct ledger_page page = {.max = PAGE};
	uint8_t id = late->import->set.id;
	int r;

	if (!ledger_meets(ledger, id, guarded))
		return 0;
	r = ledger_each_covering(ledger, guarded, meet_around, late);
	if (r < 0)
		return r;
	/* those inside of it come right behind it */
	late->around = guarded;
	page.next = *guarded;
	do {
		page.after = &page.next;
		r = ledger_page(ledger, id, &page, meet_inside, late);
	} while (r > 0 && prefix_covers(guarded, &page.next));
	return r < 0 ? r : 0;
}

/* What was protected at the start has been left out. */
static bool is_new(const struct import *import, const struct prefix *prefix)
{
	const struct guard_entry *entry = guard_find(import->guard, prefix);

	return !entry || !prefix_covers(&entry->prefix, prefix);
}

static int find(struct late *late)
{
	const struct guard *guard = late->import->daemon->guard;
	size_t count = guard_count(guard);
	int r = 0;

	late->guarded = calloc(count + 1, sizeof(*late->guarded));
	if (!late->guarded)
		return -ENOMEM;
	for (size_t i = 0; i < count && r == 0; i++) {
		const struct prefix *prefix = &guard_entry(guard, i)->prefix;

		late->guarded[late->guarded_count++] = *prefix;
		if (is_new(late->import, prefix))
			r = meet(late, prefix);
	}
	late->guarded_count =
		feed_carve_tidy(late->guarded, late->guarded_count);
	return r == 0 ? listed_sort(&late->members) : r;
}

static int add(struct late *late, enum change_kind kind,
	       const struct prefix *prefix)
{
	struct change *change;

	if (late->count == late->capacity) {
		size_t capacity = late->capacity * 2 + 64;
		struct change *grown =
			reallocarray(late->changes, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		late->changes = grown;
		late->capacity = capacity;
	}
	change = &late->changes[late->count++];
	*change = (struct change){
		.kind = kind,
		.set_id = late->import->set.id,
		.member = {.prefix = *prefix, .evidence = late->evidence},
	};
	return 0;
}

/* One that finds no room is told by the import, which compares in the end. */
static int take_piece(void *arg, const struct prefix *prefix)
{
	struct late *late = arg;
	struct import *import = late->import;
	const struct member member = {.prefix = *prefix,
				      .evidence = late->evidence};
	struct evidence standing;
	int r;

	if (ledger_get(import->daemon->ledger, import->set.id, prefix,
		       &standing) == 0)
		return 0;
	r = add(late, CHANGE_MEMBER_PUT, prefix);
	if (r < 0)
		return r;
	import->late_added++;
	r = ledger_claim(import->daemon->ledger, import->set.id, &member,
			 member.evidence.expires_s);
	if (r < 0)
		import->apply_r = r;
	return 0;
}

/* It goes in any case, also where its pieces find no memory. */
static int take_out(struct late *late, const struct prefix *prefix)
{
	struct import *import = late->import;
	struct daemon *daemon = import->daemon;
	const struct guard_entry *entry = guard_find(daemon->guard, prefix);
	int r, pieces_r;

	if (ledger_get(daemon->ledger, import->set.id, prefix,
		       &late->evidence) < 0)
		return 0;
	late->evidence.reason =
		import->evidence.reason ? import->evidence.reason : "";
	pieces_r = feed_carve(late->guarded, late->guarded_count, prefix,
			      take_piece, late);
	r = ledger_withdraw(daemon->ledger, import->set.id, prefix);
	if (r < 0)
		return r;
	r = add(late, CHANGE_MEMBER_DEL, prefix);
	import->late_removed += r == 0;
	if (entry)
		guarded_add(&import->guarded, "by now", prefix, entry);
	return r < 0 ? r : pieces_r;
}

int import_late_take(struct import *import, struct change **ret_changes,
		     size_t *ret_count)
{
	CLEANUP(late_done) struct late late = {.import = import};
	uint64_t version = guard_version(import->daemon->guard);
	int r;

	assert(ret_changes);
	assert(ret_count);

	*ret_count = 0;
	if (!import->guard || import->drops_set ||
	    version == import->guard_version)
		return 0;
	import->guard_version = version;
	r = find(&late);
	for (size_t i = 0; i < late.members.count; i++) {
		int took = take_out(&late, &late.members.list[i].prefix);

		r = r < 0 ? r : took;
	}
	import->daemon->guard_keep.is_unchecked |= late.count > 0;
	*ret_count = late.count;
	*ret_changes = TAKE(late.changes);
	return r;
}
