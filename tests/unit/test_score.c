// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/score.h"

#define SECOND	 DETECT_SECOND_NS
#define MINUTE	 (60 * SECOND)
#define RULES	 4
#define ASKING	 3 /* the rule about a score */
#define CAPACITY 8

struct bench {
	struct detect_rule rules[RULES];
	const struct detect_rule *lent[RULES];
	struct scores *scores;
	uint32_t told;
};

static const uint64_t seed[2] = {3, 4};

/* Three rules: of level high, of level low, of 100 points; and one that asks
 * for so many. */
static void begin(struct bench *bench, uint32_t asked)
{
	static const char *const titles[RULES] = {"a", "b", "c", "sum"};

	memset(bench, 0, sizeof(*bench));
	for (size_t i = 0; i < RULES; i++) {
		bench->rules[i].title = titles[i];
		bench->rules[i].action = DETECT_ALERT;
		bench->rules[i].level = DETECT_HIGH;
		bench->lent[i] = &bench->rules[i];
	}
	bench->rules[1].level = DETECT_LOW;
	bench->rules[2].has_weight = true;
	bench->rules[2].weight = 100;
	bench->rules[ASKING].score = asked;
	assert_int_equal(
		scores_new(bench->lent, RULES, CAPACITY, seed, &bench->scores),
		0);
}

static void on_score(void *arg, const struct detect_rule *rule, size_t index)
{
	struct bench *bench = arg;

	assert_int_equal(index, ASKING);
	assert_ptr_equal(rule, &bench->rules[ASKING]);
	bench->told++;
}

static void set_image(struct event *event, enum event_word word,
		      const char *text)
{
	event->words[word] =
		(struct event_text){text, (uint32_t)strlen(text), false};
}

static struct event event_at(uint64_t time_ns)
{
	struct event event = {.kind = EVENT_EXEC, .time_ns = time_ns};

	set_image(&event, EVENT_PARENT_IMAGE, "/bin/parent");
	set_image(&event, EVENT_IMAGE, "/bin/child");
	return event;
}

/* How often the rule about a score is met when a tree's process `depth` below
 * its first meets the rule. */
static uint32_t meets(struct bench *bench, size_t rule, uint32_t tree,
		      uint32_t depth, uint64_t time_ns)
{
	const struct lineage_place place = {{tree, 1}, depth};
	const struct event event = event_at(time_ns);

	bench->told = 0;
	scores_hear(bench->scores, rule, &place, &event, on_score, bench);
	return bench->told;
}

struct sum {
	uint32_t points, trees;
};

static void add_up(void *arg, const struct process_id *root, uint32_t points,
		   const char *text)
{
	struct sum *sum = arg;
	char number[16];

	(void)root;
	(void)snprintf(number, sizeof(number), "%u:", points);
	assert_memory_equal(text, number, strlen(number));
	sum->points += points;
	sum->trees++;
}

static uint32_t points_at(const struct bench *bench, uint64_t now_ns)
{
	struct sum sum = {0};

	(void)scores_top(bench->scores, now_ns, SCORES_TOP_MAX, add_up, &sum);
	return sum.points;
}

static void learn(struct bench *bench, uint32_t count, const char *image)
{
	struct event event = event_at(0);

	set_image(&event, EVENT_IMAGE, image);
	for (uint32_t i = 0; i < count; i++)
		scores_follow(bench->scores, &event);
}

static void rules_add_up_and_the_sum_is_told(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, 100);
	assert_int_equal(meets(&bench, 2, 7, 0, 0), 1);
	assert_string_equal(scores_text(bench.scores).bytes,
			    "100: c 100 (base 100, lineage 0, "
			    "rarity 0, sequence 0)");
	assert_int_equal(meets(&bench, 1, 7, 0, 0), 1); /* 5 + 5 */
	assert_int_equal(meets(&bench, 0, 7, 0, 0), 1); /* 40 + 20 */
	assert_string_equal(scores_text(bench.scores).bytes,
			    "170: c 100 (base 100, lineage 0, rarity 0, "
			    "sequence 0); b 10 (base 5, lineage 0, rarity 0, "
			    "sequence 5); a 60 (base 40, lineage 0, rarity 0, "
			    "sequence 20)");
	scores_free(bench.scores);
}

/* What is told is text for whoever reads it: no half of a character. */
static void a_long_title_is_cut_between_characters(void **state)
{
	struct bench bench;
	char title[70];

	(void)state;
	begin(&bench, 100);
	memset(title, 'x', 59);
	(void)snprintf(title + 59, sizeof(title) - 59, "\u00e9y");
	bench.rules[2].title = title;
	assert_int_equal(meets(&bench, 2, 7, 0, 0), 1);
	title[59] = '\0';
	assert_memory_equal(scores_text(bench.scores).bytes + 5, title, 59);
	assert_string_equal(scores_text(bench.scores).bytes + 5 + 59,
			    " 100 (base 100, lineage 0, rarity 0, sequence 0)");
	scores_free(bench.scores);
}

