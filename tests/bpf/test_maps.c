// SPDX-License-Identifier: GPL-2.0-or-later
/* What of the maps lasts from one life to the next, and what does not. */
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

#include "daemon/packet/maps.h"
#include "daemon/packet/pins.h"
#include "daemon/packet/program.h"
#include "daemon/packet/table.h"
#include "tests/support/frames.h"
#include "tests/support/sandbox.h"

#define PIN_DIR "/sys/fs/bpf/portcullis"
#define LISTED	"192.0.2.1"
#define CLASS	9

struct stand {
	struct maps_config config;
	struct maps *maps;
	struct program *program;
	struct table *table;
	char note[MAPS_NOTE_MAX];
};

static int setup(void **state)
{
	static struct stand stand;

	memset(&stand, 0, sizeof(stand));
	stand.config.pin_dir = PIN_DIR;
	*state = &stand;
	return 0;
}

static void end(struct stand *stand)
{
	table_free(TAKE(stand->table));
	program_free(TAKE(stand->program));
	maps_free(TAKE(stand->maps));
}

static int teardown(void **state)
{
	end(*state);
	sandbox_run("rm -rf " PIN_DIR);
	return 0;
}

/* A life begins. */
static void begin(struct stand *stand)
{
	const struct program_config no_policy = {0};
	int r = maps_load(&stand->config, &stand->maps, stand->note);

	if (r == 0)
		r = program_load(stand->maps, &no_policy, &stand->program,
				 stand->note);
	if (r < 0)
		fail_msg("%s (%s)", stand->note, strerror(-r));
	assert_int_equal(table_new(maps_view4(stand->maps),
				   maps_view6(stand->maps), &stand->table),
			 0);
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	return prefix;
}

static void put_class(struct stand *stand, enum fw_reason reason)
{
	const struct program_class class = {.reason = reason, .set_id = 3};
	const struct fw_class_sets sets = {.words = {1u << 3, 0, 5, 0}};

	assert_int_equal(program_put_class(stand->program, CLASS, &class), 0);
	maps_put_class_sets(stand->maps, CLASS, &sets);
}

static void list(struct stand *stand)
{
	const struct prefix prefix = prefix_of(LISTED);

	put_class(stand, FW_DROP_LISTED);
	assert_int_equal(table_set(stand->table, &prefix, CLASS), 0);
}

static uint32_t run_fd(int fd, uint32_t count)
{
	struct frame frame;
	LIBBPF_OPTS(bpf_test_run_opts, run);

	frame_build(&(struct frame_spec){.family = 4,
					 .proto = 17,
					 .source = LISTED,
					 .payload_bytes = 64},
		    &frame);
	run.data_in = frame.data;
	run.data_size_in = (uint32_t)frame.len;
	run.repeat = (int)count;
	assert_int_equal(bpf_prog_test_run_opts(fd, &run), 0);
	return run.retval;
}

static uint32_t run(struct stand *stand, uint32_t count)
{
	return run_fd(program_gate(stand->program)->fd, count);
}

static uint64_t counted(const struct stand *stand, enum fw_reason reason)
{
	struct fw_count counts[FW_REASON_COUNT];

	assert_int_equal(maps_reason_counts(stand->maps, counts), 0);
	return counts[reason].packets;
}

static uint64_t counted_for_class(const struct stand *stand)
{
	struct fw_count counts[CLASS + 1];

	assert_int_equal(maps_class_counts(stand->maps, counts, CLASS + 1), 0);
	return counts[CLASS].packets;
}

static bool is_there(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0;
}

static void counts_go_on_in_the_next_life(void **state)
{
	struct stand *stand = *state;

	begin(stand);
	assert_false(maps_info(stand->maps).adopted);
	list(stand);
	assert_int_equal(run(stand, 5), XDP_DROP);
	end(stand);
	begin(stand);
	assert_true(maps_info(stand->maps).adopted);
	assert_int_equal(counted(stand, FW_DROP_LISTED), 5);
	assert_int_equal(counted_for_class(stand), 5);
	list(stand);
	assert_int_equal(run(stand, 2), XDP_DROP);
	assert_int_equal(counted(stand, FW_DROP_LISTED), 7);
	assert_int_equal(counted_for_class(stand), 7);
}

