// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For each source an array in order of prefix. Entries may nest, so the last
 * one at or before a prefix need not be the one that covers it; see find_cover().
 */
#include "daemon/merge/guard.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shelf {
	struct guard_entry **entries;
	size_t count;
	size_t room;
};

struct guard {
	uint64_t version;
	struct shelf shelves[GUARD_SOURCE_COUNT];
};

static const struct guard_entry EVERY_ADDRESS = {
	.source = GUARD_FIXED,
	.name = "every address",
};

static const struct {
	const char *text;
	const char *name;
} fixed[] = {
	{"0.0.0.0", "unspecified address"},
	{"127.0.0.0/8", "loopback"},
	{"169.254.0.0/16", "link-local"},
	{"::", "unspecified address"},
	{"::1", "loopback"},
	{"fe80::/10", "link-local"},
};

static void shelf_done(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		free(shelf->entries[i]);
	free(shelf->entries);
	*shelf = (struct shelf){0};
}

/* How many entries sort before `prefix`, or equal it when `with_equal`. */
static size_t rank_of(const struct shelf *shelf, const struct prefix *prefix,
		      bool with_equal)
{
	size_t low = 0;
	size_t high = shelf->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = prefix_cmp(&shelf->entries[mid]->prefix, prefix);

		if (order < 0 || (order == 0 && with_equal))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool holds_at(const struct shelf *shelf, size_t rank,
		     const struct prefix *prefix)
{
	return rank < shelf->count &&
	       prefix_cmp(&shelf->entries[rank]->prefix, prefix) == 0;
}

static int shelf_reserve(struct shelf *shelf)
{
	size_t room = shelf->room ? shelf->room * 2 : 8;
	struct guard_entry **entries;

	if (shelf->count < shelf->room)
		return 0;
	entries = realloc(shelf->entries, room * sizeof(struct guard_entry *));
	if (!entries)
		return -ENOMEM;
	shelf->entries = entries;
	shelf->room = room;
	return 0;
}

/* An entry for a prefix that is there already takes its place. */
static int shelf_add(struct shelf *shelf, const struct guard_entry *entry)
{
	size_t rank = rank_of(shelf, &entry->prefix, false);
	struct guard_entry *copy;
	int r;

	if (holds_at(shelf, rank, &entry->prefix)) {
		*shelf->entries[rank] = *entry;
		return 0;
	}
	r = shelf_reserve(shelf);
	if (r < 0)
		return r;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *entry;
	memmove(shelf->entries + rank + 1, shelf->entries + rank,
		(shelf->count - rank) * sizeof(struct guard_entry *));
	shelf->entries[rank] = copy;
	shelf->count++;
	return 0;
}

static int add_fixed(struct guard *guard)
{
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		struct guard_entry entry = {.source = GUARD_FIXED};
		const char *text = fixed[i].text;
		int r;

		r = prefix_from_text(text, strlen(text), &entry.prefix);
		if (r < 0)
			return r;
		memcpy(entry.name, fixed[i].name, strlen(fixed[i].name) + 1);
		r = guard_add(guard, &entry);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_all(struct guard *guard, const struct guard *from)
{
	for (size_t i = 0; i < guard_count(from); i++) {
		int r = guard_add(guard, guard_entry(from, i));

		if (r < 0)
			return r;
	}
	return 0;
}

int guard_new(struct guard **ret_guard)
{
	struct guard *guard;
	int r;

	assert(ret_guard);

	guard = calloc(1, sizeof(*guard));
	if (!guard)
		return -ENOMEM;
	r = add_fixed(guard);
	if (r < 0) {
		guard_free(guard);
		return r;
	}
	*ret_guard = guard;
	return 0;
}

void guard_free(struct guard *guard)
{
	if (!guard)
		return;

	for (int i = 0; i < GUARD_SOURCE_COUNT; i++)
		shelf_done(&guard->shelves[i]);
	free(guard);
}

int guard_copy(const struct guard *guard, struct guard **ret_copy)
{
	struct guard *copy;
	int r;

	assert(guard);
	assert(ret_copy);

	copy = calloc(1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	r = add_all(copy, guard);
	if (r < 0) {
		guard_free(copy);
		return r;
	}
	*ret_copy = copy;
	return 0;
}

static bool shelf_equal(const struct shelf *a, const struct shelf *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (prefix_cmp(&a->entries[i]->prefix,
			       &b->entries[i]->prefix) != 0)
			return false;
	return true;
}

int guard_replace(struct guard *guard, enum guard_source source,
		  const struct guard_entry *entries, size_t count)
{
	struct shelf shelf = {0};

	assert(guard);
	assert(source < GUARD_SOURCE_COUNT);
	assert(entries || count == 0);

	for (size_t i = 0; i < count; i++) {
		int r;

		assert(entries[i].source == source);
		r = shelf_add(&shelf, &entries[i]);
		if (r < 0) {
			shelf_done(&shelf);
			return r;
		}
	}
	if (!shelf_equal(&guard->shelves[source], &shelf))
		guard->version++;
	shelf_done(&guard->shelves[source]);
	guard->shelves[source] = shelf;
	return 0;
}

int guard_add(struct guard *guard, const struct guard_entry *entry)
{
	assert(guard);
	assert(entry);
	assert(entry->source < GUARD_SOURCE_COUNT);

	guard->version++;
	return shelf_add(&guard->shelves[entry->source], entry);
}

void guard_del(struct guard *guard, enum guard_source source,
	       const struct prefix *prefix)
{
	struct shelf *shelf;
	size_t rank;

	assert(guard);
	assert(source < GUARD_SOURCE_COUNT);
	assert(prefix);

	shelf = &guard->shelves[source];
	rank = rank_of(shelf, prefix, false);
	if (!holds_at(shelf, rank, prefix))
		return;
	guard->version++;
	free(shelf->entries[rank]);
	shelf->count--;
	memmove(shelf->entries + rank, shelf->entries + rank + 1,
		(shelf->count - rank) * sizeof(struct guard_entry *));
}

/* `prefix` cut to the bits it shares with `other`; they must differ. */
static struct prefix shared_part(const struct prefix *prefix,
				 const struct prefix *other)
{
	struct prefix shared = {.bits = 0};
	size_t i = 0;
	unsigned int same;

	while (prefix->addr[i] == other->addr[i])
		i++;
	same = (unsigned int)__builtin_clz(
		       (unsigned int)(prefix->addr[i] ^ other->addr[i])) -
	       24;
	memcpy(shared.addr, prefix->addr, i);
	shared.addr[i] = (uint8_t)(prefix->addr[i] & ~(0xff >> same));
	shared.bits = (uint8_t)(i * 8 + same);
	return shared;
}

/*
 * An entry around `prefix`. Whatever covers it sorts at or before it, and
 * covers all that sorts between: so when the last entry at or before `prefix`
 * does not cover it, an entry that does covers what those two share. Each
 * round the key gets shorter.
 */
static bool find_cover(const struct shelf *shelf, const struct prefix *prefix,
		       size_t *ret_index)
{
	struct prefix key = *prefix;
	size_t rank;

	for (;;) {
		const struct prefix *before;

		rank = rank_of(shelf, &key, true);
		if (rank == 0)
			return false;
		before = &shelf->entries[rank - 1]->prefix;
		if (prefix_covers(before, prefix))
			break;
		key = shared_part(&key, before);
	}
	*ret_index = rank - 1;
	return true;
}

/* The first entry inside `prefix`: what lies inside sorts right behind it. */
static bool find_inner(const struct shelf *shelf, const struct prefix *prefix,
		       size_t *ret_index)
{
	size_t rank = rank_of(shelf, prefix, false);

	if (rank == shelf->count ||
	    !prefix_covers(prefix, &shelf->entries[rank]->prefix))
		return false;
	*ret_index = rank;
	return true;
}

const struct guard_entry *guard_find(const struct guard *guard,
				     const struct prefix *prefix)
{
	assert(guard);
	assert(prefix);

	if (prefix_has_all_v4(prefix))
		return &EVERY_ADDRESS;
	for (int i = 0; i < GUARD_SOURCE_COUNT; i++) {
		const struct shelf *shelf = &guard->shelves[i];
		size_t index;

		if (find_inner(shelf, prefix, &index) ||
		    find_cover(shelf, prefix, &index))
			return shelf->entries[index];
	}
	return NULL;
}

uint64_t guard_version(const struct guard *guard)
{
	assert(guard);

	return guard->version;
}

const char *guard_explain(const struct prefix *prefix,
			  const struct guard_entry *entry,
			  char text[GUARD_TEXT_MAX])
{
	char given[PREFIX_TEXT_MAX], kept[PREFIX_TEXT_MAX];
	bool covers = prefix_covers(prefix, &entry->prefix);
	bool is_inside = prefix_covers(&entry->prefix, prefix);

	(void)prefix_to_text(prefix, given);
	(void)prefix_to_text(&entry->prefix, kept);
	if (entry == &EVERY_ADDRESS)
		(void)snprintf(text, GUARD_TEXT_MAX, "%s %s: no set holds it",
			       given,
			       prefix_len(prefix) == 0
				       ? "is every address"
				       : "has every IPv4 address in it");
	else if (covers && is_inside)
		(void)snprintf(text, GUARD_TEXT_MAX, "%s is protected (%s)",
			       given, entry->name);
	else
		(void)snprintf(text, GUARD_TEXT_MAX,
			       "%s %s %s, which is protected (%s)", given,
			       covers ? "would cover" : "is inside", kept,
			       entry->name);
	return text;
}

size_t guard_count(const struct guard *guard)
{
	size_t count = 0;

	assert(guard);

	for (int i = 0; i < GUARD_SOURCE_COUNT; i++)
		count += guard->shelves[i].count;
	return count;
}

const struct guard_entry *guard_entry(const struct guard *guard, size_t index)
{
	const struct shelf *shelf;

	assert(guard);
	assert(index < guard_count(guard));

	shelf = guard->shelves;
	while (index >= shelf->count) {
		index -= shelf->count;
		shelf++;
	}
	return shelf->entries[index];
}
