// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has talked to whom, and whose a packet is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/event/aging.h"
#include "daemon/event/owner.h"
#include "daemon/event/talkers.h"

static struct talkers *table;
static struct talk talks[TALKS_PER_PEER];

static int setup(void **state)
{
	const uint64_t seed[2] = {1, 2};

	(void)state;
	return talkers_new(seed, &table);
}

static int teardown(void **state)
{
	(void)state;
	talkers_free(table);
	return 0;
}

static struct prefix address(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	return prefix;
}

static struct event_text text_of(const char *text)
{
	return (struct event_text){.bytes = text,
				   .len = (uint32_t)strlen(text)};
}

static struct event event_of(enum event_kind kind, uint32_t pid,
			     uint64_t time_ns)
{
	return (struct event){
		.kind = kind,
		.process = {pid, pid * 10ull},
		.uid = 1000,
		.time_ns = time_ns,
		.protocol = 6,
		.peer_port = 443,
		.words[EVENT_IMAGE] = text_of("/bin/a"),
		.words[EVENT_UNIT] = text_of("a.service"),
	};
}

static void connects(uint32_t pid, const struct prefix *peer, uint64_t time_ns)
{
	struct event event = event_of(EVENT_CONNECT, pid, time_ns);

	event.peer = *peer;
	talkers_hear(table, &event);
}

static void assert_text(const struct event_text *text, const char *expected)
{
	assert_int_equal(text->len, strlen(expected));
	assert_memory_equal(text->bytes, expected, text->len);
}

static struct talker process(uint32_t pid, uint64_t start_ns)
{
	const struct process_id id = {pid, start_ns};
	struct talker talker = {0};

	assert_int_equal(talkers_process(table, &id, &talker), 0);
	return talker;
}

static void the_last_talkers_come_first(void **state)
{
	struct prefix peer = address("192.0.2.1");
	struct prefix other = address("192.0.2.2");

	(void)state;
	connects(1, &peer, 100);
	connects(2, &peer, 200);
	connects(3, &other, 300);
	connects(1, &peer, 400);
	assert_int_equal(talkers_of(table, &peer, talks), 2);
	assert_int_equal(talks[0].id.pid, 1);
	assert_int_equal(talks[0].count, 2);
	assert_int_equal(talks[0].first_ns, 100);
	assert_int_equal(talks[0].last_ns, 400);
	assert_int_equal(talks[1].id.pid, 2);
}

static void a_talker_is_what_it_last_executed(void **state)
{
	struct prefix peer = address("2001:db8::1");
	struct event exec = event_of(EVENT_EXEC, 1, 200);
	struct talker talker;

	(void)state;
	connects(1, &peer, 100);
	talker = process(1, 10);
	assert_text(&talker.image, "/bin/a");
	assert_text(&talker.unit, "a.service");
	assert_int_equal(talker.uid, 1000);
	exec.words[EVENT_IMAGE] = text_of("/bin/b");
	talkers_hear(table, &exec);
	talker = process(1, 10);
	assert_text(&talker.image, "/bin/b");
}

static void one_that_has_ended_is_known_and_marked(void **state)
{
	struct prefix peer = address("192.0.2.1");
	struct event exit = event_of(EVENT_EXIT, 1, 300);

	(void)state;
	connects(1, &peer, 100);
	assert_int_equal(process(1, 10).ended_ns, 0);
	talkers_hear(table, &exit);
	assert_int_equal(process(1, 10).ended_ns, 300);
	assert_int_equal(talkers_of(table, &peer, talks), 1);
}

static void a_number_used_again_is_another_and_ends_the_first(void **state)
{
	struct prefix peer = address("192.0.2.1");
	struct event event = event_of(EVENT_CONNECT, 1, 900);

	(void)state;
	connects(1, &peer, 100);
	event.peer = peer;
	event.process.start_ns = 800;
	talkers_hear(table, &event);
	assert_int_equal(talkers_of(table, &peer, talks), 2);
	assert_int_equal(process(1, 10).ended_ns, 800);
	assert_int_equal(process(1, 800).ended_ns, 0);
}

static void a_peer_keeps_its_last_few(void **state)
{
	struct prefix peer = address("192.0.2.1");

	(void)state;
	for (uint32_t pid = 1; pid <= TALKS_PER_PEER + 8; pid++)
		connects(pid, &peer, pid);
	assert_int_equal(talkers_of(table, &peer, talks), TALKS_PER_PEER);
	assert_int_equal(talks[0].id.pid, TALKS_PER_PEER + 8);
	assert_int_equal(talks[TALKS_PER_PEER - 1].id.pid, 9);
	assert_int_equal(talkers_usage(table).talks, TALKS_PER_PEER);
}

static void who_was_longest_silent_makes_room(void **state)
{
	struct prefix first = address("192.0.2.1");
	struct prefix second = address("192.0.2.2");
	struct talkers_usage usage;

	(void)state;
	connects(1, &first, 1);
	connects(2, &second, 2);
	connects(1, &first, 3);
	for (uint32_t pid = 3; pid <= TALKERS_MAX + 1; pid++)
		connects(pid, &second, pid);
	usage = talkers_usage(table);
	assert_int_equal(usage.processes, TALKERS_MAX);
	assert_int_equal(usage.processes_evicted, 1);
	/* the second, though the first came before it */
	assert_int_equal(talkers_process(table, &(struct process_id){2, 20},
					 &(struct talker){0}),
			 -ENOENT);
	assert_int_equal(process(1, 10).id.pid, 1);
}

