// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of the sensor, made into events: whole ones, and bytes that are
 * none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/event/arguments.h"
#include "daemon/event/kind.h"
#include "daemon/event/sensed.h"

#define RECORD_MAX (sizeof(struct fw_sensed) + FW_SENSED_ROOM)
#define ROUNDS	   200000

static struct sensed_room room;

/* A record as the kernel side puts it together. */
struct built {
	uint8_t bytes[RECORD_MAX];
	size_t len;
};

static struct fw_sensed *head_of(struct built *built)
{
	return (struct fw_sensed *)(void *)built->bytes;
}

static void build(struct built *built, enum fw_sense kind)
{
	memset(built, 0, sizeof(*built));
	head_of(built)->kind = (uint8_t)kind;
	built->len = sizeof(struct fw_sensed);
}

/* Texts are put in the order of their places. */
static void put(struct built *built, int which, const char *text, size_t len)
{
	memcpy(built->bytes + built->len, text, len);
	built->len += len;
	head_of(built)->lens[which] = (uint16_t)len;
}

#define PUT(built, which, text) put(built, which, text, sizeof(text) - 1)

static struct event event_of(const struct built *built)
{
	const struct event_text none = {0};
	struct sensed record;
	struct event event;

	assert_int_equal(sensed_read(built->bytes, built->len, &record), 0);
	sensed_event(&record, &none, &room, &event);
	return event;
}

static void assert_text(const struct event_text *text, const char *expected)
{
	assert_int_equal(text->len, strlen(expected));
	assert_memory_equal(text->bytes, expected, text->len);
}

static void an_execution_has_its_texts(void **state)
{
	struct built built;
	struct event event;

	(void)state;
	build(&built, FW_SENSE_EXEC);
	head_of(&built)->args_bytes = 10;
	PUT(&built, FW_TEXT_ARGS, "ls\0-l\0a b\0");
	PUT(&built, FW_TEXT_IMAGE, "/usr/bin/ls");
	PUT(&built, FW_TEXT_ASKED, "../bin/ls");
	PUT(&built, FW_TEXT_CWD, "/home");
	PUT(&built, FW_TEXT_CGROUP, "/a.service/system.slice");
	event = event_of(&built);
	assert_int_equal(event.kind, EVENT_EXEC);
	assert_text(&event.words[EVENT_IMAGE], "/usr/bin/ls");
	assert_text(&event.words[EVENT_IMAGE_ASKED], "/home/../bin/ls");
	assert_text(&event.words[EVENT_COMMAND_LINE], "ls -l a b");
	assert_text(&event.words[EVENT_CGROUP], "/system.slice/a.service");
	assert_int_equal(event.arg_count, 3);
	assert_text(&event.args[2], "a b");
	assert_false(event.words[EVENT_COMMAND_LINE].is_cut);
}

static void fewer_arguments_than_there_were_are_cut(void **state)
{
	struct built built;
	struct event event;

	(void)state;
	build(&built, FW_SENSE_EXEC);
	head_of(&built)->args_bytes = 100;
	PUT(&built, FW_TEXT_ARGS, "ls\0-l");
	event = event_of(&built);
	assert_true(event.words[EVENT_COMMAND_LINE].is_cut);
	assert_false(event.args[0].is_cut);
	assert_true(event.args[1].is_cut);
}

static void more_arguments_than_are_kept_apart_are_in_the_line(void **state)
{
	struct built built;
	struct event event;

	(void)state;
	build(&built, FW_SENSE_EXEC);
	head_of(&built)->args_bytes = 200;
	for (size_t i = 0; i < 100; i++)
		memcpy(built.bytes + built.len + 2 * i, "x\0", 2);
	built.len += 200;
	head_of(&built)->lens[FW_TEXT_ARGS] = 200;
	event = event_of(&built);
	assert_int_equal(event.arg_count, EVENT_ARGS_MAX);
	assert_int_equal(event.words[EVENT_COMMAND_LINE].len, 199);
}

static void a_path_is_below_its_directory_unless_it_is_absolute(void **state)
{
	struct built built;
	struct event event;

	(void)state;
	build(&built, FW_SENSE_RENAME);
	head_of(&built)->marks = FW_MARK_ASKED;
	PUT(&built, FW_TEXT_DIR, "/");
	PUT(&built, FW_TEXT_PATH, "a");
	PUT(&built, FW_TEXT_DIR2, "/home");
	PUT(&built, FW_TEXT_PATH2, "/b");
	event = event_of(&built);
	assert_text(&event.words[EVENT_PATH], "/a");
	assert_text(&event.words[EVENT_PATH_NEW], "/b");
	assert_true(event.is_asked);
}

