// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/awaited.h"

#include <string.h>

#include "daemon/members.h"

_Static_assert(AWAITED_BUCKETS == 1u << 16, "");

static size_t bucket_of(uint8_t set_id, const struct prefix *prefix)
{
	uint64_t halves[2];
	uint64_t hash;

	memcpy(halves, prefix->addr, sizeof(halves));
	hash = halves[0] ^ ((uint64_t)set_id << 8) ^ prefix->bits;
	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15u;
	hash = (hash ^ hash >> 32 ^ halves[1]) * 0x9e3779b97f4a7c15u;
	return hash >> 48;
}

static bool is_of(const struct edit *edit, uint8_t set_id,
		  const struct prefix *prefix)
{
	return edit->set_id == set_id && prefix_cmp(&edit->prefix, prefix) == 0;
}

/* Where the newest edit of the same member is linked, or would be. */
static struct edit **link_of(struct awaited *awaited, uint8_t set_id,
			     const struct prefix *prefix)
{
	struct edit **link = &awaited->newest[bucket_of(set_id, prefix)];

	while (*link && !is_of(*link, set_id, prefix))
		link = &(*link)->beside;
	return link;
}

static void add_edit(struct awaited *awaited, uint8_t set_id, struct edit *edit)
{
	struct edit **link = link_of(awaited, set_id, &edit->prefix);

	edit->set_id = set_id;
	edit->is_awaited = true;
	edit->newer = NULL;
	edit->older = *link;
	edit->beside = NULL;
	if (edit->older) {
		edit->beside = edit->older->beside;
		edit->older->newer = edit;
	}
	*link = edit;
}

void awaited_add(struct awaited *awaited, struct edits *edits)
{
	struct edits **end = &awaited->first;

	while (*end)
		end = &(*end)->later;
	*end = edits;
	for (size_t i = 0; i < edits->count; i++)
		add_edit(awaited, edits->set_id, &edits->list[i]);
}

void awaited_remove(struct awaited *awaited, struct edits *edits)
{
	struct edits **link = &awaited->first;

	while (*link && *link != edits)
		link = &(*link)->later;
	if (*link)
		*link = edits->later;
	for (size_t i = 0; i < edits->count; i++)
		awaited_remove_edit(awaited, &edits->list[i]);
}

bool awaited_has(const struct awaited *awaited, uint8_t set_id,
		 const struct prefix *prefix)
{
	const struct edit *edit = awaited->newest[bucket_of(set_id, prefix)];

	while (edit && !is_of(edit, set_id, prefix))
		edit = edit->beside;
	return edit != NULL;
}

void awaited_remove_edit(struct awaited *awaited, struct edit *edit)
{
	struct edit *older = edit->older;

	if (!edit->is_awaited)
		return;
	if (older)
		older->newer = edit->newer;
	if (edit->newer) {
		edit->newer->older = older;
	} else {
		struct edit **link =
			link_of(awaited, edit->set_id, &edit->prefix);

		if (older)
			older->beside = edit->beside;
		*link = older ? older : edit->beside;
	}
	edit->is_awaited = false;
	edit->newer = edit->older = NULL;
}
