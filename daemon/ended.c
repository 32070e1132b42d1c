// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/ended.h"

#include <errno.h>
#include <stdlib.h>

#include "rules/base.h"

int ended_add(struct ended *ended, uint8_t set_id, const struct prefix *prefix)
{
	if (ended->count == ended->capacity) {
		size_t capacity = ended->capacity ? ended->capacity * 2 : 256;
		struct ended_member *list =
			reallocarray(ended->list, capacity, sizeof(*list));

		if (!list)
			return -ENOMEM;
		ended->list = list;
		ended->capacity = capacity;
	}
	ended->list[ended->count++] = (struct ended_member){
		.prefix = *prefix,
		.set_id = set_id,
	};
	return 0;
}

void ended_done(struct ended *ended)
{
	freep(&ended->list);
	*ended = (struct ended){0};
}
