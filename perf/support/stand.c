// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/stand.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#define MAP_COUNT_MAX 64

static uint32_t larger(uint64_t need, uint32_t usual)
{
	return need > usual ? (uint32_t)need : usual;
}

static int fill(struct stand *stand, const struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		int r = table_set(stand->table, &list->prefixes[i],
				  STAND_CLASS);

		if (r < 0) {
			(void)fprintf(stderr, "table: entry %zu of %zu: %s\n",
				      i, list->count, strerror(-r));
			return r;
		}
	}
	return 0;
}

int stand_open(const struct list *list, struct stand *ret_stand)
{
	const struct program_class class = {.reason = FW_DROP_LISTED,
					    .set_id = 1};
	const struct program_config no_policy = {0};
	struct table_need need = {0};
	struct stand stand = {0};
	struct maps_config config;
	char note[MAPS_NOTE_MAX];
	int r;

	for (size_t i = 0; i < list->count; i++)
		table_need_add(&need, &list->prefixes[i]);
	config = (struct maps_config){
		.hosts4 = larger(need.hosts4, MAPS_HOSTS4_DEFAULT),
		.blocks4 = larger(need.blocks4, MAPS_BLOCKS4_DEFAULT),
		.entries6 = larger(need.entries6, MAPS_ENTRIES6_DEFAULT),
	};

	r = maps_load(&config, &stand.maps, note);
	if (r == 0)
		r = program_load(stand.maps, &no_policy, &stand.program, note);
	if (r < 0) {
		(void)fprintf(stderr, "load: %s %s\n", strerror(-r), note);
		return r;
	}
	r = program_put_class(stand.program, STAND_CLASS, &class);
	if (r == 0)
		r = table_new(maps_view4(stand.maps), maps_view6(stand.maps),
			      &stand.table);
	if (r == 0) {
		table_prepare(stand.table, list->count, &pool_touch_now);
		r = fill(&stand, list);
	}
	if (r < 0) {
		stand_close(&stand);
		return r;
	}
	*ret_stand = stand;
	return 0;
}

void stand_close(struct stand *stand)
{
	table_free(stand->table);
	program_free(stand->program);
	maps_free(stand->maps);
	*stand = (struct stand){0};
}

/* The map's object is told to use `id`, if it knows a map of that name. */
static int share_map(struct bpf_object *object, uint32_t id)
{
	CLEANUP(closep) int fd = bpf_map_get_fd_by_id(id);
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);
	struct bpf_map *map;

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return -errno;
	map = bpf_object__find_map_by_name(object, info.name);
	return map ? bpf_map__reuse_fd(map, fd) : 0;
}

int stand_share_maps(const struct stand *stand, struct bpf_object *object)
{
	uint32_t ids[MAP_COUNT_MAX];
	struct bpf_prog_info info = {
		.nr_map_ids = MAP_COUNT_MAX,
		.map_ids = (uintptr_t)ids,
	};
	uint32_t len = sizeof(info);
	int r = 0;

	if (bpf_obj_get_info_by_fd(program_gate(stand->program)->fd, &info,
				   &len) < 0)
		return -errno;
	for (uint32_t i = 0; i < info.nr_map_ids && r == 0; i++)
		r = share_map(object, ids[i]);
	return r;
}
