// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/counts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int counts_by_set(struct daemon *daemon,
		  struct fw_count ret_counts[SET_ID_MAX + 1])
{
	struct classes *classes = ledger_classes(daemon->ledger);
	uint32_t count = (uint32_t)classes_last(classes) + 1;
	CLEANUP(freep) void *memory = calloc(count, sizeof(struct fw_count));
	struct fw_count *by_class = memory;
	int r;

	if (!by_class)
		return -ENOMEM;
	r = maps_class_counts(daemon->maps, by_class, count);
	if (r < 0)
		return r;

	memset(ret_counts, 0, (SET_ID_MAX + 1) * sizeof(*ret_counts));
	for (uint32_t id = 1; id < count; id++) {
		struct class_info info = classes_info(classes, (uint16_t)id);

		ret_counts[info.set_id].packets += by_class[id].packets;
		ret_counts[info.set_id].bytes += by_class[id].bytes;
	}
	return 0;
}

int counts_by_rule(const struct daemon *daemon, const struct judge *judge,
		   struct fw_count *ret_counts)
{
	size_t count = judge->policy.rule_count;
	CLEANUP(freep) void *memory = NULL;
	struct fw_count *all;
	uint32_t room = 0;
	int r;

	if (count == 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (judge->counters[i] >= room)
			room = judge->counters[i] + 1u;
	memory = calloc(room, sizeof(struct fw_count));
	all = memory;
	if (!all)
		return -ENOMEM;
	r = maps_rule_counts(daemon->maps, all, room);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		ret_counts[i] = all[judge->counters[i]];
	return 0;
}
