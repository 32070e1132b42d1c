// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/flow_maps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "rules/base.h"

#define MAP_IDS	  64
#define SECOND_NS UINT64_C(1000000000)
#define WORDS_MAX 8 /* of a key or value */

static const char *const names[] = {"flows", "opening", "pieces"};

int flow_maps_open(int program_fd, const char *name)
{
	uint32_t ids[MAP_IDS];
	struct bpf_prog_info info = {
		.nr_map_ids = MAP_IDS,
		.map_ids = (uint64_t)(uintptr_t)ids,
	};
	uint32_t len = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(program_fd, &info, &len), 0);
	for (uint32_t i = 0; i < info.nr_map_ids; i++) {
		struct bpf_map_info map = {0};
		int fd = bpf_map_get_fd_by_id(ids[i]);

		len = sizeof(map);
		assert_true(fd >= 0);
		assert_int_equal(bpf_obj_get_info_by_fd(fd, &map, &len), 0);
		if (strcmp(map.name, name) == 0)
			return fd;
		(void)close(fd);
	}
	fail_msg("the program has no map %s", name);
	return -1;
}

size_t flow_maps_count(int program_fd, const char *name)
{
	CLEANUP(closep) int fd = flow_maps_open(program_fd, name);
	uint64_t key[WORDS_MAX], next[WORDS_MAX];
	const void *last = NULL;
	size_t count = 0;

	for (; bpf_map_get_next_key(fd, last, next) == 0; count++) {
		memcpy(key, next, sizeof(key));
		last = key;
	}
	return count;
}

void flow_maps_clear(int program_fd)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(closep) int fd = flow_maps_open(program_fd, names[i]);
		uint64_t key[WORDS_MAX];

		while (bpf_map_get_next_key(fd, NULL, key) == 0)
			assert_int_equal(bpf_map_delete_elem(fd, key), 0);
	}
}

/* The first word of each value is when it was seen. */
static void age_map(int fd, uint64_t seconds)
{
	uint64_t value[WORDS_MAX], key[WORDS_MAX], next[WORDS_MAX];
	const void *last = NULL;

	while (bpf_map_get_next_key(fd, last, next) == 0) {
		assert_int_equal(bpf_map_lookup_elem(fd, next, value), 0);
		value[0] -= seconds * SECOND_NS;
		assert_int_equal(
			bpf_map_update_elem(fd, next, value, BPF_EXIST), 0);
		memcpy(key, next, sizeof(key));
		last = key;
	}
}

void flow_maps_age(int program_fd, uint64_t seconds)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(closep) int fd = flow_maps_open(program_fd, names[i]);

		age_map(fd, seconds);
	}
}
