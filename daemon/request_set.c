// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about sets: list, show, new, drop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commit.h"
#include "daemon/counts.h"
#include "daemon/feeds.h"
#include "daemon/import.h"
#include "daemon/json.h"
#include "daemon/members.h"
#include "daemon/named.h"
#include "daemon/requests.h"
#include "daemon/set_id.h"

void request_set_list(struct daemon *daemon, struct call *call)
{
	struct fw_count counts[SET_ID_MAX + 1];
	json_t *sets = json_array();

	if (counts_by_set(daemon, counts) < 0)
		memset(counts, 0, sizeof(counts));
	for (unsigned int id = 1; id <= SET_ID_MAX; id++) {
		const struct set *set = ledger_set(daemon->ledger, (uint8_t)id);
		json_t *item;

		if (!set)
			continue;
		item = json_of_count(&counts[id]);
		(void)json_object_update_new(
			item,
			json_pack("{s:i, s:s, s:s, s:s, s:I, s:I, s:b}", "id",
				  (int)id, "name", set->name, "kind",
				  set_kind_name((enum set_kind)set->kind),
				  "action",
				  set_action_name((enum set_action)set->action),
				  "members",
				  (json_int_t)ledger_set_count(daemon->ledger,
							       set->id),
				  "capacity", (json_int_t)set->capacity, "busy",
				  daemon->is_importing[id]));
		(void)json_array_append_new(sets, item);
	}
	call_done(call, json_pack("{s:o}", "sets", sets));
}

static int add_member(void *arg, const struct set *set,
		      const struct member *member)
{
	json_t *members = arg;

	(void)set;
	return json_array_append_new(members, json_of_member(member)) < 0
		       ? -ENOMEM
		       : 0;
}

void request_set_show(struct daemon *daemon, struct call *call)
{
	const struct set *set = args_set(daemon, call, false);
	struct ledger_page page = {0};
	struct prefix after;
	char text[PREFIX_TEXT_MAX];
	bool has_after;
	uint64_t max;
	json_t *members, *answer;
	int r;

	if (!set)
		return;
	has_after = json_object_get(call->args, "after") != NULL;
	if (has_after && args_prefix(call, "after", &after) < 0)
		return;
	if (args_number(call, "max", WIRE_PAGE_MAX, WIRE_PAGE_MAX, &max) < 0)
		return;

	members = json_array();
	page.after = has_after ? &after : NULL;
	page.max = (size_t)max;
	r = ledger_page(daemon->ledger, set->id, &page, add_member, members);
	answer = json_pack("{s:o}", "members", members);
	if (r < 0) {
		json_decref(answer);
		call_refuse(call, r, "set %s could not be shown: %s", set->name,
			    strerror(-r));
		return;
	}
	if (r > 0)
		(void)json_object_set_new(
			answer, "next",
			json_string(prefix_to_text(&page.next, text)));
	call_done(call, answer);
}

struct set_call {
	struct daemon *daemon;
	struct call *call;
	struct set set;
	struct set old; /* id 0: it was made */
};

/* What is said of a set that is not as the policy in force declares it. */
static void add_note(const struct daemon *daemon, const struct set *set,
		     json_t *answer)
{
	const struct judge *judge = daemon->live->judge;
	const struct policy_set *own =
		named_declared(&judge->policy, set->name);
	char text[160];

	if (!own ||
	    (own->set.action == set->action && own->set.kind == set->kind &&
	     own->set.capacity == set->capacity))
		return;
	(void)snprintf(text, sizeof(text),
		       "line %u of policy revision %llu declares it otherwise: "
		       "the next apply makes it what is written there",
		       own->line, (unsigned long long)judge->revision);
	(void)json_object_set_new(answer, "note", json_string(text));
}

static void set_stored(void *arg, int r)
{
	struct set_call *made = arg;
	struct ledger *ledger = made->daemon->ledger;
	json_t *answer;

	made->daemon->is_importing[made->set.id] = false;
	if (r == 0) {
		answer = json_pack("{s:i, s:b}", "id", (int)made->set.id,
				   "made", made->old.id == 0);
		add_note(made->daemon, &made->set, answer);
		call_done(made->call, answer);
		free(made);
		return;
	}
	if (made->old.id)
		(void)ledger_put_set(ledger, &made->old);
	else
		(void)ledger_drop_set(ledger, made->set.id);
	call_refuse(made->call, r, "set %s could not be stored: %s",
		    made->set.name, strerror(-r));
	free(made);
}

