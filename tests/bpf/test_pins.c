// SPDX-License-Identifier: GPL-2.0-or-later
/* The files in bpffs: made, found again, replaced, taken away. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/bpf.h>

#include "daemon/packet/pins.h"
#include "rules/base.h"
#include "tests/support/sandbox.h"
#include "verdict.skel.h"

#define PIN_DIR "/sys/fs/bpf/portcullis"

/* What is pinned here. */
static const struct bpf_map_info shape = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = 4,
	.value_size = 16,
	.max_entries = 3,
};

struct stand {
	char note[MAPS_NOTE_MAX];
	struct verdict *program;
};

static int setup(void **state)
{
	static struct stand stand;

	memset(&stand, 0, sizeof(stand));
	stand.program = verdict__open_and_load();
	assert_non_null(stand.program);
	assert_int_equal(pins_prepare(PIN_DIR, stand.note), 0);
	*state = &stand;
	return 0;
}

static int teardown(void **state)
{
	struct stand *stand = *state;

	verdict__destroy(stand->program);
	sandbox_run("rm -rf " PIN_DIR);
	return 0;
}

static int map_like(const struct bpf_map_info *like)
{
	int fd = bpf_map_create(like->type, "trial", like->key_size,
				like->value_size, like->max_entries, NULL);

	assert_true(fd >= 0);
	return fd;
}

static uint32_t id_of(int fd)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	return info.id;
}

/* Pin a fresh map; its id. */
static uint32_t pin(const char *name)
{
	CLEANUP(closep) int fd = map_like(&shape);

	assert_int_equal(pins_put_map(PIN_DIR, name, fd), 0);
	return id_of(fd);
}

static uint32_t id_of_pin(struct stand *stand, const char *name)
{
	CLEANUP(closep) int fd = -1;

	assert_int_equal(pins_get_map(PIN_DIR, name, &shape, &fd, stand->note),
			 0);
	return id_of(fd);
}

static void put_live(struct stand *stand, uint64_t generation)
{
	const struct fw_meta meta = {
		.abi_version = 7,
		.count_version = 8,
		.generation = generation,
		.created_s = 1000 + generation,
	};

	assert_int_equal(
		pins_put_live(PIN_DIR,
			      bpf_program__fd(stand->program->progs.verdict),
			      &meta),
		0);
}

static unsigned int count_files(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	unsigned int count = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	(void)closedir(dir);
	return count;
}

static bool is_there(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0;
}

static void preparing_twice_is_preparing_once(void **state)
{
	struct stand *stand = *state;

	assert_int_equal(pins_prepare(PIN_DIR, stand->note), 0);
	assert_true(is_there(PIN_DIR "/live"));
	assert_int_equal(count_files(PIN_DIR), 4);
}

static void a_place_that_is_no_bpffs_is_refused_by_name(void **state)
{
	struct stand *stand = *state;

	assert_int_equal(pins_prepare("/tmp", stand->note), -EMEDIUMTYPE);
	assert_non_null(strstr(stand->note, "/tmp is not on a bpffs"));
}

static void a_place_that_cannot_be_made_is_refused_by_name(void **state)
{
	struct stand *stand = *state;

	assert_int_equal(pins_prepare("/nonexistent/here", stand->note),
			 -ENOENT);
	assert_non_null(strstr(stand->note, "/nonexistent/here"));
}

static void expect_refused(struct stand *stand, const char *words)
{
	CLEANUP(closep) int fd = -1;

	assert_int_equal(pins_prepare(PIN_DIR, stand->note), -EPERM);
	assert_non_null(strstr(stand->note, words));
	assert_int_equal(maps_lock_pins(PIN_DIR, &fd, stand->note), -EPERM);
	assert_non_null(strstr(stand->note, words));
	assert_int_equal(fd, -1);
}

static void another_users_directory_is_refused_by_name(void **state)
{
	sandbox_run("chown 65534 " PIN_DIR);
	expect_refused(*state, PIN_DIR " is of uid 65534 with mode 0700");
}

static void another_users_directory_within_is_refused_by_name(void **state)
{
	sandbox_run("chown 65534 " PIN_DIR "/links");
	expect_refused(*state, PIN_DIR "/links is of uid 65534");
}

static void a_directory_others_may_write_to_is_refused_by_name(void **state)
{
	sandbox_run("chmod 720 " PIN_DIR);
	expect_refused(*state, PIN_DIR " is of uid 0 with mode 0720");
	sandbox_run("chmod 1702 " PIN_DIR);
	expect_refused(*state, PIN_DIR " is of uid 0 with mode 1702");
}