static void a_peer_of_each_family_is_a_single_address(void **state)
{
	struct built built;
	struct event event;
	char text[PREFIX_TEXT_MAX];

	(void)state;
	build(&built, FW_SENSE_CONNECT);
	assert_int_equal(event_of(&built).peer.bits, 0);
	head_of(&built)->family = 4;
	head_of(&built)->peer_port = 443;
	memcpy(head_of(&built)->peer, "\xc0\x00\x02\x07", 4);
	event = event_of(&built);
	assert_string_equal(prefix_to_text(&event.peer, text), "192.0.2.7");
	assert_int_equal(event.peer_port, 443);
	head_of(&built)->family = 6;
	memcpy(head_of(&built)->peer, "\x20\x01\x0d\xb8", 4);
	head_of(&built)->peer[15] = 9;
	event = event_of(&built);
	assert_int_equal(event.peer.bits, 128);
}

static void a_name_without_an_end_is_16_bytes_long(void **state)
{
	struct built built;
	struct event event;

	(void)state;
	build(&built, FW_SENSE_EXIT);
	memset(head_of(&built)->comm, 'c', 16);
	event = event_of(&built);
	assert_int_equal(event.words[EVENT_COMM].len, 16);
}

static void what_is_shorter_than_it_says_is_refused(void **state)
{
	struct built built;
	struct sensed record;

	(void)state;
	build(&built, FW_SENSE_EXEC);
	PUT(&built, FW_TEXT_ARGS, "sh");
	for (size_t len = 0; len < built.len; len++)
		assert_int_equal(sensed_read(built.bytes, len, &record),
				 -EBADMSG);
	assert_int_equal(sensed_read(built.bytes, built.len, &record), 0);
}

static void a_text_longer_than_there_are_is_refused(void **state)
{
	static struct built built;
	struct sensed record;

	(void)state;
	for (int which = 0; which < FW_TEXT_CGROUP; which++) {
		build(&built, FW_SENSE_EXEC);
		built.len += FW_TEXT_BYTES;
		head_of(&built)->lens[which] = FW_TEXT_BYTES;
		assert_int_equal(sensed_read(built.bytes, built.len, &record),
				 0);
		built.len++;
		head_of(&built)->lens[which]++;
		assert_int_equal(sensed_read(built.bytes, built.len, &record),
				 -EBADMSG);
	}
}

static void kinds_and_families_that_are_none_are_refused(void **state)
{
	struct built built;
	struct sensed record;

	(void)state;
	build(&built, FW_SENSE_NONE);
	assert_int_equal(sensed_read(built.bytes, built.len, &record),
			 -EBADMSG);
	build(&built, FW_SENSE_COUNT);
	assert_int_equal(sensed_read(built.bytes, built.len, &record),
			 -EBADMSG);
	build(&built, FW_SENSE_CONNECT);
	head_of(&built)->family = 5;
	assert_int_equal(sensed_read(built.bytes, built.len, &record),
			 -EBADMSG);
}

/* Whatever is in it: every text stays within what was given, or what is put
 * together from it. The allocation ends where the record does. */
static void hostile_bytes_are_never_read_past(void **state)
{
	const struct event_text none = {0};
	size_t sound = 0;

	(void)state;
	srand(1);
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = (size_t)rand() % 600;
		uint8_t *bytes = malloc(len ? len : 1);
		struct sensed record;
		struct event event;

		assert_non_null(bytes);
		for (size_t at = 0; at < len; at++)
			bytes[at] =
				(uint8_t)(rand() % 4 ? rand() % 30 : rand());
		for (size_t at = offsetof(struct fw_sensed, lens);
		     at < offsetof(struct fw_sensed, kind) && at < len; at += 2)
			if (at + 1 < len)
				bytes[at + 1] = 0;
		if (sensed_read(bytes, len, &record) == 0) {
			sound++;
			sensed_event(&record, &none, &room, &event);
			assert_true(event.arg_count <= EVENT_ARGS_MAX);
			assert_true(event.kind <= EVENT_KIND_COUNT);
		}
		free(bytes);
	}
	assert_true(sound > 100);
}

static void put_more(struct arguments *arguments, uint32_t pid, uint64_t count,
		     size_t len)
{
	struct built built;
	struct sensed record;

	build(&built, FW_SENSE_ARGS);
	head_of(&built)->pid = pid;
	head_of(&built)->count = count;
	memset(built.bytes + built.len, 'a', len);
	built.len += len;
	head_of(&built)->lens[FW_TEXT_ARGS] = (uint16_t)len;
	assert_int_equal(sensed_read(built.bytes, built.len, &record), 0);
	arguments_put(arguments, &record);
}