static int read_set(struct call *call, struct set *set)
{
	const char *kind = args_text(call, "kind", 16,
				     set_kind_name((enum set_kind)set->kind));
	const char *action =
		kind ? args_text(call, "action", 16,
				 set_action_name((enum set_action)set->action))
		     : NULL;
	enum set_kind kind_id;
	enum set_action action_id;
	uint64_t capacity;

	if (!action)
		return -EINVAL;
	if (set_kind_from_text(kind, &kind_id) < 0 || kind_id == SET_GEO) {
		call_refuse(call, -EINVAL,
			    "\"kind\": \"%s\" is not static or dynamic", kind);
		return -EINVAL;
	}
	if (set_action_from_text(action, &action_id) < 0) {
		call_refuse(
			call, -EINVAL,
			"\"action\": \"%s\" is not allow, drop, shadow or none",
			action);
		return -EINVAL;
	}
	if (args_number(call, "capacity", SET_CAPACITY_MAX, set->capacity,
			&capacity) < 0)
		return -EINVAL;
	set->kind = (uint8_t)kind_id;
	set->action = (uint8_t)action_id;
	set->capacity = (uint32_t)capacity;
	return 0;
}

struct overlap {
	uint8_t set_id;
	struct prefix prefix; /* bits 255: none was found */
};

#define NO_OVERLAP 255

static int note_overlap(void *arg, const struct set *set,
			const struct member *member)
{
	struct overlap *overlap = arg;

	if (set->id == overlap->set_id && overlap->prefix.bits == NO_OVERLAP)
		overlap->prefix = member->prefix;
	return 0;
}

/* A member that covers `entry`, or else the next after it in order, which lies
 * in it if any does. Other sets' members there are passed over in pages. */
static int find_overlap(const struct ledger *ledger,
			const struct guard_entry *entry,
			struct overlap *overlap)
{
	struct prefix after = entry->prefix;
	int r = ledger_each_covering(ledger, &entry->prefix, note_overlap,
				     overlap);

	while (r == 0 && overlap->prefix.bits == NO_OVERLAP) {
		struct ledger_page page = {.after = &after, .max = 1};

		r = ledger_page(ledger, overlap->set_id, &page, note_overlap,
				overlap);
		if (r <= 0 || !prefix_covers(&entry->prefix, &page.next))
			break;
		after = page.next;
		r = 0;
	}
	return r < 0 ? r : 0;
}

/* An address may have become protected since a set that shadows took it. */
static int check_members(struct daemon *daemon, struct call *call,
			 const struct set *set)
{
	char text[GUARD_TEXT_MAX];

	for (size_t i = 0; i < guard_count(daemon->guard); i++) {
		const struct guard_entry *entry = guard_entry(daemon->guard, i);
		struct overlap overlap = {
			.set_id = set->id,
			.prefix.bits = NO_OVERLAP,
		};
		int r = find_overlap(daemon->ledger, entry, &overlap);

		if (r < 0) {
			call_refuse(call, r, "set %s: %s", set->name,
				    strerror(-r));
			return r;
		}
		if (overlap.prefix.bits == NO_OVERLAP ||
		    !prefix_overlaps(&overlap.prefix, &entry->prefix))
			continue;
		call_refuse(call, -EPERM, "set %s: %s: take it out first",
			    set->name,
			    guard_explain(&overlap.prefix, entry, text));
		return -EPERM;
	}
	return 0;
}

/* What would make the protected set a lie, or members vanish. */
static int check_set(struct daemon *daemon, struct call *call,
		     const struct set *set, const struct set *old)
{
	if (old && old->id < SET_ID_FIRST_FREE && set->action != old->action) {
		call_refuse(call, -EPERM, "set %s always has action %s",
			    set->name,
			    set_action_name((enum set_action)old->action));
		return -EPERM;
	}
	if (old && old->action == SET_ALLOW && set->action != SET_ALLOW &&
	    ledger_set_count(daemon->ledger, set->id) > 0) {
		call_refuse(call, -EPERM,
			    "set %s allows and has members: empty it before "
			    "it may %s them",
			    set->name,
			    set_action_name((enum set_action)set->action));
		return -EPERM;
	}
	if (set->capacity < ledger_set_count(daemon->ledger, set->id)) {
		call_refuse(call, -ENOSPC,
			    "set %s has %zu members, more than a capacity of "
			    "%u",
			    set->name,
			    ledger_set_count(daemon->ledger, set->id),
			    set->capacity);
		return -ENOSPC;
	}
	if (old && old->action != SET_DROP && set->action == SET_DROP)
		return check_members(daemon, call, set);
	return 0;
}

