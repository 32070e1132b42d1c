// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/owed.h"

#include <errno.h>
#include <stdlib.h>

#include "rules/base.h"

int owed_add(struct owed *owed, uint8_t set_id, const struct member *member)
{
	owed_drop(owed, set_id, &member->prefix);
	if (owed->count == owed->capacity) {
		size_t capacity = owed->capacity ? owed->capacity * 2 : 16;
		struct owed_member *list =
			reallocarray(owed->list, capacity, sizeof(*list));

		if (!list)
			return -ENOMEM;
		owed->list = list;
		owed->capacity = capacity;
	}
	owed->list[owed->count++] = (struct owed_member){
		.set_id = set_id,
		.member = *member,
	};
	return 0;
}

bool owed_take(struct owed *owed, uint8_t set_id, const struct prefix *prefix,
	       struct evidence *ret_evidence)
{
	for (size_t i = 0; i < owed->count; i++) {
		struct owed_member *found = &owed->list[i];

		if (found->set_id != set_id ||
		    prefix_cmp(&found->member.prefix, prefix) != 0)
			continue;
		*ret_evidence = found->member.evidence;
		*found = owed->list[--owed->count];
		return true;
	}
	return false;
}

void owed_drop(struct owed *owed, uint8_t set_id, const struct prefix *prefix)
{
	struct evidence evidence;

	if (owed_take(owed, set_id, prefix, &evidence))
		freep(&evidence.reason);
}

void owed_done(struct owed *owed)
{
	for (size_t i = 0; i < owed->count; i++)
		freep(&owed->list[i].member.evidence.reason);
	freep(&owed->list);
	*owed = (struct owed){0};
}