static struct event_text taken(struct arguments *arguments, uint32_t pid,
			       uint64_t args_bytes)
{
	const struct fw_sensed head = {.pid = pid, .args_bytes = args_bytes};

	return arguments_take(arguments, &head);
}

static void arguments_wait_for_their_execution(void **state)
{
	CLEANUP(arguments_freep) struct arguments *arguments = NULL;
	struct event_text text;

	(void)state;
	assert_int_equal(arguments_new(&arguments), 0);
	put_more(arguments, 7, FW_TEXT_BYTES, FW_TEXT_BYTES);
	put_more(arguments, 8, FW_TEXT_BYTES, 5);
	put_more(arguments, 7, 2ul * FW_TEXT_BYTES, 10);
	text = taken(arguments, 7, 2ul * FW_TEXT_BYTES + 10);
	assert_int_equal(text.len, FW_TEXT_BYTES + 10);
	assert_false(text.is_cut);
	assert_int_equal(taken(arguments, 7, 10).len, 0);
	assert_int_equal(taken(arguments, 8, FW_TEXT_BYTES + 5).len, 5);
}

static void what_follows_a_gap_is_left_out_and_cut(void **state)
{
	CLEANUP(arguments_freep) struct arguments *arguments = NULL;
	struct event_text text;

	(void)state;
	assert_int_equal(arguments_new(&arguments), 0);
	put_more(arguments, 7, FW_TEXT_BYTES, FW_TEXT_BYTES);
	put_more(arguments, 7, 3ul * FW_TEXT_BYTES, FW_TEXT_BYTES);
	text = taken(arguments, 7, 4ul * FW_TEXT_BYTES);
	assert_int_equal(text.len, FW_TEXT_BYTES);
	assert_true(text.is_cut);
}

static void the_oldest_goes_when_too_many_wait(void **state)
{
	CLEANUP(arguments_freep) struct arguments *arguments = NULL;

	(void)state;
	assert_int_equal(arguments_new(&arguments), 0);
	for (uint32_t pid = 1; pid <= 17; pid++)
		put_more(arguments, pid, FW_TEXT_BYTES, 3);
	assert_int_equal(taken(arguments, 1, FW_TEXT_BYTES + 3).len, 0);
	assert_int_equal(taken(arguments, 17, FW_TEXT_BYTES + 3).len, 3);
}

/* However many and long they are. */
static void pending_arguments_never_outgrow_their_place(void **state)
{
	CLEANUP(arguments_freep) struct arguments *arguments = NULL;

	(void)state;
	assert_int_equal(arguments_new(&arguments), 0);
	for (uint64_t i = 1; i < 100; i++)
		put_more(arguments, 7, i * FW_TEXT_BYTES, FW_TEXT_BYTES);
	assert_true(taken(arguments, 7, UINT64_MAX).len <= FW_ARGS_BYTES);
}

static void every_kind_has_a_name_and_is_found_by_it(void **state)
{
	(void)state;
	for (int i = 0; i < EVENT_KIND_COUNT; i++) {
		const char *name = event_kind_name((enum event_kind)i);
		enum event_kind kind;

		assert_int_equal(
			event_kind_from_name(name, strlen(name), &kind), 0);
		assert_int_equal(kind, i);
	}
	assert_int_equal(event_kind_from_name("exe", 3, &(enum event_kind){0}),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_execution_has_its_texts),
		cmocka_unit_test(fewer_arguments_than_there_were_are_cut),
		cmocka_unit_test(
			more_arguments_than_are_kept_apart_are_in_the_line),
		cmocka_unit_test(
			a_path_is_below_its_directory_unless_it_is_absolute),
		cmocka_unit_test(a_peer_of_each_family_is_a_single_address),
		cmocka_unit_test(a_name_without_an_end_is_16_bytes_long),
		cmocka_unit_test(what_is_shorter_than_it_says_is_refused),
		cmocka_unit_test(a_text_longer_than_there_are_is_refused),
		cmocka_unit_test(kinds_and_families_that_are_none_are_refused),
		cmocka_unit_test(hostile_bytes_are_never_read_past),
		cmocka_unit_test(arguments_wait_for_their_execution),
		cmocka_unit_test(what_follows_a_gap_is_left_out_and_cut),
		cmocka_unit_test(the_oldest_goes_when_too_many_wait),
		cmocka_unit_test(pending_arguments_never_outgrow_their_place),
		cmocka_unit_test(every_kind_has_a_name_and_is_found_by_it),
	};

	return cmocka_run_group_tests_name("sensed", tests, NULL, NULL);
}
