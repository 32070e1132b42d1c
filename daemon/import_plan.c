// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/import_plan.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "rules/feed_sweep.h"

#define FETCH_BYTES (256u << 10)

/* Of the entry that stands on that line of the list. */
static struct evidence evidence_at(const struct import *import, uint32_t line)
{
	struct evidence evidence = import->evidence;

	if (import->evidence_of)
		import->evidence_of(import, line, &evidence);
	else
		evidence.line = line;
	return evidence;
}

static bool is_guarded(struct import *import, const struct prefix *prefix,
		       uint32_t line)
{
	const struct guard_entry *entry =
		import->guard ? guard_find(import->guard, prefix) : NULL;
	char where[32];

	if (!entry)
		return false;
	if (line)
		(void)snprintf(where, sizeof(where), "%s %u",
			       import->is_shared ? "decision" : "line",
			       evidence_at(import, line).line);
	else
		(void)snprintf(where, sizeof(where), "the policy");
	guarded_add(&import->guarded, where, prefix, entry);
	return true;
}

static int take_entry(void *arg, const struct prefix *prefix, uint32_t line)
{
	struct import *import = arg;

	if (is_guarded(import, prefix, line))
		return 0;
	return listed_add(&import->listed, prefix, line);
}

/* Two sorted rows side by side: the list, and the set as it is stored. */
struct merge {
	struct import *import;
	size_t next; /* of the list */
	struct feed_sweep never;
};

static int take_new(struct merge *merge)
{
	struct import *import = merge->import;
	const struct listed *entry = &import->listed.list[merge->next++];

	import->added++;
	table_need_add(&import->need, &entry->prefix);
	return listed_add(&import->adds, &entry->prefix, entry->line);
}

static struct standing standing_of(const struct member *member)
{
	return (struct standing){
		.prefix = member->prefix,
		.origin = member->evidence.origin,
		.line = member->evidence.line,
		.expires_s = member->evidence.expires_s,
	};
}