static void a_directory_others_may_read_is_taken(void **state)
{
	struct stand *stand = *state;

	sandbox_run("chmod 755 " PIN_DIR);
	assert_int_equal(pins_prepare(PIN_DIR, stand->note), 0);
}

static void a_link_to_a_directory_is_refused_by_name(void **state)
{
	struct stand *stand = *state;

	sandbox_run("mv " PIN_DIR " /sys/fs/bpf/elsewhere && "
		    "ln -s /sys/fs/bpf/elsewhere " PIN_DIR);
	assert_int_equal(pins_prepare(PIN_DIR, stand->note), -ENOTDIR);
	assert_non_null(strstr(stand->note, PIN_DIR));
	sandbox_run("rm -r " PIN_DIR " /sys/fs/bpf/elsewhere");
}

static void in_a_bpffs_for_all_our_directory_is_ours(void **state)
{
	struct stand *stand = *state;

	sandbox_run("chmod 1777 /sys/fs/bpf && rm -r " PIN_DIR);
	assert_int_equal(pins_prepare(PIN_DIR, stand->note), 0);
	assert_int_equal(pins_prepare(PIN_DIR, stand->note), 0);
	sandbox_run("chmod 700 /sys/fs/bpf");
}

static void a_pinned_map_is_found_again(void **state)
{
	uint32_t id = pin("trial");

	assert_int_equal(id_of_pin(*state, "trial"), id);
}

static void the_map_that_is_pinned_already_stays(void **state)
{
	uint32_t first = pin("trial");
	uint32_t second = pin("trial");

	assert_int_not_equal(first, second);
	assert_int_equal(id_of_pin(*state, "trial"), first);
}

static void what_is_not_pinned_is_not_there(void **state)
{
	struct stand *stand = *state;
	int fd = -7;

	assert_int_equal(
		pins_get_map(PIN_DIR, "trial", &shape, &fd, stand->note),
		-ENOENT);
	assert_int_equal(fd, -7);
}

static void another_layout_is_refused_by_the_name_of_its_file(void **state)
{
	struct stand *stand = *state;
	struct bpf_map_info likes[] = {shape, shape, shape, shape};
	char path[PINS_PATH_MAX];
	int fd = -7;

	likes[0].type = BPF_MAP_TYPE_HASH;
	likes[1].key_size = 8;
	likes[2].value_size = 8;
	likes[3].max_entries = 4;
	(void)pin("trial");
	assert_int_equal(pins_path(PIN_DIR, "trial", path), 0);
	for (size_t i = 0; i < ARRAY_LEN(likes); i++) {
		stand->note[0] = '\0';
		assert_int_equal(pins_get_map(PIN_DIR, "trial", &likes[i], &fd,
					      stand->note),
				 -EPROTO);
		assert_non_null(strstr(stand->note, path));
		assert_int_equal(fd, -7);
	}
	assert_true(is_there(path));
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	char pin_dir[PINS_PATH_MAX + 1];
	char path[PINS_PATH_MAX];

	(void)state;
	memset(pin_dir, 'p', sizeof(pin_dir) - 1);
	pin_dir[sizeof(pin_dir) - 1] = '\0';
	assert_int_equal(pins_path(pin_dir, "trial", path), -ENAMETOOLONG);
	assert_int_equal(pins_put_map(pin_dir, "trial", 0), -ENAMETOOLONG);
}

static void the_live_generation_says_what_it_is(void **state)
{
	struct fw_meta meta;

	put_live(*state, 3);
	assert_int_equal(pins_get_meta(PIN_DIR, &meta), 0);
	assert_int_equal(meta.abi_version, 7);
	assert_int_equal(meta.count_version, 8);
	assert_int_equal(meta.generation, 3);
	assert_int_equal(meta.created_s, 1003);
}

static void the_next_one_takes_the_place_of_the_live_one(void **state)
{
	struct fw_meta meta;

	put_live(*state, 3);
	put_live(*state, 4);
	assert_int_equal(pins_get_meta(PIN_DIR, &meta), 0);
	assert_int_equal(meta.generation, 4);
	assert_true(is_there(PIN_DIR "/live/program"));
	assert_int_equal(count_files(PIN_DIR "/live"), 2);
}