static void each_tree_has_its_own_points(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, 101);
	assert_int_equal(meets(&bench, 2, 7, 0, 0), 0);
	assert_int_equal(meets(&bench, 0, 8, 0, 0), 0);
	assert_int_equal(meets(&bench, 2, 8, 0, 0), 1);
	assert_int_equal(scores_count(bench.scores), 2);
	scores_free(bench.scores);
}

static void a_rule_adds_once_as_long_as_there_are_points(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, 1);
	assert_int_equal(meets(&bench, 1, 7, 0, 0), 1);
	assert_int_equal(meets(&bench, 1, 7, 0, SECOND), 0);
	assert_int_equal(points_at(&bench, SECOND), 4);
	/* 5 points are gone in half a minute */
	assert_int_equal(meets(&bench, 1, 7, 0, 29 * SECOND), 0);
	assert_int_equal(points_at(&bench, 30 * SECOND), 0);
	assert_int_equal(meets(&bench, 1, 7, 0, 31 * SECOND), 1);
	scores_free(bench.scores);
}

static void generations_count_up_to_four(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, 1000);
	(void)meets(&bench, 2, 7, 3, 0);
	assert_int_equal(points_at(&bench, 0), 115);
	scores_free(bench.scores);
	begin(&bench, 1000);
	(void)meets(&bench, 2, 7, 9000, 0);
	assert_int_equal(points_at(&bench, 0), 120);
	scores_free(bench.scores);
}

static void what_is_rare_counts_once_there_was_time_to_learn(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, 1000);
	learn(&bench, SCORE_LEARNED - 2, "/bin/other");
	learn(&bench, 1, "/bin/child");
	(void)meets(&bench, 2, 1, 0, 0);
	assert_int_equal(points_at(&bench, 0), 100);
	learn(&bench, 1, "/bin/other");
	(void)meets(&bench, 2, 2, 0, 0);
	assert_int_equal(points_at(&bench, 0), 100 + 125);
	learn(&bench, 9, "/bin/child"); /* 10 */
	(void)meets(&bench, 2, 3, 0, 0);
	assert_int_equal(points_at(&bench, 0), 100 + 125 + 115);
	learn(&bench, 90, "/bin/child"); /* 100 */
	(void)meets(&bench, 2, 4, 0, 0);
	assert_int_equal(points_at(&bench, 0), 100 + 125 + 115 + 108);
	learn(&bench, 1, "/bin/child");
	(void)meets(&bench, 2, 5, 0, 0);
	assert_int_equal(points_at(&bench, 0), 100 + 125 + 115 + 108 + 100);
	scores_free(bench.scores);
}

static void what_comes_later_than_a_minute_is_no_sequence(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, 1000);
	(void)meets(&bench, 2, 7, 0, 0);
	(void)meets(&bench, 0, 7, 0, MINUTE + 1); /* 90 are left */
	assert_int_equal(points_at(&bench, MINUTE + 1), 130);
	scores_free(bench.scores);
	begin(&bench, 1000);
	(void)meets(&bench, 2, 7, 0, 0);
	(void)meets(&bench, 0, 7, 0, MINUTE);
	assert_int_equal(points_at(&bench, MINUTE), 150);
	scores_free(bench.scores);
}

static void what_comes_with_it_never_adds_more_than_the_rule(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, 1000);
	learn(&bench, SCORE_LEARNED, "/bin/other");
	(void)meets(&bench, 1, 7, 9, 0);
	assert_int_equal(points_at(&bench, 0), 10);
	scores_free(bench.scores);
}

static void who_finds_no_room_is_counted(void **state)
{
	struct bench bench;
	const uint32_t more = 5;

	(void)state;
	begin(&bench, 1);
	for (uint32_t tree = 1; tree <= CAPACITY + more; tree++)
		assert_int_equal(meets(&bench, 2, tree, 0, 0),
				 tree <= CAPACITY);
	assert_int_equal(scores_count(bench.scores), CAPACITY);
	assert_int_equal(scores_crowded(bench.scores), more);
	/* and there is room again when points are gone */
	scores_tick(bench.scores, 10 * MINUTE, CAPACITY);
	assert_int_equal(scores_count(bench.scores), 0);
	assert_int_equal(meets(&bench, 2, 99, 0, 10 * MINUTE), 1);
	scores_free(bench.scores);
}

