// SPDX-License-Identifier: GPL-2.0-or-later
/* The promises of rules/trie.h; tests/property/test_trie.c has the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/trie.h"

static struct prefix net(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	return prefix;
}

static int setup(void **state)
{
	struct trie *trie = NULL;
	int r = trie_new(&trie);

	*state = trie;
	return r;
}

static int teardown(void **state)
{
	trie_free(*state);
	return 0;
}

static void put(struct trie *trie, const char *text, uint32_t value)
{
	struct prefix prefix = net(text);
	uint32_t *slot;

	assert_int_equal(trie_put(trie, &prefix, &slot), 0);
	*slot = value;
}

static uint32_t get(const struct trie *trie, const char *text)
{
	struct prefix prefix = net(text);

	return trie_get(trie, &prefix);
}

static void del(struct trie *trie, const char *text)
{
	struct prefix prefix = net(text);

	trie_del(trie, &prefix);
}

/* Values seen by a walk, one digit each. */
struct trail {
	char digits[32];
	size_t count;
	size_t stop_at;
};

static int note(void *arg, const struct prefix *prefix, uint32_t value)
{
	struct trail *trail = arg;

	assert_true(prefix->bits <= 128);
	trail->digits[trail->count++] = (char)('0' + value);
	return trail->count == trail->stop_at ? 7 : 0;
}

static void five_nets(struct trie *trie)
{
	put(trie, "10.1.2.3", 5);
	put(trie, "10.0.0.0/8", 2);
	put(trie, "::/0", 1);
	put(trie, "10.1.0.0/16", 3);
	put(trie, "10.1.2.0/24", 4);
}

static void only_exactly_the_prefix_is_got(void **state)
{
	put(*state, "10.0.0.0/8", 1);
	assert_int_equal(get(*state, "10.0.0.0/8"), 1);
	assert_int_equal(get(*state, "10.0.0.0/9"), 0);
	assert_int_equal(get(*state, "10.0.0.0/7"), 0);
}

static void a_fork_is_not_a_stored_prefix(void **state)
{
	put(*state, "10.0.0.0/32", 1);
	put(*state, "10.0.0.1/32", 2);
	assert_int_equal(get(*state, "10.0.0.0/31"), 0);
	assert_int_equal(trie_count(*state), 2);
}

static void a_fork_can_be_stored_and_taken_out_again(void **state)
{
	put(*state, "10.0.0.0/32", 1);
	put(*state, "10.0.0.1/32", 2);
	put(*state, "10.0.0.0/31", 3);
	assert_int_equal(get(*state, "10.0.0.0/31"), 3);
	del(*state, "10.0.0.0/31");
	assert_int_equal(get(*state, "10.0.0.0/31"), 0);
	assert_int_equal(get(*state, "10.0.0.1"), 2);
	assert_int_equal(trie_count(*state), 2);
}

static void deleting_what_is_not_there_does_nothing(void **state)
{
	five_nets(*state);
	del(*state, "10.1.2.4");
	del(*state, "10.0.0.0/12");
	assert_int_equal(trie_count(*state), 5);
}

static void the_cover_is_the_nearest_around_and_not_itself(void **state)
{
	struct prefix at = net("10.1.2.0/24");
	struct prefix wanted = net("10.1.0.0/16");
	struct prefix cover;

	five_nets(*state);
	assert_int_equal(trie_cover(*state, &at, &cover), 3);
	assert_int_equal(prefix_cmp(&cover, &wanted), 0);
}

static void without_a_cover_the_answer_is_untouched(void **state)
{
	struct prefix at = net("10.1.2.0/24");
	struct prefix cover = {.bits = 77};

	put(*state, "10.1.2.0/24", 1);
	assert_int_equal(trie_cover(*state, &at, &cover), 0);
	assert_int_equal(cover.bits, 77);
}

static void covering_goes_from_the_shortest_to_itself(void **state)
{
	struct prefix at = net("10.1.2.0/24");
	struct trail trail = {.count = 0};

	five_nets(*state);
	assert_int_equal(trie_each_covering(*state, &at, note, &trail), 0);
	assert_string_equal(trail.digits, "1234");
}

static void inside_leaves_out_itself_and_goes_outer_first(void **state)
{
	struct prefix at = net("10.0.0.0/8");
	struct trail trail = {.count = 0};

	five_nets(*state);
	assert_int_equal(trie_each_inside(*state, &at, note, &trail), 0);
	assert_string_equal(trail.digits, "345");
}

static void a_walk_begins_after_a_prefix_that_need_not_be_stored(void **state)
{
	struct prefix at = net("10.1.0.0/17");
	struct trail trail = {.count = 0};

	five_nets(*state);
	assert_int_equal(trie_each_after(*state, &at, note, &trail), 0);
	assert_string_equal(trail.digits, "45");
}

static void a_walk_stops_at_the_first_answer(void **state)
{
	struct trail trail = {.stop_at = 2};

	five_nets(*state);
	assert_int_equal(trie_each_after(*state, NULL, note, &trail), 7);
	assert_string_equal(trail.digits, "12");
}

static void a_spot_tells_what_is_around_and_inside(void **state)
{
	struct prefix at = net("10.1.0.0/20");
	struct trie_spot spot;

	five_nets(*state);
	assert_int_equal(trie_place(*state, &at, &spot), 0);
	assert_int_equal(*spot.value, 0);
	assert_int_equal(spot.cover, 3);
	assert_true(spot.has_inside);
	*spot.value = 6;
	assert_int_equal(get(*state, "10.1.0.0/20"), 6);
}

static void hosts_cost_less_than_65_bytes_each(void **state)
{
	for (uint32_t i = 0; i < 100000; i++) {
		struct prefix host = prefix_of_v4(i * 2654435761u, 32);
		uint32_t *slot;

		assert_int_equal(trie_put(*state, &host, &slot), 0);
		*slot = 1;
	}
	assert_in_range(trie_bytes(*state), 1, 100000 * 65);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_exactly_the_prefix_is_got),
		TEST(a_fork_is_not_a_stored_prefix),
		TEST(a_fork_can_be_stored_and_taken_out_again),
		TEST(deleting_what_is_not_there_does_nothing),
		TEST(the_cover_is_the_nearest_around_and_not_itself),
		TEST(without_a_cover_the_answer_is_untouched),
		TEST(covering_goes_from_the_shortest_to_itself),
		TEST(inside_leaves_out_itself_and_goes_outer_first),
		TEST(a_walk_begins_after_a_prefix_that_need_not_be_stored),
		TEST(a_walk_stops_at_the_first_answer),
		TEST(a_spot_tells_what_is_around_and_inside),
		TEST(hosts_cost_less_than_65_bytes_each),
	};

	return cmocka_run_group_tests_name("trie", tests, NULL, NULL);
}