static int fill_set(struct daemon *daemon, struct call *call, const char *name,
		    const struct set *old, struct set *ret_set)
{
	struct set set = {
		.kind = SET_STATIC,
		.action = SET_DROP,
		.capacity = SET_CAPACITY_DEFAULT,
	};

	if (old)
		set = *old;
	if (!set_name_is_valid(name)) {
		call_refuse(call, -EINVAL,
			    "\"%s\" is no name for a set: a lower-case letter, "
			    "then letters, digits or '-', 31 at most",
			    name);
		return -EINVAL;
	}
	if (old && (daemon->is_importing[old->id] ||
		    members_are_awaited(daemon, old->id))) {
		call_refuse(call, -EBUSY, "set %s: a change is under way",
			    name);
		return -EBUSY;
	}
	if (!old)
		set.id = set_id_free(daemon);
	if (set.id == 0) {
		call_refuse(call, -ENOSPC, "there are %d sets already",
			    SET_ID_MAX);
		return -ENOSPC;
	}
	memcpy(set.name, name, strlen(name) + 1);
	if (read_set(call, &set) < 0 || check_set(daemon, call, &set, old) < 0)
		return -EINVAL;
	*ret_set = set;
	return 0;
}

void request_set_new(struct daemon *daemon, struct call *call)
{
	const char *name = args_text(call, "set", SET_NAME_MAX - 1, NULL);
	const struct set *old;
	struct set_call *made;
	struct change *change;
	struct set set;

	if (!name || args_settled(daemon, call) < 0 ||
	    args_untried(daemon, call, name) < 0)
		return;
	if (feeds_find(&daemon->feeds, name)) {
		call_refuse(call, -EPERM,
			    "set %s is what feed %s lists: fwctl feed enforce "
			    "and feed shadow say what it does",
			    name, name);
		return;
	}
	old = ledger_set_named(daemon->ledger, name);
	if (fill_set(daemon, call, name, old, &set) < 0)
		return;

	made = calloc(1, sizeof(*made));
	change = calloc(1, sizeof(*change));
	if (!made || !change || ledger_put_set(daemon->ledger, &set) < 0) {
		free(made);
		free(change);
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	*made = (struct set_call){.daemon = daemon, .call = call, .set = set};
	if (old)
		made->old = *old;
	change->kind = CHANGE_SET_PUT;
	change->set = set;
	/* until it is stored: what a member of it means may be taken back */
	daemon->is_importing[set.id] = true;
	commit_submit(daemon,
		      &(struct commit_order){
			      .changes = change,
			      .count = 1,
			      .uid = call->uid,
			      .done = set_stored,
			      .arg = made,
		      },
		      "set %s: %s, %s, capacity %u", set.name,
		      set_kind_name((enum set_kind)set.kind),
		      set_action_name((enum set_action)set.action),
		      set.capacity);
}

static void dropped(struct import *import, int r, const char *why)
{
	struct call *call = import->arg;

	if (r < 0)
		call_refuse(call, r, "%s", why);
	else
		call_done(call, json_pack("{s:I}", "removed",
					  (json_int_t)import->removes.count));
}

/* 0, or it is refused: a set that a policy is about stays. */
static int check_drop(struct daemon *daemon, struct call *call,
		      const struct set *set)
{
	char why[JUDGE_NOTE_MAX];
	int r;

	if (set->id < SET_ID_FIRST_FREE) {
		call_refuse(call, -EPERM, "set %s is built in and stays",
			    set->name);
		return -EPERM;
	}
	if (daemon->apply) {
		call_refuse(call, -EBUSY,
			    "a policy is being applied, try again when it is "
			    "done");
		return -EBUSY;
	}
	r = named_check_drop(daemon, set, why);
	if (r < 0)
		call_refuse(call, r, "%s", why);
	return r;
}

/* An import of nothing, after which the set goes too. */
void request_set_drop(struct daemon *daemon, struct call *call)
{
	const struct set *set = args_set(daemon, call, true);
	struct import *import;

	if (!set || check_drop(daemon, call, set) < 0)
		return;
	if (import_new(daemon, set, &import) < 0) {
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	import->is_replacing = true;
	import->drops_set = true;
	import->entry.uid = call->uid;
	import->finished = dropped;
	import->arg = call;
	import_start(import);
}
