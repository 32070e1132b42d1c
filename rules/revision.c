// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/revision.h"

#include <assert.h>

#include "rules/base.h"
#include "rules/member.h"

/* What reason_is_valid() says is said of a note as well. */
_Static_assert(REVISION_NOTE_MAX == REASON_MAX, "");

static const char *const state_names[] = {
	[REVISION_KEPT] = "kept",
	[REVISION_CURRENT] = "current",
	[REVISION_PENDING] = "pending",
};

_Static_assert(ARRAY_LEN(state_names) == REVISION_STATE_COUNT, "");

enum revision_state revision_state_of(uint64_t number, uint64_t current,
				      const struct pending *pending)
{
	assert(number != 0);
	assert(pending);

	if (number == pending->number)
		return REVISION_PENDING;
	return number == current ? REVISION_CURRENT : REVISION_KEPT;
}

const char *revision_state_name(enum revision_state state)
{
	assert(state < REVISION_STATE_COUNT);

	return state_names[state];
}

bool revision_note_is_valid(const char *note)
{
	assert(note);

	return reason_is_valid(note);
}
