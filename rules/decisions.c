// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/decisions.h"

#include <assert.h>
#include <errno.h>
#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "rules/member.h"

/* Many decisions give one reason: each text is kept once. */
struct reason {
	struct reason *next; /* in no order */
	uint64_t used; /* at the settling of this number, last */
	char text[];
};

/* What was noted; a deletion has no prefix. */
struct note {
	struct decision decision;
	uint32_t order;
	bool is_deleted;
};

struct decisions {
	size_t max;
	struct decision *list; /* by id, then prefix; each once */
	size_t count;
	struct note *notes;
	size_t note_count, note_room;
	size_t fresh_count; /* notes that are no deletions */
	struct reason *reasons; /* all of them */
	void *by_text; /* of tsearch(3): whatever the texts are, it is balanced */
	uint64_t settlings;
};

int decisions_new(size_t max, struct decisions **ret_decisions)
{
	struct decisions *decisions = calloc(1, sizeof(*decisions));

	if (!decisions)
		return -ENOMEM;
	decisions->max = max;
	*ret_decisions = decisions;
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Those that no decision gives any more: their texts are the server's, and it
 * may think of new ones for ever. */
static void drop_unused(struct decisions *decisions, uint64_t used)
{
	struct reason **link = &decisions->reasons;

	while (*link) {
		struct reason *reason = *link;

		if (reason->used == used) {
			link = &reason->next;
			continue;
		}
		*link = reason->next;
		(void)tdelete(reason->text, &decisions->by_text, compare_texts);
		free(reason);
	}
}

void decisions_free(struct decisions *decisions)
{
	if (!decisions)
		return;
	drop_unused(decisions, UINT64_MAX);
	free(decisions->list);
	free(decisions->notes);
	free(decisions);
}

static const char *keep_reason(struct decisions *decisions, const char *text)
{
	void *found = tfind(text, &decisions->by_text, compare_texts);
	size_t size = strlen(text) + 1;
	struct reason *reason;

	if (found)
		return *(const char **)found;
	reason = malloc(sizeof(*reason) + size);
	if (!reason)
		return NULL;
	memcpy(reason->text, text, size);
	if (!tsearch(reason->text, &decisions->by_text, compare_texts)) {
		free(reason);
		return NULL;
	}
	reason->used = decisions->settlings;
	reason->next = decisions->reasons;
	decisions->reasons = reason;
	return reason->text;
}

/* Others see it as const; it is the table's. */
static struct reason *reason_of(const char *text)
{
	const union {
		const char *given;
		char *own;
	} of = {.given = text};

	return (struct reason *)(of.own - offsetof(struct reason, text));
}

static void settle_reasons(struct decisions *decisions)
{
	uint64_t now = ++decisions->settlings;

	for (size_t i = 0; i < decisions->count; i++)
		reason_of(decisions->list[i].reason)->used = now;
	drop_unused(decisions, now);
}

static int add_note(struct decisions *decisions, const struct note *note)
{
	if (decisions->note_count == decisions->note_room) {
		size_t room = decisions->note_room * 2 + 64;
		struct note *grown =
			reallocarray(decisions->notes, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		decisions->notes = grown;
		decisions->note_room = room;
	}
	decisions->notes[decisions->note_count] = *note;
	decisions->notes[decisions->note_count].order =
		(uint32_t)decisions->note_count;
	decisions->note_count++;
	return 0;
}

int decisions_note(struct decisions *decisions, const struct decision *decision)
{
	struct note note = {.decision = *decision};

	assert(decisions);
	assert(reason_is_valid(decision->reason));

	/* of what is noted twice one stays, so this is generous */
	if (decisions->fresh_count++ / 2 > decisions->max)
		return -E2BIG;
	note.decision.reason = keep_reason(decisions, decision->reason);
	return note.decision.reason ? add_note(decisions, &note) : -ENOMEM;
}

int decisions_note_deleted(struct decisions *decisions, uint64_t id)
{
	const struct note note = {.decision.id = id, .is_deleted = true};

	assert(decisions);

	return add_note(decisions, &note);
}

static int compare_decisions(const struct decision *a, const struct decision *b)
{
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return prefix_cmp(&a->prefix, &b->prefix);
}

/* By id, its deletions first; then by prefix, the last that was noted first. */
static int compare_notes(const void *one, const void *other)
{
	const struct note *a = one;
	const struct note *b = other;
	int order;

	if (a->decision.id != b->decision.id)
		return a->decision.id < b->decision.id ? -1 : 1;
	if (a->is_deleted != b->is_deleted)
		return a->is_deleted ? -1 : 1;
	order = prefix_cmp(&a->decision.prefix, &b->decision.prefix);
	if (order != 0)
		return order;
	return a->order > b->order ? -1 : a->order < b->order;
}

/* Leave of the sorted notes one of each deletion and one of each decision that
 * is not deleted. */
static void tidy_notes(struct decisions *decisions)
{
	struct note *notes = decisions->notes;
	size_t kept = 0;

	for (size_t i = 0; i < decisions->note_count; i++) {
		const struct note *last = kept > 0 ? &notes[kept - 1] : NULL;
		bool is_same_id =
			last && last->decision.id == notes[i].decision.id;

		if (is_same_id && (last->is_deleted ||
				   prefix_cmp(&last->decision.prefix,
					      &notes[i].decision.prefix) == 0))
			continue;
		notes[kept++] = notes[i];
	}
	decisions->note_count = kept;
}

/* Two sorted rows become a third one. */
struct settling {
	struct decision *list;
	size_t count;
	uint64_t now_s;
};

static void settle_one(struct settling *settling,
		       const struct decision *decision)
{
	if (decision->until_s > settling->now_s)
		settling->list[settling->count++] = *decision;
}

static void merge(const struct decisions *decisions, struct settling *settling)
{
	const struct decision *old = decisions->list;
	const struct decision *end = old + decisions->count;

	for (size_t i = 0; i < decisions->note_count; i++) {
		const struct note *note = &decisions->notes[i];
		const struct decision *noted = &note->decision;

		while (old < end &&
		       (note->is_deleted ? old->id < noted->id
					 : compare_decisions(old, noted) < 0))
			settle_one(settling, old++);
		if (note->is_deleted) {
			while (old < end && old->id == noted->id)
				old++;
			continue;
		}
		if (old < end && compare_decisions(old, noted) == 0)
			old++;
		settle_one(settling, noted);
	}
	while (old < end)
		settle_one(settling, old++);
}

int decisions_settle(struct decisions *decisions, uint64_t now_s)
{
	struct settling settling = {.now_s = now_s};

	assert(decisions);

	if (decisions->note_count > 0)
		qsort(decisions->notes, decisions->note_count,
		      sizeof(*decisions->notes), compare_notes);
	tidy_notes(decisions);
	settling.list =
		reallocarray(NULL, decisions->count + decisions->note_count + 1,
			     sizeof(*settling.list));
	if (!settling.list)
		return -ENOMEM;
	merge(decisions, &settling);
	if (settling.count > decisions->max) {
		free(settling.list);
		return -E2BIG;
	}
	free(decisions->list);
	free(TAKE(decisions->notes));
	decisions->note_count = decisions->note_room = 0;
	decisions->fresh_count = 0;
	decisions->list = settling.list;
	decisions->count = settling.count;
	settle_reasons(decisions);
	return 0;
}

size_t decisions_count(const struct decisions *decisions)
{
	return decisions->count;
}

size_t decisions_reasons(const struct decisions *decisions)
{
	size_t count = 0;

	for (const struct reason *at = decisions->reasons; at; at = at->next)
		count++;
	return count;
}

/* By prefix, the one that ends last first; of equals the first id. */
static int compare_held(const void *one, const void *other)
{
	const struct decision *a = one;
	const struct decision *b = other;
	int order = prefix_cmp(&a->prefix, &b->prefix);

	if (order != 0)
		return order;
	if (a->until_s != b->until_s)
		return a->until_s > b->until_s ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

int decisions_held(const struct decisions *decisions,
		   struct decision **ret_list, size_t *ret_count)
{
	struct decision *list;
	size_t kept = 0;

	assert(decisions);

	list = calloc(decisions->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	if (decisions->count > 0) {
		memcpy(list, decisions->list, decisions->count * sizeof(*list));
		qsort(list, decisions->count, sizeof(*list), compare_held);
	}
	for (size_t i = 0; i < decisions->count; i++)
		if (kept == 0 ||
		    prefix_cmp(&list[kept - 1].prefix, &list[i].prefix) != 0)
			list[kept++] = list[i];
	*ret_list = list;
	*ret_count = kept;
	return 0;
}