static void the_tables_of_the_next_life_are_empty(void **state)
{
	struct stand *stand = *state;
	const struct prefix prefix = prefix_of(LISTED);

	begin(stand);
	list(stand);
	end(stand);
	begin(stand);
	assert_int_equal(table_lookup(stand->table, &prefix), 0);
	assert_int_equal(run(stand, 1), XDP_PASS);
}

/* The number is kept, but not what it meant: that the new ledger defines. */
static void the_sets_of_a_class_last_and_its_meaning_does_not(void **state)
{
	struct stand *stand = *state;
	const struct prefix prefix = prefix_of(LISTED);
	struct fw_class_sets sets;

	begin(stand);
	sets = maps_class_sets(stand->maps, CLASS);
	assert_int_equal(sets.words[0] | sets.words[2], 0);
	put_class(stand, FW_DROP_LISTED);
	end(stand);
	begin(stand);
	sets = maps_class_sets(stand->maps, CLASS);
	assert_int_equal(sets.words[0], 1u << 3);
	assert_int_equal(sets.words[2], 5);
	sets = maps_class_sets(stand->maps, CLASS + 1);
	assert_int_equal(sets.words[0] | sets.words[2], 0);
	assert_int_equal(table_set(stand->table, &prefix, CLASS), 0);
	assert_int_equal(run(stand, 1), XDP_PASS);
}

static void two_lives_at_once_share_counts_and_nothing_else(void **state)
{
	struct stand *stand = *state;
	struct stand other = {.config = stand->config};

	begin(stand);
	list(stand);
	begin(&other);
	assert_int_equal(run(&other, 3), XDP_PASS);
	assert_int_equal(run(stand, 4), XDP_DROP);
	list(&other);
	put_class(&other, FW_PASS_ALLOWED);
	assert_int_equal(run(&other, 5), XDP_PASS);
	assert_int_equal(run(stand, 6), XDP_DROP);
	assert_int_equal(counted(&other, FW_DROP_LISTED), 10);
	assert_int_equal(counted(stand, FW_PASS_ALLOWED), 5);
	end(&other);
}

static void plant(const char *name)
{
	char path[PINS_PATH_MAX];
	char note[MAPS_NOTE_MAX];
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "stale", 4, 12, 9, NULL);

	assert_true(fd >= 0);
	assert_int_equal(pins_prepare(PIN_DIR, note), 0);
	assert_int_equal(pins_path(PIN_DIR, name, path), 0);
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	(void)close(fd);
}

static void another_layout_is_refused_by_the_name_of_its_file(void **state)
{
	static const char *const names[] = {
		"class_counts", "class_sets",	 "event_counts",
		"events",	"reason_counts", "rule_counts",
	};
	struct stand *stand = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[PINS_PATH_MAX];

		plant(names[i]);
		assert_int_equal(
			maps_load(&stand->config, &stand->maps, stand->note),
			-EPROTO);
		assert_int_equal(pins_path(PIN_DIR, names[i], path), 0);
		if (!strstr(stand->note, path))
			fail_msg("no \"%s\" in: %s", path, stand->note);
		assert_null(stand->maps);
		assert_true(is_there(path));
		sandbox_run("rm -rf " PIN_DIR);
	}
}

static void the_live_generation_is_known_to_the_next(void **state)
{
	struct stand *stand = *state;

	begin(stand);
	assert_int_equal(program_info(stand->program).generation, 1);
	assert_int_equal(program_info(stand->program).found_abi, 0);
	assert_int_equal(program_make_live(stand->program), 0);
	end(stand);
	begin(stand);
	assert_int_equal(program_info(stand->program).generation, 2);
	assert_int_equal(program_info(stand->program).found_abi,
			 FW_ABI_VERSION);
	end(stand);
	begin(stand); /* the second did not go live */
	assert_int_equal(program_info(stand->program).generation, 2);
}

static void without_a_directory_nothing_is_pinned_or_found(void **state)
{
	struct stand *stand = *state;

	begin(stand);
	list(stand);
	(void)run(stand, 3);
	end(stand);
	sandbox_run("rm -rf " PIN_DIR);
	stand->config.pin_dir = NULL;
	begin(stand);
	assert_false(maps_info(stand->maps).adopted);
	assert_int_equal(counted(stand, FW_DROP_LISTED), 0);
	assert_int_equal(program_make_live(stand->program), 0);
	assert_false(is_there(PIN_DIR));
}