static int standings_grow(struct standings *standings, size_t capacity)
{
	struct standing *grown =
		reallocarray(standings->list, capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	standings->list = grown;
	standings->capacity = capacity;
	return 0;
}

void standings_reserve(struct standings *standings, size_t count)
{
	if (count > standings->capacity)
		(void)standings_grow(standings, count);
}

int standings_add(struct standings *standings, const struct member *member)
{
	int r = 0;

	if (standings->count == standings->capacity)
		r = standings_grow(standings, standings->capacity * 2 + 64);
	if (r < 0)
		return r;
	standings->list[standings->count++] = standing_of(member);
	return 0;
}

/* Are its members another's, and to be left alone? */
static bool is_of_others(const struct import *import,
			 const struct standing *member)
{
	return import->is_shared && member->origin != import->evidence.origin;
}

/* `reason` is NULL where none was kept. */
static bool is_same(const struct import *import, const struct listed *entry,
		    const struct standing *old, const char *reason)
{
	struct evidence evidence;
	uint64_t early_s, late_s;

	if (import->is_repair || old->origin == ORIGIN_TRIAL)
		return false;
	if (!import->evidence_of)
		return old->expires_s == import->evidence.expires_s;
	evidence = evidence_at(import, entry->line);
	early_s = old->expires_s < evidence.expires_s ? old->expires_s
						      : evidence.expires_s;
	late_s = old->expires_s < evidence.expires_s ? evidence.expires_s
						     : old->expires_s;
	return (import->is_shared ? evidence.line == old->line
				  : !is_leaving(old)) &&
	       late_s - early_s <= import->slack_s &&
	       (!reason || strcmp(evidence.reason, reason) == 0);
}

static int meet_member(struct merge *merge, const struct standing *member,
		       const char *reason)
{
	struct import *import = merge->import;
	const struct listed *entry = &import->listed.list[merge->next++];

	if (is_of_others(import, member) ||
	    is_same(import, entry, member, reason)) {
		import->kept++;
		return 0;
	}
	import->renewed++;
	return listed_add(&import->adds, &entry->prefix, entry->line);
}

static int merge_member(struct merge *merge, const struct standing *member,
			const char *reason)
{
	struct import *import = merge->import;

	const bool may_stay =
		!feed_sweep_step(&merge->never, &member->prefix) &&
		import->leave_s;

	import->stored++;
	while (merge->next < import->listed.count) {
		int order = prefix_cmp(&import->listed.list[merge->next].prefix,
				       &member->prefix);
		int r;

		if (order > 0)
			break;
		if (order == 0)
			return meet_member(merge, member, reason);
		r = take_new(merge);
		if (r < 0)
			return r;
	}
	if (!import->is_replacing || is_of_others(import, member) ||
	    (may_stay && member->expires_s &&
	     member->expires_s <= import->leave_s)) {
		import->kept++;
		return 0;
	}
	return listed_add(may_stay ? &import->leaves : &import->removes,
			  &member->prefix, member->line);
}

static int merge_stored(void *arg, uint8_t set_id, const struct member *member)
{
	const struct standing standing = standing_of(member);

	(void)set_id;
	return merge_member(arg, &standing, member->evidence.reason);
}

/* With the set as it is stored, or as that was read before. */
static int merge_all(struct merge *merge)
{
	struct import *import = merge->import;
	int r = 0;

	if (!import->is_set_read)
		return store_each_member(import->store, import->set.id,
					 merge_stored, merge);
	for (size_t i = 0; i < import->standings.count && r == 0; i++)
		r = merge_member(merge, &import->standings.list[i], NULL);
	freep(&import->standings.list);
	import->standings = (struct standings){0};
	return r;
}

/* The list is past the set's last member: what is left of it is new. Often
 * that is all of it, and then nothing is copied. */
static int take_rest(struct merge *merge)
{
	struct import *import = merge->import;
	struct listed_array *listed = &import->listed;
	int r = 0;

	if (merge->next > 0) {
		while (r == 0 && merge->next < listed->count)
			r = take_new(merge);
		return r;
	}
	for (size_t i = 0; i < listed->count; i++)
		table_need_add(&import->need, &listed->list[i].prefix);
	import->added = listed->count;
	import->adds = *listed;
	*listed = (struct listed_array){0};
	return 0;
}

/* The text in memory a piece at a time, not page by page as it is read. Small
 * pieces, for the loop may wait for the same lock in the kernel. */
static void fetch_text(const struct import *import)
{
	for (size_t at = 0; at < import->text_bytes; at += FETCH_BYTES) {
		size_t left = import->text_bytes - at;

		(void)madvise(import->text + at,
			      left < FETCH_BYTES ? left : FETCH_BYTES,
			      MADV_POPULATE_READ);
	}
}

static int compare(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

/* What is protected, in order; few. */
static int list_guard(const struct guard *guard, struct prefix **ret_list,
		      size_t *ret_count)
{
	size_t count = guard_count(guard);
	struct prefix *list = calloc(count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		list[i] = guard_entry(guard, i)->prefix;
	qsort(list, count, sizeof(*list), compare);
	*ret_list = list;
	*ret_count = count;
	return 0;
}

/* A list that was read elsewhere: what is protected is left out here too. Both
 * are in order, so hardly any entry is looked for. */
static int guard_listed(struct import *import)
{
	struct listed_array *listed = &import->listed;
	CLEANUP(freep) struct prefix *guarded = NULL;
	struct feed_sweep sweep = {0};
	size_t kept = 0;
	int r;

	if (!import->guard)
		return 0;
	r = list_guard(import->guard, &guarded, &sweep.over.count);
	if (r < 0)
		return r;
	sweep.over.prefixes = guarded;
	for (size_t i = 0; i < listed->count; i++) {
		const struct listed *entry = &listed->list[i];
		bool meets = feed_sweep_step(&sweep, &entry->prefix) ||
			     prefix_has_all_v4(&entry->prefix);

		if (!meets || !is_guarded(import, &entry->prefix, entry->line))
			listed->list[kept++] = *entry;
	}
	listed->count = kept;
	return 0;
}

int import_plan(struct import *import)
{
	struct merge merge = {.import = import};
	int r = 0;

	assert(import);

	merge.never.over = (struct feed_prefixes){.prefixes = import->never,
						  .count = import->never_count};

	if (import->text) {
		fetch_text(import);
		listed_reserve_lines(&import->listed, import->text_bytes);
		r = plain_read(import->text, import->text_bytes, take_entry,
			       import, &import->report);
	}
	for (size_t i = 0; i < import->given_count && r == 0; i++)
		r = take_entry(import, &import->given[i], 0);
	if (import->is_listed)
		r = guard_listed(import);
	else if (r == 0)
		r = listed_sort(&import->listed);
	if (r < 0)
		return r;

	r = merge_all(&merge);
	if (r == 0)
		r = take_rest(&merge);
	listed_done(&import->listed);
	return r;
}

size_t import_put_count(const struct import *import)
{
	return import->adds.count + import->leaves.count;
}

void import_put_at(const struct import *import, size_t index,
		   struct member *ret_member)
{
	bool leaves = index >= import->adds.count;
	const struct listed *entry =
		leaves ? &import->leaves.list[index - import->adds.count]
		       : &import->adds.list[index];

	*ret_member = (struct member){
		.prefix = entry->prefix,
		.evidence = leaves ? import->evidence
				   : evidence_at(import, entry->line),
	};
	if (leaves)
		ret_member->evidence.expires_s = import->leave_s;
}

/* Change number `index`: members that are put, the removals, what goes along,
 * the set's end. */
static void change_at(void *arg, size_t index, struct change *ret_change)
{
	const struct import *import = arg;
	size_t puts = import_put_count(import);

	*ret_change = (struct change){.set_id = import->set.id};
	if (index < puts) {
		ret_change->kind = CHANGE_MEMBER_PUT;
		import_put_at(import, index, &ret_change->member);
		return;
	}
	index -= puts;
	if (index < import->removes.count) {
		ret_change->kind = CHANGE_MEMBER_DEL;
		ret_change->member.prefix = import->removes.list[index].prefix;
		return;
	}
	index -= import->removes.count;
	if (index < import->also_count)
		*ret_change = import->also[index];
	else
		ret_change->kind = CHANGE_SET_DEL;
}

struct store_part import_part(struct import *import)
{
	return (struct store_part){
		.at = change_at,
		.arg = import,
		.count = import_put_count(import) + import->removes.count +
			 import->also_count + import->drops_set,
		.entry = &import->entry,
	};
}