static void talks_of_a_table_that_is_full_make_room(void **state)
{
	struct talkers_usage usage;
	struct prefix peer;

	(void)state;
	for (uint32_t i = 0; i < TALKS_MAX + 10; i++) {
		peer = prefix_of_v4(0x0a000000 + i, 32);
		connects(1, &peer, i);
	}
	usage = talkers_usage(table);
	assert_int_equal(usage.talks, TALKS_MAX);
	assert_int_equal(usage.talks_evicted, 10);
	peer = prefix_of_v4(0x0a000000 + 9, 32);
	assert_int_equal(talkers_of(table, &peer, talks), 0);
	peer = prefix_of_v4(0x0a000000 + 10, 32);
	assert_int_equal(talkers_of(table, &peer, talks), 1);
}

static void a_place_is_found_until_it_makes_room(void **state)
{
	struct aging aging;
	uint32_t first;

	(void)state;
	assert_int_equal(aging_init(&aging, 4), 0);
	first = aging_put(&aging, 7);
	(void)aging_put(&aging, 7);
	(void)aging_put(&aging, 7);
	(void)aging_put(&aging, 15); /* of the same chain */
	aging_touch(&aging, first);
	(void)aging_put(&aging, 8);
	assert_int_equal(aging.evicted, 1);
	for (uint32_t at = aging_first(&aging, 7); at != first;
	     at = aging_next(&aging, at))
		assert_int_not_equal(at, 0);
	aging_done(&aging);
}

/* Whose a packet is: a kernel that has two flows. */

struct fake {
	struct fw_talk_key key;
	struct fw_talk talk;
};

static int look(void *arg, const struct fw_talk_key *key,
		struct fw_talk *ret_talk)
{
	const struct fake *fake = arg;

	for (; fake->talk.pid; fake++) {
		if (memcmp(&fake->key, key, sizeof(*key)) != 0)
			continue;
		*ret_talk = fake->talk;
		return 0;
	}
	return -ENOENT;
}

static struct fw_talk_key key_of(const char *local, const char *peer)
{
	struct fw_talk_key key = {
		.family = 4, .protocol = 6, .local_port = 51000};

	memcpy(key.local_be, address(local).addr + 12, 4);
	memcpy(key.peer_be, address(peer).addr + 12, 4);
	key.peer_port = key.peer_be[0] ? 443 : 0;
	return key;
}

static struct owner_question question_of(uint64_t when_ns)
{
	return (struct owner_question){
		.local = address("10.0.0.2"),
		.peer = address("192.0.2.1"),
		.local_port = 51000,
		.peer_port = 443,
		.protocol = 6,
		.may_listen = true,
		.when_ns = when_ns,
	};
}

static void a_flow_comes_before_who_listens(void **state)
{
	struct owner_question question = question_of(0);
	struct fake fakes[] = {
		{key_of("0.0.0.0", "0.0.0.0"), {.pid = 2}},
		{key_of("10.0.0.2", "192.0.2.1"), {.pid = 1}},
		{.talk = {.pid = 0}},
	};
	struct owner owner;

	(void)state;
	assert_int_equal(owner_find(&question, look, fakes, &owner), 0);
	assert_int_equal(owner.how, OWNER_FLOW);
	assert_int_equal(owner.id.pid, 1);
	question.peer_port = 444;
	assert_int_equal(owner_find(&question, look, fakes, &owner), 0);
	assert_int_equal(owner.how, OWNER_LISTENER);
	assert_int_equal(owner.id.pid, 2);
	question.may_listen = false;
	assert_int_equal(owner_find(&question, look, fakes, &owner), -ENOENT);
}

static void a_packet_before_the_flow_was_taken_is_nobody_s(void **state)
{
	const uint64_t s = 1000000000;
	struct owner_question question = question_of(10 * s);
	struct fake fakes[] = {
		{key_of("10.0.0.2", "192.0.2.1"),
		 {.pid = 1, .time_ns = 10 * s + 1}},
		{.talk = {.pid = 0}},
	};
	struct owner owner;

	(void)state;
	assert_int_equal(owner_find(&question, look, fakes, &owner), 0);
	fakes[0].talk.is_taken = 1;
	assert_int_equal(owner_find(&question, look, fakes, &owner), -ENOENT);
	fakes[0].talk.is_taken = 0;
	fakes[0].talk.time_ns = 12 * s;
	assert_int_equal(owner_find(&question, look, fakes, &owner), -ENOENT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_last_talkers_come_first),
		TEST(a_talker_is_what_it_last_executed),
		TEST(one_that_has_ended_is_known_and_marked),
		TEST(a_number_used_again_is_another_and_ends_the_first),
		TEST(a_peer_keeps_its_last_few),
		TEST(who_was_longest_silent_makes_room),
		TEST(talks_of_a_table_that_is_full_make_room),
		cmocka_unit_test(a_place_is_found_until_it_makes_room),
		cmocka_unit_test(a_flow_comes_before_who_listens),
		cmocka_unit_test(
			a_packet_before_the_flow_was_taken_is_nobody_s),
	};

	return cmocka_run_group_tests_name("talkers", tests, NULL, NULL);
}