/* A daemon was killed between the two steps of a replacement. */
static void what_a_killed_daemon_left_is_no_hindrance(void **state)
{
	CLEANUP(closep) int fd = map_like(&shape);
	struct fw_meta meta;

	put_live(*state, 3);
	assert_int_equal(bpf_obj_pin(fd, PIN_DIR "/live/meta-new"), 0);
	assert_int_equal(bpf_obj_pin(fd, PIN_DIR "/live/program-new"), 0);
	put_live(*state, 4);
	assert_int_equal(pins_get_meta(PIN_DIR, &meta), 0);
	assert_int_equal(meta.generation, 4);
	assert_int_equal(count_files(PIN_DIR "/live"), 2);
}

static void without_a_live_generation_nothing_is_said(void **state)
{
	struct fw_meta meta;

	(void)state;
	assert_int_equal(pins_get_meta(PIN_DIR, &meta), -ENOENT);
	assert_int_equal(pins_get_meta(NULL, &meta), -ENOENT);
}

static void a_meta_of_another_size_is_refused(void **state)
{
	CLEANUP(closep) int fd = map_like(&shape);
	struct fw_meta meta = {.generation = 99};

	(void)state;
	assert_int_equal(bpf_obj_pin(fd, PIN_DIR "/live/meta"), 0);
	assert_int_equal(pins_get_meta(PIN_DIR, &meta), -EPROTO);
	assert_int_equal(meta.generation, 99);
}

static void taking_all_away_leaves_nothing(void **state)
{
	CLEANUP(closep) int fd = map_like(&shape);

	(void)pin("trial");
	put_live(*state, 3);
	assert_int_equal(bpf_obj_pin(fd, PIN_DIR "/links/7"), 0);
	assert_int_equal(bpf_obj_pin(fd, PIN_DIR "/shared/7-9"), 0);
	assert_int_equal(maps_unpin_all(PIN_DIR), 0);
	assert_false(is_there(PIN_DIR));
}

static void pins_of_another_version_are_taken_away_too(void **state)
{
	CLEANUP(closep) int fd = map_like(&shape);

	(void)state;
	sandbox_run("mkdir " PIN_DIR "/lasting-v999");
	assert_int_equal(bpf_obj_pin(fd, PIN_DIR "/lasting-v999/counts"), 0);
	assert_int_equal(maps_unpin_all(PIN_DIR), 0);
	assert_false(is_there(PIN_DIR));
}

static void what_is_not_ours_is_left_and_said(void **state)
{
	CLEANUP(closep) int fd = map_like(&shape);

	put_live(*state, 3);
	sandbox_run("mkdir " PIN_DIR "/theirs");
	assert_int_equal(bpf_obj_pin(fd, PIN_DIR "/theirs/map"), 0);
	assert_int_equal(maps_unpin_all(PIN_DIR), -ENOTEMPTY);
	assert_true(is_there(PIN_DIR "/theirs/map"));
	assert_int_equal(count_files(PIN_DIR), 1);
}

static void where_nothing_is_there_is_nothing_to_take_away(void **state)
{
	(void)state;
	assert_int_equal(maps_unpin_all("/sys/fs/bpf/nothing"), 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(preparing_twice_is_preparing_once),
		test(a_place_that_is_no_bpffs_is_refused_by_name),
		test(a_place_that_cannot_be_made_is_refused_by_name),
		test(another_users_directory_is_refused_by_name),
		test(another_users_directory_within_is_refused_by_name),
		test(a_directory_others_may_write_to_is_refused_by_name),
		test(a_directory_others_may_read_is_taken),
		test(a_link_to_a_directory_is_refused_by_name),
		test(in_a_bpffs_for_all_our_directory_is_ours),
		test(a_pinned_map_is_found_again),
		test(the_map_that_is_pinned_already_stays),
		test(what_is_not_pinned_is_not_there),
		test(another_layout_is_refused_by_the_name_of_its_file),
		test(a_path_that_is_too_long_is_refused),
		test(the_live_generation_says_what_it_is),
		test(the_next_one_takes_the_place_of_the_live_one),
		test(what_a_killed_daemon_left_is_no_hindrance),
		test(without_a_live_generation_nothing_is_said),
		test(a_meta_of_another_size_is_refused),
		test(taking_all_away_leaves_nothing),
		test(pins_of_another_version_are_taken_away_too),
		test(what_is_not_ours_is_left_and_said),
		test(where_nothing_is_there_is_nothing_to_take_away),
	};

	sandbox_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