static void a_directory_that_is_no_bpffs_is_refused(void **state)
{
	struct stand *stand = *state;

	stand->config.pin_dir = "/tmp";
	assert_int_equal(maps_load(&stand->config, &stand->maps, stand->note),
			 -EMEDIUMTYPE);
	assert_non_null(strstr(stand->note, "/tmp is not on a bpffs"));
	assert_null(stand->maps);
}

static void pins_stay_until_they_are_taken_away(void **state)
{
	struct stand *stand = *state;

	begin(stand);
	assert_int_equal(program_make_live(stand->program), 0);
	end(stand);
	assert_true(is_there(PIN_DIR "/live/program"));
	assert_true(is_there(PIN_DIR "/live/meta"));
	assert_int_equal(maps_unpin_all(PIN_DIR), 0);
	assert_false(is_there(PIN_DIR));
	assert_int_equal(maps_unpin_all(PIN_DIR), 0);
}

static int count_event(void *arg, const struct fw_event *event)
{
	unsigned int *count = arg;

	assert_int_equal(event->reason, FW_DROP_LISTED);
	(*count)++;
	return 0;
}

/* As libxdp's dispatcher gets it. */
static void a_copy_judges_by_the_same_tables(void **state)
{
	struct stand *stand = *state;
	const struct gate_program *program;
	struct bpf_object *copy;
	uint32_t verdict;

	begin(stand);
	list(stand);
	program = program_gate(stand->program);
	assert_int_equal(program->open_object(program->arg, &copy), 0);
	assert_int_equal(bpf_object__load(copy), 0);
	verdict = run_fd(bpf_program__fd(bpf_object__find_program_by_name(
				 copy, program->name)),
			 5);
	bpf_object__close(copy);
	assert_int_equal(verdict, XDP_DROP);
	assert_int_equal(counted(stand, FW_DROP_LISTED), 5);
}

static void events_are_as_many_as_there_is_credit_for(void **state)
{
	struct stand *stand = *state;
	struct maps_events events;
	unsigned int count = 0;

	begin(stand);
	list(stand);
	maps_set_credit(stand->maps, 5);
	(void)run(stand, 8);
	assert_int_equal(
		maps_take_events(stand->maps, count_event, &count, 100), 5);
	assert_int_equal(count, 5);
	assert_int_equal(maps_event_counts(stand->maps, &events), 0);
	assert_int_equal(events.sent, 5);
	assert_int_equal(events.suppressed, 3);
	assert_int_equal(events.lost, 0);
}

static void events_are_taken_a_bounded_number_at_a_time(void **state)
{
	struct stand *stand = *state;
	unsigned int count = 0;

	begin(stand);
	list(stand);
	maps_set_credit(stand->maps, 10);
	(void)run(stand, 10);
	assert_int_equal(maps_take_events(stand->maps, count_event, &count, 4),
			 4);
	assert_int_equal(maps_take_events(stand->maps, count_event, &count, 4),
			 4);
	assert_int_equal(maps_take_events(stand->maps, count_event, &count, 4),
			 2);
	assert_int_equal(maps_take_events(stand->maps, count_event, &count, 4),
			 0);
	assert_int_equal(count, 10);
}

static void events_that_wait_are_for_the_next_life(void **state)
{
	struct stand *stand = *state;
	unsigned int count = 0;

	begin(stand);
	list(stand);
	maps_set_credit(stand->maps, 3);
	(void)run(stand, 3);
	end(stand);
	begin(stand);
	assert_int_equal(
		maps_take_events(stand->maps, count_event, &count, 100), 3);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(counts_go_on_in_the_next_life),
		test(the_tables_of_the_next_life_are_empty),
		test(the_sets_of_a_class_last_and_its_meaning_does_not),
		test(two_lives_at_once_share_counts_and_nothing_else),
		test(another_layout_is_refused_by_the_name_of_its_file),
		test(the_live_generation_is_known_to_the_next),
		test(without_a_directory_nothing_is_pinned_or_found),
		test(a_directory_that_is_no_bpffs_is_refused),
		test(pins_stay_until_they_are_taken_away),
		test(a_copy_judges_by_the_same_tables),
		test(events_are_as_many_as_there_is_credit_for),
		test(events_are_taken_a_bounded_number_at_a_time),
		test(events_that_wait_are_for_the_next_life),
	};

	sandbox_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