/* Nobody keeps a tree from being scored with many that are next to nothing. */
static void who_has_more_takes_the_room_of_who_has_least(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, 100);
	for (uint32_t tree = 1; tree <= CAPACITY; tree++)
		(void)meets(&bench, 1, tree, 0, 0);
	assert_int_equal(meets(&bench, 2, 99, 0, 0), 1);
	assert_int_equal(scores_count(bench.scores), CAPACITY);
	assert_int_equal(scores_crowded(bench.scores), 1);
	assert_int_equal(points_at(&bench, 0), 100 + (CAPACITY - 1) * 5);
	/* but not with as little as they have */
	(void)meets(&bench, 1, 98, 0, 0);
	assert_int_equal(scores_crowded(bench.scores), 2);
	assert_int_equal(meets(&bench, 0, 99, 0, 0), 1);
	/* who has nothing any more is not counted */
	(void)meets(&bench, 1, 97, 0, MINUTE);
	assert_int_equal(scores_crowded(bench.scores), 2);
	scores_free(bench.scores);
}

static void a_clock_that_goes_back_takes_no_points(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, 1000);
	(void)meets(&bench, 2, 7, 0, MINUTE);
	(void)meets(&bench, 0, 7, 0, 0);
	assert_int_equal(points_at(&bench, 0), 160);
	assert_int_equal(points_at(&bench, MINUTE), 160);
	scores_free(bench.scores);
}

static void what_is_allowed_adds_nothing(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, 1);
	bench.rules[0].action = DETECT_ALLOW;
	bench.rules[2].action = DETECT_IGNORE;
	assert_int_equal(meets(&bench, 0, 7, 0, 0), 0);
	assert_int_equal(meets(&bench, 2, 7, 0, 0), 0);
	assert_int_equal(meets(&bench, ASKING, 7, 0, 0), 0);
	assert_int_equal(scores_count(bench.scores), 0);
	scores_free(bench.scores);
}

static void nobody_asks_and_nothing_is_counted(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, 0);
	learn(&bench, 2, "/bin/child");
	assert_int_equal(meets(&bench, 2, 7, 0, 0), 0);
	assert_int_equal(scores_count(bench.scores), 0);
	assert_int_equal(points_at(&bench, 0), 0);
	scores_tick(bench.scores, 0, 1);
	scores_free(bench.scores);
}

/* Trees as they are told. */
struct told {
	uint32_t points[SCORES_TOP_MAX], trees[SCORES_TOP_MAX];
	size_t count;
};

static void note(void *arg, const struct process_id *root, uint32_t points,
		 const char *text)
{
	struct told *told = arg;

	(void)text;
	assert_true(told->count < SCORES_TOP_MAX);
	told->points[told->count] = points;
	told->trees[told->count++] = root->pid;
}

static void no_more_trees_are_described_than_are_told(void **state)
{
	struct bench bench;
	struct told told = {.count = 0};
	size_t total;

	(void)state;
	begin(&bench, 1000);
	for (uint32_t tree = 1; tree <= CAPACITY / 2; tree++)
		(void)meets(&bench, tree % 3, tree, tree % 4, 0);
	total = scores_top(bench.scores, 0, 3, note, &told);
	assert_int_equal(total, scores_count(bench.scores));
	assert_true(total > 3);
	assert_int_equal(told.count, 3);
	told.count = 0;
	assert_int_equal(
		scores_top(bench.scores, 0, SCORES_TOP_MAX, note, &told),
		total);
	assert_int_equal(told.count, total);
	for (size_t i = 1; i < told.count; i++)
		assert_true(told.points[i - 1] >= told.points[i]);
	assert_int_equal(scores_top(bench.scores, 0, 0, note, &told), total);
	assert_int_equal(told.count, total);
	scores_free(bench.scores);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_trees_are_described_than_are_told),
		cmocka_unit_test(rules_add_up_and_the_sum_is_told),
		cmocka_unit_test(a_long_title_is_cut_between_characters),
		cmocka_unit_test(each_tree_has_its_own_points),
		cmocka_unit_test(a_rule_adds_once_as_long_as_there_are_points),
		cmocka_unit_test(generations_count_up_to_four),
		cmocka_unit_test(
			what_is_rare_counts_once_there_was_time_to_learn),
		cmocka_unit_test(what_comes_later_than_a_minute_is_no_sequence),
		cmocka_unit_test(
			what_comes_with_it_never_adds_more_than_the_rule),
		cmocka_unit_test(who_finds_no_room_is_counted),
		cmocka_unit_test(who_has_more_takes_the_room_of_who_has_least),
		cmocka_unit_test(a_clock_that_goes_back_takes_no_points),
		cmocka_unit_test(what_is_allowed_adds_nothing),
		cmocka_unit_test(nobody_asks_and_nothing_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
