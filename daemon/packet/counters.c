// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/counters.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "daemon/packet/mapping.h"
#include "daemon/packet/pins.h"
#include "xdp/policy.h"

#define RULE_IDS_NAME "rule_ids"
#define INDEX_SLOTS   (2 * FW_COUNTER_MAX)

/* The kernel rounds up to 8 bytes, so it is a multiple. */
_Static_assert(RULE_ID_MAX % 8 == 0, "");

struct counters {
	struct maps *maps;
	int fd;
	struct mapping mapping;
	char (*ids)[RULE_ID_MAX]; /* "": free */
	uint32_t first_free; /* none below it is */
	uint16_t index[INDEX_SLOTS]; /* by hash of the id: place + 1, or 0 */
};

/* FNV-1a; ids are the operator's own. */
static uint32_t hash_of(const char *id)
{
	uint32_t hash = 2166136261u;

	for (; *id; id++)
		hash = (hash ^ (uint8_t)*id) * 16777619u;
	return hash;
}

/* The slot of an id, or the free one where it belongs: half of all are. */
static uint16_t *slot_of(struct counters *counters, const char *id)
{
	uint32_t i = hash_of(id) % INDEX_SLOTS;

	while (counters->index[i] &&
	       strncmp(counters->ids[counters->index[i] - 1], id,
		       RULE_ID_MAX) != 0)
		i = (i + 1) % INDEX_SLOTS;
	return &counters->index[i];
}

static void make_index(struct counters *counters)
{
	assert(counters->ids);

	memset(counters->index, 0, sizeof(counters->index));
	for (uint32_t i = 0; i < FW_COUNTER_MAX; i++) {
		counters->ids[i][RULE_ID_MAX - 1] = '\0';
		if (counters->ids[i][0])
			*slot_of(counters, counters->ids[i]) =
				(uint16_t)(i + 1);
	}
	counters->first_free = 0;
}

static int open_ids(struct counters *counters, char note[MAPS_NOTE_MAX])
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	const struct bpf_map_info like = {
		.type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = RULE_ID_MAX,
		.max_entries = FW_COUNTER_MAX,
	};
	const char *pin_dir = maps_pin_dir(counters->maps);
	int r = -ENOENT;

	if (pin_dir)
		r = pins_get_map(pin_dir, RULE_IDS_NAME, &like, &counters->fd,
				 note);
	if (r == -ENOENT) {
		r = bpf_map_create(like.type, RULE_IDS_NAME, like.key_size,
				   like.value_size, like.max_entries, &opts);
		if (r < 0)
			return r;
		counters->fd = r;
		r = pin_dir ? pins_put_map(pin_dir, RULE_IDS_NAME, counters->fd)
			    : 0;
	}
	return r;
}

static int open_into(struct counters *counters, char note[MAPS_NOTE_MAX])
{
	int r;

	counters->fd = -1;
	r = open_ids(counters, note);
	if (r == 0)
		r = mapping_make(counters->fd,
				 (size_t)FW_COUNTER_MAX * RULE_ID_MAX,
				 &counters->mapping);
	if (r < 0)
		return r;
	counters->ids = counters->mapping.base;
	make_index(counters);
	return 0;
}

int counters_open(struct maps *maps, struct counters **ret_counters,
		  char note[MAPS_NOTE_MAX])
{
	struct counters *counters;
	int r;

	assert(maps);
	assert(ret_counters);

	counters = calloc(1, sizeof(*counters));
	if (!counters)
		return -ENOMEM;
	counters->maps = maps;
	r = open_into(counters, note);
	if (r < 0)
		counters_close(counters);
	else
		*ret_counters = counters;
	return r;
}

void counters_close(struct counters *counters)
{
	if (!counters)
		return;

	mapping_done(&counters->mapping);
	closep(&counters->fd);
	free(counters);
}

int counters_find(struct counters *counters, const char *id)
{
	uint16_t place = *slot_of(counters, id);

	return place ? place - 1 : -ENOENT;
}

const char *counters_id(const struct counters *counters, uint16_t place)
{
	return place < FW_COUNTER_MAX ? counters->ids[place] : "";
}

int counters_take(struct counters *counters, const char *id,
		  uint16_t *ret_place)
{
	int place = counters_find(counters, id);
	int r;

	assert(strlen(id) < RULE_ID_MAX);

	if (place < 0) {
		while (counters->first_free < FW_COUNTER_MAX &&
		       counters->ids[counters->first_free][0])
			counters->first_free++;
		if (counters->first_free == FW_COUNTER_MAX)
			return -ENOSPC;
		place = (int)counters->first_free;
		r = maps_clear_rule_count(counters->maps, (uint32_t)place);
		if (r < 0)
			return r;
		*slot_of(counters, id) = (uint16_t)(place + 1);
		(void)memccpy(counters->ids[place], id, '\0', RULE_ID_MAX);
	}
	*ret_place = (uint16_t)place;
	return 0;
}

void counters_sweep(struct counters *counters, counters_used_fn *fn, void *arg)
{
	for (uint32_t i = 0; i < FW_COUNTER_MAX; i++)
		if (counters->ids[i][0] && !fn(arg, counters->ids[i]))
			memset(counters->ids[i], 0, RULE_ID_MAX);
	make_index(counters);
}
